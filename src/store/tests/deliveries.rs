//! Many deliveries one after another.

use super::*;
use crate::store::DeliveryAndDiagnosis;

fn same(reader: &Reader, ids: &[DeliveryId]) {
    let mut outcomes = reader.deliveries(ids);
    for id in ids {
        let read = outcomes.next().unwrap().unwrap();
        let alone = reader.load(*id).unwrap();
        assert_eq!(read.as_ref().map(|read| &read.delivery), alone.as_ref(), "{id}");
        assert_eq!(read.and_then(|read| read.diagnosis), reader.diagnosis(*id).unwrap(), "{id}");
    }
    assert!(outcomes.next().is_none());
}

#[test]
fn each_comes_as_it_would_alone() {
    let fixture = Fixture::new();
    let (writer, handle, _events) = fixture.open();
    // More than are read at a time, by number and by bytes.
    let ids: Vec<DeliveryId> = (0..300)
        .map(|number| keep(&handle, captured(if number % 50 == 7 { vec![b'a'; 600_000] } else { vec![b'b'; number] })))
        .collect();
    handle.diagnosed(ids[3], r#"{"a":1}"#.to_owned());
    handle.prune(vec![ids[5], ids[130]]).blocking_recv().unwrap().unwrap();
    let reader = fixture.reader();
    same(&reader, &ids);
    let mixed: Vec<DeliveryId> = ids.iter().rev().copied().chain([DeliveryId(0), DeliveryId(9999), ids[1]]).collect();
    same(&reader, &mixed);
    same(&reader, &[]);
    drop(handle);
    writer.join();
}

#[test]
fn what_is_moved_while_others_are_pruned_is_read_all_the_same() {
    let fixture = Fixture::new();
    let (writer, handle, _events) = fixture.open();
    let ids: Vec<DeliveryId> = (0..20).map(|number| keep(&handle, captured(vec![b'a'; 100 * number]))).collect();
    let reader = fixture.reader();
    let mut outcomes = reader.deliveries(&ids);
    let first = outcomes.next().unwrap().unwrap().map(|DeliveryAndDiagnosis { delivery, .. }| delivery.summary.id);
    assert_eq!(first, Some(ids[0]));
    let view = reader.view().unwrap();
    assert!(reader.load(ids[12]).unwrap().is_some());
    handle.prune(ids[..10].to_vec()).blocking_recv().unwrap().unwrap();
    // A view goes on seeing the rows as they were, and its writer is not held up.
    assert!(reader.summary(ids[3]).unwrap().is_some());
    drop(view);
    assert!(reader.summary(ids[3]).unwrap().is_none());
    // Those that were read before are handed out as they were.
    assert_eq!(outcomes.filter_map(|outcome| outcome.unwrap()).count(), 19);
    same(&reader, &ids);
    drop(handle);
    writer.join();
}
