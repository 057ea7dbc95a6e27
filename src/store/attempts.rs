//! Attempts: what this program sent, beside the deliveries it was made from. In the index alone, as
//! answers are; no promise hangs on them.
//!
//! A listener's own attempts go through its writer. A command in another process adds its own with an
//! [`AttemptKeeper`] while the listener runs: SQLite lets one process write at a time and the other
//! wait, the log is not touched, and what a delivery's row speaks of is synced before it is seen, by
//! whoever looks. So the lock of the one writer of captures is not needed for it.

use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension as _, Row, Statement, params};

use super::{Location, Reader, StoreError, schema};
use crate::delivery::{Attempt, AttemptId, AttemptKind, AttemptMode, AttemptSummary, DeliveryId};
use crate::http::{BodyEnd, Failure, HttpResponse, Latency};

/// Inserts an attempt; the parameters are those of [`insert`].
pub(super) const INSERT: &str = "INSERT INTO attempts VALUES
    (NULL,?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,?20,?21,?22)";

/// Inserts an attempt into a store whose listener is of a release that knows neither interim answers nor bodies that are
/// kept in part; the last parameters, which are never NULL, are left out.
const INSERT_BEFORE_3: &str = "INSERT INTO attempts SELECT
    NULL,?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,?20 WHERE ?21 IS NOT NULL AND ?22 IS NOT NULL";

/// Adds attempts to a store from a process that captures nothing.
#[derive(Debug)]
pub struct AttemptKeeper {
    location: Location,
    connection: Connection,
    /// In the form that the store has; see [`INSERT_BEFORE_3`].
    insert: &'static str,
}

impl AttemptKeeper {
    /// Opens an existing store, also one that another process captures into.
    ///
    /// # Errors
    ///
    /// [`StoreError::Missing`] when there is none, and the others where they apply.
    pub fn open(location: &Location) -> Result<Self, StoreError> {
        // Refuses what is not a store without changing it.
        drop(location.open_for_reading()?);
        let connection = location.connect_again()?;
        schema::prepare(&connection, location.file())?;
        // Not migrated: the listener that may run would not know its own tables any more.
        let insert = if schema::check(&connection, location.file())? < 3 { INSERT_BEFORE_3 } else { INSERT };
        Ok(Self { location: location.clone(), connection, insert })
    }

    /// Keeps an attempt.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when it cannot be written: the disk is full, the file read-only …
    pub fn keep(&self, attempt: &Attempt) -> Result<AttemptId, StoreError> {
        self.connection
            .prepare_cached(self.insert)
            .and_then(|mut statement| insert(&mut statement, attempt))
            .map_err(|source| StoreError::sqlite(self.location.file(), "keep an attempt", source))?;
        Ok(AttemptId(self.connection.last_insert_rowid()))
    }
}

impl Reader {
    /// The newest `limit` attempts that were made from a delivery, newest first.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn attempts(&self, delivery: DeliveryId, limit: usize) -> Result<Vec<AttemptSummary>, StoreError> {
        let sql = "SELECT id, delivery, kind, mode, at_us, target, latency_us, status, error, error_message, advice, response_end
            FROM attempts WHERE delivery = ?1 ORDER BY id DESC LIMIT ?2";
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.connection()?
            .prepare_cached(sql)
            .and_then(|mut statement| statement.query_map(params![delivery.0, limit], summary)?.collect())
            .map_err(|source| self.failed(source))
    }

    /// A whole attempt; `None` when there is none of that number. Its body is `None` when it is the
    /// delivery's own.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn attempt(&self, id: AttemptId) -> Result<Option<Attempt>, StoreError> {
        self.connection()?
            .prepare_cached("SELECT * FROM attempts WHERE id = ?1")
            .and_then(|mut statement| statement.query_row([id.0], whole).optional())
            .map_err(|source| self.failed(source))
    }
}

