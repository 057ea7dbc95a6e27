//! The store against real files.

mod absent;
mod answered;
mod attempts;
mod behind;
mod damage;
mod deliveries;
mod first_release;
mod marks;
mod meanwhile;
mod ordering;
mod prune;
mod recovery;
mod search;
mod stored;
mod unreadable;

use std::sync::mpsc;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use rstest::rstest;

use super::{
    Location, LockUse, LogLoss, Loss, Page, Reader, SCHEMA_VERSION, StoreError, StoreEvent, Writer, WriterHandle,
};
use crate::delivery::{
    Answer, Captured, ChosenBy, Delivery, DeliveryId, EventFacts, ImageFacts, Intake, Judgement, Outcome,
    TimestampFacts, TimestampUnit, Verdict,
};
use crate::http::{Head, WireFraming};

struct Fixture {
    location: Location,
    folder: tempfile::TempDir,
}

impl Fixture {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { location: Location::new(folder.path().join("new folder/store.db")), folder }
    }

    fn open(&self) -> (Writer, WriterHandle, mpsc::Receiver<StoreEvent>) {
        let (events, received) = mpsc::channel();
        let (writer, handle) = Writer::start(&self.location, move |event| drop(events.send(event))).unwrap();
        (writer, handle, received)
    }

    fn reader(&self) -> Reader {
        Reader::open(&self.location).unwrap()
    }

    fn open_error(&self) -> StoreError {
        Writer::start(&self.location, |_| {}).unwrap_err()
    }
}

/// The parts of the log among what is lost.
fn of_log(losses: &[Loss]) -> Vec<LogLoss> {
    losses.iter().filter_map(|loss| if let Loss::Log(loss) = loss { Some(*loss) } else { None }).collect()
}

/// Bytes of a segment without the room at its end.
fn written(segment: &std::path::Path) -> u64 {
    let bytes = std::fs::read(segment).unwrap();
    bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last as u64 + 1)
}

pub(super) fn captured(body: impl Into<Bytes>) -> Captured {
    Captured {
        received_at: Timestamp::from_microsecond(1_746_123_456_789_012).unwrap(),
        remote: "127.0.0.1:50000".to_owned(),
        method: "POST".to_owned(),
        path: "/webhooks/trackpilots?a=1".to_owned(),
        webhook: Some("dev".to_owned()),
        intake: Intake::Truncated("10 of 20 bytes".to_owned()),
        event: EventFacts {
            event: Some("desktop.app_tracking.captured".to_owned()),
            version: Some("v1".to_owned()),
            agent: Some("desktop-agent".to_owned()),
            simulation: Some(true),
            timestamp_ms: Some(1_746_123_456_789),
            items: Some(2),
        },
        judgement: Judgement {
            verdict: Verdict::Verified,
            secret: Some("dev".to_owned()),
            timestamp: Some(TimestampFacts {
                raw: "1746123456".to_owned(),
                unit: TimestampUnit::Seconds,
                age_ms: Some(-12),
                fresh: Some(true),
            }),
            note: Some("a note".to_owned()),
        },
        image: Some(ImageFacts {
            form: "node_print".to_owned(),
            bytes: 50,
            total: Some(44_869),
            format: Some("jpeg".to_owned()),
            width: None,
            height: None,
        }),
        head: Head::read(Bytes::from_static(b"POST /webhooks/trackpilots?a=1 HTTP/1.1\r\nHost: \xff\r\n\r\n")),
        body: body.into(),
        framing: WireFraming::from_bytes(Bytes::from_static(b"\x00framing\xff")),
    }
}

fn answer() -> Answer {
    Answer {
        outcome: Outcome::Sent,
        status: 200,
        interim: Bytes::from_static(b"HTTP/1.1 100 Continue\r\n\r\n"),
        headers: vec![
            ("content-type".to_owned(), "text/plain".into()),
            ("X-Latin-1".to_owned(), Bytes::from_static(b"caf\xe9")),
        ],
        body: Bytes::from_static(b"Webhook received and processed successfully"),
        body_bytes: 3_000_000,
        rule: ChosenBy::auto(),
        latency: Duration::from_micros(1234),
    }
}

/// Changes the index behind the store's back.
fn change(fixture: &Fixture, sql: &str) {
    rusqlite::Connection::open(fixture.location.file()).unwrap().execute_batch(sql).unwrap();
}

fn keep(handle: &WriterHandle, captured: Captured) -> DeliveryId {
    handle.keep(captured).unwrap().blocking_recv().unwrap().unwrap()
}

