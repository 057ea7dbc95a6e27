//! A damaged log whose index is gone: everything else is found, nothing is invented, no number is given twice.

use std::path::Path;
use std::sync::OnceLock;

use proptest::prelude::*;

use super::*;
use crate::store::{Pruner, Thoroughness};

/// A log whose bodies are what could be mistaken for records, and what it holds.
struct Log {
    bytes: Vec<u8>,
    key: Vec<u8>,
    /// Where each record begins; the end.
    places: Vec<usize>,
    bodies: Vec<Bytes>,
}

/// A record as the first release wrote it.
fn old_record(id: i64, body: &[u8]) -> Vec<u8> {
    let facts =
        br#"{"received_us":1,"remote":"","method":"POST","path":"/","intake":"complete","verdict":"no_secret"}"#;
    let head = b"POST / HTTP/1.1\r\n\r\n";
    let content = [&facts[..], head, body].concat();
    let mut header = id.to_le_bytes().to_vec();
    for length in [facts.len(), head.len(), body.len()] {
        header.extend_from_slice(&(length as u64).to_le_bytes());
    }
    header.extend_from_slice(&crc32fast::hash(&content).to_le_bytes());
    [b"WHY\x01", &crc32fast::hash(&header).to_le_bytes()[..], &header, &content].concat()
}

/// Nine deliveries: plain ones, and ones that are the log so far, its last record, and records of the numbers to
/// come, whole but for the seal.
fn hostile() -> &'static Log {
    static LOG: OnceLock<Log> = OnceLock::new();
    LOG.get_or_init(|| {
        let fixture = Fixture::new();
        let (writer, handle, _events) = fixture.open();
        let segment = fixture.location.segment(1);
        // Without the room at its end, of which nobody knows when it is made.
        let read = || {
            let mut bytes = std::fs::read(&segment).unwrap_or_default();
            bytes.truncate(bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1));
            bytes
        };
        let mut places = vec![0];
        let mut bodies = Vec::new();
        for id in 1..=9_usize {
            let log = read();
            let body = match id {
                3 => log,
                5 => log[places[3]..].to_vec(),
                6 => [old_record(6, b"forged"), old_record(7, b"forged"), old_record(8, b"forged")].concat(),
                7 => crate::store::fuzzing::write_record(captured("forged"), DeliveryId(8), 0).to_vec(),
                9 => [&log[..], b"WHY\x02WHY"].concat(),
                _ => format!("body {id}").repeat(id).into_bytes(),
            };
            bodies.push(Bytes::from(body.clone()));
            keep(&handle, captured(body));
            places.push(read().len());
        }
        drop(handle);
        writer.join();
        Log { bytes: read(), key: std::fs::read(fixture.location.log().join("key")).unwrap(), places, bodies }
    })
}

/// A store of nothing but a log.
fn without_index(bytes: &[u8], key: Option<&[u8]>) -> Fixture {
    let fixture = Fixture::new();
    std::fs::create_dir_all(fixture.location.log()).unwrap();
    std::fs::write(fixture.location.segment(1), bytes).unwrap();
    if let Some(key) = key {
        std::fs::write(fixture.location.log().join("key"), key).unwrap();
    }
    fixture
}

fn delete_index(file: &Path) {
    for suffix in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{suffix}", file.display()));
    }
}

/// Opens the store for writing, keeps one more delivery, and returns its number and what was said to be lost.
fn keep_one_more(fixture: &Fixture) -> (i64, Vec<String>) {
    let (writer, handle, _events) = fixture.open();
    let lost = writer.losses().iter().map(ToString::to_string).collect();
    let id = keep(&handle, captured("one more"));
    drop(handle);
    writer.join();
    (id.0, lost)
}

/// Numbers and bodies of all that can be read, but for the newest.
fn found(fixture: &Fixture) -> Vec<(i64, Bytes)> {
    let reader = fixture.reader();
    let mut rows = reader.page(Page::Newest, 100).unwrap();
    rows.remove(0);
    rows.iter().rev().map(|row| (row.id.0, reader.load(row.id).unwrap().unwrap().body)).collect()
}

