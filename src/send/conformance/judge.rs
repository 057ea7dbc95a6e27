//! What came back, and whether that is right.

use std::sync::Arc;
use std::time::Duration;

use super::case::{Case, Expect};
use crate::delivery::Attempt;

/// The result of one case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Observed {
    /// A response.
    Answer {
        /// Its status.
        status: u16,
        /// Until it had ended.
        latency: Duration,
        /// The beginning of its body.
        said: Vec<u8>,
    },
    /// None.
    Nothing {
        /// A stable name of the reason, such as `refused` or `timeout_first_byte`.
        code: String,
        /// The reason in words.
        reason: String,
        /// Until it was given up.
        latency: Duration,
    },
    /// It was not sent, for nothing could be learnt from it any more.
    NotSent,
}

impl Observed {
    /// The status of the response, if one came.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Answer { status, .. } => Some(*status),
            Self::Nothing { .. } | Self::NotSent => None,
        }
    }

    /// How long it took.
    #[must_use]
    pub fn latency(&self) -> Option<Duration> {
        match self {
            Self::Answer { latency, .. } | Self::Nothing { latency, .. } => Some(*latency),
            Self::NotSent => None,
        }
    }

    /// Whether the receiver took too long to answer at all.
    #[must_use]
    pub fn timed_out(&self) -> bool {
        matches!(self, Self::Nothing { code, .. } if code.starts_with("timeout_"))
    }

    /// In a few words: `401`, `no answer: …`.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Answer { status, .. } => status.to_string(),
            Self::Nothing { reason, .. } => format!("no answer: {reason}"),
            Self::NotSent => "not sent".to_owned(),
        }
    }
}

/// Whether what came is what a right receiver does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CaseVerdict {
    /// It is.
    Pass,
    /// It is not.
    Fail,
    /// It is not, and the documentation does not ask for it.
    Advice,
    /// Not sent.
    Skipped,
}

impl CaseVerdict {
    /// The stable name in JSON output.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Advice => "advice",
            Self::Skipped => "skipped",
        }
    }

    /// A glyph and a word, so that neither colour nor glyph is needed to tell.
    #[must_use]
    pub fn glyph(self) -> &'static str {
        match self {
            Self::Pass => "✓",
            Self::Fail => "✗",
            Self::Advice => "!",
            Self::Skipped => "·",
        }
    }
}

/// One case and its result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckRow {
    /// The case.
    pub case: Case,
    /// What came back.
    pub came: Observed,
    /// Whether that is right.
    pub mark: CaseVerdict,
    /// The request as it was sent, and what came back; `None` for what was not sent.
    pub exchange: Option<Arc<Attempt>>,
}

impl CheckRow {
    /// Judges what came; with a maximal age, cases about it count.
    #[must_use]
    pub fn judge(case: Case, came: Observed, max_age: bool) -> Self {
        let is_right = match (&came, case.expect) {
            (Observed::NotSent, _) => return Self { case, came, mark: CaseVerdict::Skipped, exchange: None },
            (Observed::Answer { status, .. }, Expect::Accept) => (200..300).contains(status),
            (Observed::Answer { status, .. }, Expect::Refuse(_)) => (400..500).contains(status),
            (Observed::Nothing { .. }, _) => false,
        };
        let mark = match (is_right, case.weight.is_required(max_age)) {
            (true, _) => CaseVerdict::Pass,
            (false, true) => CaseVerdict::Fail,
            (false, false) => CaseVerdict::Advice,
        };
        Self { case, came, mark, exchange: None }
    }

    /// Whether it was let through.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        self.came.status().is_some_and(|status| (200..300).contains(&status))
    }

    /// Whether it was sent and not let through.
    #[must_use]
    pub fn is_rejected(&self) -> bool {
        self.came != Observed::NotSent && !self.is_accepted()
    }
}
