//! What `is:` can ask: yes or no of a delivery.

use super::QueriedField;
use crate::delivery::{Intake, Outcome, Summary, Verdict};

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

impl Flag {
    /// Whether it asks if there is an answer, and not which.
    pub(super) fn is_of_presence(&self) -> bool {
        matches!(self.name, "waiting" | "answered" | "answer")
    }
}

/// Every word, in the order in which help lists them.
pub(super) static FLAGS: [Flag; 18] = [
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
        name: "rebuilt",
        asks: &[QueriedField::Intake],
        holds: |summary| matches!(summary.intake, Intake::Rebuilt(_)),
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
    Flag { name: "pinned", asks: &[QueriedField::Marks], holds: |summary| summary.marks.pinned },
];

/// Every word that `has:` takes, likewise.
pub(super) static PARTS: [Flag; 14] = [
    Flag { name: "body", asks: &[QueriedField::Size], holds: |summary| summary.body_bytes > 0 },
    Flag { name: "event", asks: &[QueriedField::Event], holds: |summary| summary.event.event.is_some() },
    Flag { name: "items", asks: &[QueriedField::Items], holds: |summary| summary.event.items.unwrap_or(0) > 0 },
    Flag { name: "image", asks: &[QueriedField::Image], holds: |summary| summary.image.is_some() },
    Flag {
        name: "signature",
        asks: &[QueriedField::Verdict],
        holds: |summary| {
            use Verdict::{AmbiguousHeaders, MalformedSignature, Mismatch, MissingTimestamp, Verified};
            matches!(
                summary.judgement.verdict,
                Verified | Mismatch | MalformedSignature | AmbiguousHeaders | MissingTimestamp
            )
        },
    },
    Flag {
        name: "timestamp",
        asks: &[QueriedField::Timestamp],
        holds: |summary| summary.judgement.timestamp.is_some(),
    },
    Flag { name: "secret", asks: &[QueriedField::Secret], holds: |summary| summary.judgement.secret.is_some() },
    Flag { name: "webhook", asks: &[QueriedField::Webhook], holds: |summary| summary.webhook.is_some() },
    Flag {
        name: "query",
        asks: &[QueriedField::Path],
        holds: |summary| summary.path.split_once('?').is_some_and(|(_, query)| !query.is_empty()),
    },
    Flag { name: "answer", asks: &[QueriedField::Answer], holds: |summary| summary.answer.is_some() },
    Flag { name: "cause", asks: &[QueriedField::Cause], holds: |summary| summary.cause.is_some() },
    Flag { name: "note", asks: &[QueriedField::Marks], holds: |summary| summary.marks.note.is_some() },
    Flag { name: "tag", asks: &[QueriedField::Marks], holds: |summary| !summary.marks.tags.is_empty() },
    Flag { name: "pin", asks: &[QueriedField::Marks], holds: |summary| summary.marks.pinned },
];

/// What is known only once a delivery has been kept or answered.
pub(super) const LATER: [&str; 10] = [
    "is:answered",
    "is:waiting",
    "is:gone",
    "is:failed",
    "is:pinned",
    "has:answer",
    "has:cause",
    "has:note",
    "has:tag",
    "has:pin",
];

/// The flag called `name`, in any letter case and with `-` for `_`.
pub(super) fn flag(name: &str) -> Option<&'static Flag> {
    named(&FLAGS, name)
}

/// The part called `name`, likewise; also in the plural.
pub(super) fn part(name: &str) -> Option<&'static Flag> {
    named(&PARTS, name).or_else(|| named(&PARTS, name.strip_suffix(['s', 'S'])?))
}

fn named(flags: &'static [Flag], name: &str) -> Option<&'static Flag> {
    let same = |left: u8, right: u8| left.eq_ignore_ascii_case(&right) || (left == b'-' && right == b'_');
    flags.iter().find(|flag| {
        flag.name.len() == name.len() && name.bytes().zip(flag.name.bytes()).all(|(left, right)| same(left, right))
    })
}

fn freshness(summary: &Summary) -> Option<bool> {
    summary.judgement.timestamp.as_ref()?.fresh
}

fn outcome(summary: &Summary) -> Option<Outcome> {
    summary.answer.as_ref().map(|answer| answer.outcome)
}
