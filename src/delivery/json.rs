//! A delivery as the stable JSON of the command line (`list`, `show`, `wait`, headless lines).
//!
//! The field names are an outer contract. Serialised text goes through [`crate::text::safe_json`]
//! before it is printed.

use std::borrow::Cow;

use base64::Engine as _;
use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;

use super::{Answer, AnswerFacts, Delivery, ImageFacts, Summary, TimestampFacts};
use crate::text::units::milliseconds;

/// One delivery as JSON, without headers and body.
#[must_use]
pub fn summary_json(summary: &Summary) -> Value {
    value(&SummaryForm::of(summary, summary.answer.as_ref().map(AnswerForm::of)))
}

/// [`summary_json`] as text, for those who print many.
#[must_use]
pub fn summary_text(summary: &Summary) -> String {
    text(&SummaryForm::of(summary, summary.answer.as_ref().map(AnswerForm::of)))
}

/// One delivery as JSON with its headers (an array of pairs, in order) and its body (`body` when it
/// is UTF-8, `body_base64` otherwise), and with what was found out about its signature.
#[must_use]
pub fn detail_json(delivery: &Delivery, diagnosis: Option<&Value>) -> Value {
    value(&DetailForm::of(delivery, diagnosis))
}

/// [`detail_json`] as text, for those who print many.
#[must_use]
pub fn detail_text(delivery: &Delivery, diagnosis: Option<&Value>) -> String {
    text(&DetailForm::of(delivery, diagnosis))
}

// None of these types refuses to be written.
fn value(form: &impl Serialize) -> Value {
    serde_json::to_value(form).unwrap_or_default()
}

fn text(form: &impl Serialize) -> String {
    serde_json::to_string(form).unwrap_or_default()
}

/// A delivery's row, with the answer as one of the forms below.
#[derive(Serialize)]
struct SummaryForm<'a, A> {
    id: i64,
    received_at: String,
    remote: &'a str,
    method: &'a str,
    path: &'a str,
    webhook: Option<&'a str>,
    event: Option<&'a str>,
    version: Option<&'a str>,
    simulation: bool,
    items: Option<u64>,
    intake: &'static str,
    verdict: &'static str,
    secret: Option<&'a str>,
    age_seconds: Option<i64>,
    fresh: Option<bool>,
    body_bytes: u64,
    image: Option<ImageForm<'a>>,
    cause: Option<&'a str>,
    pinned: bool,
    user_note: Option<&'a str>,
    tags: &'a [String],
    answer: Option<A>,
}

impl<'a, A> SummaryForm<'a, A> {
    fn of(summary: &'a Summary, answer: Option<A>) -> Self {
        let Summary { event, judgement, .. } = summary;
        Self {
            id: summary.id.0,
            received_at: format!("{:.3}", summary.received_at),
            remote: &summary.remote,
            method: &summary.method,
            path: &summary.path,
            webhook: summary.webhook.as_deref(),
            event: event.event.as_deref(),
            version: event.version.as_deref(),
            simulation: event.is_simulation(),
            items: event.items,
            intake: summary.intake.name(),
            verdict: judgement.verdict.code(),
            secret: judgement.secret.as_deref(),
            age_seconds: judgement.timestamp.as_ref().and_then(TimestampFacts::age_seconds),
            fresh: judgement.timestamp.as_ref().and_then(|timestamp| timestamp.fresh),
            body_bytes: summary.body_bytes,
            image: summary.image.as_ref().map(ImageForm::of),
            cause: summary.cause.as_deref(),
            pinned: summary.marks.pinned,
            user_note: summary.marks.note.as_deref(),
            tags: &summary.marks.tags,
            answer,
        }
    }
}

/// A whole delivery.
#[derive(Serialize)]
struct DetailForm<'a> {
    #[serde(flatten)]
    summary: SummaryForm<'a, FullAnswerForm<'a>>,
    received_us: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    intake_reason: Option<&'a str>,
    timestamp: Option<TimestampForm<'a>>,
    note: Option<&'a str>,
    diagnosis: Option<&'a Value>,
    headers: Vec<(String, String)>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    trailers: Vec<(String, String)>,
    head_base64: String,
    #[serde(flatten)]
    body: BytesForm<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    framing_base64: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unframed_bytes: Option<usize>,
}

