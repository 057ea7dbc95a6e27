//! The log against its index: whichever of them loses something.

use std::path::PathBuf;

use proptest::prelude::*;

use super::*;

/// A store with `count` deliveries, closed; their records' ends.
fn closed(fixture: &Fixture, count: usize) -> Vec<u64> {
    let (writer, handle, _events) = fixture.open();
    let mut ends = Vec::new();
    for number in 0..count {
        let id = keep(&handle, captured(format!("body {number}")));
        handle.answered(id, answer());
        ends.push(written(&log(fixture)));
    }
    drop(handle);
    writer.join();
    ends
}

fn log(fixture: &Fixture) -> PathBuf {
    fixture.location.segment(1)
}

fn sql(fixture: &Fixture, statement: &str) {
    rusqlite::Connection::open(fixture.location.file()).unwrap().execute_batch(statement).unwrap();
}

/// Opens the store for writing and keeps one more delivery.
fn keep_one_more(fixture: &Fixture) -> DeliveryId {
    let (writer, handle, _events) = fixture.open();
    let id = keep(&handle, captured("one more"));
    drop(handle);
    writer.join();
    id
}

fn body(fixture: &Fixture, id: i64) -> Bytes {
    fixture.reader().load(DeliveryId(id)).unwrap().unwrap().body
}

fn ids(fixture: &Fixture) -> Vec<i64> {
    fixture.reader().page(Page::After(DeliveryId(0)), 100).unwrap().iter().rev().map(|row| row.id.0).collect()
}

#[test]
fn rows_that_the_index_has_lost_come_back_from_the_log() {
    let fixture = Fixture::new();
    closed(&fixture, 5);
    let before: Vec<_> = (1..=5).map(|id| fixture.reader().load(DeliveryId(id)).unwrap()).collect();
    sql(&fixture, "DELETE FROM deliveries WHERE id > 2");
    assert_eq!(keep_one_more(&fixture), DeliveryId(6));
    let after: Vec<_> = (1..=5).map(|id| fixture.reader().load(DeliveryId(id)).unwrap()).collect();
    assert_eq!(after, before);
    assert_eq!(body(&fixture, 6), "one more");
}

#[test]
fn a_deleted_index_is_made_again_from_the_log_without_the_answers() {
    let fixture = Fixture::new();
    closed(&fixture, 3);
    let before = fixture.reader().load(DeliveryId(2)).unwrap().unwrap();
    for suffix in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{suffix}", fixture.location.file().display()));
    }
    assert_eq!(keep_one_more(&fixture), DeliveryId(4));
    let mut after = fixture.reader().load(DeliveryId(2)).unwrap().unwrap();
    assert_eq!((after.answer.take(), after.summary.answer.take()), (None, None));
    after.answer = before.answer.clone();
    after.summary.answer = before.summary.answer.clone();
    assert_eq!(after, before);
}

#[test]
fn a_record_torn_anywhere_hides_nothing_before_it() {
    let fixture = Fixture::new();
    let ends = closed(&fixture, 3);
    let whole = std::fs::read(log(&fixture)).unwrap();
    let length = ends[2] - ends[1];
    // A power cut loses the row first: it is never on disk before its record.
    for cut in (0..length).step_by(61).chain([1, 51, 52, length - 1]) {
        std::fs::write(log(&fixture), &whole[..(ends[1] + cut) as usize]).unwrap();
        let _ = std::fs::remove_file(fixture.location.segment(2));
        // It was never on disk.
        std::fs::remove_file(fixture.location.progress()).unwrap();
        sql(&fixture, "DELETE FROM deliveries WHERE id > 2");
        assert_eq!(keep_one_more(&fixture), DeliveryId(3), "cut at {cut}");
        assert_eq!(ids(&fixture), [1, 2, 3], "cut at {cut}");
        assert_eq!([body(&fixture, 1), body(&fixture, 2), body(&fixture, 3)], ["body 0", "body 1", "one more"]);
        assert_eq!(std::fs::metadata(log(&fixture)).unwrap().len() > ends[1] + cut, cut == 0, "cut at {cut}");
    }
}

