//! Rendering one row: its tokens made visible, cut and named.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use unicode_width::UnicodeWidthStr as _;

use super::super::scan::skip_space;
use super::super::string::escape_length;
use super::super::{StringPart, parts};
use super::{Note, NumberedNote, Pretty, token_end};
use crate::text::{self, grouped};

/// What a piece of a row is, for colouring it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PieceKind {
    /// A member's key with its quotation marks.
    Key,
    /// A string with its quotation marks.
    String,
    /// A number.
    Number,
    /// `true`, `false` or `null`.
    Literal,
    /// Brackets, colons (with the space that follows), commas.
    Punctuation,
    /// The beginning of a value that is a picture or other binary.
    Binary,
    /// Part of a string that no text can hold: a lone surrogate's escape, or bytes outside UTF-8.
    Fault,
    /// A remark of ours that is not in the body, such as the length of a cut string.
    Note,
}

/// A stretch of a row; its text is visible already and holds no line break.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinePiece<'a> {
    /// What it is.
    pub kind: PieceKind,
    /// What to show.
    pub text: Cow<'a, str>,
    /// Where in the body it begins; `None` for what is not there as shown.
    pub at: Option<usize>,
}

/// How much of a binary's own text is shown.
const BINARY_COLUMNS: usize = 64;

/// One rendered row. Its [`Display`](fmt::Display) is the row as plain text, two spaces a level.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PrettyLine<'a> {
    /// Levels of indentation, at most [`super::INDENT_LIMIT`].
    pub indent: usize,
    /// The row's true depth.
    pub depth: usize,
    /// The row's text in order.
    pub pieces: Vec<LinePiece<'a>>,
}

impl fmt::Display for PrettyLine<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:1$}", "", self.indent * 2)?;
        self.pieces.iter().try_for_each(|piece| formatter.write_str(&piece.text))
    }
}

/// The places of the tokens within `range`; what is noted of in `notes` is one.
pub(super) fn tokens<'a>(
    body: &'a [u8],
    range: Range<usize>,
    notes: &'a [NumberedNote],
) -> impl Iterator<Item = Range<usize>> + use<'a> {
    let body = &body[..range.end.min(body.len())];
    let mut at = range.start;
    std::iter::from_fn(move || {
        at = skip_space(body, at);
        let start = at;
        at = match body.get(start)? {
            b'}' | b']' | b':' | b',' => start + 1,
            b'{' | b'[' => note_at(notes, start).map_or(start + 1, |note| note.range().end),
            _ => token_end(body, notes, start).unwrap_or(body.len()),
        };
        Some(start..at)
    })
}

fn note_at(notes: &[NumberedNote], start: usize) -> Option<&Note> {
    notes.iter().map(|(_, note)| note).find(|note| note.range().start == start)
}

pub(super) fn render(rows: &Pretty, index: usize, columns: usize) -> PrettyLine<'_> {
    let body = &rows.body[..];
    let notes = rows.notes(index);
    let mut line = PrettyLine { indent: rows.indent(index), depth: rows.depth(index), pieces: Vec::with_capacity(4) };
    let mut tokens = tokens(body, rows.span(index), notes).peekable();
    while let Some(token) = tokens.next() {
        let at = token.start;
        let note = note_at(notes, at);
        let raw = &body[token];
        if let Some(Note::Binary { summary, .. }) = note {
            line.push_binary(raw, at, summary, columns);
            continue;
        }
        let kind = match raw[0] {
            b'"' if tokens.peek().is_some_and(|next| body[next.clone()] == *b":") => PieceKind::Key,
            b'"' => PieceKind::String,
            b'{' | b'}' | b'[' | b']' | b',' | b':' => PieceKind::Punctuation,
            b't' | b'f' | b'n' => PieceKind::Literal,
            _ => PieceKind::Number,
        };
        match kind {
            PieceKind::Punctuation if raw == b":" => line.push_at(kind, ": ", at),
            PieceKind::Punctuation | PieceKind::Literal => line.push_at(kind, text::visible_bytes(raw), at),
            _ => line.push_long(kind, raw, at, note, columns),
        }
    }
    if rows.is_duplicate(index) {
        line.push(PieceKind::Note, " (duplicate key)");
    }
    line
}

impl<'a> PrettyLine<'a> {
    fn push(&mut self, kind: PieceKind, text: impl Into<Cow<'a, str>>) {
        self.pieces.push(LinePiece { kind, text: text.into(), at: None });
    }

    fn push_at(&mut self, kind: PieceKind, text: impl Into<Cow<'a, str>>, at: usize) {
        self.pieces.push(LinePiece { kind, text: text.into(), at: Some(at) });
    }

