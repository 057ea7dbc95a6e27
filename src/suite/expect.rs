//! What is expected of a response.

use std::fmt;
use std::str::FromStr;

use regex::{Regex, RegexBuilder};

use crate::http::is_token;
use crate::payload::json;
use crate::payload::lookup::BodyPath;
use crate::text::{safe_json, visible};

/// The longest pattern, in bytes, and what it may take once it is compiled.
const PATTERN_BYTES: usize = 1_000;
const PATTERN_MEMORY: usize = 1 << 20;

/// Everything that is expected of one response; nothing of how long it takes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Expectations {
    /// The status; `None` for any.
    pub status: Option<ExpectedStatus>,
    /// Of headers, each by its name in any letter case.
    pub headers: Vec<HeaderExpectation>,
    /// Of the body.
    pub body: Vec<BodyExpectation>,
}

/// An expected status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpectedStatus {
    /// This one.
    Exactly(u16),
    /// Any that begins with this digit: 2 is `2xx`.
    Class(u16),
}

/// What is expected of a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderExpectation {
    /// Its name.
    pub name: String,
    /// What of it.
    pub wanted: ExpectedValue,
}

/// What is expected of the body, or of a value in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BodyExpectation {
    /// Where; `None` for the whole body.
    pub path: Option<BodyPath>,
    /// What is there.
    pub wanted: ExpectedValue,
}

/// What is expected at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExpectedValue {
    /// This text: of a header, of the whole body, or of a string in it.
    Text(String),
    /// This JSON, whatever white space and order of members it is written with.
    Json(String),
    /// Text that the pattern finds something in.
    Matches(ExpectedPattern),
    /// Anything.
    Present,
    /// Nothing.
    Absent,
}

/// A regular expression, in the syntax of the crate `regex`: without look-around, in time that is in proportion to the
/// text.
#[derive(Debug, Clone)]
pub struct ExpectedPattern(Regex);

/// The text is not an expectation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidExpectation {
    /// A status that is none.
    #[error("invalid status '{}': expected one such as 200, or a class such as 2xx", visible(.0))]
    Status(String),
    /// A header's name that is none.
    #[error("invalid header name '{}': expected a name such as Content-Type", visible(.0))]
    Header(String),
    /// A path that is none.
    #[error("invalid path '{}': expected one such as result.id or items[0].id", visible(.0))]
    Path(String),
    /// JSON that is none.
    #[error("invalid JSON '{}': expected a value such as 7, true, null or {{\"a\": 1}}", visible(.0))]
    Json(String),
    /// A pattern that is none.
    #[error("invalid pattern '{}': {reason}", visible(.pattern))]
    Pattern {
        /// The text.
        pattern: String,
        /// Why, on one line.
        reason: String,
    },
    /// An expectation of nothing that is known.
    #[error(
        "invalid expectation '{}': expected status=2xx, header:NAME=TEXT, body:PATH=VALUE or body=TEXT; \
         ~ in the place of = for a pattern, nothing for what must be there, and ! before it for what must not",
        visible(.0)
    )]
    Form(String),
}

impl ExpectedStatus {
    /// Whether `status` is expected.
    #[must_use]
    pub fn holds(self, status: u16) -> bool {
        match self {
            Self::Exactly(expected) => status == expected,
            Self::Class(class) => status / 100 == class,
        }
    }
}

impl FromStr for ExpectedStatus {
    type Err = InvalidExpectation;

    /// Reads `200`, `2xx`.
    fn from_str(text: &str) -> Result<Self, InvalidExpectation> {
        let invalid = || InvalidExpectation::Status(text.to_owned());
        let (digits, class) = match text.strip_suffix("xx").or_else(|| text.strip_suffix("XX")) {
            Some(class) => (class, true),
            None => (text, false),
        };
        let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let number: u16 = digits.parse().ok().filter(|_| is_number).ok_or_else(invalid)?;
        match (class, number) {
            (true, 1..=9) => Ok(Self::Class(number)),
            (false, 100..=999) => Ok(Self::Exactly(number)),
            _ => Err(invalid()),
        }
    }
}

