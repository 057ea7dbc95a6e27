//! The log: every delivery's record, end to end in segment files beside the SQLite file.
//!
//! The log is the truth and SQLite its index. Records are only ever added at its end; a group that could not
//! be kept is taken back, so that the log never holds what the index does not, or is about to. After the last record there
//! may be zeros, which are [`room`](super::room) for the next.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, IoSlice, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::location::{owned_like, private_file};
use super::record::{self, Draft, RecordContent};
use super::room::{self, ROOM_BYTES};
use super::{Location, StoreError};
use crate::delivery::DeliveryId;
use crate::system::save::sync_folder;

/// A segment that has grown past this is followed by the next. Pruning deletes old segments, and copies
/// what stays of one: so long may a copy take at most, and so much room.
pub(super) const SEGMENT_BYTES: u64 = 1 << 27;

/// Where a record lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LogPlace {
    pub(super) segment: i64,
    pub(super) position: u64,
    pub(super) bytes: u64,
}

impl LogPlace {
    /// Where the next record of the same segment would begin.
    pub(super) fn end(&self) -> u64 {
        self.position.saturating_add(self.bytes)
    }
}

/// A place in the log, to which a record goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LogEnd {
    pub(super) segment: i64,
    pub(super) position: u64,
}

/// The end of the log, to which records are appended.
#[derive(Debug)]
pub(super) struct LogWriter {
    location: Location,
    open: Option<File>,
    /// After the last record that is in the index as well.
    end: LogEnd,
    /// Whether there may be bytes in the segment after that which are not zero.
    ahead: bool,
    /// Bytes of the segment's file, the room after `end` among them (see [`room`]).
    length: u64,
    /// Whether making room failed in this segment: it is not tried again.
    room_failed: bool,
}

impl LogWriter {
    /// Continues at `end`; a segment that is not there is created.
    pub(super) fn new(location: Location, end: LogEnd) -> Self {
        Self { location, open: None, end, ahead: false, length: 0, room_failed: false }
    }

    /// Where the next record goes.
    pub(super) fn end(&self) -> LogEnd {
        self.end
    }

    /// Writes records at the end. They are durable only after [`LogWriter::accept`].
    pub(super) fn append<'a>(&mut self, drafts: impl Iterator<Item = &'a Draft>) -> Result<(), StoreError> {
        if self.ahead {
            self.take_back()?;
        }
        let path = self.location.segment(self.end.segment);
        let position = self.end.position;
        let file = self.file()?;
        let mut slices: Vec<IoSlice<'_>> = drafts.flat_map(Draft::slices).collect();
        let written = file.seek(SeekFrom::Start(position)).and_then(|_| write_all(file, &mut slices));
        self.ahead = true;
        written.map_err(|error| StoreError::io(&path, "write to", error))
    }

    /// Brings what was appended to disk.
    pub(super) fn sync(&self) -> Result<(), StoreError> {
        let Some(file) = &self.open else { return Ok(()) };
        file.sync_data().map_err(|error| StoreError::io(&self.location.segment(self.end.segment), "write to", error))
    }

    /// Refuses to go on when the segment has been deleted or replaced.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        match &self.open {
            Some(file) if !is_linked(file) => {
                Err(StoreError::Vanished { path: self.location.segment(self.end.segment) })
            }
            _ => Ok(()),
        }
    }

    /// What was appended, `bytes` long, stays.
    pub(super) fn accept(&mut self, bytes: u64) {
        self.ahead = false;
        self.end.position += bytes;
        self.length = self.length.max(self.end.position);
        if self.end.position >= SEGMENT_BYTES {
            self.close();
        }
    }

    /// Leaves the segment without its room; the next record begins another.
    pub(super) fn close(&mut self) {
        self.trim();
        self.end = LogEnd { segment: self.end.segment + 1, position: 0 };
        (self.open, self.length, self.room_failed) = (None, 0, false);
    }

    /// Appends zeros for the next records after a commit group of `group` bytes, when few more of its size would fit, and
    /// after the replies. They are synced at once, unless the writer is `busy`: then the next group's sync brings them to
    /// disk with its records. If it fails, records are appended without room for the rest of the segment.
    pub(super) fn make_room(&mut self, group: u64, busy: bool) {
        let left = self.length.saturating_sub(self.end.position);
        if self.room_failed || self.ahead || !room::is_due(group, left) || self.length + ROOM_BYTES > SEGMENT_BYTES {
            return;
        }
        let Some(file) = &mut self.open else { return };
        let appended = file.seek(SeekFrom::Start(self.length)).and_then(|_| room::append(file));
        let made = if busy { appended } else { appended.and_then(|()| file.sync_data()) };
        match made {
            Ok(()) => self.length += ROOM_BYTES,
            Err(error) => {
                tracing::debug!(segment = self.end.segment, reason = %error, "no room made");
                self.room_failed = true;
                self.trim();
            }
        }
    }

    /// Cuts off the room, and what was not accepted. Should that fail, zeros stay, which say nothing.
    pub(super) fn trim(&mut self) {
        let _ = self.take_back();
    }

    /// Cuts off what was appended and not accepted. Until that succeeds, nothing more is appended.
    pub(super) fn take_back(&mut self) -> Result<(), StoreError> {
        let position = self.end.position;
        let Some(file) = &self.open else { return Ok(()) };
        file.set_len(position)
            .map_err(|error| StoreError::io(&self.location.segment(self.end.segment), "shorten", error))?;
        (self.ahead, self.length) = (false, position);
        Ok(())
    }

    /// Whether the segment at `path` ends where the log does, or has nothing but zeros after that.
    fn ends_in_room(&self, path: &Path) -> io::Result<bool> {
        if self.length <= self.end.position {
            return Ok(self.length == self.end.position);
        }
        let begin = room::begin(&mut crate::system::read::open(path)?, self.length, self.end.position)?;
        Ok(begin == self.end.position)
    }

    fn file(&mut self) -> Result<&mut File, StoreError> {
        if self.open.is_none() {
            let path = self.location.segment(self.end.segment);
            let failed = |error| StoreError::io(&path, "open", error);
            let file = private_file().create(true).truncate(false).open(&path).map_err(failed)?;
            let file = owned_like(file, self.location.file());
            self.length = file.metadata().map_err(failed)?.len();
            if !self.ends_in_room(&path).map_err(failed)? {
                return Err(StoreError::Vanished { path });
            }
            if self.end.position == 0 {
                tracing::info!(segment = self.end.segment, "segment begun");
                // The file's bytes are of no use after a power cut without its name.
                sync_folder(&self.location.log()).map_err(failed)?;
            }
            self.open = Some(file);
        }
        self.open.as_mut().ok_or(StoreError::Stopped)
    }
}

