//! Deliveries in the order of their answers, as they come: none is lost when whoever reads them is slow.

use std::collections::BTreeSet;

use super::{Location, Page, Reader, StoreError};
use crate::delivery::{DeliveryId, Summary};

/// Rows read from the store at once.
const PAGE_ROWS: usize = 500;

/// Follows the store; nothing is held in memory for it but the numbers of what is not answered yet.
pub struct AnsweredRows {
    reader: Reader,
    /// Deliveries up to this one have been seen.
    last: DeliveryId,
    /// Seen, and not yet answered.
    open: BTreeSet<DeliveryId>,
}

impl AnsweredRows {
    /// Begins after the delivery `last`.
    ///
    /// # Errors
    ///
    /// The store cannot be read.
    pub fn after(location: &Location, last: DeliveryId) -> Result<Self, StoreError> {
        Ok(Self { reader: Reader::open(location)?, last, open: BTreeSet::new() })
    }

    /// What has been answered since this was last asked, and whether there is more to take at once.
    ///
    /// # Errors
    ///
    /// The store cannot be read.
    pub fn take(&mut self) -> Result<(Vec<Summary>, bool), StoreError> {
        let mut ready = Vec::new();
        for id in self.open.clone() {
            match self.reader.summary(id)? {
                Some(summary) if summary.answer.is_none() => {}
                summary => {
                    self.open.remove(&id);
                    ready.extend(summary);
                }
            }
        }
        let rows = self.reader.page(Page::After(self.last), PAGE_ROWS)?;
        let more = rows.len() == PAGE_ROWS;
        for summary in rows.into_iter().rev() {
            self.last = summary.id;
            // What was imported is answered by nobody: it would be looked for again and again.
            if summary.answer.is_some() || summary.is_imported() {
                ready.push(summary);
            } else {
                self.open.insert(summary.id);
            }
        }
        Ok((ready, more))
    }

    /// Whether something that was seen is not answered yet.
    #[must_use]
    pub fn has_open(&self) -> bool {
        !self.open.is_empty()
    }

    /// What it reads with.
    #[must_use]
    pub fn reader(&self) -> &Reader {
        &self.reader
    }
}
