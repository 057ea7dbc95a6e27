//! What is on its way into the index, and the thread that brings it there.
//!
//! A sender is answered once its record is in the log, on disk. The rows follow in batches: whatever has come while
//! the batch before was committed, or within a moment after it, answers included. Who reads meanwhile waits for
//! them ([`super::tail`]). The writer brings the rest in by itself before it prunes or marks, when too much waits,
//! and, once the index has refused a batch, before it keeps anything more: so what has no row is bounded.
//!
//! A row that could not be inserted stays in the queue and is tried again. Where that never succeeds, opening the
//! store makes the deliveries' rows from the log.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::checkpoint::Checkpointer;
use super::identity::FileIdentity;
use super::index::{Index, IndexRow};
use super::progress::ProgressFile;
use super::{Location, StoreError, StoreEvent};
use crate::delivery::DeliveryId;
use crate::system::thread;

/// How long a batch waits for company. Under load one commit then serves many groups, and a delivery's answer comes
/// with it.
const GATHERING: Duration = Duration::from_millis(2);
/// How long it waits when so many rows have come within that time: a commit costs by the pages it changes, and most
/// rows of a second lie on few.
const GATHERING_BUSY: Duration = Duration::from_millis(20);
const BUSY_ROWS: usize = 64;
/// Rows and bytes of bodies of answers and attempts in one transaction.
const BATCH_ROWS: usize = 4096;
const BATCH_BYTES: usize = 16 * 1024 * 1024;
/// Deliveries that wait for their rows at most.
const BEHIND: usize = 8192;
/// Rows that are not deliveries' and are kept for the next try when the index has refused them; the newest go first.
/// Attempts may hold a response of a mebibyte each.
const OTHERS_KEPT: usize = 4096;
const ATTEMPTS_KEPT: usize = 32;
/// When the index is tried again after it has refused a batch.
const AGAIN: Duration = Duration::from_secs(1);

/// See the module's page. Cloning is cheap.
#[derive(Clone)]
pub(super) struct IndexQueue {
    shared: Arc<Shared>,
}

struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
    /// `None` once it is closed.
    index: Mutex<Option<IndexSide>>,
    /// Deliveries that have no row yet.
    behind: AtomicUsize,
    /// Whether the last try was refused.
    failing: AtomicBool,
    observer: Box<dyn Fn(StoreEvent) + Send + Sync>,
}

#[derive(Default)]
struct Queue {
    rows: VecDeque<IndexRow>,
    /// Somebody waits for the rows.
    hurry: bool,
    closed: bool,
}

/// What a commit to the index needs.
struct IndexSide {
    index: Index,
    location: Location,
    identity: FileIdentity,
    progress: Arc<ProgressFile>,
    checkpointer: Checkpointer,
    /// The newest delivery that has a row.
    last: DeliveryId,
}

/// The thread; the queue is closed by [`IndexThread::close`].
pub(super) struct IndexThread {
    queue: IndexQueue,
    thread: Option<JoinHandle<()>>,
}

impl IndexThread {
    /// Starts the thread for an index that covers the log up to `last`. `observer` is told of each batch, and must not
    /// block.
    pub(super) fn start(
        location: &Location,
        index: Index,
        (progress, last): (Arc<ProgressFile>, DeliveryId),
        observer: Box<dyn Fn(StoreEvent) + Send + Sync>,
    ) -> Result<Self, StoreError> {
        let side = IndexSide {
            index,
            location: location.clone(),
            identity: FileIdentity::of(location.file())?,
            progress,
            checkpointer: Checkpointer::start(location)?,
            last,
        };
        let shared = Arc::new(Shared {
            queue: Mutex::default(),
            changed: Condvar::new(),
            index: Mutex::new(Some(side)),
            behind: AtomicUsize::new(0),
            failing: AtomicBool::new(false),
            observer,
        });
        let queue = IndexQueue { shared };
        let run = queue.clone();
        let thread = thread::spawn("whyhook-index", move || run.run())?;
        Ok(Self { queue, thread: Some(thread) })
    }

    pub(super) fn queue(&self) -> &IndexQueue {
        &self.queue
    }

    /// Brings in what is left, ends the thread and returns the index, unless the thread has panicked.
    pub(super) fn close(mut self) -> Option<Index> {
        self.end();
        lock(&self.queue.shared.index).take().map(|side| side.index)
    }

