//! Several deliveries redacted one after another, with what came of it.

use super::{KeptCause, RedactedDelivery, Redaction};
use crate::config::Registry;
use crate::delivery::{Delivery, DeliveryId};
use crate::redact::{RedactRules, Tally};
use crate::signature::Secret;

/// Bytes of the key that placeholders are drawn from.
const KEY_BYTES: usize = 32;

/// A delivery that no longer fails for the same reason once it is redacted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LostCause {
    /// Which.
    pub id: DeliveryId,
    /// The codes of the original, joined by `+`.
    pub was: String,
    /// Those that are found now; empty for none.
    pub now: String,
}

/// One export's redaction, as far as it has got.
#[derive(Debug)]
pub struct RedactionRun {
    redaction: Redaction,
    tally: Tally,
    deliveries: u64,
    kept: u64,
    lost: Vec<LostCause>,
}

impl RedactionRun {
    /// Under a key that nobody can foretell, and that is kept nowhere.
    ///
    /// # Errors
    ///
    /// In words, when the system gives no random numbers.
    pub fn begin(rules: RedactRules, registry: &Registry) -> Result<Self, String> {
        let redaction = Redaction::new(rules, Self::fresh_key()?, registry);
        Ok(Self { redaction, tally: Tally::default(), deliveries: 0, kept: 0, lost: Vec::new() })
    }

    /// A key for one export.
    ///
    /// # Errors
    ///
    /// Those of [`Self::begin`].
    pub fn fresh_key() -> Result<Vec<u8>, String> {
        let mut key = vec![0; KEY_BYTES];
        getrandom::fill(&mut key).map_err(|error| format!("cannot get random numbers for placeholders: {error}"))?;
        Ok(key)
    }

    /// Redacts one more.
    pub fn apply(&mut self, delivery: &Delivery) -> RedactedDelivery {
        let redacted = self.redaction.apply(delivery, &mut self.tally);
        self.deliveries += 1;
        match &redacted.cause {
            KeptCause::None => {}
            KeptCause::Kept => self.kept += 1,
            KeptCause::Lost { was, now } => {
                self.lost.push(LostCause { id: delivery.summary.id, was: was.clone(), now: now.clone() });
            }
        }
        redacted
    }

    /// What was replaced.
    #[must_use]
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// How many were redacted.
    #[must_use]
    pub fn deliveries(&self) -> u64 {
        self.deliveries
    }

    /// Deliveries that fail for the same reason as before.
    #[must_use]
    pub fn kept(&self) -> u64 {
        self.kept
    }

    /// Those that do not.
    #[must_use]
    pub fn lost(&self) -> &[LostCause] {
        &self.lost
    }

    /// The secrets that they are signed with.
    #[must_use]
    pub fn secrets(&self) -> &[Secret] {
        self.redaction.secrets()
    }
}
