//! Deliveries, and what is found out about them.

use schemars::JsonSchema;

use super::explained::{DiagnosisReport, DriftShape, EventReportShape, SeenBeforeShape};
use super::{AttemptKindCode, AttemptModeCode, HeaderPair, OutcomeCode, VerdictCode};

/// A page of deliveries, the newest first.
#[derive(JsonSchema)]
pub(in crate::api) struct DeliveryPage {
    deliveries: Vec<DeliveryRow>,
    /// The before of the next page; null at the end.
    next: Option<i64>,
}

/// Deliveries by number.
#[derive(JsonSchema)]
pub(in crate::api) struct DeletedIds {
    ids: Vec<i64>,
}

/// A delivery that was changed.
#[derive(JsonSchema)]
pub(in crate::api) struct ChangedDelivery {
    id: i64,
    /// Whether it is different now.
    changed: bool,
}

/// A delivery as a list shows it.
pub(in crate::api) type DeliveryRow = RowShape<AnswerFactsShape>;

/// A delivery as a list shows it.
#[derive(JsonSchema)]
#[schemars(rename = "DeliveryRow")]
pub(in crate::api) struct RowShape<A> {
    /// Consecutive within a store, in the order in which deliveries were stored.
    id: i64,
    /// RFC 3339, UTC, milliseconds: when the head was complete.
    #[schemars(extend("format" = "date-time"))]
    received_at: String,
    /// The peer's address and port.
    remote: String,
    method: String,
    /// As sent, the query included; empty when the request was malformed.
    path: String,
    /// The configured webhook that the path belongs to.
    webhook: Option<String>,
    /// From the envelope.
    event: Option<String>,
    /// From the envelope.
    version: Option<String>,
    /// Whether the envelope says that it is a simulation.
    simulation: bool,
    /// The length of data in the envelope, or 1 when it is an object.
    items: Option<u64>,
    intake: IntakeCode,
    verdict: VerdictCode,
    /// The label of the secret that matched.
    secret: Option<String>,
    /// Capture time minus the timestamp header; negative if it is in the future.
    age_seconds: Option<i64>,
    /// Whether the age is within the tolerance.
    fresh: Option<bool>,
    /// Length of the stored body.
    body_bytes: u64,
    /// The first image.
    image: Option<ImageShape>,
    /// The code of the likeliest cause of a signature that does not match.
    cause: Option<String>,
    pinned: bool,
    user_note: Option<String>,
    tags: Vec<String>,
    /// What was sent back, once it was.
    answer: Option<A>,
}

/// How the request arrived.
#[derive(JsonSchema)]
#[schemars(rename = "Intake", rename_all = "snake_case")]
enum IntakeCode {
    Complete,
    Truncated,
    TooLarge,
    Incomplete,
    Malformed,
    Rebuilt,
}

#[derive(JsonSchema)]
#[schemars(rename = "DeliveryImage")]
struct ImageShape {
    form: String,
    /// Bytes in the payload.
    bytes: u64,
    total: Option<u64>,
    format: Option<String>,
    width: Option<u32>,
    height: Option<u32>,
}

/// The answer to a delivery.
#[derive(JsonSchema)]
#[schemars(rename = "AnswerFacts")]
pub(in crate::api) struct AnswerFactsShape {
    outcome: OutcomeCode,
    /// 0 when no complete one was sent.
    status: u16,
    rule: String,
    latency_ms: f64,
}

/// The answer to a delivery, completely.
#[derive(JsonSchema)]
#[schemars(rename = "Answer")]
struct AnswerShape {
    #[schemars(flatten)]
    facts: AnswerFactsShape,
    headers: Vec<HeaderPair>,
    /// Where a value is not UTF-8: the exact bytes of every value, in the order of headers.
    #[schemars(skip_serializing_if = "Option::is_none")]
    headers_base64: Option<Vec<String>>,
    /// Bytes of the body that was sent, stored or not.
    body_bytes: u64,
    #[schemars(flatten)]
    body: BodyShape,
    /// The interim answers that were sent before it, byte for byte.
    #[schemars(skip_serializing_if = "Option::is_none")]
    interim_base64: Option<String>,
}

/// One of the two.
#[derive(JsonSchema)]
pub(super) struct BodyShape {
    /// The body as text, when it is UTF-8.
    #[schemars(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    /// Any other.
    #[schemars(skip_serializing_if = "Option::is_none")]
    body_base64: Option<String>,
}

/// One delivery with everything that is known of it.
#[derive(JsonSchema)]
#[schemars(rename = "Delivery")]
pub(in crate::api) struct DeliveryDetail {
    #[schemars(flatten)]
    row: RowShape<AnswerShape>,
    /// The same as received_at, in Unix microseconds.
    received_us: i64,
    /// What was wrong, when it is not complete.
    #[schemars(skip_serializing_if = "Option::is_none")]
    intake_reason: Option<String>,
    timestamp: Option<TimestampShape>,
    /// Why a signature is malformed or ambiguous; of several accepted schemes, which one verified it.
    note: Option<String>,
    /// Why the signature does not match; null when there is nothing to explain or no secret is configured.
    diagnosis: Option<DiagnosisReport>,
    /// In order, with duplicates; bytes outside UTF-8 are replaced.
    headers: Vec<HeaderPair>,
    /// The fields after the last chunk of a chunked body, likewise; no signature is read from them.
    #[schemars(skip_serializing_if = "Option::is_none")]
    trailers: Option<Vec<HeaderPair>>,
    /// The request line and headers, byte for byte.
    head_base64: String,
    #[schemars(flatten)]
    body: BodyShape,
    /// The chunk framing around the body on the wire.
    #[schemars(skip_serializing_if = "Option::is_none")]
    framing_base64: Option<String>,
    /// How many of its last bytes belong to no body.
    #[schemars(skip_serializing_if = "Option::is_none")]
    unframed_bytes: Option<u64>,
    /// The kind of the body, detected from its bytes.
    body_kind: BodyKindCode,
    /// How it was inflated or decoded for display, and where it contradicts its declared type.
    body_notes: Vec<String>,
    /// The event in the documentation's terms; null when the body is not an event.
    event_report: Option<EventReportShape>,
    /// Where it differs from the documentation, the most severe first.
    drift: Vec<DriftShape>,
    seen_before: Option<SeenBeforeShape>,
    images: Vec<FoundImageShape>,
    /// The newest 100 attempts made from it, the newest first.
    attempts: Vec<AttemptRow>,
    /// The sender's attempts for the same delivery, this one among them, the earliest first; empty when it is the only one.
    retries: Vec<RetryShape>,
    /// Where it was forwarded to.
    forward: Vec<ForwardShape>,
}

