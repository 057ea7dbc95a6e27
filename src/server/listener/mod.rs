//! The listener: accepts connections, keeps each request as received, and answers once it is on disk.
//!
//! ```text
//! socket → stream: framing → exchange: read → judge → keep (on disk) → rule → wait, hold, forward → answer
//! ```

mod answering;
mod asked;
mod body;
pub mod capture;
mod connection;
mod exchange;
mod forward;
mod hold;
mod pace;
mod perform;
mod places;
mod raw;
mod received;
mod response;
mod room;
mod stats;
mod stream;
#[cfg(test)]
mod tests;

pub use forward::{FORWARD_DESCRIPTORS, InvalidForward, Means};
pub use hold::{HELD_LIMIT, NotHeld};
pub use pace::Deadlines;
pub use received::SecretNews;
pub use stats::{Load, Stats, StatsSnapshot};

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use self::answering::Answering;
use self::forward::Forwarder;
use self::hold::Holding;
use self::places::Places;
use self::received::ReceivedSecrets;
use self::room::{MemoryBudget, MemoryRoom};
use crate::config::Registry;
use crate::delivery::{Answer, Attempt, DeliveryId, MarksEdit};
use crate::http::TlsSetupError;
use crate::rules::{Held, Override, Reply, RuleSet, TimedResponse};
use crate::server::Changes;
use crate::server::RunningJobs;
use crate::server::tunnel::Hint;
use crate::signature::diagnose::Diagnosis;
use crate::store::{Location, Marking, PruneWatch, Pruning, WriterHandle};

/// How long answers in progress may take when the program ends.
const FINISH: Duration = Duration::from_millis(650);

/// How long those that have their answers are waited for then, to hang up: none waits longer, and to be cut off harms
/// only who is still sending.
const FAREWELL: Duration = Duration::from_millis(100);

/// Connections that may be closing at once, in addition to those that are served: two seconds at most, and a socket
/// each.
const LEAVING: usize = 256;

/// The limits of the listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ListenerLimits {
    /// The maximum length of a body that is kept completely.
    pub body_bytes: u64,
    /// Bytes of bodies that may be in memory at once, over all connections.
    pub in_flight_bytes: usize,
    /// Connections served at once; further ones are answered 503.
    pub connections: usize,
    /// Time limits for senders.
    pub deadlines: Deadlines,
}

impl ListenerLimits {
    /// The most memory that one body section takes, in bytes.
    fn body_section_bytes(&self) -> usize {
        usize::try_from(self.body_bytes).unwrap_or(usize::MAX).saturating_add(crate::http::section::MORE_BYTES)
    }
}

impl Default for ListenerLimits {
    fn default() -> Self {
        Self {
            body_bytes: 64 * 1024 * 1024,
            in_flight_bytes: 256 * 1024 * 1024,
            connections: 1024,
            deadlines: Deadlines::default(),
        }
    }
}

/// The address cannot be listened on.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Somebody else does.
    #[error(
        "{address} is in use by another program: stop it, or choose another port, such as --bind {}:{}",
        address.ip(), address.port().checked_add(1).unwrap_or(0)
    )]
    InUse {
        /// The address.
        address: SocketAddr,
    },
    /// The system refuses it.
    #[error("cannot listen on {address}: {source}")]
    Refused {
        /// The address.
        address: SocketAddr,
        /// The system's reason.
        source: io::Error,
    },
}

/// Controls a running listener: secrets and webhooks, the answer, and counters.
#[derive(Debug)]
pub struct Control {
    registry: RwLock<Arc<Registry>>,
    answering: Answering,
    holding: Holding,
    forwarder: Forwarder,
    limits: ListenerLimits,
    budget: MemoryBudget,
    places: Arc<Places>,
    /// For connections that have their answer and are not gone yet.
    leaving: Arc<Semaphore>,
    writer: WriterHandle,
    stats: Stats,
    tunnel_hint: Hint,
    received: ReceivedSecrets,
    registry_changes: Changes,
    jobs: RunningJobs,
}

impl Control {
    /// Control over a listener that keeps what it receives with `writer` and answers by `rules`.
    #[must_use]
    pub fn new(registry: Registry, rules: RuleSet, limits: ListenerLimits, writer: WriterHandle) -> Arc<Self> {
        let places = Places::new(limits.connections);
        Arc::new(Self {
            registry: RwLock::new(Arc::new(registry)),
            answering: Answering::new(rules),
            holding: Holding::default(),
            forwarder: Forwarder::new(limits.in_flight_bytes),
            limits,
            budget: MemoryBudget::new(limits.in_flight_bytes, limits.body_section_bytes(), Arc::clone(&places)),
            places,
            leaving: Arc::new(Semaphore::new(LEAVING)),
            writer,
            stats: Stats::default(),
            tunnel_hint: Hint::default(),
            received: ReceivedSecrets::default(),
            registry_changes: Changes::default(),
            jobs: RunningJobs::default(),
        })
    }

