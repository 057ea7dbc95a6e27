//! A listener of another process, as an interface shows it: a mirror of its state, and a way to ask it for changes.
//!
//! Two threads of this process speak with it. One follows the stream of its state, and goes on once a listener runs again
//! after it has ended; one asks, one request after another. An interface waits for neither.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, mpsc};
use std::time::Duration;

use super::link::{AskedJob, AttachedState};
use crate::api::client::{ApiClient, ApiClientError};
use crate::config::consent::Gate;
use crate::config::{Registry, Settings};
use crate::delivery::{Attempt, DeliveryId};
use crate::http::TlsSetupError;
use crate::server::listener::{Means, SecretNews, StatsSnapshot};
use crate::server::tunnel::Tunnels;
use crate::server::{
    ATTACHED_JOBS, AnswersNow, Changes, EventSink, InterfaceNumber, JobKind, JobProgress, JobTicket, ListenerLink,
    ListenerNews, ListenerRequest, RequestOutcome, RequestReply, RunningJobs, ServerEvent, SessionWatch, ShownListener,
    Watched,
};
use crate::store::{AttemptKeeper, Freed, Location, Page, Reader, StoreError};
use crate::system::thread::{self, ThreadError};

/// How long the first state may take.
const FIRST: Duration = Duration::from_secs(10);

/// The listener has no socket: its start says why.
const PORT_ALONE: &str = "the listener on this store is reached over its port alone, and an interface attaches over the socket beside \
     the store: see what `whyhook listen` warns of at its start";

/// Why nothing is attached to.
#[derive(Debug, thiserror::Error)]
pub enum AttachError {
    /// Nobody listens.
    #[error(
        "no listener runs on store {}: start one with `whyhook listen --headless`, or give the --store of one that runs",
        .0.display()
    )]
    NoListener(PathBuf),
    /// Something is there that cannot be attached to; why, in a sentence.
    #[error("{0}")]
    Unusable(String),
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The system gives no thread.
    #[error(transparent)]
    Thread(#[from] ThreadError),
}

/// See the module's page.
#[derive(Debug)]
pub struct AttachedListener {
    shared: Arc<AttachedState>,
    requests: mpsc::Sender<AskedJob>,
}

impl AttachedListener {
    /// Attaches to the listener that runs on the store at `location`. `settings` are those of the interface; `gate` says
    /// what of a configuration that it saves may be used; `events` is what the interface reads.
    ///
    /// # Errors
    ///
    /// [`AttachError`].
    pub fn attach(
        location: &Location,
        settings: Settings,
        gate: Gate,
        events: mpsc::Sender<ServerEvent>,
    ) -> Result<Self, AttachError> {
        let unusable = |error: ApiClientError| AttachError::Unusable(error.to_string());
        let client = match ApiClient::find(location).map_err(unusable)? {
            Some(client) if client.is_on_socket() => client,
            Some(_) => return Err(AttachError::Unusable(PORT_ALONE.to_owned())),
            None => return Err(AttachError::NoListener(location.file().to_owned())),
        };
        let newest = Reader::open(location)?.page(Page::Newest, 1)?;
        let shared = Arc::new(AttachedState {
            location: location.clone(),
            settings,
            watched: OnceLock::new(),
            gate: Arc::new(gate),
            last_before_run: newest.first().map_or(DeliveryId(0), |summary| summary.id),
            interface: interface_number(),
            mirror: Mutex::default(),
            means: OnceLock::new(),
            own_jobs: RunningJobs::default(),
            stored: Changes::default(),
            held: Changes::default(),
            refused: Changes::default(),
            secrets: Changes::default(),
            answers: Changes::default(),
            jobs: Changes::default(),
            events,
        });
        let (first, begun) = mpsc::channel();
        let following = Arc::clone(&shared);
        let follow = move || following.follow(client, &first);
        thread::spawn("whyhook-attached", follow)?;
        let (requests, queue) = mpsc::channel();
        let asking = Arc::clone(&shared);
        thread::spawn("whyhook-asking", move || asking.ask_all(&queue))?;
        match begun.recv_timeout(FIRST) {
            Ok(Ok(())) => Ok(Self { shared, requests }),
            Ok(Err(words)) => Err(AttachError::Unusable(words)),
            Err(_) => {
                let words = format!("the listener on this store gives no state within {} seconds", FIRST.as_secs());
                Err(AttachError::Unusable(words))
            }
        }
    }

    /// Whether its store is deleted when it ends.
    #[must_use]
    pub fn is_ephemeral(&self) -> bool {
        self.shared.lock().run.as_ref().is_some_and(|run| run.ephemeral)
    }
}

/// Tells this interface's own changes from those of others.
fn interface_number() -> InterfaceNumber {
    InterfaceNumber(getrandom::u64().unwrap_or_else(|_| std::process::id().into()) >> 1)
}

