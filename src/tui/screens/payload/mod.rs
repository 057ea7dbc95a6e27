//! The Payload tab.

pub mod action;
pub mod keys;
pub mod state;
pub mod update;
pub(crate) mod view;
