//! The last steps of a segment's pruning, and the same after one that was cut off ([`super::prune`]).

use std::{fs, io};

use rusqlite::{Connection, OptionalExtension as _};

use super::recovery::segments;
use super::seal::SealKeys;
use super::{Location, StoreError, blanks};
use crate::system::save::sync_folder;

/// Finishes what a pruning has left that was cut off.
pub(super) fn finish(location: &Location, connection: &Connection, keys: &SealKeys) -> Result<(), StoreError> {
    let failed = |source| StoreError::sqlite(location.file(), "finish the last pruning", source);
    let read = || {
        let mut statement = connection.prepare("SELECT segment, stays FROM prunings ORDER BY segment")?;
        statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<rusqlite::Result<Vec<(i64, i64)>>>()
    };
    for (segment, stays) in read().map_err(failed)? {
        finish_noted(location, connection, keys, segment, stays)?;
    }
    for segment in segments(&location.log(), ".log.new")? {
        let path = location.segment_copy(segment);
        fs::remove_file(&path).map_err(|error| StoreError::io(&path, "delete", error))?;
    }
    Ok(())
}

/// Finishes what a pruning of this segment has left that failed after its commit: its rows speak of the copy, which nothing
/// may replace before it is the segment.
pub(super) fn finish_segment(
    location: &Location,
    connection: &Connection,
    keys: &SealKeys,
    segment: i64,
) -> Result<(), StoreError> {
    let noted = connection
        .query_row("SELECT stays FROM prunings WHERE segment = ?1", [segment], |row| row.get(0))
        .optional()
        .map_err(|source| StoreError::sqlite(location.file(), "finish the last pruning", source))?;
    noted.map_or(Ok(()), |stays| finish_noted(location, connection, keys, segment, stays))
}

fn finish_noted(
    location: &Location,
    connection: &Connection,
    keys: &SealKeys,
    segment: i64,
    stays: i64,
) -> Result<(), StoreError> {
    match stays {
        blanks::BLANKED => blanks::finish(location, connection, &keys.own, segment)?,
        stays => settle(location, segment, stays != 0)?,
    }
    forget(connection, segment).map_err(|source| StoreError::sqlite(location.file(), "finish the last pruning", source))
}

/// Brings a segment's file to what the index says of it. May be done again.
pub(super) fn settle(location: &Location, segment: i64, stays: bool) -> Result<(), StoreError> {
    let (path, copy) = (location.segment(segment), location.segment_copy(segment));
    let done = if stays { fs::rename(&copy, &path) } else { fs::remove_file(&path) };
    match done {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(StoreError::io(&path, "replace", error)),
        _ => sync_folder(&location.log()).map_err(|error| StoreError::io(&path, "replace", error)),
    }
}

/// Deletes a segment's note, synced: were it to come back, it would speak of another pruning's copy.
pub(super) fn forget(connection: &Connection, segment: i64) -> rusqlite::Result<()> {
    let before: i64 = connection.pragma_query_value(None, "synchronous", |row| row.get(0))?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.execute("DELETE FROM prunings WHERE segment = ?1", [segment])?;
    connection.pragma_update(None, "synchronous", before)
}
