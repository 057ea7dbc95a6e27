//! What goes and what stays: by header, parameter, JSON path, key and text.
//!
//! Where no rule says otherwise, `defaults` decides.

use std::fmt;
use std::str::FromStr;

use super::defaults::{self, HeaderValue};
use super::subject::{RedactStep, RedactSubject};
use crate::text::visible;

/// One rule's subject, as a person writes it.
///
/// | written | what it names |
/// |---|---|
/// | `header:X-Team` | a header, in any letter case |
/// | `query:token` | a parameter of the request's URL |
/// | `text:acme` | every value that contains this text, in any letter case |
/// | `email` | every member of this name, in any letter case, wherever it is in a body |
/// | `data[].user.*` | a path from the body's root: `*` is any member, `[]` any item; what is below it too |
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RedactSelector {
    /// A header's name.
    Header(String),
    /// The name of a parameter in the query.
    Parameter(String),
    /// A text within a value, in lower case.
    Text(String),
    /// The name of a member or a form's field.
    Key(String),
    /// A path from the root.
    Path(Vec<PathPiece>),
}

/// A piece of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathPiece {
    /// A member of this name.
    Key(String),
    /// Any member.
    AnyKey,
    /// An item of this number, from 0.
    Index(usize),
    /// Any item.
    AnyIndex,
}

/// The text is not a rule's subject.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "invalid rule '{}': expected header:NAME, query:NAME, text:WORDS, the name of a member such as email, or a path \
     such as data[].user.name",
    visible(.0)
)]
pub struct InvalidSelector(pub String);

impl FromStr for RedactSelector {
    type Err = InvalidSelector;

    fn from_str(text: &str) -> Result<Self, InvalidSelector> {
        let text = text.trim();
        let invalid = || InvalidSelector(text.to_owned());
        let named = |name: &str| Some(name.trim().to_owned()).filter(|name| !name.is_empty()).ok_or_else(invalid);
        if let Some((kind, name)) = text.split_once(':') {
            return match kind.to_ascii_lowercase().as_str() {
                "header" => named(name).map(Self::Header),
                "query" => named(name).map(Self::Parameter),
                "text" => named(name).map(|name| Self::Text(name.to_lowercase())),
                _ => Err(invalid()),
            };
        }
        if !text.contains(['.', '[', ']', '*']) {
            return named(text).map(Self::Key);
        }
        path(text.strip_prefix('.').unwrap_or(text)).map(Self::Path).ok_or_else(invalid)
    }
}

fn path(text: &str) -> Option<Vec<PathPiece>> {
    let mut pieces = Vec::new();
    for (number, part) in text.split('.').enumerate() {
        let (name, mut rest) = part.split_at(part.find('[').unwrap_or(part.len()));
        match name {
            // `[].name`: the root is an array.
            "" if number == 0 && !rest.is_empty() => {}
            "" => return None,
            "*" => pieces.push(PathPiece::AnyKey),
            name if name.contains([']', '*']) => return None,
            name => pieces.push(PathPiece::Key(name.to_owned())),
        }
        while !rest.is_empty() {
            let (index, after) = rest.strip_prefix('[')?.split_once(']')?;
            pieces.push(match index {
                "" | "*" => PathPiece::AnyIndex,
                index => PathPiece::Index(index.parse().ok()?),
            });
            rest = after;
        }
    }
    Some(pieces)
}

impl fmt::Display for RedactSelector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header(name) => write!(formatter, "header:{name}"),
            Self::Parameter(name) => write!(formatter, "query:{name}"),
            Self::Text(text) => write!(formatter, "text:{text}"),
            Self::Key(name) => formatter.write_str(name),
            Self::Path(pieces) => pieces.iter().enumerate().try_for_each(|(number, piece)| match piece {
                PathPiece::Key(name) => write!(formatter, "{}{name}", if number == 0 { "" } else { "." }),
                PathPiece::AnyKey => formatter.write_str(if number == 0 { "*" } else { ".*" }),
                PathPiece::Index(index) => write!(formatter, "[{index}]"),
                PathPiece::AnyIndex => formatter.write_str("[]"),
            }),
        }
    }
}

/// Which values go beyond the usual, and which stay all the same. Where both name a value, it goes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RedactRules {
    /// What stays.
    pub keep: Vec<RedactSelector>,
    /// What goes.
    pub replace: Vec<RedactSelector>,
}

impl RedactRules {
    /// Whether this value goes.
    pub(super) fn takes(&self, subject: RedactSubject<'_>, value: &str) -> bool {
        Self::is_named(&self.replace, subject, value)
            || (defaults::goes(subject, value) && !Self::is_named(&self.keep, subject, value))
    }

    /// What stays of a header's value.
    pub(super) fn header(&self, name: &str, value: &str) -> HeaderValue {
        let subject = RedactSubject::Header(name);
        if Self::is_named(&self.replace, subject, value) {
            HeaderValue::Nothing
        } else if Self::is_named(&self.keep, subject, value) {
            HeaderValue::Everything
        } else {
            defaults::header(name, value)
        }
    }

    /// Whether a name itself goes, of which the defaults think this: no other rule is about names.
    pub(super) fn takes_name(&self, name: &str, goes: bool) -> bool {
        let name = name.to_lowercase();
        goes || self.replace.iter().any(|one| matches!(one, RedactSelector::Text(text) if name.contains(text)))
    }

