//! A report for people: the cases in their order, under each that failed what differs and how to run it again.

use std::fmt::Write as _;

use super::SuiteReport;
use crate::suite::run::{CaseOutcome, CaseResult};
use crate::text::{MarkTone, Palette, grouped, visible, wrap_after};

/// Columns of a case's name beyond which the rest of its line is not aligned.
const NAME_COLUMNS: usize = 40;

/// The whole report; what is said of a failure is broken into lines at words on a terminal of `columns`.
#[must_use]
pub fn suite_text(report: &SuiteReport, palette: Palette, columns: Option<usize>) -> String {
    let mut text = String::new();
    let count = report.results.len();
    let cases = if count == 1 { "case" } else { "cases" };
    let suites = visible(&report.suites.join(", ")).into_owned();
    let _ = writeln!(text, "{suites}: {} {cases} to {}\n", grouped(count as u64), visible(&report.target));
    let names = report.results.iter().map(|result| result.name.chars().count()).max().unwrap_or(0).min(NAME_COLUMNS);
    for result in &report.results {
        push_result(&mut text, report, result, names, palette, columns);
    }
    let (passed, failed, skipped) = report.counts();
    let _ = write!(text, "\n{} passed, {} failed", grouped(passed as u64), grouped(failed as u64));
    if skipped > 0 {
        let _ = write!(text, ", {} not sent", grouped(skipped as u64));
    }
    let (tone, glyph) = match (failed, report.is_cancelled) {
        (1.., _) => (MarkTone::Bad, "✗"),
        (0, true) => (MarkTone::Caution, "!"),
        (0, false) => (MarkTone::Good, "✓"),
    };
    let _ = writeln!(text, "\n{}", palette.paint(tone, &format!("{glyph} {}", visible(&report.verdict()))));
    text
}

fn push_result(
    text: &mut String,
    report: &SuiteReport,
    result: &CaseResult,
    names: usize,
    palette: Palette,
    columns: Option<usize>,
) {
    let (tone, glyph, word) = match &result.outcome {
        CaseOutcome::AsExpected => (MarkTone::Good, "✓", "pass"),
        CaseOutcome::Differs(_) | CaseOutcome::NoAnswer(_) | CaseOutcome::NoServer(_) => (MarkTone::Bad, "✗", "FAIL"),
        CaseOutcome::NotSent => (MarkTone::Quiet, "·", "skip"),
    };
    let mark = palette.paint(tone, &format!("{glyph} {word}"));
    let latency = result.latency.map_or_else(String::new, |latency| format!("{} ms", latency.as_millis()));
    let status = result.reply.as_ref().map_or_else(String::new, |reply| reply.status.to_string());
    let sent_as = if result.outcome == CaseOutcome::NotSent { "not sent" } else { result.sent_as };
    let line = format!("{mark}  {:<names$}  {status:>3} {latency:>8}  {sent_as}", visible(&result.name));
    let _ = writeln!(text, "{}", line.trim_end());
    let mut push = |name: &str, words: &str| text.push_str(&wrap_after(&format!("    {name:<10}"), words, columns));
    match &result.outcome {
        CaseOutcome::Differs(differences) => {
            for difference in differences {
                push("differs", &difference.words());
                difference.details.iter().for_each(|line| push("", line));
            }
        }
        outcome @ (CaseOutcome::NoAnswer(failure) | CaseOutcome::NoServer(failure)) => {
            let name = if matches!(outcome, CaseOutcome::NoServer(_)) { "no server" } else { "no answer" };
            push(name, &visible(&failure.message));
            if !failure.advice.is_empty() {
                push("", &visible(&failure.advice));
            }
        }
        CaseOutcome::AsExpected | CaseOutcome::NotSent => return,
    }
    // One line, to be copied.
    let _ = writeln!(text, "    {:<10}{}", "again", again(report, result));
}

/// The command that runs one case again.
fn again(report: &SuiteReport, result: &CaseResult) -> String {
    // One that begins with a hyphen is an option unless it is behind a sign.
    let sign = if result.name.starts_with('-') { '=' } else { ' ' };
    format!(
        "whyhook suite run {} --to {} --only{sign}{}",
        shell_word(&result.suite),
        shell_word(&report.target),
        shell_word(&result.name)
    )
}

/// A word of a POSIX shell, of visible text.
fn shell_word(text: &str) -> String {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "-_./:@%+=,".contains(character);
    let shown = visible(text);
    if !shown.is_empty() && shown.chars().all(is_plain) {
        return shown.into_owned();
    }
    format!("'{}'", shown.replace('\'', "'\\''"))
}
