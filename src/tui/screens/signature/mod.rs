//! The Signature tab: the verdict, why, and trying other values.

pub mod adopt;
pub mod idle;
pub mod keys;
pub mod markdown;
pub mod rejudge;
pub mod state;
pub mod trial;
pub mod update;
pub(crate) mod view;
