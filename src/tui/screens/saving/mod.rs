//! Saving into the configuration file.

pub mod state;
pub mod update;
pub(crate) mod view;
