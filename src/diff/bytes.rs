//! Where two byte strings differ.

use crate::payload::hex::{HexLayout, rows};

/// Columns of a hexadecimal row: sixteen bytes.
const COLUMNS: usize = 78;

/// Two byte strings that differ: they begin and end alike, and in between is what differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ByteDifference {
    /// Where the first differing byte stands, or would.
    pub first: usize,
    /// How many bytes at the end are alike again.
    pub alike_at_end: usize,
    /// The rows of the first around that place, as hexadecimal digits and characters.
    pub from: Vec<String>,
    /// The rows of the second around that place.
    pub to: Vec<String>,
}

/// The place at which two byte strings begin to differ; `None` when they are the same.
#[must_use]
pub fn compare_bytes(from: &[u8], to: &[u8]) -> Option<ByteDifference> {
    if from == to {
        return None;
    }
    let first = from.iter().zip(to).take_while(|(one, other)| one == other).count();
    let alike_at_end = from[first..].iter().rev().zip(to[first..].iter().rev()).take_while(|(one, other)| one == other);
    let alike_at_end = alike_at_end.count();
    let around = |bytes: &[u8]| {
        let layout = HexLayout::for_width(COLUMNS);
        let row = layout.row_of(first);
        rows(bytes, layout, row.saturating_sub(1)..row + 2).iter().map(ToString::to_string).collect()
    };
    Some(ByteDifference { first, alike_at_end, from: around(from), to: around(to) })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_first_difference_is_shown_with_its_surroundings() {
        let found =
            compare_bytes(b"0123456789abcdef0123456789abXdef!", b"0123456789abcdef0123456789ab\x1bdef!").unwrap();
        assert_eq!((found.first, found.alike_at_end), (28, 4));
        assert_eq!(found.to.len(), 3);
        assert!(found.to[1].contains("1b") && !found.to[1].contains('\u{1b}'), "{:?}", found.to);
        let found = compare_bytes(b"ab", b"").unwrap();
        assert_eq!((found.first, found.from.len(), found.to.len()), (0, 1, 0));
        assert_eq!(compare_bytes(b"ab", b"ab"), None);
    }

    proptest! {
        #[test]
        fn both_ends_are_alike(from in proptest::collection::vec(0_u8..3, 0..40), to in proptest::collection::vec(0_u8..3, 0..40)) {
            match compare_bytes(&from, &to) {
                None => prop_assert_eq!(from, to),
                Some(found) => {
                    prop_assert_eq!(&from[..found.first], &to[..found.first]);
                    let end = |bytes: &[u8]| bytes[bytes.len() - found.alike_at_end..].to_vec();
                    prop_assert_eq!(end(&from), end(&to));
                    prop_assert!(found.first + found.alike_at_end <= from.len().min(to.len()));
                    prop_assert!(from.get(found.first) != to.get(found.first));
                }
            }
        }
    }
}
