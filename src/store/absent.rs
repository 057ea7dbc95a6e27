//! What the index says of a log that is not there: files that were not copied with it, were deleted, cut short or overwritten.

use std::fmt;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use rusqlite::OptionalExtension as _;

use super::record::{HEADER_BYTES, RecordHeader};
use super::{Reader, StoreError};
use crate::delivery::DeliveryId;
use crate::text::grouped;

/// Segments that rows speak of, and whose files are missing, too short, or hold something else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AbsentLog {
    /// The first such file, or the log's folder where that is missing.
    pub path: PathBuf,
    /// What is wrong with it.
    pub harm: SegmentHarm,
    /// How many other files are missing or damaged.
    pub others: usize,
    /// Deliveries whose bytes were in them; of a file that is damaged, its last.
    pub deliveries: u64,
    /// The first and the last of these.
    pub ids: (DeliveryId, DeliveryId),
}

/// What is wrong with a file of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SegmentHarm {
    /// It is not there.
    Missing,
    /// It ends before its last delivery does.
    Cut,
    /// Its last delivery is not in its place.
    Damaged,
}

impl fmt::Display for AbsentLog {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, last) = self.ids;
        let harm = match self.harm {
            SegmentHarm::Missing => "missing",
            SegmentHarm::Cut => "cut short",
            SegmentHarm::Damaged => "damaged",
        };
        write!(formatter, "{} is {harm}", self.path.display())?;
        match self.others {
            0 => Ok(()),
            1 => write!(formatter, ", and 1 more file of the log is missing or damaged"),
            others => {
                write!(formatter, ", and {} more files of the log are missing or damaged", grouped(others as u64))
            }
        }?;
        match (self.deliveries, self.harm) {
            (1, SegmentHarm::Damaged) => {
                write!(formatter, ": the request of delivery {last} is lost, and perhaps others before it")
            }
            (1, _) => write!(formatter, ": the request of delivery {first} is lost"),
            (count, _) => {
                write!(formatter, ": the requests of {} deliveries ({first} to {last}) are lost", grouped(count))
            }
        }?;
        write!(formatter, ", unless the log is put back beside the index")
    }
}

impl Reader {
    /// What of the log is not there, as far as the names, lengths and last records of its files tell; `None` when nothing is
    /// missing.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the index cannot be read.
    pub fn absent(&self) -> Result<Option<AbsentLog>, StoreError> {
        let (Some(oldest), Some(newest)) = (self.row_at(i64::MIN, "ASC")?, self.row_at(i64::MAX, "DESC")?) else {
            return Ok(None);
        };
        let folder = self.location().log();
        let has_folder = folder.is_dir();
        let mut absent: Option<AbsentLog> = None;
        let mut segment = Some(oldest);
        while let Some(first) = segment {
            let next = self.first_of_segment(first.segment.saturating_add(1), (first.id, newest.id))?;
            let last = self.row_at(next.as_ref().map_or(newest.id, |next| next.id - 1), "DESC")?;
            if let Some(last) = last.filter(|last| last.segment == first.segment)
                && let Some((harm, ids, deliveries)) = self.harm(&first, &last)?
            {
                match &mut absent {
                    Some(absent) => {
                        absent.others += usize::from(has_folder);
                        absent.deliveries += deliveries;
                        absent.ids.1 = ids.1;
                    }
                    None => {
                        let path = if has_folder { self.location().segment(first.segment) } else { folder.clone() };
                        absent = Some(AbsentLog { path, harm, others: 0, deliveries, ids });
                    }
                }
            }
            segment = next;
        }
        Ok(absent)
    }

    /// What is wrong with the file of the rows from `first` to `last`, and how many of them are concerned.
    fn harm(&self, first: &RowPlace, last: &RowPlace) -> Result<Option<HarmedRows>, StoreError> {
        let segment = first.segment;
        // A segment that is being pruned may have its copy alone for a moment, or rows that speak of it.
        let files = [self.location().segment(segment), self.location().segment_copy(segment)];
        let found = files.map(|path| look(&path, last));
        // Rows go before the file does, and may have been moved forward since they were read.
        if found.contains(&None) || self.row_at(last.id, "DESC")?.is_none_or(|row| row != *last) {
            return Ok(None);
        }
        let ids = |first| (DeliveryId(first), DeliveryId(last.id));
        if found == [Some(SegmentLook::Missing); 2] {
            let (count, first) = self.rows_after(segment, (first.id, last.id), 0)?;
            return Ok(Some((SegmentHarm::Missing, ids(first), count)));
        }
        let length = |look| if let Some(SegmentLook::Cut(length)) = look { length } else { 0 };
        if found.contains(&Some(SegmentLook::Other)) {
            return Ok(Some((SegmentHarm::Damaged, ids(last.id), 1)));
        }
        let length = found.map(length).into_iter().max().unwrap_or(0);
        let (count, first) = self.rows_after(segment, (first.id, last.id), length)?;
        Ok(Some((SegmentHarm::Cut, ids(first), count)))
    }

