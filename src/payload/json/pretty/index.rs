//! Finding the rows of a body: one pass over its tokens.

use std::hash::{BuildHasher as _, RandomState};

use crate::payload::binary::{self, Hit, Search};
use crate::payload::grouped;

use super::super::{Fault, Token, TokenKind, tokens, unescape};
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
    if indexer.duplicates {
        // They are found at an object's end, behind the notes of its rows.
        indexer.notes.sort_by_key(|(row, _)| *row);
    }
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
    /// The objects and arrays that are open over several rows, from the outside in.
    open: Vec<Open>,
    /// The keys of the open objects: hash of their meaning, place, row.
    keys: Vec<Key>,
    duplicates: bool,
    /// The row under construction closes what opened on another.
    closing: bool,
    hasher: RandomState,
}

/// An object or array that is open.
struct Open {
    row: u32,
    /// How many members or items have begun.
    children: u32,
    /// Where its own keys begin in the list of keys.
    keys: usize,
}

#[derive(Clone, Copy)]
struct Key {
    hash: u64,
    row: u32,
    start: u32,
    end: u32,
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
            open: Vec::new(),
            keys: Vec::new(),
            duplicates: false,
            closing: false,
            hasher: RandomState::new(),
        }
    }

    fn take(&mut self, token: Token) {
        let opened = std::mem::take(&mut self.opened);
        match token.kind {
            TokenKind::ObjectClose | TokenKind::ArrayClose => {
                if !opened {
                    self.finish_row();
                    self.depth -= 1;
                    self.closing = true;
                }
                self.extend(token);
                return;
            }
            TokenKind::ObjectOpen | TokenKind::ArrayOpen => self.opened = true,
            TokenKind::Colon => self.note_key(),
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
        let row = self.number().saturating_sub(1);
        self.open.push(Open { row, children: 0, keys: self.keys.len() });
        self.depth += 1;
    }

    /// The number of the row under construction. Rows are fewer than the body's bytes, which 32 bits
    /// count.
    fn number(&self) -> u32 {
        u32::try_from(self.rows.len()).unwrap_or(u32::MAX)
    }

    fn extend(&mut self, token: Token) {
        match &mut self.row {
            Some((_, end)) => *end = token.end,
            None => self.row = Some((token.start, token.end)),
        }
    }

    fn finish_row(&mut self) {
        let Some((start, end)) = self.row.take() else { return };
        let number = self.number();
        let depth = self.depth;
        if std::mem::take(&mut self.closing)
            && let Some(open) = self.open.pop()
        {
            let opening = &mut self.rows[open.row as usize];
            opening.mate = number;
            let (parent, ordinal) = (opening.parent, opening.ordinal);
            self.rows.push(Row { start, end, depth, parent, mate: open.row, ordinal });
            self.note_duplicates(open.keys);
            return;
        }
        let (parent, ordinal) = match self.open.last_mut() {
            Some(open) => {
                open.children += 1;
                (open.row, open.children - 1)
            }
            None => (number, 0),
        };
        self.rows.push(Row { start, end, depth, parent, mate: number, ordinal });
    }

    /// Remembers the key that the row under construction begins with.
    fn note_key(&mut self) {
        let Some((start, end)) = self.row else { return };
        let hash = self.hasher.hash_one(unescape(&self.body[start as usize..end as usize]));
        self.keys.push(Key { hash, row: self.number(), start, end });
    }

    /// Notes which keys from `first` on have come before. What is noted of a row goes with its number,
    /// and an object's end comes behind its rows, so that notes are sorted at the end.
    fn note_duplicates(&mut self, first: usize) {
        let mut keys = self.keys.split_off(first);
        keys.sort_unstable_by_key(|key| (key.hash, key.row));
        let meaning = |key: &Key| unescape(&self.body[key.start as usize..key.end as usize]);
        for pair in keys.windows(2) {
            if pair[0].hash == pair[1].hash && meaning(&pair[0]) == meaning(&pair[1]) {
                self.notes.push((pair[1].row, Note::Duplicate { start: pair[1].start }));
                self.duplicates = true;
            }
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
        self.notes.push((self.number(), note));
    }
}
