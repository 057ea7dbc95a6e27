//! Where deliveries, marks and prunings are handed to the writer's thread ([`super::writer`]).

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};

use tokio::sync::oneshot;

use super::StoreError;
use super::group::{Job, KeptRecord, MarkedCount};
use super::index::IndexRow;
use super::index_queue::IndexQueue;
use super::live_prune::{PruneOrder, PruneWatch, PrunedReply};
use super::prune::DoomedDeliveries;
use super::record::Draft;
use crate::delivery::{Answer, Attempt, Captured, DeliveryId, MarksEdit};

/// Deliveries that may wait for the disk at most; past this the sender is asked to come back later.
pub const QUEUE_CAPACITY: usize = 4096;
/// Too many deliveries wait for the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{QUEUE_CAPACITY} deliveries are waiting for the disk")]
pub struct QueueFull;

/// Resolves once the delivery is on disk (its number) or could not be kept (why).
pub type Keeping = oneshot::Receiver<KeptRecord>;

/// Resolves once deliveries are deleted (how many) or could not be (why).
pub type Pruning = oneshot::Receiver<PrunedReply>;

/// Resolves once an edit of marks is kept (how many deliveries it has changed) or could not be (why).
pub type Marking = oneshot::Receiver<MarkedCount>;

/// Where deliveries are handed to the writer. Cheap to clone; the writer ends when all are gone.
#[derive(Debug, Clone)]
pub struct WriterHandle {
    pub(super) jobs: mpsc::Sender<Job>,
    pub(super) waiting: Arc<AtomicUsize>,
    pub(super) index: IndexQueue,
}

impl WriterHandle {
    /// Queues a delivery. Dropping the returned [`Keeping`] does not take it back: it is kept, with
    /// a note that the sender was gone.
    ///
    /// # Errors
    ///
    /// [`QueueFull`] when the disk has fallen too far behind.
    pub fn keep(&self, captured: Captured) -> Result<Keeping, QueueFull> {
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= QUEUE_CAPACITY {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            return Err(QueueFull);
        }
        let (reply, keeping) = oneshot::channel();
        let draft = Box::new(Draft::new(captured));
        if let Err(mpsc::SendError(Job::Keep(_, reply))) = self.jobs.send(Job::Keep(draft, reply)) {
            let _ = reply.send(Err(Arc::new(StoreError::Stopped)));
        }
        Ok(keeping)
    }

    /// Deliveries that wait for the disk, at most [`QUEUE_CAPACITY`].
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Queues the record of what was answered. Nobody waits for it, and it is not synced.
    pub fn answered(&self, id: DeliveryId, answer: Answer) {
        self.index.push([IndexRow::Answered(id, answer)]);
    }

    /// Queues what was found out about a delivery's signature, as JSON. It replaces what was found
    /// before; nobody waits for it either.
    pub fn diagnosed(&self, id: DeliveryId, diagnosis: String) {
        self.index.push([IndexRow::Diagnosed(id, diagnosis)]);
    }

    /// Deletes deliveries for good, between commits, pinned ones as well. What does not exist is passed over.
    #[must_use]
    pub fn prune(&self, doomed: Vec<DeliveryId>) -> Pruning {
        self.prune_watched(DoomedDeliveries { ids: doomed, pinned: true }, Box::new(|_| true))
    }

    /// Deletes deliveries for good. `watch` is told after each segment and can end it there: what has gone by then is gone.
    #[must_use]
    pub fn prune_watched(&self, doomed: DoomedDeliveries, watch: PruneWatch) -> Pruning {
        let (reply, pruning) = oneshot::channel();
        let order = PruneOrder { doomed, watch, reply };
        if let Err(mpsc::SendError(Job::Prune(order))) = self.jobs.send(Job::Prune(order)) {
            let _ = order.reply.send(Err(Arc::new(StoreError::Stopped)));
        }
        pruning
    }

    /// Queues a change of what a person has added to deliveries. It is synced before [`Marking`] resolves.
    pub fn mark(&self, ids: Vec<DeliveryId>, edit: MarksEdit) -> Marking {
        let (reply, marking) = oneshot::channel();
        if let Err(mpsc::SendError(Job::Mark(_, _, reply))) = self.jobs.send(Job::Mark(ids, edit, reply)) {
            let _ = reply.send(Err(Arc::new(StoreError::Stopped)));
        }
        marking
    }

    /// Queues an attempt that was sent from here, with its result. Nobody waits for it.
    pub fn attempted(&self, attempt: Attempt) {
        self.index.push([IndexRow::Attempted(Box::new(attempt))]);
    }

    /// Says that what was kept is about to be read: its rows wait for no others.
    pub fn hurry(&self) {
        self.index.hurry();
    }
}
