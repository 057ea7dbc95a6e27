//! Pins, notes, tags and deletions: kept beside the log, found by filters, and there again with a new index.

use super::*;
use crate::delivery::{Marks, MarksEdit};
use crate::query::Query;
use crate::store::{DoomedDeliveries, Pruner, Retention, Thoroughness};

fn mark(handle: &WriterHandle, ids: &[i64], edit: MarksEdit) -> usize {
    handle.mark(ids.iter().copied().map(DeliveryId).collect(), edit).blocking_recv().unwrap().unwrap()
}

/// Five deliveries, of which 2 is pinned, 3 has a note and a tag, and 4 was diagnosed.
fn marked() -> Fixture {
    let fixture = Fixture::new();
    let (writer, handle, _events) = fixture.open();
    for number in 1..=5 {
        keep(&handle, captured(format!("{number}")));
    }
    assert_eq!(mark(&handle, &[2], MarksEdit::Pin(true)), 1);
    assert_eq!(mark(&handle, &[2], MarksEdit::Pin(true)), 0, "nothing changes");
    assert_eq!(mark(&handle, &[3, 77], MarksEdit::Note("ask \"them\"\n".to_owned())), 1);
    assert_eq!(mark(&handle, &[3, 5], MarksEdit::Tag("odd".to_owned())), 2);
    assert_eq!(mark(&handle, &[5], MarksEdit::Untag("odd".to_owned())), 1);
    handle.diagnosed(
        DeliveryId(4),
        r#"{"causes":[{"changes":[{"code":"body_newline"},{"code":"secret_quoted"}]},{"changes":[{"code":"stale"}]}]}"#
            .to_owned(),
    );
    drop(handle);
    writer.join();
    fixture
}

fn found(fixture: &Fixture, filter: &str) -> Vec<i64> {
    let query = Query::parse(filter).unwrap();
    let scan = fixture.reader().search(&query, Timestamp::UNIX_EPOCH, Page::Newest, 100, 100).unwrap();
    scan.rows.iter().map(|row| row.id.0).collect()
}

fn check(fixture: &Fixture) {
    let summary = |id| fixture.reader().summary(DeliveryId(id)).unwrap().unwrap();
    assert_eq!(summary(2).marks, Marks { pinned: true, ..Marks::default() });
    let noted = Marks { pinned: false, note: Some("ask \"them\"".to_owned()), tags: vec!["odd".to_owned()] };
    assert_eq!(summary(3).marks, noted);
    assert!(summary(5).marks.is_empty());
    assert_eq!((found(fixture, "is:pinned"), found(fixture, "has:note tag:odd")), (vec![2], vec![3]));
    assert_eq!(found(fixture, "them | is:pinned"), [3, 2]);
}

#[test]
fn they_are_found_and_survive_a_new_index() {
    let fixture = marked();
    check(&fixture);
    assert_eq!(found(&fixture, "cause:body"), [4]);
    assert_eq!(found(&fixture, "cause:secret_quoted !cause:stale"), [4]);
    assert_eq!(
        fixture.reader().summary(DeliveryId(4)).unwrap().unwrap().cause.as_deref(),
        Some("body_newline+secret_quoted")
    );
    for suffix in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(fixture.location.beside(suffix));
    }
    drop(fixture.open());
    check(&fixture);
}

#[test]
fn what_a_power_cut_took_from_the_index_comes_back() {
    let fixture = marked();
    let connection = rusqlite::Connection::open(fixture.location.file()).unwrap();
    connection.execute_batch("DELETE FROM marks; UPDATE marks_file SET bytes = 10").unwrap();
    drop(connection);
    drop(fixture.open());
    check(&fixture);
}

