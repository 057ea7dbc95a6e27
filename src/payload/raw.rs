//! Any bytes as rows of a given width: nothing interpreted, nothing hidden, nothing left out.

use std::borrow::Cow;

use bytes::Bytes;
use unicode_width::UnicodeWidthChar as _;

use crate::text;

/// Columns that one character may take once it is made visible: `⟨U+10FFFF⟩`.
const WIDEST_SYMBOL: usize = 10;

/// Where each row of some bytes begins. A row ends behind a line feed, or where the width does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawRows {
    bytes: Bytes,
    columns: usize,
    starts: Vec<usize>,
}

impl RawRows {
    /// Cuts `bytes` into rows of at most `columns` columns (at least ten). Takes about 5 ms for each
    /// megabyte.
    #[must_use]
    pub fn new(bytes: Bytes, columns: usize) -> Self {
        let columns = columns.max(WIDEST_SYMBOL);
        let mut starts = Vec::with_capacity(bytes.len() / columns + 1);
        let mut at = 0;
        while at < bytes.len() {
            starts.push(at);
            at = row_end(&bytes, at, columns);
        }
        Self { bytes, columns, starts }
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// Whether the rows are those that `columns` columns would give.
    #[must_use]
    pub fn is_for(&self, columns: usize) -> bool {
        self.columns == columns.max(WIDEST_SYMBOL)
    }

    /// One row made visible, its line end included (`␍␊`); empty behind the last.
    #[must_use]
    pub fn row(&self, index: usize) -> Cow<'_, str> {
        let Some(&start) = self.starts.get(index) else { return Cow::Borrowed("") };
        let end = self.starts.get(index + 1).copied().unwrap_or(self.bytes.len());
        text::visible_bytes(&self.bytes[start..end])
    }
}

/// The end of the row that begins at `start`.
fn row_end(bytes: &[u8], start: usize, columns: usize) -> usize {
    let mut used = 0;
    let mut at = start;
    while at < bytes.len() {
        let (length, width) = match bytes[at] {
            0..=0x7f => (1, 1),
            _ => character(&bytes[at..]),
        };
        if used + width > columns {
            break;
        }
        used += width;
        at += length;
        if bytes[at - 1] == b'\n' {
            break;
        }
    }
    at
}

/// The bytes and columns of the character, or the byte outside UTF-8, that `bytes` begins with.
fn character(bytes: &[u8]) -> (usize, usize) {
    let prefix = &bytes[..bytes.len().min(4)];
    let valid = match std::str::from_utf8(prefix) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&prefix[..error.valid_up_to()]).unwrap_or_default(),
    };
    match valid.chars().next() {
        None => (1, 4),
        Some(character) if text::is_hidden(character) => (character.len_utf8(), WIDEST_SYMBOL),
        // A combining mark may have to be spelled out.
        Some(character) => match character.width() {
            Some(width @ 1..) => (character.len_utf8(), width),
            _ => (character.len_utf8(), WIDEST_SYMBOL),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use unicode_width::UnicodeWidthStr as _;

    fn rows(bytes: &'static [u8], columns: usize) -> Vec<String> {
        let rows = RawRows::new(Bytes::from_static(bytes), columns);
        (0..rows.len()).map(|index| rows.row(index).into_owned()).collect()
    }

    #[test]
    fn lines_end_and_wrap() {
        assert_eq!(rows(b"a\r\n\nabcdefghijkl\xff", 10), ["a␍␊", "␊", "abcdefghij", "kl⟨ff⟩"]);
        assert_eq!(rows(b"", 10), Vec::<String>::new());
        assert_eq!(rows(b"x\n", 10), ["x␊"]);
        assert_eq!(rows(b"0123456789\nx", 10), ["0123456789", "␊", "x"]);
    }

    proptest! {
        #[test]
        fn rows_fit_and_lose_nothing(bytes in proptest::collection::vec(any::<u8>(), 0..200), text in "\\PC{0,30}", columns in 10_usize..40) {
            for bytes in [Bytes::from(bytes), Bytes::from(text)] {
                let rows = RawRows::new(bytes.clone(), columns);
                let mut joined = Vec::new();
                for index in 0..rows.len() {
                    prop_assert!(rows.row(index).width() <= columns, "{:?}", rows.row(index));
                    let end = rows.starts.get(index + 1).copied().unwrap_or(bytes.len());
                    joined.extend_from_slice(&bytes[rows.starts[index]..end]);
                }
                prop_assert_eq!(joined, bytes);
            }
        }
    }
}
