//! Attempts: what was sent, and what came back.

use schemars::JsonSchema;

use super::deliveries::{AttemptResultCode, BodyShape};
use super::{AttemptKindCode, AttemptModeCode, BodyEndCode, HeaderPair};

/// One attempt, completely.
#[derive(JsonSchema)]
#[schemars(rename = "Attempt")]
pub(in crate::api) struct AttemptReport {
    /// Its number in the store; missing where it is not stored.
    #[schemars(skip_serializing_if = "Option::is_none")]
    attempt: Option<i64>,
    /// The delivery it was made from.
    delivery: Option<i64>,
    kind: AttemptKindCode,
    mode: AttemptModeCode,
    /// When it began.
    #[schemars(extend("format" = "date-time"))]
    at: String,
    target: String,
    /// The address, once connected.
    peer: Option<String>,
    result: AttemptResultCode,
    status: Option<u16>,
    status_class: Option<StatusClassCode>,
    latency_ms: f64,
    connect_ms: Option<f64>,
    tls_ms: Option<f64>,
    /// From the request's first byte to the response's.
    first_byte_ms: Option<f64>,
    /// Why there is no response.
    error: Option<AttemptErrorShape>,
    /// The signature headers as sent.
    delivery_headers: Vec<HeaderPair>,
    /// The URL that was signed, where the scheme signs one and the request was signed here.
    signed_url: Option<String>,
    headers: Vec<HeaderPair>,
    body_bytes: u64,
    #[schemars(flatten)]
    body: BodyShape,
    response: Option<ResponseShape>,
    /// Of a replay: what could not be sent as captured.
    #[schemars(skip_serializing_if = "Option::is_none")]
    changes: Option<Vec<ReplayChangeShape>>,
}

#[derive(JsonSchema)]
#[schemars(rename = "StatusClass", rename_all = "snake_case")]
enum StatusClassCode {
    Success,
    Redirect,
    ClientError,
    ServerError,
    Other,
}

#[derive(JsonSchema)]
#[schemars(rename = "AttemptError")]
struct AttemptErrorShape {
    /// The term of Trackpilots' documentation.
    #[schemars(skip_serializing_if = "Option::is_none")]
    term: Option<String>,
    /// A code of docs/json.md.
    code: String,
    message: String,
    /// What to do.
    #[schemars(skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
}

#[derive(JsonSchema)]
#[schemars(rename = "AttemptResponse")]
struct ResponseShape {
    /// The interim responses before it, as received.
    #[schemars(skip_serializing_if = "Option::is_none")]
    interim: Option<String>,
    #[schemars(skip_serializing_if = "Option::is_none")]
    interim_base64: Option<String>,
    status: u16,
    reason: String,
    headers: Vec<HeaderPair>,
    /// Of everything received.
    body_bytes: u64,
    #[schemars(flatten)]
    body: BodyShape,
    /// The body as it can be read, where it was compressed or is in another character set than UTF-8.
    #[schemars(skip_serializing_if = "Option::is_none")]
    decoded_body: Option<String>,
    #[schemars(skip_serializing_if = "Option::is_none")]
    decoded_body_base64: Option<String>,
    /// What was done for it, and what could not be.
    #[schemars(skip_serializing_if = "Option::is_none")]
    body_remarks: Option<Vec<String>>,
    body_end: BodyEndCode,
}

#[derive(JsonSchema)]
#[schemars(rename = "ReplayChange")]
struct ReplayChangeShape {
    code: String,
    detail: String,
}

/// What a replay or a simulation came to.
#[derive(JsonSchema)]
#[schemars(rename = "Sending")]
pub(in crate::api) struct SendingResult {
    total: u64,
    sent: u64,
    delivered: u64,
    failed: u64,
    /// Of one, the whole attempt; of several, at most 1,000 without what was sent and received.
    attempts: Vec<SentAttempt>,
    attempts_omitted: u64,
}

#[derive(JsonSchema)]
#[schemars(untagged)]
pub(in crate::api) enum SentAttempt {
    Whole(Box<AttemptReport>),
    Row(SentAttemptRow),
}

/// One of several attempts, or one that was not sent.
#[derive(JsonSchema)]
pub(in crate::api) struct SentAttemptRow {
    #[schemars(skip_serializing_if = "Option::is_none")]
    attempt: Option<i64>,
    delivery: Option<i64>,
    #[schemars(skip_serializing_if = "Option::is_none")]
    kind: Option<AttemptKindCode>,
    #[schemars(skip_serializing_if = "Option::is_none")]
    mode: Option<AttemptModeCode>,
    #[schemars(skip_serializing_if = "Option::is_none", extend("format" = "date-time"))]
    at: Option<String>,
    target: String,
    result: AttemptResultCode,
    #[schemars(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[schemars(skip_serializing_if = "Option::is_none")]
    latency_ms: Option<f64>,
    error: Option<AttemptErrorShape>,
}
