//! The tokenizer: an iterator that checks JSON's grammar as it goes.

use super::lexeme::{LexemeStop, StringEnd, number_end, string_end, word_end};
use super::scan::skip_space;
use super::{BOM, JsonFault, Token, TokenKind};

/// Reads `body` as tokens, one at a time. After a fault there are no more.
#[must_use]
pub fn tokens(body: &[u8]) -> Tokens<'_> {
    let bom = body.starts_with(BOM);
    Tokens {
        body,
        position: if bom { BOM.len() } else { 0 },
        start: 0,
        end: 0,
        expect: Expect::Value,
        after: Expect::End,
        escaped: false,
        nesting: Nesting::default(),
        bom,
        finished: false,
    }
}

/// Reads `body` as tokens, all at once.
///
/// # Errors
///
/// The first place at which `body` is not JSON.
pub fn tokenize(body: &[u8]) -> Result<Vec<Token>, JsonFault> {
    // Two tokens in sixteen bytes is sparse JSON; growing from there costs a few copies at most.
    let mut all = Vec::with_capacity(body.len() / 8);
    let mut tokens = tokens(body);
    while let Some(token) = tokens.advance().map_err(|stop| tokens.fault(stop))? {
        all.push(token);
    }
    Ok(all)
}

/// The first place at which `body` is not JSON, if there is one.
#[must_use]
pub fn fault(body: &[u8]) -> Option<JsonFault> {
    tokens(body).find_map(Result::err)
}

/// An iterator over the tokens of a body; see [`tokens`].
///
/// It keeps one bit for each open bracket and never recurses, so that a million levels cost 125 KB.
#[derive(Debug, Clone)]
pub struct Tokens<'a> {
    body: &'a [u8],
    position: usize,
    /// Where the last token begins.
    start: u32,
    /// The offset after it.
    end: u32,
    expect: Expect,
    /// What is expected once the value here has ended.
    after: Expect,
    /// Whether the last string had an escape.
    escaped: bool,
    nesting: Nesting,
    bom: bool,
    finished: bool,
}

impl Tokens<'_> {
    /// Whether the body begins with a byte order mark, which is passed over.
    #[must_use]
    pub fn has_bom(&self) -> bool {
        self.bom
    }

    /// How many objects and arrays are open after the last token.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.nesting.depth
    }

    pub(super) fn fault(&self, stop: LexemeStop) -> JsonFault {
        JsonFault::at(self.body, stop.offset, stop.expected)
    }

    /// Whether the last token, a string, is a member's key.
    pub(in crate::payload) fn is_key(&self) -> bool {
        self.expect == Expect::Colon
    }

    /// Whether the last string had an escape.
    pub(super) fn is_escaped(&self) -> bool {
        self.escaped
    }

    /// The next token, `None` after the last.
    #[inline]
    pub(super) fn advance(&mut self) -> Result<Option<Token>, LexemeStop> {
        Ok(self.step()?.map(|kind| Token { kind, start: self.start, end: self.end }))
    }

    /// Where the last token begins, and the offset after it.
    #[inline]
    pub(super) fn place(&self) -> (u32, u32) {
        (self.start, self.end)
    }

    /// Moves to the next token, and returns its kind; `None` after the last.
    #[inline(always)]
    pub(super) fn step(&mut self) -> Result<Option<TokenKind>, LexemeStop> {
        let start = skip_space(self.body, self.position);
        let Some(&byte) = self.body.get(start) else {
            return if self.expect == Expect::End { Ok(None) } else { Err(self.unexpected(start)) };
        };
        let Some(kind) = KINDS[usize::from(byte)] else {
            return Err(self.unexpected(start));
        };
        let is_value_due = matches!(self.expect, Expect::Value | Expect::FirstItem);
        let (end, next) = match kind {
            TokenKind::String if is_value_due => (self.string_end(start)?, self.after),
            TokenKind::String if matches!(self.expect, Expect::FirstKey | Expect::Key) => {
                (self.string_end(start)?, Expect::Colon)
            }
            TokenKind::Colon if self.expect == Expect::Colon => (start + 1, Expect::Value),
            TokenKind::Comma if self.expect == Expect::CommaOrObjectClose => (start + 1, Expect::Key),
            TokenKind::Comma if self.expect == Expect::CommaOrArrayClose => (start + 1, Expect::Value),
            TokenKind::Number if is_value_due => (number_end(self.body, start)?, self.after),
            TokenKind::True if is_value_due => (word_end(self.body, start, "true")?, self.after),
            TokenKind::False if is_value_due => (word_end(self.body, start, "false")?, self.after),
            TokenKind::Null if is_value_due => (word_end(self.body, start, "null")?, self.after),
            TokenKind::ObjectOpen if is_value_due => {
                self.nesting.push(true);
                self.after = Expect::CommaOrObjectClose;
                (start + 1, Expect::FirstKey)
            }
            TokenKind::ArrayOpen if is_value_due => {
                self.nesting.push(false);
                self.after = Expect::CommaOrArrayClose;
                (start + 1, Expect::FirstItem)
            }
            TokenKind::ObjectClose if matches!(self.expect, Expect::FirstKey | Expect::CommaOrObjectClose) => {
                (start + 1, self.close())
            }
            TokenKind::ArrayClose if matches!(self.expect, Expect::FirstItem | Expect::CommaOrArrayClose) => {
                (start + 1, self.close())
            }
            _ => return Err(self.unexpected(start)),
        };
        self.expect = next;
        self.position = end;
        match (u32::try_from(start), u32::try_from(end)) {
            (Ok(start), Ok(end)) => {
                (self.start, self.end) = (start, end);
                Ok(Some(kind))
            }
            _ => Err(LexemeStop { offset: start, expected: "at most 4 GiB" }),
        }
    }

    /// Passes over the plain numbers of an array from here on, each with its comma, as far as there
    /// is no white space between them: a Buffer has millions, and nobody asks for each.
    pub(super) fn skip_plain_numbers(&mut self) {
        if self.expect != Expect::Value || self.nesting.in_object() != Some(false) {
            return;
        }
        while let Some(length) = self.body.get(self.position..).and_then(plain_number) {
            self.position += length;
        }
    }

    #[inline]
    fn string_end(&mut self, start: usize) -> Result<usize, LexemeStop> {
        let StringEnd { end, escaped } = string_end(self.body, start)?;
        self.escaped = escaped;
        Ok(end)
    }

    /// Leaves the innermost object or array, and says what is expected after it.
    #[inline]
    fn close(&mut self) -> Expect {
        self.nesting.pop();
        self.after = match self.nesting.in_object() {
            Some(true) => Expect::CommaOrObjectClose,
            Some(false) => Expect::CommaOrArrayClose,
            None => Expect::End,
        };
        self.after
    }

    fn unexpected(&self, offset: usize) -> LexemeStop {
        LexemeStop { offset, expected: self.expect.words() }
    }
}

