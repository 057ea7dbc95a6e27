//! The Overview tab: the delivery at a glance.

pub(crate) mod event;
pub(crate) mod view;
