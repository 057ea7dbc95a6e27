//! Finding the rows of a body: one pass over its tokens.

use crate::payload::binary::{self, Hit, Search};
use crate::payload::grouped;

use super::super::{Fault, Token, TokenKind, tokens};
use super::{Note, NumberedNote, Row};

/// Tokens of more bytes than this are counted once, here, and not each time they are drawn.
const COUNTED: u32 = 4096;

/// How much of a binary is decoded to tell what it is.
const PREFIX: usize = 256;

/// The rows of `body`, and notes by their row's number in ascending order.
pub(super) fn index(body: &[u8]) -> Result<(Vec<Row>, Vec<NumberedNote>), Fault> {
    let mut indexer = Indexer::new(body);
    let mut tokens = tokens(body);
    while let Some(token) = tokens.advance().map_err(|stop| tokens.fault(stop))? {
        if token.start < indexer.skip_to {
            // Still checked, yet on the row of the binary it belongs to.
            continue;
        }
        match indexer.binary(token) {
            Some((end, summary)) => indexer.take_binary(token, end, summary),
            None => indexer.take(token),
        }
    }
    indexer.finish_row();
    Ok((indexer.rows, indexer.notes))
}

struct Indexer<'a> {
    body: &'a [u8],
    rows: Vec<Row>,
    notes: Vec<NumberedNote>,
    /// Where the row under construction begins and ends.
    row: Option<(u32, u32)>,
    depth: u32,
    /// The last token was an opening bracket: `{}` and `[]` stay on their row.
    opened: bool,
    search: Search<'a>,
    /// Tokens before this offset belong to a binary, which is one row.
    skip_to: u32,
}

impl<'a> Indexer<'a> {
    fn new(body: &'a [u8]) -> Self {
        let rows = Vec::with_capacity(body.len() / 32);
        Self {
            body,
            rows,
            notes: Vec::new(),
            row: None,
            depth: 0,
            opened: false,
            search: Search::new(body, PREFIX),
            skip_to: 0,
        }
    }

    fn take(&mut self, token: Token) {
        let opened = std::mem::take(&mut self.opened);
        match token.kind {
            TokenKind::ObjectClose | TokenKind::ArrayClose => {
                if !opened {
                    self.finish_row();
                    self.depth -= 1;
                }
                self.extend(token);
                return;
            }
            TokenKind::ObjectOpen | TokenKind::ArrayOpen => self.opened = true,
            TokenKind::Comma => {
                self.extend(token);
                self.finish_row();
                return;
            }
            _ => {}
        }
        if opened {
            self.descend();
        }
        self.extend(token);
        if matches!(token.kind, TokenKind::String | TokenKind::Number) {
            self.note_length(token);
        }
    }

    /// The binary that begins with `token`: where it ends, and one line about it.
    fn binary(&mut self, token: Token) -> Option<(u32, String)> {
        if let Some(Hit { range, binary, .. }) = self.search.take(token) {
            return Some((u32::try_from(range.end).ok()?, binary.summary()));
        }
        if token.kind != TokenKind::ObjectOpen {
            return None;
        }
        let (end, count) = binary::is_buffer(self.body, token.start as usize)?;
        Some((u32::try_from(end).ok()?, format!("{} bytes, a Buffer as JSON", grouped(count))))
    }

    fn take_binary(&mut self, token: Token, end: u32, summary: String) {
        if std::mem::take(&mut self.opened) {
            self.descend();
        }
        self.extend(Token { end, ..token });
        self.note(Note::Binary { start: token.start, end, summary });
        self.skip_to = end;
    }

    fn descend(&mut self) {
        self.finish_row();
        self.depth += 1;
    }

    fn extend(&mut self, token: Token) {
        match &mut self.row {
            Some((_, end)) => *end = token.end,
            None => self.row = Some((token.start, token.end)),
        }
    }

    fn finish_row(&mut self) {
        if let Some((start, end)) = self.row.take() {
            self.rows.push(Row { start, end, depth: self.depth });
        }
    }

    fn note_length(&mut self, token: Token) {
        if token.end - token.start > COUNTED {
            let characters = super::line::count_characters(token.text(self.body));
            self.note(Note::Characters { start: token.start, characters });
        }
    }

    /// Notes something of the row under construction.
    fn note(&mut self, note: Note) {
        // Rows are fewer than the body's bytes, which 32 bits count.
        let row = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
        self.notes.push((row, note));
    }
}
