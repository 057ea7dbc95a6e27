//! A response beside what was expected of it: every difference in words.

use std::borrow::Cow;

use super::expect::{BodyExpectation, Expectations, ExpectedValue, HeaderExpectation};
use crate::diff::{DifferenceKind, JsonDifference, compare_json, compare_lines};
use crate::http::{BodyEnd, Head, HttpResponse};
use crate::payload::inflate::{InflateBudget, encodings, inflate};
use crate::payload::json;
use crate::payload::lookup::NamedValue;
use crate::text::{clip, visible, visible_bytes};

/// Columns of a value that are shown.
const SHOWN: usize = 160;
/// Lines of a difference within a value.
const DETAILS: usize = 8;

/// One way in which a response is not as expected. All of it is visible text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerDifference {
    /// Where: `status`, `header Content-Type`, `body result.id`, `body`.
    pub place: String,
    /// What was expected there.
    pub expected: String,
    /// What came.
    pub came: String,
    /// Where within the value, a line each; empty where it is told already.
    pub details: Vec<String>,
}

impl AnswerDifference {
    fn new(place: impl Into<String>, expected: impl Into<String>, came: impl Into<String>) -> Self {
        Self { place: place.into(), expected: expected.into(), came: came.into(), details: Vec::new() }
    }

    /// In a line: `status: expected 200, got 500`.
    #[must_use]
    pub fn words(&self) -> String {
        format!("{}: expected {}, got {}", self.place, self.expected, self.came)
    }
}

/// Every difference, in the order of the expectations; empty when the response is as expected.
#[must_use]
pub fn compare(expect: &Expectations, reply: &HttpResponse) -> Vec<AnswerDifference> {
    let mut differences = Vec::new();
    if let Some(status) = expect.status.filter(|status| !status.holds(reply.status)) {
        differences.push(AnswerDifference::new("status", status.to_string(), reply.status.to_string()));
    }
    differences.extend(expect.headers.iter().filter_map(|header| header_difference(header, &reply.head)));
    // What of a body is beyond the limit concerns only whoever asks about it.
    if reply.end.is_truncated() && (reply.end != BodyEnd::Limit || !expect.body.is_empty()) {
        differences.push(AnswerDifference::new("body", "a whole body", format!("one that {}", reply.end.words())));
    } else if !expect.body.is_empty() {
        let body = ComparedBody::of(reply);
        differences.extend(expect.body.iter().filter_map(|expected| body.difference(expected)));
    }
    differences
}

pub(super) fn header_difference(header: &HeaderExpectation, head: &Head) -> Option<AnswerDifference> {
    let values: Vec<&[u8]> = head.values(&header.name).collect();
    let holds = match &header.wanted {
        ExpectedValue::Text(text) | ExpectedValue::Json(text) => values.contains(&text.as_bytes()),
        ExpectedValue::Matches(pattern) => values.iter().any(|value| pattern.is_in(&String::from_utf8_lossy(value))),
        ExpectedValue::Present => !values.is_empty(),
        ExpectedValue::Absent => values.is_empty(),
    };
    if holds {
        return None;
    }
    let came = match &values[..] {
        [] => "no such header".to_owned(),
        values => values.iter().map(|value| quoted(&visible_bytes(value))).collect::<Vec<_>>().join(" and "),
    };
    let expected = match &header.wanted {
        ExpectedValue::Present => "one".to_owned(),
        ExpectedValue::Absent => "none".to_owned(),
        wanted => words(wanted),
    };
    Some(AnswerDifference::new(format!("header {}", header.name), expected, clip(&came, SHOWN)))
}

/// A response's body with what is needed to look into it.
pub(super) struct ComparedBody<'a> {
    pub(super) head: &'a Head,
    pub(super) bytes: Cow<'a, [u8]>,
}

impl<'a> ComparedBody<'a> {
    /// Of one that is compressed, the content, where it is whole and of a bearable size.
    pub(super) fn of(reply: &'a HttpResponse) -> Self {
        let declared = reply.head.value("Content-Encoding").unwrap_or_default();
        let mut budget = InflateBudget::facts();
        let content = encodings(declared, &reply.body).into_iter().next().filter(|_| !declared.is_empty());
        let content = content.and_then(|coding| inflate(coding, &reply.body, &mut budget));
        Self { head: &reply.head, bytes: content.map_or(Cow::Borrowed(&reply.body[..]), Cow::Owned) }
    }