    /// The webhooks and active secrets.
    #[must_use]
    pub fn registry(&self) -> Arc<Registry> {
        Arc::clone(&self.registry.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the webhooks, secrets or schemes, for deliveries from now on. Nothing that another thread changes at the
    /// same time is lost.
    pub fn change_registry(&self, change: impl FnOnce(&Registry) -> Registry) {
        let changed = self.try_change_registry(|registry| Ok::<_, std::convert::Infallible>((change(registry), ())));
        changed.unwrap_or_else(|never| match never {});
    }

    /// The same for a change that may be refused, and that finds something out.
    ///
    /// # Errors
    ///
    /// Those of `change`; nothing is changed then.
    pub fn try_change_registry<T, E>(
        &self,
        change: impl FnOnce(&Registry) -> Result<(Registry, T), E>,
    ) -> Result<T, E> {
        let mut registry = self.registry.write().unwrap_or_else(PoisonError::into_inner);
        let (changed, found) = change(&registry)?;
        let (secrets, webhooks) = (changed.keyring().secrets().len(), changed.webhooks().len());
        *registry = Arc::new(changed);
        drop(registry);
        tracing::info!(secrets, webhooks, "secrets or webhooks changed");
        self.registry_changes.tell();
        self.received.changes().tell();
        Ok(found)
    }

    /// Told when secrets, schemes or webhooks are others, whoever changed them.
    #[must_use]
    pub fn registry_changes(&self) -> &Changes {
        &self.registry_changes
    }

    /// Sets where deliveries are kept and where this listens, which forwarding needs. Only the first call
    /// counts.
    pub fn set_place(&self, location: Location, address: SocketAddr) {
        self.forwarder.set_place(location, address);
    }

    /// Sets the client for forwards. Only the first call counts; without it only the system's authorities are
    /// trusted.
    pub fn set_means(&self, means: Means) {
        self.forwarder.set_means(means);
    }

    /// The client for forwards.
    ///
    /// # Errors
    ///
    /// [`TlsSetupError`] when no client was set, and TLS cannot be set up.
    pub fn means(&self) -> Result<Means, TlsSetupError> {
        self.forwarder.means()
    }

    /// Checks that no rule forwards to an impossible target, such as this listener itself.
    ///
    /// # Errors
    ///
    /// [`InvalidForward`].
    pub fn check_rules(&self, rules: &RuleSet) -> Result<(), InvalidForward> {
        self.forwarder.check(rules.rules())
    }

    /// The active rules.
    #[must_use]
    pub fn rules(&self) -> Arc<RuleSet> {
        self.answering.rules()
    }

    /// The active rules, and how many deliveries each was chosen for in this run.
    #[must_use]
    pub fn counted_rules(&self) -> (Arc<RuleSet>, Vec<u64>) {
        self.answering.counted_rules()
    }

    /// Replaces the rules, for deliveries from now on. The counts of sequences that stay go on.
    pub fn set_rules(&self, rules: RuleSet) {
        tracing::info!(rules = rules.rules().len(), "rules changed");
        self.answering.set_rules(rules);
    }

    /// The person's choice that overrides the rules; `None` once it has been used for its one delivery.
    #[must_use]
    pub fn chosen(&self) -> Option<Override> {
        self.answering.chosen()
    }

    /// Sets a choice that overrides the rules, for the next delivery or until it is cleared with `None`.
    pub fn set_override(&self, chosen: Option<Override>) {
        let (is_set, once) = (chosen.is_some(), chosen.as_ref().is_some_and(|chosen| chosen.once));
        tracing::info!(is_set, once, "response chosen by hand");
        self.answering.set_override(chosen);
    }

    /// Told when the rules or the person's choice are others.
    #[must_use]
    pub fn answer_changes(&self) -> &Changes {
        self.answering.changes()
    }

    /// The deliveries that wait for a decision, the longest waiting first.
    #[must_use]
    pub fn held(&self) -> Vec<Held> {
        self.holding.list()
    }

    /// Decides about a held delivery: an answer, a forward, or a closed connection.
    ///
    /// # Errors
    ///
    /// [`NotHeld`] when it is too late.
    pub fn decide(&self, id: DeliveryId, act: TimedResponse) -> Result<(), NotHeld> {
        self.holding.decide(id, act)
    }

    /// Sends the default answer of a held delivery before its time.
    ///
    /// # Errors
    ///
    /// [`NotHeld`] when it is too late.
    pub fn let_go(&self, id: DeliveryId) -> Result<(), NotHeld> {
        self.holding.let_go(id)
    }

    /// Told when a delivery is held or no longer.
    #[must_use]
    pub fn held_changes(&self) -> &Changes {
        self.holding.changes()
    }

    fn holding(&self) -> &Holding {
        &self.holding
    }

    /// The limits, which are fixed for the listener's lifetime.
    #[must_use]
    pub fn limits(&self) -> ListenerLimits {
        self.limits
    }

    /// The counters.
    #[must_use]
    pub fn stats(&self) -> &Stats {
        &self.stats
    }

    /// Given when a delivery has come through a proxy, since a tunnel is one.
    #[must_use]
    pub fn tunnel_hint(&self) -> &Hint {
        &self.tunnel_hint
    }

    /// How much of the limits is used now.
    #[must_use]
    pub fn load(&self) -> Load {
        Load {
            limits: self.limits,
            connections: self.places.taken(),
            in_flight_bytes: self.budget.taken_bytes(),
            waiting: self.writer.waiting(),
            held: self.holding.count(),
            stats: self.stats.snapshot(),
        }
    }

    /// Stores the diagnosis of a delivery's signature, replacing an earlier one.
    pub fn keep_diagnosis(&self, id: DeliveryId, diagnosis: &Diagnosis) {
        if let Ok(json) = serde_json::to_string(diagnosis) {
            self.keep_diagnosis_text(id, json);
        }
    }

    /// The same, as JSON.
    pub(crate) fn keep_diagnosis_text(&self, id: DeliveryId, json: String) {
        self.writer.diagnosed(id, json);
    }

    /// Deletes deliveries for good while others come in, with or without those that are pinned when it comes to them; `watch`
    /// can end it between two segments.
    #[must_use]
    pub fn prune(&self, doomed: (Vec<DeliveryId>, bool), watch: PruneWatch) -> Pruning {
        self.writer.prune_watched(doomed, watch)
    }

    /// The long work of this run that is not a sending.
    #[must_use]
    pub fn jobs(&self) -> &RunningJobs {
        &self.jobs
    }

    /// Changes what a person has added to deliveries.
    pub fn mark(&self, ids: Vec<DeliveryId>, edit: MarksEdit) -> Marking {
        self.writer.mark(ids, edit)
    }

    /// The writer, for deliveries that are imported. It must be let go of before the run can end.
    #[must_use]
    pub fn import_writer(&self) -> WriterHandle {
        self.writer.clone()
    }

    /// Stores an attempt that was sent from here, with its result.
    pub fn keep_attempt(&self, attempt: Attempt) {
        self.writer.attempted(attempt);
    }

    /// Stores the answer to a delivery, and logs that it was given.
    fn keep_answer(&self, id: DeliveryId, answer: Answer) {
        let Answer { outcome, status, body_bytes, latency, .. } = &answer;
        let ms = crate::system::log::ms(*latency);
        tracing::info!(outcome = outcome.code(), status, body_bytes, ms, "answered");
        self.writer.answered(id, answer);
    }

    /// A place among those who leave; `None` when there are too many of them.
    fn leaving(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.leaving).try_acquire_owned().ok()
    }

    fn writer(&self) -> &WriterHandle {
        &self.writer
    }

    /// No room yet, of that in memory which everything that holds a body shares.
    fn room(&self) -> MemoryRoom {
        self.budget.room()
    }
}

fn overloaded_reply() -> Reply {
    Reply::text(503, "whyhook is at its limit").with_header("retry-after", "1")
}

fn not_kept_reply() -> Reply {
    Reply::text(503, "whyhook could not keep this delivery").with_header("retry-after", "5")
}

/// A bound listener that is not yet served.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    address: SocketAddr,
}

