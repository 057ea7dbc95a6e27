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
//! What goes is chosen for each segment when its turn comes, and not when the pruning was planned: a delivery that was pinned
//! or brought back meanwhile stays. From that choice to the commit the index is in one hand, and nobody marks anything.
//!
//! Only what has a row is copied: bytes that could not be read when the index was made go when their segment is
//! first pruned, what is noted of them in `losses` with its last delivery.
//!
//! Where the disk has no room for the copy, the reserve is given up ([`super::reserve`]), and if that is not enough, what
//! goes becomes blank where it lies ([`super::in_place`]).
//!
//! Readers find the copy by themselves meanwhile (see [`super::log::LogReader`]), so that nothing is missing in any
//! of them even if no writer comes. Where the newest number goes with its delivery, a mark stays in the log
//! (see [`super::record`]), so that no number is given twice, even if the index is lost.

use std::fs;

use rusqlite::params;

use super::copying::{self, Moved};
use super::index::Index;
use super::log::LogPlace;
use super::marks::MarksFile;
use super::opening::OpenedStore;
use super::seal::SealKeys;
use super::settling::{forget, settle};
use super::{Location, LockUse, Loss, MarksDamage, PrunePlan, StoreError, StoreLock, reserve, row};
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

/// For SQL's LIMIT.
const ALL_ROWS: i64 = -1;

/// Whether the delivery `d` goes: it was deleted, or is named and not pinned, unless pinned ones were meant as well.
const GOES: &str = "EXISTS (SELECT 1 FROM deleted x WHERE x.id = d.id)
    OR EXISTS (SELECT 1 FROM temp.doomed x WHERE x.id = d.id
        AND (x.pinned OR NOT EXISTS (SELECT 1 FROM marks m WHERE m.id = d.id AND m.pinned)))";

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
    marks: MarksFile,
    _lock: StoreLock,
}

/// One segment's part of a pruning, as it was planned.
pub(super) struct Task {
    segment: i64,
    /// The lowest and the highest number in it.
    ids: (i64, i64),
    /// Of the records that go, and of all.
    bytes: u64,
    all_bytes: u64,
}

impl Task {
    pub(super) fn segment(&self) -> i64 {
        self.segment
    }
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

impl Pruner {
    /// Takes the writer's place, finishes what an earlier pruning has left, and brings the index up to
    /// the log.
    ///
    /// # Errors
    ///
    /// Those of [`Location::open_for_writing`]; [`StoreError::InUse`] while another process listens.
    pub fn open(location: &Location) -> Result<Self, StoreError> {
        let OpenedStore { index, keys, last, losses, marks, lock, .. } = OpenedStore::open(location, LockUse::Command)?;
        Ok(Self { location: location.clone(), index, keys, last, losses, marks, _lock: lock })
    }

    /// What was found to be lost when the store was opened, and was not known to be.
    #[must_use]
    pub fn losses(&self) -> &[Loss] {
        &self.losses
    }

    /// Deletes the deliveries of these numbers, pinned ones as well. `watch` is told of each stage of each segment; its error
    /// ends the work there, and what is done stays done.
    ///
    /// # Errors
    ///
    /// [`StoreError`], also where nobody knows what is pinned; nothing that was not named is lost then, and what was begun is finished when the
    /// store is next opened for writing.
    pub fn prune(
        &mut self,
        doomed: &[DeliveryId],
        thoroughness: Thoroughness,
        watch: &mut dyn FnMut(PruneStage) -> Result<(), StoreError>,
    ) -> Result<Freed, StoreError> {
        self.work((doomed, true), thoroughness, watch)
    }

    /// Deletes what was planned, but for what was pinned since then where the plan leaves that out.
    ///
    /// # Errors
    ///
    /// Those of [`Pruner::prune`].
    pub fn prune_planned(&mut self, plan: &PrunePlan, thoroughness: Thoroughness) -> Result<Freed, StoreError> {
        self.work((&plan.doomed, plan.pinned), thoroughness, &mut |_| Ok(()))
    }

