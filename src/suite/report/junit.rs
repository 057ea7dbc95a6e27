//! A report as JUnit XML, which CI systems read.

use super::SuiteReport;
use crate::send::junit::{JunitCase, JunitOutcome, JunitSuite};
use crate::suite::compare::AnswerDifference;
use crate::suite::run::{CaseOutcome, CaseResult};

/// The report as a document of one suite: a test case for each case.
#[must_use]
pub fn suite_junit(report: &SuiteReport) -> String {
    let cases = report.results.iter().map(of_result).collect();
    JunitSuite { name: format!("whyhook suite {} {}", report.suites.join(" "), report.target), cases }.to_xml()
}

fn of_result(result: &CaseResult) -> JunitCase {
    let outcome = match &result.outcome {
        CaseOutcome::AsExpected => JunitOutcome::Passed,
        CaseOutcome::NotSent => JunitOutcome::Skipped,
        CaseOutcome::NoAnswer(failure) => JunitOutcome::Failed {
            kind: failure.code.clone(),
            message: format!("no response: {}", failure.message),
            text: failure.advice.clone(),
        },
        CaseOutcome::NoServer(failure) => JunitOutcome::Failed {
            kind: failure.code.clone(),
            message: format!("no server: {}", failure.message),
            text: failure.advice.clone(),
        },
        CaseOutcome::Differs(differences) => JunitOutcome::Failed {
            kind: "difference".to_owned(),
            message: differences.iter().map(AnswerDifference::words).collect::<Vec<_>>().join("; "),
            text: differences.iter().flat_map(lines).collect::<Vec<_>>().join("\n"),
        },
    };
    JunitCase {
        class: format!("whyhook.suite.{}", result.suite),
        name: result.name.clone(),
        time: Some(result.latency.unwrap_or_default()),
        outcome,
    }
}

fn lines(difference: &AnswerDifference) -> impl Iterator<Item = String> {
    let details = difference.details.iter().map(|line| format!("  {line}"));
    std::iter::once(difference.words()).chain(details)
}
