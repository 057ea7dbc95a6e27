//! zrok: what its agent answers to `GET /v1/agent/status`
//! (<https://github.com/openziti/zrok/blob/main/agent/agentGrpc/agent.proto>).

use serde::Deserialize;

use super::unreadable;
use crate::config::TunnelName;
use crate::server::tunnel::found::{FoundTunnel, SourceAnswer, TunnelEnd};

#[derive(Deserialize)]
struct AgentStatus {
    #[serde(default)]
    shares: Vec<Share>,
    /// Always there, so that other JSON is told from it.
    #[serde(rename = "accesses")]
    _accesses: Vec<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct Share {
    /// Several where a share has several names; a host or a URL each. Empty for a private share, or one that is tried again.
    #[serde(rename = "frontendEndpoint", default)]
    frontends: Vec<String>,
    #[serde(rename = "backendEndpoint", default)]
    backend: String,
}

/// Says what the status means for a listener on `our_port` of this machine.
pub(in crate::server) fn zrok(json: &[u8], our_port: u16) -> SourceAnswer {
    let status: AgentStatus = match serde_json::from_slice(json) {
        Ok(status) => status,
        Err(error) => return unreadable("the status of zrok's agent", &error),
    };
    let tunnels = status.shares.iter().flat_map(|share| {
        share.frontends.iter().filter_map(|frontend| {
            let url = if frontend.contains("://") { frontend.clone() } else { format!("https://{frontend}") };
            FoundTunnel::new(TunnelName::Zrok, &url, TunnelEnd::of(&share.backend, our_port))
        })
    });
    SourceAnswer::Tunnels(tunnels.collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::server::tunnel::testing::is_safe;

    #[test]
    fn public_shares_are_found() {
        let status = json!({"accesses": [], "shares": [
            {"token": "abc", "shareMode": "public", "backendMode": "proxy", "closed": false, "status": "active",
             "frontendEndpoint": ["https://abc.share.zrok.io", "mine.shares.zrok.io"],
             "backendEndpoint": "http://127.0.0.1:3000"},
            {"token": "def", "shareMode": "public", "backendMode": "proxy", "closed": true, "status": "active",
             "frontendEndpoint": ["https://def.share.zrok.io/"], "backendEndpoint": "http://localhost:8080"},
            {"token": "ghi", "shareMode": "private", "backendMode": "proxy", "frontendEndpoint": [],
             "backendEndpoint": "http://127.0.0.1:3000"},
            {"token": "", "shareMode": "public", "status": "retrying", "failure": {"id": "x"}}
        ]});
        let SourceAnswer::Tunnels(found) = zrok(status.to_string().as_bytes(), 3000) else { panic!() };
        let words: Vec<String> = found.iter().map(FoundTunnel::words).collect();
        let expected = [
            "https://abc.share.zrok.io (zrok)",
            "https://mine.shares.zrok.io (zrok)",
            "https://def.share.zrok.io leads to http://localhost:8080, not here (zrok)",
        ];
        assert_eq!(words, expected);
    }

    #[test]
    fn what_is_not_the_agent_is_said() {
        assert_eq!(zrok(br#"{"accesses":[],"shares":[]}"#, 3000), SourceAnswer::Tunnels(Vec::new()));
        for json in ["{}", "[]", "<html>", "", "{\"status\":\"ok\"}"] {
            assert!(matches!(zrok(json.as_bytes(), 3000), SourceAnswer::Unreadable(_)), "{json}");
        }
    }

    proptest! {
        #[test]
        fn any_answer_is_safe_to_show(frontend in "\\PC{0,20}", backend in "\\PC*", bytes in any::<Vec<u8>>()) {
            let shares = json!([{"frontendEndpoint": [frontend], "backendEndpoint": backend}]);
            let status = json!({"accesses": [], "shares": shares}).to_string();
            for json in [status.as_bytes(), &bytes[..]] {
                prop_assert!(is_safe(TunnelName::Zrok, zrok(json, 3000)));
            }
        }
    }
}
