//! Whether the listener's port is free, and whether a tunnel leads to it. Only this machine is asked, by what a listener does
//! at its start.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::finding::Finding;
use crate::config::{Settings, TunnelName, TunnelProbe};
use crate::server::listener::{ListenError, Listener};
use crate::server::tunnel::{FoundTunnel, TunnelEnd, TunnelPlaces, Tunnels, look_once};

const PORT: &str = "port";
const TUNNEL: &str = "tunnel";
/// How long all tunnels together may take to answer.
const LIMIT: Duration = Duration::from_secs(5);

/// The port's finding. `running` is the address of the listener that runs on the same store.
pub(super) fn port(bind: SocketAddr, running: Option<&str>) -> Finding {
    if let Some(url) = running {
        return Finding::ok(PORT, format!("a listener of this store runs at {url}"));
    }
    if bind.port() == 0 {
        return Finding::ok(PORT, format!("a free one of {} is chosen at the start", bind.ip()));
    }
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
        return Finding::warning(PORT, "not looked at: the system has no descriptors left", "close other programs");
    };
    match runtime.block_on(Listener::bind(bind)) {
        Ok(_) => Finding::ok(PORT, format!("{bind} is free")),
        Err(error @ ListenError::InUse { .. }) => {
            let words = error.to_string();
            let (found, next) = words.split_once(": ").unwrap_or((&words, "choose another with --bind"));
            Finding::problem(PORT, found, next)
        }
        Err(error) => Finding::problem(PORT, error.to_string(), "choose another address with --bind"),
    }
}

/// The tunnel's finding. `start` begins a listener with a tunnel of its own, where none runs.
pub(super) fn tunnel(settings: &Settings, listener: SocketAddr, start: Option<&str>) -> Finding {
    let is_off = settings.ngrok_api.is_none()
        && TunnelName::LOOKED_FOR.into_iter().all(|name| settings.tunnels.probe(name) == TunnelProbe::Off);
    if is_off && settings.public_url.is_none() {
        return Finding::ok(TUNNEL, "none is looked for, as configured");
    }
    let registry = settings.registry.clone();
    let places = TunnelPlaces {
        ngrok: settings.ngrok_api,
        settings: settings.tunnels.clone(),
        given: settings.public_url.clone(),
        listener,
        path: std::env::var_os("PATH"),
        conceal: Arc::new(move |command| registry.keyring().hide_from(command)),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    match runtime.ok().and_then(|runtime| runtime.block_on(look_once(places, LIMIT))) {
        Some(tunnels) => told(&tunnels, listener.port(), start),
        None => Finding::warning(TUNNEL, "the tunnels did not answer in time", "run `whyhook doctor` again"),
    }
}

/// What is said of the tunnels. Their host names are left out: who knows one can send to the listener.
fn told(tunnels: &Tunnels, port: u16, start: Option<&str>) -> Finding {
    if let Some(best) = tunnels.best() {
        return match best.end {
            TunnelEnd::Unknown => Finding::warning(
                TUNNEL,
                format!("{} is open, and does not say to which port it leads", described(best)),
                format!("make sure that it leads to port {port}"),
            ),
            _ => Finding::ok(TUNNEL, format!("{} leads to port {port}", described(best))),
        };
    }
    if let Some(elsewhere) = tunnels.elsewhere() {
        let end = match &elsewhere.end {
            TunnelEnd::Elsewhere { port: Some(port), .. } => format!("port {port}"),
            _ => "another address".to_owned(),
        };
        return Finding::warning(
            TUNNEL,
            format!("{} leads to {end}, not to port {port}", described(elsewhere)),
            format!("start it for port {port}, or listen where it leads with --bind"),
        );
    }
    if let Some((name, reason)) = tunnels.troubles().first() {
        let next = "start the tunnel's program again, or turn it off in [tunnels]";
        return Finding::warning(TUNNEL, format!("{}: {reason}", name.title()), next);
    }
    Finding::warning(
        TUNNEL,
        "none is seen: senders outside this machine cannot reach the listener",
        match start {
            Some(start) => format!("for them, run `ngrok http {port}`, or `{start}`"),
            None => format!("for them, run `ngrok http {port}`"),
        },
    )
}

/// A tunnel by its program, and the domain that all of its tunnels share.
fn described(tunnel: &FoundTunnel) -> String {
    let title = tunnel.name.title();
    let host =
        tunnel.public_url.split_once("://").map_or("", |(_, rest)| rest).split(['/', ':']).next().unwrap_or_default();
    let labels: Vec<&str> = host.split('.').collect();
    match labels[..] {
        // A host of a provider's, under which each tunnel has a name of its own.
        [_, .., second, last] if labels.len() > 2 && last.chars().all(char::is_alphabetic) => {
            format!("{title} (….{second}.{last})")
        }
        _ => title.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::DoctorOutcome;
    use super::*;
    use crate::server::tunnel::SourceAnswer;

    fn found(url: &str, end: TunnelEnd) -> Tunnels {
        let tunnel = FoundTunnel { name: TunnelName::Ngrok, public_url: url.to_owned(), end };
        Tunnels::decide(vec![(TunnelName::Ngrok, SourceAnswer::Tunnels(vec![tunnel]))], None, None)
    }

    #[test]
    fn a_tunnel_is_told_without_its_host() {
        let here = told(&found("https://a1b2-secret.ngrok-free.app", TunnelEnd::Here), 3000, None);
        assert_eq!(
            (here.outcome, here.found.as_str()),
            (DoctorOutcome::Ok, "ngrok (….ngrok-free.app) leads to port 3000")
        );
        let end = TunnelEnd::Elsewhere { addr: "http://localhost:8080".to_owned(), port: Some(8080) };
        let elsewhere = told(&found("https://a1b2-secret.ngrok-free.app", end), 3000, None);
        assert!(elsewhere.found.contains("leads to port 8080, not to port 3000"), "{}", elsewhere.found);
        let unknown = told(&found("https://192.0.2.1", TunnelEnd::Unknown), 3000, None);
        assert!(unknown.found.starts_with("ngrok is open") && !unknown.found.contains("192"), "{}", unknown.found);
        // What runs is not started.
        let next = |start| told(&Tunnels::default(), 3001, start).next.unwrap_or_default();
        assert_eq!(next(None), "for them, run `ngrok http 3001`");
        assert_eq!(
            next(Some("whyhook --tunnel ngrok")),
            "for them, run `ngrok http 3001`, or `whyhook --tunnel ngrok`"
        );
        assert_eq!(told(&Tunnels::default(), 3000, None).outcome, DoctorOutcome::Warning);
    }

    #[test]
    fn a_port_that_is_taken_is_a_problem() {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap();
        let finding = port(address, None);
        assert_eq!(finding.outcome, DoctorOutcome::Problem);
        assert!(finding.next.is_some_and(|next| next.contains("--bind")));
        assert_eq!(port(address, Some("http://127.0.0.1:1")).outcome, DoctorOutcome::Ok);
        assert_eq!(port("127.0.0.1:0".parse().unwrap(), None).outcome, DoctorOutcome::Ok);
    }
}