impl Listener {
    /// Binds `address`; port 0 picks a free one.
    ///
    /// # Errors
    ///
    /// [`ListenError`] when the address is taken or refused.
    pub async fn bind(address: SocketAddr) -> Result<Self, ListenError> {
        let failed = |source: io::Error| match source.kind() {
            io::ErrorKind::AddrInUse => ListenError::InUse { address },
            _ => ListenError::Refused { address, source },
        };
        let socket = TcpListener::bind(address).await.map_err(failed)?;
        let address = socket.local_addr().map_err(failed)?;
        Ok(Self { socket, address })
    }

    /// The address that it listens on, with the port that was picked.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stopping` becomes true; then lets go what is held, each delivery with its default,
    /// and what is being answered finish, for somewhat less than a second.
    pub async fn serve(self, control: Arc<Control>, mut stopping: watch::Receiver<bool>) {
        let mut connections = tokio::task::JoinSet::new();
        loop {
            let accepted = tokio::select! {
                accepted = self.socket.accept() => accepted,
                _ = stopping.wait_for(|stopping| *stopping) => break,
                Some(_) = connections.join_next() => continue,
            };
            let (socket, remote) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of descriptors, most likely: they come back as connections end.
                    tracing::warn!(reason = %error, "connection not accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            };
            let (control, stopping) = (Arc::clone(&control), stopping.clone());
            match control.places.take() {
                Some(place) => connections.spawn(connection::serve(socket, remote, place, control, stopping)),
                None => connections.spawn(connection::serve_in_turn(socket, remote, control, stopping)),
            };
        }
        drop(self.socket);
        tracing::debug!(connections = connections.len(), held = control.holding.count(), "no longer accepting");
        control.holding.release();
        let answered = async {
            control.places.vacated().await;
            control.forwarder.finished().await;
        };
        if tokio::time::timeout(FINISH, answered).await.is_err() {
            tracing::warn!(connections = control.places.taken(), "connections cut at the end");
        }
        let gone = async { while connections.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(FAREWELL, gone).await;
    }
}