    fn end(&mut self) {
        lock(&self.queue.shared.queue).closed = true;
        self.queue.shared.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for IndexThread {
    fn drop(&mut self) {
        self.end();
    }
}

impl IndexQueue {
    /// Adds rows, which are committed soon.
    pub(super) fn push(&self, rows: impl IntoIterator<Item = IndexRow>) {
        let mut queue = lock(&self.shared.queue);
        let was_empty = queue.rows.is_empty();
        let before = queue.rows.len();
        queue.rows.extend(rows);
        let deliveries = queue.rows.range(before..).filter(|row| row.is_delivery()).count();
        self.shared.behind.fetch_add(deliveries, Ordering::Relaxed);
        let wakes = was_empty && !queue.rows.is_empty();
        drop(queue);
        if wakes {
            self.shared.changed.notify_one();
        }
    }

    /// Somebody is about to read what was kept just now: it waits for no company. (Its row may not have come yet.)
    pub(super) fn hurry(&self) {
        lock(&self.shared.queue).hurry = true;
        self.shared.changed.notify_one();
    }

    /// Refuses when the index does not take what it has to take before more is kept.
    pub(super) fn admit(&self) -> Result<(), StoreError> {
        if self.shared.failing.load(Ordering::Acquire) || self.shared.behind.load(Ordering::Relaxed) > BEHIND {
            self.flush()?;
        }
        Ok(())
    }

    /// Brings everything in that is queued.
    pub(super) fn flush(&self) -> Result<(), StoreError> {
        self.with_index(|_| Ok(()))
    }

    /// Brings everything in that is queued, and works with the index then: nothing is committed meanwhile.
    pub(super) fn with_index<T>(&self, work: impl FnOnce(&Index) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let mut side = lock(&self.shared.index);
        let side = side.as_mut().ok_or(StoreError::Stopped)?;
        self.bring_in(side)?;
        work(&side.index)
    }

    fn bring_in(&self, side: &mut IndexSide) -> Result<(), StoreError> {
        // What comes meanwhile gathers for the next time: under load something always does.
        let mut left = lock(&self.shared.queue).rows.len();
        while left > 0 {
            let batch = self.take(left);
            left = left.saturating_sub(batch.len().max(1));
            let begun = Instant::now();
            match side.commit(&batch) {
                Ok(told) => {
                    let ms = crate::system::log::ms(begun.elapsed());
                    tracing::debug!(rows = batch.len(), last = side.last.0, ms, "indexed");
                    let deliveries = batch.iter().filter(|row| row.is_delivery()).count();
                    self.shared.behind.fetch_sub(deliveries, Ordering::Relaxed);
                    (self.shared.observer)(told);
                }
                Err(error) => {
                    tracing::error!(rows = batch.len(), reason = %error, "not indexed");
                    let newest = batch.iter().filter_map(IndexRow::delivery).max();
                    self.put_back(batch);
                    if !self.shared.failing.swap(true, Ordering::AcqRel) {
                        // Readers find them in the log.
                        let last = side.last.max(newest.unwrap_or(side.last));
                        (self.shared.observer)(StoreEvent::Committed { kept: 0, answered: 0, last });
                    }
                    return Err(error);
                }
            }
        }
        self.shared.failing.store(false, Ordering::Release);
        Ok(())
    }

    /// Takes what goes into one transaction, of the `left` first rows.
    fn take(&self, left: usize) -> Vec<IndexRow> {
        let mut queue = lock(&self.shared.queue);
        queue.hurry = false;
        let mut bytes = 0;
        let fits = |row: &&IndexRow| {
            let fits = bytes < BATCH_BYTES;
            bytes += row.bytes();
            fits
        };
        let count = queue.rows.iter().take(BATCH_ROWS.min(left)).take_while(fits).count();
        queue.rows.drain(..count).collect()
    }

    /// Keeps a batch that was refused for the next try.
    fn put_back(&self, batch: Vec<IndexRow>) {
        let mut queue = lock(&self.shared.queue);
        let newer = std::mem::take(&mut queue.rows);
        queue.rows.extend(batch);
        queue.rows.extend(newer);
        let (mut others, mut attempts) = (0, 0);
        queue.rows.retain(|row| match row {
            IndexRow::Delivery(..) => true,
            IndexRow::Attempted(_) => {
                attempts += 1;
                attempts <= ATTEMPTS_KEPT
            }
            IndexRow::Answered(..) | IndexRow::Diagnosed(..) => {
                others += 1;
                others <= OTHERS_KEPT
            }
        });
    }

    fn run(&self) {
        let queue = || lock(&self.shared.queue);
        let wait = |queue, patience, until: fn(&mut Queue) -> bool| {
            let waited = self.shared.changed.wait_timeout_while(queue, patience, |queue| !until(queue));
            drop(waited.unwrap_or_else(PoisonError::into_inner));
        };
        loop {
            let waiting = self.shared.changed.wait_while(queue(), |queue| queue.rows.is_empty() && !queue.closed);
            let waiting = waiting.unwrap_or_else(PoisonError::into_inner);
            let closed = waiting.closed;
            wait(waiting, GATHERING, |queue| queue.hurry || queue.closed);
            let gathered = queue();
            if gathered.rows.len() < BUSY_ROWS {
                drop(gathered);
            } else {
                wait(gathered, GATHERING_BUSY - GATHERING, |queue| queue.hurry || queue.closed);
            }
            crate::system::panic::panic_for_test("index");
            match self.flush() {
                Ok(()) | Err(_) if closed => return,
                Ok(()) => {}
                // Who comes next is refused, and the person hears why. What is here already is shown from the log.
                Err(_) => wait(queue(), AGAIN, |queue| queue.closed),
            }
        }
    }
}

impl IndexSide {
    fn commit(&mut self, batch: &[IndexRow]) -> Result<StoreEvent, StoreError> {
        // What is committed to a file without a name is gone when the process ends.
        self.identity.check(self.location.file())?;
        let committed = self.index.insert(batch).and_then(|()| self.index.commit());
        if let Err(error) = committed {
            self.index.roll_back();
            return Err(error);
        }
        let newest = batch.iter().filter_map(IndexRow::delivery).max();
        if let Some(newest) = newest {
            self.last = self.last.max(newest);
            // The rows are there all the same, and readers look for themselves where it does not say so.
            if let Err(error) = self.progress.indexed(self.last) {
                tracing::warn!(reason = %error, "progress not told");
            }
        }
        let kept = batch.iter().filter(|row| row.is_delivery()).count();
        let answered = batch.iter().filter(|row| matches!(row, IndexRow::Answered(..))).count();
        self.checkpointer.committed(batch.len());
        Ok(StoreEvent::Committed { kept, answered, last: self.last })
    }
}

impl std::fmt::Debug for IndexQueue {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("IndexQueue").field("behind", &self.shared.behind).finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