/// Inserts one attempt in its columns' order.
pub(super) fn insert(statement: &mut Statement<'_>, attempt: &Attempt) -> rusqlite::Result<()> {
    let microseconds = |time: Duration| i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
    let latency = &attempt.latency;
    let reply = attempt.result.as_ref().ok();
    let failure = attempt.result.as_ref().err();
    statement.execute(params![
        attempt.delivery.map(|id| id.0),
        attempt.kind.code(),
        attempt.mode.code(),
        attempt.at.as_microsecond(),
        attempt.target,
        attempt.peer,
        &attempt.head[..],
        attempt.body.as_deref(),
        i64::try_from(attempt.body_bytes).unwrap_or(i64::MAX),
        latency.connect.map(microseconds),
        latency.tls.map(microseconds),
        latency.first_byte.map(microseconds),
        microseconds(latency.total),
        reply.map(|reply| reply.status),
        reply.map(|reply| &reply.head[..]),
        reply.map(|reply| &reply.body[..]),
        reply.map(|reply| reply.end.code()),
        failure.map(|failure| &failure.code),
        failure.map(|failure| &failure.message),
        failure.map(|failure| &failure.advice),
        reply.map_or(&[][..], |reply| &reply.interim[..]),
        reply.map_or(0, |reply| i64::try_from(reply.body_bytes).unwrap_or(i64::MAX)),
    ])?;
    Ok(())
}

fn summary(row: &Row<'_>) -> rusqlite::Result<AttemptSummary> {
    let (kind, mode) = origin(row, 2)?;
    Ok(AttemptSummary {
        id: AttemptId(row.get(0)?),
        delivery: row.get::<_, Option<i64>>(1)?.map(DeliveryId),
        kind,
        mode,
        at: at(row, 4)?,
        target: row.get(5)?,
        latency: microseconds(row.get(6)?),
        result: match row.get::<_, Option<u16>>(7)? {
            Some(status) => Ok(status),
            None => Err(failure(row, 8)?),
        },
        end: match row.get_ref(11)? {
            ValueRef::Null => None,
            _ => Some(read_code(row, 11, BodyEnd::from_code)?),
        },
    })
}

fn whole(row: &Row<'_>) -> rusqlite::Result<Attempt> {
    let (kind, mode) = origin(row, 2)?;
    let bytes = |column| row.get::<_, Option<Vec<u8>>>(column).map(|bytes| bytes.map(Bytes::from));
    let time = |column| row.get::<_, Option<i64>>(column).map(|time| time.map(microseconds));
    let result = match row.get::<_, Option<u16>>(14)? {
        Some(status) => {
            let body = bytes(16)?.unwrap_or_default();
            Ok(HttpResponse {
                status,
                interim: bytes(21)?.unwrap_or_default(),
                head: bytes(15)?.unwrap_or_default().into(),
                body_bytes: row.get::<_, i64>(22)?.unsigned_abs().max(body.len() as u64),
                body,
                end: read_code(row, 17, BodyEnd::from_code)?,
            })
        }
        None => Err(failure(row, 18)?),
    };
    Ok(Attempt {
        delivery: row.get::<_, Option<i64>>(1)?.map(DeliveryId),
        kind,
        mode,
        at: at(row, 4)?,
        target: row.get(5)?,
        peer: row.get(6)?,
        head: bytes(7)?.unwrap_or_default().into(),
        body: bytes(8)?,
        body_bytes: row.get::<_, i64>(9)?.unsigned_abs(),
        latency: Latency {
            connect: time(10)?,
            tls: time(11)?,
            first_byte: time(12)?,
            total: microseconds(row.get(13)?),
        },
        result,
    })
}

/// Reads `kind, mode`, in this order from column `first`.
fn origin(row: &Row<'_>, first: usize) -> rusqlite::Result<(AttemptKind, AttemptMode)> {
    Ok((read_code(row, first, AttemptKind::from_code)?, read_code(row, first + 1, AttemptMode::from_code)?))
}

/// Reads a code; one that this release does not know is said by SQLite's error with the column's name.
fn read_code<T>(row: &Row<'_>, column: usize, read: impl Fn(&str) -> Option<T>) -> rusqlite::Result<T> {
    let text = row.get_ref(column)?.as_str()?;
    read(text).ok_or_else(|| unknown(row, column))
}

fn unknown(row: &Row<'_>, column: usize) -> rusqlite::Error {
    let name = row.as_ref().column_name(column).unwrap_or("?").to_owned();
    rusqlite::Error::InvalidColumnType(column, name, row.get_ref_unwrap(column).data_type())
}

fn at(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    Timestamp::from_microsecond(row.get(column)?).map_err(|_| unknown(row, column))
}

fn microseconds(number: i64) -> Duration {
    Duration::from_micros(number.unsigned_abs())
}

/// Reads `error, error_message, advice`, in this order from column `first`.
fn failure(row: &Row<'_>, first: usize) -> rusqlite::Result<Failure> {
    let text = |column| row.get::<_, Option<String>>(column).map(Option::unwrap_or_default);
    Ok(Failure { code: text(first)?, message: text(first + 1)?, advice: text(first + 2)? })
}
