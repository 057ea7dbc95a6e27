//! A run as other threads know it: what does not change, how far it has come, and who is woken by what.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::config::{RetentionSettings, Settings};
use crate::delivery::DeliveryId;
use crate::server::listener::Control;
use crate::server::tunnel::Tunnels;
use crate::server::{Changes, NewsBoard, ServerEvent, Watched, Watcher};
use crate::store::{Freed, Location};

/// What may change at any moment of a run, watched for one watcher by [`SessionFeed::watch`]; ends when it is dropped.
#[derive(Debug)]
pub struct SessionWatch {
    /// Of [`ServerEvent::Stored`].
    pub stored: Watcher,
    /// Of [`ServerEvent::Held`].
    pub held: Watcher,
    /// Of [`ServerEvent::Refused`].
    pub refused: Watcher,
    /// Of [`ServerEvent::Secrets`].
    pub secrets: Watcher,
    /// Of [`ServerEvent::Answers`].
    pub answers: Watcher,
    /// Of [`ServerEvent::Jobs`].
    pub jobs: Watcher,
}

/// How far the store has grown, and what is known of the tunnel.
#[derive(Debug, Default)]
pub(super) struct Growth {
    pub(super) newest: AtomicI64,
    /// Commits of this run: with some come only the answers of deliveries that were kept before.
    pub(super) commits: AtomicU64,
    pub(super) changes: Changes,
    pub(super) marks: Changes,
    pub(super) tunnel: Mutex<Tunnels>,
    pub(super) tunnel_changes: Changes,
}

/// What does not change during a run.
#[derive(Debug)]
pub(super) struct RunFacts {
    pub(super) settings: Settings,
    pub(super) started: Instant,
    pub(super) address: SocketAddr,
    pub(super) location: Location,
    pub(super) watched: Arc<Watched>,
    pub(super) retired: Freed,
    pub(super) last_before_run: DeliveryId,
}

/// What other threads may know of a run, and be told of it.
#[derive(Debug, Clone)]
pub struct SessionFeed {
    control: Arc<Control>,
    growth: Arc<Growth>,
    facts: Arc<RunFacts>,
    news: Arc<NewsBoard>,
}

impl SessionFeed {
    pub(super) fn new(control: Arc<Control>, growth: Arc<Growth>, facts: Arc<RunFacts>, news: Arc<NewsBoard>) -> Self {
        Self { control, growth, facts, news }
    }

    /// Secrets, webhooks and the answer.
    #[must_use]
    pub fn control(&self) -> &Arc<Control> {
        &self.control
    }

    /// Where it listens, with the port that was picked.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.facts.address
    }

    /// The settings of this moment: with the address that was bound, and the active secrets.
    #[must_use]
    pub fn settings(&self) -> Settings {
        let bind = self.facts.address;
        Settings { bind, registry: (*self.control.registry()).clone(), ..self.facts.settings.clone() }
    }

    /// The store.
    #[must_use]
    pub fn location(&self) -> &Location {
        &self.facts.location
    }

    /// The configuration file, or the path where one may appear.
    #[must_use]
    pub fn watched(&self) -> &Arc<Watched> {
        &self.facts.watched
    }

    /// What the retention has deleted at the start.
    #[must_use]
    pub fn retired(&self) -> Freed {
        self.facts.retired
    }

    /// How long it has been listening.
    #[must_use]
    pub fn uptime(&self) -> Duration {
        self.facts.started.elapsed()
    }

    /// The newest delivery from before this run: 0 when there was none.
    #[must_use]
    pub fn last_before_run(&self) -> DeliveryId {
        self.facts.last_before_run
    }

    /// The newest delivery at the last commit of this run: 0 before the first.
    #[must_use]
    pub fn newest(&self) -> DeliveryId {
        DeliveryId(self.growth.newest.load(Ordering::Acquire))
    }

    /// How often the store has been committed to in this run.
    #[must_use]
    pub fn commits(&self) -> u64 {
        self.growth.commits.load(Ordering::Acquire)
    }

    /// What is deleted automatically.
    #[must_use]
    pub fn retention(&self) -> RetentionSettings {
        self.facts.settings.retention
    }

    /// What was said of the run, for interfaces in other processes.
    #[must_use]
    pub fn news(&self) -> &Arc<NewsBoard> {
        &self.news
    }

    /// Told when the tunnel has changed.
    #[must_use]
    pub fn tunnel_changes(&self) -> &Changes {
        &self.growth.tunnel_changes
    }

    /// What is known of the tunnel.
    #[must_use]
    pub fn tunnel(&self) -> Tunnels {
        self.growth.tunnel.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Told when marks of deliveries are others, or deliveries were deleted and brought back, whoever did it.
    #[must_use]
    pub fn mark_changes(&self) -> &Changes {
        &self.growth.marks
    }

    /// Tells of what changes from now on, as long as what is returned is kept: from any thread, and each thing only once until
    /// it is looked at. `tell` must not block.
    #[must_use = "what is dropped is told no longer"]
    pub fn watch(&self, tell: impl Fn(ServerEvent) + Clone + Send + Sync + 'static) -> SessionWatch {
        let [stored, held, refused, secrets, answers, jobs] = [(); 6].map(|()| tell.clone());
        SessionWatch {
            stored: self.growth.changes.subscribe(move || stored(ServerEvent::Stored)),
            held: self.control.held_changes().subscribe(move || held(ServerEvent::Held)),
            refused: self.control.stats().changes().subscribe(move || refused(ServerEvent::Refused)),
            secrets: self.control.secret_changes().subscribe(move || secrets(ServerEvent::Secrets)),
            answers: self.control.answer_changes().subscribe(move || answers(ServerEvent::Answers)),
            jobs: self.control.jobs().changes().subscribe(move || jobs(ServerEvent::Jobs)),
        }
    }
}
