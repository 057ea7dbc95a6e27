//! Paths as a person writes them: `data[0].screenshot.isIdle`, `data[0]["odd key"]`.

use std::fmt;
use std::str::FromStr;

use crate::payload::json;
use crate::text::visible;

/// One step down.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PathStep {
    /// Into the object's member of this name.
    Key(String),
    /// Into the array's item of this number, from 0.
    Index(usize),
}

/// A place in a payload; never empty.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EditPath(pub(super) Vec<PathStep>);

/// The text is not a path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid path '{}' at character {at}: expected one such as data[0].screenshot.isIdle", visible(.text))]
pub struct InvalidPath {
    /// The text.
    pub text: String,
    /// Where reading it had to stop, in characters from 1.
    pub at: usize,
}

impl EditPath {
    /// Reads a path at the beginning of `text`, up to an equals sign or the end.
    pub(super) fn read(text: &str) -> Result<(Self, &str), InvalidPath> {
        let invalid = |rest: &str| {
            let read = text.len() - rest.len();
            InvalidPath { text: text.to_owned(), at: text[..read].chars().count() + 1 }
        };
        let mut steps = Vec::new();
        let mut rest = text.strip_prefix('.').unwrap_or(text);
        while !rest.is_empty() && !rest.starts_with('=') {
            let (step, after) = match rest.strip_prefix('[') {
                Some(inside) => bracketed(inside),
                None => named(rest, steps.is_empty()),
            }
            .ok_or_else(|| invalid(rest))?;
            steps.push(step);
            rest = after;
        }
        if steps.is_empty() { Err(invalid(rest)) } else { Ok((Self(steps), rest)) }
    }

    /// The place that holds this one; `None` for a member of the payload itself.
    pub(super) fn parent(&self) -> Option<Self> {
        let (_, parent) = self.0.split_last()?;
        (!parent.is_empty()).then(|| Self(parent.to_vec()))
    }
}

/// `name`, after a dot unless it is the first.
fn named(rest: &str, first: bool) -> Option<(PathStep, &str)> {
    let rest = if first { rest } else { rest.strip_prefix('.')? };
    let end = rest.find(['.', '[', '=', ']', '"']).unwrap_or(rest.len());
    (end > 0).then(|| (PathStep::Key(rest[..end].to_owned()), &rest[end..]))
}

/// `3]` or `"odd key"]`.
fn bracketed(inside: &str) -> Option<(PathStep, &str)> {
    if inside.starts_with('"') {
        let token = json::tokens(inside.as_bytes()).next()?.ok()?;
        let text = json::decode_string(token.text(inside.as_bytes()));
        let after = inside.get(token.range().end..)?.strip_prefix(']')?;
        return Some((PathStep::Key(text.text.into_owned()), after));
    }
    let (digits, after) = inside.split_once(']')?;
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then_some(())?;
    Some((PathStep::Index(digits.parse().ok()?), after))
}

impl FromStr for EditPath {
    type Err = InvalidPath;

    fn from_str(text: &str) -> Result<Self, InvalidPath> {
        match Self::read(text)? {
            (path, "") => Ok(path),
            (_, rest) => {
                Err(InvalidPath { text: text.to_owned(), at: text[..text.len() - rest.len()].chars().count() + 1 })
            }
        }
    }
}

impl fmt::Display for EditPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.0.iter().enumerate() {
            match step {
                PathStep::Index(index) => write!(formatter, "[{index}]")?,
                PathStep::Key(key) if is_plain(key) => {
                    write!(formatter, "{}{key}", if position == 0 { "" } else { "." })?;
                }
                PathStep::Key(key) => write!(formatter, "[{}]", serde_json::Value::from(key.as_str()))?,
            }
        }
        Ok(())
    }
}

fn is_plain(key: &str) -> bool {
    !key.is_empty() && !key.contains(['.', '[', '=', ']', '"', '\\']) && !key.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("event", "event")]
    #[case(".data[0].screenshot.isIdle", "data[0].screenshot.isIdle")]
    #[case("[2][\"odd \\u0061.key\"].x", "[2][\"odd a.key\"].x")]
    fn paths_are_read(#[case] text: &str, #[case] shown: &str) {
        assert_eq!(text.parse::<EditPath>().unwrap().to_string(), shown);
    }

    #[rstest]
    #[case("", 1)]
    #[case("data[", 5)]
    #[case("data[x]", 5)]
    #[case("data[0]screenshot", 8)]
    #[case("a..b", 2)]
    #[case("a=1", 2)]
    #[case("data[99999999999999999999999]", 5)]
    fn faults_have_their_place(#[case] text: &str, #[case] at: usize) {
        assert_eq!(text.parse::<EditPath>().unwrap_err().at, at);
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,20}|[a.\\[\\]0-9\"=\\\\]{0,20}") {
            if let Ok(path) = text.parse::<EditPath>() {
                prop_assert_eq!(path.to_string().parse::<EditPath>().unwrap(), path);
            }
        }
    }
}
