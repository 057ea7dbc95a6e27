//! What the listener counts of its own accord, beside what it keeps, and how much of its bounds it uses.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use super::ListenerLimits;
use crate::server::Changes;

/// Why a sender was turned away with 503 before its delivery was taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// More connections than are served at once.
    Connections,
    /// No room in memory for its body.
    Memory,
    /// Too many deliveries wait for the disk.
    Waiting,
}

/// Counters since the start; read without a lock.
#[derive(Default)]
pub struct Stats {
    no_place: AtomicU64,
    no_room: AtomicU64,
    disk_behind: AtomicU64,
    not_kept: AtomicU64,
    not_held: AtomicU64,
    not_forwarded: AtomicU64,
    changes: Changes,
}

/// The counters at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct StatsSnapshot {
    /// Requests and connections turned away with 503 because a bound was reached: the next three.
    pub refused: u64,
    /// Because more connections were open than are served at once.
    pub no_place: u64,
    /// Because there was no room in memory for a body.
    pub no_room: u64,
    /// Because too many deliveries waited for the disk.
    pub disk_behind: u64,
    /// Deliveries answered with 503 because the store could not keep them.
    pub not_kept: u64,
    /// Deliveries answered with their hold's default at once, because too many were held.
    pub not_held: u64,
    /// Forwards that were not begun, because too many were in progress or waited.
    pub not_forwarded: u64,
}

impl StatsSnapshot {
    /// Each bound that was reached, in words, and how often.
    #[must_use]
    pub fn reasons(&self) -> [(&'static str, u64); 3] {
        [
            ("too many connections", self.no_place),
            ("memory limit reached", self.no_room),
            ("disk queue full", self.disk_behind),
        ]
    }
}

/// How much of its bounds the listener uses at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Load {
    /// The bounds.
    pub limits: ListenerLimits,
    /// Open connections.
    pub connections: usize,
    /// Bytes of bodies in memory, over all connections.
    pub in_flight_bytes: usize,
    /// Deliveries that wait for the disk.
    pub waiting: usize,
    /// Deliveries that wait for a decision.
    pub held: usize,
    /// The counters.
    pub stats: StatsSnapshot,
}

impl fmt::Debug for Stats {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Stats").field("no_place", &self.no_place).finish_non_exhaustive()
    }
}

impl Stats {
    /// The counters now.
    #[must_use]
    pub fn snapshot(&self) -> StatsSnapshot {
        let read = |counter: &AtomicU64| counter.load(Ordering::Acquire);
        let (no_place, no_room, disk_behind) = (read(&self.no_place), read(&self.no_room), read(&self.disk_behind));
        StatsSnapshot {
            refused: no_place + no_room + disk_behind,
            no_place,
            no_room,
            disk_behind,
            not_kept: read(&self.not_kept),
            not_held: read(&self.not_held),
            not_forwarded: read(&self.not_forwarded),
        }
    }

    /// Told when a counter has grown.
    #[must_use]
    pub fn changes(&self) -> &Changes {
        &self.changes
    }

    pub(super) fn refused(&self, why: Refusal) {
        tracing::warn!(reason = ?why, "turned away with 503");
        let counter = match why {
            Refusal::Connections => &self.no_place,
            Refusal::Memory => &self.no_room,
            Refusal::Waiting => &self.disk_behind,
        };
        self.count(counter);
    }

    pub(super) fn not_held(&self) {
        tracing::warn!("not held: too many are");
        self.count(&self.not_held);
    }

    pub(super) fn not_forwarded(&self) {
        tracing::warn!("not forwarded: too many are");
        self.count(&self.not_forwarded);
    }

    pub(super) fn not_kept(&self) {
        self.count(&self.not_kept);
    }

    fn count(&self, counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Release);
        self.changes.tell();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn refusals_are_counted_by_their_reason_and_told_once_until_looked_at() {
        let (stats, told) = (Stats::default(), Arc::new(AtomicU64::new(0)));
        let count = Arc::clone(&told);
        let watcher = stats.changes().subscribe(move || {
            count.fetch_add(1, Ordering::Relaxed);
        });
        stats.refused(Refusal::Connections);
        stats.refused(Refusal::Connections);
        stats.refused(Refusal::Memory);
        assert_eq!((told.load(Ordering::Relaxed), watcher.look()), (1, true));
        let snapshot = stats.snapshot();
        assert_eq!((snapshot.refused, snapshot.reasons().map(|(_, count)| count)), (3, [2, 1, 0]));
        stats.not_kept();
        assert_eq!((told.load(Ordering::Relaxed), stats.snapshot().not_kept), (2, 1));
    }
}
