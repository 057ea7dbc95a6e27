//! Rows of deliveries that cannot be read. Each is passed over, so that it hides none of the others, and told once.

use std::cell::RefCell;
use std::collections::BTreeSet;

use super::StoreError;
use crate::delivery::DeliveryId;

/// How many unreadable deliveries are remembered; a reader reports no more than these.
const REMEMBERED: usize = 1000;

/// What one reader has met.
#[derive(Debug, Default)]
pub(super) struct UnreadableRows {
    met: RefCell<BTreeSet<DeliveryId>>,
    untold: RefCell<Vec<StoreError>>,
}

impl UnreadableRows {
    /// Takes in what is wrong with one delivery's row, and returns its number; every other failure is handed back.
    pub(super) fn pass_over(&self, error: StoreError) -> Result<DeliveryId, StoreError> {
        let (StoreError::UnreadableRow { id, .. } | StoreError::UnknownValue { id, .. }) = error else {
            return Err(error);
        };
        let mut met = self.met.borrow_mut();
        if met.len() < REMEMBERED && met.insert(id) {
            tracing::warn!(reason = %error, "passed over");
            self.untold.borrow_mut().push(error);
        }
        Ok(id)
    }

    /// What was met since this was last asked.
    pub(super) fn take(&self) -> Vec<StoreError> {
        self.untold.take()
    }
}
