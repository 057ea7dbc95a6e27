//! A place in a rule's text, and the words from there on.

use super::error::{RuleError, RuleProblem};
use crate::text::hexadecimal;

/// The words that mean an arrow between condition and action.
const ARROWS: [&str; 3] = ["→", "->", "=>"];

/// Reads a text from left to right, word by word.
#[derive(Debug, Clone, Copy)]
pub(super) struct TextCursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> TextCursor<'a> {
    pub(super) fn new(text: &'a str, at: usize) -> Self {
        let mut cursor = Self { text, at };
        cursor.skip_space();
        cursor
    }

    /// Where the next word begins.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    pub(super) fn is_done(&self) -> bool {
        self.rest().is_empty()
    }

    /// The next word, up to white space or a quotation mark.
    pub(super) fn peek(&self) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|character: char| character.is_whitespace() || character == '"').unwrap_or(rest.len());
        &rest[..end]
    }

    /// Takes the next word.
    pub(super) fn word(&mut self) -> &'a str {
        let word = self.peek();
        self.at += word.len();
        self.skip_space();
        word
    }

    /// Takes the next word if it is this one, in any letter case.
    pub(super) fn take(&mut self, wanted: &str) -> bool {
        let is_it = self.peek().eq_ignore_ascii_case(wanted);
        if is_it {
            self.word();
        }
        is_it
    }

    /// Takes the next word, which must be this one.
    pub(super) fn expect(&mut self, wanted: &'static str) -> Result<(), RuleError> {
        if self.take(wanted) { Ok(()) } else { Err(self.unexpected(wanted)) }
    }

    /// An error that says what stands here instead.
    pub(super) fn unexpected(&self, expected: &'static str) -> RuleError {
        let rest = self.rest();
        let found = if rest.starts_with('"') { "\"" } else { self.peek() };
        let found = if rest.is_empty() { "the end" } else { found };
        RuleProblem::Expected { expected, found: found.to_owned() }.at(self.at)
    }

    pub(super) fn is_quoted(&self) -> bool {
        self.rest().starts_with('"')
    }

    /// Takes a text in quotation marks. `\"`, `\\`, `\n`, `\r`, `\t` and `\u{hexadecimal}` are escapes.
    pub(super) fn quoted(&mut self) -> Result<String, RuleError> {
        let open = self.at;
        let mut content = String::new();
        let mut characters = self.text[open + 1..].char_indices();
        while let Some((offset, character)) = characters.next() {
            match character {
                '"' => {
                    self.at = open + 1 + offset + 1;
                    self.skip_space();
                    return Ok(content);
                }
                '\\' => {
                    let rest = characters.as_str();
                    let (escaped, length) = escape(rest).ok_or_else(|| RuleProblem::BadEscape.at(open + 1 + offset))?;
                    content.push(escaped);
                    characters.nth(rest[..length].chars().count() - 1);
                }
                plain => content.push(plain),
            }
        }
        Err(RuleProblem::UnclosedQuote.at(open))
    }

    /// Takes everything that is left, without the white space at its end.
    pub(super) fn remainder(&mut self) -> &'a str {
        let rest = self.rest();
        self.at = self.text.len();
        rest.trim_end()
    }

    fn skip_space(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }
}

/// What the characters after a backslash stand for, and how many bytes they are.
fn escape(rest: &str) -> Option<(char, usize)> {
    Some(match rest.chars().next()? {
        same @ ('"' | '\\') => (same, 1),
        'n' => ('\n', 1),
        'r' => ('\r', 1),
        't' => ('\t', 1),
        'u' => {
            let (digits, _) = rest.strip_prefix("u{")?.split_once('}')?;
            if digits.len() > 6 {
                return None;
            }
            (char::from_u32(u32::try_from(hexadecimal(digits)?).ok()?)?, digits.len() + 3)
        }
        _ => return None,
    })
}

/// Refuses a text without an arrow that has one behind a quotation mark that nothing closes.
pub(super) fn unclosed(text: &str) -> Result<(), RuleError> {
    let (mut open, mut escaped) = (None, false);
    for (at, character) in text.char_indices() {
        match (open, character) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(_), '"') => open = None,
            (None, '"') => open = Some(at),
            _ => {}
        }
    }
    match open {
        Some(at) if text[at..].split_whitespace().any(|word| ARROWS.contains(&word)) => {
            Err(RuleProblem::UnclosedQuote.at(at))
        }
        _ => Ok(()),
    }
}

/// Splits a rule at its arrow: the end of the condition and the beginning of the action. The arrow
/// stands alone between white space, and outside quotation marks.
pub(super) fn arrow(text: &str) -> Option<(usize, usize)> {
    let mut quoted = false;
    let mut escaped = false;
    let mut word = 0;
    for (at, character) in text.char_indices().chain([(text.len(), ' ')]) {
        if quoted {
            match character {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => quoted = false,
                _ => {}
            }
        } else if character == '"' {
            quoted = true;
        } else if character.is_whitespace() {
            if ARROWS.contains(&&text[word..at]) {
                return Some((word, at));
            }
            word = at + character.len_utf8();
        }
    }
    None
}