/// Whether the open file still has a name; a deleted one would swallow records without a trace.
#[cfg(unix)]
fn is_linked(file: &File) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    file.metadata().is_ok_and(|metadata| metadata.nlink() > 0)
}

#[cfg(not(unix))]
fn is_linked(_: &File) -> bool {
    true
}

/// Writes all of `slices`, as many in one call as the system takes.
fn write_all(file: &mut File, mut slices: &mut [IoSlice<'_>]) -> io::Result<()> {
    while !slices.is_empty() {
        match file.write_vectored(slices) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => IoSlice::advance_slices(&mut slices, count),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Reads records. The segment that was read last stays open, since who reads one delivery often reads its
/// neighbours; when it is pruned meanwhile, its room is given back once another is read.
#[derive(Debug, Default)]
pub(super) struct LogReader {
    last: RefCell<Option<Segment>>,
}

#[derive(Debug)]
struct Segment {
    path: PathBuf,
    file: File,
    /// It may have grown since.
    bytes: u64,
}

impl LogReader {
    /// Reads the content of the delivery `id`; `None` when its record is not there whole and
    /// undamaged. While the segment is being pruned, its row may speak of the copy already.
    pub(super) fn read(&self, location: &Location, place: LogPlace, id: DeliveryId) -> Option<RecordContent> {
        let path = location.segment(place.segment);
        let mut last = self.last.borrow_mut();
        // Another file may have its name by now: then this one holds no such record in this place.
        let known = last.as_mut().filter(|segment| segment.path == path);
        if let Some(found) = known.and_then(|segment| segment.read(place, id)) {
            return Some(found);
        }
        [path, location.segment_copy(place.segment)].into_iter().find_map(|path| {
            let mut segment = Segment::open(path)?;
            let found = segment.read(place, id)?;
            *last = Some(segment);
            Some(found)
        })
    }
}

impl Segment {
    fn open(path: PathBuf) -> Option<Self> {
        Some(Self { file: crate::system::read::open(&path).ok()?, path, bytes: 0 })
    }

    fn read(&mut self, place: LogPlace, id: DeliveryId) -> Option<RecordContent> {
        let end = place.position.checked_add(place.bytes)?;
        if end > self.bytes {
            self.bytes = self.file.metadata().ok()?.len();
        }
        // A damaged row must not make us reserve its idea of a length.
        if end > self.bytes {
            return None;
        }
        self.file.seek(SeekFrom::Start(place.position)).ok()?;
        let mut bytes = vec![0; usize::try_from(place.bytes).ok()?];
        self.file.read_exact(&mut bytes).ok()?;
        record::open(&Bytes::from(bytes), id)
    }
}

#[cfg(test)]
mod tests {
    use super::super::seal::LogKey;
    use super::*;
    use crate::delivery::{Captured, EventFacts, Intake, Judgement, Verdict};
    use crate::http::WireFraming;

    fn draft(id: i64, body: &'static str) -> Draft {
        let mut draft = Draft::new(Captured {
            received_at: jiff::Timestamp::UNIX_EPOCH,
            remote: String::new(),
            method: String::new(),
            path: String::new(),
            webhook: None,
            intake: Intake::Complete,
            event: EventFacts::default(),
            judgement: Judgement::bare(Verdict::NotJudged),
            image: None,
            head: "head".into(),
            body: Bytes::from_static(body.as_bytes()),
            framing: WireFraming::NONE,
        });
        draft.number(DeliveryId(id), &LogKey::fixed(1), LogEnd { segment: 1, position: 0 });
        draft
    }

    #[test]
    fn what_is_not_accepted_is_gone_before_the_next_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let location = Location::new(folder.path().join("s.db"));
        std::fs::create_dir(location.log()).unwrap();
        let mut log = LogWriter::new(location.clone(), LogEnd { segment: 1, position: 0 });
        let first = draft(1, "first");
        log.append([&first].into_iter()).unwrap();
        log.accept(first.bytes() as u64);
        log.append([&draft(2, "a longer one that is not kept")].into_iter()).unwrap();
        let (at, second) = (log.end(), draft(2, "second"));
        log.append([&second].into_iter()).unwrap();
        log.accept(second.bytes() as u64);

        let place = LogPlace { segment: at.segment, position: at.position, bytes: second.bytes() as u64 };
        let reader = LogReader::default();
        assert_eq!(reader.read(&location, place, DeliveryId(2)).unwrap().body, "second");
        assert_eq!(reader.read(&location, place, DeliveryId(1)), None, "another delivery's number");
        assert_eq!(reader.read(&location, LogPlace { bytes: u64::MAX, ..place }, DeliveryId(2)), None);
        assert_eq!(std::fs::metadata(location.segment(1)).unwrap().len(), place.end());
    }

    #[test]
    fn records_are_laid_over_the_room_that_was_made() {
        let folder = tempfile::tempdir().unwrap();
        let location = Location::new(folder.path().join("s.db"));
        std::fs::create_dir(location.log()).unwrap();
        let length = || std::fs::metadata(location.segment(1)).unwrap().len();
        let mut log = LogWriter::new(location.clone(), LogEnd { segment: 1, position: 0 });
        let mut places = Vec::new();
        let mut add = |log: &mut LogWriter, id| {
            let draft = draft(id, "a body");
            let bytes = draft.bytes() as u64;
            log.append([&draft].into_iter()).unwrap();
            places.push(LogPlace { segment: 1, position: log.end().position, bytes });
            log.accept(bytes);
            log.make_room(bytes, id % 2 == 0);
            bytes
        };
        let bytes = add(&mut log, 1);
        assert_eq!(length(), bytes + ROOM_BYTES);
        add(&mut log, 2);
        assert_eq!(length(), bytes + ROOM_BYTES, "there is room");
        // As after `kill -9`.
        let mut log = LogWriter::new(location.clone(), log.end());
        add(&mut log, 3);
        assert_eq!(length(), bytes + ROOM_BYTES);
        log.trim();
        assert_eq!(length(), 3 * bytes);
        add(&mut log, 4);
        log.close();
        assert_eq!((length(), log.end().segment), (4 * bytes, 2));
        let reader = LogReader::default();
        for (id, place) in (1..).zip(places) {
            assert_eq!(reader.read(&location, place, DeliveryId(id)).unwrap().body, "a body", "{id}");
        }
        // What somebody else has written there is not written over.
        std::fs::write(location.segment(2), b"\0\0else").unwrap();
        let error = log.append([&draft(5, "a body")].into_iter()).unwrap_err();
        assert!(matches!(error, StoreError::Vanished { .. }), "{error}");
    }

    #[test]
    fn a_segment_that_is_kept_open_may_grow_or_be_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let location = Location::new(folder.path().join("s.db"));
        std::fs::create_dir(location.log()).unwrap();
        let mut log = LogWriter::new(location.clone(), LogEnd { segment: 1, position: 0 });
        let reader = LogReader::default();
        let mut places = Vec::new();
        for (id, body) in [(1, "first"), (2, "second")] {
            let (at, draft) = (log.end(), draft(id, body));
            log.append([&draft].into_iter()).unwrap();
            log.accept(draft.bytes() as u64);
            places.push(LogPlace { segment: 1, position: at.position, bytes: draft.bytes() as u64 });
            assert_eq!(reader.read(&location, places[places.len() - 1], DeliveryId(id)).unwrap().body, body);
        }
        // The first is pruned: what is left moves to the front of another file.
        let whole = std::fs::read(location.segment(1)).unwrap();
        std::fs::write(location.segment_copy(1), &whole[places[0].bytes as usize..]).unwrap();
        std::fs::rename(location.segment_copy(1), location.segment(1)).unwrap();
        let moved = LogPlace { position: 0, ..places[1] };
        assert_eq!(reader.read(&location, moved, DeliveryId(2)).unwrap().body, "second");
        assert_eq!(reader.read(&location, places[0], DeliveryId(1)), None);
    }
}
