//! Pages of the list, as they are asked for and as they come.

use std::sync::Arc;

use crate::delivery::{DeliveryId, Summary};
use crate::query::Query;

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
#[derive(Debug, Clone, PartialEq)]
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
    /// What went wrong, in words.
    pub error: Option<String>,
}
