//! Any bytes are a record of the log or none, and a record holds what was put into it.

use bytes::Bytes;
use whyhook::delivery::{Captured, DeliveryId, Framing};
use whyhook::store::fuzzing::{read_facts, read_record, write_record};

/// Facts as JSON, a head, a body, its framing; and all of it as a record.
pub fn run(data: &[u8]) {
    let _ = read_record(&Bytes::copy_from_slice(data), DeliveryId(1));
    let [facts, head, body, framing] = super::fields(data);
    let Some(captured) = read_facts(facts) else { return };
    let [head, body, framing] = [head, body, framing].map(Bytes::copy_from_slice);
    let captured = Captured { head, body, framing: Framing::from_bytes(framing), ..captured };
    let record = write_record(captured.clone(), DeliveryId(1));
    assert_eq!(read_record(&record, DeliveryId(1)), Some(captured));
    assert_eq!(read_record(&record, DeliveryId(2)), None);
    assert_eq!(read_record(&record.slice(..record.len() - 1), DeliveryId(1)), None);
}
