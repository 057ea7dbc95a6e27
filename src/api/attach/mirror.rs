//! What an attached interface knows of its listener.

use std::collections::VecDeque;
use std::sync::Arc;

use super::snapshot::{RunPart, Snapshot, StatePart};
use super::{FORMAT, parts::RulesPart};
use crate::config::Registry;
use crate::delivery::DeliveryId;
use crate::rules::{Held, Override, RuleSet};
use crate::server::listener::{SecretNews, StatsSnapshot};
use crate::server::tunnel::Tunnels;
use crate::server::{JobProgress, ListenerNews};

/// The listener as it was told last.
#[derive(Debug)]
pub(super) struct Mirror {
    /// Why it cannot be asked; `None` while it can.
    pub(super) lost: Option<String>,
    pub(super) process: u32,
    pub(super) run: Option<RunPart>,
    pub(super) registry: Arc<Registry>,
    pub(super) rules: Arc<RuleSet>,
    pub(super) counts: Vec<u64>,
    pub(super) chosen: Option<Override>,
    pub(super) held: Vec<Held>,
    pub(super) stats: StatsSnapshot,
    pub(super) jobs: Vec<JobProgress>,
    pub(super) tunnel: Tunnels,
    pub(super) newest: DeliveryId,
    commits: u64,
    /// What was heard of secrets, and not read yet.
    pub(super) secret_news: VecDeque<SecretNews>,
    /// The snapshots that registry, rules and state are of.
    at: [u64; 3],
}

/// What a snapshot has changed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Changed {
    /// Another run than before.
    pub(super) run: bool,
    pub(super) secrets: bool,
    pub(super) answers: bool,
    pub(super) held: bool,
    pub(super) stored: bool,
    pub(super) refused: bool,
    pub(super) jobs: bool,
    pub(super) tunnel: bool,
    /// What is to be said.
    pub(super) news: Vec<ListenerNews>,
}

impl Default for Mirror {
    fn default() -> Self {
        Self {
            lost: Some("not attached yet".to_owned()),
            process: 0,
            run: None,
            registry: Arc::default(),
            rules: Arc::default(),
            counts: Vec::new(),
            chosen: None,
            held: Vec::new(),
            stats: StatsSnapshot::default(),
            jobs: Vec::new(),
            tunnel: Tunnels::default(),
            newest: DeliveryId(0),
            commits: 0,
            secret_news: VecDeque::new(),
            at: [0; 3],
        }
    }
}

/// Takes over a value; returns whether it is another.
fn set<T: PartialEq>(place: &mut T, value: T) -> bool {
    let is_other = *place != value;
    *place = value;
    is_other
}

impl Mirror {
    /// Takes in a snapshot, as far as it is not older than what is known.
    ///
    /// # Errors
    ///
    /// What is wrong with it, in words: it is of another release, or of no listener.
    pub(super) fn take(&mut self, snapshot: Snapshot) -> Result<Changed, String> {
        let Snapshot { process, at, run, registry, rules, state, news } = snapshot;
        let mut changed = Changed::default();
        if let Some(run) = run {
            if run.format != FORMAT {
                return Err(other_release(&run.version));
            }
            (changed.run, self.process, self.at) = (true, process, [0; 3]);
            (self.run, self.lost) = (Some(run), None);
        }
        if process != self.process {
            // The reply of a listener that has ended since.
            return Ok(changed);
        }
        let known = &mut self.at;
        let mut is_newer = |part: usize| {
            let is_newer = at > known[part];
            known[part] = known[part].max(at);
            is_newer
        };
        if let Some(parts) = registry.filter(|_| is_newer(0)) {
            self.registry = Arc::new(Registry::try_from(parts).map_err(|error| unreadable(&error.to_string()))?);
            changed.secrets = true;
        }
        if let Some(rules) = rules.as_ref().filter(|_| is_newer(1)) {
            let rules = RulesPart::set(rules).map_err(|words| unreadable(&words))?;
            changed.answers |= *self.rules != rules;
            self.rules = Arc::new(rules);
        }
        if let Some(state) = state.filter(|_| is_newer(2)) {
            self.take_state(state, &mut changed).map_err(|words| unreadable(&words))?;
        }
        for news in news {
            match news {
                ListenerNews::Secret(news) => {
                    self.secret_news.push_back(news);
                    changed.secrets = true;
                }
                news => changed.news.push(news),
            }
        }
        Ok(changed)
    }

    fn take_state(&mut self, state: StatePart, changed: &mut Changed) -> Result<(), String> {
        let chosen = state.chosen.map(|chosen| chosen.chosen()).transpose()?;
        let held = state.held.iter().map(|held| held.held()).collect::<Result<_, _>>()?;
        changed.answers |= set(&mut self.chosen, chosen) | set(&mut self.counts, state.counts);
        changed.held = set(&mut self.held, held);
        changed.refused = set(&mut self.stats, state.stats);
        changed.jobs = set(&mut self.jobs, state.jobs.iter().map(|job| job.job()).collect());
        changed.tunnel = set(&mut self.tunnel, state.tunnel);
        // A run that has kept nothing yet says 0.
        let newest = self.newest.max(state.newest);
        changed.stored = set(&mut self.newest, newest) | set(&mut self.commits, state.commits);
        Ok(())
    }

    /// The listener cannot be asked any more: it holds nothing, and does nothing. Returns what has changed; `None` where
    /// that was known.
    pub(super) fn lose(&mut self, words: String) -> Option<Changed> {
        if self.lost.as_ref() == Some(&words) {
            return None;
        }
        self.lost = Some(words);
        Some(Changed {
            held: set(&mut self.held, Vec::new()),
            jobs: set(&mut self.jobs, Vec::new()),
            tunnel: set(&mut self.tunnel, Tunnels::default()),
            ..Changed::default()
        })
    }
}

/// The listener is of another release.
pub(super) fn other_release(version: &str) -> String {
    let (version, own) = (crate::text::visible(version), env!("CARGO_PKG_VERSION"));
    format!(
        "the listener is another release of whyhook ({version}) that this one ({own}) cannot attach to: stop it and start it \
         again with this one"
    )
}

fn unreadable(words: &str) -> String {
    let words = crate::text::visible(words);
    format!("what answers on the store's socket says something that this release of whyhook cannot read: {words}")
}
