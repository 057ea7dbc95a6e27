//! Attempts, written by the listener's own process and by others.

use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;

use super::{Fixture, answer, captured, keep};
use crate::delivery::{Attempt, AttemptId, AttemptKind, AttemptMode, DeliveryId};
use crate::http::{BodyEnd, Failure, Head, HttpResponse, Latency};
use crate::store::{AttemptKeeper, Location, StoreError};

fn answered(delivery: Option<DeliveryId>) -> Attempt {
    Attempt {
        delivery,
        kind: AttemptKind::Replay,
        mode: AttemptMode::Edited,
        at: Timestamp::from_microsecond(1_746_123_456_789_012).unwrap(),
        target: "http://localhost:4000/x?y".to_owned(),
        peer: Some("127.0.0.1:4000".to_owned()),
        head: Head::read(Bytes::from_static(b"POST /x?y HTTP/1.1\r\nHost: localhost:4000\r\nX: \xff\r\n\r\n")),
        body: Some(Bytes::from_static(b"\x00\xff{}")),
        body_bytes: 4,
        latency: Latency {
            connect: Some(Duration::from_micros(1)),
            tls: None,
            first_byte: Some(Duration::from_micros(3)),
            total: Duration::from_micros(5),
        },
        result: Ok(HttpResponse {
            status: 503,
            interim: Bytes::from_static(b"HTTP/1.1 103 Early Hints\r\nLink: \xff\r\n\r\n"),
            head: Head::read(Bytes::from_static(b"HTTP/1.1 503 \xfe\r\nA: b\r\n\r\n")),
            body: Bytes::from_static(b"\xff"),
            body_bytes: 3_000_000,
            end: BodyEnd::Limit,
        }),
    }
}

fn failed() -> Attempt {
    let failure = Failure { code: "refused".to_owned(), message: "m".to_owned(), advice: "a".to_owned() };
    Attempt { body: None, peer: None, result: Err(failure), kind: AttemptKind::Simulation, ..answered(None) }
}

#[test]
fn attempts_come_back_whole_beside_their_delivery() {
    let fixture = Fixture::new();
    let (writer, handle, _events) = fixture.open();
    let id = keep(&handle, captured("x"));
    for attempt in [answered(Some(id)), failed(), Attempt { delivery: Some(id), ..failed() }] {
        handle.attempted(attempt);
    }
    drop(handle);
    writer.join();
    let reader = fixture.reader();
    assert_eq!(reader.attempt(AttemptId(1)).unwrap(), Some(answered(Some(id))));
    assert_eq!(reader.attempt(AttemptId(2)).unwrap(), Some(failed()));
    assert_eq!(reader.attempt(AttemptId(4)).unwrap(), None);
    let rows = reader.attempts(id, 10).unwrap();
    assert_eq!(rows.iter().map(|row| row.id.0).collect::<Vec<_>>(), [3, 1], "the newest first");
    assert_eq!((rows[1].result.clone(), rows[1].is_delivered(), rows[1].mode), (Ok(503), false, AttemptMode::Edited));
    assert_eq!(rows[0].result.as_ref().unwrap_err().code, "refused");
    assert_eq!(reader.attempts(id, 1).unwrap().len(), 1);
    assert_eq!(reader.attempts(DeliveryId(99), 10).unwrap(), []);
}

#[test]
fn another_process_keeps_its_own_while_deliveries_come() {
    let fixture = Fixture::new();
    let (writer, handle, _events) = fixture.open();
    let first = keep(&handle, captured("first"));
    // A keeper shares nothing with the writer but the file, as one in another process does.
    let location = fixture.location.clone();
    let keeping = std::thread::spawn(move || {
        let keeper = AttemptKeeper::open(&location).unwrap();
        (0..200).map(|_| keeper.keep(&answered(Some(first))).unwrap().0).collect::<Vec<_>>()
    });
    for _ in 0..200 {
        let id = keep(&handle, captured("more"));
        handle.answered(id, answer());
        handle.attempted(answered(Some(id)));
    }
    let ids = keeping.join().unwrap();
    drop(handle);
    writer.join();
    assert!(ids.is_sorted());
    let reader = fixture.reader();
    assert_eq!(reader.attempts(first, 1000).unwrap().len(), 200);
    assert_eq!(reader.count().unwrap(), 201);
    let own: usize = (2..=201).map(|id| reader.attempts(DeliveryId(id), 10).unwrap().len()).sum();
    assert_eq!(own, 200);
}

#[test]
fn a_keeper_makes_no_store_and_changes_no_other_file() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("none.db");
    assert!(matches!(AttemptKeeper::open(&Location::new(&missing)).unwrap_err(), StoreError::Missing { .. }));
    assert!(!missing.exists());
    let other = folder.path().join("other.db");
    std::fs::write(&other, "no database at all, but long enough to be looked at by SQLite").unwrap();
    assert!(AttemptKeeper::open(&Location::new(&other)).is_err());
    assert!(std::fs::read_to_string(&other).unwrap().starts_with("no database"));
}
