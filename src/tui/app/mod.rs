//! The state machine at the root of the interface: a message and a model in, effects out.
//!
//! ```text
//! keys, store, tunnel, loader ─▶ Message ─▶ update(&mut Model) ─▶ Effect ─▶ threads, disk, clipboard
//!                                               │
//!                                               └─▶ Model ─▶ draw
//! ```
//!
//! [`update`] does no I/O, reads no clock and starts no thread; so a session can be replayed in a
//! test from its messages alone.

pub(crate) mod act;
pub mod action;
pub mod areas;
pub(crate) mod attachment;
pub mod effect;
pub(crate) mod jobs;
pub mod keys;
pub mod lent;
pub mod message;
pub mod model;
pub mod navigation;
pub mod notices;
pub mod overlay;
pub(crate) mod paste;
pub mod pointer;
pub mod step;
#[cfg(test)]
mod tests;
pub mod translate;
pub mod update;
pub mod view;
pub mod viewport;