    fn work(
        &mut self,
        doomed: (&[DeliveryId], bool),
        thoroughness: Thoroughness,
        watch: &mut dyn FnMut(PruneStage) -> Result<(), StoreError>,
    ) -> Result<Freed, StoreError> {
        let Self { location, index, keys, last, marks, .. } = self;
        let work = Work { location, index, keys, last: *last, doubt: marks.doubt() };
        let (freed, outcome) = work.prune(doomed, thoroughness, &mut |_| (), watch);
        log(freed, outcome.as_ref().err());
        outcome.map(|()| freed)
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
    /// Why nobody knows what is pinned.
    pub(super) doubt: Option<&'a MarksDamage>,
}

/// Of one that has failed, the segments before are gone all the same.
fn log(freed: Freed, failure: Option<&StoreError>) {
    if freed.deliveries > 0 || failure.is_none() {
        tracing::info!(deliveries = freed.deliveries, bytes = freed.bytes, "pruned");
    }
    if let Some(error) = failure {
        tracing::error!(reason = %error, "not pruned");
    }
}

impl Work<'_> {
    /// Deletes deliveries while a listener runs. `close` is told each segment before it is replaced, so that nothing
    /// more is written to it. Returns what has gone, and whether anything went wrong after it.
    pub(super) fn prune_briefly(
        &self,
        plan: &PrunePlan,
        close: &mut dyn FnMut(i64),
    ) -> (Freed, Result<(), StoreError>) {
        let mut freed = Freed::default();
        let outcome = self.keeping_pace(|| {
            let doomed = (&plan.doomed[..], plan.pinned);
            let (gone, outcome) = self.prune(doomed, Thoroughness::Brief, close, &mut |_| Ok(()));
            freed = gone;
            outcome
        });
        log(freed, outcome.as_ref().err());
        (freed, outcome)
    }

    /// The segments of a pruning that is done between commits, a segment at a time ([`super::live_prune`]).
    pub(super) fn live_tasks(&self, doomed: (&[DeliveryId], bool)) -> Result<Vec<Task>, StoreError> {
        self.keeping_pace(|| self.tasks(doomed))
    }

    /// Prunes one of them. Returns what has gone, and whether anything went wrong after it.
    pub(super) fn live_prune(&self, task: &Task) -> (Freed, Result<(), StoreError>) {
        let size = || fs::metadata(self.location.segment(task.segment)).map_or(0, |metadata| metadata.len());
        let before = size();
        let mut gone = Freed::default();
        let outcome = self.keeping_pace(|| {
            let full = self.index.connection().pragma_update(None, "synchronous", "full");
            full.map_err(|source| self.failed(source))?;
            self.prune_segment(task, &mut gone, &mut |_| Ok(()))
        });
        gone.bytes += before.saturating_sub(size());
        (gone, outcome)
    }

    /// The commits that follow are synced as those before.
    fn keeping_pace<T>(&self, work: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
        let connection = self.index.connection();
        let synchronous = connection
            .pragma_query_value(None, "synchronous", |row| row.get::<_, i64>(0))
            .map_err(|source| self.failed(source))?;
        let done = work();
        // What is done is done: where this fails, the commits that follow are only slower.
        if let Err(error) = connection.pragma_update(None, "synchronous", synchronous) {
            tracing::warn!(reason = %error, "commits stay synced after a pruning");
        }
        done
    }

    /// Removes what was deleted before, a segment after another for as long as `go_on` says.
    pub(super) fn remove_deleted(&self, go_on: &dyn Fn() -> bool) -> Result<(), StoreError> {
        for task in self.tasks((&[], false))? {
            if !go_on() {
                break;
            }
            self.prune_segment(&task, &mut Freed::default(), &mut |_| Ok(()))?;
        }
        Ok(())
    }

