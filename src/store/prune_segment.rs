//! One segment of a pruning: what of it goes, the copy of what stays, and the commit in between. [`super::prune`] says in what
//! order, and what each cut leaves.

use std::fs;

use rusqlite::params;

use super::copying::{self, Moved};
use super::log::LogPlace;
use super::prune::{Doomed, Freed, PruneStage, Work};
use super::settling::{finish_segment, forget, settle};
use super::{StoreError, reserve, row};
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
/// For SQL's LIMIT.
const ALL_ROWS: i64 = -1;

/// Whether the delivery `d` goes: it was deleted, or is named and not pinned, unless pinned ones were meant as well.
const GOES: &str = "EXISTS (SELECT 1 FROM deleted x WHERE x.id = d.id)
    OR EXISTS (SELECT 1 FROM temp.doomed x WHERE x.id = d.id
        AND (x.pinned OR NOT EXISTS (SELECT 1 FROM marks m WHERE m.id = d.id AND m.pinned)))";

/// One segment's part of a pruning, as it was planned.
pub(super) struct Task {
    pub(super) segment: i64,
    /// The lowest and the highest number in it.
    ids: (i64, i64),
    /// Of the records that go, and of all.
    pub(super) bytes: u64,
    pub(super) all_bytes: u64,
}

/// What becomes of a segment, when its turn has come. The numbers that go are in `temp.going`.
pub(super) struct Cut {
    /// How many deliveries go.
    pub(super) deliveries: u64,
    /// Where the records lie that stay, in the order in which they lie.
    pub(super) kept: Vec<(DeliveryId, LogPlace)>,
    /// The highest number ever given, when it would be lost with this segment's deliveries.
    mark: Option<DeliveryId>,
}

/// What the rows say of a segment's file since a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Committed {
    /// Nothing of it goes.
    Nothing,
    /// Its copy is to take its place.
    Copy,
    /// It is to be removed.
    Removal,
}

