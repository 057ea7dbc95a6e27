//! Rows that cannot be read, in between others.

use super::*;
use crate::query::{ListOrder, Query, Sorting};

/// Six deliveries, of which the second and the fifth cannot be read, each in its own way.
fn damaged() -> Fixture {
    let fixture = Fixture::new();
    let (writer, handle, _events) = fixture.open();
    for id in 1..=6 {
        assert_eq!(keep(&handle, captured("x")), DeliveryId(id));
    }
    drop(handle);
    writer.join();
    change(&fixture, "UPDATE deliveries SET verdict = 'odd' WHERE id = 2");
    change(&fixture, "UPDATE deliveries SET path = CAST(x'ff' AS TEXT) WHERE id = 5");
    fixture
}

fn told(reader: &Reader) -> Vec<String> {
    reader.take_unreadable().iter().map(ToString::to_string).collect()
}

#[test]
fn what_cannot_be_read_hides_nothing_else_and_is_told_once() {
    let fixture = damaged();
    for page in [Page::Newest, Page::After(DeliveryId(0)), Page::Before(DeliveryId(7))] {
        let reader = fixture.reader();
        let ids: Vec<i64> = reader.page(page, 10).unwrap().iter().map(|row| row.id.0).collect();
        assert_eq!(ids, [6, 4, 3, 1], "{page:?}");
        let mut told_now = told(&reader);
        told_now.sort();
        assert_eq!(told_now.len(), 2, "{told_now:?}");
        assert!(told_now[0].starts_with("delivery 2: column verdict"), "{told_now:?}");
        assert!(told_now[1].starts_with("delivery 5: its row"), "{told_now:?}");
        reader.page(page, 10).unwrap();
        assert!(told(&reader).is_empty());
    }
}

#[test]
fn a_limit_counts_what_can_be_read() {
    let reader = damaged().reader();
    let ids = |page, limit| -> Vec<i64> { reader.page(page, limit).unwrap().iter().map(|row| row.id.0).collect() };
    assert_eq!(ids(Page::Newest, 3), [6, 4, 3]);
    assert_eq!(ids(Page::After(DeliveryId(1)), 2), [4, 3]);
}

#[test]
fn a_search_passes_over_what_it_asks_for_and_cannot_read() {
    let fixture = damaged();
    let search = |text: &str| -> (Vec<i64>, usize) {
        let reader = fixture.reader();
        let query = Query::parse(text).unwrap();
        let scan = reader.search(&query, Timestamp::UNIX_EPOCH, Page::Newest, 100, 100).unwrap();
        (scan.rows.iter().map(|row| row.id.0).collect(), reader.take_unreadable().len())
    };
    // The filter asks for the column itself; for another one, it is met when the row that matches is read whole.
    assert_eq!(search("-path:/nowhere"), (vec![6, 4, 3, 1], 2));
    assert_eq!(search("-verdict:unsigned"), (vec![6, 4, 3, 1], 2));
    assert_eq!(search("id:2"), (vec![], 1));
    let order = fixture.reader().order(
        &Query::default(),
        Sorting { order: ListOrder::Path, reversed: false },
        Timestamp::UNIX_EPOCH,
        100,
        |_| true,
    );
    assert_eq!(order.unwrap().unwrap().ids.len(), 5);
}
