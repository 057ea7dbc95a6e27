//! Reading the agent's list of endpoints, or of tunnels.

use serde::Deserialize;
use serde_json::Value;

use super::TunnelState;
use super::target::TunnelTarget;
use crate::text::{clip, visible};

/// Columns of foreign text that are worth showing.
const SHOWN_COLUMNS: usize = 120;

/// One of the two.
#[derive(Deserialize)]
struct List {
    endpoints: Option<Vec<Endpoint>>,
    tunnels: Option<Vec<Tunnel>>,
}

#[derive(Deserialize)]
struct Endpoint {
    #[serde(default)]
    url: String,
    #[serde(default)]
    upstream: Upstream,
}

#[derive(Deserialize, Default)]
struct Upstream {
    #[serde(default)]
    url: Value,
}

#[derive(Deserialize)]
struct Tunnel {
    #[serde(default)]
    public_url: String,
    #[serde(default)]
    config: Config,
}

#[derive(Deserialize, Default)]
struct Config {
    #[serde(default)]
    addr: Value,
}

impl List {
    /// Each public URL with what it leads to; `None` where it is no list.
    fn routes(self) -> Option<Vec<(String, Value)>> {
        match (self.endpoints, self.tunnels) {
            (Some(endpoints), _) => {
                Some(endpoints.into_iter().map(|endpoint| (endpoint.url, endpoint.upstream.url)).collect())
            }
            (None, Some(tunnels)) => {
                Some(tunnels.into_iter().map(|tunnel| (tunnel.public_url, tunnel.config.addr)).collect())
            }
            (None, None) => None,
        }
    }
}

/// Says what the body of `GET /api/endpoints`, or of `GET /api/tunnels`, means for a listener on `our_port` of this machine.
///
/// Tunnels other than HTTP (`tcp://`, `tls://`) are passed over, as are public URLs that are none. A
/// tunnel that speaks TLS to its target leads elsewhere, whatever its port: the listener has none.
/// The same tunnels in another order mean the same state.
#[must_use]
pub fn interpret(json: &[u8], our_port: u16) -> TunnelState {
    let list: List = match serde_json::from_slice(json) {
        Ok(list) => list,
        Err(error) => return TunnelState::Unreadable(format!("not a list of tunnels: {}", shown(&error.to_string()))),
    };
    let Some(routes) = list.routes() else {
        return TunnelState::Unreadable("not a list of tunnels: it has neither endpoints nor tunnels".to_owned());
    };
    let mut tunnels: Vec<(String, String, TunnelTarget)> = routes
        .into_iter()
        .filter(|(url, _)| is_public_url(url) && !is_internal(url))
        .map(|(url, addr)| {
            let addr = match addr {
                Value::String(addr) => addr,
                Value::Number(port) => port.to_string(),
                _ => String::new(),
            };
            let target = TunnelTarget::parse(&addr);
            (url.trim_end_matches('/').to_owned(), addr, target)
        })
        .collect();
    // https before http; beyond that any fixed order, since the agent's own may change.
    tunnels
        .sort_by(|left, right| (right.0.starts_with("https:"), &left.0).cmp(&(left.0.starts_with("https:"), &right.0)));
    let is_ours = |target: &TunnelTarget| target.may_be_here && target.port == Some(our_port);
    if let Some(position) = tunnels.iter().position(|(_, _, target)| is_ours(target)) {
        let (public_url, ..) = tunnels.remove(position);
        return TunnelState::Ours { public_url, others: tunnels.into_iter().map(|(url, ..)| url).collect() };
    }
    match tunnels.into_iter().next() {
        None => TunnelState::NoTunnel,
        Some((public_url, addr, target)) => {
            let addr = if addr.is_empty() { "an unknown address".to_owned() } else { shown(&addr) };
            TunnelState::Elsewhere { public_url, addr, port: target.port }
        }
    }
}

/// Foreign text on one short, visible line.
pub(super) fn shown(text: &str) -> String {
    clip(&visible(text), SHOWN_COLUMNS).into_owned()
}

/// Whether `url` is a plain http(s) URL of host, port and path: it is shown, copied, and typed into
/// other programs, so that it holds nothing that a shell, a terminal or a URL parser acts on.
fn is_public_url(url: &str) -> bool {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let plain =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':' | b'/' | b'[' | b']');
    rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['/', ':']) && rest.bytes().all(plain))
        && url.len() <= 512
}

