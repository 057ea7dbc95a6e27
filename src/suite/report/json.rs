//! A report as the documented JSON.

use serde_json::{Value, json};

use super::{SuiteReport, mark};
use crate::suite::compare::AnswerDifference;
use crate::suite::run::{CaseOutcome, CaseResult};
use crate::text::units::milliseconds;

/// The documented JSON.
#[must_use]
pub fn suite_json(report: &SuiteReport) -> Value {
    let (passed, failed, skipped) = report.counts();
    let result = match (failed, report.is_cancelled) {
        (1.., _) => "fail",
        (0, true) => "no_verdict",
        (0, false) => "pass",
    };
    json!({
        "target": report.target,
        "suites": report.suites,
        "result": result,
        "counts": {"pass": passed, "fail": failed, "skipped": skipped},
        "cases": report.results.iter().map(case_json).collect::<Vec<_>>(),
    })
}

fn case_json(result: &CaseResult) -> Value {
    let (differences, error) = match &result.outcome {
        CaseOutcome::Differs(differences) => (differences.iter().map(difference_json).collect(), Value::Null),
        CaseOutcome::NoAnswer(failure) | CaseOutcome::NoServer(failure) => {
            (Vec::new(), json!({"code": failure.code, "message": failure.message, "advice": failure.advice}))
        }
        CaseOutcome::AsExpected | CaseOutcome::NotSent => (Vec::new(), Value::Null),
    };
    json!({
        "suite": result.suite,
        "name": result.name,
        "sent": result.sent_as,
        "mark": mark(&result.outcome),
        "status": result.reply.as_ref().map(|reply| reply.status),
        "latency_ms": result.latency.map(milliseconds),
        "differences": differences,
        "error": error,
    })
}

fn difference_json(difference: &AnswerDifference) -> Value {
    json!({
        "place": difference.place,
        "expected": difference.expected,
        "got": difference.came,
        "details": difference.details,
    })
}
