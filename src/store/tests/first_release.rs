//! A store as the first release (0.1) wrote it: schema 2, records of version 1. It has seven deliveries, of which
//! the last is pruned: only its mark is left.

use super::*;
use crate::delivery::{Attempt, AttemptId, AttemptKind, AttemptMode};
use crate::http::{Head, Latency};
use crate::store::{AttemptKeeper, Pruner, Thoroughness};

fn copied() -> Fixture {
    let fixture = Fixture::new();
    let from = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/store-0.1");
    std::fs::create_dir_all(fixture.location.log()).unwrap();
    std::fs::copy(from.join("store.db"), fixture.location.file()).unwrap();
    std::fs::copy(from.join("store.db-log/00000001.log"), fixture.location.segment(1)).unwrap();
    fixture
}

fn version(fixture: &Fixture) -> i64 {
    let connection = rusqlite::Connection::open(fixture.location.file()).unwrap();
    connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
}

/// Every delivery that is left, as a reader finds it.
fn all(fixture: &Fixture) -> Vec<Delivery> {
    let reader = fixture.reader();
    let rows = reader.page(Page::After(DeliveryId(0)), 100).unwrap();
    rows.iter().rev().map(|row| reader.load(row.id).unwrap().unwrap()).collect()
}

/// The deliveries as the first release kept them.
fn check(deliveries: &[Delivery]) {
    let bodies: Vec<&[u8]> = deliveries.iter().map(|delivery| &delivery.body[..]).collect();
    let expected: [&[u8]; 6] =
        [b"{\"event\":\"first\" }", b"hello, world", b"", b"only this", b"\x00WHY\x01\xff\x1b[", b"hi"];
    assert_eq!(bodies, expected);
    let intakes: Vec<&str> = deliveries.iter().map(|delivery| delivery.summary.intake.name()).collect();
    assert_eq!(intakes, ["complete", "complete", "malformed", "truncated", "complete", "complete"]);
    assert!(deliveries[4].head.windows(10).any(|part| part == b"X-Odd: \xff\xfe\r"));
    for delivery in deliveries {
        assert_eq!((&delivery.framing, delivery.summary.framing_bytes), (&WireFraming::NONE, 0));
        let answer = delivery.answer.as_ref().unwrap();
        assert_eq!((answer.status, &answer.interim[..]), (400, &b""[..]));
    }
}

#[test]
fn it_is_read_without_being_changed() {
    let fixture = copied();
    let reader = fixture.reader();
    check(&all(&fixture));
    assert_eq!(reader.attempt(AttemptId(1)).unwrap().unwrap().result.unwrap().interim, "");
    let query = crate::query::Query::parse("path:/chunked status:400").unwrap();
    let found = reader.search(&query, Timestamp::UNIX_EPOCH, Page::Newest, 10, 100).unwrap();
    assert_eq!(found.rows.iter().map(|row| row.id.0).collect::<Vec<_>>(), [2]);
    assert_eq!(version(&fixture), 2);
    // The reader that was there before sees what a writer of this release adds.
    let (writer, handle, _events) = fixture.open();
    let id = keep(&handle, captured("new"));
    handle.answered(id, answer());
    drop(handle);
    writer.join();
    assert_eq!(version(&fixture), SCHEMA_VERSION);
    let delivery = reader.load(id).unwrap().unwrap();
    assert_eq!((delivery.summary.framing_bytes, delivery.answer), (9, Some(answer())));
    assert_eq!(delivery.framing, captured("").framing);
}

#[test]
fn it_is_written_to_and_pruned() {
    let fixture = copied();
    let (writer, handle, _events) = fixture.open();
    let first = keep(&handle, captured("first"));
    assert_eq!(first, DeliveryId(8), "the pruned one's number is not given again");
    handle.answered(first, answer());
    let second = keep(&handle, captured("second"));
    drop(handle);
    writer.join();
    let deliveries = all(&fixture);
    check(&deliveries[..6]);
    assert_eq!(deliveries[6].answer, Some(answer()));

    let mut pruner = Pruner::open(&fixture.location).unwrap();
    pruner.prune(&[DeliveryId(2), first], Thoroughness::Exact, &mut |_| Ok(())).unwrap();
    drop(pruner);
    let left = all(&fixture);
    assert_eq!(left.iter().map(|delivery| delivery.summary.id.0).collect::<Vec<_>>(), [1, 3, 4, 5, 6, 9]);
    assert_eq!(left[1], deliveries[2]);
    assert_eq!((&left[5].body[..], left[5].summary.id), (&b"second"[..], second));
}

#[test]
fn its_index_is_made_again_from_records_of_both_versions() {
    let fixture = copied();
    let keep_one = |body: &'static str| {
        let (writer, handle, _events) = fixture.open();
        let id = keep(&handle, captured(body));
        drop(handle);
        writer.join();
        id.0
    };
    assert_eq!(keep_one("eighth"), 8);
    let before = all(&fixture);
    for suffix in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{suffix}", fixture.location.file().display()));
    }
    assert_eq!(keep_one("ninth"), 9);
    let mut after = all(&fixture);
    assert_eq!(after.pop().unwrap().body, "ninth");
    let bytes = |delivery: &Delivery| (delivery.head.clone(), delivery.body.clone(), delivery.framing.clone());
    assert_eq!(after.iter().map(bytes).collect::<Vec<_>>(), before.iter().map(bytes).collect::<Vec<_>>());
}

#[test]
fn an_attempt_is_kept_beside_a_listener_of_that_release() {
    let fixture = copied();
    let attempt = Attempt {
        delivery: Some(DeliveryId(1)),
        kind: AttemptKind::Replay,
        mode: AttemptMode::AsCaptured,
        at: Timestamp::UNIX_EPOCH,
        target: "http://localhost/".to_owned(),
        peer: None,
        head: Head::default(),
        body: None,
        body_bytes: 0,
        latency: Latency::default(),
        result: Err(crate::http::Failure { code: "refused".into(), message: String::new(), advice: String::new() }),
    };
    let id = AttemptKeeper::open(&fixture.location).unwrap().keep(&attempt).unwrap();
    assert_eq!(version(&fixture), 2, "its listener would not know its tables any more");
    assert_eq!(fixture.reader().attempt(id).unwrap(), Some(attempt));
}

#[test]
fn the_view_keeps_its_columns() {
    let fixture = copied();
    let columns = || -> Vec<String> {
        let connection = rusqlite::Connection::open(fixture.location.file()).unwrap();
        let statement = connection.prepare("SELECT * FROM answered").unwrap();
        statement.column_names().map(str::to_owned).collect()
    };
    let before = columns();
    drop(fixture.open());
    assert_eq!(version(&fixture), SCHEMA_VERSION);
    assert_eq!(columns(), before);
}
