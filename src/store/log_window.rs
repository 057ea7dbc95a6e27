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
    /// unless this one ends behind the part that was read last.
    fn with(location: &Location, place: LogPlace, last: Option<&Self>) -> Option<Self> {
        let goes_on = last.is_some_and(|last| last.segment == place.segment && place.end() > last.end());
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::log::LogReader;
    use super::super::{Reader, Writer};
    use super::*;
    use crate::delivery::Captured;

    /// A store with bodies of these lengths, and where their records lie.
    fn filled(location: &Location, lengths: &[usize]) -> Vec<(DeliveryId, LogPlace)> {
        let (writer, handle) = Writer::start(location, |_| {}).unwrap();
        for length in lengths {
            let captured = Captured { body: vec![b'x'; *length].into(), ..super::super::tests::captured("") };
            handle.keep(captured).unwrap().blocking_recv().unwrap().unwrap();
        }
        drop(handle);
        writer.join();
        let reader = Reader::open(location).unwrap();
        let ids = (1_i64..).map(DeliveryId).take(lengths.len());
        ids.map(|id| (id, reader.row(id).unwrap().unwrap().1)).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        /// In any order, and where rows say what is not so.
        #[test]
        fn it_finds_what_is_found_alone_or_nothing(
            lengths in proptest::collection::vec(prop_oneof![0..3000_usize, 50_000..90_000_usize], 1..12),
            asked in proptest::collection::vec((0..12_usize, -3..4_i64, any::<bool>()), 1..30),
        ) {
            let folder = tempfile::tempdir().unwrap();
            let location = Location::new(folder.path().join("store.db"));
            let places = filled(&location, &lengths);
            let (window, log) = (LogWindow::default(), LogReader::default());
            for (index, shift, is_damaged) in asked {
                let (id, mut place) = places[index % places.len()];
                if is_damaged {
                    place.position = place.position.wrapping_add_signed(shift);
                    place.bytes = if shift == 3 { u64::MAX } else { place.bytes };
                }
                let found = window.read(&location, place, id).map(|found| found.body);
                let alone = log.read(&location, place, id).map(|found| found.body);
                let is_long = place.bytes > LONGEST;
                prop_assert!(found == alone || (is_long && found.is_none()), "{id} at {place:?}");
            }
        }
    }

    /// Records are laid over zeros: what was read before they were is no reason not to find them.
    #[test]
    fn what_is_written_after_a_part_was_read_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let location = Location::new(folder.path().join("store.db"));
        let places = filled(&location, &[10, 20]);
        let path = location.segment(places[0].1.segment);
        let whole = std::fs::read(&path).unwrap();
        let second = usize::try_from(places[1].1.position).unwrap();
        let mut zeroed = whole.clone();
        zeroed[second..].fill(0);
        std::fs::write(&path, &zeroed).unwrap();
        let window = LogWindow::default();
        assert!(window.read(&location, places[1].1, places[1].0).is_none());
        std::fs::write(&path, &whole).unwrap();
        assert_eq!(window.read(&location, places[1].1, places[1].0).unwrap().body.len(), 20);
        assert_eq!(window.read(&location, places[0].1, places[0].0).unwrap().body.len(), 10);
    }
}
