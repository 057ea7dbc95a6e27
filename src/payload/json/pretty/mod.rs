//! Re-indentation from tokens: the sender's own text, one member or item a row.
//!
//! Only where rows begin and how they hang together is kept, in less than two bytes a row, nothing for
//! a level (`payload::outline`); a row is rendered when it is looked at, so that a terminal draws a
//! window of sixty million rows as quickly as one of forty, and a step through the tree takes the
//! logarithm of the rows wherever it begins. What is longer than a glance is measured once, so that no
//! row takes time in proportion to its text either.
//!
//! ```
//! use whyhook::payload::json::pretty;
//!
//! let pretty = pretty(br#"{"price":1.10,"tags":[]}"#).unwrap();
//! assert_eq!(pretty.to_text(), "{\n  \"price\": 1.10,\n  \"tags\": []\n}");
//! assert_eq!(pretty.line(1).to_string(), "  \"price\": 1.10,");
//! ```

mod index;
mod keys;
mod line;
mod preview;
mod print;
mod tree;

use std::ops::Range;

use bytes::Bytes;

#[cfg(test)]
pub(super) use line::count_characters;
pub use line::{LinePiece, PieceKind, PrettyLine};

use super::JsonFault;
use super::bits::Bits;
use super::scan::{is_space, skip_space, skip_value};
use crate::payload::binary::{BinaryPlaces, FoundBinary, ValueContext, decode_all};
use crate::payload::outline::{Outline, Row, RowKind};

/// Indentation stops growing at this depth: 5,000 levels would re-indent to 50 MB otherwise.
pub const INDENT_LIMIT: usize = 40;

/// How many columns of a single token [`Pretty::line`] shows.
pub const DEFAULT_WIDTH: usize = 500;

/// Prepares `body` for display; see [`Pretty::new`], which copies nothing.
///
/// # Errors
///
/// As [`Pretty::new`].
pub fn pretty(body: &[u8]) -> Result<Pretty, NoRows> {
    Pretty::new(Bytes::copy_from_slice(body))
}

/// JSON nested deeper is not broken into rows: no honest sender comes near it, and nobody could read them.
pub const DEPTH_LIMIT: usize = 10_000;

/// Why a body is not broken into rows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoRows {
    /// It is not JSON; with the binaries before that place, where they are known.
    #[error("{0}")]
    Fault(JsonFault, Option<BinaryPlaces>),
    /// It is JSON, deeper than [`DEPTH_LIMIT`].
    #[error("nested deeper than 10,000 levels")]
    TooDeep,
}

impl NoRows {
    /// The place at which the body is not JSON.
    #[must_use]
    pub fn fault(&self) -> Option<&JsonFault> {
        match self {
            Self::Fault(fault, _) => Some(fault),
            Self::TooDeep => None,
        }
    }

    /// What a person should know of a body that is JSON and has no rows.
    #[must_use]
    pub fn remark(&self) -> Option<String> {
        matches!(self, Self::TooDeep).then(|| format!("JSON {self}: shown as sent, not as a tree"))
    }
}

/// A body's rows; see the [module](self).
#[derive(Debug, Clone)]
pub struct Pretty {
    body: Bytes,
    outline: Outline,
    notes: Vec<NumberedNote>,
    /// The rows whose key occurred earlier in the same object.
    duplicates: Bits,
}

/// The rows follow from the bytes.
impl PartialEq for Pretty {
    fn eq(&self, other: &Self) -> bool {
        self.body == other.body
    }
}

impl Eq for Pretty {}

/// A row's number with what is noted of it.
type NumberedNote = (u32, Note);

/// What is known of a token beyond its text; few rows have any.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Note {
    /// The key, string or number from `start` to `end` is long.
    Long {
        /// Where it begins.
        start: u32,
        /// The offset after it.
        end: u32,
        /// Its characters, quotation marks not counted.
        characters: u64,
    },
    /// The value from `start` to `end` is a binary: one row, whatever it is made of.
    Binary {
        /// Where it begins.
        start: u32,
        /// The offset after it.
        end: u32,
        /// As what it was recognised; `None` for a Buffer of any bytes.
        context: Option<ValueContext>,
        /// One line about it.
        summary: Box<str>,
    },
}

