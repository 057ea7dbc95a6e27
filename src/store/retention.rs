//! Which deliveries are to go: by age, by number, by size.

use std::time::Duration;

use jiff::Timestamp;

use super::{Page, Reader, StoreError};
use crate::delivery::DeliveryId;
use crate::query::Query;

/// Rows looked at between two pages.
const PAGE_ROWS: usize = 2000;

/// What a delivery must be to be deleted: any one of these is enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Retention {
    /// Received longer ago than this.
    pub older_than: Option<Duration>,
    /// Not among this many newest.
    pub keep: Option<u64>,
    /// After this many bytes of records, counted from the newest.
    pub max_bytes: Option<u64>,
    /// Whether those that are pinned may go as well.
    pub pinned: bool,
}

/// What is to be deleted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PrunePlan {
    /// The deliveries, the newest first.
    pub doomed: Vec<DeliveryId>,
    /// Whether those of them go as well that are pinned when it comes to them.
    pub pinned: bool,
    /// Bytes of their records.
    pub bytes: u64,
    /// When the oldest and the newest of them were received.
    pub received: Option<(Timestamp, Timestamp)>,
}

impl Retention {
    /// Whether nothing is asked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self { pinned: self.pinned, ..Self::default() }
    }

    /// What is to go of the deliveries that match `query`; all of them when nothing else is asked for. Without
    /// [`Retention::pinned`], those that are pinned neither go nor count.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn plan(&self, reader: &Reader, query: &Query, now: Timestamp) -> Result<PrunePlan, StoreError> {
        let plan = PrunePlan { pinned: self.pinned, ..PrunePlan::default() };
        let mut judge = Judge { retention: self, plan, kept: 0, kept_bytes: 0, now };
        if query.is_empty() {
            // At each start of a listener: a million rows must not be made summaries for this.
            reader.each_size(self.pinned, |id, received_at, bytes| judge.look(id, received_at, bytes))?;
            return Ok(judge.plan);
        }
        let mut page = Page::Newest;
        loop {
            let scan = reader.search(query, now, page, PAGE_ROWS, PAGE_ROWS)?;
            for summary in scan.rows.iter().filter(|summary| self.pinned || !summary.marks.pinned) {
                judge.look(summary.id, summary.received_at, reader.record_bytes(summary.id)?);
            }
            match scan.next {
                Some(next) => page = Page::Before(next),
                None => return Ok(judge.plan),
            }
        }
    }
}

/// Looks at deliveries, the newest first.
struct Judge<'a> {
    retention: &'a Retention,
    plan: PrunePlan,
    kept: u64,
    kept_bytes: u64,
    now: Timestamp,
}

impl Judge<'_> {
    fn look(&mut self, id: DeliveryId, received_at: Timestamp, bytes: u64) {
        let Retention { older_than, keep, max_bytes, .. } = *self.retention;
        let oldest = older_than.and_then(|age| self.now.checked_sub(age).ok());
        let is_old = oldest.is_some_and(|oldest| received_at < oldest);
        let is_surplus = keep.is_some_and(|keep| self.kept >= keep);
        let is_beyond = max_bytes.is_some_and(|most| self.kept_bytes.saturating_add(bytes) > most);
        if self.retention.is_empty() || is_old || is_surplus || is_beyond {
            self.plan.add(id, bytes, received_at);
        }
        if !is_old {
            self.kept += 1;
            // Once one is too much, so are all older ones, however small.
            self.kept_bytes = if is_beyond { u64::MAX } else { self.kept_bytes.saturating_add(bytes) };
        }
    }
}

impl PrunePlan {
    /// These deliveries, whatever they are; `pinned` says whether what is pinned until then goes as well.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn of(reader: &Reader, ids: &[DeliveryId], pinned: bool) -> Result<Self, StoreError> {
        let mut plan = Self { pinned, ..Self::default() };
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
