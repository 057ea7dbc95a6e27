//! A report for people: what is wrong first, with its remedy, then the cases, failures before all others.

use std::fmt::Write as _;

use super::{CheckOutcome, CheckReport, by_reason};
use crate::send::conformance::ReceiverFault;
use crate::send::conformance::applicable::NotApplicable;
use crate::send::conformance::case::{Case, Weight};
use crate::send::conformance::findings::CheckFinding;
use crate::send::conformance::judge::{CaseVerdict, CheckRow};
use crate::signature::Scheme;
use crate::text::{MarkTone, Palette, clip, visible, wrap_after};

/// Columns of what came: a status, or why there is none.
const CAME_COLUMNS: usize = 60;

/// The colour of a mark.
fn tone(mark: CaseVerdict) -> MarkTone {
    match mark {
        CaseVerdict::Pass => MarkTone::Good,
        CaseVerdict::Fail => MarkTone::Bad,
        CaseVerdict::Advice => MarkTone::Caution,
        CaseVerdict::Skipped => MarkTone::Quiet,
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

/// The whole report. On a terminal of `columns`, what is said of a fault is broken into lines at words; the code that
/// mends it is one line, to be copied.
#[must_use]
pub fn report_text(report: &CheckReport, palette: Palette, columns: Option<usize>) -> String {
    let mut text = String::new();
    let age = report.max_age.map(|age| format!(", at most {} s old", age.as_secs())).unwrap_or_default();
    let _ = writeln!(text, "{}, {}{age}", visible(&report.target), report.webhook());
    if let Some(url) = report.signed_url() {
        let _ = writeln!(text, "URL signed: {}", visible(&url));
    }
    for (required, heading) in [(true, "Faults"), (false, "Advice")] {
        let found: Vec<&CheckFinding> = report.findings.iter().filter(|finding| finding.required == required).collect();
        if !found.is_empty() {
            let _ = writeln!(text, "\n{heading}");
        }
        found.into_iter().for_each(|finding| push_finding(&mut text, finding, palette, columns));
    }
    push_cases(&mut text, report, palette);
    let reasons = by_reason(&report.left_out);
    if !reasons.is_empty() {
        let _ = writeln!(text, "\nNot applicable ({})", report.left_out.len());
    }
    for (reason, names) in reasons {
        text.push_str(&wrap_after("  ", &format!("{reason}: {}", names.join(", ")), columns));
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

fn push_cases(text: &mut String, report: &CheckReport, palette: Palette) {
    let columns = report.rows.iter().map(|row| row.case.name.len()).max().unwrap_or(0);
    for mark in CaseVerdict::ALL {
        let rows: Vec<&CheckRow> = report.rows.iter().filter(|row| row.mark == mark).collect();
        if rows.is_empty() {
            continue;
        }
        let _ = writeln!(text, "\n{} ({})", mark.heading(), rows.len());
        let is_silent = |row: &CheckRow| row.came.status().is_none();
        // What was not sent is told by its names.
        if mark == CaseVerdict::Skipped && rows.iter().all(|row| is_silent(row)) {
            let names: Vec<&str> = rows.iter().map(|row| row.case.name).collect();
            let _ = writeln!(text, "  {}", palette.paint(tone(mark), &names.join(", ")));
            continue;
        }
        for row in rows {
            let _ = writeln!(text, "{}", row_text(row, columns, palette));
        }
    }
}

fn verdict(report: &CheckReport, palette: Palette) -> String {
    let (mark, glyph) = match report.outcome() {
        CheckOutcome::Pass => (CaseVerdict::Pass, "✓"),
        CheckOutcome::Fail => (CaseVerdict::Fail, "✗"),
        CheckOutcome::NoVerdict => (CaseVerdict::Advice, "!"),
    };
    palette.paint(tone(mark), &palette.marked(glyph, &visible(&report.verdict())))
}

fn row_text(row: &CheckRow, names: usize, palette: Palette) -> String {
    let mark = palette.paint(tone(row.mark), &palette.marked(row.mark.glyph(), &format!("{:<7}", word(row.mark))));
    let latency = row.came.latency().map_or_else(String::new, |latency| format!("{} ms", latency.as_millis()));
    let came = visible(&row.came.words()).into_owned();
    let line = format!("{mark} {:<names$} {latency:>8}  {}", row.case.name, clip(&came, CAME_COLUMNS));
    // What passed needs no more than its status.
    match row.mark {
        CaseVerdict::Pass => line,
        _ => format!("{line}, expected {}: {}", row.case.expect.words(), row.sends),
    }
}

fn push_finding(text: &mut String, finding: &CheckFinding, palette: Palette, columns: Option<usize>) {
    let mark = if finding.required { CaseVerdict::Fail } else { CaseVerdict::Advice };
    let head = palette.paint(tone(mark), &palette.marked(mark.glyph(), finding.fault.code()));
    let _ = writeln!(text, "{head}: {}", visible(&finding.title));
    let mut line = |name: &str, value: &str| {
        if !value.is_empty() {
            let columns = columns.filter(|_| name != "code");
            text.push_str(&wrap_after(&format!("  {name:<6} "), &visible(value), columns));
        }
    };
    // Advice is kept short: it is not what anybody has to look for.
    if finding.required {
        line("means", &finding.remedy.means);
        line("seen", &finding.detail);
        line("proof", &finding.proof.join(", "));
    }
    line("fix", &finding.remedy.fix);
    if finding.required {
        line("code", &finding.remedy.code);
    }
}

/// The matrix of a scheme as a table: names, what is expected, what a failure points at, what is sent; then what is left
/// out, and why.
#[must_use]
pub fn list_text(cases: &[Case], left_out: &[NotApplicable], scheme: &Scheme) -> String {
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
        let sends = case.words(scheme);
        let _ = writeln!(text, "{:<names$} {expect:<14} {weight:<14} {fault:<faults$} {sends}", case.name);
    }
    for (reason, names) in by_reason(left_out) {
        let _ = writeln!(text, "not applicable, since {reason}: {}", names.join(", "));
    }
    text
}
