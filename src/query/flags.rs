//! What `is:` can ask: yes or no of a delivery.

use super::QueriedField;
use crate::delivery::{Intake, Outcome, Summary};

/// One word that `is:` takes.
#[derive(Debug)]
pub(super) struct Flag {
    pub(super) name: &'static str,
    /// What it looks at.
    pub(super) asks: &'static [QueriedField],
    pub(super) holds: fn(&Summary) -> bool,
}

/// What decides whether a delivery is verified.
pub(super) const VERIFIED: [QueriedField; 2] = [QueriedField::Verdict, QueriedField::Intake];

/// Every word, in the order in which help lists them.
pub(super) static FLAGS: [Flag; 16] = [
    Flag { name: "sim", asks: &[QueriedField::Event], holds: |summary| summary.event.is_simulation() },
    Flag {
        name: "live",
        asks: &[QueriedField::Event],
        holds: |summary| summary.event.event.is_some() && !summary.event.is_simulation(),
    },
    Flag { name: "verified", asks: &VERIFIED, holds: Summary::is_verified },
    Flag { name: "bad", asks: &VERIFIED, holds: |summary| !summary.is_verified() },
    Flag { name: "fresh", asks: &[QueriedField::Timestamp], holds: |summary| freshness(summary) == Some(true) },
    Flag { name: "stale", asks: &[QueriedField::Timestamp], holds: |summary| freshness(summary) == Some(false) },
    Flag { name: "complete", asks: &[QueriedField::Intake], holds: |summary| summary.intake.is_complete() },
    Flag {
        name: "malformed",
        asks: &[QueriedField::Intake],
        holds: |summary| matches!(summary.intake, Intake::Malformed(_)),
    },
    Flag {
        name: "incomplete",
        asks: &[QueriedField::Intake],
        holds: |summary| matches!(summary.intake, Intake::Incomplete(_)),
    },
    Flag {
        name: "truncated",
        asks: &[QueriedField::Intake],
        holds: |summary| matches!(summary.intake, Intake::Truncated(_)),
    },
    Flag {
        name: "too_large",
        asks: &[QueriedField::Intake],
        holds: |summary| matches!(summary.intake, Intake::TooLarge(_)),
    },
    Flag {
        name: "answered",
        asks: &[QueriedField::Answer],
        holds: |summary| outcome(summary).is_some_and(|outcome| outcome != Outcome::SenderGone),
    },
    Flag { name: "waiting", asks: &[QueriedField::Answer], holds: |summary| summary.answer.is_none() },
    Flag {
        name: "gone",
        asks: &[QueriedField::Answer],
        holds: |summary| outcome(summary) == Some(Outcome::SenderGone),
    },
    Flag {
        name: "failed",
        asks: &[QueriedField::Answer],
        holds: |summary| outcome(summary).is_some_and(Outcome::is_on_purpose),
    },
    Flag { name: "image", asks: &[QueriedField::Image], holds: |summary| summary.image.is_some() },
];

/// The flag called `name`, in any letter case and with `-` for `_`.
pub(super) fn flag(name: &str) -> Option<&'static Flag> {
    let same = |left: u8, right: u8| left.eq_ignore_ascii_case(&right) || (left == b'-' && right == b'_');
    FLAGS.iter().find(|flag| {
        flag.name.len() == name.len() && name.bytes().zip(flag.name.bytes()).all(|(left, right)| same(left, right))
    })
}

fn freshness(summary: &Summary) -> Option<bool> {
    summary.judgement.timestamp.as_ref()?.fresh
}

fn outcome(summary: &Summary) -> Option<Outcome> {
    summary.answer.as_ref().map(|answer| answer.outcome)
}
