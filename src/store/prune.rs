//! Deleting deliveries permanently: their rows, and their records in the log.
//!
//! The log is pruned a segment at a time. What is to stay is copied to a file beside the segment; one synced
//! transaction of the index deletes the rows, moves the others to their new places, and notes the segment in
//! `prunings`; then the copy takes the segment's name, and the note goes. A segment of which nothing stays is
//! deleted in the same way. So a kill or a power cut leaves one of three states, and each is whole:
//!
//! | cut off | what is there | next |
//! |---|---|---|
//! | before the commit | the segment and its rows as they were, and a copy of no use | the copy is deleted |
//! | after the commit | rows that speak of the copy, a note, and the copy | the copy takes its name |
//! | after the renaming | rows that speak of the segment, and a note | the note is deleted |
//!
//! Only what has a row is copied: bytes that could not be read when the index was made go when their segment is
//! first pruned, what is noted of them in `losses` with its last delivery.
//!
//! Readers find the copy by themselves meanwhile (see [`super::log::LogReader`]), so that nothing is missing in any
//! of them even if no writer comes. Where the newest number goes with its delivery, a mark stays in the log
//! (see [`super::record`]), so that no number is given twice, even if the index is lost.

use std::{fs, io};

use rusqlite::{Connection, params};

use super::copying::{self, Moved};
use super::index::Index;
use super::location::sync_folder;
use super::log::LogPlace;
use super::opening::OpenedStore;
use super::recovery::segments;
use super::seal::SealKeys;
use super::{Location, Loss, StoreError, StoreLock, row};
use crate::delivery::DeliveryId;

/// Tables whose rows belong to a delivery, each with the column that says to which.
const TABLES: [(&str, &str); 7] = [
    ("deliveries", "id"),
    ("answers", "id"),
    ("diagnoses", "id"),
    ("causes", "id"),
    ("marks", "id"),
    ("deleted", "id"),
    ("attempts", "delivery"),
];
/// An index of which this part is free is rewritten; less is used up by the deliveries to come.
const FREE_PAGES_SHARE: i64 = 4;
/// While deliveries wait, no more of a segment is copied, in bytes; a disk writes that in some tenths of a second.
const BRIEF_COPY: u64 = 32 * 1024 * 1024;
/// Retention leaves a segment alone until this part of it can go: copying what stays costs time.
const DOOMED_SHARE: u64 = 4;

/// How thoroughly to prune.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thoroughness {
    /// Everything that was named goes.
    Exact,
    /// What lies in a segment of which little would go may stay for now.
    Lazy,
    /// The same, and what lies in a segment of which much would stay: deliveries wait meanwhile.
    Brief,
}

impl Thoroughness {
    /// Whether a segment of this many bytes is left alone, of which `doomed` would go.
    fn spares(self, size: u64, doomed: u64) -> bool {
        let is_little = doomed.saturating_mul(DOOMED_SHARE) < size;
        match self {
            Self::Exact => false,
            Self::Lazy => is_little,
            Self::Brief => is_little || size.saturating_sub(doomed) > BRIEF_COPY,
        }
    }
}

/// How far a segment has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PruneStage {
    /// What stays is copied.
    Copied,
    /// The index speaks of the copy.
    Committed,
    /// The copy has the segment's name.
    Replaced,
}

/// What was deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Freed {
    /// Deliveries.
    pub deliveries: u64,
    /// Bytes that the store's files have become shorter by.
    pub bytes: u64,
}

/// The writer's place in a store, to prune it.
#[derive(Debug)]
pub struct Pruner {
    location: Location,
    index: Index,
    keys: SealKeys,
    last: DeliveryId,
    losses: Vec<Loss>,
    _lock: StoreLock,
}

/// One segment's part of a pruning.
pub(super) struct Task {
    segment: i64,
    /// The lowest and the highest number in it.
    ids: (i64, i64),
    deliveries: u64,
    /// Of the records that go, and of all.
    bytes: u64,
    all_bytes: u64,
    /// The highest number ever given, when it would be lost with this segment's deliveries.
    mark: Option<DeliveryId>,
}

impl Task {
    pub(super) fn segment(&self) -> i64 {
        self.segment
    }
}

