//! What differs between two lists of header fields: values, letter case, duplicates and order.

use std::collections::HashMap;

use similar::{Algorithm, DiffOp, capture_diff_slices};

use crate::http::HeaderField;

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeaderChange {
    /// Only the second has it.
    Added(HeaderField),
    /// Only the first has it.
    Removed(HeaderField),
    /// Both have it with another value.
    Value {
        /// In the first.
        from: HeaderField,
        /// In the second.
        to: HeaderField,
    },
    /// Both have it, with the name in another letter case.
    Case {
        /// In the first.
        from: HeaderField,
        /// In the second.
        to: HeaderField,
    },
    /// Both have it, before or after another one.
    Moved(HeaderField),
}

impl HeaderChange {
    /// The stable name that JSON output uses.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Added(_) => "added",
            Self::Removed(_) => "removed",
            Self::Value { .. } => "value",
            Self::Case { .. } => "case",
            Self::Moved(_) => "moved",
        }
    }
}

/// What differs, in the order of the first list, with what is only in the second after it. The nth
/// field of a name is compared with the nth of that name.
#[must_use]
pub fn compare_headers(from: &[HeaderField], to: &[HeaderField]) -> Vec<HeaderChange> {
    let (from_keys, to_keys) = (keys(from), keys(to));
    let places: HashMap<&Key, usize> = to_keys.iter().enumerate().map(|(place, key)| (key, place)).collect();
    let mut changes = Vec::new();
    let mut is_matched = vec![false; to.len()];
    let mut pairs = Vec::new();
    for (field, key) in from.iter().zip(&from_keys) {
        let Some(&place) = places.get(key) else {
            changes.push(HeaderChange::Removed(field.clone()));
            continue;
        };
        is_matched[place] = true;
        pairs.push(place);
        let (from, other) = (field.clone(), &to[place]);
        if field.name != other.name {
            changes.push(HeaderChange::Case { from: from.clone(), to: other.clone() });
        }
        if field.value != other.value {
            changes.push(HeaderChange::Value { from, to: other.clone() });
        }
    }
    changes.extend(moved(&pairs).into_iter().map(|place| HeaderChange::Moved(to[place].clone())));
    let added = to.iter().zip(is_matched).filter(|(_, is_matched)| !is_matched);
    changes.extend(added.map(|(field, _)| HeaderChange::Added(field.clone())));
    changes
}

/// A name in lower case, and the how manieth field of that name it is.
type Key = (Vec<u8>, usize);

fn keys(fields: &[HeaderField]) -> Vec<Key> {
    let mut seen: HashMap<Vec<u8>, usize> = HashMap::new();
    fields
        .iter()
        .map(|field| {
            let name = field.name.to_ascii_lowercase();
            let count = seen.entry(name.clone()).or_insert(0);
            *count += 1;
            (name, *count)
        })
        .collect()
}

/// Those of `places`, which are the second list's in the first one's order, that a shortest edit moves.
fn moved(places: &[usize]) -> Vec<usize> {
    let mut sorted = places.to_vec();
    sorted.sort_unstable();
    let removed = |operation: DiffOp| match operation {
        DiffOp::Delete { old_index, old_len, .. } | DiffOp::Replace { old_index, old_len, .. } => {
            places[old_index..old_index + old_len].to_vec()
        }
        DiffOp::Equal { .. } | DiffOp::Insert { .. } => Vec::new(),
    };
    capture_diff_slices(Algorithm::Myers, places, &sorted).into_iter().flat_map(removed).collect()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;

    fn fields(text: &str) -> Vec<HeaderField> {
        let field = |pair: &str| {
            let (name, value) = pair.split_once('=').unwrap();
            HeaderField { name: Bytes::from(name.to_owned()), value: Bytes::from(value.to_owned()) }
        };
        text.split_whitespace().map(field).collect()
    }

    fn compared(from: &str, to: &str) -> Vec<String> {
        let shown = |field: &HeaderField| {
            format!("{}={}", String::from_utf8_lossy(&field.name), String::from_utf8_lossy(&field.value))
        };
        let words = |change: &HeaderChange| match change {
            HeaderChange::Added(field) | HeaderChange::Removed(field) | HeaderChange::Moved(field) => {
                format!("{} {}", change.code(), shown(field))
            }
            HeaderChange::Value { from, to } | HeaderChange::Case { from, to } => {
                format!("{} {} {}", change.code(), shown(from), shown(to))
            }
        };
        compare_headers(&fields(from), &fields(to)).iter().map(words).collect()
    }

    #[test]
    fn each_kind_of_difference_is_told() {
        assert_eq!(compared("a=1 b=2", "a=1 b=2"), [""; 0]);
        assert_eq!(compared("a=1 b=2", "A=1 b=3"), ["case a=1 A=1", "value b=2 b=3"]);
        assert_eq!(compared("a=1 b=2", "b=2 c=3"), ["removed a=1", "added c=3"]);
        assert_eq!(compared("a=1 a=2", "a=1"), ["removed a=2"]);
        assert_eq!(compared("a=1", "a=1 a=1"), ["added a=1"]);
        assert_eq!(compared("a=1 b=2 c=3", "b=2 c=3 a=1"), ["moved a=1"]);
        assert_eq!(compared("a=1 a=2", "a=2 a=1"), ["value a=1 a=2", "value a=2 a=1"]);
    }

    proptest! {
        #[test]
        fn no_difference_means_the_same(from in "([abA]=[12] ){0,6}", to in "([abA]=[12] ){0,6}") {
            prop_assert_eq!(compared(&from, &to).is_empty(), fields(&from) == fields(&to));
        }
    }
}
