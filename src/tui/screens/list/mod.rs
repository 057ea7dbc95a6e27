//! The list of deliveries.

pub mod keys;
mod moves;
pub mod page;
pub mod state;
pub(crate) mod view;
pub(crate) mod welcome;
