//! A run: store, listener, tunnel and signals, started and stopped together.

mod file_events;
pub mod listener;
mod pulse;
mod reload;
mod run;
mod signals;
pub mod tunnel;

pub use pulse::Pulse;
pub use reload::Watched;
pub use run::*;
