//! One record of the log without its file, for fuzzing alone: elsewhere records are read and written only through
//! the files of a store.

use bytes::Bytes;

use super::facts;
use super::record::{self, Draft, HEADER_BYTES, Header};
use crate::delivery::{Captured, DeliveryId};

/// A delivery as a record.
#[must_use]
pub fn write_record(captured: Captured, id: DeliveryId) -> Bytes {
    let mut draft = Draft::new(captured);
    draft.number(id);
    draft.slices().iter().flat_map(|slice| slice.iter().copied()).collect()
}

/// The delivery that a record holds, when it is whole and has this number.
#[must_use]
pub fn read_record(bytes: &Bytes, id: DeliveryId) -> Option<Captured> {
    let (head, body) = record::open(bytes, id)?;
    let facts = usize::try_from(Header::read(bytes.first_chunk()?)?.facts).ok()?;
    Some(Captured { head, body, ..read_facts(bytes.get(HEADER_BYTES..HEADER_BYTES.checked_add(facts)?)?)? })
}

/// A delivery by its facts alone, without head and body.
#[must_use]
pub fn read_facts(json: &[u8]) -> Option<Captured> {
    facts::read(json)
}