impl Pruner {
    /// Takes the writer's place, finishes what an earlier pruning has left, and brings the index up to
    /// the log.
    ///
    /// # Errors
    ///
    /// Those of [`Location::open_for_writing`]; [`StoreError::InUse`] while another process listens.
    pub fn open(location: &Location) -> Result<Self, StoreError> {
        let OpenedStore { index, keys, last, losses, lock, .. } = OpenedStore::open(location)?;
        Ok(Self { location: location.clone(), index, keys, last, losses, _lock: lock })
    }

    /// What of the log was found to be lost when the store was opened, and was not known to be.
    #[must_use]
    pub fn losses(&self) -> &[Loss] {
        &self.losses
    }

    /// Deletes deliveries. `watch` is told of each stage of each segment; its error ends the work there,
    /// and what is done stays done.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; nothing that was not named is lost then, and what was begun is finished when the
    /// store is next opened for writing.
    pub fn prune(
        &mut self,
        doomed: &[DeliveryId],
        thoroughness: Thoroughness,
        watch: &mut dyn FnMut(PruneStage) -> Result<(), StoreError>,
    ) -> Result<Freed, StoreError> {
        let work = Work { location: &self.location, index: &self.index, keys: &self.keys, last: self.last };
        let freed = work.prune(doomed, thoroughness, &mut |_| (), watch);
        log(&freed);
        freed
    }
}

/// What a pruning works on.
pub(super) struct Work<'a> {
    pub(super) location: &'a Location,
    pub(super) index: &'a Index,
    /// What stays is sealed again, for its new place.
    pub(super) keys: &'a SealKeys,
    /// The highest number ever given.
    pub(super) last: DeliveryId,
}

fn log(freed: &Result<Freed, StoreError>) {
    match freed {
        Ok(freed) => tracing::info!(deliveries = freed.deliveries, bytes = freed.bytes, "pruned"),
        Err(error) => tracing::error!(reason = %error, "not pruned"),
    }
}

