//! One record of the log without its file, for fuzzing alone: elsewhere records are read and written only through
//! the files of a store.

use bytes::Bytes;

use super::facts;
use super::record::{self, Content, Draft, Header};
use crate::delivery::{Captured, DeliveryId};

/// A delivery as a record.
#[must_use]
pub fn write_record(captured: Captured, id: DeliveryId) -> Bytes {
    let mut draft = Draft::new(captured);
    draft.number(id);
    draft.slices().flat_map(|slice| slice.to_vec()).collect()
}

/// The delivery that a record holds, when it is whole and has this number.
#[must_use]
pub fn read_record(bytes: &Bytes, id: DeliveryId) -> Option<Captured> {
    let Content { head, body, framing } = record::open(bytes, id)?;
    let header = Header::read(bytes)?;
    let behind = bytes.get(header.format.header_bytes()..)?;
    Some(Captured { head, body, framing, ..read_facts(behind.get(..usize::try_from(header.facts).ok()?)?)? })
}

/// A delivery by its facts alone, without head and body.
#[must_use]
pub fn read_facts(json: &[u8]) -> Option<Captured> {
    facts::read(json)
}
