//! The one thread that writes captures: group commit, synced to disk.
//!
//! Deliveries queue up while a group is being synced, and the next group takes them all; so the disk
//! is asked once for a whole group, and a single delivery waits for nobody. A group goes the same way
//! each time: numbers; one vectored write of its records to the log; the log's sync, during which its
//! rows are inserted into the index; the index's commit, unsynced; the replies. Whatever fails on that
//! way, the rows are rolled back and the log is cut to where it was. The sender of a delivery is
//! answered only after [`Keeping`] has resolved.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::oneshot;

use super::checkpoint::Checkpointer;
use super::group::{CommitGroup, Job, KeptRecord, MarkedCount};
use super::identity::FileIdentity;
use super::index::{Index, Inserted, Inserter};
use super::live_prune::{LivePruning, PruneOrder, PruneWatch, PrunedReply};
use super::lock::StoreLock;
use super::log::LogWriter;
use super::marks::{self, MarksFile};
use super::opening::OpenedStore;
use super::record::Draft;
use super::retire::{RETENTION_INTERVAL, Retirer};
use super::seal::SealKeys;
use super::{Freed, Location, Loss, Retention, StoreError, prune};
use crate::delivery::{Answer, Attempt, Captured, DeliveryId, MarksEdit, Outcome};

/// Deliveries that may wait for a commit at most; past this the sender is asked to come back later.
pub const QUEUE_CAPACITY: usize = 4096;
/// Answers that are kept back for the next commit when one has failed.
const ANSWERS_KEPT_BACK: usize = 4096;
/// How long the last work may take. What is left of it is hidden, and goes when the store is next closed or pruned.
const REMOVAL_TIME: Duration = Duration::from_millis(400);
/// The same for attempts, which may hold a response of a mebibyte each.
const ATTEMPTS_KEPT_BACK: usize = 32;

/// What the writer tells of its work, once for each group.
#[derive(Debug, Clone)]
pub enum StoreEvent {
    /// A group is on disk.
    Committed {
        /// Deliveries kept with it.
        kept: usize,
        /// Answers recorded with it.
        answered: usize,
        /// The newest delivery so far.
        last: DeliveryId,
    },
    /// A group could not be kept; its senders get 503.
    Fault(Arc<StoreError>),
    /// Retention has deleted deliveries.
    Retired(Freed),
    /// Somebody has deleted deliveries ([`WriterHandle::prune`]).
    Pruned(Freed),
    /// Marks have changed, or deliveries were hidden or brought back ([`WriterHandle::mark`]).
    Marked,
}

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
    jobs: mpsc::Sender<Job>,
    waiting: Arc<AtomicUsize>,
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

    /// Deliveries that wait for a commit, at most [`QUEUE_CAPACITY`].
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Queues the record of what was answered. Nobody waits for it, and it is not synced.
    pub fn answered(&self, id: DeliveryId, answer: Answer) {
        let _ = self.jobs.send(Job::Answered(id, answer));
    }

    /// Queues what was found out about a delivery's signature, as JSON. It replaces what was found
    /// before; nobody waits for it either.
    pub fn diagnosed(&self, id: DeliveryId, diagnosis: String) {
        let _ = self.jobs.send(Job::Diagnosed(id, diagnosis));
    }

    /// Deletes deliveries for good, between commits. What does not exist is passed over.
    #[must_use]
    pub fn prune(&self, doomed: Vec<DeliveryId>) -> Pruning {
        self.prune_watched(doomed, Box::new(|_| true))
    }

    /// The same, of which `watch` is told after each segment and can end it there: what has gone by then is gone.
    #[must_use]
    pub fn prune_watched(&self, doomed: Vec<DeliveryId>, watch: PruneWatch) -> Pruning {
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
        let _ = self.jobs.send(Job::Attempted(Box::new(attempt)));
    }
}

/// The writer thread.
#[derive(Debug)]
pub struct Writer {
    thread: JoinHandle<()>,
    began_behind: DeliveryId,
    losses: Vec<Loss>,
}

