//! The programs that a run can start: how each is started, and where it says its public URL. Pure.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use crate::config::{TunnelName, is_public_url};

/// A program that opens a tunnel, and that a run can start where it is installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartableTunnel {
    /// `ngrok http`
    Ngrok,
    /// `cloudflared tunnel`, a quick tunnel.
    Cloudflared,
    /// `bore local`, by the server of `BORE_SERVER`.
    Bore,
    /// `tailscale funnel`
    Tailscale,
}

/// No name of such a program.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown tunnel: expected one of ngrok, cloudflared, bore, tailscale")]
pub struct UnknownTunnel;

impl FromStr for StartableTunnel {
    type Err = UnknownTunnel;

    fn from_str(name: &str) -> Result<Self, UnknownTunnel> {
        match name {
            "ngrok" => Ok(Self::Ngrok),
            "cloudflared" => Ok(Self::Cloudflared),
            "bore" => Ok(Self::Bore),
            "tailscale" => Ok(Self::Tailscale),
            _ => Err(UnknownTunnel),
        }
    }
}

impl fmt::Display for StartableTunnel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name().code())
    }
}

impl StartableTunnel {
    /// As they are chosen.
    pub const NAMES: [&str; 4] = ["ngrok", "cloudflared", "bore", "tailscale"];

    /// Whose tunnel it is.
    #[must_use]
    pub fn name(self) -> TunnelName {
        match self {
            Self::Ngrok => TunnelName::Ngrok,
            Self::Cloudflared => TunnelName::Cloudflared,
            Self::Bore => TunnelName::Bore,
            Self::Tailscale => TunnelName::Tailscale,
        }
    }

    /// Where its makers say how it is installed.
    pub(super) fn page(self) -> &'static str {
        match self {
            Self::Ngrok => "https://ngrok.com/download",
            Self::Cloudflared => "https://developers.cloudflare.com/tunnel/downloads/",
            Self::Bore => "https://github.com/ekzhang/bore",
            Self::Tailscale => "https://tailscale.com/download",
        }
    }

    /// What a person would type to do the same for a listener at `address`.
    pub(super) fn by_hand(self, address: SocketAddr) -> String {
        let port = address.port();
        match self {
            Self::Ngrok => format!("ngrok http {port}"),
            Self::Cloudflared => format!("cloudflared tunnel --url http://localhost:{port}"),
            Self::Bore => format!("bore local {port} --to bore.pub"),
            Self::Tailscale => format!("tailscale funnel {port}"),
        }
    }

    /// What it is started with, for a listener at `address`.
    pub(super) fn arguments(self, address: SocketAddr) -> Vec<String> {
        let target = reachable(address);
        let words: Vec<String> = match self {
            // Without a terminal it says nothing unless it logs.
            Self::Ngrok => vec!["http".into(), target.to_string(), "--log=stdout".into(), "--log-format=logfmt".into()],
            Self::Cloudflared => {
                vec!["tunnel".into(), "--no-autoupdate".into(), "--url".into(), format!("http://{target}")]
            }
            // The server and its secret are read by bore itself, from BORE_SERVER and BORE_SECRET.
            Self::Bore => {
                vec!["local".into(), target.port().to_string(), "--local-host".into(), target.ip().to_string()]
            }
            Self::Tailscale => vec!["funnel".into(), format!("http://{target}")],
        };
        words
    }

    /// The public URL, where this line of its output says it.
    pub(super) fn public_url(self, line: &str) -> Option<String> {
        let words = || line.split_whitespace();
        let host_ends = |url: &&str, end: &str| {
            let after = url.strip_prefix("https://").unwrap_or_default();
            let authority = after.split('/').next().unwrap_or_default();
            authority.split(':').next().unwrap_or_default().ends_with(end)
        };
        let url = match self {
            // t=… lvl=info msg="started tunnel" obj=tunnels name=command_line addr=http://localhost:3000 url=https://…
            Self::Ngrok if line.contains("started tunnel") => {
                words().find_map(|word| word.strip_prefix("url="))?.trim_matches('"').to_owned()
            }
            Self::Ngrok => return None,
            // … INF |  https://blue-fox-rapid-owl.trycloudflare.com  |, once api.trycloudflare.com was asked for it
            Self::Cloudflared => words()
                .find(|word| host_ends(word, ".trycloudflare.com") && !word.starts_with("https://api."))?
                .to_owned(),
            // … INFO bore_cli::client: listening at bore.pub:12345
            Self::Bore => {
                let at = line.split_once("listening at ")?.1;
                format!("http://{}", at.split_whitespace().next()?)
            }
            // Below "Available on the internet:". The page on which Funnel is turned on is at login.tailscale.com.
            Self::Tailscale => words().next().filter(|word| host_ends(word, ".ts.net"))?.to_owned(),
        };
        let url = url.trim_end_matches('/').to_owned();
        is_public_url(&url).then_some(url)
    }
}