/// What must hold whichever bytes of the log are damaged.
fn check(log: &Log, damaged: std::ops::Range<usize>, bytes: &[u8]) {
    let fixture = without_index(bytes, Some(&log.key));
    let (next, lost) = keep_one_more(&fixture);
    let is_whole = |record: usize| damaged.end <= log.places[record] || log.places[record + 1] <= damaged.start;
    let expected: Vec<_> = (0..9)
        .filter(|record| is_whole(*record))
        .map(|record| (record as i64 + 1, log.bodies[record].clone()))
        .collect();
    assert_eq!(found(&fixture).len(), expected.len(), "{damaged:?}: {lost:?}");
    assert_eq!(found(&fixture), expected, "{damaged:?}");
    assert!(next > 9, "{damaged:?}: {next} is given again");
    assert_eq!(lost.is_empty(), expected.len() == 9, "{damaged:?}: {lost:?}");
    // What is lost stays known, is said once, and does not grow.
    let losses = fixture.reader().log_losses().unwrap();
    assert_eq!(losses.iter().map(ToString::to_string).collect::<Vec<_>>(), lost);
    let missing =
        |id: i64| losses.iter().any(|loss| loss.after.0 < id && loss.before.is_none_or(|before| id < before.0));
    assert!((1..=9).all(|id| is_whole(id as usize - 1) || missing(id)), "{damaged:?}: {lost:?}");
    assert_eq!(keep_one_more(&fixture), (next + 1, Vec::new()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn whatever_is_damaged_the_rest_is_found(start: prop::sample::Index, length in 1_usize..300, noise: [u8; 16], zeros: bool) {
        let log = hostile();
        let start = start.index(log.bytes.len());
        let end = (start + length).min(log.bytes.len());
        let mut bytes = log.bytes.clone();
        for (place, byte) in bytes[start..end].iter_mut().enumerate() {
            *byte = if zeros { 0 } else { *byte ^ (noise[place % 16] | 1) };
        }
        // Zeros may have been zeros before.
        let differs: Vec<usize> = (start..end).filter(|place| bytes[*place] != log.bytes[*place]).collect();
        if let (Some(first), Some(last)) = (differs.first(), differs.last()) {
            check(log, *first..last + 1, &bytes);
        }
    }

    #[test]
    fn any_byte_of_any_header_may_be_damaged(record in 0_usize..9, place in 0_usize..60, change in 1_u8..) {
        let log = hostile();
        let at = log.places[record] + place;
        let mut bytes = log.bytes.clone();
        bytes[at] ^= change;
        check(log, at..at + 1, &bytes);
    }
}

/// A part of a segment.
#[derive(Debug, Clone)]
enum Piece {
    Garbage(Vec<u8>),
    /// A record of the first release.
    Old,
    /// A record where it belongs.
    Sealed,
    /// A record that belongs this many bytes farther on.
    Copied(u64),
}

fn piece() -> impl Strategy<Value = Piece> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 1..300).prop_map(Piece::Garbage),
        Just(Piece::Garbage(b"WHY\x02WHY\x01WHY".to_vec())),
        Just(Piece::Old),
        Just(Piece::Sealed),
        (1_u64..1000).prop_map(Piece::Copied),
    ]
}

proptest! {
    #[test]
    fn behind_garbage_only_what_is_in_its_place_is_found(pieces in prop::collection::vec(piece(), 0..40)) {
        use crate::store::fuzzing::{scan, write_record};
        let (mut segment, mut expected) = (Vec::new(), Vec::new());
        // A record that follows another needs no seal: it begins where that one ends.
        let mut follows = true;
        for (id, piece) in (1..).zip(pieces) {
            let position = segment.len() as u64;
            let (bytes, is_found) = match piece {
                Piece::Garbage(bytes) => (Bytes::from(bytes), false),
                Piece::Old => (Bytes::from(old_record(id, b"old")), follows),
                Piece::Sealed => (write_record(captured("sealed"), DeliveryId(id), position), true),
                Piece::Copied(by) => (write_record(captured("copied"), DeliveryId(id), position + by), follows),
            };
            follows = is_found;
            expected.extend(is_found.then_some((DeliveryId(id), position)));
            segment.extend_from_slice(&bytes);
        }
        prop_assert_eq!(scan(&segment), expected);
    }
}

#[test]
fn a_damaged_header_loses_its_own_delivery_alone_and_says_so() {
    let log = hostile();
    let mut bytes = log.bytes.clone();
    bytes[log.places[3]..log.places[3] + 60].fill(0);
    let fixture = without_index(&bytes, Some(&log.key));
    let (next, lost) = keep_one_more(&fixture);
    assert_eq!(next, 10);
    assert_eq!(lost.len(), 1);
    let (at, size) = (log.places[3], log.places[4] - log.places[3]);
    let expected = format!(
        "{} bytes of the log are damaged (at byte {} of 00000001.log): delivery 4 is lost, unless it was pruned before",
        crate::text::grouped(size as u64),
        crate::text::grouped(at as u64)
    );
    assert_eq!(lost[0], expected);
}

#[test]
fn the_key_survives_in_either_place() {
    let log = hostile();
    let lost_key = |fixture: &Fixture| std::fs::write(fixture.location.log().join("key"), "nonsense").unwrap();
    // The file is mended from the index, and the index from the file.
    let fixture = without_index(&log.bytes, Some(&log.key));
    keep_one_more(&fixture);
    lost_key(&fixture);
    keep_one_more(&fixture);
    assert_eq!(std::fs::read(fixture.location.log().join("key")).unwrap(), log.key);
    delete_index(fixture.location.file());
    let mut bytes = std::fs::read(fixture.location.segment(1)).unwrap();
    bytes[log.places[1]] ^= 1;
    std::fs::write(fixture.location.segment(1), &bytes).unwrap();
    assert_eq!(keep_one_more(&fixture).0, 12);
    assert_eq!(found(&fixture).len(), 10);

    // Without both, a log that is whole is read as ever; one that is not says what it could not find.
    let fixture = without_index(&log.bytes, None);
    assert_eq!(keep_one_more(&fixture), (10, Vec::new()));
    assert_eq!(found(&fixture).len(), 9);
    let mut bytes = log.bytes.clone();
    bytes[log.places[1]] ^= 1;
    let fixture = without_index(&bytes, None);
    let (next, lost) = keep_one_more(&fixture);
    assert!(next > 9, "{next}");
    assert_eq!(found(&fixture), [(1, log.bodies[0].clone())]);
    assert!(lost[0].ends_with("any deliveries after 1 are lost"), "{lost:?}");
}

