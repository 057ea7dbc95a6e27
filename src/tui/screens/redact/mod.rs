//! Deliveries without private values: what is replaced is shown before anything is copied or written.

pub mod state;
pub mod update;
pub(crate) mod view;
