//! Finding the rows of a body: one pass over its tokens.

use std::hash::{BuildHasher as _, RandomState};

use crate::payload::binary::{self, Context, Hit, Search};
use crate::payload::grouped;

use super::super::{Fault, Token, TokenKind, tokens, unescape};
use super::{NONE, Node, Note, NumberedNote, Pretty, Row};

/// Tokens of more bytes than this are measured once, here, and not each time they are drawn.
const MEASURED: u32 = 4096;

/// How much of a binary is decoded to tell what it is.
const PREFIX: usize = 256;

/// The keys of an object that are compared with each other one by one; of more, hashes are sorted.
const FEW_KEYS: usize = 8;

/// The rows of `body`, how they hang together, and what is noted of them.
pub(super) fn index(body: bytes::Bytes) -> Result<Pretty, Fault> {
    let mut indexer = Indexer::new(&body);
    let mut tokens = tokens(&body);
    // A kind and two numbers go from hand to hand: a whole token would be written to memory and read again in
    // other pieces than it was written in, which took as long as all the rest.
    while let Some(kind) = tokens.step().map_err(|stop| tokens.fault(stop))? {
        let (start, end) = tokens.place();
        if start < indexer.skip_to {
            // Still checked, yet on the row of the binary it belongs to.
            tokens.skip_plain_numbers();
            continue;
        }
        match kind {
            TokenKind::Comma => indexer.is_fresh = true,
            TokenKind::Colon => {}
            TokenKind::ObjectClose | TokenKind::ArrayClose => indexer.leave(start),
            TokenKind::ObjectOpen | TokenKind::ArrayOpen => indexer.enter(Token { kind, start, end }),
            TokenKind::String if tokens.is_key() => {
                indexer.text(start, end);
                indexer.search.key(Token { kind, start, end });
                indexer.keys.push(Key { start, end, escaped: tokens.is_escaped() });
            }
            TokenKind::String if indexer.search.may_be_binary(start, end) => indexer.string(Token { kind, start, end }),
            TokenKind::String | TokenKind::Number => indexer.text(start, end),
            TokenKind::True | TokenKind::False | TokenKind::Null => indexer.begin(start),
        }
    }
    let Indexer { mut rows, mut nodes, notes, mut duplicates, .. } = indexer;
    rows.shrink_to_fit();
    nodes.shrink_to_fit();
    // They are found at an object's end.
    duplicates.sort_unstable();
    Ok(Pretty { body, rows, nodes, notes, duplicates })
}

struct Indexer<'a> {
    body: &'a [u8],
    rows: Vec<Row>,
    nodes: Vec<Node>,
    notes: Vec<NumberedNote>,
    duplicates: Vec<u32>,
    /// The next token begins a row.
    is_fresh: bool,
    /// The last token was an opening bracket: `{}` and `[]` stay on their row.
    opened: bool,
    /// The node that has opened or closed last.
    node: u32,
    /// The nodes that are open, from the outside in, each with where its keys begin among the keys.
    open: Vec<(u32, usize)>,
    /// The keys of the open objects.
    keys: Vec<Key>,
    search: Search<'a>,
    /// Tokens before this offset belong to a binary, which is one row.
    skip_to: u32,
}

#[derive(Clone, Copy)]
struct Key {
    start: u32,
    end: u32,
    escaped: bool,
}

impl<'a> Indexer<'a> {
    fn new(body: &'a [u8]) -> Self {
        Self {
            body,
            // Room for what most bodies have: what is not used is given back, and was never touched.
            rows: Vec::with_capacity(body.len() / 8),
            nodes: Vec::with_capacity(body.len() / 32),
            notes: Vec::new(),
            duplicates: Vec::new(),
            is_fresh: true,
            opened: false,
            node: NONE,
            open: Vec::new(),
            keys: Vec::new(),
            search: Search::new(body, PREFIX),
            skip_to: 0,
        }
    }

    /// Takes a key, string or number.
    #[inline]
    fn text(&mut self, start: u32, end: u32) {
        self.begin(start);
        if end - start > MEASURED {
            let characters = super::line::count_characters(&self.body[start as usize..end as usize]);
            self.note(Note::Long { start, end, characters });
        }
    }

    /// Takes a string that may be a binary.
    fn string(&mut self, token: Token) {
        match self.search.recognise(token) {
            Some(hit) => self.take_hit(token, hit),
            None => self.text(token.start, token.end),
        }
    }

