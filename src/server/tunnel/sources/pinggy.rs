//! Pinggy: what its web debugger answers to `GET /urls` (<https://pinggy.io/docs/api/web_debugger_api/>), and where the
//! tunnel leads, which only the command's arguments say.

use serde::Deserialize;

use super::unreadable;
use crate::config::TunnelName;
use crate::server::tunnel::found::{FoundTunnel, SourceAnswer, TunnelEnd};

#[derive(Deserialize)]
struct DebuggerUrls {
    urls: Vec<String>,
}

/// Says what the list means. `target` is where the tunnel leads, where the command's arguments say it.
pub(in crate::server) fn pinggy(json: &[u8], target: Option<&str>, our_port: u16) -> SourceAnswer {
    let DebuggerUrls { urls } = match serde_json::from_slice(json) {
        Ok(list) => list,
        Err(error) => return unreadable("a list of URLs", &error),
    };
    let end = target.map_or(TunnelEnd::Unknown, |target| TunnelEnd::of(target, our_port));
    let tunnels = urls.iter().filter_map(|url| FoundTunnel::new(TunnelName::Pinggy, url, end.clone()));
    SourceAnswer::Tunnels(tunnels.collect())
}

/// Whether the arguments of `ssh`, or of Pinggy's own program, open a tunnel of Pinggy's.
pub(in crate::server) fn is_pinggy(program: &str, arguments: &[String]) -> bool {
    let is_host = |argument: &String| {
        let host = argument.rsplit('@').next().unwrap_or_default();
        host == "pinggy.io" || host.ends_with(".pinggy.io")
    };
    program == "pinggy" || program == "ssh" && arguments.iter().any(is_host)
}

/// Where `-R` leads: `-R0:localhost:3000` and `-R 0:localhost:3000` mean `localhost:3000`. The first counts.
pub(in crate::server) fn pinggy_target(arguments: &[String]) -> Option<String> {
    let at = arguments.iter().position(|argument| argument.starts_with("-R"))?;
    let value = match arguments[at].strip_prefix("-R") {
        Some("") => arguments.get(at + 1)?,
        Some(value) => value,
        None => return None,
    };
    // [bind_address:]port:host:hostport (ssh(1)); the host may be an IPv6 address in brackets.
    let (rest, port) = value.rsplit_once(':')?;
    let host = match rest.rfind('[') {
        Some(at) => &rest[at..],
        None => rest.rsplit_once(':')?.1,
    };
    Some(format!("{host}:{port}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;
    use crate::server::tunnel::testing::is_safe;

    fn arguments(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn the_documented_answer_is_read() {
        let json =
            br#"{"urls":["http://rnckk-23-4-5-6.a.free.pinggy.link","https://rnckk-23-4-5-6.a.free.pinggy.link"]}"#;
        let SourceAnswer::Tunnels(found) = pinggy(json, Some("localhost:3000"), 3000) else { panic!() };
        assert!(found.len() == 2 && found.iter().all(|found| found.end == TunnelEnd::Here), "{found:?}");
        let SourceAnswer::Tunnels(found) = pinggy(json, None, 3000) else { panic!() };
        assert_eq!(found[1].end, TunnelEnd::Unknown);
        let tcp = br#"{"urls":["tcp://x.pinggy.link:4000"]}"#;
        assert_eq!(pinggy(tcp, None, 3000), SourceAnswer::Tunnels(Vec::new()));
        for json in ["{}", "[]", "{\"urls\":null}", "<html>", ""] {
            assert!(matches!(pinggy(json.as_bytes(), None, 3000), SourceAnswer::Unreadable(_)), "{json}");
        }
    }

    #[rstest]
    #[case("ssh", "ssh -p 443 -R0:localhost:3000 -L4300:localhost:4300 qr@a.pinggy.io", Some("localhost:3000"))]
    #[case("ssh", "ssh -p 443 -R 0:127.0.0.1:3000 free.pinggy.io", Some("127.0.0.1:3000"))]
    #[case("ssh", "ssh -R0:[::1]:3000 a.pinggy.io", Some("[::1]:3000"))]
    #[case("ssh", "ssh -R *:0:localhost:3000 token@pro.pinggy.io", Some("localhost:3000"))]
    #[case("pinggy", "pinggy -p 443 -R0:localhost:3000 a.pinggy.io", Some("localhost:3000"))]
    #[case("pinggy", "pinggy http 3000", None)]
    #[case("ssh", "ssh -R a.pinggy.io", None)]
    fn arguments_say_where_it_leads(#[case] program: &str, #[case] line: &str, #[case] target: Option<&str>) {
        assert!(is_pinggy(program, &arguments(line)));
        assert_eq!(pinggy_target(&arguments(line)).as_deref(), target);
    }

    #[test]
    fn another_ssh_is_not_pinggy() {
        for line in ["ssh -R0:localhost:3000 example.com", "ssh evilpinggy.io", "ssh a.pinggy.io.example.com", "ssh"] {
            assert!(!is_pinggy("ssh", &arguments(line)), "{line}");
        }
        assert!(!is_pinggy("sshd", &arguments("sshd a.pinggy.io")));
    }

    proptest! {
        #[test]
        fn any_answer_is_safe_to_show(url in "\\PC{0,20}", argument in "(-R)?\\PC{0,20}", bytes in any::<Vec<u8>>()) {
            let target = pinggy_target(&[argument]);
            let list = serde_json::json!({"urls": [url]}).to_string();
            for json in [list.as_bytes(), &bytes[..]] {
                prop_assert!(is_safe(TunnelName::Pinggy, pinggy(json, target.as_deref(), 3000)));
            }
        }
    }
}
