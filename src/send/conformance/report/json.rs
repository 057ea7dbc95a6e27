//! A report as the documented JSON.

use serde_json::{Value, json};

use super::{CheckOutcome, CheckReport};
use crate::send::conformance::case::Expect;
use crate::send::conformance::findings::CheckFinding;
use crate::send::conformance::judge::{CaseVerdict, CheckRow, Observed};
use crate::send::conformance::probe::ProvedMistake;
use crate::signature::catalogue;
use crate::text::units::milliseconds;

/// The documented JSON.
#[must_use]
pub fn report_json(report: &CheckReport) -> Value {
    let scheme = match report.scheme.name.as_str() {
        "" if report.scheme.is_trackpilots() => json!(catalogue::TRACKPILOTS),
        "" => Value::Null,
        name => json!(name),
    };
    json!({
        "target": report.target,
        "scheme": scheme,
        "signed_url": report.signed_url(),
        "kind": report.kind.name(),
        "max_age_seconds": report.max_age.map(|age| age.as_secs()),
        "result": match report.outcome() {
            CheckOutcome::Pass => "pass",
            CheckOutcome::Fail => "fail",
            CheckOutcome::NoVerdict => "no_verdict",
        },
        "judged": report.no_verdict.is_none(),
        "no_verdict": report.no_verdict.as_ref().map(|why| json!({"reason": why.code(), "message": why.words()})),
        "counts": {
            "pass": report.count(CaseVerdict::Pass),
            "fail": report.count(CaseVerdict::Fail),
            "advice": report.count(CaseVerdict::Advice),
            "skipped": report.count(CaseVerdict::Skipped),
        },
        "faults": report.findings.iter().map(finding_json).collect::<Vec<_>>(),
        "cases": report.by_mark().into_iter().map(|row| row_json(report, row)).collect::<Vec<_>>(),
        "not_applicable": report
            .left_out
            .iter()
            .map(|left| json!({"name": left.name, "reason": left.reason}))
            .collect::<Vec<_>>(),
    })
}

fn finding_json(finding: &CheckFinding) -> Value {
    let code = &finding.remedy.code;
    json!({
        "fault": finding.fault.code(),
        "required": finding.required,
        "title": finding.title,
        "means": finding.remedy.means,
        "detail": finding.detail,
        "proof": finding.proof,
        "fix": finding.remedy.fix,
        "hint": if code.is_empty() { Value::Null } else { json!(code) },
        "cause": finding.mistake.as_ref().map(mistake_json),
    })
}

fn mistake_json(mistake: &ProvedMistake) -> Value {
    json!({
        "code": mistake.cause.code(),
        "kind": if mistake.is_alarm { "alarm" } else { "proof" },
        "detail": mistake.detail,
        "names": mistake.names,
        "with": mistake.with.as_ref().map(|(code, _)| code.code()),
        "fix": mistake.fix,
    })
}

fn row_json(report: &CheckReport, row: &CheckRow) -> Value {
    let error = match &row.came {
        Observed::Nothing { code, reason, .. } => json!({"code": code, "message": reason}),
        Observed::Answer { .. } | Observed::Limited { .. } | Observed::NotSent => Value::Null,
    };
    let fault = match row.mark {
        CaseVerdict::Fail | CaseVerdict::Advice => report.finding_of(row).map(|finding| finding.fault),
        CaseVerdict::Pass | CaseVerdict::Skipped => None,
    };
    json!({
        "name": row.case.name,
        "sends": row.sends,
        "expect": match row.case.expect { Expect::Accept => "accept", Expect::Refuse(_) => "refuse" },
        "documented_status": match row.case.expect { Expect::Accept => 200, Expect::Refuse(status) => status },
        "required": report.is_required(&row.case),
        "mark": row.mark.code(),
        "status": row.came.status(),
        "latency_ms": row.came.latency().map(milliseconds),
        "error": error,
        "fault": fault.unwrap_or(row.case.fault).code(),
    })
}
