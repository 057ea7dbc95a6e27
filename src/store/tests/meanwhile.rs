//! What a person does between the planning of a pruning and the pruning itself.

use super::*;
use crate::delivery::MarksEdit;
use crate::query::Query;
use crate::store::{DoomedDeliveries, Freed, PrunePlan, Pruner, Retention, Thoroughness};

/// A store with twelve deliveries, four in each segment.
fn filled() -> Fixture {
    let fixture = Fixture::new();
    for segment in 1..=3 {
        let (writer, handle, _events) = fixture.open();
        for _ in 0..4 {
            handle.answered(keep(&handle, captured("some bytes")), answer());
        }
        drop(handle);
        writer.join();
        // After a torn end the next segment begins.
        let path = fixture.location.segment(segment);
        let mut file = std::fs::OpenOptions::new().append(true).open(path).unwrap();
        std::io::Write::write_all(&mut file, b"torn").unwrap();
    }
    fixture
}

fn ids(numbers: impl IntoIterator<Item = i64>) -> Vec<DeliveryId> {
    numbers.into_iter().map(DeliveryId).collect()
}

fn left(fixture: &Fixture) -> Vec<i64> {
    let reader = fixture.reader();
    let mut rows = reader.page(Page::Newest, 1000).unwrap();
    rows.reverse();
    rows.iter().for_each(|row| assert_eq!(reader.load(row.id).unwrap().unwrap().body, "some bytes"));
    rows.iter().map(|row| row.id.0).collect()
}

fn mark(handle: &WriterHandle, numbers: &[i64], edit: MarksEdit) -> usize {
    handle.mark(ids(numbers.iter().copied()), edit).blocking_recv().unwrap().unwrap()
}

fn mark_briefly(fixture: &Fixture, numbers: &[i64], edit: MarksEdit) {
    let (writer, handle) = Writer::start_briefly(&fixture.location).unwrap();
    assert_eq!(mark(&handle, numbers, edit), numbers.len());
    drop(handle);
    writer.join();
}

#[test]
fn what_is_pinned_after_the_plan_stays_unless_pinned_ones_were_meant() {
    let plan = |fixture: &Fixture, retention: Retention| -> PrunePlan {
        retention.plan(&fixture.reader(), &Query::default(), Timestamp::UNIX_EPOCH).unwrap()
    };
    let all = Retention { keep: Some(0), ..Retention::default() };
    for thoroughness in [Thoroughness::Exact, Thoroughness::Lazy] {
        let fixture = filled();
        let planned = plan(&fixture, all);
        // The newest of all among them.
        mark_briefly(&fixture, &[1, 6, 12], MarksEdit::Pin(true));
        let freed = Pruner::open(&fixture.location).unwrap().prune_planned(&planned, thoroughness).unwrap();
        assert_eq!((freed.deliveries, left(&fixture)), (9, vec![1, 6, 12]), "{thoroughness:?}");
        let planned = plan(&fixture, Retention { pinned: true, ..all });
        let freed = Pruner::open(&fixture.location).unwrap().prune_planned(&planned, thoroughness).unwrap();
        assert_eq!((freed.deliveries, left(&fixture)), (3, vec![]), "{thoroughness:?}");
    }
    let fixture = filled();
    let planned = PrunePlan::of(&fixture.reader(), &ids([3, 4, 7]), false).unwrap();
    mark_briefly(&fixture, &[3, 7], MarksEdit::Pin(true));
    mark_briefly(&fixture, &[7], MarksEdit::Pin(false));
    Pruner::open(&fixture.location).unwrap().prune_planned(&planned, Thoroughness::Exact).unwrap();
    assert_eq!(left(&fixture), [1, 2, 3, 5, 6, 8, 9, 10, 11, 12]);
    let (writer, handle, _events) = fixture.open();
    assert_eq!(keep(&handle, captured("some bytes")), DeliveryId(13), "no number is given twice");
    drop(handle);
    writer.join();
}

#[test]
fn retention_of_a_listener_acts_on_the_pins_of_that_moment() {
    let fixture = filled();
    let (told, events) = mpsc::channel();
    let observer = move |event| {
        if let StoreEvent::Retired(freed) = event {
            let _ = told.send(freed);
        }
    };
    let retention = Retention { keep: Some(1), ..Retention::default() };
    let (writer, handle) = Writer::start_retaining(&fixture.location, retention, Duration::ZERO, observer).unwrap();
    // The first job begins a look, and the next one takes what it has found: that of the pin itself.
    keep(&handle, captured("some bytes"));
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(mark(&handle, &[1, 2], MarksEdit::Pin(true)), 2);
    for _ in 0..500 {
        if events.try_recv().is_ok() {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
        mark(&handle, &[1], MarksEdit::Tag("again".to_owned()));
    }
    drop(handle);
    writer.join();
    assert_eq!(left(&fixture), [1, 2, 13]);
}

/// The watcher is asked between two segments, on the writer's own thread: what it queues is done before the next one.
fn between(fixture: &Fixture, doomed: DoomedDeliveries, edits: Vec<(Vec<DeliveryId>, MarksEdit)>) -> Freed {
    let (writer, handle, _events) = fixture.open();
    mark(&handle, &[2, 7, 10], MarksEdit::Delete(true));
    let (marks, mut edits) = (handle.clone(), Some(edits));
    let watch = Box::new(move |_| {
        for (ids, edit) in edits.take().into_iter().flatten() {
            drop(marks.mark(ids, edit));
        }
        true
    });
    let freed = handle.prune_watched(doomed, watch).blocking_recv().unwrap().unwrap();
    drop(handle);
    writer.join();
    freed
}

#[test]
fn what_is_brought_back_or_pinned_between_two_segments_stays() {
    let fixture = filled();
    let edits = vec![(ids([2, 7, 10]), MarksEdit::Delete(false)), (ids([6]), MarksEdit::Pin(true))];
    let freed = between(&fixture, DoomedDeliveries { ids: ids([1, 5, 6, 9]), pinned: false }, edits);
    // Those of the first segment were gone by then.
    assert_eq!((freed.deliveries, left(&fixture)), (4, vec![3, 4, 6, 7, 8, 10, 11, 12]));

    let fixture = filled();
    let edits = vec![(ids([6]), MarksEdit::Pin(true)), (ids([7]), MarksEdit::Delete(false))];
    between(&fixture, DoomedDeliveries { ids: ids([1, 5, 6, 7]), pinned: true }, edits);
    assert_eq!(left(&fixture), [3, 4, 8, 9, 11, 12], "by number, whatever it is");

    // A segment of which nothing goes any more is left as it is.
    let fixture = filled();
    let before = std::fs::metadata(fixture.location.segment(2)).unwrap().modified().unwrap();
    let edits = vec![(ids([7]), MarksEdit::Delete(false))];
    between(&fixture, DoomedDeliveries { ids: ids([1]), pinned: false }, edits);
    assert_eq!(left(&fixture), [3, 4, 5, 6, 7, 8, 9, 11, 12]);
    assert_eq!(std::fs::metadata(fixture.location.segment(2)).unwrap().modified().unwrap(), before);
}
