//! The Answer tab: what was sent back, what the upstream servers said, and the retries.

pub mod idle;
pub mod keys;
pub mod state;
pub(crate) mod view;