impl Writer {
    /// Opens (creates, migrates) the store and starts the thread. `observer` is called on it, once
    /// for each group, and must not block.
    ///
    /// # Errors
    ///
    /// Those of [`Location::open_for_writing`].
    pub fn start(
        location: &Location,
        observer: impl Fn(StoreEvent) + Send + 'static,
    ) -> Result<(Self, WriterHandle), StoreError> {
        Self::start_retaining(location, Retention::default(), RETENTION_INTERVAL, observer)
    }

    /// The same, for a command that changes a little and ends: what was deleted before stays hidden, and can still be
    /// brought back.
    ///
    /// # Errors
    ///
    /// Those of [`Writer::start`].
    pub fn start_briefly(location: &Location) -> Result<(Self, WriterHandle), StoreError> {
        Self::start_with(location, (Retention::default(), RETENTION_INTERVAL), LastWork::None, |_| {})
    }

    /// The same as [`Writer::start`], for a store that keeps what `retention` says: checks after a commit what may be deleted,
    /// whenever so much time has passed, or a segment is full. What was there before is not looked at for it.
    ///
    /// # Errors
    ///
    /// Those of [`Writer::start`].
    pub fn start_retaining(
        location: &Location,
        retention: Retention,
        interval: Duration,
        observer: impl Fn(StoreEvent) + Send + 'static,
    ) -> Result<(Self, WriterHandle), StoreError> {
        Self::start_with(location, (retention, interval), LastWork::RemoveDeleted, observer)
    }

    fn start_with(
        location: &Location,
        (retention, interval): (Retention, Duration),
        last_work: LastWork,
        observer: impl Fn(StoreEvent) + Send + 'static,
    ) -> Result<(Self, WriterHandle), StoreError> {
        let OpenedStore { index, keys, last, end, losses, marks, lock } = OpenedStore::open(location)?;
        let failed = |error| StoreError::io(location.file(), "start the writer of", error);
        let committer = Committer {
            identity: FileIdentity::of(location.file())?,
            location: location.clone(),
            log: LogWriter::new(location.clone(), end),
            keys,
            inserter: Inserter::start().map_err(failed)?,
            checkpointer: Checkpointer::start(location)?,
            pruning: LivePruning::default(),
            retirer: Retirer::new(location.clone(), retention, interval, end.segment),
            last_work,
            last,
            marks,
            kept_back: Vec::new(),
            attempts_kept_back: Vec::new(),
            _lock: lock,
        };
        let (jobs, queue) = mpsc::channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let handle = WriterHandle { jobs, waiting: Arc::clone(&waiting) };
        let thread = std::thread::Builder::new()
            .name("whyhook-writer".to_owned())
            .spawn(move || committer.run(index, &queue, &waiting, &observer))
            .map_err(failed)?;
        Ok((Self { thread, began_behind: last, losses }, handle))
    }

    /// The newest delivery that was in the store before: 0 when there was none.
    #[must_use]
    pub fn began_behind(&self) -> DeliveryId {
        self.began_behind
    }

    /// What of the log was found to be lost when the store was opened, and was not known to be.
    #[must_use]
    pub fn losses(&self) -> &[Loss] {
        &self.losses
    }

    /// Waits until everything queued is on disk. Returns once every [`WriterHandle`] is dropped.
    pub fn join(self) {
        let _ = self.thread.join();
    }
}

/// What is done before the store is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LastWork {
    None,
    /// What was deleted is removed for good.
    RemoveDeleted,
}

struct Committer {
    location: Location,
    identity: FileIdentity,
    log: LogWriter,
    keys: SealKeys,
    inserter: Inserter,
    checkpointer: Checkpointer,
    pruning: LivePruning,
    retirer: Retirer,
    last_work: LastWork,
    last: DeliveryId,
    marks: MarksFile,
    kept_back: Vec<(DeliveryId, Answer)>,
    attempts_kept_back: Vec<Attempt>,
    _lock: StoreLock,
}

