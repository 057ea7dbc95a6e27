//! The threads that work for the interface: whatever takes long, or waits, is done here and comes back as a message.

pub(crate) mod answers;
pub(crate) mod deliveries;
pub(crate) mod diagnosis;
pub(crate) mod export;
pub(crate) mod files;
pub(crate) mod history;
pub(crate) mod image;
pub(crate) mod latest_wins;
pub(crate) mod layout;
pub(crate) mod notify;
pub(crate) mod payload;
pub(crate) mod redact;
pub(crate) mod rejudge;
pub(crate) mod rest;
pub(crate) mod schemes;
pub(crate) mod send;
pub(crate) mod sightings;
pub(crate) mod sorted;