#[test]
fn a_torn_or_damaged_line_spoils_no_other() {
    let fixture = marked();
    let path = fixture.location.marks();
    let mut content = std::fs::read(&path).unwrap();
    content.splice(0..0, *b"00000000 {\"id\":1,\"pinned\":true}\nnonsense\n");
    content.extend_from_slice(b"12345678 {\"id\":1,\"pin");
    std::fs::write(&path, content).unwrap();
    let (writer, handle, _events) = fixture.open();
    check(&fixture);
    assert_eq!(mark(&handle, &[1], MarksEdit::Tag("later".to_owned())), 1);
    drop(handle);
    writer.join();
    let connection = rusqlite::Connection::open(fixture.location.file()).unwrap();
    connection.execute_batch("DELETE FROM marks_file").unwrap();
    drop(connection);
    drop(fixture.open());
    assert_eq!(found(&fixture, "has:tag"), [3, 1]);
}

#[test]
fn many_changes_leave_a_short_file() {
    let fixture = marked();
    let (writer, handle, _events) = fixture.open();
    for number in 0..40 {
        mark(&handle, &[1, 2, 3, 4, 5], MarksEdit::Note(format!("{number} {}", "x".repeat(500))));
    }
    drop(handle);
    writer.join();
    let length = || std::fs::metadata(fixture.location.marks()).unwrap().len();
    let before = length();
    drop(fixture.open());
    assert!(length() < before / 4, "{} of {before}", length());
    assert_eq!(found(&fixture, "note:39"), [5, 4, 3, 2, 1]);
    assert_eq!(found(&fixture, "is:pinned"), [2]);
}

#[test]
fn a_deletion_can_be_undone_until_the_writer_ends() {
    let fixture = marked();
    let (writer, handle, _events) = fixture.open();
    assert_eq!(mark(&handle, &[1, 5], MarksEdit::Delete(true)), 2);
    let reader = fixture.reader();
    assert_eq!(
        (found(&fixture, ""), found(&fixture, "post"), reader.count().unwrap()),
        (vec![4, 3, 2], vec![4, 3, 2], 3)
    );
    assert_eq!(reader.count_from(DeliveryId(0), DeliveryId(9), 100).unwrap(), (3, Some(DeliveryId(4))));
    assert!(reader.load(DeliveryId(1)).unwrap().is_none() && reader.summary(DeliveryId(5)).unwrap().is_none());
    assert_eq!(mark(&handle, &[1], MarksEdit::Delete(false)), 1);
    assert_eq!(
        (found(&fixture, ""), reader.load(DeliveryId(1)).unwrap().unwrap().body),
        (vec![4, 3, 2, 1], "1".into())
    );
    drop(reader);
    drop(handle);
    writer.join();
    let bytes = std::fs::read(fixture.location.segment(1)).unwrap();
    let connection = rusqlite::Connection::open(fixture.location.file()).unwrap();
    let rows: i64 = connection.query_row("SELECT count(*) FROM deliveries", [], |row| row.get(0)).unwrap();
    let hidden: i64 = connection.query_row("SELECT count(*) FROM deleted", [], |row| row.get(0)).unwrap();
    assert_eq!((rows, hidden), (4, 0));
    assert!(!bytes.windows(2).any(|part| part == b"5\x00"), "the body is gone from the log");
    // Its number is not given again.
    let (_writer, handle, _events) = fixture.open();
    assert_eq!(keep(&handle, captured("next")), DeliveryId(6));
}

#[test]
fn a_brief_writer_leaves_what_was_deleted() {
    let fixture = marked();
    for (edit, deleted) in [(MarksEdit::Delete(true), vec![5, 1]), (MarksEdit::Pin(true), vec![5, 1])] {
        let (writer, handle) = Writer::start_briefly(&fixture.location).unwrap();
        mark(&handle, &[1, 5], edit);
        drop(handle);
        writer.join();
        assert_eq!(fixture.reader().deleted().unwrap().iter().map(|id| id.0).collect::<Vec<_>>(), deleted);
    }
    let (writer, handle) = Writer::start_briefly(&fixture.location).unwrap();
    assert_eq!(mark(&handle, &[5], MarksEdit::Delete(false)), 1);
    drop(handle);
    writer.join();
    assert_eq!(found(&fixture, "is:pinned"), [5, 2]);
    assert_eq!(fixture.reader().pinned().unwrap(), [5, 2, 1].map(DeliveryId));
    let (writer, handle, events) = fixture.open();
    assert_eq!((mark(&handle, &[5], MarksEdit::Pin(true)), mark(&handle, &[5], MarksEdit::Pin(false))), (0, 1));
    drop(handle);
    writer.join();
    let told = events.try_iter().filter(|event| matches!(event, StoreEvent::Marked)).count();
    assert_eq!(told, 1, "only of what has changed");
    assert_eq!(fixture.reader().deleted().unwrap(), []);
}

