//! Deleting permanently, whenever it is interrupted.

mod failing;

use std::collections::BTreeMap;
use std::io::Write as _;

use proptest::prelude::*;

use super::*;
use crate::query::Query;
use crate::store::{DoomedDeliveries, Freed, PruneStage, Pruner, Retention, Thoroughness};

/// A store with `count` deliveries with answers, `per_segment` in each segment.
fn filled(count: usize, per_segment: usize) -> Fixture {
    let fixture = Fixture::new();
    let mut left = count;
    let mut number = 0;
    let mut segment = 1;
    while left > 0 {
        let (writer, handle, _events) = fixture.open();
        for _ in 0..left.min(per_segment) {
            number += 1;
            let id = keep(&handle, captured(body(number)));
            handle.answered(id, answer());
            handle.diagnosed(id, "{}".to_owned());
        }
        drop(handle);
        writer.join();
        left = left.saturating_sub(per_segment);
        // After a torn end the next segment begins.
        let path = fixture.location.segment(segment);
        std::fs::OpenOptions::new().append(true).open(path).unwrap().write_all(b"torn").unwrap();
        segment += 1;
    }
    fixture
}

fn body(id: i64) -> String {
    format!("{id} ").repeat(20 + usize::try_from(id).unwrap() * 3)
}

#[test]
fn the_writer_deletes_between_commits_what_somebody_names() {
    let fixture = filled(12, 4);
    let (writer, handle, events) = fixture.open();
    for id in 13..=16 {
        assert_eq!(keep_answered(&handle, id), DeliveryId(id));
    }
    // Of every segment, of the one that is written to as well; and what there is not.
    let odd: Vec<DeliveryId> = (1..=15).step_by(2).chain([99]).map(DeliveryId).collect();
    let pruning = handle.prune(odd);
    let all = handle.prune(vec![DeliveryId(16), DeliveryId(2)]);
    for id in 17..=20 {
        assert_eq!(keep_answered(&handle, id), DeliveryId(id));
    }
    let freed = pruning.blocking_recv().unwrap().unwrap();
    assert_eq!(freed.deliveries, 8);
    assert!(freed.bytes > 0);
    assert_eq!(all.blocking_recv().unwrap().unwrap().deliveries, 2);
    assert_eq!(handle.prune(vec![DeliveryId(1)]).blocking_recv().unwrap().unwrap(), Freed::default());
    let last = keep_answered(&handle, 21);
    drop(handle);
    writer.join();
    assert_eq!(last, DeliveryId(21));
    assert_eq!(readable(&fixture), [4, 6, 8, 10, 12, 14, 17, 18, 19, 20, 21]);
    let told: u64 =
        events.try_iter().map(|event| if let StoreEvent::Pruned(freed) = event { freed.deliveries } else { 0 }).sum();
    assert_eq!(told, 10);
    // Whoever watches is told after each segment, and ends it there.
    let (writer, handle, _events) = fixture.open();
    let mut told = Vec::new();
    let (seen, told_of) = std::sync::mpsc::channel();
    let watch = Box::new(move |freed: Freed| seen.send(freed.deliveries).is_err());
    let doomed = DoomedDeliveries { ids: (4..=14).map(DeliveryId).collect(), pinned: true };
    let some = handle.prune_watched(doomed, watch).blocking_recv().unwrap().unwrap();
    told.extend(told_of.try_iter());
    assert_eq!(told, [some.deliveries]);
    let left = readable(&fixture);
    assert!(some.deliveries > 0 && left.contains(&14) && !left.contains(&4), "{left:?}");
    drop(handle);
    writer.join();
    // The newest goes, and its number is not given again.
    let (writer, handle, _events) = fixture.open();
    handle.prune((1..=21).map(DeliveryId).collect()).blocking_recv().unwrap().unwrap();
    drop(handle);
    writer.join();
    let (writer, handle, _events) = fixture.open();
    assert_eq!(keep_answered(&handle, 22), DeliveryId(22));
    drop(handle);
    writer.join();
    assert_eq!(readable(&fixture), [22]);
}

