//! The list of deliveries.

pub mod state;
pub(crate) mod view;
pub(crate) mod welcome;
