//! Any bytes as rows of a given width: nothing interpreted, nothing hidden, nothing left out.

use std::borrow::Cow;
use std::ops::Range;

use bytes::Bytes;
use unicode_width::UnicodeWidthChar as _;

use crate::text;

/// Columns that one character may take once it is made visible: `⟨U+10FFFF⟩`.
const WIDEST_SYMBOL: usize = 10;

/// Some bytes in rows. A row ends after a line feed, or where the width does.
///
/// Where each row begins would be eight bytes for each line feed of a hostile body: only that of each
/// `ROWS_A_MARK`th row is kept, and of the rows after it where they are long, so that little is read again
/// to find any row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawRows {
    bytes: Bytes,
    /// `None` when lines are not broken.
    columns: Option<usize>,
    marks: Vec<Mark>,
    count: usize,
}

/// The maximum number of rows between two that are marked,
const ROWS_A_MARK: usize = 32;
/// and of bytes, except for one row that is longer.
const BYTES_A_MARK: usize = 1024;

/// The place of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Mark {
    row: usize,
    start: usize,
}

impl RawRows {
    /// Cuts `bytes` into rows of at most `columns` columns (at least ten). Takes about 5 ms for each
    /// megabyte.
    #[must_use]
    pub fn new(bytes: Bytes, columns: usize) -> Self {
        Self::cut(bytes, Some(columns.max(WIDEST_SYMBOL)))
    }

    /// Cuts `bytes` into lines, however long; [`RawRows::window`] shows a part of one.
    #[must_use]
    pub fn unwrapped(bytes: Bytes) -> Self {
        Self::cut(bytes, None)
    }

    fn cut(bytes: Bytes, columns: Option<usize>) -> Self {
        let mut rows = Self { bytes, columns, marks: Vec::new(), count: 0 };
        let (mut at, mut marked) = (0, None::<Mark>);
        while at < rows.bytes.len() {
            let row = rows.count;
            let is_near = |mark: &Mark| row - mark.row < ROWS_A_MARK && at - mark.start < BYTES_A_MARK;
            if !marked.as_ref().is_some_and(is_near) {
                let mark = Mark { row, start: at };
                rows.marks.push(mark);
                marked = Some(mark);
            }
            at = rows.end_of(at);
            rows.count += 1;
        }
        rows.marks.shrink_to_fit();
        rows
    }

    /// The end of the row that begins at `start`.
    fn end_of(&self, start: usize) -> usize {
        match self.columns {
            Some(columns) => row_end(&self.bytes, start, columns),
            None => memchr::memchr(b'\n', &self.bytes[start..]).map_or(self.bytes.len(), |length| start + length + 1),
        }
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The bytes of memory that the rows take, beside what they are of.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        self.marks.capacity() * size_of::<Mark>()
    }

    /// Whether the rows are those that `columns` columns would give.
    #[must_use]
    pub fn is_for(&self, columns: usize) -> bool {
        self.columns == Some(columns.max(WIDEST_SYMBOL))
    }

    /// Whether the rows are whole lines.
    #[must_use]
    pub fn is_unwrapped(&self) -> bool {
        self.columns.is_none()
    }

    /// The bytes that the rows are of.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The place of a row's bytes; empty after the last.
    #[must_use]
    pub fn range(&self, index: usize) -> Range<usize> {
        let after = self.marks.partition_point(|mark| mark.row <= index);
        let Some(mark) = after.checked_sub(1).and_then(|at| self.marks.get(at)).filter(|_| index < self.count) else {
            return self.bytes.len()..self.bytes.len();
        };
        let start = (mark.row..index).fold(mark.start, |at, _| self.end_of(at));
        // A long row is not gone through to its end, which is known.
        let end = match self.marks.get(after) {
            Some(next) if next.row == index + 1 => next.start,
            None if index + 1 == self.count => self.bytes.len(),
            _ => self.end_of(start),
        };
        start..end
    }

    /// The row that holds the byte at `offset`; the last for the end.
    #[must_use]
    pub fn row_of(&self, offset: usize) -> usize {
        let after = self.marks.partition_point(|mark| mark.start <= offset);
        let Some(&Mark { row, start }) = after.checked_sub(1).and_then(|at| self.marks.get(at)) else { return 0 };
        let last = self.marks.get(after).map_or(self.count, |next| next.row) - 1;
        let (mut row, mut at) = (row, start);
        while row < last {
            at = self.end_of(at);
            if at > offset {
                break;
            }
            row += 1;
        }
        row
    }

    /// The bytes of a row between two columns, for lines that are not broken.
    ///
    /// Columns are counted over the first 16 KiB of a line; after them each byte counts as
    /// one, so that a line of megabytes is not read through for each frame.
    #[must_use]
    pub fn window(&self, index: usize, first: usize, columns: usize) -> Range<usize> {
        let row = self.range(index);
        let line = &self.bytes[row.clone()];
        let start = offset_of_column(line, first);
        let length = row_end(&line[start..], 0, columns.max(WIDEST_SYMBOL));
        row.start + start..row.start + start + length
    }

    /// The column of the byte at `offset` in its row, as [`RawRows::window`] counts.
    #[must_use]
    pub fn column_of(&self, offset: usize) -> usize {
        let row = self.range(self.row_of(offset));
        let line = &self.bytes[row.start..offset.clamp(row.start, row.end)];
        let mut at = 0;
        let mut column = 0;
        while at < line.len().min(MEASURED) {
            let (length, width) = character(&line[at..]);
            at += length;
            column += width;
        }
        column + line.len().saturating_sub(at)
    }

