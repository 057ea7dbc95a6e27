//! Which tunnels are looked for, and the public URL that a person knows.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;

use schemars::JsonSchema;
use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize};

use super::BadSetting;
use super::described::SwitchOrText;
use super::settings::parse_bind;

/// How a public URL is known: the program whose tunnel it is, or another way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TunnelName {
    /// `--public-url`, or `public_url` in the configuration.
    Given,
    /// ngrok's agent.
    Ngrok,
    /// Cloudflare's `cloudflared`.
    Cloudflared,
    /// Tailscale Funnel.
    Tailscale,
    /// The agent of zrok.
    Zrok,
    /// Pinggy, by its own program or by ssh.
    Pinggy,
    /// Microsoft's dev tunnels.
    Devtunnel,
    /// GitHub Codespaces, whose ports are forwarded.
    Codespaces,
    /// A `bore` that this run has started.
    Bore,
    /// The host that a delivery was sent to.
    Learnt,
}

impl TunnelName {
    /// Those that can be looked for, in the order in which they are shown.
    pub const LOOKED_FOR: [Self; 8] = [
        Self::Ngrok,
        Self::Cloudflared,
        Self::Tailscale,
        Self::Zrok,
        Self::Pinggy,
        Self::Devtunnel,
        Self::Codespaces,
        Self::Learnt,
    ];

    /// As JSON and the configuration have it.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Given => "given",
            Self::Ngrok => "ngrok",
            Self::Cloudflared => "cloudflared",
            Self::Tailscale => "tailscale",
            Self::Zrok => "zrok",
            Self::Pinggy => "pinggy",
            Self::Devtunnel => "devtunnel",
            Self::Codespaces => "codespaces",
            Self::Bore => "bore",
            Self::Learnt => "learnt",
        }
    }

    /// As people call it.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Given => "configured",
            Self::Tailscale => "Tailscale Funnel",
            Self::Pinggy => "Pinggy",
            Self::Devtunnel => "dev tunnels",
            Self::Codespaces => "Codespaces",
            Self::Learnt => "learnt from a delivery",
            Self::Ngrok | Self::Cloudflared | Self::Zrok | Self::Bore => self.code(),
        }
    }

    fn of(code: &str) -> Option<Self> {
        Self::LOOKED_FOR.into_iter().find(|name| name.code() == code)
    }
}

/// Whether a tunnel is looked for, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TunnelProbe {
    /// Once its program is seen to run.
    #[default]
    Seen,
    /// Never.
    Off,
    /// At its usual places, whether its program is seen or not.
    Usual,
    /// At this address, whether its program is seen or not.
    At(SocketAddr),
}

/// Which tunnels are looked for: `[tunnels]` and `WHYHOOK_TUNNELS`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TunnelSettings {
    probes: BTreeMap<TunnelName, TunnelProbe>,
}

impl TunnelSettings {
    /// Whether and where `name` is looked for.
    #[must_use]
    pub fn probe(&self, name: TunnelName) -> TunnelProbe {
        self.probes.get(&name).copied().unwrap_or_default()
    }

    /// Those with an address of their own.
    pub(super) fn addresses(&self) -> impl Iterator<Item = SocketAddr> {
        self.probes.values().filter_map(|probe| match probe {
            TunnelProbe::At(address) => Some(*address),
            _ => None,
        })
    }

    /// The same with only these looked for, as `WHYHOOK_TUNNELS` has it: `off`, or names with commas between them. One
    /// that the configuration turns off is looked for when it is named here.
    pub(super) fn only(&self, text: &str) -> Result<Self, BadSetting> {
        let names = match text.trim() {
            "off" | "false" | "0" => Vec::new(),
            list => list
                .split(',')
                .map(|name| TunnelName::of(name.trim()).ok_or(BadSetting::TunnelNames))
                .collect::<Result<Vec<_>, _>>()?,
        };
        let probe = |name: TunnelName| match (names.contains(&name), self.probe(name)) {
            (false, _) => TunnelProbe::Off,
            (true, TunnelProbe::Off) => TunnelProbe::Seen,
            (true, probe) => probe,
        };
        Ok(Self { probes: TunnelName::LOOKED_FOR.into_iter().map(|name| (name, probe(name))).collect() })
    }
}

/// `[tunnels]`
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Tunnels")]
pub(super) struct RawTunnels {
    /// ngrok's agent; where it is asked is ngrok_api.
    ngrok: Option<bool>,
    /// cloudflared: true, false, or the address of its metrics.
    #[schemars(with = "Option<SwitchOrText>")]
    cloudflared: Option<RawProbe>,
    /// Tailscale Funnel.
    tailscale: Option<bool>,
    /// zrok: true, false, or the address of its agent.
    #[schemars(with = "Option<SwitchOrText>")]
    zrok: Option<RawProbe>,
    /// Pinggy: true, false, or the address of its debugger.
    #[schemars(with = "Option<SwitchOrText>")]
    pinggy: Option<RawProbe>,
    /// Microsoft's dev tunnels.
    devtunnel: Option<bool>,
    /// GitHub Codespaces.
    codespaces: Option<bool>,
    /// The URL that a delivery was sent to, where none is known otherwise.
    learnt: Option<bool>,
}

