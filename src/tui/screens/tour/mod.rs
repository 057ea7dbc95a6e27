//! The tour of `whyhook demo`: a strip above the hints that follows what the person does.

pub mod state;
pub(crate) mod update;
pub(crate) mod view;