impl Pretty {
    /// Reads `body` once and notes where its rows are.
    ///
    /// # Errors
    ///
    /// [`NoRows::Fault`] at the first place at which `body` is not JSON; [`NoRows::TooDeep`] when it is, and its
    /// levels are too many.
    pub fn new(body: Bytes) -> Result<Self, NoRows> {
        index::index(body)
    }

    /// The bytes of memory that the rows take, beside the body.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        let summaries = self.notes.iter().map(|(_, note)| match note {
            Note::Binary { summary, .. } => summary.len(),
            Note::Long { .. } => 0,
        });
        self.outline.heap_bytes()
            + self.notes.capacity() * size_of::<NumberedNote>()
            + summaries.sum::<usize>()
            + self.duplicates.heap_bytes()
    }

    /// The body that the rows are of.
    #[must_use]
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// How many rows there are; at least one.
    #[must_use]
    pub fn line_count(&self) -> usize {
        self.outline.len()
    }

    /// Renders a row, its tokens cut at [`DEFAULT_WIDTH`] columns. A row that does not exist is
    /// empty.
    #[must_use]
    pub fn line(&self, index: usize) -> PrettyLine<'_> {
        self.line_within(index, DEFAULT_WIDTH)
    }

    /// What is known of the binary on this row, in a line; `None` when there is none.
    #[must_use]
    pub fn binary(&self, index: usize) -> Option<&str> {
        self.notes(index).iter().find_map(|(_, note)| match note {
            Note::Binary { summary, .. } => Some(&**summary),
            Note::Long { .. } => None,
        })
    }

    /// The images, and what else is binary by its own evidence: what
    /// [`find_all`](crate::payload::binary::find_all) finds in the body, at the places that are known
    /// already.
    #[must_use]
    pub fn binaries(&self) -> Vec<FoundBinary> {
        decode_all(&self.body, self.binary_places())
    }

    fn binary_places(&self) -> impl Iterator<Item = (usize, ValueContext, impl FnOnce() -> String)> {
        self.notes.iter().filter_map(|(row, note)| match note {
            Note::Binary { start, context, .. } => Some((*start as usize, (*context)?, || self.path(*row as usize))),
            Note::Long { .. } => None,
        })
    }

    /// Renders a row; each token longer than `columns` is cut, with its length.
    #[must_use]
    pub fn line_within(&self, index: usize, columns: usize) -> PrettyLine<'_> {
        if index >= self.outline.len() {
            return PrettyLine::default();
        }
        line::render(self, index, columns)
    }

    /// How deep a row is nested; the outermost value has depth 0.
    #[must_use]
    pub fn depth(&self, index: usize) -> usize {
        self.outline.row(index).map_or(0, |row| row.depth as usize)
    }

    /// A row's place in the body, from its key to its comma.
    #[must_use]
    pub fn range(&self, index: usize) -> Range<usize> {
        let whole = self.span(index);
        let space = self.body[whole.clone()].iter().rev().take_while(|byte| is_space(**byte)).count();
        whole.start..whole.end - space
    }

    /// A row's place in the body with the white space after it.
    fn span(&self, index: usize) -> Range<usize> {
        let Some((start, next)) = self.outline.span(index) else { return 0..0 };
        start as usize..next.map_or(self.body.len(), |next| next as usize)
    }

    /// Where a row begins in the body.
    fn start(&self, index: usize) -> Option<usize> {
        self.outline.row(index).map(|row| row.start as usize)
    }

    /// Levels of indentation shown.
    fn indent(&self, index: usize) -> usize {
        self.depth(index).min(INDENT_LIMIT)
    }

    /// The place of the value that begins on this row, whole: an object's reaches to its closing
    /// bracket. `None` on a closing row.
    #[must_use]
    pub fn value_range(&self, index: usize) -> Option<Range<usize>> {
        let start = self.value_range_start(index)?;
        let end = match self.block_end(index) {
            Some(close) => self.start(close)? + 1,
            None => token_end(&self.body, self.notes(index), start)?,
        };
        Some(start..end)
    }

    /// The row that shows the byte at `offset`.
    #[must_use]
    pub fn line_at(&self, offset: usize) -> usize {
        self.outline.row_at(u32::try_from(offset).unwrap_or(u32::MAX))
    }

    /// The whole body re-indented, every token byte for byte and none cut; for copying. Bytes outside
    /// UTF-8 become U+FFFD.
    #[must_use]
    pub fn to_text(&self) -> String {
        self.rows_text(0..self.outline.len())
    }

    /// The value that begins on this row re-indented, as [`Pretty::to_text`] writes the whole: without
    /// its key, and without the comma after it.
    #[must_use]
    pub fn value_text(&self, index: usize) -> String {
        let index = self.opening(index);
        let end = self.block_end(index).unwrap_or(index);
        let mut text = self.rows_text(index..end + 1);
        if text.ends_with(',') {
            text.pop();
        }
        text
    }

    /// Rows as text, indented from the depth of the first, which is written from its value on.
    fn rows_text(&self, rows: Range<usize>) -> String {
        let base = self.indent(rows.start);
        let first = self.value_range_start(rows.start).unwrap_or(0);
        let mut bytes = Vec::new();
        for index in rows.clone() {
            if index > rows.start {
                bytes.push(b'\n');
            }
            bytes.resize(bytes.len() + (self.indent(index) - base) * 2, b' ');
            // Each token by itself, those within a binary too.
            for token in line::tokens(&self.body, self.span(index), &[]).filter(|token| token.start >= first) {
                bytes.extend_from_slice(&self.body[token.clone()]);
                if self.body[token] == *b":" {
                    bytes.push(b' ');
                }
            }
        }
        match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
        }
    }

    /// What is noted of a row: of its key, of its value, or of both.
    fn notes(&self, index: usize) -> &[NumberedNote] {
        let start = self.notes.partition_point(|(row, _)| (*row as usize) < index);
        let length = self.notes[start..].iter().take_while(|(row, _)| *row as usize == index).count();
        &self.notes[start..start + length]
    }

    /// The place of the row's key with its quotation marks, when it has one.
    #[must_use]
    pub fn key(&self, index: usize) -> Option<Range<usize>> {
        let Row { start, kind, .. } = self.outline.row(index)?;
        let start = start as usize;
        if kind == RowKind::Close {
            return None;
        }
        if self.body.get(start) != Some(&b'"') {
            return None;
        }
        let end = token_end(&self.body, self.notes(index), start)?;
        (self.body.get(skip_space(&self.body, end)) == Some(&b':')).then_some(start..end)
    }

    fn value_range_start(&self, index: usize) -> Option<usize> {
        if self.is_closing(index) {
            return None;
        }
        Some(match self.key(index) {
            Some(key) => skip_space(&self.body, skip_space(&self.body, key.end) + 1),
            None => self.start(index)?,
        })
    }
}

impl Note {
    /// What it is of.
    fn range(&self) -> Range<usize> {
        match self {
            Self::Long { start, end, .. } | Self::Binary { start, end, .. } => *start as usize..*end as usize,
        }
    }
}

/// The offset after the key or value that begins at `start`: what is long has been measured.
fn token_end(body: &[u8], notes: &[NumberedNote], start: usize) -> Option<usize> {
    let mut measured = notes.iter().map(|(_, note)| note.range());
    measured.find(|range| range.start == start).map_or_else(|| skip_value(body, start), |range| Some(range.end))
}

#[cfg(test)]
mod tests;