#[test]
fn a_listener_deletes_what_is_too_much_behind_a_commit() {
    let fixture = filled(12, 4);
    let (told, events) = std::sync::mpsc::channel();
    let retention = Retention { keep: Some(3), ..Retention::default() };
    let observer = move |event| {
        if let StoreEvent::Retired(freed) = event {
            let _ = told.send(freed);
        }
    };
    let (writer, handle) = Writer::start_retaining(&fixture.location, retention, Duration::ZERO, observer).unwrap();
    let mut deleted = 0;
    let mut kept = 12;
    // Each commit may begin a look, or do what one has found: a look takes a moment.
    while deleted < 12 && kept < 5_000 {
        kept += 1;
        let id = keep(&handle, captured(body(kept)));
        assert_eq!(id, DeliveryId(kept), "no number is given twice");
        handle.answered(id, answer());
        deleted += events.try_iter().map(|freed| freed.deliveries).sum::<u64>();
    }
    assert!(deleted >= 12, "{deleted} of {kept} are gone");
    drop(handle);
    writer.join();
    let left = readable(&fixture);
    assert!(left.ends_with(&[kept - 2, kept - 1, kept]), "{left:?}");
    assert!(left.len() as i64 <= kept - 12, "{left:?}");
    // What follows goes on after them, in a segment that nobody replaces.
    let (writer, handle, _events) = fixture.open();
    assert_eq!(keep(&handle, captured(body(kept + 1))), DeliveryId(kept + 1));
    drop(handle);
    writer.join();
}

#[test]
fn without_bounds_nothing_is_looked_for() {
    let fixture = filled(4, 2);
    let (told, events) = std::sync::mpsc::channel();
    let observer = move |event| drop(told.send(event));
    let (writer, handle) =
        Writer::start_retaining(&fixture.location, Retention::default(), Duration::ZERO, observer).unwrap();
    for number in 5..40 {
        handle.answered(keep(&handle, captured(body(number))), answer());
    }
    drop(handle);
    writer.join();
    assert!(!events.iter().any(|event| matches!(event, StoreEvent::Retired(_))));
    assert_eq!(readable(&fixture).len(), 39);
}

fn ids(numbers: impl IntoIterator<Item = i64>) -> Vec<DeliveryId> {
    numbers.into_iter().map(DeliveryId).collect()
}

fn prune(fixture: &Fixture, doomed: &[DeliveryId]) -> Result<crate::store::Freed, StoreError> {
    Pruner::open(&fixture.location).unwrap().prune(doomed, Thoroughness::Exact, &mut |_| Ok(()))
}

/// Every delivery that can be read, its body checked.
fn readable(fixture: &Fixture) -> Vec<i64> {
    let reader = fixture.reader();
    let mut rows = reader.page(Page::Newest, 1000).unwrap();
    rows.reverse();
    for row in &rows {
        let delivery = reader.load(row.id).unwrap().unwrap();
        assert_eq!(delivery.body, body(row.id.0), "{}", row.id);
        assert_eq!(delivery.answer, Some(answer()), "{}", row.id);
    }
    rows.iter().map(|row| row.id.0).collect()
}

fn keep_one_more(fixture: &Fixture) -> i64 {
    let (writer, handle, _events) = fixture.open();
    let id = keep(&handle, captured("one more"));
    drop(handle);
    writer.join();
    id.0
}

fn keep_answered(handle: &WriterHandle, number: i64) -> DeliveryId {
    let id = keep(handle, captured(body(number)));
    handle.answered(id, answer());
    id
}

/// The log's bytes, all segments together.
fn log_bytes(fixture: &Fixture) -> Vec<u8> {
    let mut paths: Vec<_> =
        std::fs::read_dir(fixture.location.log()).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().flat_map(|path| std::fs::read(path).unwrap()).collect()
}

