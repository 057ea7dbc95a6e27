//! From a filter's text to tokens with their places.

use super::{Problem, QueryError};

/// A token and the byte offset at which it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct QueryToken {
    pub(super) at: usize,
    pub(super) kind: QueryTokenKind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum QueryTokenKind {
    Open,
    Close,
    And,
    Or,
    Not,
    Term(QueryTerm),
}

/// A word, a quotation, or `name:value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct QueryTerm {
    /// What stands before the first colon, when it is made of letters alone.
    pub(super) name: Option<String>,
    /// The text, its quotation marks removed.
    pub(super) text: String,
    /// Where the text begins.
    pub(super) text_at: usize,
    /// Whether some of it was quoted, which makes it no keyword.
    pub(super) quoted: bool,
}

/// Splits `text` into tokens.
pub(super) fn lex(text: &str) -> Result<Vec<QueryToken>, QueryError> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(character) = text[at..].chars().next() {
        let sign = match character {
            '(' => Some(QueryTokenKind::Open),
            ')' => Some(QueryTokenKind::Close),
            '|' => Some(QueryTokenKind::Or),
            '!' | '-' => Some(QueryTokenKind::Not),
            _ => None,
        };
        if character.is_whitespace() {
            at += character.len_utf8();
        } else if let Some(kind) = sign {
            tokens.push(QueryToken { at, kind });
            at += 1;
        } else {
            let (term, end) = term(text, at)?;
            tokens.push(QueryToken { at, kind: keyword(&term).unwrap_or(QueryTokenKind::Term(term)) });
            at = end;
        }
    }
    Ok(tokens)
}

fn keyword(term: &QueryTerm) -> Option<QueryTokenKind> {
    if term.quoted || term.name.is_some() {
        return None;
    }
    let is = |word: &str| term.text.eq_ignore_ascii_case(word);
    match () {
        () if is("and") => Some(QueryTokenKind::And),
        () if is("or") => Some(QueryTokenKind::Or),
        () if is("not") => Some(QueryTokenKind::Not),
        () => None,
    }
}

/// Reads the term at `start`, and says where it ends.
fn term(text: &str, start: usize) -> Result<(QueryTerm, usize), QueryError> {
    let letters = text[start..].find(|character: char| !character.is_ascii_alphabetic()).unwrap_or(0);
    let name =
        (letters > 0 && text[start + letters..].starts_with(':')).then(|| text[start..start + letters].to_owned());
    let text_at = start + name.as_ref().map_or(0, |name| name.len() + 1);
    let mut term = QueryTerm { name, text: String::new(), text_at, quoted: false };
    let mut at = text_at;
    while let Some(character) = text[at..].chars().next() {
        match character {
            '(' | ')' | '|' => break,
            '"' => {
                at = quotation(text, at, &mut term.text)?;
                term.quoted = true;
            }
            _ if character.is_whitespace() => break,
            _ => {
                term.text.push(character);
                at += character.len_utf8();
            }
        }
    }
    Ok((term, at))
}

/// Reads the quotation that opens at `open` into `content`, and says where it ends.
fn quotation(text: &str, open: usize, content: &mut String) -> Result<usize, QueryError> {
    let mut characters = text[open + 1..].char_indices().peekable();
    while let Some((offset, character)) = characters.next() {
        match (character, characters.peek()) {
            ('"', _) => return Ok(open + 1 + offset + 1),
            ('\\', Some(&(_, escaped @ ('"' | '\\')))) => {
                content.push(escaped);
                characters.next();
            }
            _ => content.push(character),
        }
    }
    Err(QueryError { at: open, problem: Problem::UnclosedQuote })
}
