//! Bringing the index up to the log when a store is opened for writing.
//!
//! SQLite's commits are not synced, the log is: after a power cut the index may lack its last rows,
//! and after it was deleted it lacks them all. Only the log behind the index's newest row is read, so
//! that opening takes no longer the more there is. Nothing is shortened or overwritten: a log whose
//! end is torn (which no sender was told is kept) is left as it is and goes on in a new segment. A row
//! whose record is gone stays, and says so when it is loaded.

use std::fs::{self, File};
use std::io::{self, BufReader, Read, Seek as _, SeekFrom};
use std::path::Path;

use super::index::Index;
use super::log::{LogEnd, Place, SEGMENT_BYTES};
use super::record::{HEADER_BYTES, Header};
use super::{Location, StoreError, facts};
use crate::delivery::{Captured, DeliveryId};

/// Rows in one transaction of a recovery, which bounds SQLite's memory and log.
const ROWS_PER_COMMIT: usize = 4096;

/// Adds to `index` what the log holds behind its newest row. Returns the newest delivery's number (0
/// when there is none) and where the next record goes.
pub(super) fn recover(location: &Location, index: &Index) -> Result<(DeliveryId, LogEnd), StoreError> {
    let newest = index.newest()?;
    let mut last = newest.map_or(DeliveryId(0), |(id, _)| id);
    let indexed = newest.map_or(LogEnd { segment: 0, position: 0 }, |(_, place)| LogEnd {
        segment: place.segment,
        position: place.end(),
    });
    let segments = segments(&location.log(), ".log")?;
    // A segment that is left unfinished, or gone, is not gone on with.
    let mut end = LogEnd { segment: indexed.segment + 1, position: 0 };
    for segment in segments.into_iter().filter(|segment| *segment >= indexed.segment) {
        let from = if segment == indexed.segment { indexed.position } else { 0 };
        let (newest, position) = recover_segment(location, index, segment, from, last)?;
        last = newest;
        end = match position {
            Some(position) if position < SEGMENT_BYTES => LogEnd { segment, position },
            _ => LogEnd { segment: segment + 1, position: 0 },
        };
    }
    Ok((last, end))
}

/// The numbers of the segment files in `folder`, ascending, whose names end in `suffix`.
pub(super) fn segments(folder: &Path, suffix: &str) -> Result<Vec<i64>, StoreError> {
    let failed = |error| StoreError::io(folder, "list", error);
    let mut numbers = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        let number = name.to_str().and_then(|name| name.strip_suffix(suffix)).and_then(|number| number.parse().ok());
        numbers.extend(number.filter(|number| (1..i64::MAX).contains(number)));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// Adds what lies in one segment behind `from`. Returns the newest number, and the segment's end when
/// nothing there is torn.
fn recover_segment(
    location: &Location,
    index: &Index,
    segment: i64,
    from: u64,
    mut last: DeliveryId,
) -> Result<(DeliveryId, Option<u64>), StoreError> {
    let path = location.segment(segment);
    let failed = |error| StoreError::io(&path, "read", error);
    let mut scan = Scan::open(&path, from).map_err(failed)?;
    let mut uncommitted = 0;
    while let Some((header, position)) = scan.next_header().map_err(failed)? {
        let found = scan.content(&header).map_err(failed)?;
        if header.is_mark() {
            last = last.max(header.id);
        }
        // Anything else is damaged, or was not kept and has been followed by what was.
        let Some(captured) = found.filter(|_| header.id > last) else { continue };
        if uncommitted == 0 {
            index.begin()?;
        }
        let place = Place { segment, position, bytes: scan.position - position };
        if let Err(error) = index.add(header.id, &captured, header.body, place) {
            index.roll_back();
            return Err(error);
        }
        last = header.id;
        uncommitted += 1;
        if uncommitted == ROWS_PER_COMMIT {
            index.commit()?;
            uncommitted = 0;
        }
    }
    if uncommitted > 0 {
        index.commit()?;
    }
    Ok((last, (scan.position == scan.size).then_some(scan.size)))
}

/// Reads a segment from record to record.
struct Scan {
    file: BufReader<File>,
    /// Where the next record begins.
    position: u64,
    size: u64,
}

impl Scan {
    fn open(path: &Path, from: u64) -> io::Result<Self> {
        let mut file = BufReader::with_capacity(64 * 1024, crate::read::open(path)?);
        let size = file.get_ref().metadata()?.len();
        file.seek(SeekFrom::Start(from))?;
        Ok(Self { file, position: from, size })
    }

    /// The next whole header whose record ends within the file, and where it lies; `None` at the end
    /// and before anything else.
    fn next_header(&mut self) -> io::Result<Option<(Header, u64)>> {
        if self.size.saturating_sub(self.position) < HEADER_BYTES as u64 {
            return Ok(None);
        }
        let mut bytes = [0; HEADER_BYTES];
        self.file.read_exact(&mut bytes)?;
        let Some(header) = Header::read(&bytes) else { return Ok(None) };
        let position = self.position;
        match header.record_bytes().and_then(|length| position.checked_add(length)) {
            Some(end) if end <= self.size => self.position = end,
            _ => return Ok(None),
        }
        Ok(Some((header, position)))
    }

    /// Reads the content behind `header`, which is checked but not held in memory; `None` when it is
    /// damaged.
    fn content(&mut self, header: &Header) -> io::Result<Option<Captured>> {
        let mut checksum = crc32fast::Hasher::new();
        let mut json = Vec::new();
        Read::by_ref(&mut self.file).take(header.facts).read_to_end(&mut json)?;
        checksum.update(&json);
        let mut rest = Read::by_ref(&mut self.file).take(header.head + header.body);
        let mut chunk = [0; 16 * 1024];
        loop {
            match rest.read(&mut chunk)? {
                0 => break,
                count => checksum.update(&chunk[..count]),
            }
        }
        Ok(if checksum.finalize() == header.crc32 { facts::read(&json) } else { None })
    }
}
