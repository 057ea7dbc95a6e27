//! What a stream tells of the run itself: its secrets, schemes, rules and jobs. What they are now is read where they are.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::api::state::ApiState;
use crate::config::Registry;
use crate::rules::RuleSet;
use crate::server::Watcher;

/// The run as a stream has told it last.
pub(super) struct RunChanges {
    registry_watch: Watcher,
    jobs_watch: Watcher,
    registry: Arc<Registry>,
    rules: Arc<RuleSet>,
    /// The states of jobs.
    jobs: BTreeMap<u64, ToldJob>,
}

impl RunChanges {
    /// As it is now; `wake` is told of changes. Those of rules are told with the answers'.
    pub(super) fn watch(state: &ApiState, wake: &Arc<Notify>) -> Self {
        let control = state.feed.control();
        let woken = || {
            let wake = Arc::clone(wake);
            move || wake.notify_one()
        };
        let registry_watch = control.registry_changes().subscribe(woken());
        let jobs_watch = control.jobs().begun_or_ended().subscribe(woken());
        let jobs = told(&state.jobs.list(control.jobs())).collect();
        Self { registry_watch, jobs_watch, registry: control.registry(), rules: control.rules(), jobs }
    }

    /// What is different since it was asked last, as the data of events.
    pub(super) fn news(&mut self, state: &ApiState) -> Vec<Value> {
        let control = state.feed.control();
        let mut news = Vec::new();
        if self.registry_watch.look() {
            let before = std::mem::replace(&mut self.registry, control.registry());
            if !self.registry.has_secrets_of(&before) {
                news.push(json!({"what": "secrets"}));
            }
            if !self.registry.adopted_schemes().eq(before.adopted_schemes()) {
                news.push(json!({"what": "registry"}));
            }
        }
        let rules = control.rules();
        if !Arc::ptr_eq(&rules, &self.rules) {
            news.push(json!({"what": "rules", "rules": rules.rules().len()}));
            self.rules = rules;
        }
        if self.jobs_watch.look() {
            news.extend(self.jobs(&state.jobs.list(control.jobs())));
        }
        news
    }

    fn jobs(&mut self, all: &[Value]) -> Vec<Value> {
        let now: BTreeMap<u64, ToldJob> = told(all).collect();
        let before = std::mem::replace(&mut self.jobs, now);
        let mut news = Vec::new();
        for job in all {
            let number = job["job"].as_u64().unwrap_or_default();
            if before.get(&number).map(|job| job.state.as_str()) != job["state"].as_str() {
                news.push(json!({"what": "job", "job": number, "kind": job["kind"], "state": job["state"]}));
            }
        }
        // Of the interface's own, nothing is kept.
        let gone = before.iter().filter(|(number, job)| job.state == "running" && !self.jobs.contains_key(number));
        news.extend(
            gone.map(
                |(number, job)| json!({"what": "job", "job": number, "kind": job.kind, "state": super::jobs::ENDED}),
            ),
        );
        news
    }
}

/// What was told of a job last.
struct ToldJob {
    kind: String,
    state: String,
}

fn told(all: &[Value]) -> impl Iterator<Item = (u64, ToldJob)> {
    all.iter().filter_map(|job| {
        let text = |name: &str| job[name].as_str().map(str::to_owned);
        Some((job["job"].as_u64()?, ToldJob { kind: text("kind")?, state: text("state")? }))
    })
}