/// Whether only other endpoints reach it: ngrok's `.internal` names.
fn is_internal(url: &str) -> bool {
    let after = url.split_once("://").map_or(url, |(_, after)| after);
    let host = after.split(['/', ':']).next().unwrap_or_default();
    host.to_ascii_lowercase().ends_with(".internal")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn state(tunnels: &[(&str, Value)]) -> TunnelState {
        let tunnels: Vec<Value> = tunnels
            .iter()
            .map(|(url, addr)| json!({"name": "x", "public_url": url, "proto": "https", "config": {"addr": addr}}))
            .collect();
        interpret(json!({"tunnels": tunnels, "uri": "/api/tunnels"}).to_string().as_bytes(), 3000)
    }

    fn ours(url: &str, others: &[&str]) -> TunnelState {
        TunnelState::Ours { public_url: url.to_owned(), others: others.iter().map(|&url| url.to_owned()).collect() }
    }

    #[test]
    fn the_documented_answer_is_read() {
        let answer = br#"{"tunnels":[{"name":"command_line","uri":"/api/tunnels/command_line",
            "public_url":"https://d95211d2.ngrok.app","proto":"https",
            "config":{"addr":"localhost:80","inspect":true},"metrics":{"conns":{"count":0}}}],"uri":"/api/tunnels"}"#;
        assert_eq!(interpret(answer, 80), ours("https://d95211d2.ngrok.app", &[]));
        let elsewhere = TunnelState::Elsewhere {
            public_url: "https://d95211d2.ngrok.app".to_owned(),
            addr: "localhost:80".to_owned(),
            port: Some(80),
        };
        assert_eq!(interpret(answer, 3000), elsewhere);
        assert_eq!(elsewhere.to_string(), "https://d95211d2.ngrok.app leads to localhost:80, not here");
    }

    #[test]
    fn a_list_of_endpoints_means_the_same() {
        let read = |json: Value| interpret(json.to_string().as_bytes(), 3000);
        let endpoint = |url: &str, upstream: Value| json!({"name": "x", "url": url, "upstream": upstream});
        let one = endpoint("https://a.ngrok.app", json!({"url": "http://localhost:3000", "protocol": "http1"}));
        let other = endpoint("https://b.ngrok.app", json!({"url": "http://localhost:8080"}));
        let hidden = endpoint("https://api.internal", json!({"url": "http://localhost:3000"}));
        let raw = endpoint("tcp://1.tcp.ngrok.io:20000", json!({"url": "tcp://localhost:22"}));
        assert_eq!(
            read(json!({"endpoints": [hidden, other, raw, one]})),
            ours("https://a.ngrok.app", &["https://b.ngrok.app"])
        );
        assert_eq!(read(json!({"endpoints": []})), TunnelState::NoTunnel);
        assert_eq!(read(json!({"endpoints": [hidden]})), TunnelState::NoTunnel);
        // Where an agent gives both, what it will go on giving counts.
        assert_eq!(read(json!({"endpoints": [], "tunnels": [{"public_url": "https://a.app"}]})), TunnelState::NoTunnel);
        let nowhere = read(json!({"endpoints": [{"url": "https://a.ngrok.app"}]}));
        assert!(matches!(nowhere, TunnelState::Elsewhere { .. }), "{nowhere:?}");
        assert!(matches!(read(json!({"uri": "/api"})), TunnelState::Unreadable(_)));
    }

    #[test]
    fn https_is_preferred_in_any_order() {
        let (http, https) = (("http://a.ngrok.app", json!("3000")), ("https://a.ngrok.app/", json!(3000)));
        let other = ("https://0.ngrok.app", json!("http://localhost:8080"));
        let expected = ours("https://a.ngrok.app", &["https://0.ngrok.app", "http://a.ngrok.app"]);
        assert_eq!(state(&[http.clone(), https.clone(), other.clone()]), expected);
        assert_eq!(state(&[other, https, http]), expected);
        assert_eq!(expected.url_for("/hook").as_deref(), Some("https://a.ngrok.app/hook"));
    }

    #[test]
    fn what_is_no_http_tunnel_is_passed_over() {
        assert_eq!(state(&[]), TunnelState::NoTunnel);
        assert_eq!(state(&[("tcp://0.tcp.ngrok.io:12345", json!("localhost:3000"))]), TunnelState::NoTunnel);
        for url in [
            "",
            "https://",
            "https:///x",
            "https://a b",
            "https://a\u{202e}",
            "https://a;rm",
            "https://a?$(x)",
            "javascript:x",
        ] {
            assert_eq!(state(&[(url, json!("3000"))]), TunnelState::NoTunnel, "{url}");
        }
    }

    #[test]
    fn a_tunnel_without_an_address_leads_elsewhere() {
        let TunnelState::Elsewhere { addr, .. } = state(&[("https://a.app", json!(null))]) else { panic!() };
        assert_eq!(addr, "an unknown address");
    }

    #[test]
    fn hostile_text_is_made_visible_and_short() {
        let addr = format!("\u{1b}]0;x\u{7}{}", "y".repeat(1000));
        let TunnelState::Elsewhere { addr, port, .. } = state(&[("https://a.app", json!(addr))]) else { panic!() };
        assert!(addr.starts_with("␛]0;x␇yy") && addr.chars().count() <= SHOWN_COLUMNS, "{addr}");
        assert_eq!(port, Some(80));
        for garbage in ["", "null", "[]", "{}", "{\"tunnels\":3}", "<html>", "{\"tunnels\":\"\u{202e}\"}", "\u{1b}[31m"]
        {
            let TunnelState::Unreadable(reason) = interpret(garbage.as_bytes(), 3000) else { panic!("{garbage}") };
            assert!(!reason.chars().any(crate::text::is_hidden), "{reason}");
        }
        let deep = "[".repeat(100_000);
        assert!(matches!(interpret(deep.as_bytes(), 3000), TunnelState::Unreadable(_)));
    }

    proptest! {
        #[test]
        fn any_answer_is_safe_to_show(url in "(https://|http://)?\\PC{0,20}", addr in "\\PC*", bytes in any::<Vec<u8>>()) {
            for state in [state(&[(&url, json!(addr))]), interpret(&bytes, 3000)] {
                prop_assert!(!state.to_string().contains(crate::text::is_hidden));
            }
        }
    }
}
