//! Where a tunnel leads: the agent's `config.addr` in each of its forms.

use std::net::IpAddr;

/// The part of an address that decides whether it is this listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TunnelTarget {
    /// Told, or the scheme's default; `None` when it cannot be told.
    pub(super) port: Option<u16>,
    /// Whether it is this machine, spoken to without TLS.
    pub(super) may_be_here: bool,
}

impl TunnelTarget {
    /// Reads `3000`, `localhost:3000`, `http://127.0.0.1`, `https://localhost:8443`, `[::1]:3000` ….
    pub(super) fn parse(addr: &str) -> Self {
        let (scheme, rest) = addr.trim().split_once("://").unwrap_or(("http", addr.trim()));
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if let Ok(port) = authority.parse() {
            return Self { port: Some(port), may_be_here: scheme.eq_ignore_ascii_case("http") };
        }
        let (host, port) = match authority.rsplit_once(':') {
            // A colon inside an IPv6 address that has no port.
            Some((_, tail)) if tail.ends_with(']') || authority.parse::<IpAddr>().is_ok() => (authority, None),
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        };
        let default_port = match scheme.to_ascii_lowercase().as_str() {
            "http" => Some(80),
            "https" => Some(443),
            _ => None,
        };
        Self {
            port: port.map_or(default_port, |port| port.parse().ok()),
            // The listener speaks no TLS: a tunnel that does cannot reach it.
            may_be_here: scheme.eq_ignore_ascii_case("http") && is_this_machine(host),
        }
    }
}

/// `localhost` and its subdomains (RFC 6761, section 6.3), loopback, and "any" addresses.
fn is_this_machine(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
    match host.parse::<IpAddr>() {
        Ok(address) => address.to_canonical().is_loopback() || address.is_unspecified(),
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("http://localhost:3000", Some(3000), true)]
    #[case("HTTP://LOCALHOST:3000/", Some(3000), true)]
    #[case("localhost:3000", Some(3000), true)]
    #[case("3000", Some(3000), true)]
    #[case("http://3000", Some(3000), true)]
    #[case("127.0.0.1", Some(80), true)]
    #[case("http://127.0.0.1", Some(80), true)]
    #[case("127.0.0.2:3000", Some(3000), true)]
    #[case("0.0.0.0:3000", Some(3000), true)]
    #[case("[::1]:3000", Some(3000), true)]
    #[case("http://[::1]:3000/x", Some(3000), true)]
    #[case("[::1]", Some(80), true)]
    #[case("::1", Some(80), true)]
    #[case("app.localhost:3000", Some(3000), true)]
    #[case("https://localhost:3000", Some(3000), false)]
    #[case("https://localhost", Some(443), false)]
    #[case("192.168.1.7:3000", Some(3000), false)]
    #[case("http://example.com", Some(80), false)]
    #[case("localhost.example.com:3000", Some(3000), false)]
    #[case("file:///srv", None, false)]
    #[case("localhost:", None, true)]
    #[case("localhost:99999", None, true)]
    #[case("", Some(80), false)]
    fn every_form_is_read(#[case] addr: &str, #[case] port: Option<u16>, #[case] may_be_here: bool) {
        assert_eq!(TunnelTarget::parse(addr), TunnelTarget { port, may_be_here });
    }
}
