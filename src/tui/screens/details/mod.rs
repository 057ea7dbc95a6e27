//! The details pane: the tabs of the selected delivery.

pub mod digests;
pub mod keys;
pub mod lend;
pub mod rows;
pub mod state;
pub(crate) mod update;
pub(crate) mod view;
