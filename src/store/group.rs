//! What is written to the log together.

use std::sync::{Arc, mpsc};

use tokio::sync::oneshot;

use super::StoreError;
use super::live_prune::PruneOrder;
use super::log::{LogEnd, LogPlace};
use super::record::Draft;
use super::seal::LogKey;
use crate::delivery::{DeliveryId, MarksEdit};

/// A group ends at this many jobs of any kind, or bytes, so that its first waits not too long for its last.
const GROUP_JOBS: usize = 1024;
const GROUP_BYTES: usize = 32 * 1024 * 1024;

/// What became of a delivery: its number, or why it could not be kept.
pub(super) type KeptRecord = Result<DeliveryId, Arc<StoreError>>;

/// How many deliveries an edit has changed, or why it could not be kept.
pub(super) type MarkedCount = Result<usize, Arc<StoreError>>;

/// An edit of what a person has added to deliveries.
pub(super) type MarkingJob = (Vec<DeliveryId>, MarksEdit, oneshot::Sender<MarkedCount>);

/// What the writer is asked to do.
pub(super) enum Job {
    Keep(Box<Draft>, oneshot::Sender<KeptRecord>),
    Prune(PruneOrder),
    Mark(Vec<DeliveryId>, MarksEdit, oneshot::Sender<MarkedCount>),
}

/// Jobs that are done together.
#[derive(Default)]
pub(super) struct CommitGroup {
    pub(super) keeps: Vec<(Box<Draft>, oneshot::Sender<KeptRecord>)>,
    /// To be done after the commit.
    pub(super) prunings: Vec<PruneOrder>,
    pub(super) marks: Vec<MarkingJob>,
    bytes: usize,
}

impl CommitGroup {
    pub(super) fn add(&mut self, job: Job) {
        match job {
            Job::Keep(draft, reply) => {
                self.bytes += draft.bytes();
                self.keeps.push((draft, reply));
            }
            Job::Mark(ids, edit, reply) => self.marks.push((ids, edit, reply)),
            Job::Prune(order) => self.prunings.push(order),
        }
    }

    /// Takes in what is queued.
    pub(super) fn fill(&mut self, queue: &mpsc::Receiver<Job>) {
        while !self.is_full()
            && let Ok(job) = queue.try_recv()
        {
            self.add(job);
        }
    }

    fn is_full(&self) -> bool {
        self.keeps.len() + self.marks.len() + self.prunings.len() >= GROUP_JOBS || self.bytes >= GROUP_BYTES
    }

    /// Numbers the deliveries, `first` onwards, whose records will lie end to end from `at` on.
    pub(super) fn number(&mut self, first: DeliveryId, key: &LogKey, mut at: LogEnd) {
        for (offset, (draft, _)) in (0_i64..).zip(&mut self.keeps) {
            draft.number(DeliveryId(first.0.saturating_add(offset)), key, at);
            at.position += draft.bytes() as u64;
        }
    }

    /// The records to be, in order.
    pub(super) fn drafts(&self) -> impl Iterator<Item = &Draft> {
        self.keeps.iter().map(|(draft, _)| &**draft)
    }

    /// Bytes of all records.
    pub(super) fn record_bytes(&self) -> u64 {
        self.bytes as u64
    }
}

/// The place of a record of `bytes` at `at`, which is moved to where the next one lies.
pub(super) fn place_of(bytes: usize, at: &mut LogEnd) -> LogPlace {
    let place = LogPlace { segment: at.segment, position: at.position, bytes: bytes as u64 };
    at.position = place.end();
    place
}
