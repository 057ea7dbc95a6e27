//! Deliveries out of the store and into it: JSON, HTTP archives, raw requests, curl scripts, images; and without anybody's data.

pub mod agent;
pub mod detail;
pub mod export;
pub mod forwards;
pub mod import;
pub mod redaction;
pub mod tunnel;