    pub(super) fn difference(&self, expected: &BodyExpectation) -> Option<AnswerDifference> {
        match &expected.path {
            Some(path) => {
                let found = path.find(self.head, &self.bytes);
                if value_holds(&expected.wanted, found.as_ref()) {
                    return None;
                }
                let place = format!("body {}", visible(&path.to_string()));
                let came = found.as_ref().map_or_else(|| "nothing there".to_owned(), value_words);
                let mut difference = AnswerDifference::new(place, self.expected_words(&expected.wanted), came);
                difference.details = match (&expected.wanted, &found) {
                    (ExpectedValue::Json(json), Some(NamedValue::Json(found))) => json_details(json, found.as_bytes()),
                    (_, None) => self.why_nothing(),
                    _ => Vec::new(),
                };
                Some(difference)
            }
            None => self.whole_difference(&expected.wanted),
        }
    }

    fn whole_difference(&self, wanted: &ExpectedValue) -> Option<AnswerDifference> {
        let bytes = &self.bytes[..];
        let (holds, details) = match wanted {
            ExpectedValue::Text(text) => (text.as_bytes() == bytes, line_details(text.as_bytes(), bytes)),
            ExpectedValue::Json(json) => (same_json(json, bytes), json_details(json, bytes)),
            ExpectedValue::Matches(pattern) => (pattern.is_in(&String::from_utf8_lossy(bytes)), Vec::new()),
            ExpectedValue::Present => (!bytes.is_empty(), Vec::new()),
            ExpectedValue::Absent => (bytes.is_empty(), Vec::new()),
        };
        if holds {
            return None;
        }
        let is_json = matches!(wanted, ExpectedValue::Json(_)) && json::fault(bytes).is_none();
        let came = match bytes {
            [] => "no body".to_owned(),
            // As it is written beside what was expected.
            bytes if is_json => clip(&visible_bytes(bytes), SHOWN).into_owned(),
            bytes => quoted(&visible_bytes(bytes)),
        };
        let expected = match wanted {
            ExpectedValue::Present => "a body".to_owned(),
            ExpectedValue::Absent => "no body".to_owned(),
            wanted => words(wanted),
        };
        Some(AnswerDifference { details, ..AnswerDifference::new("body", expected, came) })
    }

    fn expected_words(&self, wanted: &ExpectedValue) -> String {
        match wanted {
            ExpectedValue::Present => "a value".to_owned(),
            ExpectedValue::Absent => "nothing there".to_owned(),
            wanted => words(wanted),
        }
    }

    /// Why no path leads anywhere: an error page instead of JSON is the usual reason.
    fn why_nothing(&self) -> Vec<String> {
        let is_json = json::fault(self.bytes.strip_prefix(json::BOM).unwrap_or(&self.bytes)).is_none();
        match self.bytes.trim_ascii() {
            [] => vec!["the response has no body".to_owned()],
            bytes if !is_json => vec![format!("the body is not JSON: {}", clip(&visible_bytes(bytes), SHOWN))],
            _ => Vec::new(),
        }
    }
}

fn value_holds(wanted: &ExpectedValue, found: Option<&NamedValue>) -> bool {
    match (wanted, found) {
        (ExpectedValue::Absent, found) => found.is_none(),
        (_, None) => false,
        (ExpectedValue::Present, Some(_)) => true,
        (ExpectedValue::Matches(pattern), Some(found)) => pattern.is_in(found.text()),
        (ExpectedValue::Text(text), Some(found)) => matches!(found, NamedValue::Text(found) if found == text),
        (ExpectedValue::Json(json), Some(NamedValue::Json(found))) => same_json(json, found.as_bytes()),
        // A string that somebody has written as JSON.
        (ExpectedValue::Json(json), Some(NamedValue::Text(found))) => {
            serde_json::from_str::<String>(json).is_ok_and(|text| text == *found)
        }
    }
}

/// Whether both mean the same: white space, the order of members and the form of numbers and strings aside.
fn same_json(expected: &str, found: &[u8]) -> bool {
    let compared = compare_json(expected.as_bytes(), found);
    compared.is_some_and(|compared| compared.omitted == 0 && !compared.differences.iter().any(means_something))
}

