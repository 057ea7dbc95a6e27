//! Bodies that are read from the log in pieces.

use std::io::Read as _;

use super::*;

#[rstest]
#[case::empty(0)]
#[case::small(2048)]
#[case::large(3_000_000)]
fn a_body_is_read_where_it_lies(#[case] length: usize) {
    let fixture = Fixture::new();
    let (writer, handle, _events) = fixture.open();
    let body: Vec<u8> = (0..length).map(|index| (index * 31 % 251) as u8).collect();
    let original = captured(body.clone());
    keep(&handle, captured("another"));
    let id = keep(&handle, original.clone());
    keep(&handle, captured("a third"));
    let reader = fixture.reader();
    let mut stored = reader.open_body(id).unwrap().unwrap();
    assert_eq!((stored.summary.id, &stored.head, stored.body.length()), (id, &original.head, length as u64));
    // Its file may go meanwhile.
    drop(handle);
    writer.join();
    std::fs::remove_dir_all(fixture.location.log()).unwrap();
    let mut read = Vec::new();
    stored.body.read_to_end(&mut read).unwrap();
    assert!(read == body && stored.body.length() == 0, "{} bytes", read.len());
    assert!(reader.open_body(DeliveryId(9)).unwrap().is_none());
    assert!(matches!(reader.open_body(id), Err(StoreError::RecordLost { .. })));
}

#[test]
fn what_is_damaged_is_not_read() {
    let fixture = Fixture::new();
    let (writer, handle, _events) = fixture.open();
    let id = keep(&handle, captured("a body"));
    drop(handle);
    writer.join();
    let path = fixture.location.segment(1);
    let whole = std::fs::read(&path).unwrap();
    for at in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 1;
        std::fs::write(&path, damaged).unwrap();
        assert!(matches!(fixture.reader().open_body(id), Err(StoreError::RecordLost { .. })), "byte {at}");
    }
}
