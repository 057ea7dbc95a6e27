//! What is known of the shown delivery's answer beyond the answer itself.

use crate::delivery::{Attempt, AttemptKind, DeliveryId, Retry, Verdict};
use crate::rules::Agreement;

/// The servers that a delivery was sent on to, and its sender's other attempts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AnswerStory {
    /// What this program has sent of it and what came back, in order.
    pub sent: Vec<Attempt>,
    /// How many earlier deliveries of the same webhook verified.
    pub verified_before: u64,
    /// The sender's attempts at the same delivery, this one among them; empty for an only one.
    pub retries: Vec<Retry>,
}

/// The [`AnswerStory`] of the shown delivery, as far as it is known.
#[derive(Debug, Default)]
pub struct StoryView {
    /// Of which delivery, and what was found.
    pub told: Option<(DeliveryId, Result<Box<AnswerStory>, String>)>,
    /// The delivery that was asked about, the newest one and whether it was answered at that moment.
    pub(crate) asked: Option<(DeliveryId, DeliveryId, bool)>,
    /// Whether an answer is on its way.
    pub(crate) is_asking: bool,
    /// The chosen attempt of the sender.
    pub cursor: Option<DeliveryId>,
}

impl StoryView {
    /// Has what was found of this delivery looked for again: something was sent.
    pub(crate) fn forget(&mut self, id: DeliveryId) {
        self.asked = self.asked.filter(|(asked, ..)| *asked != id);
    }

    /// What was found of this delivery.
    #[must_use]
    pub fn of(&self, id: DeliveryId) -> Option<Result<&AnswerStory, &str>> {
        let (told, found) = self.told.as_ref()?;
        (*told == id).then(|| found.as_deref().map_err(String::as_str))
    }

    /// The upstream server that a probe of the shown delivery asks: first one that contradicts our verdict, else the first
    /// that answered it.
    #[must_use]
    pub(crate) fn probed(&self, shown: DeliveryId, verdict: Verdict) -> Option<&str> {
        let found = self.of(shown)?.ok()?;
        let forwards = || found.sent.iter().filter(|attempt| attempt.kind == AttemptKind::Forward);
        let status = |attempt: &&Attempt| attempt.status();
        let contradicts =
            |attempt: &&Attempt| status(attempt).is_some_and(|status| Agreement::of(verdict, status).is_conflict());
        let chosen = forwards().find(contradicts).or_else(|| forwards().find(|attempt| status(attempt).is_some()));
        chosen.map(|attempt| attempt.target.as_str())
    }

    /// The chosen attempt's place among `retries`: the shown delivery's unless moved.
    #[must_use]
    pub fn place(&self, shown: DeliveryId, retries: &[Retry]) -> Option<usize> {
        let chosen = self.cursor.unwrap_or(shown);
        retries.iter().position(|retry| retry.summary.id == chosen)
    }
}
