//! Looking for tunnels again and again, less and less often while nothing is new.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::ask::{Asker, NoAnswer};
use super::found::{SourceAnswer, TunnelEnd};
use super::hint::Hint;
use super::pace::{Pace, Schedule};
use super::program::{find_program, run_once};
use super::seen::{SeenProgram, look};
use super::sources;
use super::tunnels::Tunnels;
use crate::config::{TunnelName, TunnelProbe, TunnelSettings};

/// Where tunnels are looked for.
#[derive(Clone)]
pub struct TunnelPlaces {
    /// Of ngrok's agent; `None` where it is not asked.
    pub ngrok: Option<SocketAddr>,
    /// Which others are looked for.
    pub settings: TunnelSettings,
    /// The public URL that a person has given.
    pub given: Option<String>,
    /// Where this listener is, which is never asked.
    pub listener: SocketAddr,
    /// The folders of programs, as `PATH` has them.
    pub path: Option<OsString>,
    /// Takes secrets out of the environment of a program that is run.
    pub conceal: Arc<dyn Fn(&mut std::process::Command) + Send + Sync>,
}

impl fmt::Debug for TunnelPlaces {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("TunnelPlaces").field("listener", &self.listener).finish_non_exhaustive()
    }
}

/// How often each kind of question is asked.
#[derive(Debug, Clone, Copy)]
struct Paces {
    /// ngrok's agent, which is asked whether it is seen or not.
    ngrok: Pace,
    /// What answers with a tunnel: that it ends is noticed soon for some minutes, and then less soon.
    answering: Pace,
    /// Which programs run, once it is certain which tunnel leads here.
    seen_when_certain: Pace,
    /// Which programs run.
    seen: Pace,
    /// Over HTTP, what is seen to run or configured.
    http: Pace,
    /// By running a program once.
    command: Pace,
    /// For one question over HTTP, from connecting to the answer's last byte.
    limit: Duration,
}

const PACES: Paces = Paces {
    ngrok: Pace::seconds(2, 60),
    answering: Pace::seconds(2, 240).after(60),
    seen_when_certain: Pace::seconds(2, 240),
    seen: Pace::seconds(2, 60),
    http: Pace::seconds(2, 60),
    command: Pace::seconds(30, 600),
    limit: Duration::from_secs(1),
};

/// Looks for tunnels until the future is dropped, and calls `on_change` with the first state and with each one that
/// differs from the last.
///
/// What answers with a tunnel is asked every 2 seconds for two minutes; everything else at most every 2, and a program is run at
/// most every 30. While nothing is new it backs off to one question a minute, and to one in four where a tunnel is there; it looks
/// sooner when a `hint` is given. One question over HTTP takes at most a second and reads at most 256 KiB, on a connection of its
/// own. This listener is never asked. Needs a tokio runtime with I/O and time, alone on its thread, which it blocks between
/// the questions; to stop it, drop the future after a hint.
pub async fn watch(places: TunnelPlaces, hint: Hint, on_change: impl Fn(Tunnels) + Send + 'static) {
    watch_at(PACES, Waits::InThread, places, PathBuf::from("/proc"), hint, on_change).await;
}

/// What is known of the tunnels after each was asked once; `None` when that takes longer than `limit`. Needs a runtime as
/// [`watch`] does, and blocks nobody.
pub async fn look_once(places: TunnelPlaces, limit: Duration) -> Option<Tunnels> {
    let mut lookout = match Lookout::new(PACES, places, PathBuf::from("/proc")) {
        Ok(lookout) => lookout,
        Err(reason) => return Some(unasked(reason)),
    };
    tokio::time::timeout(limit, lookout.round()).await.ok()?;
    Some(lookout.known(&Hint::default()))
}

/// What is known where nobody can be asked.
fn unasked(reason: String) -> Tunnels {
    Tunnels::decide(vec![(TunnelName::Ngrok, SourceAnswer::Unreadable(reason))], None, None)
}