#[test]
fn a_writer_that_was_killed_leaves_room_and_the_next_goes_on_in_it() {
    let fixture = Fixture::new();
    let ends = closed(&fixture, 3);
    let whole = std::fs::read(log(&fixture)).unwrap();
    assert_eq!(whole.len() as u64, ends[2], "a store that was closed has no room");
    for (room, removed) in [(1_usize, 0), (60, 1), (4096, 3), (600_000, 2)] {
        std::fs::write(log(&fixture), [&whole[..], &vec![0; room]].concat()).unwrap();
        sql(&fixture, &format!("DELETE FROM deliveries WHERE id > {}", 3 - removed));
        let (writer, handle, _events) = fixture.open();
        assert_eq!(writer.losses(), []);
        assert_eq!(keep(&handle, captured("one more")), DeliveryId(4));
        drop(handle);
        writer.join();
        assert_eq!(ids(&fixture), [1, 2, 3, 4]);
        assert_eq!(body(&fixture, 4), "one more");
        assert!(std::fs::read(log(&fixture)).unwrap().starts_with(&whole));
        assert!(!fixture.location.segment(2).exists());
        // As before the fourth.
        sql(&fixture, "DELETE FROM deliveries WHERE id > 3");
        std::fs::remove_file(fixture.location.progress()).unwrap();
    }
}

/// By whoever adds something to the file of a writer that was killed.
#[test]
fn what_lies_behind_room_is_taken_as_if_it_lay_behind_the_last_record() {
    for (foreign, is_lost) in [(&b"torn"[..], false), (&[7; 4000], true)] {
        for room in [0, 100, 70_000] {
            let fixture = Fixture::new();
            let ends = closed(&fixture, 3);
            let whole = std::fs::read(log(&fixture)).unwrap();
            std::fs::write(log(&fixture), [&whole[..], &vec![0; room], foreign].concat()).unwrap();
            let (writer, handle, _events) = fixture.open();
            let lost = of_log(writer.losses());
            let losses: Vec<_> = lost.iter().map(|loss| (loss.position, loss.bytes, loss.after.0)).collect();
            let expected = is_lost.then_some((ends[2] + room as u64, foreign.len() as u64, 3));
            assert_eq!(losses, Vec::from_iter(expected), "{room}");
            let id = keep(&handle, captured("one more"));
            assert_eq!(id, DeliveryId(if is_lost { 4 + 4000 / 128 } else { 4 }), "{room}");
            drop(handle);
            writer.join();
            assert_eq!(body(&fixture, id.0), "one more");
            assert_eq!(body(&fixture, 3), "body 2");
        }
    }
}

#[test]
fn a_record_that_was_overwritten_by_zeros_is_a_loss() {
    for (from, to) in [(1, 2), (1, 3), (0, 2)] {
        let fixture = Fixture::new();
        let ends = [&[0][..], &closed(&fixture, 4)].concat();
        let mut damaged = std::fs::read(log(&fixture)).unwrap();
        damaged[ends[from] as usize..ends[to] as usize].fill(0);
        std::fs::write(log(&fixture), &damaged).unwrap();
        std::fs::remove_file(fixture.location.file()).unwrap();
        let (writer, _handle, _events) = fixture.open();
        let lost = of_log(writer.losses());
        let expected = (ends[from], ends[to] - ends[from], DeliveryId(from as i64), Some(DeliveryId(to as i64 + 1)));
        assert_eq!(
            lost.iter().map(|loss| (loss.position, loss.bytes, loss.after, loss.before)).collect::<Vec<_>>(),
            [expected]
        );
    }
}

