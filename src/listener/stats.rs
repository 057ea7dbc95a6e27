//! What the listener counts of its own accord, beside what it keeps.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counters since the start; read without a lock.
#[derive(Debug, Default)]
pub struct Stats {
    refused: AtomicU64,
    not_kept: AtomicU64,
    not_held: AtomicU64,
}

/// The counters at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StatsSnapshot {
    /// Requests and connections turned away with 503 because a bound was reached.
    pub refused: u64,
    /// Deliveries answered with 503 because the store could not keep them.
    pub not_kept: u64,
    /// Deliveries answered with their hold's default at once, because too many were held.
    pub not_held: u64,
}

impl Stats {
    /// The counters now.
    #[must_use]
    pub fn snapshot(&self) -> StatsSnapshot {
        StatsSnapshot {
            refused: self.refused.load(Ordering::Relaxed),
            not_kept: self.not_kept.load(Ordering::Relaxed),
            not_held: self.not_held.load(Ordering::Relaxed),
        }
    }

    pub(super) fn refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn not_held(&self) {
        self.not_held.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn not_kept(&self) {
        self.not_kept.fetch_add(1, Ordering::Relaxed);
    }
}