/// How the time until the next question is spent.
#[derive(Debug, Clone, Copy)]
enum Waits {
    /// Asleep, with the whole thread, in one piece.
    InThread,
    /// As a task among others.
    #[cfg(test)]
    AsTask,
}

impl Waits {
    /// Waits for a hint until `next`; without end for `None`. Whether one was given.
    async fn until(self, next: Option<Instant>, hint: &Hint) -> bool {
        match (self, next) {
            (Self::InThread, _) => {
                let is_given = hint.given_within(next.map(|next| next.saturating_duration_since(Instant::now())));
                // Whoever wants to stop has only now a chance to.
                tokio::task::yield_now().await;
                is_given
            }
            #[cfg(test)]
            (Self::AsTask, Some(next)) => tokio::time::timeout_at(next, hint.given()).await.is_ok(),
            #[cfg(test)]
            (Self::AsTask, None) => {
                hint.given().await;
                true
            }
        }
    }
}

async fn watch_at(
    paces: Paces,
    waits: Waits,
    places: TunnelPlaces,
    proc: PathBuf,
    hint: Hint,
    on_change: impl Fn(Tunnels) + Send + 'static,
) {
    hint.set_learns(places.settings.probe(TunnelName::Learnt) != TunnelProbe::Off);
    let mut lookout = match Lookout::new(paces, places, proc) {
        Ok(lookout) => lookout,
        Err(reason) => return on_change(unasked(reason)),
    };
    let mut last = None;
    loop {
        crate::system::panic::trap("tunnel");
        let round = Instant::now();
        lookout.round().await;
        let known = lookout.known(&hint);
        let is_certain = known.is_certain();
        lookout.is_certain = is_certain;
        if last.as_ref() != Some(&known) {
            known.log();
            on_change(known.clone());
            last = Some(known);
        }
        if waits.until(lookout.next(), &hint).await {
            lookout.hurry(is_certain);
            // What was learnt or started is shown soon, and a burst of signs is one.
            sleep_until(round + paces.limit.min(paces.ngrok.shortest) / 4).await;
        }
    }
}

/// What is looked at, and what was seen last.
struct Lookout {
    places: TunnelPlaces,
    proc: PathBuf,
    asker: Asker,
    /// Of `/proc`, where anything is looked for there.
    seen_next: Option<Schedule>,
    seen: Vec<SeenProgram>,
    sources: BTreeMap<TunnelName, Source>,
    /// Which of [`NGROK_LISTS`] was answered last.
    ngrok_list: usize,
    /// Whether it is certain which tunnel leads here.
    is_certain: bool,
    paces: Paces,
}

struct Source {
    schedule: Schedule,
    /// While it does not answer with a tunnel.
    pace: Pace,
    answer: SourceAnswer,
}

impl Source {
    fn new(pace: Pace, answer: SourceAnswer) -> Self {
        Self { schedule: Schedule::new(pace), pace, answer }
    }
}

/// What ngrok's agent is asked for: what those from 3.30 on have, and what all had before and newer ones may not have.
const NGROK_LISTS: [&str; 2] = ["/api/endpoints", "/api/tunnels"];
/// Where cloudflared serves its metrics unless told otherwise: the first of these that is free.
const CLOUDFLARED_PORTS: std::ops::RangeInclusive<u16> = 20241..=20245;
/// Where zrok's agent has its console unless told otherwise: the first that is free, in version 1 and in version 2.
const ZROK_PORTS: [std::ops::RangeInclusive<u16>; 2] = [8080..=8181, 8888..=8988];
/// Where Pinggy's web debugger is unless told otherwise.
const PINGGY_PORT: u16 = 4300;

