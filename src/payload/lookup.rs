//! One value of a request by its name: a parameter of the query, a field of a form, a member of JSON.
//!
//! ```
//! use whyhook::http::Head;
//! use whyhook::payload::lookup::{BodyPath, NamedValue, parameter};
//!
//! assert_eq!(parameter(b"/hook?hub.mode=a&hub.challenge=x%20y", "hub.challenge").as_deref(), Some("x y"));
//! let path = BodyPath::read("items.0.id").unwrap();
//! let found = path.find(&Head::default(), br#"{"items": [{"id": 7}]}"#);
//! assert_eq!(found, Some(NamedValue::Json("7".to_owned())));
//! ```

use std::fmt;

use super::body::{Declared, FormBody, charset};
use super::json;
use crate::http::Head;

/// A longer body is not looked into: its sender waits meanwhile.
pub const LOOKUP_BYTES: usize = 1 << 20;
/// The longest path, in bytes.
const PATH_BYTES: usize = 256;

/// A place in a body: `event.token`, `items.0.id`, `items[0].id`, `["odd key"]`. In a form, the name of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BodyPath {
    written: String,
    steps: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    /// A member of an object; an item of an array, if it is a number.
    Name(String),
    /// An item of an array.
    Index(usize),
}

/// What was found in a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NamedValue {
    /// A string of JSON, its escapes undone, or the decoded value of a form's field.
    Text(String),
    /// Any other JSON, as it was written.
    Json(String),
}

impl NamedValue {
    /// The text of a string; other JSON as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Text(text) | Self::Json(text) => text,
        }
    }
}

/// The first parameter of this name in the query of a request target, decoded as a form is: `+` and percent escapes
/// undone, bytes outside UTF-8 as U+FFFD. One without an equals sign is empty.
#[must_use]
pub fn parameter(target: &[u8], name: &str) -> Option<String> {
    let start = memchr::memchr(b'?', target)? + 1;
    field(&target[start..], name)
}

fn field(form: &[u8], name: &str) -> Option<String> {
    let read = FormBody::read(form);
    let pair = read.pairs.iter().find(|pair| pair.name(form, usize::MAX).text == name)?;
    let value = pair.value(form, usize::MAX);
    Some(value.map(|value| value.text.into_owned()).unwrap_or_default())
}

impl BodyPath {
    /// Reads a path; `None` for a text that is not one.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let mut steps = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let (step, after) = match rest.strip_prefix('[') {
                Some(inside) => bracketed(inside)?,
                None => named(rest, steps.is_empty())?,
            };
            steps.push(step);
            rest = after;
        }
        let is_path = !steps.is_empty() && text.len() <= PATH_BYTES;
        is_path.then(|| Self { written: text.to_owned(), steps })
    }

    /// What is there in the body of a request with this head. Of members with one name the last counts, as in most
    /// readers of JSON; of a form's fields the first.
    ///
    /// The body is taken as it was kept: what is compressed, longer than [`LOOKUP_BYTES`] or neither JSON nor a form holds
    /// nothing.
    #[must_use]
    pub fn find(&self, head: &Head, body: &[u8]) -> Option<NamedValue> {
        if body.len() > LOOKUP_BYTES {
            return None;
        }
        let text = body.strip_prefix(json::BOM).unwrap_or(body).trim_ascii_start();
        if matches!(text.first(), Some(b'{' | b'[')) {
            return self.member(text);
        }
        let declared = Declared::of(head);
        let is_form = declared.media.as_deref() == Some("application/x-www-form-urlencoded");
        if !is_form && !FormBody::is_likely(body) {
            return None;
        }
        let written = charset::form_in_utf8(body, declared.charset.as_deref());
        field(written.as_deref().unwrap_or(body), self.field_name()).map(NamedValue::Text)
    }

    /// The name of a form's field: all of the path, or what is in the quotation marks of `["odd name"]`.
    fn field_name(&self) -> &str {
        match &self.steps[..] {
            [Step::Name(name)] => name,
            _ => &self.written,
        }
    }

    fn member(&self, body: &[u8]) -> Option<NamedValue> {
        // What is found by skipping is exact in JSON alone.
        if json::fault(body).is_some() {
            return None;
        }
        let mut value = 0..body.len();
        for step in &self.steps {
            let mut entries = json::Entries::at(body, value.start);
            let entry = match (body.get(value.start)?, step) {
                (b'{', Step::Name(name)) => {
                    let is_it = |entry: &json::Entry| {
                        entry.key.clone().is_some_and(|key| json::decode_string(&body[key]).text == *name)
                    };
                    entries.filter(is_it).last()
                }
                (b'[', Step::Name(name)) => entries.nth(index(name)?),
                (b'[', Step::Index(index)) => entries.nth(*index),
                _ => None,
            }?;
            value = entry.value;
        }
        let written = &body[value];
        Some(match written.first()? {
            b'"' => NamedValue::Text(json::decode_string(written).text.into_owned()),
            _ => NamedValue::Json(String::from_utf8_lossy(written).into_owned()),
        })
    }
}

/// The path as it was written.
impl fmt::Display for BodyPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.written)
    }
}

/// `name`, after a dot unless it is the first.
fn named(rest: &str, is_first: bool) -> Option<(Step, &str)> {
    let rest = if is_first { rest } else { rest.strip_prefix('.')? };
    let end = rest.find(['.', '[', ']', '"']).unwrap_or(rest.len());
    (end > 0).then(|| (Step::Name(rest[..end].to_owned()), &rest[end..]))
}