#[test]
fn a_record_that_ends_in_zeros_is_whole_with_room_behind_it_or_none() {
    for room in [0, 1, 5000] {
        let fixture = Fixture::new();
        let (writer, handle, _events) = fixture.open();
        let zeros = Captured { framing: WireFraming::NONE, ..captured(vec![0; 100]) };
        keep(&handle, zeros);
        drop(handle);
        writer.join();
        let whole = std::fs::read(log(&fixture)).unwrap();
        assert!(whole.ends_with(&[0; 100]));
        std::fs::write(log(&fixture), [&whole[..], &vec![0; room]].concat()).unwrap();
        std::fs::remove_file(fixture.location.file()).unwrap();
        assert_eq!(keep_one_more(&fixture), DeliveryId(2), "{room}");
        assert_eq!(body(&fixture, 1), vec![0; 100]);
        assert_eq!(body(&fixture, 2), "one more");
        assert!(!fixture.location.segment(2).exists(), "{room}");
    }
}

/// A power cut may have written any part of what was laid over the room.
#[test]
fn a_record_torn_anywhere_over_room_hides_nothing_and_is_no_loss() {
    let fixture = Fixture::new();
    let ends = closed(&fixture, 3);
    let whole = std::fs::read(log(&fixture)).unwrap();
    let (begin, length) = (ends[1] as usize, (ends[2] - ends[1]) as usize);
    for cut in (0..length).step_by(61).chain([1, 51, 52, 60, 61, length - 1]) {
        let mut torn = [&whole[..], &[0; 10_000]].concat();
        torn[begin + cut..ends[2] as usize].fill(0);
        std::fs::write(log(&fixture), &torn).unwrap();
        let _ = std::fs::remove_file(fixture.location.segment(2));
        std::fs::remove_file(fixture.location.progress()).unwrap();
        sql(&fixture, "DELETE FROM deliveries WHERE id > 2");
        let (writer, handle, _events) = fixture.open();
        assert_eq!(writer.losses(), [], "cut at {cut}");
        assert_eq!(keep(&handle, captured("one more")), DeliveryId(3), "cut at {cut}");
        drop(handle);
        writer.join();
        assert_eq!([body(&fixture, 1), body(&fixture, 2), body(&fixture, 3)], ["body 0", "body 1", "one more"]);
        assert_eq!(fixture.location.segment(2).exists(), cut != 0, "cut at {cut}");
    }
}

#[test]
fn a_torn_end_is_passed_over_when_the_index_is_made_again() {
    let fixture = Fixture::new();
    let ends = closed(&fixture, 3);
    let whole = std::fs::read(log(&fixture)).unwrap();
    std::fs::write(log(&fixture), &whole[..ends[2] as usize - 1]).unwrap();
    sql(&fixture, "DELETE FROM deliveries WHERE id > 2");
    std::fs::remove_file(fixture.location.progress()).unwrap();
    assert_eq!(keep_one_more(&fixture), DeliveryId(3));
    std::fs::remove_file(fixture.location.file()).unwrap();
    assert_eq!(keep_one_more(&fixture), DeliveryId(4));
    assert_eq!(body(&fixture, 2), "body 1");
    assert_eq!(body(&fixture, 3), "one more");
}

#[test]
fn rows_without_their_records_say_so_and_are_never_served_wrong() {
    let fixture = Fixture::new();
    let ends = closed(&fixture, 3);
    let file = std::fs::OpenOptions::new().write(true).open(log(&fixture)).unwrap();
    file.set_len(ends[0] + 10).unwrap();
    assert_eq!(keep_one_more(&fixture), DeliveryId(4));
    for id in [2, 3] {
        let error = fixture.reader().load(DeliveryId(id)).unwrap_err();
        assert!(matches!(error, StoreError::RecordLost { .. }), "{error}");
    }
    assert_eq!(body(&fixture, 1), "body 0");
    assert_eq!(body(&fixture, 4), "one more");
    std::fs::remove_file(log(&fixture)).unwrap();
    assert!(fixture.reader().load(DeliveryId(1)).is_err());
    assert_eq!(keep_one_more(&fixture), DeliveryId(5));
    assert_eq!(body(&fixture, 4), "one more");
}

