//! One record of the log without its file, for fuzzing alone: elsewhere records are read and written only through
//! the files of a store.

use std::io::Cursor;

use bytes::Bytes;

use super::facts;
use super::log::LogEnd;
use super::record::{self, Draft, RecordContent, RecordHeader};
use super::scan::{LogScan, ScanPart};
use super::seal::{LogKey, SealKeys};
use crate::delivery::{Captured, DeliveryId};

/// A delivery as a record at `position` of a log's first segment.
#[must_use]
pub fn write_record(captured: Captured, id: DeliveryId, position: u64) -> Bytes {
    let mut draft = Draft::new(captured);
    draft.number(id, &LogKey::fixed(0), LogEnd { segment: 1, position });
    draft.slices().flat_map(|slice| slice.to_vec()).collect()
}

/// The delivery that a record holds, when it is whole and has this number.
#[must_use]
pub fn read_record(bytes: &Bytes, id: DeliveryId) -> Option<Captured> {
    let RecordContent { head, body, framing } = record::open(bytes, id)?;
    let header = RecordHeader::read(bytes)?;
    let behind = bytes.get(header.format.header_bytes()..)?;
    Some(Captured {
        head: head.into(),
        body,
        framing,
        ..read_facts(behind.get(..usize::try_from(header.facts).ok()?)?)?
    })
}

/// The numbers and places of the records that are found in a segment of such bytes. What is found must lie in it,
/// in order.
#[must_use]
pub fn scan(segment: &[u8]) -> Vec<(DeliveryId, u64)> {
    let keys = SealKeys::of(LogKey::fixed(0));
    let size = segment.len() as u64;
    let from = LogEnd { segment: 1, position: 0 };
    let Ok(mut scan) = LogScan::over(Cursor::new(segment), size, from, &keys) else { return Vec::new() };
    let (mut found, mut reached) = (Vec::new(), 0);
    while let Ok(Some(part)) = scan.next() {
        let begins = match part {
            ScanPart::Record(header, position) => {
                let _ = scan.content(&header);
                found.push((header.id, position));
                position
            }
            ScanPart::Torn(_, position) | ScanPart::Damaged { position, .. } => position,
        };
        let passed = usize::try_from(reached).unwrap_or_default()..usize::try_from(begins).unwrap_or_default();
        assert!(begins >= reached && is_room(&segment[passed]), "only room is passed over without a word");
        (reached, _) = scan.position();
        assert!(begins < reached && reached <= size, "{begins} to {reached} of {size}");
    }
    let left = usize::try_from(reached).unwrap_or_default();
    assert!(is_room(&segment[left..]), "only room is left");
    found
}

fn is_room(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == 0)
}

/// A delivery by its facts alone, without head and body.
#[must_use]
pub fn read_facts(json: &[u8]) -> Option<Captured> {
    facts::read(json)
}