impl Committer {
    fn run(
        mut self,
        mut index: Index,
        queue: &mpsc::Receiver<Job>,
        waiting: &AtomicUsize,
        observer: &dyn Fn(StoreEvent),
    ) {
        let mut open = true;
        while open {
            let mut group =
                CommitGroup::of(std::mem::take(&mut self.kept_back), std::mem::take(&mut self.attempts_kept_back));
            match self.next(queue) {
                Ok(Some(job)) => {
                    group.add(job);
                    group.fill(queue);
                }
                Ok(None) if group.answers.is_empty() && group.attempts.is_empty() => {
                    self.prune(&index).into_iter().for_each(observer);
                    continue;
                }
                Ok(None) => {}
                Err(mpsc::RecvError) if group.answers.is_empty() && group.attempts.is_empty() => break,
                Err(mpsc::RecvError) => open = false,
            }
            crate::system::panic::trap("writer");
            waiting.fetch_sub(group.keeps.len(), Ordering::Relaxed);
            for order in std::mem::take(&mut group.prunings) {
                self.pruning.add(order);
            }
            let begun = Instant::now();
            let Some((returned, mut group, outcome)) = self.commit(index, group) else { return };
            index = returned;
            let edits = std::mem::take(&mut group.marks);
            // After the group: what was kept with it can be marked already.
            let marked: Vec<_> = edits
                .into_iter()
                .map(|(ids, edit, reply)| (self.marks.edit(&index, &ids, &edit).map_err(Arc::new), reply))
                .collect();
            log(&group, outcome.as_ref().err(), self.last, begun);
            observer(self.reply(group, outcome));
            if marked.iter().any(|(outcome, _)| outcome.as_ref().is_ok_and(|changed| *changed > 0)) {
                observer(StoreEvent::Marked);
            }
            for (outcome, reply) in marked {
                let _ = reply.send(outcome);
            }
            self.checkpointer.committed();
            self.prune(&index).into_iter().for_each(observer);
            if !self.pruning.is_idle() {
                continue;
            }
            if let Some(doomed) = self.retirer.doomed(self.log.end().segment) {
                self.retire(&index, &doomed).into_iter().for_each(observer);
            }
        }
        if self.last_work == LastWork::RemoveDeleted {
            self.remove_deleted(&index);
        }
    }

    /// Removes for good what was deleted, as far as that takes no longer than people wait for a program to end.
    fn remove_deleted(&self, index: &Index) {
        let deleted = marks::deleted(index.connection()).unwrap_or_default();
        if deleted.is_empty() {
            return;
        }
        let work = prune::Work { location: &self.location, index, keys: &self.keys, last: self.last };
        let deadline = Instant::now() + REMOVAL_TIME;
        let freed = work.prune_until(&deleted, &|| Instant::now() < deadline);
        if let Err(error) = freed {
            tracing::error!(reason = %error, "deleted deliveries are still there");
        }
    }

    /// What is asked next. While something is being pruned, nothing is waited for.
    fn next(&self, queue: &mpsc::Receiver<Job>) -> Result<Option<Job>, mpsc::RecvError> {
        if self.pruning.is_idle() {
            return queue.recv().map(Some);
        }
        match queue.try_recv() {
            Ok(job) => Ok(Some(job)),
            Err(mpsc::TryRecvError::Empty) => Ok(None),
            Err(mpsc::TryRecvError::Disconnected) => Err(mpsc::RecvError),
        }
    }

    /// Prunes a segment, where that was asked for; tells when a pruning has come to its end.
    fn prune(&mut self, index: &Index) -> Option<StoreEvent> {
        let log = &mut self.log;
        let mut close = |segment| {
            if log.end().segment == segment {
                log.close();
            }
        };
        let work = prune::Work { location: &self.location, index, keys: &self.keys, last: self.last };
        self.pruning.step(&work, &mut close).map(StoreEvent::Pruned)
    }

    /// Deletes what is kept no longer; tells when something has gone.
    fn retire(&mut self, index: &Index, doomed: &[DeliveryId]) -> Option<StoreEvent> {
        let log = &mut self.log;
        let mut close = |segment| {
            if log.end().segment == segment {
                log.close();
            }
        };
        let work = prune::Work { location: &self.location, index, keys: &self.keys, last: self.last };
        match work.prune_briefly(doomed, &mut close) {
            Ok(freed) => (freed.deliveries > 0).then_some(StoreEvent::Retired(freed)),
            Err(error) => Some(StoreEvent::Fault(Arc::new(error))),
        }
    }