impl<'a> DetailForm<'a> {
    fn of(delivery: &'a Delivery, diagnosis: Option<&'a Value>) -> Self {
        let Summary { intake, judgement, received_at, .. } = &delivery.summary;
        let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let head = &delivery.head;
        Self {
            summary: SummaryForm::of(&delivery.summary, delivery.answer.as_ref().map(FullAnswerForm::of)),
            received_us: received_at.as_microsecond(),
            intake_reason: (!intake.is_complete()).then(|| intake.reason()),
            timestamp: judgement.timestamp.as_ref().map(TimestampForm::of),
            note: judgement.note.as_deref(),
            diagnosis,
            headers: head.fields().map(|field| (lossy(&field.name), lossy(&field.value))).collect(),
            trailers: delivery.framing.trailers().map(|(name, value)| (lossy(name), lossy(value))).collect(),
            head_base64: base64::prelude::BASE64_STANDARD.encode(&delivery.head),
            body: BytesForm::of(&delivery.body),
            framing_base64: encoded(delivery.framing.as_bytes()),
            unframed_bytes: Some(delivery.framing.unframed_bytes()).filter(|bytes| *bytes > 0),
        }
    }
}

/// Nothing for no bytes.
fn encoded(bytes: &[u8]) -> Option<String> {
    (!bytes.is_empty()).then(|| base64::prelude::BASE64_STANDARD.encode(bytes))
}

#[derive(Serialize)]
struct TimestampForm<'a> {
    raw: &'a str,
    unit: &'static str,
    age_seconds: Option<i64>,
    age_ms: Option<i64>,
    fresh: Option<bool>,
}

impl<'a> TimestampForm<'a> {
    fn of(timestamp: &'a TimestampFacts) -> Self {
        Self {
            raw: &timestamp.raw,
            unit: timestamp.unit.code(),
            age_seconds: timestamp.age_seconds(),
            age_ms: timestamp.age_ms,
            fresh: timestamp.fresh,
        }
    }
}

#[derive(Serialize)]
struct ImageForm<'a> {
    form: &'a str,
    bytes: u64,
    total: Option<u64>,
    format: Option<&'a str>,
    width: Option<u32>,
    height: Option<u32>,
}

impl<'a> ImageForm<'a> {
    fn of(image: &'a ImageFacts) -> Self {
        let ImageFacts { form, bytes, total, format, width, height } = image;
        Self { form, bytes: *bytes, total: *total, format: format.as_deref(), width: *width, height: *height }
    }
}

#[derive(Serialize)]
struct AnswerForm<'a> {
    outcome: &'static str,
    status: u16,
    rule: &'a str,
    latency_ms: f64,
}

impl<'a> AnswerForm<'a> {
    fn of(answer: &'a AnswerFacts) -> Self {
        Self::new(answer.outcome.code(), answer.status, answer.rule.as_str(), answer.latency)
    }

    fn new(outcome: &'static str, status: u16, rule: &'a str, latency: std::time::Duration) -> Self {
        Self { outcome, status, rule, latency_ms: milliseconds(latency) }
    }
}

#[derive(Serialize)]
struct FullAnswerForm<'a> {
    #[serde(flatten)]
    facts: AnswerForm<'a>,
    headers: Vec<(&'a str, Cow<'a, str>)>,
    /// Where a value is not UTF-8: the exact bytes of all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    headers_base64: Option<Vec<String>>,
    body_bytes: u64,
    #[serde(flatten)]
    body: BytesForm<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    interim_base64: Option<String>,
}

impl<'a> FullAnswerForm<'a> {
    fn of(answer: &'a Answer) -> Self {
        let is_exact = answer.headers.iter().any(|(_, value)| std::str::from_utf8(value).is_err());
        let base64 = |(_, value): &(String, Bytes)| base64::prelude::BASE64_STANDARD.encode(value);
        Self {
            facts: AnswerForm::new(answer.outcome.code(), answer.status, answer.rule.as_str(), answer.latency),
            headers: answer.headers.iter().map(|(name, value)| (&**name, String::from_utf8_lossy(value))).collect(),
            headers_base64: is_exact.then(|| answer.headers.iter().map(base64).collect()),
            body_bytes: answer.body_bytes,
            body: BytesForm::of(&answer.body),
            interim_base64: encoded(&answer.interim),
        }
    }
}

/// A body: one of the two.
#[derive(Serialize)]
struct BytesForm<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body_base64: Option<String>,
}

impl<'a> BytesForm<'a> {
    fn of(bytes: &'a [u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self { body: Some(text), body_base64: None },
            Err(_) => Self { body: None, body_base64: Some(base64::prelude::BASE64_STANDARD.encode(bytes)) },
        }
    }
}
