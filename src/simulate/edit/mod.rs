//! Changes of a payload by path. What is not changed stays as it was, byte for byte.

mod path;

pub use path::{EditPath, InvalidPath, PathStep};

use std::fmt;
use std::ops::Range;

use crate::payload::json::{self, Entry};
use crate::text::visible;

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PayloadEdit {
    /// Another value for what is there.
    Set(EditPath, RawValue),
    /// A new member of an object that is there, or the next item of an array.
    Add(EditPath, RawValue),
    /// What is there is taken out.
    Unset(EditPath),
}

/// A value in raw JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawValue(String);

impl RawValue {
    /// `text` as it is when it is JSON, else as a JSON string.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let is_json = json::tokenize(text.as_bytes()).is_ok() && !text.as_bytes().starts_with(json::BOM);
        Self(if is_json { text.trim().to_owned() } else { serde_json::Value::from(text).to_string() })
    }
}

/// Why a change was not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// What was asked for is not a path.
    #[error(transparent)]
    Path(#[from] InvalidPath),
    /// There is no equals sign after the path.
    #[error("invalid assignment '{}': expected PATH=VALUE, such as data[0].screenshot.isIdle=true", visible(.0))]
    NoValue(String),
    /// The payload is not JSON.
    #[error("cannot edit the payload by path: it is not valid JSON: {0}")]
    NotJson(json::JsonFault),
    /// There is no such place.
    #[error("{} is not in the payload: {}", visible(&.path.to_string()), visible(.why))]
    NotThere {
        /// The place that was asked for.
        path: EditPath,
        /// How far it could be followed, and what is there.
        why: String,
    },
    /// What was to be added is there already.
    #[error("{} is already in the payload: set it instead of adding it", visible(&.0.to_string()))]
    AlreadyThere(EditPath),
}

impl PayloadEdit {
    /// Reads `PATH=VALUE` as [`PayloadEdit::Set`]; the value is JSON, or else text.
    ///
    /// # Errors
    ///
    /// [`EditError::Path`] or [`EditError::NoValue`].
    pub fn set(text: &str) -> Result<Self, EditError> {
        assignment(text).map(|(path, value)| Self::Set(path, value))
    }

    /// Reads `PATH=VALUE` as [`PayloadEdit::Add`].
    ///
    /// # Errors
    ///
    /// As [`PayloadEdit::set`].
    pub fn add(text: &str) -> Result<Self, EditError> {
        assignment(text).map(|(path, value)| Self::Add(path, value))
    }

    /// Reads a path as [`PayloadEdit::Unset`].
    ///
    /// # Errors
    ///
    /// [`EditError::Path`].
    pub fn unset(text: &str) -> Result<Self, EditError> {
        Ok(Self::Unset(text.parse()?))
    }

    /// Makes the change.
    ///
    /// # Errors
    ///
    /// [`EditError`] when `body` is not JSON, or has no such place.
    pub fn apply(&self, body: &[u8]) -> Result<Vec<u8>, EditError> {
        json::tokenize(body).map_err(EditError::NotJson)?;
        match self {
            Self::Set(path, value) => {
                let place = find(body, path)?.value;
                Ok(spliced(body, place, value.0.as_bytes()))
            }
            Self::Add(path, value) => add(body, path, value),
            Self::Unset(path) => {
                let place = find(body, path)?;
                Ok(spliced(body, place.with_comma, b""))
            }
        }
    }
}

impl fmt::Display for PayloadEdit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Set(path, value) | Self::Add(path, value) => write!(formatter, "{path}={}", value.0),
            Self::Unset(path) => write!(formatter, "{path}"),
        }
    }
}

fn assignment(text: &str) -> Result<(EditPath, RawValue), EditError> {
    let (path, rest) = EditPath::read(text)?;
    let value = rest.strip_prefix('=').ok_or_else(|| EditError::NoValue(text.to_owned()))?;
    Ok((path, RawValue::new(value)))
}

fn spliced(body: &[u8], place: Range<usize>, value: &[u8]) -> Vec<u8> {
    [&body[..place.start], value, &body[place.end..]].concat()
}

/// Where something stands.
struct Found {
    value: Range<usize>,
    /// The entry with its key and the comma that goes with it.
    with_comma: Range<usize>,
}

/// Follows `path`; of duplicate keys the last counts, as in `JSON.parse`.
fn find(body: &[u8], path: &EditPath) -> Result<Found, EditError> {
    let start = json::tokens(body).next().and_then(Result::ok).map_or(0, |token| token.range().start);
    let mut found = Found { value: start..body.len(), with_comma: start..body.len() };
    for (depth, step) in path.0.iter().enumerate() {
        let entries: Vec<Entry> = json::Entries::at(body, found.value.start).collect();
        let position = match step {
            PathStep::Index(index) => (body[found.value.start] == b'[' && *index < entries.len()).then_some(*index),
            PathStep::Key(name) => entries.iter().rposition(|entry| is_called(body, entry, name)),
        };
        let Some(position) = position else {
            let why = what_is_there(body, &found.value, &entries, &path.0[..depth], step);
            return Err(EditError::NotThere { path: path.clone(), why });
        };
        found = Found { value: entries[position].value.clone(), with_comma: with_comma(&entries, position) };
    }
    Ok(found)
}