#[test]
fn a_flipped_bit_is_reported_and_hides_no_other_record() {
    let fixture = Fixture::new();
    let ends = closed(&fixture, 3);
    let whole = std::fs::read(log(&fixture)).unwrap();
    for position in (ends[0]..ends[1]).step_by(3).chain([ends[1] - 1]) {
        let mut damaged = whole.clone();
        damaged[position as usize] ^= 1 << (position % 8);
        std::fs::write(log(&fixture), &damaged).unwrap();
        let error = fixture.reader().load(DeliveryId(2)).unwrap_err();
        assert!(matches!(error, StoreError::RecordLost { .. }), "{error}");
    }
    assert_eq!(body(&fixture, 3), "body 2");
    // The last of those flips was in the body: what follows is still found without the index.
    std::fs::remove_file(fixture.location.file()).unwrap();
    assert_eq!(keep_one_more(&fixture), DeliveryId(4));
    assert_eq!(ids(&fixture), [1, 3, 4]);
}

#[test]
fn a_segment_deleted_while_open_takes_nothing_more() {
    let fixture = Fixture::new();
    let (_writer, handle, _events) = fixture.open();
    keep(&handle, captured("{}"));
    std::fs::remove_file(log(&fixture)).unwrap();
    let refused = handle.keep(captured("{}")).unwrap().blocking_recv().unwrap().unwrap_err();
    assert!(matches!(*refused, StoreError::Vanished { .. }), "{refused}");
    assert_eq!(fixture.reader().count().unwrap(), 1);
}

#[test]
fn a_torn_record_that_was_answered_is_a_loss_and_keeps_its_number() {
    let fixture = Fixture::new();
    let ends = closed(&fixture, 3);
    let whole = std::fs::read(log(&fixture)).unwrap();
    std::fs::write(log(&fixture), &whole[..ends[2] as usize - 1]).unwrap();
    sql(&fixture, "DELETE FROM deliveries WHERE id > 2");
    let (writer, handle, _events) = fixture.open();
    let [loss] = of_log(writer.losses())[..] else { panic!("{:?}", writer.losses()) };
    assert_eq!((loss.after, loss.before), (DeliveryId(2), None));
    assert_eq!(keep(&handle, captured("one more")), DeliveryId(4));
    assert_eq!(ids(&fixture), [1, 2, 4]);
}

#[test]
fn a_row_added_by_hand_gives_way_to_what_the_log_holds() {
    let fixture = Fixture::new();
    let (writer, handle, _events) = fixture.open();
    keep(&handle, captured("first"));
    sql(
        &fixture,
        "INSERT INTO deliveries SELECT 2, 0, '', '', '', NULL, 'complete', '', NULL, NULL, NULL, NULL, NULL,
        NULL, 'no_secret', NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, 1, 0, 0, 0",
    );
    assert_eq!(keep(&handle, captured("kept")), DeliveryId(2));
    assert_eq!(keep(&handle, captured("and on")), DeliveryId(3));
    drop(handle);
    writer.join();
    assert_eq!([body(&fixture, 2), body(&fixture, 3)], ["kept", "and on"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]

    #[test]
    fn any_bytes_as_a_log_are_survived(garbage: Vec<u8>, behind_a_record: bool) {
        let fixture = Fixture::new();
        closed(&fixture, 1);
        let whole = std::fs::read(log(&fixture)).unwrap();
        let bytes = if behind_a_record { [&whole[..], &garbage].concat() } else { garbage };
        std::fs::write(log(&fixture), &bytes).unwrap();
        let next = keep_one_more(&fixture);
        prop_assert_eq!(next, DeliveryId(2));
        prop_assert_eq!(body(&fixture, 2), "one more");
        prop_assert_eq!(fixture.reader().load(DeliveryId(1)).is_ok(), behind_a_record);
        std::fs::remove_file(fixture.location.file()).unwrap();
        prop_assert!(keep_one_more(&fixture) > DeliveryId(1));
    }
}
