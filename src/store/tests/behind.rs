//! Between the sync of the log and the commit of the rows: whoever looks sees what was answered.

use proptest::prelude::*;

use super::*;
use crate::query::Query;

/// A store with `count` deliveries, in which every row after the delivery `indexed` is missing, as `kill -9` of the
/// writer leaves it: the log is whole, and the file beside it says how far it goes.
fn killed(fixture: &Fixture, count: usize, indexed: i64) {
    let (writer, handle, _events) = fixture.open();
    for number in 0..count {
        let id = keep(&handle, captured(format!("body {number}")));
        handle.answered(id, answer());
    }
    drop(handle);
    writer.join();
    let connection = rusqlite::Connection::open(fixture.location.file()).unwrap();
    for table in ["deliveries", "answers"] {
        connection.execute(&format!("DELETE FROM {table} WHERE id > ?1"), [indexed]).unwrap();
    }
    let mut progress = std::fs::read(fixture.location.progress()).unwrap();
    progress[16..].copy_from_slice(&crate::store::progress::field(DeliveryId(indexed)));
    std::fs::write(fixture.location.progress(), progress).unwrap();
}

fn bodies(reader: &Reader) -> Vec<(i64, Bytes)> {
    let rows = reader.page(Page::After(DeliveryId(0)), 1000).unwrap();
    rows.iter().rev().map(|row| (row.id.0, reader.load(row.id).unwrap().unwrap().body)).collect()
}

fn expected(count: usize) -> Vec<(i64, Bytes)> {
    (0..count).map(|number| (number as i64 + 1, format!("body {number}").into())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Wherever the writer was killed, a reader sees all, and so does the next writer, who numbers on from there.
    #[test]
    fn a_writer_killed_between_sync_and_commit_hides_nothing(count in 1..12_usize, lost in 0..12_usize) {
        let fixture = Fixture::new();
        let indexed = count.saturating_sub(lost);
        killed(&fixture, count, indexed as i64);
        let reader = fixture.reader();
        prop_assert_eq!(bodies(&reader), expected(count));
        prop_assert_eq!(reader.count().unwrap(), count as u64);
        prop_assert_eq!(reader.verdict_counts().unwrap(), [("verified".to_owned(), count as u64)]);
        let newest = reader.summary(DeliveryId(count as i64)).unwrap().unwrap();
        prop_assert_eq!(newest.answer.is_some(), lost == 0);
        let query: Query = format!("id:{count}").parse().unwrap();
        let found = reader.search(&query, Timestamp::now(), Page::Newest, 10, 100).unwrap();
        prop_assert_eq!(found.rows, [newest]);
        let (writer, handle, _events) = fixture.open();
        // The reader that has looked before sees each once.
        prop_assert_eq!(bodies(&reader), expected(count));
        prop_assert_eq!(keep(&handle, captured(format!("body {count}"))), DeliveryId(count as i64 + 1));
        prop_assert_eq!(bodies(&reader), expected(count + 1));
        drop(handle);
        writer.join();
        prop_assert_eq!(bodies(&reader), expected(count + 1));
    }
}

#[test]
fn what_was_answered_is_seen_at_once_in_every_round() {
    let fixture = Fixture::new();
    let (_writer, handle, _events) = fixture.open();
    let (early, mut versions) = (fixture.reader(), Vec::new());
    for number in 1..=100 {
        let id = keep(&handle, captured(number.to_string()));
        match number % 4 {
            0 => assert_eq!(early.count().unwrap(), number),
            1 => assert_eq!(early.page(Page::Newest, 1).unwrap()[0].id, id),
            2 => assert_eq!(fixture.reader().load(id).unwrap().unwrap().body, number.to_string()),
            _ => versions.push(early.data_version().unwrap()),
        }
    }
    let distinct: std::collections::BTreeSet<_> = versions.iter().collect();
    assert_eq!(distinct.len(), versions.len(), "a commit that no version tells of");
}

#[test]
fn a_reader_at_work_sees_one_state_to_its_end() {
    let fixture = Fixture::new();
    killed(&fixture, 4, 2);
    let reader = fixture.reader();
    let mut looked = Vec::new();
    let scan = reader.scan(Page::Newest, 10, 100, |summary, reader| {
        // A writer comes, and goes on, in the middle of it.
        if looked.is_empty() {
            let (writer, handle, _events) = fixture.open();
            keep(&handle, captured("more"));
            drop(handle);
            writer.join();
        }
        looked.push(summary.id.0);
        Ok(reader.load(summary.id)?.is_some())
    });
    assert_eq!(scan.unwrap().rows.len(), 4);
    assert_eq!(looked, [4, 3, 2, 1]);
    assert_eq!(bodies(&reader).len(), 5);
}

#[test]
fn an_index_that_takes_no_rows_hides_nothing_and_stops_what_comes_after() {
    let fixture = Fixture::new();
    let (writer, handle, events) = fixture.open();
    keep(&handle, captured("body 0"));
    assert_eq!(bodies(&fixture.reader()), expected(1));
    // Nothing is inserted while this is there.
    let other = rusqlite::Connection::open(fixture.location.file()).unwrap();
    other
        .execute_batch("CREATE TRIGGER refuses BEFORE INSERT ON deliveries BEGIN SELECT RAISE(ABORT, 'no room'); END")
        .unwrap();
    assert_eq!(keep(&handle, captured("body 1")), DeliveryId(2));
    // Who watches is told, and reads it from the log.
    assert!(events.iter().any(|event| matches!(event, StoreEvent::Committed { kept: 0, last: DeliveryId(2), .. })));
    let reader = fixture.reader();
    assert_eq!(bodies(&reader), expected(2));
    // Refused before anything of it is written.
    let length = written(&fixture.location.segment(1));
    let refused = handle.keep(captured("refused")).unwrap().blocking_recv().unwrap().unwrap_err();
    assert!(refused.to_string().contains("no room"), "{refused}");
    assert!(events.iter().any(|event| matches!(event, StoreEvent::Fault(_))));
    assert_eq!(written(&fixture.location.segment(1)), length);
    assert_eq!(bodies(&reader), expected(2));
    other.execute_batch("DROP TRIGGER refuses").unwrap();
    assert_eq!(keep(&handle, captured("body 2")), DeliveryId(3));
    assert_eq!(bodies(&reader), expected(3));
    drop(handle);
    writer.join();
    assert_eq!(bodies(&fixture.reader()), expected(3));
}

#[test]
fn the_index_that_takes_no_rows_until_the_end_is_made_up_for_by_the_next_writer() {
    let fixture = Fixture::new();
    let (writer, handle, _events) = fixture.open();
    keep(&handle, captured("body 0"));
    let other = rusqlite::Connection::open(fixture.location.file()).unwrap();
    other
        .execute_batch(
            "CREATE TRIGGER refuses BEFORE INSERT ON deliveries WHEN NEW.id > 1 BEGIN SELECT RAISE(ABORT, 'no'); END",
        )
        .unwrap();
    keep(&handle, captured("body 1"));
    drop(handle);
    writer.join();
    assert_eq!(bodies(&fixture.reader()), expected(2));
    other.execute_batch("DROP TRIGGER refuses").unwrap();
    let (_writer, handle, _events) = fixture.open();
    assert_eq!(keep(&handle, captured("body 2")), DeliveryId(3));
    assert_eq!(bodies(&fixture.reader()), expected(3));
}
