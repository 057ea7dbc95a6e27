//! What is on disk and not in the index yet, for whoever reads.
//!
//! A delivery is answered before its row is committed, and whoever was answered is to be seen at once. So each look at
//! the index begins with a look at [`super::progress`]. Where rows are missing, the writer is about to commit them,
//! and a reader waits for that, a few milliseconds at most times. Where no writer lives, or the index takes no rows
//! (its disk is full, another program has locked it), it reads the facts of what is missing from the log's end
//! itself, into a table of its connection alone, of which its statements then see the rows as if they were the
//! index's. Nothing is written to the store for it: the next writer does that.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufReader, Read as _, Seek as _, SeekFrom};
use std::time::{Duration, Instant};

use rusqlite::{Connection, OptionalExtension as _};

use super::log::{LogEnd, LogPlace};
use super::progress::{ProgressReader, StoreProgress};
use super::record::{HEADER_BYTES, RecordHeader};
use super::recovery::segments;
use super::{Location, StoreError, StoreLock, facts, row};
use crate::delivery::{Captured, DeliveryId};

/// Between two looks whether the rows have come: at first, and at most.
const FIRST_STEP: Duration = Duration::from_micros(50);
const LONGEST_STEP: Duration = Duration::from_millis(1);
/// After this it is looked whether a writer lives at all.
const SUSPICION: Duration = Duration::from_millis(10);
/// How long a living writer is waited for.
const PATIENCE: Duration = Duration::from_millis(250);
/// Deliveries that are read from the log at most; a writer lets no more wait for their rows.
const MOST: usize = 16_384;
/// Bytes of the longest facts that are read: names, reasons and a request's target.
const FACTS_BYTES: u64 = 8 * 1024 * 1024;

/// What one connection knows of the log's end.
#[derive(Debug, Default)]
pub(super) struct Tail {
    progress: ProgressReader,
    /// For which progress the log's end was read.
    read_for: Cell<Option<StoreProgress>>,
    /// Whether the connection shows rows of its own.
    is_shown: Cell<bool>,
    /// How often these rows were others.
    changes: Cell<i64>,
}

impl Tail {
    /// Returns once `connection` shows everything that was on disk when this was called.
    pub(super) fn catch_up(&self, location: &Location, connection: &Connection) -> Result<(), StoreError> {
        let failed = |source| StoreError::sqlite(location.file(), "read", source);
        let Some(begun) = self.progress.read(location) else { return Ok(()) };
        if begun.durable <= begun.indexed {
            return self.hide(connection).map_err(failed);
        }
        if self.read_for.get() == Some(begun) {
            return Ok(());
        }
        let newest = || newest(connection).map_err(failed);
        if self.has_come(location, begun.durable, || Ok(newest()?.is_some_and(|(id, _)| id >= begun.durable)))? {
            return self.hide(connection).map_err(failed);
        }
        let rows =
            read(location, newest()?, begun.durable).map_err(|error| StoreError::io(&location.log(), "read", error))?;
        tracing::debug!(rows = rows.len(), last = begun.durable.0, "read from the log's end");
        self.show(connection, &rows).map_err(failed)?;
        self.read_for.set(self.progress.read(location).filter(|now| now.durable == begun.durable));
        Ok(())
    }

    /// The highest number that the log holds, as far as that is told.
    pub(super) fn durable(&self, location: &Location) -> Option<DeliveryId> {
        self.progress.read(location).map(|progress| progress.durable)
    }

    /// A number that changes when the rows do that [`Tail::catch_up`] has added.
    pub(super) fn changes(&self) -> i64 {
        self.changes.get()
    }

    /// Waits until the rows up to `id` are committed; `false` when nobody does that.
    fn has_come(
        &self,
        location: &Location,
        id: DeliveryId,
        is_there: impl Fn() -> Result<bool, StoreError>,
    ) -> Result<bool, StoreError> {
        // Whoever writes may be of a release that does not say how far it is.
        if is_there()? {
            return Ok(true);
        }
        let begun = Instant::now();
        let (mut step, mut is_trusted) = (FIRST_STEP, false);
        while begun.elapsed() < PATIENCE {
            if self.progress.read(location).is_none_or(|now| now.indexed >= id) {
                return Ok(true);
            }
            if !is_trusted && begun.elapsed() >= SUSPICION {
                if !StoreLock::is_taken(location) {
                    break;
                }
                is_trusted = true;
            }
            std::thread::sleep(step);
            step = (step * 2).min(LONGEST_STEP);
        }
        is_there()
    }

    /// Shows the index alone.
    fn hide(&self, connection: &Connection) -> rusqlite::Result<()> {
        if self.is_shown.get() {
            connection.execute_batch("DROP VIEW IF EXISTS temp.deliveries; DROP TABLE IF EXISTS temp.log_tail")?;
            self.is_shown.set(false);
            self.changes.set(self.changes.get() + 1);
        }
        self.read_for.set(None);
        Ok(())
    }

