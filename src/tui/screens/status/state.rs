//! The listener's status: how much of its limits is used, what it has rejected, and the memory it takes.

/// What is known at once, read each second while the overlay is open.
pub use crate::server::{ListenerStatus as Status, ProcessMemory as Memory};

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
