//! What bears on a disagreement between an upstream server and our verdict: a proved cause, and the history of the
//! secret.

use serde_json::Value;

use super::diagnosis::Subject;
use super::history::history;
use crate::config::Registry;
use crate::delivery::{Delivery, Verdict};
use crate::rules::AgreementFacts;
use crate::signature::diagnose::{Budget, Cause, CauseCode, CauseKind, Diagnosis};
use crate::store::Reader;

/// Causes that do not explain how a server could accept the delivery.
const NO_EXPLANATION: [CauseCode; 5] = [
    CauseCode::SecretSent,
    CauseCode::SignatureHeaderMissing,
    CauseCode::TimestampHeaderMissing,
    CauseCode::HeaderDuplicated,
    CauseCode::SignatureTruncated,
];

/// The proved cause, in a sentence, that explains why a server may accept what does not verify here.
#[must_use]
pub fn explaining_cause(diagnosis: &Diagnosis) -> Option<&str> {
    let explains =
        |cause: &&Cause| cause.kind != CauseKind::Evidence && !NO_EXPLANATION.iter().any(|code| cause.has(*code));
    diagnosis.causes.iter().find(explains).map(|cause| cause.summary.as_str())
}

/// The explaining cause of a diagnosis that was kept, as JSON.
fn kept_cause(diagnosis: &Value) -> Option<String> {
    let explains = |cause: &&Value| {
        let changes = cause["changes"].as_array().map(Vec::as_slice).unwrap_or_default();
        let is_excluded = |change: &Value| NO_EXPLANATION.iter().any(|code| change["code"] == code.code());
        cause["kind"] != CauseKind::Evidence.code() && !changes.iter().any(is_excluded)
    };
    let causes = diagnosis["causes"].as_array()?;
    causes.iter().find(explains).and_then(|cause| cause["summary"].as_str()).map(str::to_owned)
}

/// What is known of a delivery that does not verify: what was found out before, or what a search within `budget` finds
/// now, and how many earlier deliveries of its webhook verified.
#[must_use]
pub fn facts(reader: &Reader, delivery: &Delivery, registry: &Registry, budget: &Budget<'_>) -> AgreementFacts {
    let judgement = &delivery.summary.judgement;
    if matches!(judgement.verdict, Verdict::Verified | Verdict::NoSecret | Verdict::NotJudged) {
        return AgreementFacts::default();
    }
    let history = history(reader, delivery, registry);
    let kept = reader.diagnosis(delivery.summary.id).ok().flatten();
    let kept = kept.and_then(|json| serde_json::from_str::<Value>(&json).ok());
    let cause = match kept {
        Some(kept) => kept_cause(&kept),
        None if registry.keyring().is_empty() => None,
        None => explaining_cause(&Subject::of(delivery, registry).why(&history, budget)).map(str::to_owned),
    };
    AgreementFacts { cause, verified_before: history.verified }
}
