//! The Payload tab.

pub mod action;
pub mod idle;
pub mod keys;
pub mod state;
pub mod update;
pub(crate) mod view;