#[rstest]
#[case::empty(0)]
#[case::small(2048)]
#[case::large(3_000_000)]
fn a_delivery_comes_back_whole(#[case] length: usize) {
    let fixture = Fixture::new();
    let (writer, handle, _events) = fixture.open();
    let original = captured((0..length).map(|index| (index * 31 % 251) as u8).collect::<Vec<_>>());
    let id = keep(&handle, original.clone());
    let before: Delivery = fixture.reader().load(id).unwrap().unwrap();
    assert_eq!(before.answer, None);
    handle.answered(id, answer());
    drop(handle);
    writer.join();

    let delivery = fixture.reader().load(id).unwrap().unwrap();
    assert_eq!((&delivery.head, &delivery.body), (&original.head, &original.body));
    assert_eq!(delivery.answer, Some(answer()));
    let summary = delivery.summary;
    assert_eq!(summary.answer, Some(answer().facts()));
    assert_eq!(summary.framing_bytes, original.framing.as_bytes().len() as u64);
    let again = Captured {
        received_at: summary.received_at,
        remote: summary.remote,
        method: summary.method,
        path: summary.path,
        webhook: summary.webhook,
        intake: summary.intake,
        event: summary.event,
        judgement: summary.judgement,
        image: summary.image,
        head: delivery.head,
        body: delivery.body,
        framing: delivery.framing,
    };
    assert_eq!(again, original);
}

#[test]
fn numbers_go_on_after_a_restart() {
    let fixture = Fixture::new();
    for expected in 1..=3 {
        let (writer, handle, _events) = fixture.open();
        assert_eq!(keep(&handle, captured(vec![7; 20_000])), DeliveryId(expected));
        drop(handle);
        writer.join();
    }
    for id in 1..=3 {
        assert_eq!(fixture.reader().load(DeliveryId(id)).unwrap().unwrap().body.len(), 20_000);
    }
}

#[test]
fn a_crowd_is_kept_in_groups_and_each_is_told_its_own_number() {
    let fixture = Fixture::new();
    let (writer, handle, events) = fixture.open();
    let waiting: Vec<_> =
        (0..500_u32).map(|number| (number, handle.keep(captured(number.to_string())).unwrap())).collect();
    let reader = fixture.reader();
    for (number, keeping) in waiting {
        let id = keeping.blocking_recv().unwrap().unwrap();
        assert_eq!(reader.load(id).unwrap().unwrap().body, number.to_string());
    }
    drop(handle);
    writer.join();
    let groups: Vec<usize> = events
        .iter()
        .map(|event| match event {
            StoreEvent::Committed { kept, .. } => kept,
            StoreEvent::Fault(error) => panic!("{error}"),
            StoreEvent::Marked => 0,
            StoreEvent::Retired(freed) | StoreEvent::Pruned(freed) => panic!("{freed:?}"),
        })
        .collect();
    assert_eq!(groups.iter().sum::<usize>(), 500);
    assert!(groups.len() < 500, "{} groups", groups.len());
}

#[test]
fn what_was_found_out_is_kept_and_replaced() {
    let fixture = Fixture::new();
    let (writer, handle, _events) = fixture.open();
    let id = keep(&handle, captured("{}"));
    assert_eq!(fixture.reader().diagnosis(id).unwrap(), None);
    handle.diagnosed(id, "first".to_owned());
    handle.diagnosed(id, "second".to_owned());
    drop(handle);
    writer.join();
    assert_eq!(fixture.reader().diagnosis(id).unwrap().as_deref(), Some("second"));
}

#[test]
fn a_sender_that_left_is_recorded_as_gone() {
    let fixture = Fixture::new();
    let (writer, handle, _events) = fixture.open();
    drop(handle.keep(captured("{}")).unwrap());
    drop(handle);
    writer.join();
    let summary = fixture.reader().summary(DeliveryId(1)).unwrap().unwrap();
    assert_eq!(summary.answer.unwrap().outcome, Outcome::SenderGone);
}

#[test]
fn pages_and_scans_are_newest_first() {
    let fixture = Fixture::new();
    let (_writer, handle, _events) = fixture.open();
    for number in 0..10 {
        keep(&handle, captured(number.to_string()));
    }
    let reader = fixture.reader();
    let ids = |page, limit| -> Vec<i64> { reader.page(page, limit).unwrap().iter().map(|row| row.id.0).collect() };
    assert_eq!(ids(Page::Newest, 3), [10, 9, 8]);
    assert_eq!(ids(Page::Before(DeliveryId(8)), 3), [7, 6, 5]);
    assert_eq!(ids(Page::After(DeliveryId(5)), 3), [8, 7, 6]);
    assert_eq!(ids(Page::Before(DeliveryId(1)), 3), Vec::<i64>::new());

    let even = |summary: &crate::delivery::Summary, _: &Reader| Ok(summary.id.0 % 2 == 0);
    let scan = reader.scan(Page::Newest, 2, 100, even).unwrap();
    assert_eq!(scan.rows.iter().map(|row| row.id.0).collect::<Vec<_>>(), [10, 8]);
    assert_eq!(scan.next, Some(DeliveryId(8)));
    let scan = reader.scan(Page::Before(DeliveryId(8)), 100, 3, even).unwrap();
    assert_eq!((scan.rows.len(), scan.next), (1, Some(DeliveryId(5))));
    assert_eq!(reader.scan(Page::Before(DeliveryId(5)), 100, 100, even).unwrap().next, None);
    assert_eq!(reader.count().unwrap(), 10);
    assert_eq!(reader.load(DeliveryId(11)).unwrap(), None);
}