impl RawTunnels {
    pub(super) fn settings(self) -> TunnelSettings {
        let flag = |on: Option<bool>| on.map(TunnelProbe::of);
        let place = |probe: Option<RawProbe>| probe.map(|RawProbe(probe)| probe);
        let probes = [
            (TunnelName::Ngrok, flag(self.ngrok)),
            (TunnelName::Cloudflared, place(self.cloudflared)),
            (TunnelName::Tailscale, flag(self.tailscale)),
            (TunnelName::Zrok, place(self.zrok)),
            (TunnelName::Pinggy, place(self.pinggy)),
            (TunnelName::Devtunnel, flag(self.devtunnel)),
            (TunnelName::Codespaces, flag(self.codespaces)),
            (TunnelName::Learnt, flag(self.learnt)),
        ];
        TunnelSettings { probes: probes.into_iter().filter_map(|(name, probe)| Some((name, probe?))).collect() }
    }
}

impl TunnelProbe {
    fn of(on: bool) -> Self {
        if on { Self::Usual } else { Self::Off }
    }
}

struct RawProbe(TunnelProbe);

impl<'de> Deserialize<'de> for RawProbe {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl Visitor<'_> for Reader {
            type Value = RawProbe;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("true, false, or an address such as '127.0.0.1:20241'")
            }

            fn visit_bool<E: serde::de::Error>(self, on: bool) -> Result<RawProbe, E> {
                Ok(RawProbe(TunnelProbe::of(on)))
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<RawProbe, E> {
                let address = parse_bind(text).map_err(|_| E::custom(BadSetting::TunnelAddress(text.to_owned())))?;
                Ok(RawProbe(TunnelProbe::At(address)))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

/// What the lines below `[tunnels]` say, for tests.
#[cfg(test)]
pub(crate) fn tunnels_from_toml(text: &str) -> TunnelSettings {
    let raw: RawTunnels = toml::from_str(text).unwrap_or_default();
    raw.settings()
}

/// The longest public URL, in bytes.
const URL_BYTES: usize = 512;

/// Whether `url` is a plain http(s) URL of host, port and path: it is shown, copied, and typed into
/// other programs, so that it holds nothing that a shell, a terminal or a URL parser acts on.
#[must_use]
pub fn is_public_url(url: &str) -> bool {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let plain =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':' | b'/' | b'[' | b']');
    rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['/', ':']) && rest.bytes().all(plain))
        && url.len() <= URL_BYTES
}

/// Reads the public URL that a person gives: `https://example.com`, with a port and the beginning of a path where it
/// has them. User name and password are dropped: it is shown and copied. The result has no slash at its end.
///
/// # Errors
///
/// [`BadSetting::PublicUrl`], which repeats nothing of it.
pub fn read_public_url(text: &str) -> Result<String, BadSetting> {
    let (scheme, rest) = text.trim().split_once("://").ok_or(BadSetting::PublicUrl)?;
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = authority.rsplit('@').next().unwrap_or_default();
    let url = format!("{}://{host}{}", scheme.to_ascii_lowercase(), path.trim_end_matches('/'));
    if is_public_url(&url) { Ok(url) } else { Err(BadSetting::PublicUrl) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("https://a.example", "https://a.example")]
    #[case(" HTTPS://a.example:8443/hooks/ ", "https://a.example:8443/hooks")]
    #[case("http://user:hunter2@a.example/", "http://a.example")]
    #[case("https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443")]
    fn a_public_url_is_read(#[case] text: &str, #[case] url: &str) {
        assert_eq!(read_public_url(text), Ok(url.to_owned()));
    }

    #[rstest]
    #[case("a.example")]
    #[case("ftp://a.example")]
    #[case("https://")]
    #[case("https:///path")]
    #[case("https://hunter2@")]
    #[case("https://a.example/?hunter2")]
    #[case("https://a.example/#hunter2")]
    #[case("https://a.example/\u{202e}")]
    #[case("https://a b")]
    #[case("")]
    fn what_is_no_public_url_is_refused_and_not_repeated(#[case] text: &str) {
        let error = read_public_url(text).unwrap_err().to_string();
        assert!(error.contains("expected http") && !error.contains("hunter2"), "{error}");
    }

    #[test]
    fn the_environment_says_which_are_looked_for() {
        let off = TunnelSettings::default().only("off").unwrap();
        assert!(TunnelName::LOOKED_FOR.into_iter().all(|name| off.probe(name) == TunnelProbe::Off));
        let file: RawTunnels = toml::from_str("ngrok = false\npinggy = '127.0.0.1:9'\nzrok = true").unwrap();
        let only = file.settings().only("ngrok, pinggy").unwrap();
        assert_eq!(only.probe(TunnelName::Ngrok), TunnelProbe::Seen);
        assert_eq!(only.probe(TunnelName::Pinggy), TunnelProbe::At("127.0.0.1:9".parse().unwrap()));
        assert_eq!(only.probe(TunnelName::Zrok), TunnelProbe::Off);
        assert_eq!(TunnelSettings::default().only("ngork"), Err(BadSetting::TunnelNames));
    }

    #[test]
    fn every_tunnel_that_is_looked_for_is_documented() {
        let page = include_str!("../../docs/tunnels.md");
        for name in TunnelName::LOOKED_FOR {
            assert!(page.contains(&format!("\n| `{}` | ", name.code())), "{name:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_plain_url_or_refused(text in "(https?://)?\\PC{0,30}") {
            if let Ok(url) = read_public_url(&text) {
                prop_assert!(is_public_url(&url) && !url.contains(['@', '?', '#', ' ']));
                prop_assert_eq!(read_public_url(&url), Ok(url));
            }
        }
    }
}
