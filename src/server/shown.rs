//! The listener that an interface shows: the one of its own process, or one that runs elsewhere on the same store.
//!
//! What is read is at hand at any moment: the run's own state here, a mirror of it where the listener is elsewhere. What is
//! changed goes through [`ShownListener::ask`]: done at once here, asked over the control interface there. So an
//! interface never waits for a listener, and its code is the same for both.

use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::listener::{Control, InvalidForward, Means, SecretNews, StatsSnapshot};
use super::tunnel::Tunnels;
use super::{
    GivenSecret, JobKind, JobProgress, JobTicket, ListenerNews, ListenerStatus, MarkedElsewhere, ProcessMemory,
    ServerEvent, SessionFeed, SessionWatch, Watched,
};
use crate::config::{Registry, Settings, TYPED_LABEL};
use crate::delivery::{Attempt, DeliveryId, MarksEdit};
use crate::http::TlsSetupError;
use crate::query::Query;
use crate::rules::{Held, Override, Rule, RuleAction, RuleSet, TimedResponse};
use crate::signature::diagnose::Diagnosis;
use crate::signature::{Secret, SecretOrigin};
use crate::store::{Freed, Location, Marking, StoreError};
use crate::system::thread::{self, ThreadError};

/// What wakes an interface, from any thread; it must not block.
pub type EventSink = Arc<dyn Fn(ServerEvent) + Send + Sync>;

/// What goes back to senders at a moment.
#[derive(Debug, Clone)]
pub struct AnswersNow {
    /// The active rules.
    pub rules: Arc<RuleSet>,
    /// How many deliveries each was chosen for in this run.
    pub counts: Vec<u64>,
    /// The choice over them.
    pub chosen: Option<Override>,
    /// What is held, the longest waiting first.
    pub held: Vec<Held>,
}

/// One thing that an interface asks of its listener.
#[derive(Debug, Clone, PartialEq)]
pub enum ListenerRequest {
    /// Choose over the rules, or take the choice back.
    Choose(Option<Override>),
    /// Activate these rules.
    SetRules(Arc<RuleSet>),
    /// Decide about held deliveries.
    Decide(Vec<DeliveryId>, TimedResponse),
    /// Let held deliveries go with their defaults.
    LetGo(Vec<DeliveryId>),
    /// Verify with this secret too, in memory only.
    EnterSecret(Zeroizing<Vec<u8>>),
    /// Sign test events of this run with this secret, where no secret is known.
    MakeUpSecret(Zeroizing<Vec<u8>>),
    /// Verify the requests of this target's webhook with this secret of a handshake, in place of an earlier one.
    AcceptSecret {
        /// The target.
        target: Vec<u8>,
        /// The secret.
        secret: Zeroizing<Vec<u8>>,
    },
    /// Verify the requests of a webhook, or of none, by this scheme; by the configured one without a name.
    AdoptScheme {
        /// The webhook's name.
        webhook: Option<String>,
        /// The target of a request of it.
        target: Vec<u8>,
        /// The scheme's name.
        name: Option<String>,
    },
    /// Change what was added to deliveries, delete them or bring them back.
    Mark(Vec<DeliveryId>, MarksEdit),
    /// Ask these jobs to end.
    CancelJobs(Vec<u64>),
    /// Keep the diagnosis of a delivery's signature, as JSON.
    KeepDiagnosis(DeliveryId, String),
    /// Say how the listener is.
    Observe,
}

/// What comes of a request.
#[derive(Debug, Clone, PartialEq)]
pub enum RequestReply {
    /// It is done; to how many of the deliveries, jobs or settings that were meant.
    Done(usize),
    /// How the listener is.
    Status(Box<ListenerStatus>),
}

