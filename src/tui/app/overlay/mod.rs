//! What lies over the panes: prompts, menus, help.

pub mod commands;
pub mod copies;
pub mod idle;
pub mod keys;
pub mod state;
pub mod update;
pub(crate) mod view;