    /// Returns what has gone, and whether anything went wrong after it.
    fn prune(
        &self,
        doomed: (&[DeliveryId], bool),
        thoroughness: Thoroughness,
        close: &mut dyn FnMut(i64),
        watch: &mut dyn FnMut(PruneStage) -> Result<(), StoreError>,
    ) -> (Freed, Result<(), StoreError>) {
        let before = self.location.bytes();
        let mut gone = Freed::default();
        let outcome =
            self.prune_segments(doomed, thoroughness, close, &mut |task| self.prune_segment(task, &mut gone, watch));
        // Rows to come use the free pages, and another thread checkpoints: nobody waits for either.
        let compacted = match outcome {
            Ok(()) if gone.deliveries > 0 && thoroughness != Thoroughness::Brief => {
                match self.compact().map_err(|source| self.failed(source)) {
                    // What was asked for is done.
                    Err(error) if error.is_full() => Ok(()),
                    compacted => compacted,
                }
            }
            outcome => outcome,
        };
        gone.bytes += before.saturating_sub(self.location.bytes());
        (gone, compacted)
    }

    fn prune_segments(
        &self,
        doomed: (&[DeliveryId], bool),
        thoroughness: Thoroughness,
        close: &mut dyn FnMut(i64),
        prune: &mut dyn FnMut(&Task) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        for task in self.tasks(doomed)? {
            // Not the file's length: a writer that was killed leaves room in it.
            if thoroughness.spares(task.all_bytes, task.bytes) {
                continue;
            }
            close(task.segment);
            prune(&task)?;
        }
        Ok(())
    }

    /// Finds the segments where the numbers lie, unless pinned ones are to stay and nobody knows which those are.
    fn tasks(&self, (doomed, pinned): (&[DeliveryId], bool)) -> Result<Vec<Task>, StoreError> {
        match self.doubt.filter(|_| !pinned) {
            Some(damage) => Err(StoreError::MarksInDoubt(damage.clone())),
            None => self.tasks_of((doomed, pinned)).map_err(|source| self.failed(source)),
        }
    }

    /// Puts the numbers into a table of their own, with whether each goes even if it is pinned, and finds the segments where
    /// they lie.
    fn tasks_of(&self, (doomed, pinned): (&[DeliveryId], bool)) -> rusqlite::Result<Vec<Task>> {
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
        for id in doomed {
            insert.execute(params![id.0, pinned])?;
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
    fn prune_segment(
        &self,
        task: &Task,
        gone: &mut Freed,
        watch: &mut dyn FnMut(PruneStage) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let copied = reserve::with(self.location, || {
            let copied = self.replace(task, &self.cut(task, ALL_ROWS)?, gone, watch);
            if copied.as_ref().is_err_and(StoreError::is_full) {
                // Half a copy takes the room that something else needs.
                let _ = fs::remove_file(self.location.segment_copy(task.segment));
            }
            copied
        });
        match copied {
            Err(error) if error.is_full() => self.prune_in_place(task, gone, watch),
            outcome => outcome,
        }
    }

    /// Puts a copy of what stays in the place of a segment.
    pub(super) fn replace(
        &self,
        task: &Task,
        cut: &Cut,
        gone: &mut Freed,
        watch: &mut dyn FnMut(PruneStage) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let Cut { deliveries, kept, mark } = cut;
        if *deliveries == 0 {
            return Ok(());
        }
        let stays = !kept.is_empty() || mark.is_some();
        let moved = match stays {
            true => copying::copy(self.location, task.segment, &self.keys.own, kept, *mark)?,
            false => Vec::new(),
        };
        watch(PruneStage::Copied)?;
        self.commit(task, &moved, i64::from(stays), kept.is_empty())?;
        gone.deliveries += deliveries;
        watch(PruneStage::Committed)?;
        settle(self.location, task.segment, stays)?;
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

    pub(super) fn failed(&self, source: rusqlite::Error) -> StoreError {
        StoreError::sqlite(self.location.file(), "prune", source)
    }
}