#[test]
fn what_pruning_has_moved_is_found_again() {
    let log = hostile();
    let fixture = without_index(&log.bytes, Some(&log.key));
    let mut pruner = Pruner::open(&fixture.location).unwrap();
    pruner.prune(&[DeliveryId(1), DeliveryId(5)], Thoroughness::Exact, &mut |_| Ok(())).unwrap();
    drop(pruner);
    delete_index(fixture.location.file());
    let mut bytes = std::fs::read(fixture.location.segment(1)).unwrap();
    // The second is the first now.
    bytes[..60].fill(0xff);
    std::fs::write(fixture.location.segment(1), &bytes).unwrap();
    let (next, lost) = keep_one_more(&fixture);
    assert_eq!((next, lost.len()), (10, 1), "{lost:?}");
    assert_eq!(found(&fixture).iter().map(|(id, _)| *id).collect::<Vec<_>>(), [3, 4, 6, 7, 8, 9]);
    // What is said of a segment goes with its last delivery.
    let mut pruner = Pruner::open(&fixture.location).unwrap();
    pruner.prune(&(1..=9).map(DeliveryId).collect::<Vec<_>>(), Thoroughness::Exact, &mut |_| Ok(())).unwrap();
    drop(pruner);
    assert_eq!(fixture.reader().losses().unwrap().len(), 1, "delivery 10 is in the same segment");
    let mut pruner = Pruner::open(&fixture.location).unwrap();
    pruner.prune(&[DeliveryId(10)], Thoroughness::Exact, &mut |_| Ok(())).unwrap();
    drop(pruner);
    assert_eq!(fixture.reader().losses().unwrap(), []);
    assert_eq!(keep_one_more(&fixture), (11, Vec::new()));
}

/// Three records of the first release, the second of which holds others within its body.
fn old_log(inner: &[u8]) -> (Vec<u8>, usize, usize) {
    let (first, second) = (old_record(1, b"first"), old_record(2, inner));
    let (begins, ends) = (first.len(), first.len() + second.len());
    ([first, second, old_record(3, b"third")].concat(), begins, ends)
}

#[test]
fn a_damaged_header_of_the_first_release_leads_on_by_what_is_left_of_it() {
    let forged = [old_record(2, b"forged"), old_record(3, b"forged")].concat();
    let (log, begins, _) = old_log(&forged);
    for place in 0..44 {
        let mut bytes = log.clone();
        bytes[begins + place] ^= 0x55;
        let fixture = without_index(&bytes, None);
        let (next, lost) = keep_one_more(&fixture);
        let bodies: Vec<_> = found(&fixture);
        assert_eq!(bodies, [(1, Bytes::from("first")), (3, Bytes::from("third"))], "byte {place}: {lost:?}");
        assert_eq!((next, lost.len()), (4, 1), "byte {place}");
    }
}

#[test]
fn a_lost_header_of_the_first_release_lets_nothing_be_invented() {
    let forged = [old_record(2, b"forged"), old_record(3, b"forged")].concat();
    let (mut log, begins, _) = old_log(&forged);
    log[begins..begins + 44].fill(0);
    let fixture = without_index(&log, None);
    let (next, lost) = keep_one_more(&fixture);
    assert_eq!(found(&fixture), [(1, Bytes::from("first"))]);
    assert!(next > 3 && lost.len() == 1, "{next}: {lost:?}");
    // What is appended later by this release is found after it all.
    delete_index(fixture.location.file());
    let (after, lost) = keep_one_more(&fixture);
    assert!(after > next && lost.len() == 1, "{after}: {lost:?}");
    assert_eq!(found(&fixture).last().unwrap(), &(next, Bytes::from("one more")));
}

#[test]
fn an_end_torn_within_a_record_is_no_loss_beside_an_index() {
    let log = hostile();
    let fixture = without_index(&log.bytes, Some(&log.key));
    drop(Pruner::open(&fixture.location).unwrap());
    let end = log.bytes.len();
    for cut in [1, 59, 60, 200] {
        let torn = [&log.bytes[..], &log.bytes[log.places[2]..log.places[2] + cut]].concat();
        std::fs::write(fixture.location.segment(1), &torn[..end + cut]).unwrap();
        let (writer, handle, _events) = fixture.open();
        assert_eq!((writer.last_before_run(), writer.losses()), (DeliveryId(9), &[][..]), "{cut}");
        drop(handle);
        writer.join();
    }
}
