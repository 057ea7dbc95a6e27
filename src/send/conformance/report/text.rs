//! A report for people: an aligned table, and each fault with its proof and its remedy.

use std::fmt::Write as _;

use super::CheckReport;
use crate::send::conformance::ReceiverFault;
use crate::send::conformance::case::{Case, Weight};
use crate::send::conformance::findings::CheckFinding;
use crate::send::conformance::judge::{CaseVerdict, CheckRow};
use crate::text::{clip, visible};

/// Columns of what came: a status, or why there is none.
const CAME_COLUMNS: usize = 60;

/// Whether marks are coloured. Nothing is told by colour alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Palette {
    /// For a terminal.
    Colours,
    /// For files, pipes, and `NO_COLOR`.
    Plain,
}

impl Palette {
    fn paint(self, mark: CaseVerdict, text: &str) -> String {
        let code = match mark {
            CaseVerdict::Pass => "32",
            CaseVerdict::Fail => "31;1",
            CaseVerdict::Advice => "33",
            CaseVerdict::Skipped => "2",
        };
        match self {
            Self::Colours => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
            Self::Plain => text.to_owned(),
        }
    }
}

fn word(mark: CaseVerdict) -> &'static str {
    match mark {
        CaseVerdict::Pass => "pass",
        CaseVerdict::Fail => "FAIL",
        CaseVerdict::Advice => "advice",
        CaseVerdict::Skipped => "skipped",
    }
}

/// The whole report.
#[must_use]
pub fn report_text(report: &CheckReport, palette: Palette) -> String {
    let mut text = String::new();
    let age = report.max_age.map(|age| format!(", at most {} s old", age.as_secs())).unwrap_or_default();
    let _ = writeln!(text, "{}, as a {} webhook{age}\n", visible(&report.target), report.kind.name());
    let names = report.rows.iter().map(|row| row.case.name.len()).max().unwrap_or(0);
    for row in &report.rows {
        let _ = writeln!(text, "{}", row_text(row, names, palette));
    }
    for (index, finding) in report.findings.iter().enumerate() {
        // Pieces of advice stand together, below the faults.
        if index == 0 || report.findings[index - 1].required {
            text.push('\n');
        }
        push_finding(&mut text, finding, palette);
    }
    let count = |mark| report.count(mark);
    let _ = write!(text, "\n{} passed, {} failed", count(CaseVerdict::Pass), count(CaseVerdict::Fail));
    for (mark, words) in [(CaseVerdict::Advice, "advised"), (CaseVerdict::Skipped, "not sent")] {
        if count(mark) > 0 {
            let _ = write!(text, ", {} {words}", count(mark));
        }
    }
    let _ = writeln!(text, "\n{}", verdict(report, palette));
    text
}

fn verdict(report: &CheckReport, palette: Palette) -> String {
    let required: Vec<&str> =
        report.findings.iter().filter(|finding| finding.required).map(|finding| finding.fault.code()).collect();
    if report.is_pass() && report.count(CaseVerdict::Skipped) > 0 {
        palette.paint(CaseVerdict::Advice, "! Incomplete: not every case was sent")
    } else if report.is_pass() {
        palette.paint(CaseVerdict::Pass, "✓ Passed: the receiver does what the documentation requires")
    } else {
        palette.paint(CaseVerdict::Fail, &format!("✗ Failed: {}", required.join(", ")))
    }
}

fn row_text(row: &CheckRow, names: usize, palette: Palette) -> String {
    let mark = palette.paint(row.mark, &format!("{} {:<7}", row.mark.glyph(), word(row.mark)));
    let latency = row.came.latency().map_or_else(String::new, |latency| format!("{} ms", latency.as_millis()));
    let came = visible(&row.came.words()).into_owned();
    let line = format!("{mark} {:<names$} {latency:>8}  {}", row.case.name, clip(&came, CAME_COLUMNS));
    // What passed needs no more than its status.
    match row.mark {
        CaseVerdict::Pass => line,
        _ => format!("{line}, expected {}: {}", row.case.expect.words(), row.case.sends),
    }
}

fn push_finding(text: &mut String, finding: &CheckFinding, palette: Palette) {
    let fault = finding.fault;
    let (mark, weight) = if finding.required { (CaseVerdict::Fail, "") } else { (CaseVerdict::Advice, " (advice)") };
    let head = palette.paint(mark, &format!("{} {}", mark.glyph(), fault.code()));
    let _ = writeln!(text, "{head}: {}{weight}", fault.title());
    let mut line = |name: &str, value: &str| {
        if !value.is_empty() {
            let _ = writeln!(text, "  {name:<6} {}", visible(value));
        }
    };
    // Advice is kept short: it is not what anybody has to look for.
    if finding.required {
        line("means", fault.means());
        line("seen", &finding.detail);
        line("proof", &finding.proof.join(", "));
    }
    line("fix", fault.fix());
    if finding.required {
        line("code", fault.hint());
    }
}

/// The matrix as a table: names, what is expected, what a failure points at, what is sent.
#[must_use]
pub fn list_text(cases: &[Case]) -> String {
    let names = cases.iter().map(|case| case.name.len()).max().unwrap_or(0);
    let faults = ReceiverFault::ALL.iter().map(|fault| fault.code().len()).max().unwrap_or(0);
    let mut text = String::new();
    for case in cases {
        let weight = match case.weight {
            Weight::Required => "required",
            Weight::Advisory => "advisory",
            Weight::WithMaxAge => "with --max-age",
        };
        let (expect, fault) = (case.expect.words(), case.fault.code());
        let _ = writeln!(text, "{:<names$} {expect:<14} {weight:<14} {fault:<faults$} {}", case.name, case.sends);
    }
    text
}
