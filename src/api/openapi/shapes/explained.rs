//! What is found out about a delivery: its signature, and its event.

use std::collections::BTreeMap;

use schemars::JsonSchema;

use super::VerdictCode;

/// Why a signature does not match.
#[derive(JsonSchema)]
#[schemars(rename = "Diagnosis")]
pub(in crate::api) struct DiagnosisReport {
    /// Whether the search was finished.
    complete: bool,
    /// Digests computed.
    tried: u64,
    /// Digests that the whole search would have computed, as far as known.
    of: Option<u64>,
    /// The last stage that was begun.
    stage: SearchStageCode,
    verdict: VerdictCode,
    /// The likeliest first.
    causes: Vec<CauseShape>,
    evidence: Vec<EvidenceShape>,
}

#[derive(JsonSchema)]
#[schemars(rename = "SearchStage", rename_all = "snake_case")]
enum SearchStageCode {
    Structure,
    Canonical,
    One,
    Pairs,
    Triples,
    Deep,
}

#[derive(JsonSchema)]
#[schemars(rename = "Cause")]
struct CauseShape {
    /// All of them together make the signature match.
    changes: Vec<SignedDifferenceShape>,
    kind: CauseKindCode,
    summary: String,
    fix: String,
    /// The label of the secret that it holds for.
    secret: Option<String>,
}

#[derive(JsonSchema)]
#[schemars(rename = "SignedDifference")]
struct SignedDifferenceShape {
    /// A code of docs/signatures.md.
    code: String,
    detail: String,
    /// Everything that produces the same bytes.
    names: Vec<String>,
    at: Option<BytePlaceShape>,
}

#[derive(JsonSchema)]
#[schemars(rename = "BytePlace")]
struct BytePlaceShape {
    part: RequestPartCode,
    offset: u64,
    before: String,
    after: String,
}

#[derive(JsonSchema)]
#[schemars(rename = "RequestPart", rename_all = "lowercase")]
enum RequestPartCode {
    Signature,
    Timestamp,
    Secret,
    Body,
}

#[derive(JsonSchema)]
#[schemars(rename = "CauseKind", rename_all = "lowercase")]
pub(super) enum CauseKindCode {
    Proof,
    Alarm,
    Evidence,
}

#[derive(JsonSchema)]
#[schemars(rename = "Evidence")]
struct EvidenceShape {
    code: String,
    text: String,
}

#[derive(JsonSchema)]
#[schemars(rename = "EventReport")]
pub(super) struct EventReportShape {
    event: Option<String>,
    simulation: Option<bool>,
    version: Option<String>,
    agent: Option<String>,
    event_time: Option<String>,
    header_after_event_ms: Option<i64>,
    arrival_after_event_ms: Option<i64>,
    organisation: Option<String>,
    team: Option<String>,
    user: Option<String>,
    item_count: u64,
    /// Up to 100.
    items: Vec<EventItemShape>,
}

#[derive(JsonSchema)]
#[schemars(rename = "EventItem")]
struct EventItemShape {
    /// Null when data is not an array.
    index: Option<u64>,
    organisation: Option<String>,
    team: Option<String>,
    user: Option<String>,
    /// What the item has of app, domain, duration and so on.
    #[schemars(flatten)]
    facts: BTreeMap<String, String>,
}

#[derive(JsonSchema)]
#[schemars(rename = "Drift")]
pub(super) struct DriftShape {
    severity: DriftSeverityCode,
    code: String,
    path: String,
    expected: String,
    found: String,
    /// In how many further items the same was found.
    more: u64,
}

#[derive(JsonSchema)]
#[schemars(rename = "DriftSeverity", rename_all = "lowercase")]
enum DriftSeverityCode {
    Breaks,
    Differs,
    Note,
}

/// The event's ids in earlier deliveries.
#[derive(JsonSchema)]
#[schemars(rename = "SeenBefore")]
pub(super) struct SeenBeforeShape {
    looked_at: u64,
    /// Whether those were all deliveries.
    all: bool,
    ids: Vec<SeenIdShape>,
}

#[derive(JsonSchema)]
#[schemars(rename = "SeenId")]
struct SeenIdShape {
    kind: String,
    id: String,
    count: u64,
    first: i64,
    last: i64,
}