    /// One row made visible, its line end included (`␍␊`); empty after the last.
    #[must_use]
    pub fn row(&self, index: usize) -> Cow<'_, str> {
        text::visible_bytes(&self.bytes[self.range(index)])
    }
}

/// How far a line that is not broken is measured, in bytes.
const MEASURED: usize = 16 << 10;

/// The byte of `line` at `column`, at the beginning of a character.
fn offset_of_column(line: &[u8], column: usize) -> usize {
    let mut at = 0;
    let mut passed = 0;
    while at < line.len().min(MEASURED) && passed < column {
        let (length, width) = character(&line[at..]);
        at += length;
        passed += width;
    }
    let mut at = (at + column.saturating_sub(passed)).min(line.len());
    if at >= MEASURED {
        // Three continuation bytes at most: more is not UTF-8, and each such byte is shown alone.
        let back = line[at.saturating_sub(3)..(at + 1).min(line.len())].iter().rev();
        let inside = back.take_while(|&&byte| byte & 0xc0 == 0x80).count();
        at -= inside.min(3);
    }
    at
}

/// The end of the row that begins at `start`.
fn row_end(bytes: &[u8], start: usize, columns: usize) -> usize {
    // Nearly every row is ASCII alone, of which each byte takes a column.
    let row = &bytes[start..(start + columns).min(bytes.len())];
    if row.is_ascii() {
        return start + memchr::memchr(b'\n', row).map_or(row.len(), |newline| newline + 1);
    }
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
    use proptest::prelude::*;
    use unicode_width::UnicodeWidthStr as _;

    use super::*;

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

    #[test]
    fn whole_lines_are_shown_a_window_at_a_time() {
        let rows = RawRows::unwrapped(Bytes::from_static("0123456789abcdef\r\n\näöü日本語x".as_bytes()));
        let shown = |row, first| text::visible_bytes(&rows.bytes()[rows.window(row, first, 10)]).into_owned();
        assert_eq!(rows.len(), 3);
        assert_eq!([shown(0, 0), shown(0, 12), shown(0, 99)], ["0123456789", "cdef␍␊", ""]);
        assert_eq!([shown(1, 0), shown(2, 1), shown(3, 0)], ["␊", "öü日本語x", ""]);
        assert_eq!((rows.row_of(18), rows.row_of(19), rows.row_of(999)), (1, 2, 2));
        assert_eq!((rows.column_of(3), rows.column_of(19 + 6)), (3, 3));
        assert!(RawRows::unwrapped(Bytes::new()).is_empty());
        assert_eq!(RawRows::unwrapped(Bytes::from_static(b"x\n")).len(), 1);
    }

    #[test]
    fn a_line_of_megabytes_is_not_read_through() {
        let line = "é".repeat(4 << 20);
        let rows = RawRows::unwrapped(Bytes::from(line));
        for _ in 0..1000 {
            let window = rows.window(0, 7_000_001, 80);
            assert!(std::str::from_utf8(&rows.bytes()[window]).is_ok());
        }
    }

    #[test]
    fn line_feeds_alone_take_half_a_byte_each() {
        let bytes = Bytes::from(vec![b'\n'; 1 << 20]);
        for rows in [RawRows::new(bytes.clone(), 80), RawRows::unwrapped(bytes.clone())] {
            assert_eq!((rows.len(), rows.row_of(777_777), rows.range(777_777)), (1 << 20, 777_777, 777_777..777_778));
            assert!(2 * rows.heap_bytes() <= bytes.len(), "{}", rows.heap_bytes());
        }
    }

    proptest! {
        #[test]
        fn windows_fit(bytes in proptest::collection::vec(any::<u8>(), 0..200), first in 0_usize..60, columns in 10_usize..40) {
            let rows = RawRows::unwrapped(Bytes::from(bytes));
            for row in 0..rows.len() {
                let shown = text::visible_bytes(&rows.bytes()[rows.window(row, first, columns)]).into_owned();
                prop_assert!(shown.width() <= columns, "{shown:?}");
            }
        }

        #[test]
        fn rows_fit_and_lose_nothing(
            bytes in proptest::collection::vec(any::<u8>(), 0..200),
            text in "\\PC{0,30}",
            lines in proptest::collection::vec(prop_oneof![0_usize..3, 900..1100_usize], 0..90),
            columns in 10_usize..40,
        ) {
            let lines: Vec<u8> = lines.into_iter().flat_map(|length| [&vec![b'x'; length][..], b"\n"].concat()).collect();
            let lines = [RawRows::new(Bytes::from(lines.clone()), columns), RawRows::unwrapped(Bytes::from(lines))];
            let short = [Bytes::from(bytes), Bytes::from(text)].map(|bytes| RawRows::new(bytes, columns));
            for rows in short.into_iter().chain(lines) {
                let bytes = rows.bytes().clone();
                let mut joined = Vec::new();
                for index in 0..rows.len() {
                    prop_assert!(rows.is_unwrapped() || rows.row(index).width() <= columns, "{:?}", rows.row(index));
                    let range = rows.range(index);
                    prop_assert_eq!(range.start, joined.len());
                    prop_assert_eq!((rows.row_of(range.start), rows.row_of(range.end - 1)), (index, index));
                    joined.extend_from_slice(&bytes[range]);
                }
                prop_assert_eq!(&joined, &bytes);
                prop_assert_eq!((rows.range(rows.len()), rows.row_of(bytes.len())), (bytes.len()..bytes.len(), rows.len().saturating_sub(1)));
            }
        }
    }
}