impl Work<'_> {
    /// Deletes deliveries while a listener runs. `close` is told each segment before it is replaced, so that nothing
    /// more is written to it.
    pub(super) fn prune_briefly(&self, doomed: &[DeliveryId], close: &mut dyn FnMut(i64)) -> Result<Freed, StoreError> {
        let connection = self.index.connection();
        let synchronous = connection
            .pragma_query_value(None, "synchronous", |row| row.get::<_, i64>(0))
            .map_err(|e| self.failed(e))?;
        let freed = self.prune(doomed, Thoroughness::Brief, close, &mut |_| Ok(()));
        connection.pragma_update(None, "synchronous", synchronous).map_err(|source| self.failed(source))?;
        log(&freed);
        freed
    }

    /// The segments of a pruning that is done between commits, a segment at a time ([`super::live_prune`]).
    pub(super) fn live_tasks(&self, doomed: &[DeliveryId]) -> Result<Vec<Task>, StoreError> {
        self.keeping_pace(|| self.tasks(doomed).map_err(|source| self.failed(source)))
    }

    /// Prunes one of them.
    pub(super) fn live_prune(&self, task: &Task) -> Result<Freed, StoreError> {
        let size = || fs::metadata(self.location.segment(task.segment)).map_or(0, |metadata| metadata.len());
        let before = size();
        self.keeping_pace(|| {
            let full = self.index.connection().pragma_update(None, "synchronous", "full");
            full.map_err(|source| self.failed(source))?;
            self.prune_segment(task, &mut |_| Ok(()))
        })?;
        Ok(Freed { deliveries: task.deliveries, bytes: before.saturating_sub(size()) })
    }

    /// The commits that follow are synced as those before.
    fn keeping_pace<T>(&self, work: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
        let connection = self.index.connection();
        let synchronous = connection
            .pragma_query_value(None, "synchronous", |row| row.get::<_, i64>(0))
            .map_err(|source| self.failed(source))?;
        let done = work();
        connection.pragma_update(None, "synchronous", synchronous).map_err(|source| self.failed(source))?;
        done
    }

    /// Deletes deliveries, a segment after another for as long as `go_on` says.
    pub(super) fn prune_until(&self, doomed: &[DeliveryId], go_on: &dyn Fn() -> bool) -> Result<Freed, StoreError> {
        let mut freed = Freed::default();
        for task in self.tasks(doomed).map_err(|source| self.failed(source))? {
            if !go_on() {
                break;
            }
            self.prune_segment(&task, &mut |_| Ok(()))?;
            freed.deliveries += task.deliveries;
        }
        Ok(freed)
    }

    fn prune(
        &self,
        doomed: &[DeliveryId],
        thoroughness: Thoroughness,
        close: &mut dyn FnMut(i64),
        watch: &mut dyn FnMut(PruneStage) -> Result<(), StoreError>,
    ) -> Result<Freed, StoreError> {
        let before = self.location.bytes();
        let mut freed = Freed::default();
        for task in self.tasks(doomed).map_err(|source| self.failed(source))? {
            // Not the file's length: a writer that was killed leaves room in it.
            if thoroughness.spares(task.all_bytes, task.bytes) {
                continue;
            }
            close(task.segment);
            self.prune_segment(&task, watch)?;
            freed.deliveries += task.deliveries;
        }
        // Rows to come use the free pages, and another thread checkpoints: nobody waits for either.
        if freed.deliveries > 0 && thoroughness != Thoroughness::Brief {
            self.compact().map_err(|source| self.failed(source))?;
        }
        freed.bytes = before.saturating_sub(self.location.bytes());
        Ok(freed)
    }

    /// Puts the numbers into a table of their own, and finds the segments where they lie.
    fn tasks(&self, doomed: &[DeliveryId]) -> rusqlite::Result<Vec<Task>> {
        let connection = self.index.connection();
        // A note or a row that a power cut takes back would speak of a file that is gone.
        connection.pragma_update(None, "synchronous", "full")?;
        connection.pragma_update(None, "temp_store", "memory")?;
        connection.execute_batch(
            "CREATE TABLE IF NOT EXISTS temp.doomed (id INTEGER PRIMARY KEY); DELETE FROM temp.doomed; BEGIN",
        )?;
        let mut insert = connection.prepare("INSERT OR IGNORE INTO temp.doomed VALUES (?1)")?;
        for id in doomed {
            insert.execute([id.0])?;
        }
        connection.execute("INSERT OR IGNORE INTO temp.doomed SELECT id FROM deleted", [])?;
        connection.execute_batch("COMMIT")?;
        let mut statement = connection.prepare(
            "SELECT segment, min(id), max(id), sum(gone), sum(gone * record_bytes), sum(record_bytes) FROM (
                SELECT d.id, d.segment, d.record_bytes, x.id IS NOT NULL AS gone
                FROM deliveries d LEFT JOIN temp.doomed x ON x.id = d.id)
             GROUP BY segment HAVING sum(gone) > 0 ORDER BY segment",
        )?;
        let number = |row: &rusqlite::Row<'_>, column| row.get::<_, i64>(column).map(i64::unsigned_abs);
        let read = |row: &rusqlite::Row<'_>| {
            Ok(Task {
                segment: row.get(0)?,
                ids: (row.get(1)?, row.get(2)?),
                deliveries: number(row, 3)?,
                bytes: number(row, 4)?,
                all_bytes: number(row, 5)?,
                mark: None,
            })
        };
        let mut tasks = statement.query_map([], read)?.collect::<rusqlite::Result<Vec<_>>>()?;
        let newest: Option<i64> = connection.query_row("SELECT max(id) FROM deliveries", [], |row| row.get(0))?;
        let is_doomed: bool =
            connection
                .query_row("SELECT EXISTS (SELECT 1 FROM temp.doomed WHERE id = ?1)", [newest], |row| row.get(0))?;
        for task in &mut tasks {
            if Some(task.ids.1) == newest && (is_doomed || Some(self.last.0) > newest) {
                task.mark = Some(self.last);
            }
        }
        Ok(tasks)
    }

    fn prune_segment(
        &self,
        task: &Task,
        watch: &mut dyn FnMut(PruneStage) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let kept = self.survivors(task).map_err(|source| self.failed(source))?;
        let stays = !kept.is_empty() || task.mark.is_some();
        let moved = match stays {
            true => copying::copy(self.location, task.segment, &self.keys.own, &kept, task.mark)?,
            false => Vec::new(),
        };
        watch(PruneStage::Copied)?;
        self.commit(task, &moved, stays, kept.is_empty()).map_err(|source| {
            self.index.roll_back();
            self.failed(source)
        })?;
        watch(PruneStage::Committed)?;
        settle(self.location, task.segment, stays)?;
        watch(PruneStage::Replaced)?;
        forget(self.index.connection(), task.segment).map_err(|source| self.failed(source))
    }

    /// Where the records lie that stay, in the order in which they lie.
    fn survivors(&self, task: &Task) -> rusqlite::Result<Vec<(DeliveryId, LogPlace)>> {
        let mut statement = self.index.connection().prepare_cached(
            "SELECT id, segment, position, record_bytes FROM deliveries
             WHERE id BETWEEN ?1 AND ?2 AND segment = ?3 AND id NOT IN (SELECT id FROM temp.doomed)
             ORDER BY position",
        )?;
        let read = |row: &rusqlite::Row<'_>| Ok((DeliveryId(row.get(0)?), row::place(row, 1)?));
        statement.query_map(params![task.ids.0, task.ids.1, task.segment], read)?.collect()
    }

    fn commit(&self, task: &Task, moved: &[Moved], stays: bool, is_emptied: bool) -> rusqlite::Result<()> {
        let connection = self.index.connection();
        connection.execute_batch("BEGIN IMMEDIATE")?;
        let (low, high) = task.ids;
        let doomed = "SELECT x.id FROM temp.doomed x JOIN deliveries d ON d.id = x.id
            WHERE x.id BETWEEN ?1 AND ?2 AND d.segment = ?3";
        // The rows by which the others are found go last.
        for (table, column) in TABLES.iter().rev() {
            let sql = format!("DELETE FROM {table} WHERE {column} IN ({doomed})");
            connection.execute(&sql, params![low, high, task.segment])?;
        }
        let mut update =
            connection.prepare_cached("UPDATE deliveries SET position = position + ?3 WHERE id BETWEEN ?1 AND ?2")?;
        for Moved { first, last, by } in moved {
            update.execute(params![first.0, last.0, by])?;
        }
        if is_emptied {
            connection.execute("DELETE FROM losses WHERE segment = ?1", [task.segment])?;
        }
        connection.execute("INSERT OR REPLACE INTO prunings VALUES (?1, ?2)", params![task.segment, stays])?;
        connection.execute_batch("COMMIT")
    }

    /// Gives the index's free pages back when there are many, and empties SQLite's log.
    fn compact(&self) -> rusqlite::Result<()> {
        let connection = self.index.connection();
        let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        if number("freelist_count")?.saturating_mul(FREE_PAGES_SHARE) >= number("page_count")? {
            // Needs as much room again for a moment. Where there is none, the pages stay free for rows to come.
            let _ = connection.execute_batch("VACUUM");
        }
        // A reader can keep it from being truncated; the next checkpoint does it then.
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
    }

    fn failed(&self, source: rusqlite::Error) -> StoreError {
        StoreError::sqlite(self.location.file(), "prune", source)
    }
}

