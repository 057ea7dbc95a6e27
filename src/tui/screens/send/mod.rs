//! Sending: replays, simulations and checks, their forms and results.

pub mod action;
pub mod form;
pub mod forms;
pub mod idle;
pub mod keys;
pub mod panel;
pub mod state;
pub mod task;
pub mod update;
pub(crate) mod view;
