//! Bringing the index up to the log when a store is opened for writing.
//!
//! SQLite's commits are not synced, the log is: after a power cut the index may lack its last rows,
//! and after it was deleted it lacks them all. Only the log after the index's newest row is read, so
//! that opening takes no longer the more there is. Nothing is shortened or overwritten: a log whose
//! end is torn (which no sender was told is kept) is left as it is and goes on in a new segment. A row
//! whose record is gone stays, and says so when it is loaded.
//!
//! What is damaged is passed over ([`super::scan`] finds where it goes on), and it is a [`LogLoss`] when numbers are
//! missing there: between a record that was read and the next, every number was a delivery's. At the log's end
//! nobody knows, and a number that was given must not be given again: so many are left out as records would fit
//! in. An end that is torn within one record is not a loss beside an index that has rows, unless [`super::progress`] says
//! that it was on disk: its sender was never answered. Without an index, the record may have been whole once, and its
//! number is left out.

use std::fs;
use std::path::Path;

use super::index::Index;
use super::log::{LogEnd, LogPlace, SEGMENT_BYTES};
use super::progress::ProgressReader;
use super::record::SHORTEST_RECORD;
use super::scan::{LogScan, ScanPart};
use super::seal::SealKeys;
use super::{Location, LogLoss, StoreError};
use crate::delivery::DeliveryId;

/// Rows in one transaction of a recovery, which bounds SQLite's memory and log.
const ROWS_PER_COMMIT: usize = 4096;

/// What a store is like once its index is up to the log.
pub(super) struct Recovered {
    /// The highest number that was given, or may have been; 0 when there is none.
    pub(super) last: DeliveryId,
    /// Where the next record goes.
    pub(super) end: LogEnd,
    /// What could not be read, and had deliveries in it.
    pub(super) losses: Vec<LogLoss>,
}

/// Adds to `index` what the log holds after its newest row.
pub(super) fn recover(location: &Location, index: &Index, keys: &SealKeys) -> Result<Recovered, StoreError> {
    let durable = ProgressReader::default().read(location).map_or(DeliveryId(0), |progress| progress.durable);
    let newest = index.newest()?;
    let indexed = newest.map_or(LogEnd { segment: 0, position: 0 }, |(_, place)| LogEnd {
        segment: place.segment,
        position: place.end(),
    });
    let last = newest.map_or(DeliveryId(0), |(id, _)| id);
    let mut recovery = Recovery { location, index, keys, last, uncommitted: 0, gaps: Vec::new(), losses: Vec::new() };
    // A segment that is left unfinished, or gone, is not gone on with.
    let mut end = LogEnd { segment: indexed.segment + 1, position: 0 };
    for segment in segments(&location.log(), ".log")?.into_iter().filter(|segment| *segment >= indexed.segment) {
        let position = if segment == indexed.segment { indexed.position } else { 0 };
        let before = recovery.last;
        end = match recovery.segment(LogEnd { segment, position })? {
            Some(position) if position < SEGMENT_BYTES => LogEnd { segment, position },
            _ => LogEnd { segment: segment + 1, position: 0 },
        };
        if recovery.last > before {
            tracing::info!(segment, after = before.0, last = recovery.last.0, "index restored from the log");
        }
    }
    Ok(recovery.end(end, newest.is_some(), durable))
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

/// Bytes that could not be read.
struct Gap {
    at: LogEnd,
    bytes: u64,
    /// The number of the delivery in them, where its header is whole.
    id: Option<DeliveryId>,
    /// Whether they are but the beginning of one record.
    is_torn: bool,
}

/// A recovery in progress.
struct Recovery<'a> {
    location: &'a Location,
    index: &'a Index,
    keys: &'a SealKeys,
    /// The highest number so far.
    last: DeliveryId,
    uncommitted: usize,
    /// Since the last record that was read.
    gaps: Vec<Gap>,
    losses: Vec<LogLoss>,
}

