//! Which deliveries are to go: by age, by number, by size.

use std::time::Duration;

use jiff::Timestamp;

use super::{Page, Reader, StoreError, StoredContent};
use crate::delivery::DeliveryId;
use crate::query::Query;

/// Rows looked at between two pages.
const PAGE_ROWS: usize = 2000;

/// What a delivery must be to be deleted: any one of these is enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Retention {
    /// Received longer ago than this.
    pub older_than: Option<Duration>,
    /// Not among so many newest.
    pub keep: Option<u64>,
    /// Behind so many bytes of records, counted from the newest.
    pub max_bytes: Option<u64>,
}

/// What is to be deleted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// The deliveries, the newest first.
    pub doomed: Vec<DeliveryId>,
    /// Bytes of their records.
    pub bytes: u64,
    /// When the oldest and the newest of them were received.
    pub received: Option<(Timestamp, Timestamp)>,
}

impl Retention {
    /// Whether nothing is asked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What is to go of the deliveries that match `query`; all of them when nothing else is asked for.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn plan(&self, reader: &Reader, query: &Query, now: Timestamp) -> Result<Plan, StoreError> {
        let mut plan = Plan::default();
        let (mut kept, mut kept_bytes) = (0, 0_u64);
        let oldest = self.older_than.and_then(|age| now.checked_sub(age).ok());
        let mut page = Page::Newest;
        loop {
            let scan = reader.scan(page, PAGE_ROWS, PAGE_ROWS, |summary, reader| {
                Ok(query.matches(summary, Some(&StoredContent { reader, id: summary.id }), now))
            })?;
            for summary in &scan.rows {
                let bytes = reader.record_bytes(summary.id)?;
                let is_old = oldest.is_some_and(|oldest| summary.received_at < oldest);
                let is_surplus = self.keep.is_some_and(|keep| kept >= keep);
                let is_beyond = self.max_bytes.is_some_and(|most| kept_bytes.saturating_add(bytes) > most);
                if self.is_empty() || is_old || is_surplus || is_beyond {
                    plan.add(summary.id, bytes, summary.received_at);
                }
                if !is_old {
                    kept += 1;
                    // Once one is too much, so are all older ones, however small.
                    kept_bytes = if is_beyond { u64::MAX } else { kept_bytes.saturating_add(bytes) };
                }
            }
            match scan.next {
                Some(next) => page = Page::Before(next),
                None => return Ok(plan),
            }
        }
    }
}

impl Plan {
    /// These deliveries, whatever they are.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn of(reader: &Reader, ids: &[DeliveryId]) -> Result<Self, StoreError> {
        let mut plan = Self::default();
        for id in ids {
            if let Some(summary) = reader.summary(*id)? {
                plan.add(*id, reader.record_bytes(*id)?, summary.received_at);
            }
        }
        Ok(plan)
    }

    fn add(&mut self, id: DeliveryId, bytes: u64, received_at: Timestamp) {
        self.doomed.push(id);
        self.bytes = self.bytes.saturating_add(bytes);
        self.received = Some(match self.received {
            None => (received_at, received_at),
            Some((oldest, newest)) => (oldest.min(received_at), newest.max(received_at)),
        });
    }
}
