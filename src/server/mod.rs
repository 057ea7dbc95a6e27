//! A run: store, listener, tunnel and signals, started and stopped together.

mod causes;
mod changes;
mod feed;
mod file_events;
mod given;
mod hook;
mod jobs;
pub mod listener;
mod marked;
mod news;
mod reload;
mod run;
mod shown;
mod signals;
mod status;
pub mod tunnel;

pub use changes::{Changes, Watcher};
pub use feed::{SessionFeed, SessionWatch};
pub use given::{GivenSecret, given_words};
pub use jobs::{ATTACHED_JOBS, JobKind, JobProgress, JobRecord, JobTicket, RunningJobs};
pub use marked::{MarkedElsewhere, marked_words};
pub use news::{EventSender, InterfaceNumber, ListenerNews, NewsBoard};
pub use reload::{ReloadReport, Watched};
pub use run::*;
#[cfg(unix)]
pub(crate) use shown::marked;
pub use shown::{
    AnswersNow, EventSink, ListenerLink, ListenerRequest, Performed, RequestError, RequestOutcome, RequestReply,
    ShownListener,
};
#[cfg(unix)]
pub(crate) use signals::forward as forward_signals;
pub use status::{ListenerStatus, ProcessMemory};
