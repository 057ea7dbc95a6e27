//! Opening a store for whoever changes it: the lock, the migration, and the index brought up to the log.

use super::index::Index;
use super::lock::{LockUse, StoreLock};
use super::log::LogEnd;
use super::marks::MarksFile;
use super::progress::ProgressFile;
use super::recovery::{self, Recovered};
use super::seal::SealKeys;
use super::{Location, Loss, StoreError, losses, reserve, settling};
use crate::delivery::DeliveryId;

/// A store in which the writer's place is taken.
pub(super) struct OpenedStore {
    pub(super) index: Index,
    pub(super) keys: SealKeys,
    /// The highest number that was given, or may have been.
    pub(super) last: DeliveryId,
    /// Where the next record goes.
    pub(super) end: LogEnd,
    /// What was found to be lost, and was not known to be; and how the file of marks was found.
    pub(super) losses: Vec<Loss>,
    pub(super) marks: MarksFile,
    pub(super) progress: ProgressFile,
    pub(super) lock: StoreLock,
}

impl OpenedStore {
    /// Takes the writer's place, finishes what a pruning has left that was cut off, and brings the index up to
    /// the log. On a full disk, the reserve is used for it.
    pub(super) fn open(location: &Location, usage: LockUse) -> Result<Self, StoreError> {
        reserve::with(location, || Self::open_within(location, usage))
    }

    fn open_within(location: &Location, usage: LockUse) -> Result<Self, StoreError> {
        let (connection, lock) = location.open_for_writing(usage)?;
        let keys = SealKeys::open(location, &connection)?;
        settling::finish(location, &connection, &keys)?;
        let index = Index::new(location, connection);
        let Recovered { last, end, losses } = recovery::recover(location, &index, &keys)?;
        let progress = ProgressFile::open(location, last)?;
        let marks = MarksFile::open(location, &index, &keys)?;
        let (segment, position, lost) = (end.segment, end.position, losses.len());
        tracing::info!(file = %location.file().display(), last = last.0, segment, position, lost, "store opened");
        losses.iter().for_each(|loss| tracing::warn!(%loss, "log damaged"));
        if let Some(damage) = marks.damage() {
            tracing::warn!(%damage, "marks damaged");
        }
        let losses = losses::keep(index.connection(), losses)
            .map_err(|source| StoreError::sqlite(location.file(), "record the losses", source))?;
        let damage = marks.damage().cloned().map(Loss::Marks);
        let losses = losses.into_iter().map(Loss::Log).chain(damage).collect();
        Ok(Self { index, keys, last, end, losses, marks, progress, lock })
    }
}
