//! [`Control`]: what other parts of the program ask of a listener that is running, and tell it.

use std::net::SocketAddr;
use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::ListenerLimits;
use super::answering::Answering;
use super::forward::{Forwarder, InvalidForward, Means};
use super::hold::{Holding, NotHeld};
use super::places::Places;
use super::received::ReceivedSecrets;
use super::room::{MemoryBudget, MemoryRoom};
use super::stats::{Load, Stats};
use crate::config::Registry;
use crate::delivery::{Answer, Attempt, DeliveryId, MarksEdit};
use crate::http::TlsSetupError;
use crate::rules::{Held, Override, RuleSet, TimedResponse};
use crate::server::tunnel::Hint;
use crate::server::{Changes, RunningJobs};
use crate::signature::diagnose::Diagnosis;
use crate::store::{DoomedDeliveries, Location, Marking, PruneWatch, Pruning, WriterHandle};

/// Connections that may be closing at once, in addition to those that are served: two seconds at most, and a socket
/// each.
const LEAVING: usize = 256;

/// Controls a running listener: secrets and webhooks, the answer, and counters.
#[derive(Debug)]
pub struct Control {
    pub(super) registry: RwLock<Arc<Registry>>,
    pub(super) answering: Answering,
    pub(super) holding: Holding,
    pub(super) forwarder: Forwarder,
    limits: ListenerLimits,
    budget: MemoryBudget,
    pub(super) places: Arc<Places>,
    /// For connections that have their answer and are not gone yet.
    leaving: Arc<Semaphore>,
    writer: WriterHandle,
    stats: Stats,
    tunnel_hint: Hint,
    pub(super) received: ReceivedSecrets,
    pub(super) registry_changes: Changes,
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

    /// Deletes deliveries for good while others come in; `watch` can end it between two segments.
    #[must_use]
    pub fn prune(&self, doomed: DoomedDeliveries, watch: PruneWatch) -> Pruning {
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
    pub(super) fn keep_answer(&self, id: DeliveryId, answer: Answer) {
        let Answer { outcome, status, body_bytes, latency, .. } = &answer;
        let ms = crate::system::log::ms(*latency);
        tracing::info!(outcome = outcome.code(), status, body_bytes, ms, "answered");
        self.writer.answered(id, answer);
    }

    /// A place among those who leave; `None` when there are too many of them.
    pub(super) fn leaving(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.leaving).try_acquire_owned().ok()
    }

    pub(super) fn writer(&self) -> &WriterHandle {
        &self.writer
    }

    /// No room yet, of that in memory which everything that holds a body shares.
    pub(super) fn room(&self) -> MemoryRoom {
        self.budget.room()
    }
}
