//! The Raw tab: the request as it came over the wire.

pub(crate) mod view;
