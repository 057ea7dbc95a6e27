//! JSON as it was written: tokens with their places, and nothing re-printed.
//!
//! A tree of values loses what evidence is made of: the digits of `1.10`, the escapes of a string,
//! duplicate keys and their order. The [`Token`]s here are kinds with byte ranges; together with the
//! white space between them they *are* the body, byte for byte.
//!
//! ```
//! use whyhook::payload::json::{tokens, TokenKind};
//!
//! let body = br#"{"n": 1.10}"#;
//! let numbers: Vec<&[u8]> = tokens(body)
//!     .filter_map(Result::ok)
//!     .filter(|token| token.kind == TokenKind::Number)
//!     .map(|token| token.text(body))
//!     .collect();
//! assert_eq!(numbers, [b"1.10"]);
//! ```

mod bits;
mod fault;
pub mod folds;
mod lexeme;
pub(crate) mod path;
pub mod pretty;
pub(crate) mod scan;
pub mod search;
mod string;
mod tokens;

pub use fault::JsonFault;
pub use folds::Folds;
pub use pretty::{LinePiece, NoRows, PieceKind, Pretty, PrettyLine, pretty};
pub use scan::{Entries, Entry, entries};
pub use string::{LoneSurrogate, Text, decode_string};
pub(crate) use string::{StringPart, inner, parts, unescape};
pub use tokens::{Tokens, fault, tokenize, tokens};

use std::ops::Range;

/// The UTF-8 byte order mark. JSON does not allow one, yet it is told apart from other faults.
pub const BOM: &[u8] = b"\xef\xbb\xbf";

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// `{`
    ObjectOpen,
    /// `}`
    ObjectClose,
    /// `[`
    ArrayOpen,
    /// `]`
    ArrayClose,
    /// `:`
    Colon,
    /// `,`
    Comma,
    /// A string with its quotation marks; an object's keys are strings too.
    String,
    /// A number in the sender's own digits.
    Number,
    /// `true`
    True,
    /// `false`
    False,
    /// `null`
    Null,
}

/// One token: its kind and its place in the body.
///
/// Places are 32 bits wide, so that the tokens of a large body stay small; bodies beyond 4 GiB are a
/// [`JsonFault`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Token {
    /// Where the token is in the body.
    #[must_use]
    pub fn range(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// The token's own bytes; empty when `body` is not the body it was read from.
    #[must_use]
    pub fn text<'a>(&self, body: &'a [u8]) -> &'a [u8] {
        body.get(self.range()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