impl fmt::Display for ExpectedStatus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exactly(status) => write!(formatter, "{status}"),
            Self::Class(class) => write!(formatter, "{class}xx"),
        }
    }
}

impl HeaderExpectation {
    /// What is wanted of the header called `name`.
    ///
    /// # Errors
    ///
    /// [`InvalidExpectation::Header`] for what is not a name.
    pub fn new(name: &str, wanted: ExpectedValue) -> Result<Self, InvalidExpectation> {
        if name.is_empty() || !name.bytes().all(is_token) {
            return Err(InvalidExpectation::Header(name.to_owned()));
        }
        Ok(Self { name: name.to_owned(), wanted })
    }
}

impl ExpectedValue {
    /// JSON that is expected, on one line of visible text.
    ///
    /// # Errors
    ///
    /// [`InvalidExpectation::Json`].
    pub fn json(text: &str) -> Result<Self, InvalidExpectation> {
        if json::fault(text.as_bytes()).is_some() {
            return Err(InvalidExpectation::Json(text.to_owned()));
        }
        // Only between values: in a string each of them is escaped.
        let lines = text.split(['\n', '\r']).map(str::trim).filter(|line| !line.is_empty());
        let line = lines.collect::<Vec<_>>().join(" ").replace('\t', " ");
        Ok(Self::Json(safe_json(&line).into_owned()))
    }

    /// A value as somebody types it: JSON where it is JSON, else text. The text of a JSON string is text.
    #[must_use]
    pub fn typed(text: &str) -> Self {
        match serde_json::from_str::<serde_json::Value>(text) {
            Ok(serde_json::Value::String(string)) => Self::Text(string),
            Ok(_) => Self::json(text).unwrap_or_else(|_| Self::Text(text.to_owned())),
            Err(_) => Self::Text(text.to_owned()),
        }
    }
}

impl ExpectedPattern {
    /// Whether it finds something in `text`.
    #[must_use]
    pub fn is_in(&self, text: &str) -> bool {
        self.0.is_match(text)
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl FromStr for ExpectedPattern {
    type Err = InvalidExpectation;

    fn from_str(text: &str) -> Result<Self, InvalidExpectation> {
        let invalid = |reason: &str| {
            // The crate draws the place below the pattern, on lines of their own.
            let reason = reason.lines().last().unwrap_or_default().trim_start_matches("error: ");
            InvalidExpectation::Pattern { pattern: text.to_owned(), reason: visible(reason).into_owned() }
        };
        if text.len() > PATTERN_BYTES {
            return Err(invalid(&format!("expected at most {PATTERN_BYTES} bytes")));
        }
        let built = RegexBuilder::new(text).size_limit(PATTERN_MEMORY).build();
        built.map(Self).map_err(|error| invalid(&error.to_string()))
    }
}

impl PartialEq for ExpectedPattern {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for ExpectedPattern {}

impl Expectations {
    /// Each expectation in the form in which [`Expectations::add`] takes it, visible.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let status = self.status.map(|status| format!("status={status}"));
        let headers = self.headers.iter().map(|header| {
            let place = format!("header:{}", header.name);
            written(&place, &header.wanted, |text| text.to_owned())
        });
        let body = self.body.iter().map(|body| match &body.path {
            Some(path) => written(&format!("body:{path}"), &body.wanted, |text| {
                // What would be read as another value is a string of JSON.
                let is_plain = ExpectedValue::typed(text) == ExpectedValue::Text(text.to_owned());
                if is_plain { text.to_owned() } else { serde_json::Value::from(text).to_string() }
            }),
            None => written("body", &body.wanted, |text| text.to_owned()),
        });
        let all = status.into_iter().chain(headers).chain(body);
        all.map(|words| visible(&words).into_owned()).collect()
    }

    /// Adds what somebody has typed: `status=2xx`, `header:NAME=TEXT`, `header:NAME~PATTERN`, `header:NAME`,
    /// `!header:NAME`, the same with `body:PATH`, and `body=TEXT`. A status takes the place of the one before.
    ///
    /// # Errors
    ///
    /// [`InvalidExpectation`].
    pub fn add(&mut self, typed: &str) -> Result<(), InvalidExpectation> {
        let form = || InvalidExpectation::Form(typed.to_owned());
        let (is_absent, rest) = match typed.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, typed),
        };
        let (place, wanted) = split_value(rest);
        if is_absent && wanted != TypedValue::Any {
            return Err(form());
        }
        match place.split_once(':') {
            None if place == "status" && !is_absent => {
                let TypedValue::Equal(status) = wanted else { return Err(form()) };
                self.status = Some(status.parse()?);
            }
            None if place == "body" => {
                let wanted = wanted.read(is_absent, |text| ExpectedValue::Text(text.to_owned()))?;
                self.body.push(BodyExpectation { path: None, wanted });
            }
            Some(("header", name)) => {
                let wanted = wanted.read(is_absent, |text| ExpectedValue::Text(text.to_owned()))?;
                self.headers.push(HeaderExpectation::new(name, wanted)?);
            }
            Some(("body", path)) => {
                let wanted = wanted.read(is_absent, ExpectedValue::typed)?;
                let path = BodyPath::read(path).ok_or_else(|| InvalidExpectation::Path(path.to_owned()))?;
                self.body.push(BodyExpectation { path: Some(path), wanted });
            }
            _ => return Err(form()),
        }
        Ok(())
    }
}

