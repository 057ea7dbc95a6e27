//! Finding the rows of a body: one pass over its tokens.

use super::super::{Fault, Token, TokenKind, tokens};
use super::{Note, NumberedNote, Row};

/// Strings of more bytes than this are counted once, here, and not each time they are drawn.
const COUNTED_STRING: u32 = 4096;

/// The rows of `body`, and notes by their row's number in ascending order.
pub(super) fn index(body: &[u8]) -> Result<(Vec<Row>, Vec<NumberedNote>), Fault> {
    let mut indexer = Indexer::new(body);
    let mut tokens = tokens(body);
    while let Some(token) = tokens.advance().map_err(|stop| tokens.fault(stop))? {
        indexer.take(token);
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
}

impl<'a> Indexer<'a> {
    fn new(body: &'a [u8]) -> Self {
        let rows = Vec::with_capacity(body.len() / 32);
        Self { body, rows, notes: Vec::new(), row: None, depth: 0, opened: false }
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
            TokenKind::String => self.note_string(token),
            _ => {}
        }
        if opened {
            self.finish_row();
            self.depth += 1;
        }
        self.extend(token);
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

    fn note_string(&mut self, token: Token) {
        if token.end - token.start > COUNTED_STRING {
            let characters = super::line::count_characters(token.text(self.body));
            self.note(Note::Characters(characters));
        }
    }

    /// Notes something of the row under construction; the last note of a row stands, which is its
    /// value's.
    fn note(&mut self, note: Note) {
        // Rows are fewer than the body's bytes, which 32 bits count.
        let row = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
        self.notes.push((row, note));
    }
}