    /// Takes an opening bracket: of a binary, or of an object or array.
    fn enter(&mut self, token: Token) {
        if let Some(hit) = self.search.enter(token) {
            return self.take_hit(token, hit);
        }
        if token.kind == TokenKind::ObjectOpen
            && let Some((end, count)) = binary::is_buffer(self.body, token.start as usize)
        {
            // Its closing bracket is not shown to the search.
            self.search.leave();
            return self.take_binary(token, end, None, format!("{} bytes, a Buffer as JSON", grouped(count)));
        }
        self.begin(token.start);
        self.opened = true;
    }

    /// Takes a closing bracket.
    #[inline]
    fn leave(&mut self, start: u32) {
        self.search.leave();
        if !std::mem::take(&mut self.opened) {
            self.close(start);
        }
    }

    fn take_hit(&mut self, token: Token, Hit { range, context, binary }: Hit) {
        self.take_binary(token, range.end, Some(context), binary.summary());
    }

    /// Takes a value that is one row, whatever it is made of.
    fn take_binary(&mut self, token: Token, end: usize, context: Option<Context>, summary: String) {
        self.begin(token.start);
        // The tokens of a body beyond 4 GiB are a fault.
        let end = u32::try_from(end).unwrap_or(u32::MAX);
        self.note(Note::Binary { start: token.start, end, context, summary });
        self.skip_to = end;
    }

    /// The number of the next row. Rows are fewer than the body's bytes, which 32 bits count.
    fn next_row(&self) -> u32 {
        u32::try_from(self.rows.len()).unwrap_or(u32::MAX)
    }

    /// Takes the beginning of a key or value: what has opened before it is open over several rows.
    #[inline]
    fn begin(&mut self, start: u32) {
        if std::mem::take(&mut self.opened) {
            self.descend();
        }
        if std::mem::take(&mut self.is_fresh) {
            self.rows.push(Row { start, node: self.node });
        }
    }

    /// Makes the last row the opening one of a node.
    fn descend(&mut self) {
        let row = self.next_row() - 1;
        let place = super::place(&self.nodes, self.node, row);
        let node = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        self.nodes.push(Node { open: row, close: NONE, place });
        self.rows[row as usize].node = node;
        self.open.push((node, self.keys.len()));
        self.node = node;
        self.is_fresh = true;
    }

    fn close(&mut self, start: u32) {
        let Some((node, keys)) = self.open.pop() else { return };
        self.nodes[node as usize].close = self.next_row();
        self.node = node;
        self.rows.push(Row { start, node });
        if self.keys.len() > keys + 1 {
            self.note_duplicates(keys);
        }
        self.keys.truncate(keys);
    }

    /// Notes which keys from `first` on have come before.
    fn note_duplicates(&mut self, first: usize) {
        let keys = &self.keys[first..];
        let text = |key: &Key| &self.body[key.start as usize..key.end as usize];
        if keys.len() <= FEW_KEYS && keys.iter().all(|key| !key.escaped) {
            for (index, key) in keys.iter().enumerate().skip(1) {
                if keys[..index].iter().any(|earlier| text(earlier) == text(key)) {
                    self.duplicates.push(row_at(&self.rows, key.start));
                }
            }
            return;
        }
        let hasher = RandomState::new();
        let meaning = |key: &Key| unescape(text(key));
        let mut hashed: Vec<(u64, Key)> = keys.iter().map(|key| (hasher.hash_one(meaning(key)), *key)).collect();
        hashed.sort_unstable_by_key(|(hash, key)| (*hash, key.start));
        for pair in hashed.windows(2) {
            if pair[0].0 == pair[1].0 && meaning(&pair[0].1) == meaning(&pair[1].1) {
                self.duplicates.push(row_at(&self.rows, pair[1].1.start));
            }
        }
    }

    /// Notes something of the last row.
    fn note(&mut self, note: Note) {
        self.notes.push((self.next_row() - 1, note));
    }
}

/// The row that shows the byte at `offset`.
pub(super) fn row_at(rows: &[Row], offset: u32) -> u32 {
    let after = rows.partition_point(|row| row.start <= offset);
    u32::try_from(after.saturating_sub(1)).unwrap_or(u32::MAX)
}
