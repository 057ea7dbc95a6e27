//! Deliveries as they come, each once and in the order of their numbers: for a stream, and for `list --follow` on the files.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::delivery::{DeliveryId, Summary};
use crate::query::{QueriedField, Query};
use crate::store::{Page, Reader, StoreError, StoredContent};

/// Rows looked at in one go.
const ROWS: usize = 256;
/// How long a delivery's answer is waited for, where it is: what was imported, or cut off by a kill, never gets one.
pub const ANSWER_PATIENCE: Duration = Duration::from_secs(2);
/// How long it is looked for an answer that comes late. What is held may take longer.
const LATE: Duration = Duration::from_secs(120);
/// The most deliveries whose answers are looked for.
const OPEN_LIMIT: usize = 2048;

/// Where somebody is who follows the store.
#[derive(Debug)]
pub struct Following {
    query: Query,
    /// Deliveries up to this one have been told.
    last: DeliveryId,
    /// Whether a delivery is told with its answer.
    settled: bool,
    /// Told without an answer, and when.
    open: BTreeMap<DeliveryId, Instant>,
    /// Since when an answer is waited for.
    waiting: Option<Instant>,
}

/// One thing to tell.
#[derive(Debug, Clone, PartialEq)]
pub enum FollowNews {
    /// A delivery is on disk.
    Delivery(Box<Summary>),
    /// One that was told before has its answer.
    Answered(Box<Summary>),
    /// These numbers, both ends included, are no longer in the store.
    Missed(DeliveryId, DeliveryId),
}

/// What one look has found.
#[derive(Debug, Default)]
pub struct FollowLook {
    /// In the order in which to tell it.
    pub news: Vec<FollowNews>,
    /// Whether there is more to look at already.
    pub more: bool,
    /// How long to wait for an answer at most, where one is waited for.
    pub patience: Option<Duration>,
}

impl Following {
    /// Whoever has been told up to `last`. With `settled`, or a filter that asks for the answer, a delivery is told once
    /// its answer is known, it is held, or [`ANSWER_PATIENCE`] is over.
    #[must_use]
    pub fn new(query: Query, last: DeliveryId, settled: bool) -> Self {
        let settled = settled || query.fields().contains(&QueriedField::Answer);
        Self { query, last, settled, open: BTreeMap::new(), waiting: None }
    }

    /// The newest delivery that was told or passed over.
    #[must_use]
    pub fn last(&self) -> DeliveryId {
        self.last
    }

    /// Goes on from another place.
    pub fn go_on_after(&mut self, last: DeliveryId) {
        (self.last, self.waiting) = (last, None);
        self.open.clear();
    }

    /// What there is to tell, while `held` wait for a decision.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn look(&mut self, reader: &Reader, held: &BTreeSet<DeliveryId>) -> Result<FollowLook, StoreError> {
        let mut look = FollowLook::default();
        let now = Timestamp::now();
        for (id, since) in std::mem::take(&mut self.open) {
            let summary = match reader.summary(id) {
                // Its row was read before. The others can still be.
                Err(error) if error.is_of_one_delivery() => None,
                summary => summary?,
            };
            match summary {
                Some(summary) if summary.answer.is_some() => {
                    let is_wanted = self.matches(reader, &summary, now);
                    look.news.extend(is_wanted.then(|| FollowNews::Answered(Box::new(summary))));
                }
                Some(_) if held.contains(&id) || since.elapsed() < LATE => drop(self.open.insert(id, since)),
                _ => {}
            }
        }
        let rows = reader.page(Page::After(self.last), ROWS)?;
        look.more = rows.len() == ROWS;
        for summary in rows.into_iter().rev() {
            let id = summary.id;
            if self.settled && summary.answer.is_none() && !held.contains(&id) {
                let since = *self.waiting.get_or_insert_with(Instant::now);
                let left = ANSWER_PATIENCE.saturating_sub(since.elapsed());
                if !left.is_zero() {
                    (look.more, look.patience) = (false, Some(left));
                    return Ok(look);
                }
            } else {
                self.waiting = None;
            }
            let expected = self.last.0.saturating_add(1);
            if id.0 > expected {
                look.news.push(FollowNews::Missed(DeliveryId(expected), DeliveryId(id.0 - 1)));
            }
            self.last = id;
            let matches = self.matches(reader, &summary, now);
            if summary.answer.is_none() && (matches || self.settled) {
                self.open.insert(id, Instant::now());
                if self.open.len() > OPEN_LIMIT {
                    self.open.pop_first();
                }
            }
            if matches {
                look.news.push(FollowNews::Delivery(Box::new(summary)));
            }
        }
        Ok(look)
    }

    fn matches(&self, reader: &Reader, summary: &Summary, now: Timestamp) -> bool {
        self.query.matches(summary, Some(&StoredContent::new(reader, summary.id)), now)
    }
}