#[test]
fn after_a_kill_it_stays_deleted_and_goes_with_the_next_pruning() {
    let fixture = marked();
    let (writer, handle, _events) = fixture.open();
    assert_eq!(mark(&handle, &[1], MarksEdit::Delete(true)), 1);
    // As a kill leaves it: the store is copied while it is open.
    let copy = Fixture::new();
    std::fs::create_dir_all(copy.location.log()).unwrap();
    for (from, to) in [
        (fixture.location.segment(1), copy.location.segment(1)),
        (fixture.location.key(), copy.location.key()),
        (fixture.location.marks(), copy.location.marks()),
    ] {
        std::fs::copy(from, to).unwrap();
    }
    drop(handle);
    writer.join();
    let mut pruner = Pruner::open(&copy.location).unwrap();
    assert_eq!(found(&copy, ""), [5, 4, 3, 2]);
    let freed = pruner.prune(&[], Thoroughness::Exact, &mut |_| Ok(())).unwrap();
    assert_eq!(freed.deliveries, 1);
}

#[test]
fn retention_keeps_what_is_pinned() {
    let fixture = marked();
    let reader = fixture.reader();
    let plan = |retention: Retention, filter: &str| {
        let query = Query::parse(filter).unwrap();
        retention.plan(&reader, &query, Timestamp::UNIX_EPOCH).unwrap().doomed.iter().map(|id| id.0).collect::<Vec<_>>()
    };
    let all = Retention { keep: Some(0), ..Retention::default() };
    assert_eq!((plan(all, ""), plan(all, "post")), (vec![5, 4, 3, 1], vec![5, 4, 3, 1]));
    assert_eq!(plan(Retention { pinned: true, ..all }, ""), [5, 4, 3, 2, 1]);
    assert!(Retention { pinned: true, ..Retention::default() }.is_empty());
}

#[test]
fn the_causes_of_an_older_store_are_known() {
    let fixture = marked();
    let connection = rusqlite::Connection::open(fixture.location.file()).unwrap();
    connection
        .execute_batch(
            "INSERT INTO diagnoses VALUES (1, 'not JSON'), (2, '{}'), (3, '{\"causes\":[{\"changes\":[1, {\"code\":2}]}]}');
            DROP TABLE causes; DROP TABLE marks; DROP TABLE deleted; DROP TABLE marks_file; PRAGMA user_version = 3",
        )
        .unwrap();
    drop(connection);
    // As it is, by a reader; and migrated.
    assert_eq!((found(&fixture, "cause:body"), found(&fixture, "is:pinned")), (vec![4], Vec::new()));
    drop(fixture.open());
    assert_eq!(found(&fixture, "cause:body"), [4]);
    check(&fixture);
}

#[test]
fn what_needs_an_explanation_is_told_the_newest_first() {
    let fixture = Fixture::new();
    let (writer, handle, _events) = fixture.open();
    for verdict in
        [Verdict::Mismatch, Verdict::Verified, Verdict::NoSecret, Verdict::MissingSignature, Verdict::Mismatch]
    {
        let mut delivery = captured("x");
        delivery.judgement.verdict = verdict;
        keep(&handle, delivery);
    }
    handle.diagnosed(DeliveryId(5), "{}".to_owned());
    drop(handle);
    writer.join();
    let reader = fixture.reader();
    let told = |after, reach, seen: &[i64]| {
        let seen = seen.iter().copied().map(DeliveryId).collect();
        reader
            .unexplained((DeliveryId(after), reach), 100, &seen, 10)
            .unwrap()
            .iter()
            .map(|id| id.0)
            .collect::<Vec<_>>()
    };
    assert_eq!((told(0, 100, &[]), told(0, 2, &[]), told(0, 100, &[4])), (vec![4, 1], vec![4], vec![1]));
    assert_eq!((told(1, 100, &[]), told(3, 1, &[]), told(4, 100, &[])), (vec![4], vec![], vec![]));
}