/// The address at which a program of this machine reaches a listener at `address`.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("ngrok", r#"t=2026-11-29T10:00:00+0000 lvl=info msg="started tunnel" obj=tunnels name=command_line addr=http://127.0.0.1:3000 url=https://a1b2.ngrok-free.app"#, "https://a1b2.ngrok-free.app")]
    #[case(
        "cloudflared",
        "2026-11-29T10:00:00Z INF |  https://blue-fox-rapid-owl.trycloudflare.com                 |",
        "https://blue-fox-rapid-owl.trycloudflare.com"
    )]
    #[case(
        "bore",
        "2026-11-29T10:00:00.000000Z  INFO bore_cli::client: listening at bore.pub:12345",
        "http://bore.pub:12345"
    )]
    #[case("tailscale", "https://box.tail1234.ts.net/", "https://box.tail1234.ts.net")]
    #[case("tailscale", "https://box.tail1234.ts.net:8443/", "https://box.tail1234.ts.net:8443")]
    fn the_line_with_the_url_is_found(#[case] name: StartableTunnel, #[case] line: &str, #[case] url: &str) {
        assert_eq!(name.public_url(line).as_deref(), Some(url));
    }

    #[rstest]
    #[case("ngrok", r#"t=… lvl=info msg="update available" url=https://ngrok.com/download"#)]
    #[case("ngrok", r#"lvl=info msg="started tunnel" url=tcp://1.tcp.ngrok.io:20000"#)]
    #[case("cloudflared", "INF Requesting new quick Tunnel on trycloudflare.com...")]
    #[case("cloudflared", "ERR failed to request quick Tunnel: Post https://api.trycloudflare.com/tunnel: dial tcp")]
    #[case("cloudflared", "INF |  https://evil.example/.trycloudflare.com |")]
    #[case("bore", "INFO bore_cli::client: connected to server remote_port=12345")]
    #[case("bore", "listening at \u{1b}[31mx")]
    #[case("tailscale", "Funnel is not enabled on your tailnet. To enable, visit:")]
    #[case("tailscale", "         https://login.tailscale.com/f/funnel?node=nAbC")]
    fn another_line_has_none(#[case] name: StartableTunnel, #[case] line: &str) {
        assert_eq!(name.public_url(line), None);
    }

    #[test]
    fn each_is_pointed_at_the_listener() {
        let all = |address: &str| {
            StartableTunnel::NAMES.map(|name| {
                let program: StartableTunnel = name.parse().unwrap();
                assert_eq!(program.to_string(), name);
                assert!(program.by_hand(address.parse().unwrap()).starts_with(name));
                program.arguments(address.parse().unwrap()).join(" ")
            })
        };
        let expected = [
            "http 127.0.0.1:3000 --log=stdout --log-format=logfmt",
            "tunnel --no-autoupdate --url http://127.0.0.1:3000",
            "local 3000 --local-host 127.0.0.1",
            "funnel http://127.0.0.1:3000",
        ];
        assert_eq!(all("127.0.0.1:3000"), expected);
        assert_eq!(all("0.0.0.0:3000"), expected);
        assert_eq!(all("[::]:3000")[3], "funnel http://[::1]:3000");
        assert_eq!("sish".parse::<StartableTunnel>(), Err(UnknownTunnel));
    }

    proptest! {
        #[test]
        fn any_line_has_a_plain_url_or_none(line in "\\PC*(listening at |started tunnel url=)?\\PC{0,20}") {
            for name in StartableTunnel::NAMES {
                let program: StartableTunnel = name.parse().unwrap();
                prop_assert!(program.public_url(&line).is_none_or(|url| is_public_url(&url)));
            }
        }
    }
}