impl ShownListener for AttachedListener {
    fn link(&self) -> Option<ListenerLink> {
        Some(self.shared.lock().link())
    }

    fn location(&self) -> &Location {
        &self.shared.location
    }

    fn settings(&self) -> Settings {
        let mirror = self.shared.lock();
        let mut settings = Settings { registry: (*mirror.registry).clone(), ..self.shared.settings.clone() };
        if let Some(run) = &mirror.run {
            settings.bind = run.address;
            settings.tolerance = run.tolerance;
            settings.answers = run.answers.clone();
            settings.insecure = run.insecure;
            settings.ca_file = run.ca_file.as_ref().map(PathBuf::from);
            settings.forward_timeout = run.forward_timeout;
        }
        settings
    }

    fn watched(&self) -> &Arc<Watched> {
        self.shared.watched.get_or_init(|| Arc::new(self.shared.watched_of(None)))
    }

    fn last_before_run(&self) -> DeliveryId {
        self.shared.last_before_run
    }

    /// Said by the listener when it started, to its own interface.
    fn retired(&self) -> Freed {
        Freed::default()
    }

    fn newest(&self) -> DeliveryId {
        self.shared.lock().newest
    }

    fn watch(&self, tell: EventSink) -> SessionWatch {
        let wake = |changes: &Changes, event: fn() -> ServerEvent| {
            let tell = Arc::clone(&tell);
            changes.subscribe(move || tell(event()))
        };
        let shared = &self.shared;
        SessionWatch {
            stored: wake(&shared.stored, || ServerEvent::Stored),
            held: wake(&shared.held, || ServerEvent::Held),
            refused: wake(&shared.refused, || ServerEvent::Refused),
            secrets: wake(&shared.secrets, || ServerEvent::Secrets),
            answers: wake(&shared.answers, || ServerEvent::Answers),
            jobs: wake(&shared.jobs, || ServerEvent::Jobs),
        }
    }

    fn registry(&self) -> Arc<Registry> {
        Arc::clone(&self.shared.lock().registry)
    }

    fn means(&self) -> Result<Means, TlsSetupError> {
        if let Some(means) = self.shared.means.get() {
            return Ok(means.clone());
        }
        let means = Means::of(&self.settings())?;
        Ok(self.shared.means.get_or_init(|| means).clone())
    }

    fn answers(&self) -> AnswersNow {
        let mirror = self.shared.lock();
        AnswersNow {
            rules: Arc::clone(&mirror.rules),
            counts: mirror.counts.clone(),
            chosen: mirror.chosen.clone(),
            held: mirror.held.clone(),
        }
    }

    fn stats(&self) -> StatsSnapshot {
        self.shared.lock().stats
    }

    fn secret_news(&self) -> Vec<SecretNews> {
        self.shared.lock().secret_news.drain(..).collect()
    }

    fn tunnel(&self) -> Tunnels {
        self.shared.lock().tunnel.clone()
    }

    /// The listener looks for itself.
    fn hint_tunnel(&self) {}

    fn jobs(&self) -> Vec<JobProgress> {
        let own = self.shared.own_jobs.running();
        let own = own.into_iter().map(|job| JobProgress { number: job.number + ATTACHED_JOBS, ..job });
        self.shared.lock().jobs.iter().cloned().chain(own).collect()
    }

    fn begin_job(&self, kind: JobKind) -> JobTicket {
        self.shared.own_jobs.begin(kind)
    }

    fn keep_attempt(&self, attempt: Attempt) {
        let kept = AttemptKeeper::open(&self.shared.location).and_then(|keeper| keeper.keep(&attempt).map(drop));
        if let Err(error) = kept {
            tracing::warn!(reason = %error, "an attempt is not stored");
            let words = format!("what was sent is not stored: {error}");
            let _ = self.shared.events.send(ServerEvent::News(Box::new(ListenerNews::Warning(words))));
        }
    }

    fn ask(&self, request: ListenerRequest, later: Box<dyn FnOnce(RequestOutcome) + Send>) -> Option<RequestOutcome> {
        let request = match request {
            ListenerRequest::CancelJobs(numbers) => {
                let (own, others): (Vec<u64>, Vec<u64>) =
                    numbers.into_iter().partition(|number| *number >= ATTACHED_JOBS);
                let ended = own.iter().filter(|number| self.shared.own_jobs.cancel(**number - ATTACHED_JOBS)).count();
                if others.is_empty() {
                    return Some(Ok(RequestReply::Done(ended)));
                }
                ListenerRequest::CancelJobs(others)
            }
            request => request,
        };
        if self.shared.lock().lost.is_some() {
            return Some(Err(self.shared.gone()));
        }
        self.requests.send((request, later)).err().map(|_| Err(self.shared.gone()))
    }
}
