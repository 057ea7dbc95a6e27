//! Whether a receiver still answers as it did, and answers one kind of delivery in one way. What does not proves nothing
//! about signatures.

use super::ReceiverFault;
use super::case::CaseManner;
use super::findings::CheckFinding;
use super::judge::{CaseVerdict, CheckRow, Observed};
use super::outside::quoted;
use super::run::{CheckEvent, RunningCheck, is_plain};
use crate::text::visible;

/// The most cases that are sent again.
const AGAIN: usize = 12;
/// How often a delivery is refused that was accepted before, until nothing is expected any more.
const TRIES: usize = 3;
/// Larger bodies may be refused for how they arrive, which differs from time to time.
const SMALL: u64 = 8 * 1024;

type Tell<'t> = &'t mut dyn FnMut(CheckEvent<'_>);

/// The cases that were answered in another way when they were sent again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unsteady {
    /// Cases that were sent again, by name, and whether the answer was another one.
    pub asked: Vec<(&'static str, bool)>,
    /// What errors that did not come again were answered with.
    pub errors: Vec<Observed>,
    /// Whether a forged delivery was accepted one time and refused another.
    pub sometimes: bool,
}

impl Unsteady {
    /// Whether what came of a row is an error that comes and goes.
    #[must_use]
    pub fn is_passing(&self, row: &CheckRow) -> bool {
        match self.asked.iter().find(|(name, _)| *name == row.case.name) {
            Some((_, changed)) => *changed && is_error(&row.came),
            None => is_error(&row.came) && self.errors.iter().any(|error| error.is_like(&row.came)),
        }
    }
}

/// An answer that speaks of the receiver's state, not of the delivery.
fn is_error(came: &Observed) -> bool {
    match came {
        Observed::Answer { status, .. } => *status >= 500,
        Observed::Nothing { .. } => !came.timed_out(),
        Observed::Limited { .. } | Observed::NotSent => false,
    }
}

impl RunningCheck<'_> {
    /// What is said of a receiver that ended every connection without an answer: nothing about what was sent. `proof` are
    /// the cases. `None` where it was waited for in vain, which is another fault.
    pub(super) async fn silent(&mut self, proof: Vec<&'static str>) -> Option<CheckFinding> {
        let came = &self.rows.iter().find(|row| matches!(row.came, Observed::Nothing { .. }))?.came;
        if self.rows.iter().any(|row| row.came.timed_out()) {
            return None;
        }
        let words = came.words();
        let mut finding = self.bare().named(ReceiverFault::NoAnswer, proof, words);
        finding.title = "gives no answer to anything".to_owned();
        if let Some(secure) = self.courier.secure_target().await {
            finding.title = "expects https".to_owned();
            finding.remedy.means = "Nothing is delivered: on this port your server speaks TLS.".to_owned();
            finding.remedy.fix = format!("Give the URL with https: {}.", visible(&secure.to_string()));
            finding.remedy.code = String::new();
        }
        Some(finding)
    }

    /// Sends a delivery of a kind that was accepted again. When none gets through any more, the rows since the last
    /// accepted one say nothing: returns why, in words.
    pub(super) async fn blocked(&mut self, tell: Tell<'_>) -> Option<String> {
        let accepted = self.rows.iter().find(|row| is_plain(&row.case) && row.is_accepted())?.case;
        let last = self.rows.iter().rposition(CheckRow::is_accepted)?;
        // What accepts the last of them blocks nobody.
        if !self.rows[last + 1..].iter().any(CheckRow::is_rejected) {
            return None;
        }
        // What a forged delivery ends has not answered any: that is a fault of its own.
        let is_answered = |row: &CheckRow| !row.case.is_valid() && matches!(row.came, Observed::Answer { .. });
        let has_refused = self.rows.iter().any(is_answered);
        let mut came = Observed::NotSent;
        for _ in 0..TRIES {
            came = self.ask(accepted, tell).await;
            if came.is_accepted() || came.is_no_verdict() {
                return None;
            }
        }
        if came.status().is_none() && !has_refused {
            return None;
        }
        for row in self.rows[last + 1..].iter_mut().filter(|row| row.came.is_like(&came)) {
            row.came = match row.came.status() {
                Some(status) => Observed::Limited { status },
                None => Observed::NotSent,
            };
            row.mark = CaseVerdict::Skipped;
        }
        let name = self.rows[last].case.name;
        Some(match &came {
            Observed::Answer { status, .. } => {
                format!(
                    "answers {status}{} to valid deliveries too, at the latest since the case {name}",
                    quoted(&came)
                )
            }
            _ => format!("answers no delivery any more, at the latest since the case {name}: {}", came.words()),
        })
    }

    /// Sends failed cases again, to see whether the same comes of them.
    pub(super) async fn unsteady(&mut self, tell: Tell<'_>) -> Unsteady {
        let mut unsteady = Unsteady::default();
        let forged = || self.rows.iter().filter(|row| !row.case.is_valid());
        let is_open = !forged().any(CheckRow::is_rejected);
        let is_asked = |row: &&CheckRow| {
            let bytes = row.exchange.as_ref().map_or(0, |exchange| exchange.body_bytes);
            let may_differ = is_error(&row.came) || (!is_open && !row.case.is_valid() && row.is_accepted());
            row.mark == CaseVerdict::Fail && row.case.manner == CaseManner::AtOnce && bytes <= SMALL && may_differ
        };
        let again: Vec<CheckRow> = self.rows.iter().filter(is_asked).take(AGAIN).cloned().collect();
        for row in again {
            let mut came = self.ask(row.case, tell).await;
            // Errors that come and go may come twice.
            if is_error(&row.came) && is_error(&came) {
                came = self.ask(row.case, tell).await;
            }
            if came.is_no_verdict() {
                break;
            }
            let is_refusal = matches!(came.status(), Some(400..=499));
            let changed = if row.case.is_valid() { came.is_accepted() } else { is_refusal };
            unsteady.sometimes |= changed && row.is_accepted();
            if changed && is_error(&row.came) {
                unsteady.errors.push(row.came.clone());
            }
            unsteady.asked.push((row.case.name, changed));
        }
        unsteady
    }
}
