//! A part of the log in memory, for whoever looks through many records that lie side by side.

use std::cell::RefCell;
use std::io::{Read as _, Seek as _, SeekFrom};

use bytes::Bytes;

use super::Location;
use super::log::LogPlace;
use super::record::{self, RecordContent};
use crate::delivery::DeliveryId;

/// Bytes read at a time.
const BYTES: u64 = 256 * 1024;
/// A longer record is better read alone.
const LONGEST: u64 = BYTES / 4;

/// What was read last.
#[derive(Debug, Default)]
pub(super) struct LogWindow {
    part: RefCell<Option<Part>>,
}

#[derive(Debug)]
struct Part {
    segment: i64,
    /// Where it begins in the segment.
    at: u64,
    bytes: Bytes,
}

impl LogWindow {
    /// The content of the delivery `id`; `None` when it is not had in this way: [`super::log::LogReader`] knows more. The part in
    /// memory may be older than the file. That does no harm: a record is taken for what it is only where it is whole.
    pub(super) fn read(&self, location: &Location, place: LogPlace, id: DeliveryId) -> Option<RecordContent> {
        if place.bytes > LONGEST {
            return None;
        }
        let mut part = self.part.borrow_mut();
        if let Some(found) = part.as_ref().and_then(|part| part.record(place, id)) {
            return Some(found);
        }
        *part = Part::with(location, place, part.as_ref());
        part.as_ref()?.record(place, id)
    }
}

impl Part {
    /// A part with the record at `place`, and with those that are likely to be asked for next: they lie before it,
    /// unless this one lies behind the part that was read last.
    fn with(location: &Location, place: LogPlace, last: Option<&Self>) -> Option<Self> {
        let goes_on = last.is_some_and(|last| last.segment == place.segment && place.position >= last.end());
        let at = if goes_on { place.position } else { place.end().saturating_sub(BYTES) };
        let mut file = crate::system::read::open(&location.segment(place.segment)).ok()?;
        file.seek(SeekFrom::Start(at)).ok()?;
        let mut bytes = Vec::with_capacity(usize::try_from(BYTES).ok()?);
        let length = if goes_on { BYTES } else { place.end() - at };
        file.take(length).read_to_end(&mut bytes).ok()?;
        Some(Self { segment: place.segment, at, bytes: bytes.into() })
    }

    fn end(&self) -> u64 {
        self.at + self.bytes.len() as u64
    }

    fn record(&self, place: LogPlace, id: DeliveryId) -> Option<RecordContent> {
        if self.segment != place.segment || place.end() > self.end() {
            return None;
        }
        let start = usize::try_from(place.position.checked_sub(self.at)?).ok()?;
        record::open(&self.bytes.slice(start..start + usize::try_from(place.bytes).ok()?), id)
    }
}