#[test]
fn an_edit_waits_for_another_program_s_lock() {
    let fixture = marked();
    let (writer, handle, _events) = fixture.open();
    let other = rusqlite::Connection::open(fixture.location.file()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let marking = handle.mark(vec![DeliveryId(1)], MarksEdit::Pin(true));
    std::thread::sleep(Duration::from_millis(300));
    other.execute_batch("COMMIT").unwrap();
    assert_eq!(marking.blocking_recv().unwrap().unwrap(), 1);
    drop(handle);
    writer.join();
    assert_eq!(found(&fixture, "is:pinned"), [2, 1]);
}

#[test]
fn an_edit_that_fails_leaves_nothing_in_the_file() {
    let fixture = marked();
    let (writer, handle, _events) = fixture.open();
    let length = || std::fs::metadata(fixture.location.marks()).unwrap().len();
    let before = length();
    let other = rusqlite::Connection::open(fixture.location.file()).unwrap();
    // The line is in the file by then.
    other.execute_batch("ALTER TABLE marks_file RENAME TO gone").unwrap();
    let failed = handle.mark(vec![DeliveryId(1), DeliveryId(5)], MarksEdit::Pin(true)).blocking_recv().unwrap();
    let words = failed.unwrap_err().to_string();
    assert!(words.contains("store.db: cannot change the marks: "), "{words}");
    assert_eq!(length(), before);
    other.execute_batch("ALTER TABLE gone RENAME TO marks_file").unwrap();
    assert_eq!(mark(&handle, &[4], MarksEdit::Tag("later".to_owned())), 1);
    drop(handle);
    writer.join();
    // From the file alone.
    other.execute_batch("DELETE FROM marks_file").unwrap();
    drop(other);
    drop(fixture.open());
    assert_eq!((found(&fixture, "is:pinned"), found(&fixture, "tag:later")), (vec![2], vec![4]));
}

/// A marked store that no writer has open, with 1 deleted, and the words of what is lost when one opens it.
fn marked_and_deleted() -> Fixture {
    let fixture = marked();
    let (writer, handle) = Writer::start_briefly(&fixture.location).unwrap();
    assert_eq!(mark(&handle, &[1], MarksEdit::Delete(true)), 1);
    drop(handle);
    writer.join();
    fixture
}

fn reopened(fixture: &Fixture) -> Vec<String> {
    let (writer, handle) = Writer::start_briefly(&fixture.location).unwrap();
    let lost = writer.losses().iter().map(ToString::to_string).collect();
    drop(handle);
    writer.join();
    lost
}

fn delete_index(fixture: &Fixture) {
    for suffix in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(fixture.location.beside(suffix));
    }
}