fn is_called(body: &[u8], entry: &Entry, name: &str) -> bool {
    entry.key.as_ref().is_some_and(|key| json::decode_string(&body[key.clone()]).text == name)
}

fn start_of(entry: &Entry) -> usize {
    entry.key.as_ref().unwrap_or(&entry.value).start
}

/// An entry, and what separates it from the next one or, if it is the last, from the one before.
fn with_comma(entries: &[Entry], position: usize) -> Range<usize> {
    let own = &entries[position];
    match (entries.get(position + 1), position.checked_sub(1)) {
        (Some(next), _) => start_of(own)..start_of(next),
        (None, Some(before)) => entries[before].value.end..own.value.end,
        (None, None) => start_of(own)..own.value.end,
    }
}

/// How many names an error lists.
const NAMES_SHOWN: usize = 12;

fn what_is_there(body: &[u8], value: &Range<usize>, entries: &[Entry], way: &[PathStep], step: &PathStep) -> String {
    let holder = if way.is_empty() { "the payload".to_owned() } else { EditPath(way.to_vec()).to_string() };
    match (body[value.start], step) {
        (b'[', PathStep::Index(_)) if entries.len() == 1 => format!("{holder} contains 1 item, [0]"),
        (b'[', PathStep::Index(_)) => format!("{holder} contains {} items", entries.len()),
        (b'[', PathStep::Key(_)) => format!("{holder} is an array: give an index, as in {holder}[0]"),
        (b'{', PathStep::Index(_)) => format!("{holder} is an object: give a name, not an index"),
        (b'{', PathStep::Key(_)) => {
            let keys = entries.iter().filter_map(|entry| entry.key.clone());
            let mut names: Vec<String> = keys.map(|key| json::decode_string(&body[key]).text.into_owned()).collect();
            if names.len() > NAMES_SHOWN {
                names.truncate(NAMES_SHOWN);
                names.push("…".to_owned());
            }
            if names.is_empty() {
                format!("{holder} is empty")
            } else {
                format!("{holder} contains {}", names.join(", "))
            }
        }
        _ => format!("{holder} is neither an object nor an array"),
    }
}

