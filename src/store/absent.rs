//! What the index says of a log that is not there: files that were not copied with it, or were deleted.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use rusqlite::OptionalExtension as _;

use super::{Reader, StoreError, recovery};
use crate::delivery::DeliveryId;
use crate::text::grouped;

/// Segments that rows speak of, and whose files are missing or too short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AbsentLog {
    /// The first such file, or the log's folder where that is missing.
    pub path: PathBuf,
    /// Whether the file is there, and ends before its last delivery.
    pub is_cut: bool,
    /// How many other files are missing.
    pub others: usize,
    /// Deliveries whose bytes were in them; of a file that is cut, its last.
    pub deliveries: u64,
    /// The first and the last of these.
    pub ids: (DeliveryId, DeliveryId),
}

impl fmt::Display for AbsentLog {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, last) = self.ids;
        write!(formatter, "{}", self.path.display())?;
        match self.others {
            0 => write!(formatter, " is ")?,
            1 => write!(formatter, " and 1 more file of the log are ")?,
            others => write!(formatter, " and {} more files of the log are ", grouped(others as u64))?,
        }
        write!(formatter, "{}: ", if self.is_cut { "cut short" } else { "missing" })?;
        match (self.deliveries, self.is_cut) {
            (_, true) => write!(formatter, "the request of delivery {last} is lost, and perhaps others before it"),
            (1, _) => write!(formatter, "the request of delivery {first} is lost"),
            (count, _) => {
                write!(formatter, "the requests of {} deliveries ({first} to {last}) are lost", grouped(count))
            }
        }?;
        write!(formatter, ", unless the log is put back beside the index")
    }
}

impl Reader {
    /// What of the log is not there, as far as the names and the end of its files tell; `None` when nothing is missing. No
    /// record is read.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the index, or the log's folder, cannot be read.
    pub fn absent(&self) -> Result<Option<AbsentLog>, StoreError> {
        let (Some(oldest), Some(newest)) = (self.row_at(i64::MIN, "ASC")?, self.row_at(i64::MAX, "DESC")?) else {
            return Ok(None);
        };
        let folder = self.location().log();
        let has_folder = folder.is_dir();
        let there: BTreeSet<i64> = match has_folder {
            // A segment that is being pruned may have its copy alone for a moment.
            true => [".log", ".log.new"].into_iter().map(|end| recovery::segments(&folder, end)).try_fold(
                BTreeSet::new(),
                |mut all, found| {
                    all.extend(found?);
                    Ok::<_, StoreError>(all)
                },
            )?,
            false => BTreeSet::new(),
        };
        let mut absent: Option<AbsentLog> = None;
        let mut segment = oldest.segment;
        while segment <= newest.segment {
            if there.contains(&segment) || self.location().segment(segment).exists() {
                segment += 1;
                continue;
            }
            // Looked for after its file: rows go before the file does.
            let Some(first) = self.first_of_segment(segment, (oldest.id, newest.id))? else { break };
            if first.segment > segment {
                segment = first.segment;
                continue;
            }
            let next = self.first_of_segment(segment + 1, (oldest.id, newest.id))?;
            let ids = first.id..=next.map_or(newest.id, |next| next.id - 1);
            let count = self.count_of(ids.clone())?;
            let last = DeliveryId(*ids.end());
            match &mut absent {
                Some(absent) => {
                    absent.others += 1;
                    absent.deliveries += count;
                    absent.ids.1 = last;
                }
                None => {
                    let path = if has_folder { self.location().segment(segment) } else { folder.clone() };
                    let ids = (DeliveryId(first.id), last);
                    absent = Some(AbsentLog { path, is_cut: false, others: 0, deliveries: count, ids });
                }
            }
            segment += 1;
        }
        if let Some(absent) = &mut absent
            && !has_folder
        {
            absent.others = 0;
        }
        Ok(match absent {
            None => self.cut(&newest),
            absent => absent,
        })
    }

    /// Whether the file of the newest delivery ends before that delivery does.
    fn cut(&self, newest: &RowPlace) -> Option<AbsentLog> {
        let path = self.location().segment(newest.segment);
        let copy = self.location().segment_copy(newest.segment);
        let length = |path: &PathBuf| path.metadata().map_or(0, |metadata| metadata.len());
        let is_cut = path.is_file() && length(&path).max(length(&copy)) < newest.end;
        // It may have been moved forward by a pruning since its row was read.
        let is_cut = is_cut && self.row_at(newest.id, "DESC").ok()?.is_some_and(|row| row == *newest);
        let ids = (DeliveryId(newest.id), DeliveryId(newest.id));
        is_cut.then_some(AbsentLog { path, is_cut, others: 0, deliveries: 1, ids })
    }

    /// The row at `id`, or the next one in `order`.
    fn row_at(&self, id: i64, order: &'static str) -> Result<Option<RowPlace>, StoreError> {
        let compared = if order == "ASC" { ">=" } else { "<=" };
        let sql = format!(
            "SELECT id, segment, position + record_bytes FROM deliveries WHERE id {compared} ?1 ORDER BY id {order} LIMIT 1"
        );
        self.connection()?
            .prepare_cached(&sql)
            .and_then(|mut statement| {
                let read = |row: &rusqlite::Row<'_>| {
                    Ok(RowPlace { id: row.get(0)?, segment: row.get(1)?, end: row.get::<_, i64>(2)?.unsigned_abs() })
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

    fn count_of(&self, ids: RangeInclusive<i64>) -> Result<u64, StoreError> {
        self.connection()?
            .query_row("SELECT count(*) FROM deliveries WHERE id BETWEEN ?1 AND ?2", [ids.start(), ids.end()], |row| {
                row.get::<_, i64>(0)
            })
            .map(i64::unsigned_abs)
            .map_err(|source| self.failed(source))
    }
}

/// Where the index says that a delivery lies.
#[derive(Debug, PartialEq, Eq)]
struct RowPlace {
    id: i64,
    segment: i64,
    /// Where its record ends.
    end: u64,
}
