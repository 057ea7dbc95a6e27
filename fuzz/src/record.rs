//! Any bytes are a record of the log or none, and a record holds what was put into it. Behind any bytes that no
//! record begins with, one is found that was sealed for that place, and only there.

use bytes::Bytes;
use whyhook::delivery::{Captured, DeliveryId};
use whyhook::http::{Head, WireFraming};
use whyhook::store::fuzzing::{read_facts, read_record, scan, write_record};

/// Facts as JSON, a head, a body, its framing; and all of it as a record, and as a segment.
pub fn run(data: &[u8]) {
    let _ = read_record(&Bytes::copy_from_slice(data), DeliveryId(1));
    let _ = scan(data);
    let [facts, head, body, framing] = super::fields(data);
    let Some(captured) = read_facts(facts) else { return };
    let [head, body, framing] = [head, body, framing].map(Bytes::copy_from_slice);
    let captured = Captured { head: Head::read(head), body, framing: WireFraming::from_bytes(framing), ..captured };
    let record = write_record(captured.clone(), DeliveryId(1), 0);
    assert_eq!(read_record(&record, DeliveryId(1)), Some(captured.clone()));
    assert_eq!(read_record(&record, DeliveryId(2)), None);
    assert_eq!(read_record(&record.slice(..record.len() - 1), DeliveryId(1)), None);
    // A record of version 1 has no seal. What a damaged header says vouches for it, and here the input says that too.
    if data.windows(4).any(|bytes| bytes == b"WHY\x01") {
        return;
    }
    // The input begins with facts, and so with no record; it may hold some.
    let begins = data.len() as u64;
    let sealed = write_record(captured, DeliveryId(2), begins);
    assert_eq!(scan(&[data, &sealed].concat()), [(DeliveryId(2), begins)]);
    // A copy of a record is none in another place.
    assert_eq!(scan(&[data, &record].concat()), []);
}