#[test]
fn what_is_no_store_is_refused_and_left_alone() {
    let fixture = Fixture::new();
    let file = fixture.location.file().to_owned();
    std::fs::create_dir(file.parent().unwrap()).unwrap();

    std::fs::write(&file, "precious text").unwrap();
    assert!(matches!(fixture.open_error(), StoreError::NotAStore { .. }));
    assert!(matches!(Reader::open(&fixture.location).unwrap_err(), StoreError::NotAStore { .. }));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "precious text");
    std::fs::remove_file(&file).unwrap();

    let foreign = rusqlite::Connection::open(&file).unwrap();
    foreign.execute_batch("CREATE TABLE precious (x); INSERT INTO precious VALUES (1)").unwrap();
    let before = std::fs::read(&file).unwrap();
    assert!(matches!(fixture.open_error(), StoreError::NotAStore { .. }));
    assert_eq!(std::fs::read(&file).unwrap(), before);
}

#[test]
fn a_newer_store_is_refused_and_left_alone() {
    let fixture = Fixture::new();
    let (writer, handle, _events) = fixture.open();
    drop(handle);
    writer.join();
    let connection = rusqlite::Connection::open(fixture.location.file()).unwrap();
    connection.pragma_update(None, "user_version", SCHEMA_VERSION + 1).unwrap();
    drop(connection);
    let message = fixture.open_error().to_string();
    assert!(
        message.contains(&format!("schema version {}", SCHEMA_VERSION + 1)) && message.contains("use a newer whyhook"),
        "{message}"
    );
    assert!(matches!(Reader::open(&fixture.location).unwrap_err(), StoreError::Newer { .. }));
}

#[test]
fn a_damaged_store_is_refused_and_left_alone() {
    let fixture = Fixture::new();
    let (writer, handle, _events) = fixture.open();
    keep(&handle, captured("{}"));
    drop(handle);
    writer.join();
    let mut bytes = std::fs::read(fixture.location.file()).unwrap();
    bytes[100..400].fill(0xaa);
    std::fs::write(fixture.location.file(), &bytes).unwrap();
    let message = fixture.open_error().to_string();
    assert!(message.contains("is damaged"), "{message}");
    assert_eq!(std::fs::read(fixture.location.file()).unwrap(), bytes);
}

#[test]
fn a_folder_and_a_missing_store_are_said() {
    let fixture = Fixture::new();
    let folder = Location::new(fixture.folder.path());
    assert!(matches!(folder.open_for_writing(LockUse::Command).unwrap_err(), StoreError::IsFolder { .. }));
    assert!(matches!(Reader::open(&folder).unwrap_err(), StoreError::IsFolder { .. }));
    assert!(matches!(Reader::open(&fixture.location).unwrap_err(), StoreError::Missing { .. }));
    assert!(!fixture.location.file().exists());
}

#[test]
fn only_one_may_write() {
    let fixture = Fixture::new();
    let (writer, handle, _events) = fixture.open();
    let message = fixture.open_error().to_string();
    assert!(message.contains(&format!("in use by another whyhook (process {})", std::process::id())), "{message}");
    drop(handle);
    writer.join();
    drop(fixture.open());
}

#[test]
fn a_store_deleted_while_open_takes_nothing_more() {
    let fixture = Fixture::new();
    let (_writer, handle, _events) = fixture.open();
    keep(&handle, captured("{}"));
    std::fs::remove_file(fixture.location.file()).unwrap();
    let refused = handle.keep(captured("{}")).unwrap().blocking_recv().unwrap().unwrap_err();
    assert!(matches!(*refused, StoreError::Vanished { .. }), "{refused}");
}

#[test]
fn a_lost_record_is_said() {
    let fixture = Fixture::new();
    let (_writer, handle, _events) = fixture.open();
    let id = keep(&handle, captured(vec![1; 100_000]));
    std::fs::write(fixture.location.segment(1), vec![2; 100_000]).unwrap();
    assert!(matches!(fixture.reader().load(id).unwrap_err(), StoreError::RecordLost { .. }));
}

#[cfg(unix)]
#[test]
fn files_are_private() {
    use std::os::unix::fs::PermissionsExt as _;
    let fixture = Fixture::new();
    let (_writer, handle, _events) = fixture.open();
    keep(&handle, captured(vec![1; 100_000]));
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let folder = fixture.location.file().parent().unwrap();
    assert_eq!(mode(folder), 0o700);
    assert_eq!(mode(&fixture.location.log()), 0o700);
    for entry in std::fs::read_dir(folder).unwrap().chain(std::fs::read_dir(fixture.location.log()).unwrap()) {
        let path = entry.unwrap().path();
        if path.is_file() {
            assert_eq!(mode(&path), 0o600, "{}", path.display());
        }
    }
}
