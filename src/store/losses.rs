//! What could not be read when the index was brought up to the log, reported once and kept; and what else is lost.

use std::fmt;

use rusqlite::Connection;

use super::{MarksDamage, Reader, StoreError};
use crate::delivery::DeliveryId;
use crate::text::{counted, grouped};

/// Something of a store that is not as it was left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Loss {
    /// A part of the log.
    Log(LogLoss),
    /// The file of pins, notes, tags and deletions.
    Marks(MarksDamage),
}

impl fmt::Display for Loss {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Log(loss) => loss.fmt(formatter),
            Self::Marks(damage) => damage.fmt(formatter),
        }
    }
}

/// A part of the log that could not be read, with deliveries in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogLoss {
    /// The segment file's number.
    pub segment: i64,
    /// Where the part begins.
    pub position: u64,
    /// Bytes in it.
    pub bytes: u64,
    /// The delivery before it; 0 when there is none.
    pub after: DeliveryId,
    /// The delivery after it; `None` when there is none.
    pub before: Option<DeliveryId>,
}

impl fmt::Display for LogLoss {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { segment, position, bytes, after, before } = *self;
        let (lost, position) = (counted(bytes, "byte"), grouped(position));
        let are = if bytes == 1 { "is" } else { "are" };
        write!(formatter, "{lost} of the log {are} damaged (at byte {position} of {segment:08}.log): ")?;
        let (first, last) = (after.0.saturating_add(1), before.map(|before| before.0.saturating_sub(1)));
        match last {
            Some(last) if last == first => write!(formatter, "delivery {first} is lost, unless it was pruned before"),
            Some(last) => write!(formatter, "deliveries {first} to {last} are lost, unless they were pruned before"),
            None if after.0 == 0 => write!(formatter, "no delivery in them could be read"),
            None => write!(formatter, "any deliveries after {after} are lost"),
        }
    }
}

/// Keeps what was lost. Returns what was not known yet.
pub(super) fn keep(connection: &Connection, losses: Vec<LogLoss>) -> rusqlite::Result<Vec<LogLoss>> {
    let mut insert = connection.prepare("INSERT OR IGNORE INTO losses VALUES (?1, ?2, ?3, ?4, ?5)")?;
    let mut new = Vec::new();
    for loss in losses {
        let LogLoss { segment, position, bytes, after, before } = loss;
        let row = (segment, position.cast_signed(), bytes.cast_signed(), after.0, before.map(|id| id.0));
        if insert.execute(row)? > 0 {
            new.push(loss);
        }
    }
    Ok(new)
}

impl Reader {
    /// Everything that is known to be lost: parts of the log, and what is wrong with the file of marks.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn losses(&self) -> Result<Vec<Loss>, StoreError> {
        let marks = self.marks_damage()?.map(Loss::Marks);
        Ok(self.log_losses()?.into_iter().map(Loss::Log).chain(marks).collect())
    }

    /// What of the log could not be read when the index was made from it, in the log's order. It is forgotten
    /// with the last delivery of its segment.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn log_losses(&self) -> Result<Vec<LogLoss>, StoreError> {
        // A store of an older release has no such table.
        let known = "SELECT EXISTS (SELECT 1 FROM main.sqlite_schema WHERE name = 'losses')";
        let connection = self.connection()?;
        let read = || -> rusqlite::Result<Vec<LogLoss>> {
            if !connection.query_row(known, [], |row| row.get(0))? {
                return Ok(Vec::new());
            }
            let sql = "SELECT segment, position, bytes, after_id, before_id FROM losses ORDER BY segment, position";
            let mut statement = connection.prepare_cached(sql)?;
            let rows = statement.query_map([], |row| {
                Ok(LogLoss {
                    segment: row.get(0)?,
                    position: row.get::<_, i64>(1)?.unsigned_abs(),
                    bytes: row.get::<_, i64>(2)?.unsigned_abs(),
                    after: DeliveryId(row.get(3)?),
                    before: row.get::<_, Option<i64>>(4)?.map(DeliveryId),
                })
            })?;
            rows.collect()
        };
        read().map_err(|source| self.failed(source))
    }
}
