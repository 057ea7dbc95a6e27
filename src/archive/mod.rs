//! Deliveries out of the store and into it: JSON, HTTP archives, raw requests, curl scripts, images.

pub mod agent;
pub mod detail;
pub mod export;
pub mod forwards;
pub mod import;
pub mod tunnel;
