//! A report as JUnit XML, which CI systems read.

use super::CheckReport;
use crate::send::conformance::case::Expect;
use crate::send::conformance::findings::CheckFinding;
use crate::send::conformance::judge::{CaseVerdict, CheckRow};
use crate::send::junit::{JunitCase, JunitOutcome, JunitSuite};

/// The report as a document of one suite: a test case for each delivery, and one more for each fault
/// that no single delivery shows, such as answers that come too late.
#[must_use]
pub fn junit(report: &CheckReport) -> String {
    let of_rows = |finding: &&CheckFinding| !report.rows.iter().any(|row| fails_by(row, finding));
    let whole = |name: &str, outcome| JunitCase {
        class: "whyhook.check.whole".to_owned(),
        name: name.to_owned(),
        time: None,
        outcome,
    };
    // Without a verdict, the suite has one more case that says why.
    let no_verdict = report
        .no_verdict
        .as_ref()
        .map(|why| whole("verdict", JunitOutcome::Errored { kind: why.code().to_owned(), message: why.words() }));
    let apart = report.findings.iter().filter(|finding| finding.required).filter(of_rows).map(|finding| {
        let code = finding.fault.code();
        whole(code, failed(code, finding.detail.clone(), explained(finding)))
    });
    let rows = report.by_mark().into_iter().map(|row| of_row(report, row));
    let cases = no_verdict.into_iter().chain(apart).chain(rows).collect();
    JunitSuite { name: format!("whyhook check {}", report.target), cases }.to_xml()
}

fn fails_by(row: &CheckRow, finding: &CheckFinding) -> bool {
    row.mark == CaseVerdict::Fail && finding.proof.contains(&row.case.name)
}

fn of_row(report: &CheckReport, row: &CheckRow) -> JunitCase {
    let class = match row.case.expect {
        Expect::Accept => "accept",
        Expect::Refuse(_) => "refuse",
    };
    let finding = report.finding_of(row);
    let seen = format!("{}: expected {}, got {}", row.sends, row.case.expect.words(), row.came.words());
    JunitCase {
        class: format!("whyhook.check.{class}"),
        name: row.case.name.to_owned(),
        time: Some(row.came.latency().unwrap_or_default()),
        outcome: match row.mark {
            CaseVerdict::Pass => JunitOutcome::Passed,
            CaseVerdict::Skipped => JunitOutcome::Skipped,
            CaseVerdict::Advice => JunitOutcome::Noted(format!("advice: {seen}")),
            CaseVerdict::Fail => {
                let kind = finding.map_or(row.case.fault, |finding| finding.fault).code();
                failed(kind, seen, finding.map(explained).unwrap_or_default())
            }
        },
    }
}

fn failed(kind: &str, message: String, text: String) -> JunitOutcome {
    JunitOutcome::Failed { kind: kind.to_owned(), message, text }
}

fn explained(finding: &CheckFinding) -> String {
    let remedy = &finding.remedy;
    format!("{} Seen: {}. Fix: {} {}", remedy.means, finding.detail, remedy.fix, remedy.code)
}
