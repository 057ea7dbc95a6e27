//! SQLite's side of the store: rows go in, a batch in a transaction.

use std::path::PathBuf;

use bytes::Bytes;
use rusqlite::Connection;

use super::log::LogPlace;
use super::record::Draft;
use super::row::{self, Lengths};
use super::{Location, StoreError, attempts};
use crate::delivery::{Answer, Attempt, Captured, DeliveryId};

/// Something that is to be in the index.
pub(super) enum IndexRow {
    /// A delivery whose record is on disk, and where it lies.
    Delivery(Box<Draft>, Lengths, LogPlace),
    Answered(DeliveryId, Answer),
    /// What was found out about a signature, as JSON.
    Diagnosed(DeliveryId, String),
    Attempted(Box<Attempt>),
}

impl IndexRow {
    /// The row of a delivery whose record was written to `place`. Its bytes are let go of.
    pub(super) fn of_record(mut draft: Box<Draft>, place: LogPlace) -> Self {
        let lengths = draft.lengths();
        draft.let_go();
        Self::Delivery(draft, lengths, place)
    }

    /// The number of the delivery whose facts these are.
    pub(super) fn delivery(&self) -> Option<DeliveryId> {
        match self {
            Self::Delivery(draft, ..) => Some(draft.id()),
            _ => None,
        }
    }

    pub(super) fn is_delivery(&self) -> bool {
        matches!(self, Self::Delivery(..))
    }

    /// Bytes of bodies that go into the index.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Delivery(..) => 0,
            Self::Answered(_, answer) => answer.body.len(),
            Self::Diagnosed(_, diagnosis) => diagnosis.len(),
            Self::Attempted(attempt) => {
                let sent = attempt.body.as_ref().map_or(0, Bytes::len);
                sent + attempt.result.as_ref().map_or(0, |reply| reply.body.len())
            }
        }
    }
}

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

    /// Begins a transaction with a batch of rows.
    pub(super) fn insert(&self, batch: &[IndexRow]) -> Result<(), StoreError> {
        let insert = || {
            self.run("BEGIN IMMEDIATE")?;
            let mut deliveries = self.connection.prepare_cached(row::INSERT_DELIVERY)?;
            let mut answers = self.connection.prepare_cached(row::INSERT_ANSWER)?;
            for row in batch {
                match row {
                    IndexRow::Delivery(draft, lengths, place) => {
                        row::insert_delivery(&mut deliveries, draft.id(), &draft.captured, *lengths, *place)?;
                    }
                    IndexRow::Answered(id, answer) => row::insert_answer(&mut answers, *id, answer)?,
                    IndexRow::Diagnosed(id, diagnosis) => self.insert_diagnosis(*id, diagnosis)?,
                    IndexRow::Attempted(attempt) => {
                        attempts::insert(&mut *self.connection.prepare_cached(attempts::INSERT)?, attempt)?;
                    }
                }
            }
            Ok(())
        };
        insert().map_err(|source| self.failed("update the index", source))
    }

    fn insert_diagnosis(&self, id: DeliveryId, diagnosis: &str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(row::INSERT_DIAGNOSIS)?.execute(rusqlite::params![id.0, diagnosis])?;
        self.connection.prepare_cached(row::DELETE_CAUSE)?.execute([id.0])?;
        self.connection.prepare_cached(row::INSERT_CAUSE)?.execute(rusqlite::params![id.0, diagnosis]).map(drop)
    }

    /// Begins a transaction for rows that are added one by one, as recovery does.
    pub(super) fn begin(&self) -> Result<(), StoreError> {
        self.run("BEGIN IMMEDIATE").map_err(|source| self.failed("update the index", source))
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
            .map_err(|source| self.failed("update the index", source))
    }

    /// Makes the transaction's rows visible.
    pub(super) fn commit(&self) -> Result<(), StoreError> {
        self.run("COMMIT").map_err(|source| self.failed("update the index", source))
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
