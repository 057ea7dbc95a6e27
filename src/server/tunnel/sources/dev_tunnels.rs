//! Microsoft's dev tunnels: what `devtunnel show --json` prints
//! (<https://learn.microsoft.com/en-us/azure/developer/dev-tunnels/cli-commands>).

use serde::Deserialize;

use super::unreadable;
use crate::config::TunnelName;
use crate::server::tunnel::found::{FoundTunnel, SourceAnswer, TunnelEnd};

/// The tunnel is in `tunnel`, or is the whole.
#[derive(Deserialize)]
struct Shown {
    tunnel: Option<DevTunnel>,
    ports: Option<Vec<DevPort>>,
}

#[derive(Deserialize)]
struct DevTunnel {
    #[serde(default)]
    ports: Option<Vec<DevPort>>,
}

#[derive(Deserialize)]
struct DevPort {
    #[serde(rename = "portNumber")]
    number: u16,
    /// What the listener's port is taken for: `auto`, `http`, `https` ….
    #[serde(default)]
    protocol: Option<String>,
    #[serde(rename = "portUri", default)]
    uri: Option<String>,
    #[serde(rename = "portForwardingUris", default)]
    uris: Option<Vec<String>>,
}

/// Says what was printed means for a listener on `our_port` of this machine. Before the JSON there may be words of welcome.
pub(in crate::server) fn dev_tunnels(printed: &[u8], our_port: u16) -> SourceAnswer {
    let start = printed.iter().position(|byte| *byte == b'{').unwrap_or(printed.len());
    let shown: Shown = match serde_json::from_slice(printed.get(start..).unwrap_or_default()) {
        Ok(shown) => shown,
        Err(error) => return unreadable("a dev tunnel", &error),
    };
    let ports = shown.tunnel.map_or(shown.ports, |tunnel| tunnel.ports).unwrap_or_default();
    let tunnels = ports.into_iter().filter_map(|port| {
        let scheme = if port.protocol.as_deref() == Some("https") { "https" } else { "http" };
        let end = TunnelEnd::of(&format!("{scheme}://localhost:{}", port.number), our_port);
        let uri = port.uri.or_else(|| port.uris?.into_iter().next())?;
        FoundTunnel::new(TunnelName::Devtunnel, &uri, end)
    });
    SourceAnswer::Tunnels(tunnels.collect())
}

/// The tunnel that `devtunnel host NAME` hosts, where its arguments name one; otherwise it is the default of the program.
pub(in crate::server) fn hosted_tunnel(arguments: &[String]) -> Option<&str> {
    let at = arguments.iter().position(|argument| argument == "host")?;
    let name = arguments.get(at + 1)?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    (!name.is_empty() && !name.starts_with('-') && name.len() <= 64 && name.bytes().all(plain)).then_some(name)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::server::tunnel::testing::is_safe;

    fn words(printed: &str) -> Vec<String> {
        let SourceAnswer::Tunnels(found) = dev_tunnels(printed.as_bytes(), 3000) else { panic!("{printed}") };
        found.iter().map(FoundTunnel::words).collect()
    }

    #[test]
    fn each_port_of_the_tunnel_is_found() {
        let ports = json!([
            {"portNumber": 3000, "protocol": "auto", "portUri": "https://abcd1234-3000.euw.devtunnels.ms/"},
            {"portNumber": 8080, "protocol": "http", "portForwardingUris": ["https://abcd1234-8080.euw.devtunnels.ms"]},
            {"portNumber": 9090}
        ]);
        let expected = [
            "https://abcd1234-3000.euw.devtunnels.ms (dev tunnels)",
            "https://abcd1234-8080.euw.devtunnels.ms leads to http://localhost:8080, not here (dev tunnels)",
        ];
        let tunnel = json!({"tunnelId": "abcd1234.euw", "hostConnections": 1, "ports": ports});
        assert_eq!(words(&json!({"tunnel": tunnel}).to_string()), expected);
        assert_eq!(words(&format!("Welcome to dev tunnels!\n\n{tunnel}")), expected);
        assert!(words(r#"{"tunnel":{"ports":null}}"#).is_empty());
        let secure =
            json!({"ports": [{"portNumber": 3000, "protocol": "https", "portUri": "https://a.devtunnels.ms"}]});
        assert!(words(&secure.to_string())[0].contains("leads to https://localhost:3000, not here"));
        assert!(matches!(dev_tunnels(b"not logged in\x1b", 3000), SourceAnswer::Unreadable(_)));
    }

    #[test]
    fn the_tunnel_that_is_hosted_is_asked_for_by_its_name() {
        let of = |line: &str| {
            let arguments: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
            hosted_tunnel(&arguments).map(str::to_owned)
        };
        assert_eq!(of("devtunnel host my-tunnel.euw --allow-anonymous").as_deref(), Some("my-tunnel.euw"));
        assert_eq!(of("devtunnel host -p 3000"), None);
        assert_eq!(of("devtunnel host"), None);
        assert_eq!(of("devtunnel host a/../b"), None);
    }

    proptest! {
        #[test]
        fn any_output_is_safe_to_show(before in "\\PC{0,9}", uri in "(https://)?\\PC{0,20}", number in any::<u16>(), bytes in any::<Vec<u8>>()) {
            let shown = json!({"tunnel": {"ports": [{"portNumber": number, "portUri": uri}]}});
            for printed in [format!("{before}{shown}").as_bytes(), &bytes[..]] {
                prop_assert!(is_safe(TunnelName::Devtunnel, dev_tunnels(printed, 3000)));
            }
        }
    }
}
