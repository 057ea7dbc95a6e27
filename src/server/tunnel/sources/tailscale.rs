//! Tailscale Funnel: what `tailscale funnel status --json` prints, the `ServeConfig` of its daemon
//! (<https://pkg.go.dev/tailscale.com/ipn#ServeConfig>).

use std::collections::BTreeMap;

use serde::Deserialize;

use super::unreadable;
use crate::config::TunnelName;
use crate::server::tunnel::found::{FoundTunnel, SourceAnswer, TunnelEnd};

/// Its names are those of the Go type. What is `null` there is empty.
#[derive(Deserialize, Default)]
struct ServeConfig {
    /// By host and port: `node.tailnet.ts.net:443`.
    #[serde(rename = "Web", default)]
    web: Option<BTreeMap<String, WebServer>>,
    /// Which of them the internet reaches; the others are for the tailnet alone.
    #[serde(rename = "AllowFunnel", default)]
    allow_funnel: Option<BTreeMap<String, bool>>,
    /// Those of commands that run in a terminal, by session.
    #[serde(rename = "Foreground", default)]
    foreground: Option<BTreeMap<String, ServeConfig>>,
}

#[derive(Deserialize)]
struct WebServer {
    /// By mount point: `/`.
    #[serde(rename = "Handlers", default)]
    handlers: Option<BTreeMap<String, Handler>>,
}

#[derive(Deserialize)]
struct Handler {
    /// Empty for files and fixed text.
    #[serde(rename = "Proxy", default)]
    proxy: String,
}

/// Says what the status means for a listener on `our_port` of this machine. What is served to the tailnet alone is passed
/// over: a sender on the internet does not reach it.
pub(in crate::server) fn tailscale(json: &[u8], our_port: u16) -> SourceAnswer {
    match serde_json::from_slice::<Option<ServeConfig>>(json) {
        Ok(config) => {
            let mut found = Vec::new();
            add(&mut found, &config.unwrap_or_default(), our_port);
            SourceAnswer::Tunnels(found)
        }
        Err(error) => unreadable("the status of Tailscale Funnel", &error),
    }
}

/// As deep as the JSON reader allows, which is 128 levels.
fn add(found: &mut Vec<FoundTunnel>, config: &ServeConfig, our_port: u16) {
    let is_public = |host: &str| config.allow_funnel.iter().flatten().any(|(name, on)| name == host && *on);
    for (host, server) in config.web.iter().flatten().filter(|(host, _)| is_public(host)) {
        for (mount, handler) in server.handlers.iter().flatten().filter(|(_, handler)| !handler.proxy.is_empty()) {
            let url = format!("https://{}{mount}", host.strip_suffix(":443").unwrap_or(host));
            found.extend(FoundTunnel::new(TunnelName::Tailscale, &url, TunnelEnd::of(&handler.proxy, our_port)));
        }
    }
    config.foreground.iter().flatten().for_each(|(_, config)| add(found, config, our_port));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::server::tunnel::testing::is_safe;

    fn words(json: &serde_json::Value) -> Vec<String> {
        let SourceAnswer::Tunnels(found) = tailscale(json.to_string().as_bytes(), 3000) else { panic!("{json}") };
        found.iter().map(FoundTunnel::words).collect()
    }

    #[test]
    fn a_funnel_is_found_and_what_only_the_tailnet_reaches_is_not() {
        let status = json!({
            "TCP": {"443": {"HTTPS": true}, "8443": {"HTTPS": true}},
            "Web": {
                "box.tail1234.ts.net:443": {"Handlers": {
                    "/": {"Proxy": "http://127.0.0.1:3000"},
                    "/files": {"Path": "/srv"},
                    "/other": {"Proxy": "http://127.0.0.1:8080"}
                }},
                "box.tail1234.ts.net:8443": {"Handlers": {"/": {"Proxy": "http://127.0.0.1:3000"}}},
                "box.tail1234.ts.net:10000": {"Handlers": {"/": {"Proxy": "https+insecure://127.0.0.1:3000"}}}
            },
            "AllowFunnel": {
                "box.tail1234.ts.net:443": true, "box.tail1234.ts.net:8443": false, "box.tail1234.ts.net:10000": true
            }
        });
        let expected = [
            "https://box.tail1234.ts.net:10000 leads to https+insecure://127.0.0.1:3000, not here (Tailscale Funnel)",
            "https://box.tail1234.ts.net (Tailscale Funnel)",
            "https://box.tail1234.ts.net/other leads to http://127.0.0.1:8080, not here (Tailscale Funnel)",
        ];
        assert_eq!(words(&status), expected);
    }

    #[test]
    fn one_in_a_terminal_is_found_in_its_session() {
        let host = "box.tail1234.ts.net:443";
        let session = json!({
            "TCP": {"443": {"HTTPS": true}},
            "Web": {host: {"Handlers": {"/": {"Proxy": "http://127.0.0.1:3000"}}}},
            "AllowFunnel": {host: true}
        });
        let status = json!({"Foreground": {"2d4a": session}, "ETag": "x"});
        assert_eq!(words(&status), ["https://box.tail1234.ts.net (Tailscale Funnel)"]);
    }

    #[test]
    fn without_one_there_is_nothing() {
        for status in [json!({}), json!(null), json!({"Web": null, "AllowFunnel": null, "Foreground": null})] {
            assert_eq!(words(&status), [""; 0]);
        }
        assert!(matches!(tailscale(b"\x1b[31mno", 3000), SourceAnswer::Unreadable(_)));
        let deep = "{\"Foreground\":{\"x\":".repeat(10_000);
        assert!(matches!(tailscale(deep.as_bytes(), 3000), SourceAnswer::Unreadable(_)));
    }

    proptest! {
        #[test]
        fn any_answer_is_safe_to_show(host in "\\PC{0,20}", mount in "\\PC{0,9}", proxy in "\\PC*", bytes in any::<Vec<u8>>()) {
            let handlers = json!({"Handlers": {&mount: {"Proxy": proxy}}});
            let status = json!({"Web": {&host: handlers}, "AllowFunnel": {&host: true}}).to_string();
            for json in [status.as_bytes(), &bytes[..]] {
                prop_assert!(is_safe(TunnelName::Tailscale, tailscale(json, 3000)));
            }
        }
    }
}