fn means_something(difference: &JsonDifference) -> bool {
    !matches!(difference.kind, DifferenceKind::Order | DifferenceKind::Changed { same_value: true, .. })
}

fn json_details(expected: &str, found: &[u8]) -> Vec<String> {
    let Some(compared) = compare_json(expected.as_bytes(), found) else {
        return if found.trim_ascii().is_empty() { Vec::new() } else { vec!["the body is not JSON".to_owned()] };
    };
    // A difference of the value itself is told already.
    let differences: Vec<&JsonDifference> =
        compared.differences.iter().filter(|difference| means_something(difference)).collect();
    let inner: Vec<String> =
        differences.iter().filter(|difference| !difference.path.is_empty()).map(|one| json_words(one)).collect();
    cut(inner, compared.omitted)
}

fn json_words(difference: &JsonDifference) -> String {
    let path = visible(&difference.path).into_owned();
    match &difference.kind {
        DifferenceKind::Added(value) => format!("{path}: not expected, got {}", clip(&value.text, SHOWN)),
        DifferenceKind::Removed(value) => format!("{path}: expected {}, got nothing", clip(&value.text, SHOWN)),
        DifferenceKind::Changed { from, to, .. } => {
            format!("{path}: expected {}, got {}", clip(&from.text, SHOWN), clip(&to.text, SHOWN))
        }
        DifferenceKind::Order => format!("{path}: another order"),
    }
}

fn line_details(expected: &[u8], found: &[u8]) -> Vec<String> {
    let is_line = |text: &[u8]| !text.trim_ascii_end().contains(&b'\n');
    if is_line(expected) && is_line(found) {
        return Vec::new();
    }
    let Some(compared) = compare_lines(expected, found) else { return Vec::new() };
    let sign = |is_added| if is_added { '+' } else { '-' };
    let lines =
        compared.changes.iter().map(|change| format!("{} {}", sign(change.is_added), clip(&change.text, SHOWN)));
    cut(lines.collect(), compared.omitted)
}

/// The first of these lines, and how many more there are.
fn cut(mut lines: Vec<String>, omitted: usize) -> Vec<String> {
    let more = lines.len().saturating_sub(DETAILS) + omitted;
    lines.truncate(DETAILS);
    if more > 0 {
        lines.push(format!("… and {more} more"));
    }
    lines
}

fn words(wanted: &ExpectedValue) -> String {
    match wanted {
        ExpectedValue::Text(text) => quoted(&visible(text)),
        ExpectedValue::Json(json) => clip(&visible(json), SHOWN).into_owned(),
        ExpectedValue::Matches(pattern) => format!("what matches {}", clip(&visible(pattern.as_str()), SHOWN)),
        ExpectedValue::Present => "something".to_owned(),
        ExpectedValue::Absent => "nothing".to_owned(),
    }
}

fn value_words(found: &NamedValue) -> String {
    match found {
        NamedValue::Text(text) => quoted(&visible(text)),
        NamedValue::Json(json) => clip(&visible(json), SHOWN).into_owned(),
    }
}

/// Visible text within quotation marks.
fn quoted(shown: &str) -> String {
    format!("\"{}\"", clip(shown, SHOWN))
}

#[cfg(test)]
pub(super) mod tests {
    use bytes::Bytes;

    use super::*;

    pub(in crate::suite) fn reply(status: u16, headers: &str, body: &[u8]) -> HttpResponse {
        HttpResponse {
            status,
            interim: Bytes::new(),
            head: Head::from(format!("HTTP/1.1 {status} X\r\n{headers}\r\n")),
            body: Bytes::copy_from_slice(body),
            body_bytes: body.len() as u64,
            end: BodyEnd::Complete,
        }
    }

    pub(in crate::suite) fn expectations(typed: &[&str]) -> Expectations {
        let mut expectations = Expectations::default();
        typed.iter().for_each(|typed| expectations.add(typed).unwrap());
        expectations
    }

    fn compared(typed: &str, reply: &HttpResponse) -> Vec<String> {
        compare(&expectations(&[typed]), reply).iter().map(AnswerDifference::words).collect()
    }

    pub(in crate::suite) const HEADERS: &str =
        "Content-Type: application/json; charset=utf-8\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\n";
    pub(in crate::suite) const BODY: &[u8] =
        br#"{"result": {"id": 7, "name": "Ada", "tags": ["a", "b"], "price": 1.10}, "error": null}"#;