fn written(place: &str, wanted: &ExpectedValue, text: impl FnOnce(&str) -> String) -> String {
    match wanted {
        ExpectedValue::Text(value) => format!("{place}={}", text(value)),
        ExpectedValue::Json(json) => format!("{place}={json}"),
        ExpectedValue::Matches(pattern) => format!("{place}~{}", pattern.as_str()),
        ExpectedValue::Present => place.to_owned(),
        ExpectedValue::Absent => format!("!{place}"),
    }
}

/// What stands after the place in a typed expectation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TypedValue<'t> {
    Any,
    Equal(&'t str),
    Matching(&'t str),
}

impl TypedValue<'_> {
    fn read(
        self,
        is_absent: bool,
        equal: impl FnOnce(&str) -> ExpectedValue,
    ) -> Result<ExpectedValue, InvalidExpectation> {
        Ok(match self {
            Self::Any if is_absent => ExpectedValue::Absent,
            Self::Any => ExpectedValue::Present,
            Self::Equal(text) => equal(text),
            Self::Matching(text) => ExpectedValue::Matches(text.parse()?),
        })
    }
}

/// The place, and what is expected there. Within the quotation marks of a path nothing separates.
fn split_value(text: &str) -> (&str, TypedValue<'_>) {
    let (mut is_quoted, mut is_escaped) = (false, false);
    for (at, character) in text.char_indices() {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            '=' if !is_quoted => return (&text[..at], TypedValue::Equal(&text[at + 1..])),
            '~' if !is_quoted => return (&text[..at], TypedValue::Matching(&text[at + 1..])),
            _ => {}
        }
    }
    (text, TypedValue::Any)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn added(typed: &str) -> Result<Expectations, String> {
        let mut expectations = Expectations::default();
        expectations.add(typed).map(|()| expectations).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_typed_is_expected() {
        let mut expectations = Expectations::default();
        for typed in [
            "status=500",
            "status=2xx",
            "header:Content-Type=application/json",
            "header:X-Id~^[0-9]+$",
            "!header:Server",
            "header:Date",
            "body:result.id=7",
            "body:result.name=Ada",
            "body:result.text=\"7\"",
            "body:[\"a=b\"].c={\"x\": [1, 2]}",
            "!body:error",
            "body:ok",
            "body=done",
            "body~do.e",
        ] {
            expectations.add(typed).unwrap();
        }
        assert_eq!(expectations.status, Some(ExpectedStatus::Class(2)));
        let pattern = |text: &str| ExpectedValue::Matches(text.parse().unwrap());
        let text = |text: &str| ExpectedValue::Text(text.to_owned());
        let json = |text: &str| ExpectedValue::Json(text.to_owned());
        let headers: Vec<_> =
            expectations.headers.iter().map(|header| (&*header.name, header.wanted.clone())).collect();
        assert_eq!(
            headers,
            [
                ("Content-Type", text("application/json")),
                ("X-Id", pattern("^[0-9]+$")),
                ("Server", ExpectedValue::Absent),
                ("Date", ExpectedValue::Present),
            ]
        );
        let path = |body: &BodyExpectation| body.path.as_ref().map_or(String::new(), ToString::to_string);
        let body: Vec<_> = expectations.body.iter().map(|body| (path(body), body.wanted.clone())).collect();
        let expected = [
            ("result.id", json("7")),
            ("result.name", text("Ada")),
            ("result.text", text("7")),
            ("[\"a=b\"].c", json("{\"x\": [1, 2]}")),
            ("error", ExpectedValue::Absent),
            ("ok", ExpectedValue::Present),
            ("", text("done")),
            ("", pattern("do.e")),
        ];
        assert_eq!(body, expected.map(|(path, wanted)| (path.to_owned(), wanted)));
        // What is shown can be typed.
        let mut again = Expectations::default();
        expectations.words().iter().for_each(|words| again.add(words).unwrap());
        assert_eq!(again, expectations);
    }

    #[rstest]
    #[case("status", "invalid expectation 'status'")]
    #[case("status=20", "invalid status '20'")]
    #[case("status=+200", "invalid status '+200'")]
    #[case("status=0xx", "invalid status '0xx'")]
    #[case("!status=200", "invalid expectation")]
    #[case("!header:X=1", "invalid expectation")]
    #[case("header:=1", "invalid header name ''")]
    #[case("header:a b=1", "invalid header name 'a b'")]
    #[case("body:a..b=1", "invalid path 'a..b'")]
    #[case("body:a~(", "invalid pattern '('")]
    #[case("latency<5s", "invalid expectation 'latency<5s': expected status=2xx")]
    #[case("\u{1b}=1", "invalid expectation '␛=1'")]
    fn what_is_no_expectation_is_refused_on_one_line(#[case] typed: &str, #[case] words: &str) {
        let error = added(typed).unwrap_err();
        assert!(error.starts_with(words) && error.lines().count() == 1, "{error}");
    }

    #[test]
    fn a_pattern_is_bounded() {
        assert!("a".repeat(PATTERN_BYTES + 1).parse::<ExpectedPattern>().is_err());
        assert!("(((a{100}){100}){100})".parse::<ExpectedPattern>().is_err());
        assert!("(?i)^ok \\d+$".parse::<ExpectedPattern>().unwrap().is_in("OK 12"));
        assert!("[a-".parse::<ExpectedPattern>().unwrap_err().to_string().lines().count() == 1);
    }

    #[test]
    fn expected_json_is_one_line_that_means_the_same() {
        let json = |text: &str| ExpectedValue::json(text).unwrap();
        let one_line = ExpectedValue::Json("{ \"a  b\": [1, 1e400], \"c\": \"\\u202e\" }".to_owned());
        assert_eq!(json(" {\r\n\t\"a  b\":\t[1, 1e400],\n  \"c\": \"\u{202e}\"\n}\n"), one_line);
        assert!(ExpectedValue::json("\"a\tb\"").is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(typed in "(!?(status|header:|body:?)[a-zA-Z.\\[\\]\"=~0-9]{0,12})|\\PC*") {
            if let Err(error) = added(&typed) {
                prop_assert_eq!(error.lines().count(), 1);
            }
        }
    }
}
