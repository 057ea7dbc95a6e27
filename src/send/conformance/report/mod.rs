//! The result of a check, and its formats.

mod json;
mod junit;
mod text;

pub use json::report_json;
pub use junit::junit;
pub use text::{list_text, report_text};

use std::time::Duration;

use bytes::Bytes;

use super::applicable::NotApplicable;
use super::case::Case;
use super::findings::CheckFinding;
use super::judge::{CaseVerdict, CheckRow};
use super::matrix::MATRIX;
use crate::http::{Outgoing, Target};
use crate::signature::{Scheme, SigningKind, catalogue, hashed_url};
use crate::text::{counted, grouped};

/// The result of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckReport {
    /// The receiver.
    pub target: String,
    /// The scheme that its deliveries were signed by.
    pub scheme: Scheme,
    /// The kind of webhook that was sent.
    pub kind: SigningKind,
    /// The age that it must refuse, if one was asked for.
    pub max_age: Option<Duration>,
    /// Every case, in the order of the matrix.
    pub rows: Vec<CheckRow>,
    /// The cases that mean nothing under the scheme.
    pub left_out: Vec<NotApplicable>,
    /// The faults, the gravest first.
    pub findings: Vec<CheckFinding>,
    /// Why there is no verdict; `None` when there is one.
    pub no_verdict: Option<NoVerdict>,
}

/// Why a check says nothing about its receiver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoVerdict {
    /// The person cancelled it.
    Cancelled,
    /// The receiver limits the rate.
    RateLimited {
        /// What it answered.
        reason: String,
    },
    /// It accepts nothing any more.
    Blocked {
        /// What it answers.
        reason: String,
    },
    /// It answers before it verifies.
    AnswersLater,
    /// Required cases could not be sent.
    Incomplete {
        /// How many.
        missing: usize,
    },
}

impl NoVerdict {
    /// The stable name in JSON output.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::RateLimited { .. } => "rate_limited",
            Self::Blocked { .. } => "blocked",
            Self::AnswersLater => "answers_later",
            Self::Incomplete { .. } => "incomplete",
        }
    }

    /// In a sentence.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Cancelled => "Cancelled: no verdict".to_owned(),
            Self::RateLimited { reason } => format!("Rate-limited: no verdict; the receiver {reason}"),
            Self::Blocked { reason } => format!("Blocked or stopped: no verdict; the receiver {reason}"),
            Self::AnswersLater => {
                "Cannot be judged: no verdict; the receiver answers 202 to valid and forged deliveries alike, before it verifies any"
                    .to_owned()
            }
            Self::Incomplete { missing } => {
                let cases = if *missing == 1 { "case was" } else { "cases were" };
                format!("Incomplete: no verdict; {} required {cases} not sent", grouped(*missing as u64))
            }
        }
    }
}

/// What a check comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckOutcome {
    /// Every required case passed.
    Pass,
    /// A required case failed.
    Fail,
    /// Nothing can be said.
    NoVerdict,
}

impl CheckReport {
    /// The URL that was signed, where the scheme signs one.
    pub(super) fn signed_url(&self) -> Option<String> {
        let target: Target = self.target.parse().ok()?;
        hashed_url(&self.scheme.sent_to(&target), &Outgoing::post(&target, Bytes::new()).ok()?.head())
    }

    /// What it comes to.
    #[must_use]
    pub fn outcome(&self) -> CheckOutcome {
        let failed = self.rows.iter().any(|row| row.mark == CaseVerdict::Fail)
            || self.findings.iter().any(|finding| finding.required);
        match &self.no_verdict {
            Some(_) => CheckOutcome::NoVerdict,
            None if failed => CheckOutcome::Fail,
            None => CheckOutcome::Pass,
        }
    }

    /// The result in a line: `Passed …`, `Failed: …`, `Cancelled: no verdict`.
    #[must_use]
    pub fn verdict(&self) -> String {
        match (&self.no_verdict, self.outcome()) {
            (Some(why), _) => why.words(),
            (None, CheckOutcome::Pass) if self.is_whole() => {
                "Passed: the receiver does what the documentation requires".to_owned()
            }
            (None, CheckOutcome::Pass) => {
                let cases = counted(self.rows.len() as u64, "selected case");
                format!("Passed the {cases} only: the others were not sent")
            }
            (None, _) => {
                let required = self.findings.iter().filter(|finding| finding.required);
                format!("Failed: {}", required.map(|finding| finding.fault.code()).collect::<Vec<_>>().join(", "))
            }
        }
    }

    /// Whether every case of the scheme was sent, or left out for a reason: then the receiver is known as a whole.
    fn is_whole(&self) -> bool {
        let is_sent = |case: &Case| self.rows.iter().any(|row| row.case.name == case.name);
        let is_left_out = |case: &Case| self.left_out.iter().any(|left| left.name == case.name);
        let is_trackpilots = self.scheme.is_trackpilots();
        let applies = |case: &&Case| !(is_trackpilots && case.is_sample());
        MATRIX.iter().filter(applies).all(|case| is_sent(case) || is_left_out(case))
    }

    /// How many rows have this mark.
    #[must_use]
    pub fn count(&self, mark: CaseVerdict) -> usize {
        self.rows.iter().filter(|row| row.mark == mark).count()
    }

    /// The rows, failures first; those with one mark in the order in which they were sent.
    #[must_use]
    pub fn by_mark(&self) -> Vec<&CheckRow> {
        let mut rows: Vec<&CheckRow> = self.rows.iter().collect();
        rows.sort_by_key(|row| row.mark);
        rows
    }

    /// The finding that a row proves.
    #[must_use]
    pub fn finding_of(&self, row: &CheckRow) -> Option<&CheckFinding> {
        self.findings.iter().find(|finding| finding.proof.contains(&row.case.name))
    }

    /// Whose webhook was sent, in words.
    #[must_use]
    pub fn webhook(&self) -> String {
        if self.scheme.is_trackpilots() {
            return format!("as a {} webhook", self.kind.name());
        }
        match catalogue::entry(&self.scheme.name) {
            Ok(entry) => format!("as a webhook of {}", entry.sender),
            Err(_) => "under a scheme of its own".to_owned(),
        }
    }

    fn is_required(&self, case: &Case) -> bool {
        case.weight.is_required(self.max_age.is_some())
    }
}

/// The cases that were left out, by their reasons.
fn by_reason(left_out: &[NotApplicable]) -> Vec<(&'static str, Vec<&'static str>)> {
    let mut reasons: Vec<(&'static str, Vec<&'static str>)> = Vec::new();
    for left in left_out {
        match reasons.iter_mut().find(|(reason, _)| *reason == left.reason) {
            Some((_, names)) => names.push(left.name),
            None => reasons.push((left.reason, vec![left.name])),
        }
    }
    reasons
}
