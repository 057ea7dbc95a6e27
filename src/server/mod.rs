//! A run: store, listener, tunnel and signals, started and stopped together.

mod causes;
mod changes;
mod file_events;
mod hook;
mod jobs;
pub mod listener;
mod reload;
mod run;
mod signals;
pub mod tunnel;

pub use changes::{Changes, Watcher};
pub use jobs::{JobProgress, JobTicket, RunningJobs};
pub use reload::Watched;
pub use run::*;
