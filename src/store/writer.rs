//! The one thread that writes captures: group commit, synced to disk.
//!
//! Deliveries queue up while a commit is being synced, and the next commit takes them all; so the
//! disk is asked once for a whole group, and a single delivery waits for nobody. The sender of a
//! delivery is answered only after [`Keeping`] has resolved.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use bytes::Bytes;
use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::oneshot;

use super::location::StoreLock;
use super::segment::{Extent, SegmentWriter};
use super::{INLINE_BODY_BYTES, Location, StoreError, row};
use crate::delivery::{Answer, Captured, DeliveryId, Outcome};

/// Deliveries that may wait for a commit; past this the sender is asked to come back later.
const QUEUE_CAPACITY: usize = 4096;
/// A group ends at this many jobs or bytes, so that its first waits not too long for its last.
const GROUP_JOBS: usize = 1024;
const GROUP_BYTES: usize = 32 * 1024 * 1024;
/// Answers that are kept back for the next commit when one has failed.
const ANSWERS_KEPT_BACK: usize = 4096;
/// Answers wait so long for a delivery to be committed with. Under load one always comes, and the
/// commits of answers alone, which would hold up the next delivery's, fall away.
const ANSWERS_PATIENCE: Duration = Duration::from_millis(5);

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
}

/// Too many deliveries wait for the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{QUEUE_CAPACITY} deliveries are waiting for the disk")]
pub struct QueueFull;

/// Resolves once the delivery is on disk (its number) or could not be kept (why).
pub type Keeping = oneshot::Receiver<Kept>;

type Kept = Result<DeliveryId, Arc<StoreError>>;

enum Job {
    Keep(Box<Captured>, oneshot::Sender<Kept>),
    Answered(DeliveryId, Answer),
    Diagnosed(DeliveryId, String),
}

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
        if let Err(mpsc::SendError(Job::Keep(_, reply))) = self.jobs.send(Job::Keep(Box::new(captured), reply)) {
            let _ = reply.send(Err(Arc::new(StoreError::Stopped)));
        }
        Ok(keeping)
    }

    /// Queues the record of what was answered. Nobody waits for it, and it is not synced by itself.
    pub fn answered(&self, id: DeliveryId, answer: Answer) {
        let _ = self.jobs.send(Job::Answered(id, answer));
    }

    /// Queues what was found out about a delivery's signature, as JSON. It replaces what was found
    /// before; nobody waits for it either.
    pub fn diagnosed(&self, id: DeliveryId, diagnosis: String) {
        let _ = self.jobs.send(Job::Diagnosed(id, diagnosis));
    }
}

/// The writer thread.
#[derive(Debug)]
pub struct Writer {
    thread: JoinHandle<()>,
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
        let (connection, lock) = location.open_for_writing()?;
        let identity = FileIdentity::of(location)?;
        let newest = |sql| {
            connection
                .query_row(sql, [], |row| row.get::<_, Option<i64>>(0))
                .map_err(|source| StoreError::sqlite(location.file(), "read", source))
        };
        let last_segment = newest("SELECT segment FROM wire WHERE segment IS NOT NULL ORDER BY id DESC LIMIT 1")
            .or_else(|error| match error {
                StoreError::Sqlite { source: rusqlite::Error::QueryReturnedNoRows, .. } => Ok(None),
                other => Err(other),
            })?;
        let last = DeliveryId(newest("SELECT max(id) FROM deliveries")?.unwrap_or(0));
        let (jobs, queue) = mpsc::channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let committer = Committer {
            segments: SegmentWriter::after(location.clone(), last_segment.unwrap_or(0)),
            location: location.clone(),
            connection,
            identity,
            last,
            synced: true,
            kept_back: Vec::new(),
            _lock: lock,
        };
        let handle = WriterHandle { jobs, waiting: Arc::clone(&waiting) };
        let thread = std::thread::Builder::new()
            .name("whyhook-writer".to_owned())
            .spawn(move || committer.run(&queue, &waiting, &observer))
            .map_err(|error| StoreError::io(location.file(), "start the writer of", error))?;
        Ok((Self { thread }, handle))
    }

    /// Waits until everything queued is on disk. Returns once every [`WriterHandle`] is dropped.
    pub fn join(self) {
        let _ = self.thread.join();
    }
}

struct Group {
    keeps: Vec<(Box<Captured>, oneshot::Sender<Kept>)>,
    answers: Vec<(DeliveryId, Answer)>,
    diagnoses: Vec<(DeliveryId, String)>,
    bytes: usize,
}

impl Group {
    fn add(&mut self, job: Job) {
        match job {
            Job::Keep(captured, reply) => {
                self.bytes += captured.head.len() + captured.body.len();
                self.keeps.push((captured, reply));
            }
            Job::Answered(id, answer) => self.answers.push((id, answer)),
            Job::Diagnosed(id, diagnosis) => self.diagnoses.push((id, diagnosis)),
        }
    }

    /// Takes in what is queued. A group without a delivery waits a little for one.
    fn fill(&mut self, queue: &mpsc::Receiver<Job>) {
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
        self.keeps.len() + self.answers.len() >= GROUP_JOBS || self.bytes >= GROUP_BYTES
    }
}

struct Committer {
    location: Location,
    connection: Connection,
    segments: SegmentWriter,
    identity: FileIdentity,
    last: DeliveryId,
    /// Whether commits are synced at present (SQLite's `synchronous` is `full`).
    synced: bool,
    kept_back: Vec<(DeliveryId, Answer)>,
    _lock: StoreLock,
}

