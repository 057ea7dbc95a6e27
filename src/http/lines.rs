//! Where a head is cut into lines, and a line into name and value. Every reader of heads, strict or lenient, cuts here.

use memchr::memchr;

/// One line of a head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeadLine<'a> {
    /// Where it begins in the bytes that were cut.
    pub start: usize,
    /// Its bytes without the line end.
    pub text: &'a [u8],
    /// Whether it ends in LF alone, or is the last and does not end at all.
    pub is_bare: bool,
}

/// The lines of `bytes`, the empty ones included. A line ends at LF; a CR before it belongs to the line end (RFC 9112,
/// section 2.2).
pub(super) fn lines(bytes: &[u8]) -> impl Iterator<Item = HeadLine<'_>> {
    let mut position = 0;
    std::iter::from_fn(move || {
        if position >= bytes.len() {
            return None;
        }
        let start = position;
        let end = memchr(b'\n', &bytes[start..]).map_or(bytes.len(), |offset| start + offset);
        position = end + 1;
        let line = &bytes[start..end];
        let text = line.strip_suffix(b"\r");
        Some(HeadLine { start, text: text.unwrap_or(line), is_bare: text.is_none() })
    })
}

/// What stands before the first colon and after it, white space included; `None` without a colon.
#[must_use]
pub(super) fn split_at_colon(line: &[u8]) -> Option<(&[u8], &[u8])> {
    memchr(b':', line).map(|colon| (&line[..colon], &line[colon + 1..]))
}

/// Without the optional white space around it, which is spaces and tabs alone (RFC 9110, section 5.6.3).
#[must_use]
pub fn trim(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines_end_in_lf_with_or_without_a_cr() {
        let cut: Vec<_> = lines(b"a\r\nb\n\r\r\n\r\n\nc").map(|line| (line.start, line.text, line.is_bare)).collect();
        assert_eq!(
            cut,
            [
                (0, &b"a"[..], false),
                (3, b"b", true),
                (5, b"\r", false),
                (8, b"", false),
                (10, b"", true),
                (11, b"c", true)
            ]
        );
        assert_eq!(lines(b"").count(), 0);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_between_lines(
            bytes in proptest::collection::vec(prop_oneof![Just(b'\r'), Just(b'\n'), Just(b':')], 0..20),
        ) {
            let mut again = Vec::new();
            for line in lines(&bytes) {
                prop_assert_eq!(line.start, again.len());
                again.extend_from_slice(line.text);
                again.extend_from_slice(if line.is_bare { b"\n" } else { b"\r\n" });
            }
            prop_assert!(again == bytes || again == [&bytes[..], b"\n"].concat());
        }
    }
}
