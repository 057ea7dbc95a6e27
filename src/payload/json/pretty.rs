//! Re-indentation from tokens: the sender's own text, one member or item a row.
//!
//! Only the places of the rows and how they hang together are kept (twenty-four bytes each); a row is
//! rendered when it is looked at, so that a terminal draws a window of 400,000 rows as quickly as one
//! of forty, and every step through the tree takes the same time wherever it begins.
//!
//! ```
//! use whyhook::payload::json::pretty;
//!
//! let pretty = pretty(br#"{"price":1.10,"tags":[]}"#).unwrap();
//! assert_eq!(pretty.to_text(), "{\n  \"price\": 1.10,\n  \"tags\": []\n}");
//! assert_eq!(pretty.line(1).to_string(), "  \"price\": 1.10,");
//! ```

mod index;
mod line;
mod preview;
mod tree;

use std::ops::Range;

use bytes::Bytes;

pub use line::{Line, Piece, PieceKind};

use super::Fault;
use super::scan::{skip_space, skip_string, skip_value};

/// Indentation stops growing at this depth: 5,000 levels would re-indent to 50 MB otherwise.
pub const INDENT_LIMIT: usize = 40;

/// How many columns of a single token [`Pretty::line`] shows.
pub const DEFAULT_WIDTH: usize = 500;

/// Prepares `body` for display; see [`Pretty::new`], which copies nothing.
///
/// # Errors
///
/// The first place at which `body` is not JSON.
pub fn pretty(body: &[u8]) -> Result<Pretty, Fault> {
    Pretty::new(Bytes::copy_from_slice(body))
}

/// A body's rows; see the [module](self).
#[derive(Debug, Clone)]
pub struct Pretty {
    body: Bytes,
    rows: Vec<Row>,
    notes: Vec<NumberedNote>,
}

/// One row's place. The end takes in the comma that belongs to the row.
#[derive(Debug, Clone, Copy)]
struct Row {
    start: u32,
    end: u32,
    depth: u32,
    /// The row in which this one stands; the outermost row's is itself.
    parent: u32,
    /// The other end of an object or array of several rows; any other row's is itself.
    mate: u32,
    /// How many siblings come before it; a closing row has that of its opening.
    ordinal: u32,
}

/// A row's number with what is noted of it.
type NumberedNote = (u32, Note);

/// What is known of a token beyond its text; few rows have any.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Note {
    /// The long key, string or number at `start` has so many characters.
    Characters {
        /// Where it begins.
        start: u32,
        /// Its characters, quotation marks not counted.
        characters: u64,
    },
    /// The value from `start` to `end` is a binary: one row, whatever it is made of.
    Binary {
        /// Where it begins.
        start: u32,
        /// The offset after it.
        end: u32,
        /// One line about it.
        summary: String,
    },
    /// The key at `start` has stood in the same object before.
    Duplicate {
        /// Where the key begins.
        start: u32,
    },
}

impl Pretty {
    /// Reads `body` once and notes where its rows are.
    ///
    /// # Errors
    ///
    /// The first place at which `body` is not JSON.
    pub fn new(body: Bytes) -> Result<Self, Fault> {
        let (rows, notes) = index::index(&body)?;
        Ok(Self { body, rows, notes })
    }

    /// The body that the rows are of.
    #[must_use]
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// How many rows there are; at least one.
    #[must_use]
    pub fn line_count(&self) -> usize {
        self.rows.len()
    }

    /// Renders a row, its tokens cut at [`DEFAULT_WIDTH`] columns. A row that does not exist is
    /// empty.
    #[must_use]
    pub fn line(&self, index: usize) -> Line<'_> {
        self.line_within(index, DEFAULT_WIDTH)
    }

    /// What is known of the binary on this row, in a line; `None` when there is none.
    #[must_use]
    pub fn binary(&self, index: usize) -> Option<&str> {
        self.notes(index).iter().find_map(|(_, note)| match note {
            Note::Binary { summary, .. } => Some(&**summary),
            Note::Characters { .. } | Note::Duplicate { .. } => None,
        })
    }

    /// Renders a row; each token longer than `columns` is cut and its length told.
    #[must_use]
    pub fn line_within(&self, index: usize, columns: usize) -> Line<'_> {
        let Some(row) = self.rows.get(index) else {
            return Line::default();
        };
        line::render(&self.body, row, self.notes(index), columns)
    }

    /// How deep a row is nested; the outermost value has depth 0.
    #[must_use]
    pub fn depth(&self, index: usize) -> usize {
        self.rows.get(index).map_or(0, |row| row.depth as usize)
    }

    /// A row's place in the body, from its key to its comma.
    #[must_use]
    pub fn range(&self, index: usize) -> Range<usize> {
        self.rows.get(index).map_or(0..0, Row::range)
    }

    /// The place of the value that begins on this row, whole: an object's reaches to its closing
    /// bracket. `None` on a closing row.
    #[must_use]
    pub fn value_range(&self, index: usize) -> Option<Range<usize>> {
        let start = self.value_range_start(index)?;
        Some(start..skip_value(&self.body, start)?)
    }

    /// The row that shows the byte at `offset`.
    #[must_use]
    pub fn line_at(&self, offset: usize) -> usize {
        self.rows.partition_point(|row| row.start as usize <= offset).saturating_sub(1)
    }

    /// The whole body re-indented, every token byte for byte and none cut; for copying. Bytes outside
    /// UTF-8 become U+FFFD.
    #[must_use]
    pub fn to_text(&self) -> String {
        self.rows_text(0..self.rows.len())
    }

    /// The value that begins on this row re-indented, as [`Pretty::to_text`] writes the whole: without
    /// its key, and without the comma behind it.
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
        let base = self.rows.get(rows.start).map_or(0, Row::indent);
        let first = self.value_range_start(rows.start).unwrap_or(0);
        let mut bytes = Vec::new();
        for (index, row) in self.rows[rows].iter().enumerate() {
            if index > 0 {
                bytes.push(b'\n');
            }
            bytes.resize(bytes.len() + (row.indent() - base) * 2, b' ');
            for token in line::row_tokens(&self.body, row).filter(|token| token.start >= first) {
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
        let start = self.rows.get(index)?.start as usize;
        if self.is_closing(index) {
            return None;
        }
        let end = skip_string(&self.body, start).filter(|_| self.body[start] == b'"')?;
        (self.body.get(skip_space(&self.body, end)) == Some(&b':')).then_some(start..end)
    }

    fn value_range_start(&self, index: usize) -> Option<usize> {
        if self.is_closing(index) {
            return None;
        }
        Some(match self.key(index) {
            Some(key) => skip_space(&self.body, skip_space(&self.body, key.end) + 1),
            None => self.rows.get(index)?.start as usize,
        })
    }
}

impl Note {
    /// Where the token begins that it is of.
    fn start(&self) -> usize {
        match self {
            Self::Characters { start, .. } | Self::Binary { start, .. } | Self::Duplicate { start } => *start as usize,
        }
    }
}

impl Row {
    fn range(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Levels of indentation shown.
    fn indent(&self) -> usize {
        (self.depth as usize).min(INDENT_LIMIT)
    }
}

#[cfg(test)]
mod tests;
