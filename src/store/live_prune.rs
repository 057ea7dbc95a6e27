//! Pruning while a listener runs: the one writer does it, a segment at a time, and commits what has come between two of
//! them. A segment is copied at most once for it; deliveries wait for that, in the writer's queue, and none is lost.
//!
//! What was begun and cut off, `kill -9` included, is finished when the store is next opened for writing: see
//! [`super::prune`].

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::oneshot;

use super::prune::{Doomed, DoomedDeliveries, Work};
use super::prune_segment::Task;
use super::{Freed, StoreError};

/// What was deleted, or why no more was.
pub(super) type PrunedReply = Result<Freed, Arc<StoreError>>;

/// Told what has gone so far, between two segments; `false` when the rest is to stay.
pub type PruneWatch = Box<dyn FnMut(Freed) -> bool + Send>;

/// A pruning that is asked for.
pub(super) struct PruneOrder {
    pub(super) doomed: DoomedDeliveries,
    pub(super) watch: PruneWatch,
    pub(super) reply: oneshot::Sender<PrunedReply>,
}

/// Prunings that were asked for.
#[derive(Default)]
pub(super) struct LivePruning {
    waiting: VecDeque<PruneOrder>,
    current: Option<CurrentPruning>,
}

/// The one that is being done.
struct CurrentPruning {
    tasks: VecDeque<Task>,
    freed: Freed,
    watch: PruneWatch,
    reply: oneshot::Sender<PrunedReply>,
}

impl LivePruning {
    pub(super) fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.current.is_none()
    }

    pub(super) fn add(&mut self, order: PruneOrder) {
        self.waiting.push_back(order);
    }

    /// Ends the pruning that is being done, or would be next, since the index cannot be worked with. Returns what it has
    /// deleted.
    pub(super) fn give_up(&mut self, error: StoreError) -> Option<Freed> {
        let (reply, freed) = match self.current.take() {
            Some(current) => (current.reply, current.freed),
            None => (self.waiting.pop_front()?.reply, Freed::default()),
        };
        let _ = reply.send(Err(Arc::new(error)));
        (freed.deliveries > 0).then_some(freed)
    }

    /// Prunes one segment; `close` is told it, when it is the one that is written to, so that nothing more comes to it.
    /// Returns what a pruning has deleted that ends with it.
    pub(super) fn step(&mut self, work: &Work<'_>, close: &mut dyn FnMut(i64)) -> Option<Freed> {
        let mut current = match self.current.take() {
            Some(current) => current,
            None => {
                let PruneOrder { doomed, watch, reply } = self.waiting.pop_front()?;
                match work.live_tasks(Doomed::from(&doomed)) {
                    Ok(tasks) => {
                        // What is kept from now on has its place elsewhere: the tasks name all that can go.
                        tasks.iter().for_each(|task| close(task.segment));
                        CurrentPruning { tasks: tasks.into(), freed: Freed::default(), watch, reply }
                    }
                    Err(error) => {
                        let _ = reply.send(Err(Arc::new(error)));
                        return None;
                    }
                }
            }
        };
        if let Some(task) = current.tasks.pop_front() {
            let (freed, outcome) = work.live_prune(&task);
            current.freed.deliveries += freed.deliveries;
            current.freed.bytes += freed.bytes;
            if let Err(error) = outcome {
                let freed = current.freed;
                let _ = current.reply.send(Err(Arc::new(error)));
                return (freed.deliveries > 0).then_some(freed);
            }
        }
        if !current.tasks.is_empty() && !(current.watch)(current.freed) {
            current.tasks.clear();
        }
        if current.tasks.is_empty() {
            let freed = current.freed;
            tracing::info!(deliveries = freed.deliveries, bytes = freed.bytes, "pruned");
            let _ = current.reply.send(Ok(freed));
            return (freed.deliveries > 0).then_some(freed);
        }
        self.current = Some(current);
        None
    }
}