#[rstest]
#[case::missing("is missing", |_| None)]
#[case::empty("is damaged", |_| Some(Vec::new()))]
#[case::zeros("is damaged", |content: Vec<u8>| Some(vec![0; content.len()]))]
#[case::cut("is damaged", |content: Vec<u8>| Some(content[..120].to_vec()))]
#[case::without_its_last_line("is damaged", |content: Vec<u8>| {
    let end = memchr::memrchr(b'\n', &content[..content.len() - 1]).unwrap() + 1;
    Some(content[..end].to_vec())
})]
#[case::flipped_and_torn("is damaged", |mut content: Vec<u8>| {
    content[150] ^= 1;
    content.extend_from_slice(b"12345678 {\"id\":1,\"pin");
    Some(content)
})]
#[case::flipped_alone("is damaged", |mut content: Vec<u8>| {
    content[150] ^= 1;
    Some(content)
})]
#[case::another_store_s("belongs to another store", |_| {
    Some(std::fs::read(marked_and_deleted().location.marks()).unwrap())
})]
#[case::of_no_store("is damaged", |content: Vec<u8>| {
    let head = memchr::memchr(b'\n', &content).unwrap() + 1;
    Some(content[head..].to_vec())
})]
fn a_file_that_is_lost_is_written_again_from_the_index(
    #[case] harm: &str,
    #[case] change: impl Fn(Vec<u8>) -> Option<Vec<u8>>,
) {
    let fixture = marked_and_deleted();
    let path = fixture.location.marks();
    match change(std::fs::read(&path).unwrap()) {
        Some(content) => std::fs::write(&path, content).unwrap(),
        None => std::fs::remove_file(&path).unwrap(),
    }
    let told: Vec<String> = fixture.reader().losses().unwrap().iter().map(ToString::to_string).collect();
    let [words] = &told[..] else { panic!("{told:?}") };
    assert!(words.contains(&format!("marks {harm}: the index holds all pins")), "{words}");
    assert_eq!(reopened(&fixture), told, "once, by whoever mends it");
    assert_eq!(reopened(&fixture), Vec::<String>::new());
    assert_eq!(fixture.reader().losses().unwrap(), []);
    check(&fixture);
    assert_eq!(fixture.reader().deleted().unwrap(), [DeliveryId(1)]);
    // What is pinned stays, and all of it is in the file.
    delete_index(&fixture);
    let mut pruner = Pruner::open(&fixture.location).unwrap();
    assert_eq!(pruner.losses(), []);
    let all = Retention { keep: Some(0), ..Retention::default() };
    let plan = all.plan(&fixture.reader(), &Query::default(), Timestamp::UNIX_EPOCH).unwrap();
    assert_eq!(pruner.prune_planned(&plan, Thoroughness::Exact).unwrap().deliveries, 4);
    assert_eq!(found(&fixture, ""), [2]);
}

/// A line that a kill has left without its row, beside one that is damaged and has it.
#[test]
fn what_is_new_in_a_damaged_file_is_taken() {
    let fixture = marked_and_deleted();
    let older = std::fs::read(fixture.location.file()).unwrap();
    let (writer, handle) = Writer::start_briefly(&fixture.location).unwrap();
    assert_eq!(mark(&handle, &[4], MarksEdit::Pin(true)), 1);
    drop(handle);
    writer.join();
    std::fs::write(fixture.location.file(), older).unwrap();
    let mut content = std::fs::read(fixture.location.marks()).unwrap();
    content[150] ^= 1;
    std::fs::write(fixture.location.marks(), content).unwrap();
    assert_eq!(reopened(&fixture).len(), 1);
    delete_index(&fixture);
    assert_eq!(reopened(&fixture), Vec::<String>::new());
    assert_eq!(found(&fixture, "is:pinned"), [4, 2]);
}

