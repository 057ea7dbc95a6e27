//! Finding the rows of a body: one pass over its tokens.

use super::super::bits::Bits;
use super::super::{Token, TokenKind, Tokens, tokens};
use super::keys::ObjectKeys;
use super::{DEPTH_LIMIT, NoRows, Note, NumberedNote, Pretty};
use crate::payload::binary::{self, BinaryPlaces, Hit, Search, ValueContext};
use crate::payload::outline::{Builder, RowKind};
use crate::text::grouped;

/// Tokens of more bytes than this are measured once, here, and not each time they are drawn.
const MEASURED: u32 = 4096;

/// How much of a binary is decoded to recognise it.
const PREFIX: usize = 256;

/// Binaries that are noted of any body, and bytes of a body for each further one: what is noted takes about a
/// hundred bytes. The rest are rows like any other.
const NOTED: usize = 1024;
const BYTES_A_NOTE: usize = 128;

/// The rows of `body`, how they hang together, and what is noted of them.
pub(super) fn index(body: bytes::Bytes) -> Result<Pretty, NoRows> {
    let mut indexer = Indexer::new(&body);
    let mut tokens = tokens(&body);
    // A kind and two numbers go from hand to hand: a whole token would be written to memory and read again in
    // other pieces than it was written in, which took as long as all the rest.
    loop {
        let kind = match tokens.step() {
            Ok(Some(kind)) => kind,
            Ok(None) => break,
            Err(stop) => {
                let fault = tokens.fault(stop);
                let places = BinaryPlaces::of(indexer.finish(body.clone()).binary_places());
                return Err(NoRows::Fault(fault, Some(places)));
            }
        };
        let (start, end) = tokens.place();
        if start < indexer.skip_to {
            // Still checked, yet on the row of the binary it belongs to.
            tokens.skip_plain_numbers();
            continue;
        }
        match kind {
            TokenKind::Comma => indexer.is_fresh = true,
            TokenKind::Colon => {}
            TokenKind::ObjectClose | TokenKind::ArrayClose => indexer.leave(start, kind),
            TokenKind::ObjectOpen | TokenKind::ArrayOpen if tokens.depth() > DEPTH_LIMIT => {
                drop(indexer);
                return Err(without_rows(tokens));
            }
            TokenKind::ObjectOpen | TokenKind::ArrayOpen => indexer.enter(Token { kind, start, end }),
            TokenKind::String if tokens.is_key() => {
                indexer.text(start, end);
                indexer.search.key(Token { kind, start, end });
                indexer.keys.push(start, end, tokens.is_escaped());
            }
            TokenKind::String if indexer.search.may_be_binary(start, end) => indexer.string(Token { kind, start, end }),
            TokenKind::String | TokenKind::Number => indexer.text(start, end),
            TokenKind::True | TokenKind::False | TokenKind::Null => indexer.begin(start),
        }
    }
    Ok(indexer.finish(body.clone()))
}

/// Reads on to the end, for whether it is JSON all the same.
fn without_rows(mut tokens: Tokens<'_>) -> NoRows {
    tokens.find_map(Result::err).map_or(NoRows::TooDeep, |fault| NoRows::Fault(fault, None))
}

struct Indexer<'a> {
    body: &'a [u8],
    rows: Builder,
    notes: Vec<NumberedNote>,
    /// How many more binaries may be noted.
    room: usize,
    duplicates: Bits,
    /// The next token begins a row.
    is_fresh: bool,
    /// The last token was this opening bracket: `{}` and `[]` stay on their row.
    opened: Option<TokenKind>,
    /// The keys of the open objects.
    keys: ObjectKeys<'a>,
    search: Search<'a>,
    /// Tokens before this offset belong to a binary, which is one row.
    skip_to: u32,
}

impl<'a> Indexer<'a> {
    fn new(body: &'a [u8]) -> Self {
        Self {
            body,
            // Room for what most bodies have: what is not used is given back, and was never touched.
            rows: Builder::with_capacity(body.len() / 4),
            notes: Vec::new(),
            room: NOTED + body.len() / BYTES_A_NOTE,
            duplicates: Bits::default(),
            is_fresh: true,
            opened: None,
            keys: ObjectKeys::new(body),
            search: Search::new(body, PREFIX),
            skip_to: 0,
        }
    }

    /// The rows so far.
    fn finish(self, body: bytes::Bytes) -> Pretty {
        let Self { rows, mut notes, duplicates, .. } = self;
        notes.shrink_to_fit();
        Pretty { outline: rows.finish(), body, notes, duplicates }
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
        match Some(&self.search).filter(|_| self.room > 0).and_then(|search| search.recognise(token)) {
            Some(hit) => self.take_hit(token, hit),
            None => self.text(token.start, token.end),
        }
    }

    /// Takes an opening bracket: of a binary, or of an object or array.
    fn enter(&mut self, token: Token) {
        if self.room == 0 {
            self.search.descend(token);
        } else {
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
        }
        self.begin(token.start);
        self.opened = Some(token.kind);
    }

    /// Takes a closing bracket.
    #[inline]
    fn leave(&mut self, start: u32, kind: TokenKind) {
        self.search.leave();
        if self.opened.take().is_none() {
            self.rows.push(start, RowKind::Close);
            if kind == TokenKind::ObjectClose {
                let (rows, duplicates) = (&self.rows, &mut self.duplicates);
                self.keys.close(|start| duplicates.add(rows.row_at(start)));
            }
        }
    }

    fn take_hit(&mut self, token: Token, Hit { range, context, binary }: Hit) {
        self.take_binary(token, range.end, Some(context), binary.summary());
    }

    /// Takes a value that is one row, whatever it is made of.
    fn take_binary(&mut self, token: Token, end: usize, context: Option<ValueContext>, summary: String) {
        self.begin(token.start);
        // The tokens of a body beyond 4 GiB are a fault.
        let end = u32::try_from(end).unwrap_or(u32::MAX);
        self.note(Note::Binary { start: token.start, end, context, summary: summary.into() });
        self.room -= 1;
        self.skip_to = end;
    }

    /// Takes the beginning of a key or value: what has opened before it is open over several rows.
    #[inline]
    fn begin(&mut self, start: u32) {
        if let Some(opened) = self.opened.take() {
            self.rows.open();
            self.is_fresh = true;
            if opened == TokenKind::ObjectOpen {
                self.keys.open();
            }
        }
        if std::mem::take(&mut self.is_fresh) {
            self.rows.push(start, RowKind::Leaf);
        }
    }

    /// Notes something of the last row. Rows are fewer than the body's bytes, which 32 bits count.
    fn note(&mut self, note: Note) {
        self.notes.push((u32::try_from(self.rows.len() - 1).unwrap_or(u32::MAX), note));
    }
}
