//! The tokenizer: an iterator that checks JSON's grammar as it goes.

use super::lexeme::{Stop, number_end, string_end, word_end};
use super::scan::skip_space;
use super::{BOM, Fault, Token, TokenKind};

/// Reads `body` as tokens, one at a time. After a fault there are no more.
#[must_use]
pub fn tokens(body: &[u8]) -> Tokens<'_> {
    let bom = body.starts_with(BOM);
    Tokens {
        body,
        position: if bom { BOM.len() } else { 0 },
        expect: Expect::Value,
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
pub fn tokenize(body: &[u8]) -> Result<Vec<Token>, Fault> {
    // Two tokens in sixteen bytes is sparse JSON; growing from there costs a few copies at most.
    let mut all = Vec::with_capacity(body.len() / 8);
    let mut tokens = tokens(body);
    while let Some(token) = tokens.advance().map_err(|stop| tokens.fault(stop))? {
        all.push(token);
    }
    Ok(all)
}

/// An iterator over the tokens of a body; see [`tokens`].
///
/// It keeps one bit for each open bracket and never recurses, so that a million levels cost 125 KB.
#[derive(Debug, Clone)]
pub struct Tokens<'a> {
    body: &'a [u8],
    position: usize,
    expect: Expect,
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

    pub(super) fn fault(&self, stop: Stop) -> Fault {
        Fault::at(self.body, stop.offset, stop.expected)
    }

    /// The next token, `None` after the last.
    pub(super) fn advance(&mut self) -> Result<Option<Token>, Stop> {
        let start = skip_space(self.body, self.position);
        let Some(&byte) = self.body.get(start) else {
            return if self.expect == Expect::End { Ok(None) } else { Err(self.unexpected(start)) };
        };
        let Some(kind) = kind_of(byte) else {
            return Err(self.unexpected(start));
        };
        let Some(next) = self.after(kind) else {
            return Err(self.unexpected(start));
        };
        let end = match kind {
            TokenKind::String => string_end(self.body, start)?,
            TokenKind::Number => number_end(self.body, start)?,
            TokenKind::True => word_end(self.body, start, "true")?,
            TokenKind::False => word_end(self.body, start, "false")?,
            TokenKind::Null => word_end(self.body, start, "null")?,
            _ => start + 1,
        };
        self.expect = next;
        self.position = end;
        match (u32::try_from(start), u32::try_from(end)) {
            (Ok(start), Ok(end)) => Ok(Some(Token { kind, start, end })),
            _ => Err(Stop { offset: start, expected: "at most 4 GiB" }),
        }
    }

    /// What is expected once `kind` stood here; `None` when it must not stand here.
    fn after(&mut self, kind: TokenKind) -> Option<Expect> {
        use TokenKind as Kind;
        match (self.expect, kind) {
            (Expect::Value | Expect::FirstItem, Kind::ObjectOpen) => {
                self.nesting.push(true);
                Some(Expect::FirstKey)
            }
            (Expect::Value | Expect::FirstItem, Kind::ArrayOpen) => {
                self.nesting.push(false);
                Some(Expect::FirstItem)
            }
            (
                Expect::Value | Expect::FirstItem,
                Kind::String | Kind::Number | Kind::True | Kind::False | Kind::Null,
            ) => Some(self.after_value()),
            (Expect::FirstItem | Expect::CommaOrArrayClose, Kind::ArrayClose)
            | (Expect::FirstKey | Expect::CommaOrObjectClose, Kind::ObjectClose) => {
                self.nesting.pop();
                Some(self.after_value())
            }
            (Expect::FirstKey | Expect::Key, Kind::String) => Some(Expect::Colon),
            (Expect::Colon, Kind::Colon) => Some(Expect::Value),
            (Expect::CommaOrObjectClose, Kind::Comma) => Some(Expect::Key),
            (Expect::CommaOrArrayClose, Kind::Comma) => Some(Expect::Value),
            _ => None,
        }
    }

    fn after_value(&self) -> Expect {
        match self.nesting.in_object() {
            Some(true) => Expect::CommaOrObjectClose,
            Some(false) => Expect::CommaOrArrayClose,
            None => Expect::End,
        }
    }

    fn unexpected(&self, offset: usize) -> Stop {
        Stop { offset, expected: self.expect.words() }
    }
}

impl Iterator for Tokens<'_> {
    type Item = Result<Token, Fault>;

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

fn kind_of(byte: u8) -> Option<TokenKind> {
    Some(match byte {
        b'"' => TokenKind::String,
        b',' => TokenKind::Comma,
        b':' => TokenKind::Colon,
        b'-' | b'0'..=b'9' => TokenKind::Number,
        b'{' => TokenKind::ObjectOpen,
        b'}' => TokenKind::ObjectClose,
        b'[' => TokenKind::ArrayOpen,
        b']' => TokenKind::ArrayClose,
        b't' => TokenKind::True,
        b'f' => TokenKind::False,
        b'n' => TokenKind::Null,
        _ => return None,
    })
}

/// The open brackets: one bit each, set for an object.
#[derive(Debug, Clone, Default)]
struct Nesting {
    bits: Vec<u64>,
    depth: usize,
}

impl Nesting {
    fn push(&mut self, object: bool) {
        let (word, bit) = (self.depth / 64, self.depth % 64);
        if word == self.bits.len() {
            self.bits.push(0);
        }
        self.bits[word] = self.bits[word] & !(1 << bit) | u64::from(object) << bit;
        self.depth += 1;
    }

    fn pop(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    /// Whether the innermost open bracket is an object's.
    fn in_object(&self) -> Option<bool> {
        let innermost = self.depth.checked_sub(1)?;
        Some(self.bits[innermost / 64] >> (innermost % 64) & 1 == 1)
    }
}