/// `3]` or `"odd key"]`.
fn bracketed(inside: &str) -> Option<(Step, &str)> {
    if inside.starts_with('"') {
        let token = json::tokens(inside.as_bytes()).next()?.ok()?;
        let key = json::decode_string(token.text(inside.as_bytes())).text.into_owned();
        return Some((Step::Name(key), inside.get(token.range().end..)?.strip_prefix(']')?));
    }
    let (digits, after) = inside.split_once(']')?;
    Some((Step::Index(index(digits)?), after))
}

fn index(digits: &str) -> Option<usize> {
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn find(path: &str, body: &[u8]) -> Option<NamedValue> {
        BodyPath::read(path).unwrap().find(&Head::default(), body)
    }

    fn text(text: &str) -> Option<NamedValue> {
        Some(NamedValue::Text(text.to_owned()))
    }

    fn json(text: &str) -> Option<NamedValue> {
        Some(NamedValue::Json(text.to_owned()))
    }

    #[rstest]
    #[case("/?challenge=abc", "challenge", Some("abc"))]
    #[case("/a?b=1&hub.mode=subscribe&hub.challenge=x%2By+z", "hub.challenge", Some("x+y z"))]
    #[case("/?a=1&a=2", "a", Some("1"))]
    #[case("/?hub%2Emode=%C3%A9%0D%0A", "hub.mode", Some("é\r\n"))]
    #[case("/?a=%ff%zz", "a", Some("\u{fffd}%zz"))]
    #[case("/?flag&empty=", "flag", Some(""))]
    #[case("/?flag&empty=", "empty", Some(""))]
    #[case("/?a=b?c=d", "a", Some("b?c=d"))]
    #[case("/a=1", "a", None)]
    #[case("/?A=1", "a", None)]
    #[case("/?", "a", None)]
    fn parameters_are_decoded(#[case] target: &str, #[case] name: &str, #[case] value: Option<&str>) {
        assert_eq!(parameter(target.as_bytes(), name).as_deref(), value);
    }

    #[test]
    fn members_are_found_by_their_path() {
        let body =
            br#" {"a": {"b": [1.10, {"c": "x\n\u00e9"}], "0": "nought"}, "x.y": null, "d": 1, "d": 2, "k\u0065y": []}"#;
        for (path, expected) in [
            ("a.b.0", json("1.10")),
            ("a.b[0]", json("1.10")),
            ("a.b.1.c", text("x\né")),
            ("a.0", text("nought")),
            ("[\"x.y\"]", json("null")),
            ("d", json("2")),
            ("key", json("[]")),
            ("a.b[1]", json(r#"{"c": "x\n\u00e9"}"#)),
            ("a.b.2", None),
            ("a.b.c", None),
            ("a[0]", None),
            ("d.e", None),
            ("x.y", None),
        ] {
            assert_eq!(find(path, body), expected, "{path}");
        }
        assert_eq!(find("[1]", b"\xef\xbb\xbf[0,true]"), json("true"));
    }

    #[test]
    fn what_is_not_json_as_a_whole_holds_nothing() {
        for body in [&br#"{"a": 1"#[..], br#"{"a": 1} x"#, b"", b"\x1f\x8b", b"a: 1"] {
            assert_eq!(find("a", body), None, "{body:?}");
        }
        let long = format!("{{\"a\":1,\"b\":\"{}\"}}", "x".repeat(LOOKUP_BYTES));
        assert_eq!(find("a", long.as_bytes()), None);
    }

    #[test]
    fn a_forms_field_is_found_by_its_whole_name() {
        let body = b"hub.challenge=a%22b+c&items[0]=x&a=1&a=2";
        assert_eq!(find("hub.challenge", body), text("a\"b c"));
        assert_eq!(find("items[0]", body), text("x"));
        assert_eq!(find("a", body), text("1"));
        assert_eq!(find("b", body), None);
        let head = Head::from("POST / HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n");
        let path = BodyPath::read("[\"an odd name\"]").unwrap();
        assert_eq!(path.find(&head, "an odd name=<é>".as_bytes()), text("<é>"));
        let head = Head::from(
            "POST / HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded; charset=windows-1252\r\n\r\n",
        );
        assert_eq!(BodyPath::read("first_name").unwrap().find(&head, b"first_name=Ren%E9"), text("René"));
    }

    #[test]
    fn what_is_not_a_path_is_refused() {
        for path in ["", ".", "a.", ".a", "a..b", "a[", "a[x]", "a[0", "a[\"b]", "a]b", "a\"b", &"a".repeat(257)] {
            assert_eq!(BodyPath::read(path), None, "{path}");
        }
    }

    proptest! {
        #[test]
        fn any_path_is_read_or_refused_and_any_body_looked_into(
            path in "[a-c.\\[\\]\"0-9é]{0,12}|\\PC*",
            body in "[{}\\[\\]\":,a-c0-9 &=%+]{0,60}|\\PC*",
        ) {
            if let Some(path) = BodyPath::read(&path) {
                let read = BodyPath::read(&path.to_string());
                prop_assert_eq!(read.as_ref(), Some(&path));
                if let Some(NamedValue::Json(found)) = path.find(&Head::default(), body.as_bytes()) {
                    prop_assert!(serde_json::from_str::<serde_json::Value>(&found).is_ok(), "{found}");
                }
            }
        }

        #[test]
        fn a_string_is_found_as_it_was_put_in(value: String) {
            let body = serde_json::json!({ "a": [{ "b": value }] }).to_string();
            prop_assert_eq!(find("a.0.b", body.as_bytes()), text(&value));
        }
    }
}
