//! The one thread that writes captures: group commit, synced to disk.
//!
//! Deliveries queue up while a group is being synced, and the next group takes them all; so the disk
//! is asked once for a whole group, and a single delivery waits for nobody. A group goes the same way
//! each time: numbers; one vectored write of its records to the log; the log's sync; the word that they are
//! on disk, for readers ([`super::progress`]); the replies; its rows, which are handed to another thread
//! ([`super::index_queue`]); room for the next ([`super::room`]). Whatever fails before the replies, the log is cut to where it was. The sender of a
//! delivery is answered only after [`Keeping`] has resolved.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::group::{self, CommitGroup, Job, MarkingJob};
use super::identity::FileIdentity;
use super::index::IndexRow;
use super::index_queue::IndexThread;
use super::live_prune::LivePruning;
use super::lock::StoreLock;
use super::log::{LogEnd, LogWriter};
use super::marks::{self, MarksFile};
use super::progress::ProgressFile;
use super::record::Draft;
use super::retire::Retirer;
use super::seal::SealKeys;
use super::{Freed, Location, LockUse, PrunePlan, StoreError, StoreEvent, prune, reserve};
use crate::delivery::{Answer, ChosenBy, DeliveryId, Outcome};

/// How long the last work may take. What is left of it is hidden, and goes when the store is next closed or pruned.
const REMOVAL_TIME: Duration = Duration::from_millis(400);

/// What is done before the store is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LastWork {
    None,
    /// What was deleted is removed for good.
    RemoveDeleted,
}

impl LastWork {
    /// Who does none is a command, which ends by itself.
    pub(super) fn usage(self) -> LockUse {
        match self {
            Self::None => LockUse::Command,
            Self::RemoveDeleted => LockUse::Listener,
        }
    }
}

/// What the writer's thread has.
pub(super) struct Committer {
    pub(super) location: Location,
    pub(super) identity: FileIdentity,
    pub(super) log: LogWriter,
    pub(super) keys: SealKeys,
    pub(super) progress: Arc<ProgressFile>,
    pub(super) index: IndexThread,
    pub(super) pruning: LivePruning,
    pub(super) retirer: Retirer,
    pub(super) last_work: LastWork,
    pub(super) last: DeliveryId,
    pub(super) marks: MarksFile,
    pub(super) observer: Arc<dyn Fn(StoreEvent) + Send + Sync>,
    pub(super) _lock: StoreLock,
}

