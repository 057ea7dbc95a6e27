//! Records that are made blank where they lie: a header without facts, and zeros, whose space is given back to the file
//! system as a hole.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};

use rusqlite::Connection;

use super::log::{LogEnd, LogPlace};
use super::record::{HEADER_BYTES, RecordHeader};
use super::seal::LogKey;
use super::{Location, StoreError, row};
use crate::delivery::DeliveryId;

/// What `prunings` says of a segment whose records without a row are to be blank.
pub(super) const BLANKED: i64 = 2;

/// Records of the log that follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RecordRun {
    /// The number of the last.
    last: DeliveryId,
    position: u64,
    end: u64,
}

impl RecordRun {
    pub(super) fn bytes(&self) -> u64 {
        self.end - self.position
    }
}

/// Makes the records of a segment blank that have no row.
pub(super) fn finish(
    location: &Location,
    connection: &Connection,
    key: &LogKey,
    segment: i64,
) -> Result<(), StoreError> {
    let sql = "SELECT id, segment, position, record_bytes FROM deliveries WHERE segment = ?1 ORDER BY position";
    let rows = places(connection, sql, segment)
        .map_err(|source| StoreError::sqlite(location.file(), "finish the last pruning", source))?;
    let path = location.segment(segment);
    let left = left_over(location, segment, &rows).map_err(|error| StoreError::io(&path, "read", error))?;
    blank(location, key, segment, &runs(left))
}

/// The numbers and places that a query finds for a segment.
pub(super) fn places(
    connection: &Connection,
    sql: &str,
    segment: i64,
) -> rusqlite::Result<Vec<(DeliveryId, LogPlace)>> {
    let mut statement = connection.prepare(sql)?;
    let read = |row: &rusqlite::Row<'_>| Ok((DeliveryId(row.get(0)?), row::place(row, 1)?));
    statement.query_map([segment], read)?.collect()
}

/// The records of a segment that have no row, from header to header; what follows one that is damaged is left alone.
fn left_over(
    location: &Location,
    segment: i64,
    rows: &[(DeliveryId, LogPlace)],
) -> io::Result<Vec<(DeliveryId, LogPlace)>> {
    let mut file = crate::system::read::open(&location.segment(segment))?;
    let size = file.metadata()?.len();
    let ends = rows.iter().map(|(_, place)| (place.position, place.end())).chain([(size, size)]);
    let (mut left, mut position) = (Vec::new(), 0);
    for (row, next) in ends {
        while position < row {
            let mut front = Vec::with_capacity(HEADER_BYTES);
            file.seek(SeekFrom::Start(position))?;
            (&file).take(HEADER_BYTES as u64).read_to_end(&mut front)?;
            let header = RecordHeader::read(&front);
            let Some((header, bytes)) = header.and_then(|header| Some((header, header.record_bytes()?))) else { break };
            let place = LogPlace { segment, position, bytes };
            if place.end() > row {
                break;
            }
            left.push((header.id, place));
            position = place.end();
        }
        position = next;
    }
    Ok(left)
}

/// Those that follow each other, as one.
pub(super) fn runs(places: Vec<(DeliveryId, LogPlace)>) -> Vec<RecordRun> {
    let mut runs: Vec<RecordRun> = Vec::new();
    for (id, place) in places {
        match runs.last_mut().filter(|run| run.end == place.position) {
            Some(run) => (run.last, run.end) = (id, place.end()),
            None => runs.push(RecordRun { last: id, position: place.position, end: place.end() }),
        }
    }
    runs
}

/// Puts a blank record in the place of each run, and brings that to disk.
pub(super) fn blank(location: &Location, key: &LogKey, segment: i64, runs: &[RecordRun]) -> Result<(), StoreError> {
    let path = location.segment(segment);
    let write = || {
        let mut file = OpenOptions::new().write(true).open(&path)?;
        // Rows may speak of bytes that are not there any more.
        let size = file.metadata()?.len();
        for RecordRun { last, position, end } in runs.iter().filter(|run| run.end <= size) {
            let content = position + HEADER_BYTES as u64;
            let header = RecordHeader::blank(*last, end.saturating_sub(content));
            file.seek(SeekFrom::Start(*position))?;
            file.write_all(&header.to_bytes(key, LogEnd { segment, position: *position }))?;
            empty(&mut file, content, end.saturating_sub(content))?;
        }
        file.sync_all()
    };
    match write() {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(StoreError::io(&path, "write to", error)),
        _ => Ok(()),
    }
}

/// Makes zeros of a part of a file, and gives its space back where the file system has holes.
fn empty(file: &mut File, position: u64, bytes: u64) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{FallocateFlags, fallocate};
        if bytes == 0
            || fallocate(&*file, FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE, position, bytes).is_ok()
        {
            return Ok(());
        }
    }
    file.seek(SeekFrom::Start(position))?;
    io::copy(&mut io::repeat(0).take(bytes), file).map(drop)
}
