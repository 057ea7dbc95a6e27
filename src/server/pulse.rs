//! How far the store has grown, told without a queue.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use crate::delivery::DeliveryId;

/// A counter that wakes its reader once for any number of commits between two reads.
#[derive(Debug, Default)]
pub struct Pulse {
    last: AtomicI64,
    told: AtomicBool,
}

impl Pulse {
    /// Notes a commit; returns whether the reader must be woken.
    pub(crate) fn beat(&self, last: DeliveryId) -> bool {
        self.last.store(last.0, Ordering::Release);
        !self.told.swap(true, Ordering::AcqRel)
    }

    /// The newest delivery; commits from now on wake the reader again.
    #[must_use]
    pub fn take(&self) -> DeliveryId {
        self.told.store(false, Ordering::Release);
        DeliveryId(self.last.load(Ordering::Acquire))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_wake_for_many_commits_and_none_is_missed() {
        let pulse = Pulse::default();
        assert!(pulse.beat(DeliveryId(1)));
        assert!(!pulse.beat(DeliveryId(2)));
        assert_eq!(pulse.take(), DeliveryId(2));
        assert!(pulse.beat(DeliveryId(3)));
    }
}
