//! The store: an SQLite file that people can query, with large bodies in segment files beside it.
//!
//! | file | what it holds |
//! |---|---|
//! | `whyhook.db` | facts, heads, answers, and bodies up to [`INLINE_BODY_BYTES`] |
//! | `whyhook.db-wal`, `-shm` | SQLite's write-ahead log and its index |
//! | `whyhook.db-bodies/00000001.seg` … | larger bodies, end to end, each found by its row |
//! | `whyhook.db-lock` | held by the one process that writes captures |
//!
//! One [`Writer`] thread commits deliveries in groups, synced to disk; any number of [`Reader`]s, in
//! this process or others, read meanwhile. A body in a segment is synced before the row that names
//! it is committed, and carries a CRC-32, so that a row never speaks of bytes that are not there.

mod error;
mod facts;
mod group;
mod identity;
mod index;
mod location;
mod log;
mod reader;
mod record;
mod recovery;
mod row;
mod schema;
#[cfg(test)]
mod tests;
mod writer;

pub use error::StoreError;
pub use location::{Location, StoreLock};
pub use reader::{Page, Reader, Scan, StoredContent};
pub use schema::{APPLICATION_ID, SCHEMA_VERSION};
pub use writer::{Keeping, QueueFull, StoreEvent, Writer, WriterHandle};
