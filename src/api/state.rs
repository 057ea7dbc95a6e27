//! What every request may use.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use tokio::sync::{Semaphore, watch};

use super::followers::FollowerThreads;
use super::jobs::Jobs;
use super::readers::ApiReaders;
use crate::config::Settings;
use crate::query::{Query, QueryError};
use crate::server::{EventSender, SessionFeed};

/// The running listener, as far as requests reach it.
#[derive(Debug)]
pub(super) struct ApiState {
    pub(super) address: SocketAddr,
    pub(super) started: Instant,
    pub(super) feed: SessionFeed,
    /// As they were at the start: of secrets, schemes and webhooks, the control's count.
    pub(super) settings: Settings,
    pub(super) readers: ApiReaders,
    /// Room for [`ApiState::STREAMS`].
    pub(super) streams: Arc<Semaphore>,
    /// Where they run.
    pub(super) followers: Arc<FollowerThreads>,
    pub(super) jobs: Jobs,
    /// Room for one import at a time.
    pub(super) importing: Arc<Semaphore>,
    /// Held while the rules are changed.
    pub(super) editing: Mutex<()>,
    /// To the interface or the lines that run this session.
    pub(super) events: EventSender,
    /// True once the interface ends.
    pub(super) closing: watch::Receiver<bool>,
}

impl ApiState {
    /// Event streams at a time.
    pub(super) const STREAMS: usize = 32;

    /// Reads a filter; `@name` is one of the listener's configuration.
    pub(super) fn query(&self, filter: &str) -> Result<Query, QueryError> {
        Query::parse_with(filter, self.feed.control().rules().filters())
    }

    /// Whether long work should be given up.
    pub(super) fn is_closing(&self) -> bool {
        *self.closing.borrow()
    }
}
