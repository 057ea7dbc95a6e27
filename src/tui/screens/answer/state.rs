//! What is known of the shown delivery's answer beyond the answer itself.

use crate::delivery::{Attempt, DeliveryId, Retry};

/// The servers that a delivery was sent on to, and its sender's other attempts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AnswerStory {
    /// What this program has sent of it and what came back, in order.
    pub sent: Vec<Attempt>,
    /// The sender's attempts at the same delivery, this one among them; empty for an only one.
    pub retries: Vec<Retry>,
}

/// The same for the shown delivery, as far as it is known.
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
    /// What was found of this delivery.
    #[must_use]
    pub fn of(&self, id: DeliveryId) -> Option<Result<&AnswerStory, &str>> {
        let (told, found) = self.told.as_ref()?;
        (*told == id).then(|| found.as_deref().map_err(String::as_str))
    }

    /// The chosen attempt's place among `retries`: the shown delivery's unless moved.
    #[must_use]
    pub fn place(&self, shown: DeliveryId, retries: &[Retry]) -> Option<usize> {
        let chosen = self.cursor.unwrap_or(shown);
        retries.iter().position(|retry| retry.summary.id == chosen)
    }
}
