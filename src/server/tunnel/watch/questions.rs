//! What each source is asked, and what an answer means.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::lookout::Lookout;
use crate::config::{TunnelName, TunnelProbe};
use crate::server::tunnel::ask::NoAnswer;
use crate::server::tunnel::found::{SourceAnswer, TunnelEnd};
use crate::server::tunnel::program::{find_program, run_once};
use crate::server::tunnel::seen::SeenProgram;
use crate::server::tunnel::sources;

/// What ngrok's agent is asked for: what those from 3.30 on have, and what all had before and newer ones may not have.
const NGROK_LISTS: [&str; 2] = ["/api/endpoints", "/api/tunnels"];
/// Where cloudflared serves its metrics unless told otherwise: the first of these that is free.
const CLOUDFLARED_PORTS: std::ops::RangeInclusive<u16> = 20241..=20245;
/// Where zrok's agent has its console unless told otherwise: the first that is free, in version 1 and in version 2.
const ZROK_PORTS: [std::ops::RangeInclusive<u16>; 2] = [8080..=8181, 8888..=8988];
/// Where Pinggy's web debugger is unless told otherwise.
const PINGGY_PORT: u16 = 4300;

impl Lookout {
    pub(super) async fn ask(&mut self, name: TunnelName) -> SourceAnswer {
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
    pub(super) async fn ngrok(&mut self) -> SourceAnswer {
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

    /// Interprets a response. At an address that was discovered and not configured, anything but the program's own response
    /// counts as no tunnel: another server may listen there.
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

    /// Interprets a program's output. An empty list is not reported, since its daemon also runs for other reasons; a failure
    /// is reported only when the configuration asks for this program.
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