    /// How many rows of a segment end after `length` bytes of it, and the first of them.
    fn rows_after(&self, segment: i64, (from, to): (i64, i64), length: u64) -> Result<(u64, i64), StoreError> {
        let sql = "SELECT count(*), coalesce(min(id), ?2) FROM deliveries
             WHERE id BETWEEN ?1 AND ?2 AND segment = ?3 AND position + record_bytes > ?4";
        self.connection()?
            .query_row(sql, [from, to, segment, length.cast_signed()], |row| {
                Ok((row.get::<_, i64>(0)?.unsigned_abs(), row.get(1)?))
            })
            .map_err(|source| self.failed(source))
    }

    /// The row at `id`, or the next one in `order`.
    fn row_at(&self, id: i64, order: &'static str) -> Result<Option<RowPlace>, StoreError> {
        let compared = if order == "ASC" { ">=" } else { "<=" };
        let sql = format!(
            "SELECT id, segment, position, position + record_bytes FROM deliveries WHERE id {compared} ?1 ORDER BY id {order} LIMIT 1"
        );
        self.connection()?
            .prepare_cached(&sql)
            .and_then(|mut statement| {
                let read = |row: &rusqlite::Row<'_>| {
                    let number = |column| row.get::<_, i64>(column).map(i64::unsigned_abs);
                    Ok(RowPlace { id: row.get(0)?, segment: row.get(1)?, position: number(2)?, end: number(3)? })
                };
                statement.query_row([id], read).optional()
            })
            .map_err(|source| self.failed(source))
    }

    /// The first row of `segment` or a later one: numbers and segments grow together, so few rows are looked at.
    fn first_of_segment(&self, segment: i64, (from, to): (i64, i64)) -> Result<Option<RowPlace>, StoreError> {
        let (mut low, mut high, mut found) = (from, to, None);
        while low <= high {
            let middle = low + (high - low) / 2;
            match self.row_at(middle, "ASC")? {
                Some(row) if row.segment < segment => low = row.id.saturating_add(1),
                row => {
                    found = row.or(found);
                    high = middle - 1;
                }
            }
        }
        Ok(found)
    }
}

/// What is wrong with a file, the first and the last delivery that it concerns, and how many.
type HarmedRows = (SegmentHarm, (DeliveryId, DeliveryId), u64);

/// Where the index says that a delivery lies.
#[derive(Debug, PartialEq, Eq)]
struct RowPlace {
    id: i64,
    segment: i64,
    position: u64,
    /// Where its record ends.
    end: u64,
}

/// What a file is like that should hold a delivery's record, and does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SegmentLook {
    Missing,
    /// It is shorter than it was, and has this many bytes.
    Cut(u64),
    /// Something else lies there.
    Other,
}

/// Looks for the beginning of a delivery's record; `None` when it is in its place, or the file cannot be read: it may be whole.
fn look(path: &Path, row: &RowPlace) -> Option<SegmentLook> {
    let read = || -> io::Result<Option<SegmentLook>> {
        let mut file = crate::system::read::open(path)?;
        let length = file.metadata()?.len();
        if length < row.end {
            return Ok(Some(SegmentLook::Cut(length)));
        }
        let mut front = Vec::with_capacity(HEADER_BYTES);
        file.seek(SeekFrom::Start(row.position))?;
        file.take(HEADER_BYTES as u64).read_to_end(&mut front)?;
        let is_there = RecordHeader::read(&front).is_some_and(|header| header.id.0 == row.id);
        Ok((!is_there).then_some(SegmentLook::Other))
    };
    match read() {
        Ok(look) => look,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Some(SegmentLook::Missing),
        Err(_) => None,
    }
}
