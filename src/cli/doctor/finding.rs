//! What a check has found, and how all of it is printed.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::private::Anonymous;
use crate::text::{MarkTone, Palette, visible, wrap_after};

/// How a check ended; the later, the worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum DoctorOutcome {
    Ok,
    /// It works, and may not be what is wanted.
    Warning,
    /// It does not work.
    Problem,
}

impl DoctorOutcome {
    fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Problem => "problem",
        }
    }

    fn tone(self) -> MarkTone {
        match self {
            Self::Ok => MarkTone::Good,
            Self::Warning => MarkTone::Caution,
            Self::Problem => MarkTone::Bad,
        }
    }
}

/// What a check has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Finding {
    /// The check's name, which never changes.
    pub(super) check: &'static str,
    pub(super) outcome: DoctorOutcome,
    /// What was found.
    pub(super) found: String,
    /// What to do next.
    pub(super) next: Option<String>,
}

impl Finding {
    pub(super) fn ok(check: &'static str, found: impl Into<String>) -> Self {
        Self { check, outcome: DoctorOutcome::Ok, found: found.into(), next: None }
    }

    pub(super) fn warning(check: &'static str, found: impl Into<String>, next: impl Into<String>) -> Self {
        Self { check, outcome: DoctorOutcome::Warning, found: found.into(), next: Some(next.into()) }
    }

    pub(super) fn problem(check: &'static str, found: impl Into<String>, next: impl Into<String>) -> Self {
        Self { outcome: DoctorOutcome::Problem, ..Self::warning(check, found, next) }
    }
}

/// Everything that was found, without what is somebody's.
#[derive(Debug)]
pub(super) struct DoctorReport {
    findings: Vec<Finding>,
}

/// Columns before a finding: its outcome and its name.
const OUTCOME_COLUMNS: usize = 9;
const NAME_COLUMNS: usize = 15;

impl DoctorReport {
    pub(super) fn new(findings: Vec<Finding>, anonymous: &Anonymous) -> Self {
        let clean = |text: String| visible(&anonymous.text(&text)).into_owned();
        let findings = findings.into_iter();
        let clean =
            |finding: Finding| Finding { found: clean(finding.found), next: finding.next.map(clean), ..finding };
        Self { findings: findings.map(clean).collect() }
    }

    pub(super) fn outcome(&self) -> DoctorOutcome {
        self.findings.iter().map(|finding| finding.outcome).max().unwrap_or(DoctorOutcome::Ok)
    }

    fn count(&self, outcome: DoctorOutcome) -> usize {
        self.findings.iter().filter(|finding| finding.outcome == outcome).count()
    }

    /// A line for each finding, broken at `columns` where there is such a width.
    pub(super) fn text(&self, columns: Option<usize>, palette: Palette) -> String {
        let mut text = format!("whyhook {} on {}\n\n", env!("CARGO_PKG_VERSION"), system());
        for finding in &self.findings {
            let head = format!("{:<OUTCOME_COLUMNS$}{:<NAME_COLUMNS$}", finding.outcome.name(), finding.check);
            let next = finding.next.as_ref().map_or(String::new(), |next| format!("; {next}"));
            let name = finding.outcome.name();
            let lines = wrap_after(&head, &format!("{}{next}", finding.found), columns);
            text.push_str(&palette.paint(finding.outcome.tone(), name));
            text.push_str(lines.strip_prefix(name).unwrap_or(&lines));
        }
        let counted = |count: usize, noun: &str| match count {
            0 => None,
            1 => Some(format!("1 {noun}")),
            _ => Some(format!("{count} {noun}s")),
        };
        let found = [
            counted(self.count(DoctorOutcome::Problem), "problem"),
            counted(self.count(DoctorOutcome::Warning), "warning"),
        ];
        let found: Vec<String> = found.into_iter().flatten().collect();
        let end = if found.is_empty() { "no problem found".to_owned() } else { found.join(", ") };
        let _ = writeln!(text, "\n{end}");
        text
    }

    pub(super) fn json(&self) -> Value {
        let finding = |finding: &Finding| {
            json!({
                "check": finding.check, "outcome": finding.outcome.name(), "found": finding.found, "next": finding.next,
            })
        };
        json!({
            "version": env!("CARGO_PKG_VERSION"),
            "system": system(),
            "outcome": self.outcome().name(),
            "checks": self.findings.iter().map(finding).collect::<Vec<_>>(),
        })
    }
}

fn system() -> String {
    format!("{} {}", std::env::consts::OS, std::env::consts::ARCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_says_what_to_do_and_how_many_are_wrong() {
        let findings = vec![
            Finding::ok("port", "127.0.0.1:3000 is free"),
            Finding::warning("tunnel", "none is seen", "start one with `ngrok http 3000` for senders elsewhere"),
            Finding::problem("store", "cannot read /home/ann/x.db\u{1b}", "name another with --store"),
        ];
        let anonymous = Anonymous::of("/home/ann/work".as_ref(), Some("/home/ann".as_ref()), &["ann".to_owned()]);
        let report = DoctorReport::new(findings, &anonymous);
        assert_eq!(report.outcome(), DoctorOutcome::Problem);
        let text = report.text(None, Palette::Plain);
        let (_, lines) = text.split_once("\n\n").unwrap();
        assert_eq!(
            lines,
            "ok       port           127.0.0.1:3000 is free\n\
             warning  tunnel         none is seen; start one with `ngrok http 3000` for senders elsewhere\n\
             problem  store          cannot read ~/x.db␛; name another with --store\n\n1 problem, 1 warning\n"
        );
        assert!(report.text(Some(60), Palette::Plain).lines().all(|line| line.chars().count() <= 60));
        assert_eq!(report.json()["checks"][0]["next"], Value::Null);
        assert_eq!(report.json()["outcome"], "problem");
    }
}
