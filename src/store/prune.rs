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

use super::index::Index;
use super::marks::MarksFile;
use super::opening::OpenedStore;
use super::prune_segment::Task;
use super::seal::SealKeys;
use super::{Location, LockUse, Loss, MarksDamage, PrunePlan, StoreError, StoreLock};
use crate::delivery::DeliveryId;

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
    /// As [`Self::Lazy`], and what lies in a segment of which much would stay: deliveries wait meanwhile.
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

/// The deliveries that somebody wants deleted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DoomedDeliveries {
    /// Their numbers, in any order. What does not exist is passed over.
    pub ids: Vec<DeliveryId>,
    /// Whether those of them go as well that are pinned when their segment's turn comes.
    pub pinned: bool,
}

/// The same, borrowed.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Doomed<'a> {
    pub(super) ids: &'a [DeliveryId],
    pub(super) pinned: bool,
}

impl<'a> From<&'a DoomedDeliveries> for Doomed<'a> {
    fn from(doomed: &'a DoomedDeliveries) -> Self {
        Self { ids: &doomed.ids, pinned: doomed.pinned }
    }
}

impl<'a> From<&'a PrunePlan> for Doomed<'a> {
    fn from(plan: &'a PrunePlan) -> Self {
        Self { ids: &plan.doomed, pinned: plan.pinned }
    }
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
        self.work(Doomed { ids: doomed, pinned: true }, thoroughness, watch)
    }

    /// Deletes what was planned, but for what was pinned since then where the plan leaves that out.
    ///
    /// # Errors
    ///
    /// Those of [`Pruner::prune`].
    pub fn prune_planned(&mut self, plan: &PrunePlan, thoroughness: Thoroughness) -> Result<Freed, StoreError> {
        self.work(plan.into(), thoroughness, &mut |_| Ok(()))
    }

    fn work(
        &mut self,
        doomed: Doomed<'_>,
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
            let (gone, outcome) = self.prune(plan.into(), Thoroughness::Brief, close, &mut |_| Ok(()));
            freed = gone;
            outcome
        });
        log(freed, outcome.as_ref().err());
        (freed, outcome)
    }

    /// The segments of a pruning that is done between commits, a segment at a time ([`super::live_prune`]).
    pub(super) fn live_tasks(&self, doomed: Doomed<'_>) -> Result<Vec<Task>, StoreError> {
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
        for task in self.tasks(Doomed::default())? {
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
        doomed: Doomed<'_>,
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
        doomed: Doomed<'_>,
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