    #[test]
    fn what_is_as_expected_says_nothing() {
        let reply = reply(202, HEADERS, BODY);
        for typed in [
            "status=202",
            "status=2xx",
            "header:content-type~^application/json",
            "header:Set-Cookie=b=2",
            "!header:Server",
            "body:result.id=7",
            "body:result.name=Ada",
            "body:result.price=1.1",
            "body:result.tags=[\"a\",\"b\"]",
            "body:result={\"price\":1.10,\"tags\":[\"a\",\"b\"],\"id\":7,\"name\":\"Ada\"}",
            "body:error=null",
            "!body:result.missing",
            "body:result.tags[1]~^b$",
            "body~\"Ada\"",
        ] {
            assert_eq!(compared(typed, &reply), Vec::<String>::new(), "{typed}");
        }
        assert!(compare(&Expectations::default(), &reply).is_empty());
    }

    #[test]
    fn what_is_not_is_told_with_both_values() {
        let reply = reply(500, HEADERS, BODY);
        for (typed, words) in [
            ("status=2xx", "status: expected 2xx, got 500"),
            (
                "header:Content-Type=text/plain",
                "header Content-Type: expected \"text/plain\", got \"application/json; charset=utf-8\"",
            ),
            ("header:Set-Cookie=c", "header Set-Cookie: expected \"c\", got \"a=1\" and \"b=2\""),
            ("header:X-Id", "header X-Id: expected one, got no such header"),
            ("!header:Set-Cookie", "header Set-Cookie: expected none, got \"a=1\" and \"b=2\""),
            ("body:result.id=\"7\"", "body result.id: expected \"7\", got 7"),
            ("body:result.id=8", "body result.id: expected 8, got 7"),
            ("body:result.name=7", "body result.name: expected 7, got \"Ada\""),
            ("body:missing", "body missing: expected a value, got nothing there"),
            ("!body:error", "body error: expected nothing there, got null"),
            ("body:result.name~^B", "body result.name: expected what matches ^B, got \"Ada\""),
        ] {
            assert_eq!(compared(typed, &reply), [words], "{typed}");
        }
    }

    #[test]
    fn differences_within_a_value_have_their_paths() {
        let details =
            |typed: &str, body: &[u8]| compare(&expectations(&[typed]), &reply(200, "", body)).remove(0).details;
        assert_eq!(
            details(
                r#"body:result={"id": 8, "name": "Ada", "new": true}"#,
                br#"{"result": {"id": 7, "name": "Ada", "x": 1}}"#
            ),
            ["id: expected 8, got 7", "new: expected true, got nothing", "x: not expected, got 1"]
        );
        assert_eq!(details("body=a\nb\nc\n", b"a\nx\nc\n"), ["- b␊", "+ x␊"]);
        assert_eq!(details("body=a", b"b"), Vec::<String>::new());
        assert_eq!(details("body:id=1", b"<html>\x1b[31m"), ["the body is not JSON: <html>␛[31m"]);
        assert_eq!(details("body:id=1", b""), ["the response has no body"]);
        assert_eq!(details("body=", b"x\n").len(), 0);
        let many = format!("body:a={:?}", vec![0; 50]);
        let found = format!("{{\"a\": {:?}}}", (1..=50).collect::<Vec<_>>());
        let many = details(&many, found.as_bytes());
        assert!(many.len() == DETAILS + 1 && many[DETAILS].starts_with("… and "), "{many:?}");
    }

    #[test]
    fn a_cut_body_is_a_difference_and_a_compressed_one_is_opened() {
        let mut cut = reply(200, "", b"{}");
        cut.end = BodyEnd::ClosedEarly;
        assert_eq!(
            compared("status=200", &cut),
            ["body: expected a whole body, got one that is incomplete: the connection was closed early"]
        );
        cut.end = BodyEnd::Limit;
        assert!(compared("status=200", &cut).is_empty());
        assert_eq!(compared("body~x", &cut).len(), 1);
        // gzip of {"a":1} by Python's gzip.compress(b'{"a":1}', mtime=0).
        let gzip = hex::decode("1f8b0800000000000203ab564a54b232ac0500afac1b5607000000").unwrap();
        assert_eq!(compared("body:a=1", &reply(200, "Content-Encoding: gzip\r\n", &gzip)), Vec::<String>::new());
    }
}
