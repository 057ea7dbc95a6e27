//! Interfaces in other processes: what they are told of the listener, and what they ask of it.
//!
//! | request | what |
//! |---|---|
//! | `GET /attach` | a stream of [`Snapshot`]s: the whole state first, then what has changed of it |
//! | `POST /attach` | a [`AskedPart`]; its outcome, and what has changed by it |
//!
//! Both ends are this program, and their form is no one else's concern: [`FORMAT`] says which it is, and an end that knows
//! another one says so. The state holds the secrets themselves, since an interface explains signatures and re-signs with
//! them; so both are there for the Unix socket alone, which no other user reaches.

mod link;
mod listener;
mod mirror;
mod parts;
mod snapshot;
#[cfg(test)]
mod tests;

pub use listener::{AttachError, AttachedListener};
pub(super) use parts::{AskedPart, ReplyPart};
pub(super) use snapshot::{Snapshot, SnapshotFeed};

/// The form of what is said. Another number once an end of before would misread it.
pub(super) const FORMAT: u32 = 2;
/// The event of a stream that carries a snapshot.
pub(super) const SNAPSHOT_EVENT: &str = "snapshot";
