//! What is committed together.

use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::oneshot;

use super::StoreError;
use super::live_prune::PruneOrder;
use super::log::LogEnd;
use super::record::Draft;
use super::seal::LogKey;
use crate::delivery::{Answer, Attempt, DeliveryId, MarksEdit};

/// A group ends at this many jobs or bytes, so that its first waits not too long for its last.
const GROUP_JOBS: usize = 1024;
const GROUP_BYTES: usize = 32 * 1024 * 1024;
/// Attempts in a group: each may hold a response of a mebibyte, and deliveries wait for its rows.
const GROUP_ATTEMPTS: usize = 16;
/// Bytes of answers' and attempts' bodies in a group, for the same reason.
const GROUP_ROW_BYTES: usize = 16 * 1024 * 1024;
/// Answers wait so long for a delivery to be committed with. Under load one always comes, and the
/// commits of answers alone, which would hold up the next delivery's, fall away.
const ANSWERS_PATIENCE: Duration = Duration::from_millis(5);

/// What became of a delivery: its number, or why it could not be kept.
pub(super) type KeptRecord = Result<DeliveryId, Arc<StoreError>>;

/// How many deliveries an edit has changed, or why it could not be kept.
pub(super) type MarkedCount = Result<usize, Arc<StoreError>>;

/// What the writer is asked to do.
pub(super) enum Job {
    Keep(Box<Draft>, oneshot::Sender<KeptRecord>),
    Answered(DeliveryId, Answer),
    Diagnosed(DeliveryId, String),
    Attempted(Box<Attempt>),
    Prune(PruneOrder),
    Mark(Vec<DeliveryId>, MarksEdit, oneshot::Sender<MarkedCount>),
}

/// Jobs that are committed together.
#[derive(Default)]
pub(super) struct CommitGroup {
    pub(super) keeps: Vec<(Box<Draft>, oneshot::Sender<KeptRecord>)>,
    pub(super) answers: Vec<(DeliveryId, Answer)>,
    pub(super) diagnoses: Vec<(DeliveryId, String)>,
    pub(super) attempts: Vec<Attempt>,
    /// To be done after the commit.
    pub(super) prunings: Vec<PruneOrder>,
    pub(super) marks: Vec<(Vec<DeliveryId>, MarksEdit, oneshot::Sender<MarkedCount>)>,
    bytes: usize,
    /// Of the bodies of answers and attempts, which go into the index.
    row_bytes: usize,
}

impl CommitGroup {
    /// A group of answers and attempts that are left from before.
    pub(super) fn of(answers: Vec<(DeliveryId, Answer)>, attempts: Vec<Attempt>) -> Self {
        let row_bytes = answers.iter().map(|(_, answer)| answer.body.len()).sum::<usize>()
            + attempts.iter().map(attempt_bytes).sum::<usize>();
        Self { answers, attempts, row_bytes, ..Self::default() }
    }

    pub(super) fn add(&mut self, job: Job) {
        match job {
            Job::Keep(draft, reply) => {
                self.bytes += draft.bytes();
                self.keeps.push((draft, reply));
            }
            Job::Answered(id, answer) => {
                self.row_bytes += answer.body.len();
                self.answers.push((id, answer));
            }
            Job::Mark(ids, edit, reply) => self.marks.push((ids, edit, reply)),
            Job::Diagnosed(id, diagnosis) => self.diagnoses.push((id, diagnosis)),
            Job::Prune(order) => self.prunings.push(order),
            Job::Attempted(attempt) => {
                self.row_bytes += attempt_bytes(&attempt);
                self.attempts.push(*attempt);
            }
        }
    }

    /// Takes in what is queued. A group without a delivery waits a little for one.
    pub(super) fn fill(&mut self, queue: &mpsc::Receiver<Job>) {
        let patience = Instant::now() + ANSWERS_PATIENCE;
        while !self.is_full() {
            let job = match queue.try_recv() {
                Err(_) if self.keeps.is_empty() => {
                    queue.recv_timeout(patience.saturating_duration_since(Instant::now())).ok()
                }
                queued => queued.ok(),
            };
            let Some(job) = job else { break };
            self.add(job);
        }
    }

    fn is_full(&self) -> bool {
        self.keeps.len() + self.answers.len() >= GROUP_JOBS
            || self.bytes >= GROUP_BYTES
            || self.row_bytes >= GROUP_ROW_BYTES
            || self.attempts.len() >= GROUP_ATTEMPTS
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

fn attempt_bytes(attempt: &Attempt) -> usize {
    let sent = attempt.body.as_ref().map_or(0, Bytes::len);
    sent + attempt.result.as_ref().map_or(0, |reply| reply.body.len())
}