#[test]
fn nothing_is_pruned_as_long_as_pins_are_in_doubt() {
    let fixture = marked_and_deleted();
    let path = fixture.location.marks();
    let mut content = std::fs::read(&path).unwrap();
    // The pin's line, of which nothing is left without the index.
    let at = memchr::memmem::find(&content, br#""id":2"#).unwrap();
    content[at] ^= 1;
    std::fs::write(&path, content).unwrap();
    delete_index(&fixture);
    for _ in 0..2 {
        let lost = reopened(&fixture);
        assert!(
            lost.len() == 1 && lost[0].contains("marks is damaged: pins, notes, tags or deletions may be lost"),
            "{lost:?}"
        );
        let told = fixture.reader().losses().unwrap();
        assert_eq!(told.iter().map(ToString::to_string).collect::<Vec<_>>(), lost);
    }
    assert_eq!((found(&fixture, "is:pinned"), found(&fixture, "tag:odd")), (vec![], vec![3]));
    let all = Retention { keep: Some(0), ..Retention::default() };
    let plan = all.plan(&fixture.reader(), &Query::default(), Timestamp::UNIX_EPOCH).unwrap();
    let mut pruner = Pruner::open(&fixture.location).unwrap();
    let refused = pruner.prune_planned(&plan, Thoroughness::Exact).unwrap_err().to_string();
    assert!(refused.starts_with("nothing was pruned: ") && refused.contains("delete the file"), "{refused}");
    drop(pruner);
    // Neither by retention, nor when the listener ends.
    let (writer, handle) = Writer::start_retaining(&fixture.location, all, Duration::ZERO, |_| {}).unwrap();
    assert_eq!(mark(&handle, &[2], MarksEdit::Pin(true)), 1);
    let doomed = DoomedDeliveries { ids: vec![DeliveryId(5)], pinned: false };
    assert!(handle.prune_watched(doomed, Box::new(|_| true)).blocking_recv().unwrap().is_err());
    drop(handle);
    writer.join();
    assert_eq!((found(&fixture, ""), fixture.reader().deleted().unwrap().len()), (vec![5, 4, 3, 2], 1));
    // As the words say.
    std::fs::remove_file(&path).unwrap();
    let lost = reopened(&fixture);
    assert!(lost.len() == 1 && lost[0].contains("marks is missing: the index holds all"), "{lost:?}");
    assert_eq!(reopened(&fixture), Vec::<String>::new());
    let mut pruner = Pruner::open(&fixture.location).unwrap();
    let plan = all.plan(&fixture.reader(), &Query::default(), Timestamp::UNIX_EPOCH).unwrap();
    pruner.prune_planned(&plan, Thoroughness::Exact).unwrap();
    assert_eq!(found(&fixture, ""), [2]);
}

#[test]
fn a_file_of_an_earlier_release_is_taken_over() {
    let fixture = marked();
    let path = fixture.location.marks();
    let content = std::fs::read(&path).unwrap();
    let head = memchr::memchr(b'\n', &content).unwrap() + 1;
    let old = &content[head..];
    std::fs::write(&path, old).unwrap();
    let sql = format!(
        "UPDATE marks_file SET bytes = {}; ALTER TABLE marks_file DROP COLUMN generation; PRAGMA user_version = 4",
        old.len()
    );
    rusqlite::Connection::open(fixture.location.file()).unwrap().execute_batch(&sql).unwrap();
    assert_eq!(fixture.reader().losses().unwrap(), []);
    let (writer, handle) = Writer::start_briefly(&fixture.location).unwrap();
    assert_eq!(writer.losses(), []);
    drop(handle);
    writer.join();
    check(&fixture);
    assert!(std::fs::read_to_string(&path).unwrap().lines().next().unwrap().contains(r#"{"store":""#));
    std::fs::remove_file(&path).unwrap();
    assert_eq!(reopened(&fixture).len(), 1);
    check(&fixture);
}

#[test]
fn an_index_that_is_older_than_the_file_is_brought_up_to_it() {
    let fixture = marked();
    let older = std::fs::read(fixture.location.file()).unwrap();
    let (writer, handle, _events) = fixture.open();
    assert_eq!(mark(&handle, &[2], MarksEdit::Pin(false)), 1);
    for number in 0..40 {
        mark(&handle, &[1, 3, 4, 5], MarksEdit::Note(format!("{number} {}", "x".repeat(500))));
    }
    drop(handle);
    writer.join();
    // Written again meanwhile.
    assert_eq!(reopened(&fixture), Vec::<String>::new());
    delete_index(&fixture);
    std::fs::write(fixture.location.file(), older).unwrap();
    assert_eq!(found(&fixture, "is:pinned"), [2]);
    assert_eq!(reopened(&fixture), Vec::<String>::new());
    assert_eq!((found(&fixture, "is:pinned"), found(&fixture, "note:39")), (vec![], vec![5, 4, 3, 1]));
}