#[test]
fn what_is_pruned_is_gone_from_every_file_and_the_rest_stays() {
    let fixture = filled(30, 8);
    let secret = b"17 17 17 17 ";
    assert!(log_bytes(&fixture).windows(secret.len()).any(|part| part == secret));
    let freed = prune(&fixture, &ids((1..=10).chain([17, 25]))).unwrap();
    assert_eq!(freed.deliveries, 12);
    assert!(freed.bytes > 0);
    assert!(!log_bytes(&fixture).windows(secret.len()).any(|part| part == secret));
    let stays: Vec<i64> = (11..=30).filter(|id| ![17, 25].contains(id)).collect();
    assert_eq!(readable(&fixture), stays);
    assert!(!fixture.location.segment(1).exists());
    let connection = rusqlite::Connection::open(fixture.location.file()).unwrap();
    for table in ["deliveries", "answers", "diagnoses"] {
        let count: i64 = connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap();
        assert_eq!(count, 18, "{table}");
    }
    drop(connection);
    assert_eq!(keep_one_more(&fixture), 31);
}

#[test]
fn numbers_are_never_given_twice() {
    let fixture = filled(6, 3);
    prune(&fixture, &ids(1..=6)).unwrap();
    assert_eq!(fixture.reader().count().unwrap(), 0);
    assert_eq!(prune(&fixture, &ids(1..=6)).unwrap().deliveries, 0);
    // Even when the index is lost as well.
    std::fs::remove_file(fixture.location.file()).unwrap();
    assert_eq!(keep_one_more(&fixture), 7);
    prune(&fixture, &ids([7])).unwrap();
    assert_eq!(keep_one_more(&fixture), 8);
}

#[test]
fn the_index_can_be_made_again_from_a_pruned_log() {
    let fixture = filled(20, 6);
    prune(&fixture, &ids([2, 3, 7, 8, 9, 10, 11, 12, 19, 20])).unwrap();
    for suffix in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{suffix}", fixture.location.file().display()));
    }
    assert_eq!(keep_one_more(&fixture), 21);
    let reader = fixture.reader();
    let found: Vec<i64> = reader.page(Page::Newest, 100).unwrap().iter().rev().map(|row| row.id.0).collect();
    assert_eq!(found, [1, 4, 5, 6, 13, 14, 15, 16, 17, 18, 21]);
    for id in &found[..found.len() - 1] {
        assert_eq!(reader.load(DeliveryId(*id)).unwrap().unwrap().body, body(*id));
    }
}

#[cfg(unix)]
#[test]
fn what_root_makes_beside_a_store_belongs_to_its_owner() {
    use std::os::unix::fs::MetadataExt as _;
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let fixture = filled(6, 6);
    let user = 65_534;
    let owner = |path: &std::path::Path| std::fs::metadata(path).unwrap().uid();
    let all = || {
        let beside = std::fs::read_dir(fixture.location.file().parent().unwrap()).unwrap();
        let within = std::fs::read_dir(fixture.location.log()).unwrap();
        beside.chain(within).map(|entry| entry.unwrap().path()).filter(|path| path.is_file()).collect::<Vec<_>>()
    };
    for path in all() {
        // A user namespace may have no other user.
        if std::os::unix::fs::chown(&path, Some(user), Some(user)).is_err() {
            return;
        }
    }
    std::fs::remove_file(fixture.location.beside("-lock")).unwrap();
    prune(&fixture, &ids([2])).unwrap();
    let (writer, handle, _events) = fixture.open();
    handle.mark(ids([1]), crate::delivery::MarksEdit::Pin(true)).blocking_recv().unwrap().unwrap();
    keep(&handle, captured("another segment"));
    for path in all() {
        assert_eq!(owner(&path), user, "{}", path.display());
    }
    drop(handle);
    writer.join();
}

#[test]
fn a_lost_record_stays_lost_and_takes_nothing_with_it() {
    let fixture = filled(9, 3);
    let segment = fixture.location.segment(2);
    let whole = std::fs::read(&segment).unwrap();
    std::fs::write(&segment, &whole[..whole.len() / 2]).unwrap();
    std::fs::remove_file(fixture.location.segment(1)).unwrap();
    prune(&fixture, &ids([1, 4, 8])).unwrap();
    let reader = fixture.reader();
    for lost in [2, 3, 6] {
        assert!(matches!(reader.load(DeliveryId(lost)).unwrap_err(), StoreError::RecordLost { .. }), "{lost}");
    }
    for kept in [7, 9] {
        assert_eq!(reader.load(DeliveryId(kept)).unwrap().unwrap().body, body(kept));
    }
    assert_eq!(keep_one_more(&fixture), 10);
}

