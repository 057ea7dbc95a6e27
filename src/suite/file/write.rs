//! Writes suites: one order, one form.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};

use super::VERSION;
use super::form::{BodyForm, CaseForm, ExpectForm, HeaderForm, SuiteForm, SuiteObject};
use crate::http::HeaderLine;
use crate::signature::SigningKind;
use crate::suite::case::{Suite, SuiteCase, SuiteSigning};
use crate::suite::expect::{BodyExpectation, Expectations, ExpectedStatus, ExpectedValue, HeaderExpectation};
use crate::text::safe_json;

/// The whole file: members in one order, two spaces a level, a line end last; what a reader would not see is escaped.
#[must_use]
pub fn write(suite: &Suite) -> String {
    let form =
        SuiteForm { version: VERSION, cases: suite.cases.iter().map(|case| SuiteObject(case_form(case))).collect() };
    #[expect(clippy::expect_used, reason = "text, numbers and lists of them are JSON")]
    let text = serde_json::to_string_pretty(&form).expect("a suite is JSON");
    safe_json(&(text + "\n")).into_owned()
}

fn case_form(case: &SuiteCase) -> CaseForm {
    let request = &case.request;
    let (target, target_base64) = text_or_base64(&request.target);
    let (body, body_base64) = if request.body.is_empty() { (None, None) } else { text_or_base64(&request.body) };
    let (signature, with) = match &case.signing {
        SuiteSigning::AsReceived => ("as_received", None),
        SuiteSigning::Resign(with) => ("resign", Some(with)),
    };
    let kind = with.map(|with| with.kind).filter(|kind| *kind != SigningKind::default());
    CaseForm {
        name: case.name.clone(),
        received_at: case.received_at.map(moment_text),
        signature: signature.to_owned(),
        webhook: with.and_then(|with| with.webhook.clone()),
        scheme: with.and_then(|with| with.scheme.clone()),
        kind: kind.map(|kind| kind.name().to_owned()),
        secret: with.and_then(|with| with.secret.clone()),
        method: request.method.clone(),
        target,
        target_base64,
        headers: request.headers.iter().map(header).collect(),
        body,
        body_base64,
        expect: SuiteObject(expect_form(&case.expect)),
    }
}

fn header(line: &HeaderLine) -> Value {
    match text_or_base64(line.bytes()) {
        (Some(text), _) => Value::String(text),
        (None, digits) => json!({ "base64": digits }),
    }
}

/// As text, or in Base64 what is not UTF-8.
fn text_or_base64(bytes: &[u8]) -> (Option<String>, Option<String>) {
    match std::str::from_utf8(bytes) {
        Ok(text) => (Some(text.to_owned()), None),
        Err(_) => (None, Some(BASE64_STANDARD.encode(bytes))),
    }
}

fn expect_form(expect: &Expectations) -> ExpectForm {
    ExpectForm {
        status: expect.status.map(|status| match status {
            ExpectedStatus::Exactly(status) => Value::from(status),
            ExpectedStatus::Class(_) => Value::String(status.to_string()),
        }),
        headers: expect.headers.iter().map(|header| SuiteObject(header_form(header))).collect(),
        body: expect.body.iter().map(|body| SuiteObject(body_form(body))).collect(),
    }
}

fn header_form(header: &HeaderExpectation) -> HeaderForm {
    let form = HeaderForm { name: header.name.clone(), ..HeaderForm::default() };
    match &header.wanted {
        ExpectedValue::Text(text) | ExpectedValue::Json(text) => HeaderForm { equals: Some(text.clone()), ..form },
        ExpectedValue::Matches(pattern) => HeaderForm { matches: Some(pattern.as_str().to_owned()), ..form },
        ExpectedValue::Present => HeaderForm { present: Some(true), ..form },
        ExpectedValue::Absent => HeaderForm { present: Some(false), ..form },
    }
}

fn body_form(body: &BodyExpectation) -> BodyForm {
    let form = BodyForm { path: body.path.as_ref().map(ToString::to_string), ..BodyForm::default() };
    match &body.wanted {
        ExpectedValue::Text(text) => BodyForm { equals: string(text), ..form },
        ExpectedValue::Json(json) => BodyForm { equals: raw(json).or_else(|| string(json)), ..form },
        ExpectedValue::Matches(pattern) => BodyForm { matches: Some(pattern.as_str().to_owned()), ..form },
        ExpectedValue::Present => BodyForm { exists: Some(true), ..form },
        ExpectedValue::Absent => BodyForm { exists: Some(false), ..form },
    }
}

fn string(text: &str) -> Option<Box<RawValue>> {
    to_raw_value(text).ok()
}

/// JSON on one line, with its numbers as they are written.
fn raw(json: &str) -> Option<Box<RawValue>> {
    match ExpectedValue::json(json) {
        Ok(ExpectedValue::Json(json)) => RawValue::from_string(json).ok(),
        _ => None,
    }
}

/// In milliseconds, as deliveries are, or as finely as somebody has written it.
fn moment_text(moment: Timestamp) -> String {
    if moment.subsec_nanosecond() % 1_000_000 == 0 { format!("{moment:.3}") } else { moment.to_string() }
}
