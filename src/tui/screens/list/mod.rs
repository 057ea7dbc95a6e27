//! The list of deliveries.

pub mod action;
pub(crate) mod columns;
pub mod filter_assist;
pub mod filter_prompt;
pub(crate) mod filter_view;
pub mod keys;
pub(crate) mod marks;
mod moves;
pub(crate) mod order_menu;
pub mod page;
mod sorted;
pub mod state;
pub(crate) mod tagging;
pub(crate) mod view;
pub(crate) mod welcome;