impl Work<'_> {
    /// Finds the segments where the numbers lie, unless pinned ones are to stay and nobody knows which those are.
    pub(super) fn tasks(&self, doomed: Doomed<'_>) -> Result<Vec<Task>, StoreError> {
        match self.doubt.filter(|_| !doomed.pinned) {
            Some(damage) => Err(StoreError::MarksInDoubt(damage.clone())),
            None => self.tasks_of(doomed).map_err(|source| self.failed(source)),
        }
    }

    /// Puts the numbers into a table of their own, with whether each goes even if it is pinned, and finds the segments where
    /// they lie.
    fn tasks_of(&self, doomed: Doomed<'_>) -> rusqlite::Result<Vec<Task>> {
        let connection = self.index.connection();
        // A note or a row that a power cut takes back would speak of a file that is gone.
        connection.pragma_update(None, "synchronous", "full")?;
        connection.pragma_update(None, "temp_store", "memory")?;
        connection.execute_batch(
            "CREATE TABLE IF NOT EXISTS temp.doomed (id INTEGER PRIMARY KEY, pinned INTEGER NOT NULL);
            CREATE TABLE IF NOT EXISTS temp.going (id INTEGER PRIMARY KEY);
            DELETE FROM temp.doomed; BEGIN",
        )?;
        let mut insert = connection.prepare("INSERT OR IGNORE INTO temp.doomed VALUES (?1, ?2)")?;
        for id in doomed.ids {
            insert.execute(params![id.0, doomed.pinned])?;
        }
        connection.execute_batch("COMMIT")?;
        let sql = format!(
            "SELECT segment, min(id), max(id), sum(gone * record_bytes), sum(record_bytes) FROM (
                SELECT d.id, d.segment, d.record_bytes, ({GOES}) AS gone FROM deliveries d)
             GROUP BY segment HAVING sum(gone) > 0 ORDER BY segment"
        );
        let mut statement = connection.prepare(&sql)?;
        let number = |row: &rusqlite::Row<'_>, column| row.get::<_, i64>(column).map(i64::unsigned_abs);
        let read = |row: &rusqlite::Row<'_>| {
            Ok(Task {
                segment: row.get(0)?,
                ids: (row.get(1)?, row.get(2)?),
                bytes: number(row, 3)?,
                all_bytes: number(row, 4)?,
            })
        };
        statement.query_map([], read)?.collect()
    }

    /// Adds to `gone` what has gone, as soon as it has; of bytes, those that are still counted in a file's length.
    ///
    /// What fails before the commit leaves everything as it was, and may be done in another way. What fails after it is told, and
    /// finished before the segment is pruned again, or by the next writer.
    pub(super) fn prune_segment(
        &self,
        task: &Task,
        gone: &mut Freed,
        watch: &mut dyn FnMut(PruneStage) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        finish_segment(self.location, self.index.connection(), self.keys, task.segment)?;
        match reserve::with(self.location, || self.commit_copy(task, &self.cut(task, ALL_ROWS)?, gone, watch)) {
            Err(error) if error.is_full() => self.prune_in_place(task, gone, watch),
            committed => self.conclude(task, committed?, watch),
        }
    }

    /// Copies what stays of a segment, and deletes the rows of what goes. An error leaves both as they were.
    pub(super) fn commit_copy(
        &self,
        task: &Task,
        cut: &Cut,
        gone: &mut Freed,
        watch: &mut dyn FnMut(PruneStage) -> Result<(), StoreError>,
    ) -> Result<Committed, StoreError> {
        let Cut { deliveries, kept, mark } = cut;
        if *deliveries == 0 {
            return Ok(Committed::Nothing);
        }
        let stays = !kept.is_empty() || mark.is_some();
        let mut commit = || {
            let moved = match stays {
                true => copying::copy(self.location, task.segment, &self.keys.own, kept, *mark)?,
                false => Vec::new(),
            };
            watch(PruneStage::Copied)?;
            self.commit(task, &moved, i64::from(stays), kept.is_empty())
        };
        let committed = commit();
        if committed.as_ref().is_err_and(StoreError::is_full) {
            // A copy that no row speaks of takes the room that something else needs.
            let _ = fs::remove_file(self.location.segment_copy(task.segment));
        }
        committed?;
        gone.deliveries += deliveries;
        Ok(if stays { Committed::Copy } else { Committed::Removal })
    }

    /// Brings the segment's file to what the rows say of it since the commit.
    pub(super) fn conclude(
        &self,
        task: &Task,
        committed: Committed,
        watch: &mut dyn FnMut(PruneStage) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        if committed == Committed::Nothing {
            return Ok(());
        }
        watch(PruneStage::Committed)?;
        settle(self.location, task.segment, committed == Committed::Copy)?;
        watch(PruneStage::Replaced)?;
        forget(self.index.connection(), task.segment).map_err(|source| self.failed(source))
    }

    /// Chooses what of a segment goes, by what is pinned and deleted now: the first `most` of them.
    pub(super) fn cut(&self, task: &Task, most: i64) -> Result<Cut, StoreError> {
        self.cut_rows(task, most).map_err(|source| self.failed(source))
    }

    fn cut_rows(&self, task: &Task, most: i64) -> rusqlite::Result<Cut> {
        let connection = self.index.connection();
        let (low, high) = task.ids;
        connection.execute_batch("DELETE FROM temp.going")?;
        let choose = format!(
            "INSERT INTO temp.going SELECT d.id FROM deliveries d
             WHERE d.id BETWEEN ?1 AND ?2 AND d.segment = ?3 AND ({GOES}) ORDER BY d.position LIMIT ?4"
        );
        let deliveries = connection.prepare_cached(&choose)?.execute(params![low, high, task.segment, most])? as u64;
        let mut statement = connection.prepare_cached(
            "SELECT id, segment, position, record_bytes FROM deliveries
             WHERE id BETWEEN ?1 AND ?2 AND segment = ?3 AND id NOT IN (SELECT id FROM temp.going)
             ORDER BY position",
        )?;
        let read = |row: &rusqlite::Row<'_>| Ok((DeliveryId(row.get(0)?), row::place(row, 1)?));
        let kept = statement.query_map(params![low, high, task.segment], read)?.collect::<rusqlite::Result<_>>()?;
        let newest: Option<i64> = connection.query_row("SELECT max(id) FROM deliveries", [], |row| row.get(0))?;
        let goes = "SELECT EXISTS (SELECT 1 FROM temp.going WHERE id = ?1)";
        let newest_goes: bool = connection.query_row(goes, [newest], |row| row.get(0))?;
        let is_lost = newest == Some(high) && (newest_goes || Some(self.last.0) > newest);
        Ok(Cut { deliveries, kept, mark: is_lost.then_some(self.last) })
    }

    /// Deletes the rows of what goes, and notes what becomes of the segment.
    pub(super) fn commit(&self, task: &Task, moved: &[Moved], stays: i64, is_emptied: bool) -> Result<(), StoreError> {
        self.commit_rows(task, moved, stays, is_emptied).map_err(|source| {
            self.index.roll_back();
            self.failed(source)
        })
    }

    fn commit_rows(&self, task: &Task, moved: &[Moved], stays: i64, is_emptied: bool) -> rusqlite::Result<()> {
        let connection = self.index.connection();
        connection.execute_batch("BEGIN IMMEDIATE")?;
        // The rows by which the others are found go last.
        for (table, column) in TABLES.iter().rev() {
            connection.execute(&format!("DELETE FROM {table} WHERE {column} IN (SELECT id FROM temp.going)"), [])?;
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
}
