//! The result of a run, and its formats.

mod json;
mod junit;
mod text;

pub use json::suite_json;
pub use junit::suite_junit;
pub use text::suite_text;

use super::run::{CaseOutcome, CaseResult};

/// The result of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuiteReport {
    /// The server.
    pub target: String,
    /// The suites, as they were named.
    pub suites: Vec<String>,
    /// Every case, in the order of the suites.
    pub results: Vec<CaseResult>,
    /// Whether the person ended it.
    pub is_cancelled: bool,
}

impl SuiteReport {
    /// Whether every case was sent, and each response was as expected.
    #[must_use]
    pub fn is_as_expected(&self) -> bool {
        self.results.iter().all(|result| result.outcome == CaseOutcome::AsExpected)
    }

    /// How many cases passed, failed, and were not sent.
    #[must_use]
    pub fn counts(&self) -> (usize, usize, usize) {
        let count = |is: fn(&CaseOutcome) -> bool| self.results.iter().filter(|result| is(&result.outcome)).count();
        (
            count(|outcome| *outcome == CaseOutcome::AsExpected),
            count(CaseOutcome::is_failure),
            count(|outcome| *outcome == CaseOutcome::NotSent),
        )
    }

    /// The result in a line: `Passed`, `Failed: screenshot-12`, `Failed: no server`, `Cancelled`.
    #[must_use]
    pub fn verdict(&self) -> String {
        let failed = self.results.iter().filter(|result| result.outcome.is_failure());
        let is_there = |result: &CaseResult| !matches!(result.outcome, CaseOutcome::NoServer(_) | CaseOutcome::NotSent);
        let has_server = self.results.iter().any(is_there);
        let failed: Vec<&str> = failed.map(|result| result.name.as_str()).collect();
        match (failed.is_empty(), self.is_cancelled) {
            (false, _) if !has_server => format!("Failed: no server at {}", self.target),
            (false, _) => format!("Failed: {}", failed.join(", ")),
            (true, true) => "Cancelled: no verdict".to_owned(),
            (true, false) => "Passed: every response is as expected".to_owned(),
        }
    }
}

/// The stable word of an outcome.
fn mark(outcome: &CaseOutcome) -> &'static str {
    match outcome {
        CaseOutcome::AsExpected => "pass",
        CaseOutcome::Differs(_) | CaseOutcome::NoAnswer(_) | CaseOutcome::NoServer(_) => "fail",
        CaseOutcome::NotSent => "skipped",
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;

    use super::*;
    use crate::http::{BodyEnd, Failure, Head, HttpResponse};
    use crate::suite::compare::AnswerDifference;
    use crate::text::Palette;

    fn result(name: &str, status: Option<u16>, outcome: CaseOutcome) -> CaseResult {
        let reply = status.map(|status| HttpResponse {
            status,
            interim: Bytes::new(),
            head: Head::from(format!("HTTP/1.1 {status} Odd\r\n\r\n")),
            body: Bytes::new(),
            body_bytes: 0,
            end: BodyEnd::Complete,
        });
        CaseResult {
            name: name.to_owned(),
            suite: "bugs".to_owned(),
            sent_as: "re-signed",
            latency: Some(Duration::from_micros(12_300)).filter(|_| outcome != CaseOutcome::NotSent),
            reply,
            outcome,
        }
    }

    fn report() -> SuiteReport {
        let differences = vec![
            AnswerDifference {
                place: "status".to_owned(),
                expected: "200".to_owned(),
                came: "500".to_owned(),
                details: Vec::new(),
            },
            AnswerDifference {
                place: "body result".to_owned(),
                expected: "{\"id\": 7}".to_owned(),
                came: "{\"id\": 8}".to_owned(),
                details: vec!["id: expected 7, got 8".to_owned()],
            },
        ];
        let failure = Failure {
            code: "closed_early".to_owned(),
            message: "the connection was closed".to_owned(),
            advice: "look at the server's log".to_owned(),
        };
        let refused = Failure {
            code: "refused".to_owned(),
            message: "connection refused".to_owned(),
            advice: "start the server".to_owned(),
        };
        SuiteReport {
            target: "http://localhost:8080/hook".to_owned(),
            suites: vec!["bugs".to_owned()],
            results: vec![
                result("app-1", Some(200), CaseOutcome::AsExpected),
                result("screenshot-12", Some(500), CaseOutcome::Differs(differences)),
                result("it's here", None, CaseOutcome::NoAnswer(failure)),
                result("app-3", None, CaseOutcome::NoServer(refused)),
                result("app-4", None, CaseOutcome::NotSent),
            ],
            is_cancelled: false,
        }
    }

    #[test]
    fn the_reports_read_well() {
        let report = report();
        insta::assert_snapshot!("text", suite_text(&report, Palette::Plain, Some(80)));
        insta::assert_snapshot!("junit", suite_junit(&report));
        insta::assert_snapshot!("json", format!("{:#}", suite_json(&report)));
        assert!(suite_text(&report, Palette::Colours, None).contains("\u{1b}[31;1m✗ FAIL"));
    }

    #[test]
    fn the_verdict_says_passed_only_when_everything_was_sent_and_as_expected() {
        let mut report = report();
        assert_eq!((report.counts(), report.is_as_expected()), ((1, 3, 1), false));
        assert_eq!(report.verdict(), "Failed: screenshot-12, it's here, app-3");
        let refused = Failure { code: "refused".to_owned(), message: String::new(), advice: String::new() };
        let mut silent = report.clone();
        silent.results = vec![
            result("app-1", None, CaseOutcome::NoServer(refused.clone())),
            result("app-4", None, CaseOutcome::NotSent),
        ];
        assert_eq!((silent.counts(), silent.is_as_expected()), ((0, 1, 1), false));
        assert_eq!(silent.verdict(), "Failed: no server at http://localhost:8080/hook");
        silent.results.push(result("app-5", Some(200), CaseOutcome::AsExpected));
        assert_eq!(silent.verdict(), "Failed: app-1");
        report.results.truncate(1);
        assert_eq!(
            (report.verdict().as_str(), report.is_as_expected()),
            ("Passed: every response is as expected", true)
        );
        report.results.push(result("app-4", None, CaseOutcome::NotSent));
        report.is_cancelled = true;
        assert_eq!((report.verdict().as_str(), report.is_as_expected()), ("Cancelled: no verdict", false));
    }
}
