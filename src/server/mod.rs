//! A run: store, listener, tunnel and signals, started and stopped together.

mod causes;
mod changes;
mod file_events;
mod given;
mod hook;
mod jobs;
pub mod listener;
mod marked;
mod reload;
mod run;
mod signals;
pub mod tunnel;

pub use changes::{Changes, Watcher};
pub use given::{GivenSecret, given_words};
pub use jobs::{JobProgress, JobRecord, JobTicket, RunningJobs};
pub use marked::{MarkedElsewhere, marked_words};
pub use reload::{ReloadReport, Watched};
pub use run::*;
