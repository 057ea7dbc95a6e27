//! What matches a filter, sorted, as long as the interface lists it so. It is sorted again when it has changed, and
//! never for more than a small part of the time: while deliveries pour in, the order is a little behind.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::delivery::{DeliveryId, Summary};
use crate::query::{Query, Sorting};
use crate::store::{Reader, StoreError, StoreOrder};
use crate::tui::screens::list::page::{Edge, PageRequest, SortedPlace, SortedRequest};

/// Deliveries that are sorted at once: eight megabytes while they are listed, and three times as much while they are sorted.
const MOST: usize = 1_000_000;
/// The part of the time that sorting again may take.
const PART: u32 = 10;

/// The sorted list.
#[derive(Default)]
pub(super) struct SortedIds {
    made: Option<Made>,
}

struct Made {
    query: Arc<Query>,
    sorting: Sorting,
    order: StoreOrder,
    at: Instant,
    took: Duration,
}

/// A window of the sorted list.
pub(super) struct SortedRows {
    pub(super) rows: Vec<Summary>,
    pub(super) newest: Option<DeliveryId>,
    pub(super) place: SortedPlace,
}

impl SortedIds {
    /// How long the request is to wait before it sorts again.
    pub(super) fn rest(&self, request: &PageRequest, sorted: SortedRequest) -> Option<Duration> {
        let made = self.made(request, sorted)?;
        let rest = (made.took * PART).saturating_sub(made.at.elapsed());
        (sorted.is_fresh && !rest.is_zero()).then_some(rest)
    }

    fn made(&self, request: &PageRequest, sorted: SortedRequest) -> Option<&Made> {
        self.made.as_ref().filter(|made| made.sorting == sorted.sorting && made.query == request.query)
    }

    /// The window that was requested; `None` when `go_on` says that it is no longer wanted.
    pub(super) fn window(
        &mut self,
        reader: &Reader,
        request: &PageRequest,
        sorted: SortedRequest,
        go_on: impl FnMut(DeliveryId) -> bool,
    ) -> Result<Option<SortedRows>, StoreError> {
        if sorted.is_fresh || self.made(request, sorted).is_none() {
            let begun = Instant::now();
            let Some(order) = reader.order(&request.query, sorted.sorting, Timestamp::now(), MOST, go_on)? else {
                return Ok(None);
            };
            self.made = Some(Made {
                query: Arc::clone(&request.query),
                sorting: sorted.sorting,
                order,
                at: Instant::now(),
                took: begun.elapsed(),
            });
        }
        let Some(made) = &self.made else { return Ok(None) };
        let first = first_row(&made.order.ids, request.edge, request.limit);
        let mut rows = Vec::new();
        for id in made.order.ids.iter().skip(first).take(request.limit) {
            // One that was deleted since is left out.
            match reader.summary(*id) {
                Err(error) if error.is_of_one_delivery() => {}
                summary => rows.extend(summary?),
            }
        }
        let place = SortedPlace { first: first as u64, all: made.order.ids.len() as u64, is_cut: made.order.is_cut };
        Ok(Some(SortedRows { rows, newest: made.order.newest, place }))
    }
}

/// Where a window of `limit` rows begins that has what was asked for in its middle.
pub(crate) fn first_row(ids: &[DeliveryId], edge: Edge, limit: usize) -> usize {
    let Edge::Around(id, row) = edge else { return 0 };
    let found = id.and_then(|id| ids.iter().position(|other| *other == id));
    let middle = found.or_else(|| usize::try_from(row).ok()).unwrap_or(ids.len());
    middle.saturating_sub(limit / 2).min(ids.len().saturating_sub(limit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_around_what_was_asked_for() {
        let ids: Vec<DeliveryId> = (1..=100).map(DeliveryId).collect();
        let around = |id: Option<i64>, row| first_row(&ids, Edge::Around(id.map(DeliveryId), row), 20);
        assert_eq!(around(Some(51), 0), 40);
        assert_eq!(around(Some(3), 0), 0);
        assert_eq!(around(Some(99), 0), 80);
        // One that is gone: the row where it was.
        assert_eq!(around(Some(101), 60), 50);
        assert_eq!(around(None, u64::MAX), 80);
        assert_eq!(first_row(&ids[..5], Edge::Around(None, 4), 20), 0);
        assert_eq!(first_row(&[], Edge::Around(None, 4), 20), 0);
    }
}
