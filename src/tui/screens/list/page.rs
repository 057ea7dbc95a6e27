//! Pages of the list, as they are asked for and as they come.

use std::sync::Arc;

use crate::delivery::{DeliveryId, Summary};
use crate::query::{Query, Sorting};

/// A page of the list to be read.
#[derive(Debug, Clone, PartialEq)]
pub struct PageRequest {
    /// Tells results apart; see [`PageResult::generation`].
    pub generation: u64,
    /// Where to begin.
    pub edge: Edge,
    /// Where the rows will go.
    pub place: PagePlace,
    /// How many rows at most.
    pub limit: usize,
    /// What they must match.
    pub query: Arc<Query>,
    /// Their order, when it is another than the newest first.
    pub sorted: Option<SortedRequest>,
}

/// What a page in an order of its own needs besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SortedRequest {
    /// The order.
    pub sorting: Sorting,
    /// Whether everything is to be sorted again: deliveries have come, or what they are sorted by has changed.
    pub is_fresh: bool,
}

/// Where a page begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edge {
    /// With the newest delivery.
    Newest,
    /// With the oldest.
    Oldest,
    /// Before (older than) this one.
    Before(DeliveryId),
    /// After (newer than) this one.
    After(DeliveryId),
    /// Around this delivery, or where it is gone around the row of this number, from 0. Only where the list is sorted.
    Around(Option<DeliveryId>, u64),
}

/// Where the rows of a page go in the list's window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PagePlace {
    /// Instead of what is there.
    Replace,
    /// Above (newer than) what is there.
    Top,
    /// Below (older than) what is there.
    Bottom,
}

/// Rows that were asked for with a [`PageRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PageResult {
    /// The request's generation; the list ignores all but the newest.
    pub generation: u64,
    /// Newest first.
    pub rows: Vec<Summary>,
    /// The newest delivery that was looked at.
    pub newest: Option<DeliveryId>,
    /// The oldest delivery that was looked at, when the search continues from there.
    pub reached: Option<DeliveryId>,
    /// Whether more parts of this page follow.
    pub more_follows: bool,
    /// Whether the page ended at the store's end rather than at its limit.
    pub at_end: bool,
    /// Where the rows are among all, when the list is sorted.
    pub place: Option<SortedPlace>,
    /// What went wrong, in words.
    pub error: Option<String>,
}

/// Where a page is in a sorted list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SortedPlace {
    /// Rows before the page's first.
    pub first: u64,
    /// All rows that match.
    pub all: u64,
    /// Whether older ones were left out because there are too many.
    pub is_cut: bool,
}