#[test]
fn it_needs_the_writer_s_place() {
    let fixture = filled(1, 1);
    let (_writer, _handle, _events) = fixture.open();
    assert!(matches!(Pruner::open(&fixture.location).unwrap_err(), StoreError::InUse { .. }));
}

#[test]
fn lazily_only_what_is_worth_a_copy_goes() {
    let fixture = filled(20, 10);
    let mut pruner = Pruner::open(&fixture.location).unwrap();
    let freed = pruner.prune(&ids((1..=10).chain([11])), Thoroughness::Lazy, &mut |_| Ok(())).unwrap();
    assert_eq!(freed.deliveries, 10);
    drop(pruner);
    assert_eq!(readable(&fixture), (11..=20).collect::<Vec<_>>());
}

#[test]
fn the_room_that_a_killed_writer_leaves_counts_for_nothing() {
    let fixture = filled(20, 10);
    let segment = std::fs::OpenOptions::new().append(true).open(fixture.location.segment(2)).unwrap();
    let written = segment.metadata().unwrap().len();
    segment.set_len(written + 512 * 1024).unwrap();
    let mut pruner = Pruner::open(&fixture.location).unwrap();
    let freed = pruner.prune(&ids(11..=15), Thoroughness::Lazy, &mut |_| Ok(())).unwrap();
    assert_eq!(freed.deliveries, 5);
    drop(pruner);
    assert_eq!(readable(&fixture), (1..=10).chain(16..=20).collect::<Vec<_>>());
    assert!(fixture.location.segment(2).metadata().unwrap().len() < written);
}

#[test]
fn a_plan_names_what_is_too_old_too_many_or_too_much() {
    let fixture = filled(10, 10);
    let reader = fixture.reader();
    let now = captured("").received_at + jiff::SignedDuration::from_hours(1);
    let plan = |retention: Retention, filter: &str| -> Vec<i64> {
        let plan = retention.plan(&reader, &Query::parse(filter).unwrap(), now).unwrap();
        plan.doomed.iter().map(|id| id.0).collect()
    };
    let none = Retention::default();
    assert_eq!(plan(none, "id:..2"), [2, 1]);
    assert_eq!(plan(Retention { keep: Some(8), ..none }, ""), [2, 1]);
    assert_eq!(plan(Retention { keep: Some(0), ..none }, "").len(), 10);
    assert_eq!(plan(Retention { keep: Some(1), ..none }, "id:4..5"), [4]);
    assert!(plan(Retention { older_than: Some(Duration::from_secs(3601)), ..none }, "").is_empty());
    assert_eq!(plan(Retention { older_than: Some(Duration::from_secs(3599)), ..none }, "").len(), 10);
    let two = reader.record_bytes(DeliveryId(10)).unwrap() + reader.record_bytes(DeliveryId(9)).unwrap();
    assert_eq!(plan(Retention { max_bytes: Some(two), ..none }, ""), [8, 7, 6, 5, 4, 3, 2, 1]);
    assert_eq!(plan(Retention { max_bytes: Some(two - 1), ..none }, "").len(), 9);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn whatever_is_pruned_the_rest_is_what_it_was(
        rounds in proptest::collection::vec((proptest::collection::btree_set(1_i64..25, 0..12), 0_usize..12), 1..4),
        per_segment in 1_usize..9,
    ) {
        let fixture = filled(24, per_segment);
        let mut left: BTreeMap<i64, ()> = (1..=24).map(|id| (id, ())).collect();
        for (doomed, cut) in rounds {
            let mut stages = 0;
            let all = ids(doomed.iter().copied());
            let mut pruner = Pruner::open(&fixture.location).unwrap();
            let _ = pruner.prune(&all, Thoroughness::Exact, &mut |_| {
                stages += 1;
                if stages > cut { Err(StoreError::Stopped) } else { Ok(()) }
            });
            drop(pruner);
            let now = readable(&fixture);
            prop_assert!(left.keys().all(|id| doomed.contains(id) || now.contains(id)));
            left.retain(|id, ()| now.contains(id));
            prop_assert_eq!(left.len(), now.len());
        }
        prop_assert_eq!(keep_one_more(&fixture), 25);
    }
}