impl Lookout {
    fn new(paces: Paces, places: TunnelPlaces, proc: PathBuf) -> Result<Self, String> {
        use TunnelName::{Cloudflared, Codespaces, Devtunnel, Ngrok, Pinggy, Tailscale, Zrok};
        let probe = |name| places.settings.probe(name);
        let by_program = [Cloudflared, Tailscale, Zrok, Pinggy, Devtunnel];
        let sees = cfg!(target_os = "linux") && by_program.iter().any(|name| probe(*name) != TunnelProbe::Off);
        let mut sources = BTreeMap::new();
        let mut add = |name, pace| {
            sources.insert(name, Source::new(pace, SourceAnswer::Absent));
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
                sources.insert(Codespaces, Source::new(paces.command, answer));
            }
        }
        let asker = Asker::within(paces.limit)?;
        let seen_next = sees.then(|| Schedule::new(paces.seen));
        Ok(Self { places, proc, asker, seen_next, seen: Vec::new(), sources, ngrok_list: 0, is_certain: false, paces })
    }

    /// Whether there is a reason to ask this one.
    fn is_asked(&self, name: TunnelName) -> bool {
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

    fn seen_as(&self, name: TunnelName) -> impl Iterator<Item = &SeenProgram> {
        self.seen.iter().filter(move |program| program.name == name)
    }

    /// When something is due next; `None` when nothing is looked for.
    fn next(&self) -> Option<Instant> {
        let asked = self.sources.iter().filter(|(name, _)| self.is_asked(**name));
        asked.map(|(_, source)| source.schedule.next()).chain(self.seen_next.map(|schedule| schedule.next())).min()
    }

    /// Something may have changed. When it is certain which tunnel leads here, only its going would be news, which ngrok's
    /// agent is asked about: a delivery through a tunnel is no reason to look for others.
    fn hurry(&mut self, is_certain: bool) {
        for (_, source) in self.sources.iter_mut().filter(|(name, _)| !is_certain || **name == TunnelName::Ngrok) {
            source.schedule.hurry();
        }
        if let Some(schedule) = self.seen_next.as_mut().filter(|_| !is_certain) {
            schedule.hurry();
        }
    }

    /// Asks whatever is due.
    async fn round(&mut self) {
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
    fn known(&self, hint: &Hint) -> Tunnels {
        let started = hint.started();
        let name = started.as_ref().map(|(name, _)| *name);
        let answers = self.sources.iter().map(|(name, source)| (*name, source.answer.clone())).chain(started);
        Tunnels::decide(answers.collect(), self.places.given.as_deref(), hint.learnt().as_deref()).with_started(name)
    }

    async fn ask(&mut self, name: TunnelName) -> SourceAnswer {
        match name {
            TunnelName::Ngrok => self.ngrok().await,
            TunnelName::Cloudflared => self.cloudflared().await,
            TunnelName::Tailscale => self.tailscale().await,
            TunnelName::Zrok => self.zrok().await,
            TunnelName::Pinggy => self.pinggy().await,
            TunnelName::Devtunnel => self.dev_tunnels().await,
            TunnelName::Codespaces | TunnelName::Given | TunnelName::Bore | TunnelName::Learnt => SourceAnswer::Absent,
        }
    }

    /// Asks for one list of the agent, and for the other where the agent does not have the first.
    async fn ngrok(&mut self) -> SourceAnswer {
        let Some(agent) = self.places.ngrok else { return SourceAnswer::Absent };
        if self.is_ours(agent) {
            let reason = format!("{agent} is this listener itself: set ngrok_api to the agent's address");
            return SourceAnswer::Unreadable(reason);
        }
        let our_port = self.places.listener.port();
        let [first, second] = if self.ngrok_list == 0 { [0, 1] } else { [1, 0] };
        let mut answer = self.asker.get(agent, NGROK_LISTS[first]).await;
        if answer.as_ref().is_err_and(NoAnswer::lacks_it) {
            answer = self.asker.get(agent, NGROK_LISTS[second]).await;
            self.ngrok_list = if answer.as_ref().is_err_and(NoAnswer::lacks_it) { 0 } else { second };
        }
        match answer {
            Ok(list) => at(agent, sources::ngrok(&list, our_port)),
            Err(NoAnswer::Nobody) => SourceAnswer::Absent,
            Err(error @ (NoAnswer::Status(_) | NoAnswer::Body)) => {
                SourceAnswer::Unreadable(format!("{agent} {error}: is it ngrok's agent?"))
            }
            Err(error) => SourceAnswer::Unreadable(format!("{agent} {error}")),
        }
    }

    async fn cloudflared(&self) -> SourceAnswer {
        let our_port = self.places.listener.port();
        let usual = CLOUDFLARED_PORTS.map(local).collect();
        let mut all = SourceAnswer::Absent;
        for address in self.addresses(TunnelName::Cloudflared, usual) {
            let answer = match self.asker.get(address, "/quicktunnel").await {
                Ok(quick) => {
                    let config = self.asker.get(address, "/config").await.ok();
                    let answers = sources::CloudflaredAnswers { quick: &quick, flags: None, config: config.as_deref() };
                    let mut answer = sources::cloudflared(answers, our_port);
                    // cloudflared logs each question for its flags: only where nothing else says where it leads.
                    if matches!(&answer, SourceAnswer::Tunnels(found) if found.iter().any(|one| one.end == TunnelEnd::Unknown))
                    {
                        let flags = self.asker.get(address, "/diag/configuration").await.ok();
                        let answers = sources::CloudflaredAnswers { flags: flags.as_deref(), ..answers };
                        answer = sources::cloudflared(answers, our_port);
                    }
                    Ok(answer)
                }
                Err(error) => Err(error),
            };
            join(&mut all, self.taken(TunnelName::Cloudflared, address, answer));
        }
        all
    }

    async fn zrok(&self) -> SourceAnswer {
        let our_port = self.places.listener.port();
        let usual = ZROK_PORTS.into_iter().flatten().map(local).collect();
        for address in self.addresses(TunnelName::Zrok, usual) {
            let answer = self.asker.get(address, "/v1/agent/status").await;
            let answer = self.taken(TunnelName::Zrok, address, answer.map(|json| sources::zrok(&json, our_port)));
            // There is one agent.
            if answer != SourceAnswer::Absent {
                return answer;
            }
        }
        SourceAnswer::Absent
    }

    async fn pinggy(&self) -> SourceAnswer {
        let our_port = self.places.listener.port();
        let targets: Vec<_> = self.seen_as(TunnelName::Pinggy).collect();
        let target = match &targets[..] {
            [one] => sources::pinggy_target(&one.arguments),
            _ => None,
        };
        let mut all = SourceAnswer::Absent;
        for address in self.addresses(TunnelName::Pinggy, vec![local(PINGGY_PORT)]) {
            let answer = self.asker.get(address, "/urls").await;
            let answer = answer.map(|json| sources::pinggy(&json, target.as_deref(), our_port));
            join(&mut all, self.taken(TunnelName::Pinggy, address, answer));
        }
        all
    }

    async fn tailscale(&self) -> SourceAnswer {
        let printed = self.run("tailscale", &["funnel", "status", "--json"]).await;
        self.printed(TunnelName::Tailscale, printed.map(|json| sources::tailscale(&json, self.places.listener.port())))
    }

    async fn dev_tunnels(&self) -> SourceAnswer {
        let hosted = self.seen_as(TunnelName::Devtunnel).find_map(|program| sources::hosted_tunnel(&program.arguments));
        let arguments: Vec<&str> = ["show"].into_iter().chain(hosted).chain(["--json"]).collect();
        let printed = self.run("devtunnel", &arguments).await;
        self.printed(
            TunnelName::Devtunnel,
            printed.map(|json| sources::dev_tunnels(&json, self.places.listener.port())),
        )
    }

    async fn run(&self, name: &str, arguments: &[&str]) -> Result<Vec<u8>, String> {
        let program = find_program(name, self.places.path.as_deref()).ok_or("is not on PATH")?;
        run_once(&program, arguments, &*self.places.conceal).await
    }

    /// Where to ask: what is configured, else where the program is seen to listen, else, where that may not be seen or the person
    /// has asked for it, its usual places. Never this listener.
    fn addresses(&self, name: TunnelName, usual: Vec<SocketAddr>) -> Vec<SocketAddr> {
        let probe = self.places.settings.probe(name);
        let mut addresses = match probe {
            TunnelProbe::At(address) => vec![address],
            TunnelProbe::Off => Vec::new(),
            TunnelProbe::Usual | TunnelProbe::Seen => {
                let seen: Vec<&SeenProgram> = self.seen_as(name).collect();
                // ssh may listen for other things: only Pinggy's own port is asked.
                let is_asked = |address: &SocketAddr| name != TunnelName::Pinggy || usual.contains(address);
                let known = seen.iter().filter_map(|program| program.listens.as_deref()).flatten().copied();
                let known: Vec<SocketAddr> = known.filter(is_asked).collect();
                let is_hidden = seen.iter().any(|program| program.listens.is_none());
                // zrok's range is full of other people's servers.
                let may_guess = probe == TunnelProbe::Usual || is_hidden && name != TunnelName::Zrok;
                if known.is_empty() && may_guess { usual } else { known }
            }
        };
        addresses.retain(|address| !self.is_ours(*address));
        addresses
    }

    /// What an answer means. Where the address was found and not configured, what is no answer of the program's is none at all.
    fn taken(&self, name: TunnelName, address: SocketAddr, answer: Result<SourceAnswer, NoAnswer>) -> SourceAnswer {
        let is_configured = matches!(self.places.settings.probe(name), TunnelProbe::At(_));
        match answer {
            Err(NoAnswer::Nobody) => SourceAnswer::Absent,
            Ok(answer @ (SourceAnswer::Tunnels(_) | SourceAnswer::Absent)) => answer,
            Ok(answer @ SourceAnswer::Unreadable(_)) if is_configured => at(address, answer),
            Err(error) if is_configured => SourceAnswer::Unreadable(format!("{address} {error}")),
            _ => SourceAnswer::Absent,
        }
    }

    /// What a program's output means. That it has nothing is no news, since its daemon runs for other reasons too; nor is
    /// that it failed, unless it was asked for.
    fn printed(&self, name: TunnelName, answer: Result<SourceAnswer, String>) -> SourceAnswer {
        let is_wanted = self.places.settings.probe(name) == TunnelProbe::Usual;
        match answer {
            Ok(SourceAnswer::Tunnels(found)) if found.is_empty() => SourceAnswer::Absent,
            Ok(answer @ SourceAnswer::Tunnels(_)) => answer,
            Ok(SourceAnswer::Unreadable(reason)) | Err(reason) if is_wanted => {
                SourceAnswer::Unreadable(format!("{} {reason}", name.code()))
            }
            Ok(_) | Err(_) => SourceAnswer::Absent,
        }
    }

    fn is_ours(&self, address: SocketAddr) -> bool {
        let (ours, theirs) = (self.places.listener, address.ip().to_canonical());
        let same_host = theirs.is_loopback() || theirs.is_unspecified() || theirs == ours.ip().to_canonical();
        address.port() == ours.port() && same_host
    }
}

fn local(port: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)
}

/// The same answer, with the address in front of what is wrong.
fn at(address: SocketAddr, answer: SourceAnswer) -> SourceAnswer {
    match answer {
        SourceAnswer::Unreadable(reason) => {
            SourceAnswer::Unreadable(format!("{address} answers with what is {reason}"))
        }
        answer => answer,
    }
}

/// Adds one answer to those of the same program's other processes.
fn join(all: &mut SourceAnswer, one: SourceAnswer) {
    match (&mut *all, one) {
        (_, SourceAnswer::Absent) => {}
        (SourceAnswer::Tunnels(found), SourceAnswer::Tunnels(more)) => found.extend(more),
        (SourceAnswer::Tunnels(_), SourceAnswer::Unreadable(_)) => {}
        (_, one) => *all = one,
    }
}

#[cfg(test)]
mod tests;
