//! When each source is asked, and what it said last.

use std::collections::BTreeMap;
use std::path::PathBuf;

use tokio::time::Instant;

use super::places::{Paces, TunnelPlaces};
use crate::config::{TunnelName, TunnelProbe};
use crate::server::tunnel::ask::Asker;
use crate::server::tunnel::found::SourceAnswer;
use crate::server::tunnel::hint::Hint;
use crate::server::tunnel::pace::{Pace, Schedule};
use crate::server::tunnel::seen::{SeenProgram, look};
use crate::server::tunnel::sources;
use crate::server::tunnel::tunnels::Tunnels;

/// What is looked at, and what was seen last.
pub(super) struct Lookout {
    pub(super) places: TunnelPlaces,
    pub(super) proc: PathBuf,
    pub(super) asker: Asker,
    /// Of `/proc`, where anything is looked for there.
    pub(super) seen_next: Option<Schedule>,
    pub(super) seen: Vec<SeenProgram>,
    pub(super) sources: BTreeMap<TunnelName, AskedSource>,
    /// Which of the lists that ngrok's agent is asked for was answered last.
    pub(super) ngrok_list: usize,
    /// Whether it is certain which tunnel leads here.
    pub(super) is_certain: bool,
    pub(super) paces: Paces,
}

pub(super) struct AskedSource {
    pub(super) schedule: Schedule,
    /// While it does not answer with a tunnel.
    pace: Pace,
    answer: SourceAnswer,
}

impl AskedSource {
    fn new(pace: Pace, answer: SourceAnswer) -> Self {
        Self { schedule: Schedule::new(pace), pace, answer }
    }
}

impl Lookout {
    pub(super) fn new(paces: Paces, places: TunnelPlaces, proc: PathBuf) -> Result<Self, String> {
        use TunnelName::{Cloudflared, Codespaces, Devtunnel, Ngrok, Pinggy, Tailscale, Zrok};
        let probe = |name| places.settings.probe(name);
        let by_program = [Cloudflared, Tailscale, Zrok, Pinggy, Devtunnel];
        let sees = cfg!(target_os = "linux") && by_program.iter().any(|name| probe(*name) != TunnelProbe::Off);
        let mut sources = BTreeMap::new();
        let mut add = |name, pace| {
            sources.insert(name, AskedSource::new(pace, SourceAnswer::Absent));
        };
        if places.ngrok.is_some() {
            add(Ngrok, paces.ngrok);
        }
        for (name, pace) in [
            (Cloudflared, paces.http),
            (Tailscale, paces.command),
            (Zrok, paces.http),
            (Pinggy, paces.http),
            (Devtunnel, paces.command),
        ] {
            if probe(name) != TunnelProbe::Off {
                add(name, pace);
            }
        }
        if probe(Codespaces) != TunnelProbe::Off {
            let variable = |name: &str| std::env::var(name).ok();
            let answer = sources::codespaces(variable, places.listener.port());
            if answer != SourceAnswer::Absent {
                // It does not change: it is never asked again.
                sources.insert(Codespaces, AskedSource::new(paces.command, answer));
            }
        }
        let asker = Asker::within(paces.limit)?;
        let seen_next = sees.then(|| Schedule::new(paces.seen));
        Ok(Self { places, proc, asker, seen_next, seen: Vec::new(), sources, ngrok_list: 0, is_certain: false, paces })
    }

    /// Whether there is a reason to ask this one.
    pub(super) fn is_asked(&self, name: TunnelName) -> bool {
        match (name, self.places.settings.probe(name)) {
            (TunnelName::Ngrok, _) => true,
            (TunnelName::Codespaces, _) | (_, TunnelProbe::Off) => false,
            (_, TunnelProbe::Usual | TunnelProbe::At(_)) => true,
            (TunnelName::Tailscale, TunnelProbe::Seen) if cfg!(target_os = "macos") => {
                std::path::Path::new("/var/run/tailscaled.socket").exists()
            }
            (_, TunnelProbe::Seen) => self.seen_as(name).next().is_some(),
        }
    }

    pub(super) fn seen_as(&self, name: TunnelName) -> impl Iterator<Item = &SeenProgram> {
        self.seen.iter().filter(move |program| program.name == name)
    }

    /// When something is due next; `None` when nothing is looked for.
    pub(super) fn next(&self) -> Option<Instant> {
        let asked = self.sources.iter().filter(|(name, _)| self.is_asked(**name));
        asked.map(|(_, source)| source.schedule.next()).chain(self.seen_next.map(|schedule| schedule.next())).min()
    }

    /// Something may have changed. When it is certain which tunnel leads here, only its going would be news, which ngrok's
    /// agent is asked about: a delivery through a tunnel does not trigger a search for others.
    pub(super) fn hurry(&mut self, is_certain: bool) {
        for (_, source) in self.sources.iter_mut().filter(|(name, _)| !is_certain || **name == TunnelName::Ngrok) {
            source.schedule.hurry();
        }
        if let Some(schedule) = self.seen_next.as_mut().filter(|_| !is_certain) {
            schedule.hurry();
        }
    }

    /// Asks whatever is due.
    pub(super) async fn round(&mut self) {
        let now = Instant::now();
        if self.seen_next.is_some_and(|schedule| schedule.is_due(now)) {
            self.look(now);
        }
        let names: Vec<TunnelName> = self.sources.keys().copied().collect();
        for name in names {
            if !self.is_asked(name) {
                if let Some(source) = self.sources.get_mut(&name).filter(|_| name != TunnelName::Codespaces) {
                    source.answer = SourceAnswer::Absent;
                }
                continue;
            }
            if self.sources.get(&name).is_some_and(|source| source.schedule.is_due(now)) {
                let answer = self.ask(name).await;
                tracing::trace!(name = name.code(), ?answer, "asked");
                if let Some(source) = self.sources.get_mut(&name) {
                    // A program is run seldom enough as it is.
                    let slow = source.pace.longest < self.paces.answering.longest;
                    let answers = slow && matches!(answer, SourceAnswer::Tunnels(_));
                    source.schedule.slow(if answers { self.paces.answering } else { source.pace });
                    source.schedule.asked(now, answer != source.answer);
                    source.answer = answer;
                }
            }
        }
    }

    /// Looks which programs run. One that was started or has ended since is asked about at once.
    fn look(&mut self, now: Instant) {
        let seen = look(&self.proc);
        let is_news = seen != self.seen;
        for (name, source) in &mut self.sources {
            let of = |programs: &[SeenProgram]| -> Vec<SeenProgram> {
                programs.iter().filter(|program| program.name == *name).cloned().collect()
            };
            if of(&seen) != of(&self.seen) {
                source.schedule = source.schedule.again(now);
            }
        }
        self.seen = seen;
        if let Some(schedule) = &mut self.seen_next {
            schedule.slow(if self.is_certain { self.paces.seen_when_certain } else { self.paces.seen });
            schedule.asked(now, is_news);
        }
    }

    /// What is known at this moment.
    pub(super) fn known(&self, hint: &Hint) -> Tunnels {
        let started = hint.started();
        let name = started.as_ref().map(|(name, _)| *name);
        let answers = self.sources.iter().map(|(name, source)| (*name, source.answer.clone())).chain(started);
        Tunnels::decide(answers.collect(), self.places.given.as_deref(), hint.learnt().as_deref()).with_started(name)
    }
}
