//! Jobs, and what they come to.

use schemars::JsonSchema;

use super::VerdictCode;
use super::explained::CauseKindCode;
use super::sending::SendingResult;
use crate::signature::SigningKind;

/// Work that takes longer than a request.
#[derive(JsonSchema)]
#[schemars(rename = "{R}Job")]
pub(in crate::api) struct JobReport<R> {
    /// Its number.
    job: u64,
    /// What it does.
    kind: String,
    state: JobStateCode,
    /// Null before it is known.
    progress: Option<JobProgressShape>,
    /// Null while it runs and where it has failed; of a cancelled one, what was done by then.
    result: Option<R>,
    /// Why it has failed.
    error: Option<String>,
}

#[derive(JsonSchema)]
#[schemars(rename = "JobState", rename_all = "snake_case")]
pub(in crate::api) enum JobStateCode {
    Running,
    Done,
    Cancelled,
    Ended,
    Failed,
}

#[derive(JsonSchema)]
#[schemars(rename = "JobProgress")]
struct JobProgressShape {
    done: u64,
    total: u64,
}

/// The jobs that run and the last that have ended, the oldest first.
#[derive(JsonSchema)]
#[schemars(rename = "Jobs")]
pub(in crate::api) struct JobsReport {
    jobs: Vec<JobReport<AnyJobResult>>,
}

/// What a job of any kind comes to.
#[derive(JsonSchema)]
#[schemars(rename = "Any", untagged)]
pub(in crate::api) enum AnyJobResult {
    Marking(MarkingResult),
    Deletion(DeletionResult),
    Restoring(RestoringResult),
    Prune(PruneResult),
    Import(ImportResult),
    Sending(SendingResult),
    Check(Box<CheckResult>),
    Rejudged(RejudgedResult),
}

#[derive(JsonSchema)]
#[schemars(rename = "Marking")]
pub(in crate::api) struct MarkingResult {
    matched: u64,
    /// How many are different now.
    changed: u64,
}

#[derive(JsonSchema)]
#[schemars(rename = "Deletion")]
pub(in crate::api) struct DeletionResult {
    matched: u64,
    deleted: u64,
    /// Pinned ones, which were kept.
    pinned_kept: u64,
}

#[derive(JsonSchema)]
#[schemars(rename = "Restoring")]
pub(in crate::api) struct RestoringResult {
    matched: u64,
    restored: u64,
}

#[derive(JsonSchema)]
#[schemars(rename = "Prune")]
pub(in crate::api) struct PruneResult {
    matched: u64,
    deleted: u64,
    /// Bytes of the listener's log.
    freed_bytes: u64,
    dry_run: bool,
}

#[derive(JsonSchema)]
#[schemars(rename = "Import")]
pub(in crate::api) struct ImportResult {
    imported: u64,
    /// Numbers between the two may be of deliveries that came meanwhile.
    first: Option<i64>,
    last: Option<i64>,
    /// Entries that are not requests; the first thousand.
    passed_over: Vec<PassedOverEntry>,
    /// What of the others could not be kept exactly; the first thousand.
    remarks: Vec<RemarkedEntry>,
}

#[derive(JsonSchema)]
#[schemars(rename = "PassedOverEntry")]
struct PassedOverEntry {
    /// From 1.
    entry: u64,
    reason: String,
}

#[derive(JsonSchema)]
#[schemars(rename = "RemarkedEntry")]
struct RemarkedEntry {
    /// From 1.
    entry: u64,
    remark: String,
}

/// Stored deliveries that were judged again.
#[derive(JsonSchema)]
#[schemars(rename = "Rejudged")]
pub(in crate::api) struct RejudgedResult {
    /// Those that did not verify at capture.
    judged: u64,
    verified: u64,
    /// Whether these were all of the store.
    all: bool,
    /// Those that are different now.
    verdicts: Vec<RejudgedVerdictShape>,
}

#[derive(JsonSchema)]
#[schemars(rename = "RejudgedVerdict")]
struct RejudgedVerdictShape {
    id: i64,
    verdict: VerdictCode,
}

/// Whether a receiver is correct.
#[derive(JsonSchema)]
#[schemars(rename = "Check")]
pub(in crate::api) struct CheckResult {
    target: String,
    /// Null for one of your own.
    scheme: Option<String>,
    /// The URL that was signed, where the scheme signs one.
    signed_url: Option<String>,
    kind: SigningKind,
    max_age_seconds: Option<u64>,
    result: CheckOutcomeCode,
    judged: bool,
    no_verdict: Option<NoVerdictShape>,
    counts: CheckCountsShape,
    /// The most severe first.
    faults: Vec<CheckFaultShape>,
    cases: Vec<CheckCaseShape>,
    not_applicable: Vec<NotApplicableShape>,
}

#[derive(JsonSchema)]
#[schemars(rename = "CheckOutcome", rename_all = "snake_case")]
enum CheckOutcomeCode {
    Pass,
    Fail,
    NoVerdict,
}

#[derive(JsonSchema)]
#[schemars(rename = "NoCheckVerdict")]
struct NoVerdictShape {
    reason: String,
    message: String,
}

#[derive(JsonSchema)]
#[schemars(rename = "CheckCounts")]
struct CheckCountsShape {
    pass: u64,
    fail: u64,
    advice: u64,
    skipped: u64,
}

#[derive(JsonSchema)]
#[schemars(rename = "CheckFault")]
struct CheckFaultShape {
    /// A name of docs/check.md.
    fault: String,
    required: bool,
    title: String,
    means: String,
    detail: String,
    /// Names of cases.
    proof: Vec<String>,
    fix: String,
    hint: Option<String>,
    cause: Option<CheckMistakeShape>,
}

/// The mistake that was proved.
#[derive(JsonSchema)]
#[schemars(rename = "CheckMistake")]
struct CheckMistakeShape {
    /// A code of docs/signatures.md.
    code: String,
    kind: CauseKindCode,
    detail: String,
    names: Vec<String>,
    with: Option<String>,
    fix: String,
}

#[derive(JsonSchema)]
#[schemars(rename = "CheckCase")]
struct CheckCaseShape {
    name: String,
    sends: String,
    expect: ExpectCode,
    documented_status: u16,
    required: bool,
    mark: CheckMarkCode,
    status: Option<u16>,
    latency_ms: Option<f64>,
    error: Option<CheckErrorShape>,
    fault: String,
}

#[derive(JsonSchema)]
#[schemars(rename = "CheckExpectation", rename_all = "snake_case")]
enum ExpectCode {
    Accept,
    Refuse,
}

#[derive(JsonSchema)]
#[schemars(rename = "CheckMark", rename_all = "snake_case")]
enum CheckMarkCode {
    Pass,
    Fail,
    Advice,
    Skipped,
}

#[derive(JsonSchema)]
#[schemars(rename = "CheckError")]
struct CheckErrorShape {
    code: String,
    message: String,
}

#[derive(JsonSchema)]
#[schemars(rename = "NotApplicableCase")]
struct NotApplicableShape {
    name: String,
    reason: String,
}