impl Recovery<'_> {
    /// Adds what lies in one segment from `from` on. Returns where its last record ends when nothing is torn or damaged
    /// behind it.
    fn segment(&mut self, from: LogEnd) -> Result<Option<u64>, StoreError> {
        let path = self.location.segment(from.segment);
        let failed = |error| StoreError::io(&path, "read", error);
        let mut scan = LogScan::open(&path, from, self.keys).map_err(failed)?;
        let mut ends_whole = true;
        while let Some(part) = scan.next().map_err(failed)? {
            let (end, written) = scan.position();
            let gap = |position, id, is_torn| {
                let at = LogEnd { segment: from.segment, position };
                Gap { at, bytes: end - position, id, is_torn }
            };
            let (header, position) = match part {
                ScanPart::Record(header, position) => (header, position),
                ScanPart::Torn(header, position) => {
                    ends_whole = false;
                    self.gaps.push(gap(position, Some(header.id), true));
                    continue;
                }
                ScanPart::Damaged { position, bytes } => {
                    ends_whole &= end < written;
                    self.gaps.push(gap(position, None, bytes < SHORTEST_RECORD && end == written));
                    continue;
                }
            };
            let content = scan.content(&header).map_err(failed)?;
            if header.is_mark() {
                self.reach(header.id);
                continue;
            }
            let Some(captured) = content else {
                // The rest of it was to be laid over the zeros that are there.
                let is_torn = end > written;
                ends_whole &= !is_torn;
                self.gaps.push(gap(position, Some(header.id), is_torn));
                continue;
            };
            // What was not kept has been followed by what was, under the same number.
            if header.id > self.last {
                let place = LogPlace { segment: from.segment, position, bytes: end - position };
                self.begin()?;
                if let Err(error) = self.index.add(header.id, &captured, header.lengths(), place) {
                    self.index.roll_back();
                    return Err(error);
                }
                self.reach(header.id);
            }
        }
        if self.uncommitted > 0 {
            self.uncommitted = 0;
            self.index.commit()?;
        }
        Ok(scan.end().filter(|_| ends_whole))
    }

    /// Opens a transaction for a row, after the last when that has enough.
    fn begin(&mut self) -> Result<(), StoreError> {
        if self.uncommitted == ROWS_PER_COMMIT {
            self.uncommitted = 0;
            self.index.commit()?;
        }
        if self.uncommitted == 0 {
            self.index.begin()?;
        }
        self.uncommitted += 1;
        Ok(())
    }

    /// A record with a number was read: what lies between it and the last is known by now.
    fn reach(&mut self, id: DeliveryId) {
        if id <= self.last {
            return;
        }
        let after = self.last;
        let gaps = std::mem::take(&mut self.gaps);
        if id.0 > after.0.saturating_add(1) {
            self.losses.extend(merged(&gaps).map(|gap| gap.loss(after, Some(id))));
        }
        self.last = id;
    }

    /// The log ends here. With an `is_indexed` store, what is torn was never answered, unless it is one of those up to
    /// `durable`; what was answered keeps its number for itself.
    fn end(mut self, end: LogEnd, is_indexed: bool, durable: DeliveryId) -> Recovered {
        let after = self.last;
        let was_kept = |id| !is_indexed || (id > after && id <= durable);
        self.gaps.retain(|gap| !gap.is_torn || gap.id.is_some_and(was_kept));
        let mut last = after.max(durable);
        for gap in &self.gaps {
            last = last.max(gap.id.unwrap_or_else(|| {
                let most = (gap.bytes / SHORTEST_RECORD).max(1);
                DeliveryId(last.0.saturating_add_unsigned(most))
            }));
        }
        self.losses.extend(merged(&self.gaps).map(|gap| gap.loss(after, None)));
        Recovered { last, end, losses: self.losses }
    }
}

impl Gap {
    fn loss(&self, after: DeliveryId, before: Option<DeliveryId>) -> LogLoss {
        let LogEnd { segment, position } = self.at;
        LogLoss { segment, position, bytes: self.bytes, after, before }
    }
}

/// Gaps that follow each other without a record between them, as one.
fn merged(gaps: &[Gap]) -> impl Iterator<Item = Gap> {
    gaps.chunk_by(|one, next| {
        one.at.segment == next.at.segment && one.at.position.saturating_add(one.bytes) == next.at.position
    })
    .map(|gaps| Gap { bytes: gaps.iter().map(|gap| gap.bytes).sum(), at: gaps[0].at, id: None, is_torn: false })
}
