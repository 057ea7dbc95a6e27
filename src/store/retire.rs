//! Retention while a listener runs: when it is looked for what may go, and who looks.
//!
//! Nothing runs while nothing comes: the check runs after a commit, once an hour and whenever a segment is full. What is
//! to go is found on a thread of its own, since that reads every row; the writer deletes it after a later
//! commit, and copies little for it ([`super::prune::Thoroughness::Brief`]), for deliveries wait meanwhile.

use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::{Location, PrunePlan, Reader, Retention, StoreError};
use crate::query::Query;
use crate::system::thread;

/// Between two looks, when no segment has become full.
pub const RETENTION_INTERVAL: Duration = Duration::from_secs(60 * 60);

/// Looks for deliveries that may go.
pub(super) struct Retirer {
    location: Location,
    retention: Retention,
    interval: Duration,
    /// When it was looked last.
    since: Instant,
    /// The segment that was written to then.
    segment: i64,
    looking: Option<JoinHandle<Result<PrunePlan, StoreError>>>,
}

impl Retirer {
    /// Has been looked just now, while `segment` is written to.
    pub(super) fn new(location: Location, retention: Retention, interval: Duration, segment: i64) -> Self {
        Self { location, retention, interval, since: Instant::now(), segment, looking: None }
    }

    /// What may go, once that was found, which can be long ago: it is to be asked after each commit, and what was pinned
    /// meanwhile stays ([`super::prune`]).
    pub(super) fn doomed(&mut self, segment: i64) -> Option<PrunePlan> {
        if self.retention.is_empty() {
            return None;
        }
        if let Some(looking) = self.looking.take_if(|looking| looking.is_finished()) {
            // What cannot be read now is looked for the next time.
            let looked = looking.join().ok()?;
            if let Err(error) = &looked {
                tracing::warn!(reason = %error, "retention cannot look");
            }
            return looked.ok().filter(|plan| !plan.doomed.is_empty());
        }
        let is_due = segment != self.segment || self.since.elapsed() >= self.interval;
        if is_due && self.looking.is_none() {
            (self.segment, self.since) = (segment, Instant::now());
            self.looking = self.look();
        }
        None
    }

    /// `None` where the system gives no thread: it is looked again when it is due.
    fn look(&self) -> Option<JoinHandle<Result<PrunePlan, StoreError>>> {
        let (location, retention) = (self.location.clone(), self.retention);
        let look = move || {
            crate::system::panic::panic_for_test("retention");
            retention.plan(&Reader::open(&location)?, &Query::default(), Timestamp::now())
        };
        thread::spawn("whyhook-retention", look).inspect_err(|error| tracing::warn!(reason = %error, "retention")).ok()
    }
}
