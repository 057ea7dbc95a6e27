//! ngrok: its agent's list of endpoints, or of tunnels.
//!
//! `GET /api/endpoints`, and in agents before 3.30 `GET /api/tunnels` (<https://ngrok.com/docs/agent/api/>).

use serde::Deserialize;
use serde_json::Value;

use super::unreadable;
use crate::config::TunnelName;
use crate::server::tunnel::found::{FoundTunnel, SourceAnswer, TunnelEnd};

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
/// Tunnels other than HTTP (`tcp://`, `tls://`) are passed over, as are public URLs that are none.
#[must_use]
pub fn interpret(json: &[u8], our_port: u16) -> SourceAnswer {
    let list: List = match serde_json::from_slice(json) {
        Ok(list) => list,
        Err(error) => return unreadable("a list of tunnels", &error),
    };
    let Some(routes) = list.routes() else {
        return SourceAnswer::Unreadable("not a list of tunnels: it has neither endpoints nor tunnels".to_owned());
    };
    let tunnels = routes.into_iter().filter(|(url, _)| !is_internal(url)).filter_map(|(url, addr)| {
        let addr = match addr {
            Value::String(addr) => addr,
            Value::Number(port) => port.to_string(),
            _ => String::new(),
        };
        FoundTunnel::new(TunnelName::Ngrok, &url, TunnelEnd::of(&addr, our_port))
    });
    SourceAnswer::Tunnels(tunnels.collect())
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

    fn answer(tunnels: &[(&str, Value)]) -> SourceAnswer {
        let tunnels: Vec<Value> = tunnels
            .iter()
            .map(|(url, addr)| json!({"name": "x", "public_url": url, "proto": "https", "config": {"addr": addr}}))
            .collect();
        interpret(json!({"tunnels": tunnels, "uri": "/api/tunnels"}).to_string().as_bytes(), 3000)
    }

    fn tunnel(url: &str, end: TunnelEnd) -> FoundTunnel {
        FoundTunnel::new(TunnelName::Ngrok, url, end).unwrap()
    }

    fn elsewhere(addr: &str, port: u16) -> TunnelEnd {
        TunnelEnd::Elsewhere { addr: addr.to_owned(), port: Some(port) }
    }

    #[test]
    fn the_documented_answer_is_read() {
        let answer = br#"{"tunnels":[{"name":"command_line","uri":"/api/tunnels/command_line",
            "public_url":"https://d95211d2.ngrok.app","proto":"https",
            "config":{"addr":"localhost:80","inspect":true},"metrics":{"conns":{"count":0}}}],"uri":"/api/tunnels"}"#;
        let one = |end| SourceAnswer::Tunnels(vec![tunnel("https://d95211d2.ngrok.app", end)]);
        assert_eq!(interpret(answer, 80), one(TunnelEnd::Here));
        assert_eq!(interpret(answer, 3000), one(elsewhere("localhost:80", 80)));
    }

    #[test]
    fn a_list_of_endpoints_means_the_same() {
        let read = |json: Value| interpret(json.to_string().as_bytes(), 3000);
        let endpoint = |url: &str, upstream: Value| json!({"name": "x", "url": url, "upstream": upstream});
        let one = endpoint("https://a.ngrok.app/", json!({"url": "http://localhost:3000", "protocol": "http1"}));
        let other = endpoint("https://b.ngrok.app", json!({"url": "http://localhost:8080"}));
        let hidden = endpoint("https://api.internal", json!({"url": "http://localhost:3000"}));
        let raw = endpoint("tcp://1.tcp.ngrok.io:20000", json!({"url": "tcp://localhost:22"}));
        let both = vec![
            tunnel("https://b.ngrok.app", elsewhere("http://localhost:8080", 8080)),
            tunnel("https://a.ngrok.app", TunnelEnd::Here),
        ];
        assert_eq!(read(json!({"endpoints": [hidden, other, raw, one]})), SourceAnswer::Tunnels(both));
        let none = SourceAnswer::Tunnels(Vec::new());
        assert_eq!(read(json!({"endpoints": []})), none);
        assert_eq!(read(json!({"endpoints": [hidden]})), none);
        // Where an agent gives both, what it will go on giving counts.
        assert_eq!(read(json!({"endpoints": [], "tunnels": [{"public_url": "https://a.app"}]})), none);
        let SourceAnswer::Tunnels(nowhere) = read(json!({"endpoints": [{"url": "https://a.ngrok.app"}]})) else {
            panic!()
        };
        assert!(!nowhere[0].may_lead_here());
        assert!(matches!(read(json!({"uri": "/api"})), SourceAnswer::Unreadable(_)));
    }

    #[test]
    fn what_is_no_http_tunnel_is_passed_over() {
        for url in [
            "tcp://0.tcp.ngrok.io:12345",
            "",
            "https://",
            "https:///x",
            "https://a b",
            "https://a\u{202e}",
            "https://a;rm",
            "https://a?$(x)",
            "javascript:x",
        ] {
            assert_eq!(answer(&[(url, json!("3000"))]), SourceAnswer::Tunnels(Vec::new()), "{url}");
        }
    }

    #[test]
    fn hostile_text_is_made_visible_and_short() {
        let addr = format!("\u{1b}]0;x\u{7}{}", "y".repeat(1000));
        let SourceAnswer::Tunnels(tunnels) = answer(&[("https://a.app", json!(addr)), ("https://b.app", json!(null))])
        else {
            panic!()
        };
        let TunnelEnd::Elsewhere { addr, port: Some(80) } = &tunnels[0].end else { panic!("{tunnels:?}") };
        assert!(addr.starts_with("␛]0;x␇yy") && addr.chars().count() <= 120, "{addr}");
        assert!(tunnels[1].words().contains("leads to an unknown address, not here"));
        for garbage in ["", "null", "[]", "{}", "{\"tunnels\":3}", "<html>", "{\"tunnels\":\"\u{202e}\"}", "\u{1b}[31m"]
        {
            let SourceAnswer::Unreadable(reason) = interpret(garbage.as_bytes(), 3000) else { panic!("{garbage}") };
            assert!(!reason.chars().any(crate::text::is_hidden), "{reason}");
        }
        let deep = "[".repeat(100_000);
        assert!(matches!(interpret(deep.as_bytes(), 3000), SourceAnswer::Unreadable(_)));
    }

    proptest! {
        #[test]
        fn any_answer_is_safe_to_show(url in "(https://|http://)?\\PC{0,20}", addr in "\\PC*", bytes in any::<Vec<u8>>()) {
            for answer in [answer(&[(&url, json!(addr))]), interpret(&bytes, 3000)] {
                prop_assert!(crate::server::tunnel::testing::is_safe(TunnelName::Ngrok, answer));
            }
        }
    }
}