#[derive(JsonSchema)]
#[schemars(rename = "BodyKind", rename_all = "snake_case")]
enum BodyKindCode {
    Json,
    JsonLines,
    Form,
    Multipart,
    Xml,
    Text,
    Binary,
    Empty,
}

#[derive(JsonSchema)]
#[schemars(rename = "DeliveryTimestamp")]
struct TimestampShape {
    raw: String,
    unit: TimestampUnitCode,
    age_seconds: Option<i64>,
    age_ms: Option<i64>,
    fresh: Option<bool>,
}

#[derive(JsonSchema)]
#[schemars(rename = "TimestampUnit", rename_all = "snake_case")]
enum TimestampUnitCode {
    Seconds,
    Milliseconds,
    Other,
}

/// The images of a delivery.
#[derive(JsonSchema)]
pub(in crate::api) struct DeliveryImages {
    id: i64,
    images: Vec<FoundImageShape>,
}

#[derive(JsonSchema)]
#[schemars(rename = "FoundImage")]
struct FoundImageShape {
    path: String,
    form: String,
    bytes: u64,
    total: Option<u64>,
    format: Option<String>,
    width: Option<u32>,
    height: Option<u32>,
    /// Null when the format marks no end.
    complete: Option<bool>,
    segments: Vec<ImageSegmentShape>,
    explanation: Option<String>,
}

#[derive(JsonSchema)]
#[schemars(rename = "ImageSegment")]
struct ImageSegmentShape {
    name: String,
    offset: u64,
    length: u64,
    cut: bool,
}

/// An attempt as a list shows it.
#[derive(JsonSchema)]
pub(in crate::api) struct AttemptRow {
    id: i64,
    kind: AttemptKindCode,
    mode: AttemptModeCode,
    #[schemars(extend("format" = "date-time"))]
    at: String,
    target: String,
    result: AttemptResultCode,
    status: Option<u16>,
    latency_ms: f64,
    error: Option<AttemptRowErrorShape>,
}

/// delivered: a status from 200 to 299.
#[derive(JsonSchema)]
#[schemars(rename = "AttemptResult", rename_all = "snake_case")]
pub(super) enum AttemptResultCode {
    Delivered,
    Failed,
}

#[derive(JsonSchema)]
#[schemars(rename = "AttemptRowError")]
struct AttemptRowErrorShape {
    code: String,
    message: String,
    advice: Option<String>,
}

#[derive(JsonSchema)]
#[schemars(rename = "Retry")]
struct RetryShape {
    id: i64,
    #[schemars(extend("format" = "date-time"))]
    received_at: String,
    /// Since the previous one.
    after_seconds: Option<f64>,
    same: SamenessCode,
    verdict: VerdictCode,
    status: Option<u16>,
    outcome: Option<OutcomeCode>,
    rule: Option<String>,
}

#[derive(JsonSchema)]
#[schemars(rename = "Sameness", rename_all = "snake_case")]
enum SamenessCode {
    Body,
    ButForTime,
}

#[derive(JsonSchema)]
#[schemars(rename = "Forward")]
struct ForwardShape {
    target: String,
    status: Option<u16>,
    error: Option<String>,
    latency_ms: f64,
    agreement: Option<AgreementCode>,
    meaning: Option<String>,
    /// The likelier first.
    reasons: Vec<String>,
    proved_cause: Option<String>,
    probe: Option<ForwardProbeShape>,
}

#[derive(JsonSchema)]
#[schemars(rename = "Agreement", rename_all = "snake_case")]
enum AgreementCode {
    BothAccept,
    BothRefuse,
    OnlyHere,
    OnlyThere,
    NotJudged,
    Other,
}

/// What the newest probe of that server showed.
#[derive(JsonSchema)]
#[schemars(rename = "ForwardProbe")]
struct ForwardProbeShape {
    finding: String,
    checks: Option<bool>,
    meaning: String,
}

/// Whether a filter is valid.
#[derive(JsonSchema)]
#[schemars(untagged)]
pub(in crate::api) enum FilterCheck {
    Valid(ValidFilter),
    Invalid(InvalidFilter),
}

#[derive(JsonSchema)]
pub(in crate::api) struct ValidFilter {
    #[schemars(extend("const" = true))]
    valid: bool,
    /// As whyhook writes it.
    filter: String,
    /// Whether headers or bodies are read for it.
    needs_content: bool,
}

#[derive(JsonSchema)]
pub(in crate::api) struct InvalidFilter {
    #[schemars(extend("const" = false))]
    valid: bool,
    /// The byte at which the mistake is.
    at: u64,
    problem: String,
}
