//! A run: store, listener, tunnel and signals, started and stopped together.

mod causes;
mod changes;
mod file_events;
mod hook;
pub mod listener;
mod marked;
mod reload;
mod run;
mod signals;
pub mod tunnel;

pub use changes::{Changes, Watcher};
pub use marked::{MarkedElsewhere, marked_words};
pub use reload::Watched;
pub use run::*;
