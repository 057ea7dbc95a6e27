//! The writer: its start, what it tells, and its end. What it does with each group is in [`super::committer`].

use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use super::committer::{Committer, LastWork};
use super::identity::FileIdentity;
use super::index_queue::IndexThread;
use super::live_prune::LivePruning;
use super::log::LogWriter;
use super::opening::OpenedStore;
use super::retire::{RETENTION_INTERVAL, Retirer};
use super::writer_handle::WriterHandle;
use super::{Freed, Location, Loss, Retention, StoreError, reserve};
use crate::delivery::DeliveryId;
use crate::system::thread;

/// What the writer tells of its work.
#[derive(Debug, Clone)]
pub enum StoreEvent {
    /// There is more to be read, all of it on disk.
    Committed {
        /// Rows of deliveries that were committed.
        kept: usize,
        /// Answers that were.
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

/// The writer thread.
#[derive(Debug)]
pub struct Writer {
    thread: JoinHandle<()>,
    last_before_run: DeliveryId,
    losses: Vec<Loss>,
}

impl Writer {
    /// Opens (creates, migrates) the store and starts the threads. `observer` is called on them, once
    /// for each batch of rows, and must not block.
    ///
    /// # Errors
    ///
    /// Those of [`Location::open_for_writing`].
    pub fn start(
        location: &Location,
        observer: impl Fn(StoreEvent) + Send + Sync + 'static,
    ) -> Result<(Self, WriterHandle), StoreError> {
        Self::start_retaining(location, Retention::default(), RETENTION_INTERVAL, observer)
    }

    /// Starts as [`Writer::start`] does, for a command that changes a little and ends: what was deleted before stays hidden, and can still be
    /// brought back.
    ///
    /// # Errors
    ///
    /// Those of [`Writer::start`].
    pub fn start_briefly(location: &Location) -> Result<(Self, WriterHandle), StoreError> {
        Self::start_with(location, (Retention::default(), RETENTION_INTERVAL), LastWork::None, |_| {})
    }

    /// Starts as [`Writer::start`] does, for a store that keeps what `retention` says: checks after a commit what may be deleted,
    /// whenever `interval` has passed or a segment is full. What was there before is not looked at for it.
    ///
    /// # Errors
    ///
    /// Those of [`Writer::start`].
    pub fn start_retaining(
        location: &Location,
        retention: Retention,
        interval: Duration,
        observer: impl Fn(StoreEvent) + Send + Sync + 'static,
    ) -> Result<(Self, WriterHandle), StoreError> {
        Self::start_with(location, (retention, interval), LastWork::RemoveDeleted, observer)
    }

    fn start_with(
        location: &Location,
        (retention, interval): (Retention, Duration),
        last_work: LastWork,
        observer: impl Fn(StoreEvent) + Send + Sync + 'static,
    ) -> Result<(Self, WriterHandle), StoreError> {
        let OpenedStore { index, keys, last, end, losses, marks, progress, lock } =
            OpenedStore::open(location, last_work.usage())?;
        reserve::lay_by(location);
        let progress = Arc::new(progress);
        let observer: Arc<dyn Fn(StoreEvent) + Send + Sync> = Arc::new(observer);
        let told = Arc::clone(&observer);
        let rows = (Arc::clone(&progress), last);
        let index = IndexThread::start(location, index, rows, Box::new(move |event| told(event)))?;
        let rows = index.queue().clone();
        let committer = Committer {
            identity: FileIdentity::of(location.file())?,
            location: location.clone(),
            log: LogWriter::new(location.clone(), end),
            keys,
            progress,
            index,
            pruning: LivePruning::default(),
            retirer: Retirer::new(location.clone(), retention, interval, end.segment),
            last_work,
            last,
            marks,
            observer,
            _lock: lock,
        };
        let (jobs, queue) = mpsc::channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let handle = WriterHandle { jobs, waiting: Arc::clone(&waiting), index: rows };
        let thread = thread::spawn("whyhook-writer", move || committer.run(&queue, &waiting))?;
        Ok((Self { thread, last_before_run: last, losses }, handle))
    }

    /// The newest delivery that was in the store before: 0 when there was none.
    #[must_use]
    pub fn last_before_run(&self) -> DeliveryId {
        self.last_before_run
    }

    /// What was found to be lost when the store was opened, and was not known to be.
    #[must_use]
    pub fn losses(&self) -> &[Loss] {
        &self.losses
    }

    /// Waits until everything queued is on disk. Returns once every [`WriterHandle`] is dropped.
    pub fn join(self) {
        let _ = self.thread.join();
    }
}
