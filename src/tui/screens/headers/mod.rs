//! The Headers tab.

pub(crate) mod view;