impl Iterator for Tokens<'_> {
    type Item = Result<Token, JsonFault>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.finished {
            return None;
        }
        match self.advance() {
            Ok(Some(token)) => Some(Ok(token)),
            Ok(None) => {
                self.finished = true;
                None
            }
            Err(stop) => {
                self.finished = true;
                Some(Err(self.fault(stop)))
            }
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expect {
    Value,
    FirstItem,
    FirstKey,
    Key,
    Colon,
    CommaOrObjectClose,
    CommaOrArrayClose,
    End,
}

impl Expect {
    fn words(self) -> &'static str {
        match self {
            Self::Value => "a value",
            Self::FirstItem => "a value or ]",
            Self::FirstKey => "a key in quotation marks or }",
            Self::Key => "a key in quotation marks",
            Self::Colon => "a colon",
            Self::CommaOrObjectClose => "a comma or }",
            Self::CommaOrArrayClose => "a comma or ]",
            Self::End => "the end",
        }
    }
}

/// What a token is that begins with a byte.
const KINDS: [Option<TokenKind>; 256] = {
    let mut kinds = [None; 256];
    kinds[b'"' as usize] = Some(TokenKind::String);
    kinds[b',' as usize] = Some(TokenKind::Comma);
    kinds[b':' as usize] = Some(TokenKind::Colon);
    kinds[b'-' as usize] = Some(TokenKind::Number);
    let mut digit = b'0';
    while digit <= b'9' {
        kinds[digit as usize] = Some(TokenKind::Number);
        digit += 1;
    }
    kinds[b'{' as usize] = Some(TokenKind::ObjectOpen);
    kinds[b'}' as usize] = Some(TokenKind::ObjectClose);
    kinds[b'[' as usize] = Some(TokenKind::ArrayOpen);
    kinds[b']' as usize] = Some(TokenKind::ArrayClose);
    kinds[b't' as usize] = Some(TokenKind::True);
    kinds[b'f' as usize] = Some(TokenKind::False);
    kinds[b'n' as usize] = Some(TokenKind::Null);
    kinds
};

/// The bytes of the number of at most three digits, comma included, that `text` begins with.
#[inline]
fn plain_number(text: &[u8]) -> Option<usize> {
    match *text.first_chunk::<4>()? {
        [b'0'..=b'9', b',', ..] => Some(2),
        [b'1'..=b'9', b'0'..=b'9', b',', _] => Some(3),
        [b'1'..=b'9', b'0'..=b'9', b'0'..=b'9', b','] => Some(4),
        _ => None,
    }
}

/// The open brackets: one bit each, set for an object.
#[derive(Debug, Clone, Default)]
struct Nesting {
    bits: Vec<u64>,
    depth: usize,
}

impl Nesting {
    #[inline]
    fn push(&mut self, object: bool) {
        let (word, bit) = (self.depth / 64, self.depth % 64);
        if word == self.bits.len() {
            self.bits.push(0);
        }
        self.bits[word] = self.bits[word] & !(1 << bit) | u64::from(object) << bit;
        self.depth += 1;
    }

    #[inline]
    fn pop(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    /// Whether the innermost open bracket is an object's.
    #[inline]
    fn in_object(&self) -> Option<bool> {
        let innermost = self.depth.checked_sub(1)?;
        Some(self.bits[innermost / 64] >> (innermost % 64) & 1 == 1)
    }
}
