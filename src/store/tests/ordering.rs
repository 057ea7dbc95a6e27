//! The store in other orders: as if every matching delivery were read whole and sorted.

use std::cmp::Ordering;

use super::search::mixed;
use super::*;
use crate::delivery::Summary;
use crate::query::{ListOrder, OrderKey, Query, Sorting};

fn ids(reader: &Reader, filter: &str, sorting: Sorting) -> Vec<i64> {
    let query = Query::parse(filter).unwrap();
    let order = reader.order(&query, sorting, Timestamp::now(), usize::MAX, |_| true).unwrap().unwrap();
    assert!(!order.is_cut);
    order.ids.into_iter().map(|id| id.0).collect()
}

/// What a person expects: by the key, what has none last, of equal ones the newest first.
fn compare(left: &Summary, right: &Summary, sorting: Sorting) -> Ordering {
    let by_key = match (sorting.order.key(left), sorting.order.key(right)) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => return Ordering::Greater,
        (Some(_), None) => return Ordering::Less,
        (Some(OrderKey::Number(left)), Some(OrderKey::Number(right))) => left.cmp(&right),
        (Some(OrderKey::Falling(left)), Some(OrderKey::Falling(right))) => right.cmp(&left),
        (Some(OrderKey::Text(left)), Some(OrderKey::Text(right))) => {
            (left.to_lowercase(), left).cmp(&(right.to_lowercase(), right))
        }
        mixed => panic!("{mixed:?}"),
    };
    let by_key = if sorting.reversed { by_key.reverse() } else { by_key };
    by_key.then(right.id.cmp(&left.id))
}

#[test]
fn every_order_is_that_of_the_whole_deliveries() {
    let fixture = mixed();
    let reader = fixture.reader();
    for filter in ["", "status:>=300", "path:/path/3 | verdict:verified"] {
        let query = Query::parse(filter).unwrap();
        let all = reader.search(&query, Timestamp::now(), Page::Newest, usize::MAX, usize::MAX).unwrap().rows;
        assert!(all.len() > 9, "{filter}: {}", all.len());
        for order in ListOrder::ALL {
            for reversed in [false, true] {
                let sorting = Sorting { order, reversed };
                let mut sorted = all.clone();
                sorted.sort_by(|left, right| compare(left, right, sorting));
                let expected: Vec<i64> = sorted.iter().map(|row| row.id.0).collect();
                assert_eq!(ids(&reader, filter, sorting), expected, "{filter} {sorting}");
            }
        }
    }
}

#[test]
fn the_newest_are_taken_when_there_are_too_many() {
    let fixture = mixed();
    let reader = fixture.reader();
    let sorting = Sorting { order: ListOrder::Oldest, reversed: false };
    let order = reader.order(&Query::default(), sorting, Timestamp::now(), 5, |_| true).unwrap().unwrap();
    assert!(order.is_cut);
    assert_eq!(order.newest, Some(DeliveryId(60)));
    assert_eq!(order.ids, [56, 57, 58, 59, 60].map(DeliveryId));
    let exact = reader.order(&Query::parse("id:56..").unwrap(), sorting, Timestamp::now(), 5, |_| true).unwrap();
    assert_eq!(exact.map(|order| (order.ids.len(), order.is_cut)), Some((5, false)));
}

#[test]
fn a_delivery_that_was_deleted_has_no_place() {
    let fixture = mixed();
    let (writer, handle, _events) = fixture.open();
    let gone = [59, 60].map(DeliveryId).to_vec();
    handle.mark(gone, crate::delivery::MarksEdit::Delete(true)).blocking_recv().unwrap().unwrap();
    let sorting = Sorting { order: ListOrder::Size, reversed: false };
    let listed = ids(&fixture.reader(), "id:57..", sorting);
    assert_eq!(listed, [58, 57]);
    drop(handle);
    writer.join();
}
