//! The help: every key and what it does, and the filter reference; in columns where there is room, and searchable.

pub mod keys;
pub mod state;
pub mod update;
pub mod view;