    /// Puts a group on disk and into the index, or into neither.
    fn commit(&mut self, index: Index, mut group: CommitGroup) -> Option<Inserted> {
        let at = self.log.end();
        let written = self.write(&mut group);
        let (index, group, outcome) = match written {
            Err(error) => (index, group, Err(error)),
            // Nobody waits for answers. (A power cut may take the last of them, `kill -9` none.)
            Ok(()) if group.keeps.is_empty() => {
                let inserted = index.insert(&group, at);
                (index, group, inserted)
            }
            // Also with one delivery alone: in the server, its row before the sync was no faster.
            Ok(()) => {
                let ((index, group, inserted), synced) = self.inserter.insert(index, group, at, || self.sync())?;
                (index, group, synced.and(inserted))
            }
        };
        let outcome = outcome.and_then(|()| index.commit());
        if outcome.is_ok() {
            self.log.accept(group.record_bytes());
            self.last = DeliveryId(self.last.0.saturating_add(group.keeps.len() as i64));
        } else {
            index.roll_back();
            // Should this fail, it is tried again before the next group is written.
            let _ = self.log.take_back();
            // Somebody may have added rows by hand.
            if let Ok(Some((newest, _))) = index.newest() {
                self.last = self.last.max(newest);
            }
        }
        Some((index, group, outcome))
    }

    fn write(&mut self, group: &mut CommitGroup) -> Result<(), StoreError> {
        if group.keeps.is_empty() {
            return self.check();
        }
        group.number(DeliveryId(self.last.0.saturating_add(1)), &self.keys.own, self.log.end());
        self.log.append(group.drafts())
    }

    /// Brings what was written to disk.
    fn sync(&self) -> Result<(), StoreError> {
        self.log.sync().and_then(|()| self.check())
    }

    /// Whether all that was written can still be found by its name.
    fn check(&self) -> Result<(), StoreError> {
        self.identity.check(self.location.file())?;
        self.log.check()
    }

    /// Tells each sender of a group, and then what there is to tell of it.
    fn reply(&mut self, group: CommitGroup, outcome: Result<(), StoreError>) -> StoreEvent {
        let (kept, answered) = (group.keeps.len(), group.answers.len());
        match outcome {
            Ok(()) => {
                // The senders first: freeing what was written can wait.
                let mut written = Vec::with_capacity(kept);
                for (draft, reply) in group.keeps {
                    if reply.send(Ok(draft.id())).is_err() {
                        self.kept_back.push((draft.id(), sender_gone()));
                    }
                    written.push(draft);
                }
                StoreEvent::Committed { kept, answered, last: self.last }
            }
            Err(error) => {
                let error = Arc::new(error);
                for (_, reply) in group.keeps {
                    let _ = reply.send(Err(Arc::clone(&error)));
                }
                self.kept_back = group.answers;
                self.kept_back.truncate(ANSWERS_KEPT_BACK);
                self.attempts_kept_back = group.attempts;
                self.attempts_kept_back.truncate(ATTEMPTS_KEPT_BACK);
                StoreEvent::Fault(error)
            }
        }
    }
}

fn log(group: &CommitGroup, fault: Option<&StoreError>, last: DeliveryId, begun: Instant) {
    let (deliveries, answers, attempts) = (group.keeps.len(), group.answers.len(), group.attempts.len());
    if let Some(fault) = fault {
        tracing::error!(deliveries, answers, attempts, reason = %fault, "not committed");
        return;
    }
    let ms = crate::system::log::ms(begun.elapsed());
    tracing::debug!(deliveries, answers, attempts, bytes = group.record_bytes(), last = last.0, ms, "committed");
}

fn sender_gone() -> Answer {
    Answer {
        outcome: Outcome::SenderGone,
        status: 0,
        interim: Bytes::new(),
        headers: Vec::new(),
        body: Bytes::new(),
        body_bytes: 0,
        rule: "sender gone".to_owned(),
        latency: Duration::ZERO,
    }
}