impl Committer {
    pub(super) fn run(mut self, queue: &mpsc::Receiver<Job>, waiting: &AtomicUsize) {
        loop {
            let mut group = CommitGroup::default();
            match self.next(queue) {
                Ok(Some(job)) => {
                    group.add(job);
                    group.fill(queue);
                }
                Ok(None) => {
                    self.prune();
                    continue;
                }
                Err(mpsc::RecvError) => break,
            }
            crate::system::panic::panic_for_test("writer");
            waiting.fetch_sub(group.keeps.len(), Ordering::Relaxed);
            for order in std::mem::take(&mut group.prunings) {
                self.pruning.add(order);
            }
            let begun = Instant::now();
            let outcome = self.commit(&mut group);
            log(&group, outcome.as_ref().err(), self.last, begun);
            let edits = std::mem::take(&mut group.marks);
            let (bytes, deliveries) = (group.record_bytes(), group.keeps.len());
            self.reply(group, outcome);
            // Who has just been answered, or waits already, will not wait for zeros.
            let busy = deliveries > 1 || waiting.load(Ordering::Relaxed) > 0;
            self.log.make_room(bytes, busy);
            // After the group: what was kept with it can be marked already.
            self.mark(edits);
            self.prune();
            if !self.pruning.is_idle() {
                continue;
            }
            if let Some(doomed) = self.retirer.doomed(self.log.end().segment) {
                self.retire(&doomed);
            }
        }
        self.log.trim();
        let Self { location, keys, index, last_work, last, marks, _lock: lock, .. } = self;
        if let Some(index) = index.close()
            && last_work == LastWork::RemoveDeleted
        {
            let doubt = marks.doubt();
            remove_deleted(&prune::Work { location: &location, index: &index, keys: &keys, last, doubt });
        }
        drop(lock);
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

    /// Changes what a person has added to deliveries.
    fn mark(&mut self, edits: Vec<MarkingJob>) {
        if edits.is_empty() {
            return;
        }
        let edited: Vec<_> = edits
            .into_iter()
            .map(|(ids, edit, reply)| {
                let (queue, marks) = (self.index.queue(), &mut self.marks);
                let outcome =
                    reserve::with(&self.location, || queue.with_index(|index| marks.edit(index, &ids, &edit)));
                (outcome.map_err(Arc::new), reply)
            })
            .collect();
        if edited.iter().any(|(outcome, _)| outcome.as_ref().is_ok_and(|changed| *changed > 0)) {
            (self.observer)(StoreEvent::Marked);
        }
        for (outcome, reply) in edited {
            let _ = reply.send(outcome);
        }
        reserve::lay_by(&self.location);
    }

    /// Prunes a segment, where that was asked for; tells when a pruning has come to its end.
    fn prune(&mut self) {
        if self.pruning.is_idle() {
            return;
        }
        // What is freed is counted by the files' lengths.
        self.log.trim();
        let Self { location, log, keys, index, pruning, last, marks, .. } = self;
        let stepped = reserve::with(location, || {
            index.queue().with_index(|index| {
                let work = prune::Work { location, index, keys, last: *last, doubt: marks.doubt() };
                Ok(pruning.step(&work, &mut |segment| close(log, segment)))
            })
        });
        let freed = stepped.unwrap_or_else(|error| pruning.give_up(error));
        reserve::lay_by(location);
        freed.map(StoreEvent::Pruned).into_iter().for_each(&*self.observer);
    }

    /// Deletes what is kept no longer; tells when something has gone, and when something went wrong after it.
    fn retire(&mut self, plan: &PrunePlan) {
        if self.marks.doubt().is_some() {
            // Which was said at the start.
            return;
        }
        self.log.trim();
        let Self { location, log, keys, index, last, .. } = self;
        let pruned = reserve::with(location, || {
            index.queue().with_index(|index| {
                let work = prune::Work { location, index, keys, last: *last, doubt: None };
                Ok(work.prune_briefly(plan, &mut |segment| close(log, segment)))
            })
        });
        let (freed, outcome) = pruned.unwrap_or_else(|error| (Freed::default(), Err(error)));
        if freed.deliveries > 0 {
            (self.observer)(StoreEvent::Retired(freed));
        }
        if let Err(error) = outcome {
            (self.observer)(StoreEvent::Fault(Arc::new(error)));
        }
    }

    /// Puts a group on disk, or leaves the log as it was. Returns where its first record lies.
    fn commit(&mut self, group: &mut CommitGroup) -> Result<LogEnd, StoreError> {
        let at = self.log.end();
        if group.keeps.is_empty() {
            return self.check().map(|()| at);
        }
        let last = DeliveryId(self.last.0.saturating_add(group.keeps.len() as i64));
        match self.write(group, last) {
            Ok(()) => {
                self.log.accept(group.record_bytes());
                self.last = last;
                Ok(at)
            }
            Err(error) => {
                // Should this fail, it is tried again before the next group is written.
                let _ = self.log.take_back();
                Err(error)
            }
        }
    }

    /// Brings a group's records to disk, the last of them under the number `last`, and says so.
    fn write(&mut self, group: &mut CommitGroup, last: DeliveryId) -> Result<(), StoreError> {
        self.index.queue().admit()?;
        group.number(DeliveryId(self.last.0.saturating_add(1)), &self.keys.own, self.log.end());
        self.log.append(group.drafts())?;
        self.log.sync()?;
        self.check()?;
        self.progress.durable(last)
    }

    /// Whether all that was written can still be found by its name.
    fn check(&self) -> Result<(), StoreError> {
        self.identity.check(self.location.file())?;
        self.log.check()
    }

    /// Tells each sender of a group, and hands on its rows; the first record lies where `outcome` says.
    fn reply(&mut self, group: CommitGroup, outcome: Result<LogEnd, StoreError>) {
        match outcome {
            Ok(mut at) => {
                // The senders first: rows, and freeing what was written, can wait.
                let (mut written, mut gone) = (Vec::with_capacity(group.keeps.len()), Vec::new());
                for (draft, reply) in group.keeps {
                    if reply.send(Ok(draft.id())).is_err() {
                        gone.push(IndexRow::Answered(draft.id(), sender_gone()));
                    }
                    written.push(draft);
                }
                let row = |draft: Box<Draft>| {
                    let place = group::place_of(draft.bytes(), &mut at);
                    IndexRow::of_record(draft, place)
                };
                let rows: Vec<IndexRow> = written.into_iter().map(row).chain(gone).collect();
                if !rows.is_empty() {
                    self.index.queue().push(rows);
                }
            }
            Err(error) => {
                let error = Arc::new(error);
                for (_, reply) in group.keeps {
                    let _ = reply.send(Err(Arc::clone(&error)));
                }
                (self.observer)(StoreEvent::Fault(error));
            }
        }
    }
}

/// Removes for good what was deleted, as far as that takes no longer than people wait for a program to end.
fn remove_deleted(work: &prune::Work<'_>) {
    if marks::deleted(work.index.connection()).unwrap_or_default().is_empty() {
        return;
    }
    let deadline = Instant::now() + REMOVAL_TIME;
    if let Err(error) = work.remove_deleted(&|| Instant::now() < deadline) {
        tracing::error!(reason = %error, "deleted deliveries are still there");
    }
}

/// Lets nothing more come to `segment`, when it is the one that is written to.
fn close(log: &mut LogWriter, segment: i64) {
    if log.end().segment == segment {
        log.close();
    }
}

fn log(group: &CommitGroup, fault: Option<&StoreError>, last: DeliveryId, begun: Instant) {
    let deliveries = group.keeps.len();
    if let Some(fault) = fault {
        tracing::error!(deliveries, reason = %fault, "not committed");
        return;
    }
    let ms = crate::system::log::ms(begun.elapsed());
    tracing::debug!(deliveries, bytes = group.record_bytes(), last = last.0, ms, "committed");
}

fn sender_gone() -> Answer {
    Answer {
        outcome: Outcome::SenderGone,
        status: 0,
        interim: Bytes::new(),
        headers: Vec::new(),
        body: Bytes::new(),
        body_bytes: 0,
        rule: ChosenBy::kept("sender gone"),
        latency: Duration::ZERO,
    }
}