/// Why a listener has not done what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// A rule or a choice forwards to where the listener cannot.
    #[error(transparent)]
    Forward(#[from] InvalidForward),
    /// The store has not changed the marks.
    #[error(transparent)]
    Store(#[from] Arc<StoreError>),
    /// The store's writer has ended before it changed the marks.
    #[error("the store's writer has stopped")]
    WriterStopped,
    /// The system gives no thread that could wait for the store.
    #[error(transparent)]
    Thread(#[from] ThreadError),
    /// A listener in another process has refused it or cannot be asked; in words.
    #[error("{0}")]
    Elsewhere(String),
}

/// What came of a request.
pub type RequestOutcome = Result<RequestReply, RequestError>;

/// A request that is done, or that the writer has.
#[derive(Debug)]
pub enum Performed {
    /// It is done.
    Done(RequestOutcome),
    /// The writer changes marks.
    Marking(Marking),
}

/// Whether a listener in another process can be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListenerLink {
    /// It listens, and can be asked.
    Reached {
        /// The base URL that reaches it from this machine.
        url: String,
        /// The number of its process.
        process: u32,
        /// Each configured webhook: name, path, kind.
        webhooks: Vec<(String, String, String)>,
        /// Each webhook's subscribed events; empty for all.
        events: Vec<Vec<String>>,
    },
    /// It has ended, or cannot be asked; why, in words.
    Lost(String),
}

/// What an interface needs of the listener that it shows.
pub trait ShownListener: fmt::Debug + Send + Sync {
    /// Where the listener is, when it is in another process, or why it cannot be asked.
    fn link(&self) -> Option<ListenerLink> {
        None
    }
    /// The store.
    fn location(&self) -> &Location;
    /// The settings of this moment: with the address that was bound, and the active secrets.
    fn settings(&self) -> Settings;
    /// The configuration file, or the path where one may appear.
    fn watched(&self) -> &Arc<Watched>;
    /// The newest delivery from before this interface: 0 when there was none.
    fn last_before_run(&self) -> DeliveryId;
    /// What the retention has deleted at the start.
    fn retired(&self) -> Freed;
    /// The newest delivery at the last commit of the run: 0 before the first.
    fn newest(&self) -> DeliveryId;
    /// Calls `tell` as [`SessionFeed::watch`] does.
    #[must_use = "what is dropped is told no longer"]
    fn watch(&self, tell: EventSink) -> SessionWatch;
    /// The webhooks and active secrets; another pointer once they are others.
    fn registry(&self) -> Arc<Registry>;
    /// The client for what is sent from here.
    ///
    /// # Errors
    ///
    /// [`TlsSetupError`] when TLS cannot be set up.
    fn means(&self) -> Result<Means, TlsSetupError>;
    /// What goes back to senders.
    fn answers(&self) -> AnswersNow;
    /// The counters.
    fn stats(&self) -> StatsSnapshot;
    /// What has been heard of secrets that arrived by handshakes, each once.
    fn secret_news(&self) -> Vec<SecretNews>;
    /// What is known of the tunnel.
    fn tunnel(&self) -> Tunnels;
    /// Has somebody look for a tunnel soon: it may have been opened just now.
    fn hint_tunnel(&self);
    /// The long work that is being done.
    fn jobs(&self) -> Vec<JobProgress>;
    /// Begins long work in this process.
    fn begin_job(&self, kind: JobKind) -> JobTicket;
    /// Stores an attempt that was sent from here, with its result. It may wait for the disk.
    fn keep_attempt(&self, attempt: Attempt);
    /// Asks for something. What is done at once comes back; everything else is told to `later`, on another thread.
    fn ask(&self, request: ListenerRequest, later: Box<dyn FnOnce(RequestOutcome) + Send>) -> Option<RequestOutcome>;

    /// Stores the diagnosis of a delivery's signature, replacing an earlier one.
    fn keep_diagnosis(&self, id: DeliveryId, diagnosis: &Diagnosis) {
        if let Ok(json) = serde_json::to_string(diagnosis) {
            self.ask(ListenerRequest::KeepDiagnosis(id, json), Box::new(drop));
        }
    }
}

impl SessionFeed {
    /// Does what an interface asks for.
    #[must_use]
    pub fn perform(&self, request: ListenerRequest) -> Performed {
        let control = self.control();
        let done = match request {
            ListenerRequest::Choose(chosen) => refuse(control, chosen.as_ref().map(|chosen| chosen.action.clone()))
                .map(|()| control.set_override(chosen))
                .map(|()| 1),
            ListenerRequest::SetRules(rules) => control.check_rules(&rules).map(|()| {
                control.set_rules((*rules).clone());
                1
            }),
            ListenerRequest::Decide(ids, act) => refuse(control, Some(RuleAction::from(act.clone())))
                .map(|()| ids.into_iter().filter(|id| control.decide(*id, act.clone()).is_ok()).count()),
            ListenerRequest::LetGo(ids) => Ok(ids.into_iter().filter(|id| control.let_go(*id).is_ok()).count()),
            ListenerRequest::EnterSecret(secret) => {
                control.change_registry(|registry| registry.with_typed_secret(secret.to_vec()));
                Ok(1)
            }
            ListenerRequest::MakeUpSecret(secret) => {
                control.change_registry(|registry| match registry.keyring().is_empty() {
                    true => registry.with_made_up_secret(secret.to_vec()),
                    false => registry.clone(),
                });
                Ok(1)
            }
            ListenerRequest::AcceptSecret { target, secret } => {
                control.change_registry(|registry| registry.with_accepted_secret(&target, &secret));
                Ok(1)
            }
            ListenerRequest::AdoptScheme { webhook, target, name } => {
                control.change_registry(|registry| {
                    let scheme = name.and_then(|name| registry.adoptable(&name, &target));
                    registry.with_adopted_scheme(webhook.as_deref(), scheme)
                });
                Ok(1)
            }
            ListenerRequest::Mark(ids, edit) => return Performed::Marking(control.mark(ids, edit)),
            ListenerRequest::CancelJobs(numbers) => {
                Ok(numbers.into_iter().filter(|number| control.jobs().cancel(*number)).count())
            }
            ListenerRequest::KeepDiagnosis(id, json) => {
                control.keep_diagnosis_text(id, json);
                Ok(1)
            }
            ListenerRequest::Observe => return Performed::Done(Ok(RequestReply::Status(Box::new(self.status())))),
        };
        Performed::Done(done.map(RequestReply::Done).map_err(RequestError::from))
    }

    /// What is to be said of a request that gives a secret, before it is done.
    #[must_use]
    pub fn given_by(&self, request: &ListenerRequest) -> Option<GivenSecret> {
        let ListenerRequest::EnterSecret(secret) = request else { return None };
        let replaces = self.control().registry().keyring().get(TYPED_LABEL).is_some();
        let remarks = Secret::new(TYPED_LABEL, secret.to_vec(), SecretOrigin::Typed).remarks();
        Some(GivenSecret { label: TYPED_LABEL.to_owned(), replaces, remarks })
    }

    /// How the listener is. Touches no disk, so that it works while a disk hangs.
    fn status(&self) -> ListenerStatus {
        ListenerStatus {
            load: self.control().load(),
            uptime: self.uptime(),
            memory: ProcessMemory::of_this(),
            retention: self.retention().words(),
        }
    }
}

/// Refuses an action that forwards to where the listener cannot.
fn refuse(control: &Control, action: Option<RuleAction>) -> Result<(), InvalidForward> {
    let Some(action) = action else { return Ok(()) };
    let rules = control.rules();
    let alone = RuleSet::new(vec![Rule { when: Query::default(), then: action }], rules.hold_for);
    control.check_rules(&alone)
}

impl ShownListener for SessionFeed {
    fn location(&self) -> &Location {
        self.location()
    }

    fn settings(&self) -> Settings {
        self.settings()
    }

    fn watched(&self) -> &Arc<Watched> {
        self.watched()
    }

    fn last_before_run(&self) -> DeliveryId {
        self.last_before_run()
    }

    fn retired(&self) -> Freed {
        self.retired()
    }

    fn newest(&self) -> DeliveryId {
        self.newest()
    }

    fn watch(&self, tell: EventSink) -> SessionWatch {
        self.watch(move |event| tell(event))
    }

    fn registry(&self) -> Arc<Registry> {
        self.control().registry()
    }

    fn means(&self) -> Result<Means, TlsSetupError> {
        self.control().means()
    }

    fn answers(&self) -> AnswersNow {
        let control = self.control();
        let (rules, counts) = control.counted_rules();
        AnswersNow { rules, counts, chosen: control.chosen(), held: control.held() }
    }

    fn stats(&self) -> StatsSnapshot {
        self.control().stats().snapshot()
    }

    fn secret_news(&self) -> Vec<SecretNews> {
        self.control().secret_news()
    }

    fn tunnel(&self) -> Tunnels {
        self.tunnel()
    }

    fn hint_tunnel(&self) {
        self.control().tunnel_hint().give();
    }

    fn jobs(&self) -> Vec<JobProgress> {
        self.control().jobs().running()
    }

    fn begin_job(&self, kind: JobKind) -> JobTicket {
        self.control().jobs().begin(kind)
    }

    fn keep_attempt(&self, attempt: Attempt) {
        self.control().keep_attempt(attempt);
    }

    fn ask(&self, request: ListenerRequest, later: Box<dyn FnOnce(RequestOutcome) + Send>) -> Option<RequestOutcome> {
        let marks = match &request {
            ListenerRequest::Mark(ids, edit) => Some((ids.clone(), edit.clone())),
            _ => None,
        };
        let given = self.given_by(&request);
        let marking = match self.perform(request) {
            Performed::Done(outcome) => {
                if let Some(given) = given {
                    self.news().tell(ListenerNews::SecretGiven(given), None);
                }
                return Some(outcome);
            }
            Performed::Marking(marking) => marking,
        };
        let news = Arc::clone(self.news());
        let wait = move || {
            let outcome = marked(marking.blocking_recv());
            if let (Ok(changed), Some((ids, edit))) = (&outcome, marks) {
                let marked = MarkedElsewhere { ids, edit, changed: *changed };
                news.tell(ListenerNews::Marked(marked), None);
            }
            later(outcome.map(RequestReply::Done));
        };
        thread::spawn("whyhook-marks", wait).err().map(|error| Err(error.into()))
    }
}

/// How many deliveries the writer has changed the marks of.
pub(crate) fn marked<R>(outcome: Result<Result<usize, Arc<StoreError>>, R>) -> Result<usize, RequestError> {
    outcome.map_err(|_| RequestError::WriterStopped)?.map_err(RequestError::from)
}
