//! Bytes as rows of hexadecimal, for any width of screen.
//!
//! ```
//! use whyhook::payload::hex::{HexLayout, rows};
//!
//! let row = &rows(b"\xff\xd8\xff\xdbJFIF", HexLayout::for_width(60), 0..1)[0];
//! assert_eq!(row.to_string(), "000000  ff d8 ff db 4a 46 49 46  ××××JFIF");
//! ```

pub mod seek;

use std::fmt;
use std::ops::Range;

use super::image::Segment;
use crate::text::grouped;

/// How many bytes a row holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct HexLayout {
    bytes: usize,
}

impl HexLayout {
    /// The widths on offer: bytes in a row and the columns it takes.
    pub const CHOICES: [(usize, usize); 4] = [(8, 41), (16, 74), (24, 107), (32, 140)];

    /// The widest layout that fits `columns`; eight bytes a row on the narrowest screens.
    #[must_use]
    pub fn for_width(columns: usize) -> Self {
        let fitting = Self::CHOICES.iter().rev().find(|(_, needed)| *needed <= columns);
        Self { bytes: fitting.map_or(8, |(bytes, _)| *bytes) }
    }

    /// Bytes in a row.
    #[must_use]
    pub fn bytes_per_row(self) -> usize {
        self.bytes
    }

    /// Columns that a row takes when offsets have six digits.
    #[must_use]
    pub fn columns(self) -> usize {
        let choice = Self::CHOICES.iter().find(|(bytes, _)| *bytes == self.bytes);
        choice.map_or(0, |(_, columns)| *columns)
    }

    /// How many rows `length` bytes take.
    #[must_use]
    pub fn row_count(self, length: usize) -> usize {
        length.div_ceil(self.bytes)
    }

    /// The row of the byte at `offset`.
    #[must_use]
    pub fn row_of(self, offset: usize) -> usize {
        offset / self.bytes
    }
}

/// What kind of byte it is, for its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ByteClass {
    /// Zero.
    Null,
    /// Printable ASCII other than the space.
    Printable,
    /// ASCII white space.
    Whitespace,
    /// Any other ASCII control.
    OtherAscii,
    /// Beyond ASCII.
    NonAscii,
}

impl ByteClass {
    /// Every class, in the order of a legend.
    pub const ALL: [Self; 5] = [Self::Null, Self::Printable, Self::Whitespace, Self::OtherAscii, Self::NonAscii];

    /// The class of `byte`.
    #[must_use]
    pub fn of(byte: u8) -> Self {
        match byte {
            0 => Self::Null,
            0x21..=0x7e => Self::Printable,
            b' ' | b'\t' | b'\n' | b'\r' | 0x0c => Self::Whitespace,
            0x80.. => Self::NonAscii,
            _ => Self::OtherAscii,
        }
    }

    /// The class in words, for a legend.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Printable => "printable",
            Self::Whitespace => "white space",
            Self::OtherAscii => "other ASCII",
            Self::NonAscii => "non-ASCII",
        }
    }

    /// What stands for the class in a legend.
    #[must_use]
    pub fn example(self) -> char {
        match self {
            Self::Printable => 'a',
            Self::Null => Self::Null.symbol(0),
            Self::Whitespace => Self::Whitespace.symbol(b'\n'),
            Self::OtherAscii => Self::OtherAscii.symbol(1),
            Self::NonAscii => Self::NonAscii.symbol(0x80),
        }
    }

    /// What the column of text shows for `byte`; one column wide for every byte, and never a
    /// control.
    fn symbol(self, byte: u8) -> char {
        match self {
            // Not printable ASCII, so that it cannot be confused with a byte that is printed as itself.
            Self::Null => '␀',
            Self::Printable => char::from(byte),
            Self::Whitespace => match byte {
                b'\t' => '␉',
                b'\n' => '␊',
                0x0c => '␌',
                b'\r' => '␍',
                _ => ' ',
            },
            Self::OtherAscii => '•',
            Self::NonAscii => '×',
        }
    }
}

/// One byte of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HexCell {
    /// The byte.
    pub byte: u8,
    /// Its class.
    pub class: ByteClass,
    /// What the column of text shows for it.
    pub symbol: char,
    /// The number of the segment it belongs to, once [`mark_segments`] has set it.
    pub segment: Option<usize>,
}

impl HexCell {
    fn new(byte: u8) -> Self {
        let class = ByteClass::of(byte);
        Self { byte, class, symbol: class.symbol(byte), segment: None }
    }

    /// The byte's two hexadecimal digits.
    #[must_use]
    pub fn digits(&self) -> String {
        format!("{:02x}", self.byte)
    }
}

/// One row of bytes. Its [`Display`](fmt::Display) is the row as plain text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HexRow {
    /// The first byte's offset.
    pub offset: usize,
    /// The bytes that are there; the last row may have fewer than the layout's.
    pub cells: Vec<HexCell>,
    layout: HexLayout,
}

impl HexRow {
    /// The offset in at least six hexadecimal digits.
    #[must_use]
    pub fn offset_text(&self) -> String {
        format!("{:06x}", self.offset)
    }

    /// The column of text.
    #[must_use]
    pub fn ascii(&self) -> String {
        self.cells.iter().map(|cell| cell.symbol).collect()
    }

    /// The space before the digits of the cell at `index`: one more between groups of eight.
    #[must_use]
    pub fn gap_before(index: usize) -> &'static str {
        match index {
            0 => "  ",
            _ if index.is_multiple_of(8) => "  ",
            _ => " ",
        }
    }
}

impl fmt::Display for HexRow {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.offset_text())?;
        for index in 0..self.layout.bytes {
            formatter.write_str(Self::gap_before(index))?;
            match self.cells.get(index) {
                Some(cell) => write!(formatter, "{:02x}", cell.byte)?,
                None => formatter.write_str("  ")?,
            }
        }
        write!(formatter, "  {}", self.ascii())
    }
}