fn add(body: &[u8], path: &EditPath, value: &RawValue) -> Result<Vec<u8>, EditError> {
    if find(body, path).is_ok() {
        return Err(EditError::AlreadyThere(path.clone()));
    }
    let holder = match path.parent() {
        Some(parent) => find(body, &parent)?.value,
        None => json::tokens(body).next().and_then(Result::ok).map_or(0..0, |token| token.range()),
    };
    let entries: Vec<Entry> = json::Entries::at(body, holder.start).collect();
    let not_there = |way: &[PathStep], step: &PathStep| {
        let why = what_is_there(body, &holder, &entries, way, step);
        EditError::NotThere { path: path.clone(), why }
    };
    // A path is never empty.
    let Some((step, way)) = path.0.split_last() else { return Err(not_there(&[], &PathStep::Index(0))) };
    let written = match (body.get(holder.start), step) {
        (Some(b'{'), PathStep::Key(name)) => format!("{}:{}", serde_json::Value::from(name.as_str()), value.0),
        (Some(b'['), PathStep::Index(index)) if *index == entries.len() => value.0.clone(),
        _ => return Err(not_there(way, step)),
    };
    let (at, comma) = entries.last().map_or((holder.start + 1, ""), |last| (last.value.end, ","));
    Ok(spliced(body, at..at, format!("{comma}{written}").as_bytes()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    const BODY: &str = r#" {"n": 1.10, "data": [ {"a" :true,"\u0062":"x"} , 2 ] ,"e":{} } "#;

    fn apply(edit: Result<PayloadEdit, EditError>, body: &str) -> String {
        String::from_utf8(edit.unwrap().apply(body.as_bytes()).unwrap()).unwrap()
    }

    #[rstest]
    #[case("data[0].a=false", r#" {"n": 1.10, "data": [ {"a" :false,"\u0062":"x"} , 2 ] ,"e":{} } "#)]
    #[case("data[0].b=plain text", r#" {"n": 1.10, "data": [ {"a" :true,"\u0062":"plain text"} , 2 ] ,"e":{} } "#)]
    #[case("data[1]=\"2\"", r#" {"n": 1.10, "data": [ {"a" :true,"\u0062":"x"} , "2" ] ,"e":{} } "#)]
    #[case("n= 1.100 ", r#" {"n": 1.100, "data": [ {"a" :true,"\u0062":"x"} , 2 ] ,"e":{} } "#)]
    #[case("data={\"k\":[]}", r#" {"n": 1.10, "data": {"k":[]} ,"e":{} } "#)]
    #[case("n=a=b", r#" {"n": "a=b", "data": [ {"a" :true,"\u0062":"x"} , 2 ] ,"e":{} } "#)]
    #[case("n=", r#" {"n": "", "data": [ {"a" :true,"\u0062":"x"} , 2 ] ,"e":{} } "#)]
    fn a_value_is_set_and_nothing_else(#[case] assignment: &str, #[case] expected: &str) {
        assert_eq!(apply(PayloadEdit::set(assignment), BODY), expected);
    }

    #[rstest]
    #[case("n", r#" {"data": [ {"a" :true,"\u0062":"x"} , 2 ] ,"e":{} } "#)]
    #[case("e", r#" {"n": 1.10, "data": [ {"a" :true,"\u0062":"x"} , 2 ] } "#)]
    #[case("data[0].b", r#" {"n": 1.10, "data": [ {"a" :true} , 2 ] ,"e":{} } "#)]
    #[case("data[0]", r#" {"n": 1.10, "data": [ 2 ] ,"e":{} } "#)]
    fn an_entry_goes_with_its_comma(#[case] path: &str, #[case] expected: &str) {
        assert_eq!(apply(PayloadEdit::unset(path), BODY), expected);
    }

    #[rstest]
    #[case("e.new=1", r#" {"n": 1.10, "data": [ {"a" :true,"\u0062":"x"} , 2 ] ,"e":{"new":1} } "#)]
    #[case("new={}", r#" {"n": 1.10, "data": [ {"a" :true,"\u0062":"x"} , 2 ] ,"e":{},"new":{} } "#)]
    #[case("data[2]=3", r#" {"n": 1.10, "data": [ {"a" :true,"\u0062":"x"} , 2,3 ] ,"e":{} } "#)]
    fn a_member_or_item_is_added(#[case] assignment: &str, #[case] expected: &str) {
        assert_eq!(apply(PayloadEdit::add(assignment), BODY), expected);
    }

    #[rstest]
    #[case(PayloadEdit::set("data[0].c=1"), "data[0].c is not in the payload: data[0] contains a, b")]
    #[case(PayloadEdit::set("data[7]=1"), "data[7] is not in the payload: data contains 2 items")]
    #[case(
        PayloadEdit::set("data.a=1"),
        "data.a is not in the payload: data is an array: give an index, as in data[0]"
    )]
    #[case(PayloadEdit::set("n.a=1"), "n.a is not in the payload: n is neither an object nor an array")]
    #[case(PayloadEdit::unset("e.x"), "e.x is not in the payload: e is empty")]
    #[case(PayloadEdit::set("e[0]=1"), "e[0] is not in the payload: e is an object: give a name, not an index")]
    #[case(
        PayloadEdit::set("nn"),
        "invalid assignment 'nn': expected PATH=VALUE, such as data[0].screenshot.isIdle=true"
    )]
    #[case(PayloadEdit::add("n=1"), "n is already in the payload: set it instead of adding it")]
    #[case(PayloadEdit::add("data[9]=1"), "data[9] is not in the payload: data contains 2 items")]
    fn what_is_not_there_is_said_with_its_place(#[case] edit: Result<PayloadEdit, EditError>, #[case] words: &str) {
        let error = edit.and_then(|edit| edit.apply(BODY.as_bytes())).unwrap_err();
        assert_eq!(error.to_string(), words);
    }

    #[test]
    fn what_is_no_json_is_not_changed() {
        let error = PayloadEdit::set("a=1").unwrap().apply(b"{\"a\":1").unwrap_err();
        assert!(matches!(error, EditError::NotJson(_)), "{error}");
    }

    #[test]
    fn the_last_of_duplicate_keys_counts() {
        assert_eq!(apply(PayloadEdit::set("a=3"), r#"{"a":1,"a":2}"#), r#"{"a":1,"a":3}"#);
        assert_eq!(apply(PayloadEdit::unset("a"), r#"{"a":1}"#), "{}");
        assert_eq!(apply(PayloadEdit::add("a=1"), "{ }"), r#"{"a":1 }"#);
    }

    proptest! {
        #[test]
        fn a_change_leaves_json_and_any_bytes_are_survived(
            value in "\\PC{0,12}", index in 0_usize..3, bytes in proptest::collection::vec(any::<u8>(), 0..40)
        ) {
            let body = br#"{"data":[{"x":1},{"x":[2,3]}]}"#;
            for edit in [PayloadEdit::set(&format!("data[{index}].x={value}")), PayloadEdit::unset(&format!("data[{index}].x")),
                         PayloadEdit::add(&format!("data[{index}].y={value}"))] {
                let edit = edit.unwrap();
                if let Ok(changed) = edit.apply(body) {
                    prop_assert!(json::tokenize(&changed).is_ok(), "{}", String::from_utf8_lossy(&changed));
                }
                let _ = edit.apply(&bytes);
            }
        }
    }
}
