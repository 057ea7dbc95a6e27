//! The listener's status: how much of its limits is used, what it has rejected, and the memory it takes.

use std::time::Duration;

use crate::server::listener::Load;

/// What is known at once, read each second while the overlay is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The bounds, and how much of each is used.
    pub load: Load,
    /// How long it has been listening.
    pub uptime: Duration,
    /// Memory of the process, where the system reports it.
    pub memory: Option<Memory>,
    /// What is deleted by itself, in words.
    pub retention: String,
}

/// Memory of the process, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    /// Now.
    pub now: u64,
    /// The peak.
    pub most: u64,
}

/// What the store takes up, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// The SQLite files.
    pub index: u64,
    /// The log.
    pub log: u64,
}

/// The overlay: what is known so far, scrolled to a row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StatusView {
    /// The first row shown.
    pub first: usize,
    /// Told at once.
    pub status: Option<Status>,
    /// Known once the disk has answered.
    pub sizes: Option<Sizes>,
}
