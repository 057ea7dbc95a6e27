//! The status of the listener.

pub mod state;
pub(crate) mod view;
