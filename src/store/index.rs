//! SQLite's side of a commit.
//!
//! The rows of a group are inserted on a thread of their own while the log is synced, and committed
//! after it: so a row that anybody can see speaks of a record that is on disk, and a group whose sync
//! has failed is rolled back.

use std::path::PathBuf;
use std::sync::mpsc;

use rusqlite::Connection;

use super::group::CommitGroup;
use super::log::{LogEnd, LogPlace};
use super::row::{self, Lengths};
use super::{Location, StoreError, attempts};
use crate::delivery::{Captured, DeliveryId};

/// The one connection that writes.
#[derive(Debug)]
pub(super) struct Index {
    path: PathBuf,
    connection: Connection,
}

impl Index {
    pub(super) fn new(location: &Location, connection: Connection) -> Self {
        Self { path: location.file().to_owned(), connection }
    }

    /// The connection, for work that is not a delivery's.
    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Begins a transaction with a group's rows; `at` is where its first record lies.
    pub(super) fn insert(&self, group: &CommitGroup, at: LogEnd) -> Result<(), StoreError> {
        let insert = || {
            self.run("BEGIN IMMEDIATE")?;
            let mut deliveries = self.connection.prepare_cached(row::INSERT_DELIVERY)?;
            let mut position = at.position;
            for draft in group.drafts() {
                let place = LogPlace { segment: at.segment, position, bytes: draft.bytes() as u64 };
                row::insert_delivery(&mut deliveries, draft.id(), &draft.captured, draft.lengths(), place)?;
                position = place.end();
            }
            let mut answers = self.connection.prepare_cached(row::INSERT_ANSWER)?;
            for (id, answer) in &group.answers {
                row::insert_answer(&mut answers, *id, answer)?;
            }
            let mut diagnoses = self.connection.prepare_cached(row::INSERT_DIAGNOSIS)?;
            let mut forget = self.connection.prepare_cached(row::DELETE_CAUSE)?;
            let mut causes = self.connection.prepare_cached(row::INSERT_CAUSE)?;
            for (id, diagnosis) in &group.diagnoses {
                diagnoses.execute(rusqlite::params![id.0, diagnosis])?;
                forget.execute([id.0])?;
                causes.execute(rusqlite::params![id.0, diagnosis])?;
            }
            let mut insert_attempt = self.connection.prepare_cached(attempts::INSERT)?;
            for attempt in &group.attempts {
                attempts::insert(&mut insert_attempt, attempt)?;
            }
            Ok(())
        };
        insert().map_err(|source| self.failed("keep deliveries", source))
    }

    /// Begins a transaction for rows that are added one by one, as recovery does.
    pub(super) fn begin(&self) -> Result<(), StoreError> {
        self.run("BEGIN IMMEDIATE").map_err(|source| self.failed("recover deliveries", source))
    }

    /// Adds one row to a transaction that was begun.
    pub(super) fn add(
        &self,
        id: DeliveryId,
        captured: &Captured,
        lengths: Lengths,
        place: LogPlace,
    ) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(row::INSERT_DELIVERY)
            .and_then(|mut statement| row::insert_delivery(&mut statement, id, captured, lengths, place))
            .map_err(|source| self.failed("recover deliveries", source))
    }

    /// Makes the transaction's rows visible.
    pub(super) fn commit(&self) -> Result<(), StoreError> {
        self.run("COMMIT").map_err(|source| self.failed("keep deliveries", source))
    }

    /// Forgets the transaction's rows, if there is one.
    pub(super) fn roll_back(&self) {
        // Some failures have ended the transaction already, and there is nothing better to do about
        // a failure to end it than what the next group's BEGIN will say.
        if !self.connection.is_autocommit() {
            let _ = self.run("ROLLBACK");
        }
    }

    /// The newest delivery and its record's place.
    pub(super) fn newest(&self) -> Result<Option<(DeliveryId, LogPlace)>, StoreError> {
        use rusqlite::OptionalExtension as _;
        let sql = "SELECT id, segment, position, record_bytes FROM deliveries ORDER BY id DESC LIMIT 1";
        self.connection
            .query_row(sql, [], |row| Ok((DeliveryId(row.get(0)?), row::place(row, 1)?)))
            .optional()
            .map_err(|source| self.failed("read", source))
    }

    fn run(&self, sql: &str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(sql)?.execute([]).map(drop)
    }

    fn failed(&self, action: &'static str, source: rusqlite::Error) -> StoreError {
        StoreError::sqlite(&self.path, action, source)
    }
}

/// A thread that inserts a group's rows while the writer waits for the disk. What it is handed comes
/// back from it: index and group have one owner at a time.
pub(super) struct Inserter {
    tasks: mpsc::Sender<(Index, CommitGroup, LogEnd)>,
    done: mpsc::Receiver<Inserted>,
}

/// A group whose rows stand in an open transaction, unless that failed.
pub(super) type Inserted = (Index, CommitGroup, Result<(), StoreError>);

impl Inserter {
    /// Starts the thread, which ends when this is dropped.
    pub(super) fn start() -> std::io::Result<Self> {
        let (tasks, queue) = mpsc::channel::<(Index, CommitGroup, LogEnd)>();
        let (finished, done) = mpsc::channel();
        std::thread::Builder::new().name("whyhook-index".to_owned()).spawn(move || {
            for (index, group, at) in queue {
                crate::system::panic::trap("index");
                let inserted = index.insert(&group, at);
                if finished.send((index, group, inserted)).is_err() {
                    break;
                }
            }
        })?;
        Ok(Self { tasks, done })
    }

    /// Inserts `group` while `meanwhile` runs. `None` when the thread has panicked, which ends the
    /// program.
    pub(super) fn insert<T>(
        &self,
        index: Index,
        group: CommitGroup,
        at: LogEnd,
        meanwhile: impl FnOnce() -> T,
    ) -> Option<(Inserted, T)> {
        self.tasks.send((index, group, at)).ok()?;
        let result = meanwhile();
        Some((self.done.recv().ok()?, result))
    }
}