    /// Shows the index with these rows.
    fn show(&self, connection: &Connection, rows: &[TailRow]) -> rusqlite::Result<()> {
        // The store's own file may be full, or read-only.
        connection.execute_batch(
            "PRAGMA temp_store = memory;
            DROP VIEW IF EXISTS temp.deliveries;
            DROP TABLE IF EXISTS temp.log_tail;
            CREATE TEMP TABLE log_tail AS SELECT * FROM main.deliveries WHERE 0;
            BEGIN",
        )?;
        let sql = row::INSERT_DELIVERY.replace("INTO deliveries", "INTO temp.log_tail");
        let mut insert = connection.prepare(&sql)?;
        for TailRow { header, captured, place } in rows {
            row::insert_delivery(&mut insert, header.id, captured, header.lengths(), *place)?;
        }
        // A writer that comes meanwhile makes the same rows: each is shown once.
        connection.execute_batch(
            "COMMIT;
            CREATE TEMP VIEW deliveries AS SELECT * FROM main.deliveries
                UNION ALL SELECT * FROM temp.log_tail WHERE id NOT IN (SELECT id FROM main.deliveries)",
        )?;
        self.is_shown.set(true);
        self.changes.set(self.changes.get() + 1);
        Ok(())
    }
}

/// A delivery that has no row.
struct TailRow {
    header: RecordHeader,
    captured: Captured,
    place: LogPlace,
}

/// The newest delivery in the index itself, and where its record lies.
fn newest(connection: &Connection) -> rusqlite::Result<Option<(DeliveryId, LogPlace)>> {
    let sql = "SELECT id, segment, position, record_bytes FROM main.deliveries ORDER BY id DESC LIMIT 1";
    let read = |row: &rusqlite::Row<'_>| Ok((DeliveryId(row.get(0)?), row::place(row, 1)?));
    connection.prepare_cached(sql)?.query_row([], read).optional()
}

/// Reads the facts of what lies in the log after the delivery `newest` and up to `last`. What else is there was answered
/// by nobody yet. Bodies are passed over: whoever reads one checks it.
fn read(location: &Location, newest: Option<(DeliveryId, LogPlace)>, last: DeliveryId) -> io::Result<Vec<TailRow>> {
    let (mut reached, from) = newest.map_or((DeliveryId(0), LogEnd { segment: 0, position: 0 }), |(id, place)| {
        (id, LogEnd { segment: place.segment, position: place.end() })
    });
    let mut rows = Vec::new();
    // Without the folder there is nothing to read.
    let segments = segments(&location.log(), ".log").unwrap_or_default();
    for segment in segments.into_iter().filter(|segment| *segment >= from.segment) {
        let position = if segment == from.segment { from.position } else { 0 };
        let Ok(mut reader) = SegmentEnd::open(location, LogEnd { segment, position }) else { continue };
        // A segment whose end is torn, or that was pruned, is followed by the next.
        while let Some(row) = reader.next()? {
            let Some(captured) = row.1.filter(|_| row.0.id > reached) else { continue };
            if row.0.id > last || rows.len() >= MOST {
                return Ok(rows);
            }
            reached = row.0.id;
            rows.push(TailRow { header: row.0, captured, place: row.2 });
        }
    }
    Ok(rows)
}

/// A segment from some record on, read as far as its headers are whole.
struct SegmentEnd {
    file: BufReader<File>,
    /// Where the next record begins.
    at: LogEnd,
    size: u64,
}

impl SegmentEnd {
    fn open(location: &Location, at: LogEnd) -> io::Result<Self> {
        let file = crate::system::read::open(&location.segment(at.segment))?;
        let size = file.metadata()?.len();
        Ok(Self { file: BufReader::new(file), at, size })
    }

    /// The next record: its header, its facts where they can be read, and its place.
    fn next(&mut self) -> io::Result<Option<(RecordHeader, Option<Captured>, LogPlace)>> {
        self.file.seek(SeekFrom::Start(self.at.position))?;
        let mut front = Vec::with_capacity(HEADER_BYTES);
        self.file.by_ref().take(HEADER_BYTES as u64).read_to_end(&mut front)?;
        let Some(header) = RecordHeader::read(&front) else { return Ok(None) };
        let place = LogPlace {
            segment: self.at.segment,
            position: self.at.position,
            bytes: header.record_bytes().unwrap_or(u64::MAX),
        };
        if place.end() > self.size {
            return Ok(None);
        }
        self.at.position = place.end();
        let captured = if header.facts <= FACTS_BYTES {
            self.file.seek(SeekFrom::Start(place.position + header.format.header_bytes() as u64))?;
            let mut json = Vec::new();
            self.file.by_ref().take(header.facts).read_to_end(&mut json)?;
            facts::read(&json)
        } else {
            None
        };
        Ok(Some((header, captured, place)))
    }
}