    fn is_named(selectors: &[RedactSelector], subject: RedactSubject<'_>, value: &str) -> bool {
        selectors.iter().any(|one| names(one, subject, value))
    }
}

fn names(selector: &RedactSelector, subject: RedactSubject<'_>, value: &str) -> bool {
    match (selector, subject) {
        (RedactSelector::Text(text), _) => value.to_lowercase().contains(text),
        (RedactSelector::Header(name), RedactSubject::Header(own))
        | (RedactSelector::Parameter(name), RedactSubject::Parameter(own)) => name.eq_ignore_ascii_case(own),
        (RedactSelector::Key(name), RedactSubject::Text(path) | RedactSubject::Number(path)) => {
            path.iter().any(|step| matches!(step, RedactStep::Key(key) if key.eq_ignore_ascii_case(name)))
        }
        (RedactSelector::Path(pieces), RedactSubject::Text(path) | RedactSubject::Number(path)) => {
            pieces.len() <= path.len() && pieces.iter().zip(path).all(|(piece, step)| fits(piece, step))
        }
        _ => false,
    }
}

fn fits(piece: &PathPiece, step: &RedactStep) -> bool {
    match (piece, step) {
        (PathPiece::Key(name), RedactStep::Key(key)) => name == key,
        (PathPiece::Index(index), RedactStep::Index(own)) => index == own,
        (PathPiece::AnyKey, RedactStep::Key(_)) | (PathPiece::AnyIndex, RedactStep::Index(_)) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn steps(path: &str) -> Vec<RedactStep> {
        path.split('.')
            .map(|part| part.parse().map_or_else(|_| RedactStep::Key(part.to_owned()), RedactStep::Index))
            .collect()
    }

    #[rstest]
    #[case("header:X-Team")]
    #[case("query:token")]
    #[case("text:acme")]
    #[case("email")]
    #[case("data[].user.*")]
    #[case("[0].name")]
    #[case("*.a[2][].b")]
    fn a_selector_is_written_as_it_was_read(#[case] text: &str) {
        assert_eq!(text.parse::<RedactSelector>().unwrap().to_string(), text);
    }

    #[rstest]
    #[case("")]
    #[case("header:")]
    #[case("cookie:x")]
    #[case("a..b")]
    #[case("a[x]")]
    #[case("a[1")]
    #[case("a*b.c")]
    fn what_is_none_is_refused(#[case] text: &str) {
        let error = text.parse::<RedactSelector>().unwrap_err().to_string();
        assert!(error.contains("expected header:NAME"), "{error}");
    }

    #[rstest]
    #[case("name", "data.0.user.name", true)]
    #[case("NAME", "data.0.user.name", true)]
    #[case("data[].user", "data.0.user.name", true)]
    #[case("data[1].user", "data.0.user.name", false)]
    #[case("*.user", "data.user", true)]
    #[case("data.user", "data.0.user", false)]
    #[case("text:LOVE", "x", true)]
    #[case("header:name", "name", false)]
    fn a_selector_names_what_is_at_its_place(#[case] selector: &str, #[case] path: &str, #[case] is_named: bool) {
        let (selector, path) = (selector.parse().unwrap(), steps(path));
        assert_eq!(names(&selector, RedactSubject::Text(&path), "Ada Lovelace"), is_named);
    }

    #[rstest]
    #[case("event", "user.created", false)]
    #[case("event", "ada@example.com", true)]
    #[case("status", "Ada is away", true)]
    #[case("status", "productive", false)]
    #[case("data.name", "Ada", true)]
    #[case("data.createdAt", "2025-05-01T12:00:00.000Z", false)]
    #[case("data.created", "2025-05-01 Ada", true)]
    #[case("data.mime", "image/png", false)]
    #[case("data.note", "image/png of Ada", true)]
    #[case("data.note", "", false)]
    fn texts_go_unless_they_tell_the_kind(#[case] path: &str, #[case] value: &str, #[case] goes: bool) {
        assert_eq!(RedactRules::default().takes(RedactSubject::Text(&steps(path)), value), goes);
    }

    #[test]
    fn what_is_to_go_goes_whatever_is_to_stay() {
        let rules = |keep: &str, replace: &str| RedactRules {
            keep: vec![keep.parse().unwrap()],
            replace: vec![replace.parse().unwrap()],
        };
        let path = steps("data.plan");
        assert!(!rules("email", "name").takes(RedactSubject::Text(&steps("email")), "ada@example.com"));
        assert!(!rules("plan", "name").takes(RedactSubject::Text(&path), "pro"));
        assert!(rules("plan", "data").takes(RedactSubject::Text(&path), "pro"));
        assert!(rules("plan", "data").takes(RedactSubject::Number(&path), "3"));
        assert!(!RedactRules::default().takes(RedactSubject::Number(&path), "3"));
        assert!(RedactRules::default().takes(RedactSubject::Number(&steps("data.userId")), "3"));
        assert_eq!(rules("header:x-team", "none").header("X-Teams", "x"), HeaderValue::Nothing);
        assert_eq!(rules("header:x-team", "none").header("X-Team", "x"), HeaderValue::Everything);
        assert_eq!(rules("header:date", "header:date").header("Date", "x"), HeaderValue::Nothing);
        assert!(rules("a", "text:ADA").takes_name("lovelace-ada", false) && !rules("a", "b").takes_name("ada", false));
    }
}