impl Committer {
    fn run(mut self, queue: &mpsc::Receiver<Job>, waiting: &AtomicUsize, observer: &dyn Fn(StoreEvent)) {
        while let Ok(job) = queue.recv() {
            let mut group = Group {
                keeps: Vec::new(),
                answers: std::mem::take(&mut self.kept_back),
                diagnoses: Vec::new(),
                bytes: 0,
            };
            group.add(job);
            group.fill(queue);
            waiting.fetch_sub(group.keeps.len(), Ordering::Relaxed);
            observer(self.settle(group));
        }
        if !self.kept_back.is_empty() {
            let group = Group {
                keeps: Vec::new(),
                answers: std::mem::take(&mut self.kept_back),
                diagnoses: Vec::new(),
                bytes: 0,
            };
            observer(self.settle(group));
        }
    }

    /// Commits a group and tells each of its senders.
    fn settle(&mut self, group: Group) -> StoreEvent {
        let outcome = self.commit(&group);
        let (kept, answered) = (group.keeps.len(), group.answers.len());
        match outcome {
            Ok(first) => {
                for (offset, (_, reply)) in (0_i64..).zip(group.keeps) {
                    let id = DeliveryId(first.0 + offset);
                    if reply.send(Ok(id)).is_err() {
                        self.kept_back.push((id, sender_gone()));
                    }
                    self.last = id;
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
                StoreEvent::Fault(error)
            }
        }
    }

    /// Puts a group on disk; returns the number of its first delivery.
    fn commit(&mut self, group: &Group) -> Result<DeliveryId, StoreError> {
        self.identity.check(&self.location)?;
        let extents = self.append_large_bodies(group)?;
        self.set_synced(!group.keeps.is_empty())?;
        let path = self.location.file();
        let failed = |source| StoreError::sqlite(path, "keep deliveries", source);
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        let first = next_id(&transaction, self.last).map_err(failed)?;
        insert(&transaction, group, first, &extents).map_err(failed)?;
        transaction.commit().map_err(failed)?;
        Ok(first)
    }

    fn append_large_bodies(&mut self, group: &Group) -> Result<Vec<Extent>, StoreError> {
        let large: Vec<Bytes> = group
            .keeps
            .iter()
            .filter(|(captured, _)| is_large(captured))
            .map(|(captured, _)| captured.body.clone())
            .collect();
        if large.is_empty() { Ok(Vec::new()) } else { self.segments.append(&large) }
    }

    /// A group of answers alone needs no sync: nobody waits for it, and the next delivery's commit
    /// brings it to disk. (After `kill -9` it is there in any case; after a power cut it may not be.)
    fn set_synced(&mut self, synced: bool) -> Result<(), StoreError> {
        if self.synced != synced {
            let mode = if synced { "full" } else { "normal" };
            self.connection
                .pragma_update(None, "synchronous", mode)
                .map_err(|source| StoreError::sqlite(self.location.file(), "set up", source))?;
            self.synced = synced;
        }
        Ok(())
    }
}

fn is_large(captured: &Captured) -> bool {
    captured.body.len() > INLINE_BODY_BYTES
}

/// The number after the last, also when another process has added deliveries or removed the newest.
fn next_id(connection: &Connection, last: DeliveryId) -> rusqlite::Result<DeliveryId> {
    let newest: Option<i64> =
        connection.prepare_cached("SELECT max(id) FROM deliveries")?.query_row([], |row| row.get(0))?;
    Ok(DeliveryId(newest.unwrap_or(0).max(last.0) + 1))
}

fn insert(connection: &Connection, group: &Group, first: DeliveryId, extents: &[Extent]) -> rusqlite::Result<()> {
    let mut extents = extents.iter().copied();
    let mut deliveries = connection.prepare_cached(row::INSERT_DELIVERY)?;
    let mut wire = connection.prepare_cached(row::INSERT_WIRE)?;
    for (offset, (captured, _)) in (0_i64..).zip(&group.keeps) {
        let id = DeliveryId(first.0 + offset);
        row::insert_delivery(&mut deliveries, id, captured)?;
        let extent = if is_large(captured) { extents.next() } else { None };
        row::insert_wire(&mut wire, id, captured, extent)?;
    }
    let mut answers = connection.prepare_cached(row::INSERT_ANSWER)?;
    for (id, answer) in &group.answers {
        row::insert_answer(&mut answers, *id, answer)?;
    }
    let mut diagnoses = connection.prepare_cached(row::INSERT_DIAGNOSIS)?;
    for (id, diagnosis) in &group.diagnoses {
        diagnoses.execute(rusqlite::params![id.0, diagnosis])?;
    }
    Ok(())
}

fn sender_gone() -> Answer {
    Answer {
        outcome: Outcome::SenderGone,
        status: 0,
        headers: Vec::new(),
        body: Bytes::new(),
        rule: "sender gone".to_owned(),
        latency: Duration::ZERO,
    }
}

/// Which file the store's path named when it was opened. SQLite would write on into a file that has
/// lost its name, and every answer would be false.
#[derive(Debug, PartialEq, Eq)]
struct FileIdentity(#[cfg(unix)] (u64, u64));

impl FileIdentity {
    fn of(location: &Location) -> Result<Self, StoreError> {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt as _;
            let metadata = std::fs::metadata(location.file())
                .map_err(|error| StoreError::io(location.file(), "look at", error))?;
            Ok(Self((metadata.dev(), metadata.ino())))
        }
        #[cfg(not(unix))]
        {
            let _ = location;
            Ok(Self())
        }
    }

    fn check(&self, location: &Location) -> Result<(), StoreError> {
        match Self::of(location) {
            Ok(now) if now == *self => Ok(()),
            Ok(_) => Err(StoreError::Vanished { path: location.file().to_owned() }),
            Err(StoreError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
                Err(StoreError::Vanished { path: location.file().to_owned() })
            }
            Err(error) => Err(error),
        }
    }
}
