//! cloudflared: what the server of its metrics says
//! (<https://developers.cloudflare.com/tunnel/monitoring/#metrics>).
//!
//! A quick tunnel gives its host name at `/quicktunnel`, and where it leads among the command's flags at `/diag/configuration`
//! (from 2024.12 on) or as the only rule of `/config`. A named tunnel has a rule for each host at `/config`.

use serde::Deserialize;

use super::unreadable;
use crate::config::TunnelName;
use crate::server::tunnel::found::{FoundTunnel, SourceAnswer, TunnelEnd};

/// The answers, each as far as there is one.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::server) struct CloudflaredAnswers<'a> {
    /// Of `/quicktunnel`.
    pub(in crate::server) quick: &'a [u8],
    /// Of `/diag/configuration`.
    pub(in crate::server) flags: Option<&'a [u8]>,
    /// Of `/config`.
    pub(in crate::server) config: Option<&'a [u8]>,
}

/// `{"hostname":"…"}`, empty for a named tunnel.
#[derive(Deserialize)]
struct Quick {
    hostname: String,
}

/// The flags that were set; the others of them are of no interest.
#[derive(Deserialize, Default)]
struct CommandFlags {
    #[serde(default)]
    url: String,
}

#[derive(Deserialize, Default)]
struct Versioned {
    #[serde(default)]
    config: Ingress,
}

#[derive(Deserialize, Default)]
struct Ingress {
    #[serde(default)]
    ingress: Option<Vec<IngressRule>>,
}

#[derive(Deserialize)]
struct IngressRule {
    #[serde(default)]
    hostname: String,
    /// A URL, or words such as `http_status:404`.
    #[serde(default)]
    service: String,
}

/// Says what the answers mean for a listener on `our_port` of this machine. A host with a wildcard is no URL, and passed over.
pub(in crate::server) fn cloudflared(answers: CloudflaredAnswers<'_>, our_port: u16) -> SourceAnswer {
    let Quick { hostname } = match serde_json::from_slice(answers.quick) {
        Ok(quick) => quick,
        Err(error) => return unreadable("the host name of a quick tunnel", &error),
    };
    let rules = answers.config.and_then(|json| serde_json::from_slice::<Versioned>(json).ok());
    let rules = rules.unwrap_or_default().config.ingress.unwrap_or_default();
    let tunnel = |host: &str, end| FoundTunnel::new(TunnelName::Cloudflared, &format!("https://{host}"), end);
    if hostname.is_empty() {
        let named = rules.iter().filter(|rule| !rule.hostname.is_empty());
        let named = named.filter_map(|rule| tunnel(&rule.hostname, TunnelEnd::of(&rule.service, our_port)));
        return SourceAnswer::Tunnels(named.collect());
    }
    let flags = answers.flags.and_then(|json| serde_json::from_slice::<CommandFlags>(json).ok()).unwrap_or_default();
    // Such as `http_status:404` lead nowhere.
    let is_url = |rule: &&IngressRule| rule.hostname.is_empty() && rule.service.contains("://");
    let only = rules.iter().find(is_url).map(|rule| &*rule.service);
    let target = Some(&*flags.url).filter(|url| !url.is_empty()).or(only);
    let end = target.map_or(TunnelEnd::Unknown, |target| TunnelEnd::of(target, our_port));
    SourceAnswer::Tunnels(tunnel(&hostname, end).into_iter().collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::server::tunnel::testing::is_safe;

    const QUICK: &[u8] = br#"{"hostname":"blue-fox-rapid-owl.trycloudflare.com"}"#;

    fn words(answers: CloudflaredAnswers<'_>) -> Vec<String> {
        let SourceAnswer::Tunnels(found) = cloudflared(answers, 3000) else { panic!() };
        found.iter().map(FoundTunnel::words).collect()
    }

    #[test]
    fn a_quick_tunnel_leads_where_its_flags_say() {
        let flags: &[u8] = br#"{"uid":"1000","url":"http://localhost:3000","no-autoupdate":"true"}"#;
        let answers = CloudflaredAnswers { quick: QUICK, flags: Some(flags), config: None };
        assert_eq!(words(answers), ["https://blue-fox-rapid-owl.trycloudflare.com (cloudflared)"]);
        let flags: &[u8] = br#"{"url":"http://localhost:8080"}"#;
        let other = words(CloudflaredAnswers { flags: Some(flags), ..answers });
        assert!(other[0].contains("leads to http://localhost:8080, not here"), "{other:?}");
    }

    #[test]
    fn an_older_one_says_it_by_its_only_rule() {
        let config: &[u8] = br#"{"version":-1,"config":{"ingress":[{"hostname":"","path":null,
            "service":"http://localhost:3000","Handlers":null,"originRequest":{"connectTimeout":30}}],"warp-routing":{}}}"#;
        let answers = CloudflaredAnswers { quick: QUICK, flags: None, config: Some(config) };
        assert_eq!(words(answers), ["https://blue-fox-rapid-owl.trycloudflare.com (cloudflared)"]);
        let unknown = words(CloudflaredAnswers { config: None, ..answers });
        assert!(unknown[0].ends_with("(cloudflared, target unknown)"), "{unknown:?}");
    }

    #[test]
    fn a_named_tunnel_has_a_rule_for_each_host() {
        let config: &[u8] = br#"{"version":1,"config":{"ingress":[
            {"hostname":"hooks.example.com","path":null,"service":"http://localhost:3000","originRequest":{}},
            {"hostname":"app.example.com","path":"^/a","service":"https://localhost:3000"},
            {"hostname":"*.example.com","service":"http://localhost:3000"},
            {"hostname":"","service":"http_status:404"}],"originRequest":{}}}"#;
        let answers = CloudflaredAnswers { quick: br#"{"hostname":""}"#, flags: None, config: Some(config) };
        let expected = [
            "https://hooks.example.com (cloudflared)",
            "https://app.example.com leads to https://localhost:3000, not here (cloudflared)",
        ];
        assert_eq!(words(answers), expected);
        assert!(words(CloudflaredAnswers { config: Some(br#"{"config":{"ingress":null}}"#), ..answers }).is_empty());
    }

    #[test]
    fn what_is_not_cloudflared_is_said() {
        for quick in [&b"<html>\x1b[31m"[..], b"", b"[]", b"{}", b"{\"hostname\":3}"] {
            let SourceAnswer::Unreadable(reason) =
                cloudflared(CloudflaredAnswers { quick, ..Default::default() }, 3000)
            else {
                panic!("{quick:?}")
            };
            assert!(!reason.contains(crate::text::is_hidden), "{reason}");
        }
    }

    proptest! {
        #[test]
        fn any_answer_is_safe_to_show(host in "\\PC{0,20}", url in "\\PC*", bytes in any::<Vec<u8>>()) {
            let quick = serde_json::json!({"hostname": host}).to_string();
            let flags = serde_json::json!({"url": url}).to_string();
            let rules = serde_json::json!({"config": {"ingress": [{"hostname": host, "service": url}]}}).to_string();
            for quick in [quick.as_bytes(), b"{\"hostname\":\"\"}", &bytes[..]] {
                for (flags, config) in [(flags.as_bytes(), rules.as_bytes()), (&bytes[..], &bytes[..])] {
                    let answers = CloudflaredAnswers { quick, flags: Some(flags), config: Some(config) };
                    prop_assert!(is_safe(TunnelName::Cloudflared, cloudflared(answers, 3000)));
                }
            }
        }
    }
}
