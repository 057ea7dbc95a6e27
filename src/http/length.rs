//! HTTP/1 messages on the wire, in either direction: where a head ends, and where a body does.

use memchr::memchr;

/// How the end of a body is found (RFC 9112, section 6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyLength {
    /// This many bytes follow the head.
    Known(u64),
    /// Chunks follow.
    Chunked,
}

/// Looks for the end of a head in `bytes`, of which the first `searched` are known not to hold it.
/// Returns the head's length, its final empty line included.
#[must_use]
pub fn head_end(bytes: &[u8], searched: usize) -> Option<usize> {
    // An end that began in the searched part is at most three bytes back ("\r\n\r").
    let mut from = searched.saturating_sub(3);
    while let Some(offset) = memchr(b'\n', &bytes[from..]) {
        let next = from + offset + 1;
        match bytes.get(next..) {
            Some([b'\n', ..]) => return Some(next + 1),
            Some([b'\r', b'\n', ..]) => return Some(next + 2),
            _ => from = next,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_head_ends_at_the_same_place_however_it_is_cut(
            bytes in proptest::collection::vec(prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'a')], 0..40),
            cuts in proptest::collection::vec(0_usize..40, 0..6),
        ) {
            let whole = head_end(&bytes, 0);
            let mut searched = 0;
            let mut found = None;
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.push(bytes.len());
            cuts.sort_unstable();
            for cut in cuts {
                found = head_end(&bytes[..cut], searched);
                searched = cut;
                if found.is_some() { break; }
            }
            prop_assert_eq!(found, whole);
        }
    }
}