    /// Pushes the beginning of a binary's text, without the white space within it, and what it is.
    pub(super) fn push_binary(&mut self, raw: &[u8], at: usize, summary: &str, columns: usize) {
        let columns = columns.min(BINARY_COLUMNS);
        let head = head(raw, columns);
        let compact: Vec<u8> = match head.first() {
            Some(b'"') => head.to_vec(),
            _ => head.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect(),
        };
        let shown = text::visible_bytes(&compact);
        let cut = head.len() < raw.len() || shown.width() > columns;
        let shown = if shown.width() > columns { clipped(shown, columns) } else { shown };
        let is_as_sent = compact.len() == head.len();
        let text = shown.into_owned().into();
        self.pieces.push(LinePiece { kind: PieceKind::Binary, text, at: is_as_sent.then_some(at) });
        self.push(PieceKind::Note, format!("{} ({summary})", if cut { "…" } else { "" }));
    }

    /// Pushes a token of any length, cut at `columns`.
    fn push_long(&mut self, kind: PieceKind, raw: &'a [u8], mut at: usize, note: Option<&Note>, columns: usize) {
        let head = head(raw, columns);
        let mut room = columns;
        let mut whole = head.len() == raw.len();
        for (piece_kind, part) in whole_text_parts(kind, head) {
            let shown = text::visible_bytes(part);
            let width = shown.width();
            if width > room {
                self.push_at(piece_kind, clipped(shown, room), at);
                whole = false;
                break;
            }
            room -= width;
            self.push_at(piece_kind, shown, at);
            at += part.len();
        }
        if !whole {
            let characters = match note {
                Some(Note::Long { characters, .. }) => *characters,
                _ => count_characters(raw),
            };
            self.push(PieceKind::Note, format!("… ({} characters)", grouped(characters)));
        }
    }
}

/// A prefix of `raw` that fills `columns`: a column of text is at most four bytes. No character is
/// cut in two.
pub(super) fn head(raw: &[u8], columns: usize) -> &[u8] {
    let length = columns.saturating_mul(4).saturating_add(16);
    if raw.len() <= length {
        return raw;
    }
    let tail = raw[..=length].iter().rev().take(4).take_while(|&&byte| byte & 0xc0 == 0x80).count();
    &raw[..length - tail.min(3)]
}

/// At most `room` columns of `shown`, without a mark: a note follows.
fn clipped(shown: Cow<'_, str>, room: usize) -> Cow<'_, str> {
    match text::clip(&shown, room + 1) {
        Cow::Borrowed(_) => shown,
        Cow::Owned(clipped) => Cow::Owned(clipped.trim_end_matches('…').to_owned()),
    }
}

/// Splits a token where it holds what no text can hold. Nearly every token is one part.
fn whole_text_parts(kind: PieceKind, token: &[u8]) -> Vec<(PieceKind, &[u8])> {
    let surrogate = memchr::memmem::find(token, b"\\ud").or_else(|| memchr::memmem::find(token, b"\\uD"));
    if surrogate.is_none() && std::str::from_utf8(token).is_ok() {
        return vec![(kind, token)];
    }
    let mut split = Vec::new();
    let mut start = 0;
    let mut cut = |from: usize, to: usize| {
        if start < from {
            split.push((kind, &token[start..from]));
        }
        if from < to {
            split.push((PieceKind::Fault, &token[from..to]));
        }
        start = to;
    };
    for (offset, part) in parts(token) {
        match part {
            StringPart::Lone(_) => cut(offset, offset + 6),
            StringPart::Raw(raw) => {
                let mut at = offset;
                for chunk in raw.utf8_chunks() {
                    let bad = at + chunk.valid().len();
                    at = bad + chunk.invalid().len();
                    if bad < at {
                        cut(bad, at);
                    }
                }
            }
            StringPart::Escaped(_) => {}
        }
    }
    cut(token.len(), token.len());
    split
}

/// How many characters a token has when decoded, without the quotation marks.
pub(in crate::payload::json) fn count_characters(token: &[u8]) -> u64 {
    let quotes = if token.first() == Some(&b'"') { 2 } else { 0 };
    let (mut count, mut at) = (0, 0);
    while at < token.len() {
        // Thirty-two bytes without an escape are counted without a branch, which compiles to vector
        // instructions.
        let chunk = token[at..].first_chunk::<32>();
        if let Some(chunk) = chunk.filter(|chunk| !chunk.iter().fold(false, |any, &byte| any | (byte == b'\\'))) {
            count += u64::from(chunk.iter().fold(0_u8, |sum, &byte| sum + u8::from(begins_character(byte))));
            at += chunk.len();
            continue;
        }
        let near = at + 32;
        while at < near.min(token.len()) {
            let is_escape = token[at] == b'\\';
            count += u64::from(is_escape || begins_character(token[at]));
            at += if is_escape { escape_length(&token[at..]) } else { 1 };
        }
    }
    count.saturating_sub(quotes)
}

/// Whether a byte is none of UTF-8's continuation bytes.
#[inline]
const fn begins_character(byte: u8) -> bool {
    byte & 0xc0 != 0x80
}
