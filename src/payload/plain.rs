//! A body that is no JSON, as rows of text.

use std::borrow::Cow;
use std::ops::Range;

use bytes::Bytes;

use crate::text;

/// A line longer than this continues on the next row: all of a body of one line can be seen.
pub const ROW_BYTES: usize = 1024;

/// A body's rows of text. Only their places are kept; a row is rendered when it is looked at.
#[derive(Debug, Clone)]
pub struct Plain {
    body: Bytes,
    /// Where each row begins.
    starts: Vec<usize>,
}

impl Plain {
    /// Finds the rows of `body`: lines end with LF, and are cut between characters when they are
    /// long.
    #[must_use]
    pub fn new(body: Bytes) -> Self {
        let mut starts = vec![0];
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', &body).map(|newline| newline + 1).chain([body.len()]) {
            while end - start > ROW_BYTES + 1 {
                start = boundary(&body, start + ROW_BYTES);
                starts.push(start);
            }
            start = end;
            if end < body.len() {
                starts.push(end);
            }
        }
        Self { body, starts }
    }

    /// How many rows there are; at least one.
    #[must_use]
    pub fn line_count(&self) -> usize {
        self.starts.len()
    }

    /// A row's text, made visible, without its line break.
    #[must_use]
    pub fn line(&self, index: usize) -> Cow<'_, str> {
        let row = &self.body[self.range(index)];
        let row = row.strip_suffix(b"\n").map_or(row, |line| line.strip_suffix(b"\r").unwrap_or(line));
        text::visible_bytes(row)
    }

    /// A row's place in the body, line break included. A row that does not exist is empty.
    #[must_use]
    pub fn range(&self, index: usize) -> Range<usize> {
        let end = self.starts.get(index + 1).copied().unwrap_or(self.body.len());
        self.starts.get(index).map_or(0..0, |start| *start..end)
    }

    /// The row that shows the byte at `offset`, such as a fault's.
    #[must_use]
    pub fn line_at(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start <= offset).saturating_sub(1)
    }
}

/// The last offset up to `at` that is not within a UTF-8 character.
fn boundary(body: &[u8], at: usize) -> usize {
    let within = body[..=at].iter().rev().take(4).take_while(|&&byte| byte & 0xc0 == 0x80).count();
    at - within.min(3)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plain(body: &[u8]) -> Plain {
        Plain::new(Bytes::copy_from_slice(body))
    }

    #[test]
    fn lines_are_shown_without_their_breaks() {
        let plain = plain(b"a=1\r\nb\x1b\n\nend");
        let shown: Vec<_> = (0..plain.line_count()).map(|row| plain.line(row)).collect();
        assert_eq!(shown, ["a=1", "b␛", "", "end"]);
        assert_eq!((plain.line_at(0), plain.line_at(5), plain.line_at(99)), (0, 1, 3));
        assert_eq!((plain.line(9), plain.range(9)), ("".into(), 0..0));
    }

    #[test]
    fn a_long_line_goes_on_between_characters() {
        let body = format!("x{}", "é".repeat(2000));
        let plain = plain(body.as_bytes());
        assert_eq!(plain.line_count(), 4);
        assert!((0..4).all(|row| plain.line(row).chars().all(|shown| shown == 'é' || shown == 'x')));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]

        #[test]
        fn rows_are_the_whole_body(body in prop::collection::vec(prop_oneof![any::<u8>(), Just(b'\n'), Just(0xbf_u8)], 0..4000)) {
            let plain = plain(&body);
            let joined: Vec<u8> = (0..plain.line_count()).flat_map(|row| body[plain.range(row)].to_vec()).collect();
            prop_assert_eq!(&joined, &body);
            prop_assert!((0..plain.line_count()).all(|row| plain.range(row).len() <= ROW_BYTES + 1));
            prop_assert!((0..plain.line_count()).all(|row| !plain.line(row).chars().any(text::is_hidden)));
        }
    }
}
