//! The screens: each folder holds one, with its state, its update, its view, its actions and its keys.
//!
//! Everything here is pure: state and a message in, effects out; a state in, cells out. No screen names another one's
//! update or view: the root routes between them.

pub mod answer;
pub mod answers;
pub mod details;
pub mod headers;
pub mod help;
pub mod image;
pub mod list;
pub mod overview;
pub mod payload;
pub mod raw;
pub mod redact;
pub mod saving;
pub mod send;
pub mod signature;
pub mod status;
pub mod tour;