/// What the symbols in the column of text mean that are no characters of it.
#[must_use]
pub fn legend() -> String {
    let symbols = ByteClass::ALL.into_iter().filter(|class| *class != ByteClass::Printable);
    symbols.map(|class| format!("{} {}", class.example(), class.words())).collect::<Vec<_>>().join(" · ")
}

/// The rows with the numbers `range`, as far as there are bytes for them.
#[must_use]
pub fn rows(bytes: &[u8], layout: HexLayout, range: Range<usize>) -> Vec<HexRow> {
    let end = range.end.min(layout.row_count(bytes.len()));
    (range.start..end)
        .map(|row| {
            let offset = row * layout.bytes;
            let present = &bytes[offset..(offset + layout.bytes).min(bytes.len())];
            HexRow { offset, cells: present.iter().map(|&byte| HexCell::new(byte)).collect(), layout }
        })
        .collect()
}

/// Tells each cell which of `segments`, which are in ascending order, it belongs to.
pub fn mark_segments(rows: &mut [HexRow], segments: &[Segment]) {
    for row in rows {
        for (index, cell) in row.cells.iter_mut().enumerate() {
            cell.segment = segment_at(segments, row.offset + index);
        }
    }
}

/// The number of the segment to which the byte at `offset` belongs; `segments` are in ascending
/// order.
#[must_use]
pub fn segment_at(segments: &[Segment], offset: usize) -> Option<usize> {
    let after = segments.partition_point(|segment| segment.offset <= offset);
    let index = after.checked_sub(1)?;
    let segment = &segments[index];
    (offset - segment.offset < segment.length).then_some(index)
}

/// The line after the last row, when the payload holds only part of the bytes. The missing ones are
/// never made up.
#[must_use]
pub fn missing_note(present: u64, total: Option<u64>) -> Option<String> {
    match total {
        Some(total) if total == present.checked_add(1)? => Some("… 1 byte is not in the payload".to_owned()),
        Some(total) if total > present => Some(format!("… {} bytes are not in the payload", grouped(total - present))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_width::UnicodeWidthStr as _;

    use super::super::image;
    use super::*;

    const JPEG: &[u8] = include_bytes!("../../../assets/samples/screenshot.jpg");

    #[test]
    fn layouts_take_the_columns_they_say() {
        for (bytes, columns) in HexLayout::CHOICES {
            let layout = HexLayout::for_width(columns);
            assert_eq!((layout.bytes_per_row(), layout.columns()), (bytes, columns));
            assert_eq!(rows(JPEG, layout, 0..1)[0].to_string().width(), columns);
            assert_ne!(HexLayout::for_width(columns - 1).bytes_per_row(), bytes.max(9));
        }
        assert_eq!(HexLayout::for_width(0).bytes_per_row(), 8);
        assert_eq!(HexLayout::for_width(500).bytes_per_row(), 32);
    }

    #[test]
    fn rows_are_drawn_and_the_last_is_short() {
        let shown = rows(b"A\0\n \x1b\xff~", HexLayout::for_width(41), 0..9);
        assert_eq!(shown.len(), 1);
        assert_eq!(shown[0].to_string(), "000000  41 00 0a 20 1b ff 7e     A␀␊ •×~");
        assert_eq!(shown[0].cells[1].digits(), "00");
        let classes: Vec<ByteClass> = shown[0].cells.iter().map(|cell| cell.class).collect();
        use ByteClass::{NonAscii, Null, OtherAscii, Printable, Whitespace};
        assert_eq!(classes, [Printable, Null, Whitespace, Whitespace, OtherAscii, NonAscii, Printable]);
        assert_eq!(rows(b"", HexLayout::for_width(80), 0..5), []);
    }

    #[test]
    fn cells_know_their_segment() {
        let segments = image::segments(JPEG);
        let mut shown = rows(JPEG, HexLayout::for_width(80), 0..100);
        mark_segments(&mut shown, &segments);
        let segment = |offset: usize| shown[offset / 16].cells[offset % 16].segment.map(|index| &*segments[index].name);
        assert_eq!(
            (segment(0), segment(2), segment(140), segment(269)),
            (Some("SOI"), Some("DQT"), Some("SOF0"), Some("EOI"))
        );
        assert_eq!(segment_at(&segments, 270), None);
        assert_eq!(segment_at(&[], 0), None);
    }

    #[test]
    fn what_is_missing_is_said() {
        assert_eq!(missing_note(50, Some(44_869)).unwrap(), "… 44,819 bytes are not in the payload");
        assert_eq!(missing_note(50, Some(51)).unwrap(), "… 1 byte is not in the payload");
        assert_eq!((missing_note(50, Some(50)), missing_note(50, None)), (None, None));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn rows_hold_every_byte_once(bytes in prop::collection::vec(any::<u8>(), 0..200), columns in 0_usize..200, from in 0_usize..30) {
            let layout = HexLayout::for_width(columns);
            let all = rows(&bytes, layout, 0..usize::MAX);
            prop_assert_eq!(all.len(), layout.row_count(bytes.len()));
            let joined: Vec<u8> = all.iter().flat_map(|row| row.cells.iter().map(|cell| cell.byte)).collect();
            prop_assert_eq!(joined, bytes.clone());
            prop_assert_eq!(&rows(&bytes, layout, from..usize::MAX)[..], all.get(from..).unwrap_or_default());
            let widest = rows(&bytes, layout, 0..usize::MAX).iter().map(|row| row.to_string().width()).max();
            prop_assert!(widest.is_none_or(|width| width <= layout.columns()));
        }
    }
}
