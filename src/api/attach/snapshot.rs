//! The state of a listener at a moment, whole or as far as it has changed.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::FORMAT;
use super::parts::{ChosenPart, HeldPart, JobPart, RulesPart};
use crate::config::{AnswerFlags, Registry, RegistryParts};
use crate::delivery::DeliveryId;
use crate::rules::RuleSet;
use crate::server::listener::StatsSnapshot;
use crate::server::tunnel::Tunnels;
use crate::server::{InterfaceNumber, ListenerNews, SessionFeed};

/// Counts snapshots, so that of two the later one is known, whichever way they came.
static CLOCK: AtomicU64 = AtomicU64::new(1);

/// What is known at a moment; `None` for what is as it was told before.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::api) struct Snapshot {
    /// The process that runs the listener.
    pub(super) process: u32,
    /// Greater for a later one of this process.
    pub(super) at: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) run: Option<RunPart>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) registry: Option<RegistryParts>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) rules: Option<RulesPart>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) state: Option<StatePart>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) news: Vec<ListenerNews>,
}

/// What does not change during a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RunPart {
    pub(super) format: u32,
    pub(super) version: String,
    pub(super) address: SocketAddr,
    pub(super) ephemeral: bool,
    pub(super) tolerance: Duration,
    pub(super) answers: AnswerFlags,
    pub(super) insecure: bool,
    pub(super) ca_file: Option<String>,
    pub(super) forward_timeout: Duration,
    /// The configuration file, and where one would be.
    pub(super) config: Option<String>,
    pub(super) config_place: Option<String>,
}

/// What changes often.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StatePart {
    pub(super) newest: DeliveryId,
    /// Grows with each commit, also of answers alone.
    pub(super) commits: u64,
    pub(super) counts: Vec<u64>,
    pub(super) chosen: Option<ChosenPart>,
    pub(super) held: Vec<HeldPart>,
    pub(super) stats: StatsSnapshot,
    pub(super) jobs: Vec<JobPart>,
    pub(super) tunnel: Tunnels,
}

impl RunPart {
    fn of(feed: &SessionFeed) -> Self {
        let settings = feed.settings();
        // A path that is not UTF-8 cannot be told: nothing is saved there then.
        let text = |path: &Path| path.to_str().map(str::to_owned);
        let watched = feed.watched();
        Self {
            format: FORMAT,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            address: feed.address(),
            ephemeral: settings.ephemeral,
            tolerance: settings.tolerance,
            answers: settings.answers,
            insecure: settings.insecure,
            ca_file: settings.ca_file.as_deref().and_then(text),
            forward_timeout: settings.forward_timeout,
            config: watched.file().as_deref().and_then(text),
            config_place: watched.place().as_deref().and_then(text),
        }
    }
}

impl StatePart {
    fn of(feed: &SessionFeed, counts: Vec<u64>) -> Self {
        let control = feed.control();
        Self {
            newest: feed.newest(),
            commits: feed.commits(),
            counts,
            chosen: control.chosen().as_ref().map(ChosenPart::from),
            held: control.held().iter().map(HeldPart::from).collect(),
            stats: control.stats().snapshot(),
            jobs: control.jobs().running().iter().map(JobPart::from).collect(),
            tunnel: feed.tunnel(),
        }
    }
}

/// The snapshots for one interface: each part once, and again when it has changed.
#[derive(Debug)]
pub(in crate::api) struct SnapshotFeed {
    interface: InterfaceNumber,
    is_begun: bool,
    registry: Option<Arc<Registry>>,
    rules: Option<Arc<RuleSet>>,
    state: Option<StatePart>,
    news: u64,
}

impl SnapshotFeed {
    /// Of news before, nothing is told.
    pub(in crate::api) fn new(feed: &SessionFeed, interface: InterfaceNumber) -> Self {
        let news = feed.news().last();
        Self { interface, is_begun: false, registry: None, rules: None, state: None, news }
    }

    /// One of the state alone, to an interface that knows the run.
    pub(in crate::api) fn of_state(feed: &SessionFeed, interface: InterfaceNumber) -> Self {
        Self { is_begun: true, ..Self::new(feed, interface) }
    }

    /// What has changed since the last one.
    pub(in crate::api) fn next(&mut self, feed: &SessionFeed) -> Option<Snapshot> {
        // Before anything is read: of two snapshots, the one with the greater number holds nothing older.
        let at = CLOCK.fetch_add(1, Ordering::SeqCst);
        let control = feed.control();
        let run = (!std::mem::replace(&mut self.is_begun, true)).then(|| RunPart::of(feed));
        let registry = control.registry();
        let is_known = self.registry.as_ref().is_some_and(|known| Arc::ptr_eq(known, &registry));
        let parts = (!is_known).then(|| RegistryParts::from(&*registry));
        let (rules, counts) = control.counted_rules();
        let is_known = self.rules.as_ref().is_some_and(|known| Arc::ptr_eq(known, &rules));
        let rules_part = (!is_known).then(|| RulesPart::from(&*rules));
        let state = StatePart::of(feed, counts);
        let state_part = (self.state.as_ref() != Some(&state)).then(|| state.clone());
        let (last, news) = feed.news().after(self.news, self.interface);
        (self.registry, self.rules, self.state, self.news) = (Some(registry), Some(rules), Some(state), last);
        let is_nothing = run.is_none() && parts.is_none() && rules_part.is_none() && state_part.is_none();
        (!is_nothing || !news.is_empty()).then(|| Snapshot {
            process: std::process::id(),
            at,
            run,
            registry: parts,
            rules: rules_part,
            state: state_part,
            news,
        })
    }
}