/// Finishes what a pruning has left that was cut off.
pub(super) fn finish(location: &Location, connection: &Connection) -> Result<(), StoreError> {
    let failed = |source| StoreError::sqlite(location.file(), "finish the last pruning of", source);
    let read = || {
        let mut statement = connection.prepare("SELECT segment, stays FROM prunings ORDER BY segment")?;
        statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<rusqlite::Result<Vec<(i64, bool)>>>()
    };
    for (segment, stays) in read().map_err(failed)? {
        settle(location, segment, stays)?;
        forget(connection, segment).map_err(failed)?;
    }
    for segment in segments(&location.log(), ".log.new")? {
        let path = location.segment_copy(segment);
        fs::remove_file(&path).map_err(|error| StoreError::io(&path, "delete", error))?;
    }
    Ok(())
}

/// Brings a segment's file to what the index says of it. May be done again.
fn settle(location: &Location, segment: i64, stays: bool) -> Result<(), StoreError> {
    let (path, copy) = (location.segment(segment), location.segment_copy(segment));
    let done = if stays { fs::rename(&copy, &path) } else { fs::remove_file(&path) };
    match done {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(StoreError::io(&path, "replace", error)),
        _ => sync_folder(&location.log()).map_err(|error| StoreError::io(&path, "replace", error)),
    }
}

/// Deletes a segment's note, synced: were it to come back, it would speak of another pruning's copy.
fn forget(connection: &Connection, segment: i64) -> rusqlite::Result<()> {
    let before: i64 = connection.pragma_query_value(None, "synchronous", |row| row.get(0))?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.execute("DELETE FROM prunings WHERE segment = ?1", [segment])?;
    connection.pragma_update(None, "synchronous", before)
}
