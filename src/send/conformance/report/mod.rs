//! The result of a check, and its formats.

mod junit;
mod text;

pub use junit::junit;
pub use text::{Palette, list_text, report_text};

use std::time::Duration;

use serde_json::{Value, json};

use super::case::{Case, Expect};
use super::findings::CheckFinding;
use super::judge::{CaseVerdict, CheckRow, Observed};
use crate::signature::SigningKind;

/// The result of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckReport {
    /// The receiver.
    pub target: String,
    /// The kind of webhook that was sent.
    pub kind: SigningKind,
    /// The age that it must refuse, if one was asked for.
    pub max_age: Option<Duration>,
    /// Every case, in the order of the matrix.
    pub rows: Vec<CheckRow>,
    /// The faults, the gravest first.
    pub findings: Vec<CheckFinding>,
}

impl CheckReport {
    /// Whether nothing required failed.
    #[must_use]
    pub fn is_pass(&self) -> bool {
        !self.rows.iter().any(|row| row.mark == CaseVerdict::Fail)
            && !self.findings.iter().any(|finding| finding.required)
    }

    /// How many rows have this mark.
    #[must_use]
    pub fn count(&self, mark: CaseVerdict) -> usize {
        self.rows.iter().filter(|row| row.mark == mark).count()
    }

    fn is_required(&self, case: &Case) -> bool {
        case.weight.is_required(self.max_age.is_some())
    }
}

/// The documented JSON.
#[must_use]
pub fn report_json(report: &CheckReport) -> Value {
    json!({
        "target": report.target,
        "kind": report.kind.name(),
        "max_age_seconds": report.max_age.map(|age| age.as_secs()),
        "result": if report.is_pass() { "pass" } else { "fail" },
        "counts": {
            "pass": report.count(CaseVerdict::Pass),
            "fail": report.count(CaseVerdict::Fail),
            "advice": report.count(CaseVerdict::Advice),
            "skipped": report.count(CaseVerdict::Skipped),
        },
        "faults": report.findings.iter().map(finding_json).collect::<Vec<_>>(),
        "cases": report.rows.iter().map(|row| row_json(report, row)).collect::<Vec<_>>(),
    })
}

fn finding_json(finding: &CheckFinding) -> Value {
    let fault = finding.fault;
    json!({
        "fault": fault.code(),
        "required": finding.required,
        "title": fault.title(),
        "means": fault.means(),
        "detail": finding.detail,
        "proof": finding.proof,
        "fix": fault.fix(),
        "hint": if fault.hint().is_empty() { Value::Null } else { json!(fault.hint()) },
    })
}

fn row_json(report: &CheckReport, row: &CheckRow) -> Value {
    let error = match &row.came {
        Observed::Nothing { code, reason, .. } => json!({"code": code, "message": reason}),
        Observed::Answer { .. } | Observed::NotSent => Value::Null,
    };
    json!({
        "name": row.case.name,
        "sends": row.case.sends,
        "expect": match row.case.expect { Expect::Accept => "accept", Expect::Refuse(_) => "refuse" },
        "documented_status": match row.case.expect { Expect::Accept => 200, Expect::Refuse(status) => status },
        "required": report.is_required(&row.case),
        "mark": row.mark.code(),
        "status": row.came.status(),
        "latency_ms": row.came.latency().map(milliseconds),
        "error": error,
        "fault": row.case.fault.code(),
    })
}

#[expect(clippy::cast_precision_loss, reason = "microseconds of an exchange are far below 2^52")]
fn milliseconds(time: Duration) -> f64 {
    time.as_micros() as f64 / 1000.0
}
