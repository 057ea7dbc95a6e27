//! Where a request is sent: an `http` or `https` URL.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use crate::text::visible;

/// The most bytes of a URL; beyond it lies no receiver that could read the request line.
const URL_LIMIT: usize = 8192;

/// A URL to send to, read and found right.
///
/// Path and query stay as they were written, byte for byte; nothing is decoded or normalised.
///
/// ```
/// use whyhook::http::Target;
///
/// let target: Target = "localhost:3000/hooks?a=%20".parse()?;
/// assert_eq!(target.to_string(), "http://localhost:3000/hooks?a=%20");
/// assert!(target.is_loopback());
/// # Ok::<(), whyhook::http::InvalidTarget>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Target {
    tls: bool,
    host: Host,
    port: Option<u16>,
    /// Path and query; empty when there is neither.
    rest: String,
}

/// The host of a [`Target`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Host {
    /// A name, in lower case.
    Name(String),
    /// An address.
    Address(IpAddr),
}

/// Why a text is not a URL to send to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTarget {
    /// Nothing there.
    #[error("the URL is empty: expected one such as http://localhost:3000/webhooks/trackpilots")]
    Empty,
    /// Longer than any receiver reads.
    #[error("the URL is too long: {0} bytes, at most {URL_LIMIT}")]
    TooLong(usize),
    /// Neither http nor https.
    #[error("unsupported URL '{0}': expected http:// or https://")]
    Scheme(String),
    /// A name or password in it.
    #[error("the URL contains a user name or password before '@': remove it, since the store would keep it")]
    UserInfo,
    /// A fragment, which is never sent.
    #[error("the URL contains a fragment ('#…'), which is never sent: remove it, or write %23 for the character")]
    Fragment,
    /// A character that no URL holds.
    #[error("invalid character '{0}' in the URL: percent-encode it")]
    Character(String),
    /// No host.
    #[error("the URL has no host: expected one such as http://localhost:3000/webhooks/trackpilots")]
    NoHost,
    /// The host cannot be one.
    #[error("invalid host '{0}': expected a name, an IPv4 address, or an IPv6 address in square brackets")]
    Host(String),
    /// The port is not a number from 1 to 65535.
    #[error("invalid port '{0}': expected a number from 1 to 65535")]
    Port(String),
}

impl Target {
    /// This target with a path, which begins with `/`, where the URL is an origin alone: `http://localhost:8080`.
    #[must_use]
    pub fn with_path_unless_given(mut self, path: &str) -> Self {
        if self.rest.is_empty() {
            self.rest = path.to_owned();
        }
        self
    }

    /// Whether it is spoken to in TLS.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        self.tls
    }

    /// Its host.
    #[must_use]
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// Its port; the scheme's own when none is written.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(if self.tls { 443 } else { 80 })
    }

    /// What the Host header says: the host, and the port if it is written.
    #[must_use]
    pub fn authority(&self) -> String {
        match self.port {
            Some(port) => format!("{}:{port}", self.host),
            None => self.host.to_string(),
        }
    }

    /// Whether the URL has a path or query of its own. Without one (`http://localhost:3000`), a
    /// captured delivery is sent to the path that it came to.
    #[must_use]
    pub fn has_path(&self) -> bool {
        !self.rest.is_empty()
    }

    /// The request target: path and query as written, `/` where there is no path.
    #[must_use]
    pub fn request_target(&self) -> String {
        if self.rest.starts_with('/') { self.rest.clone() } else { format!("/{}", self.rest) }
    }

    /// Whether it is this machine: a loopback or unspecified address, `localhost` or a name below it,
    /// which is never asked of the name system (RFC 6761, section 6.3).
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        match &self.host {
            Host::Address(address) => address.to_canonical().is_loopback() || address.is_unspecified(),
            Host::Name(name) => is_localhost(name),
        }
    }

    /// The addresses to connect to, as far as they are known without asking the name system.
    pub(crate) fn known_addresses(&self) -> Option<Vec<SocketAddr>> {
        let addresses: Vec<IpAddr> = match &self.host {
            Host::Address(address) => vec![*address],
            Host::Name(name) if is_localhost(name) => {
                vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]
            }
            Host::Name(_) => return None,
        };
        Some(addresses.into_iter().map(|address| SocketAddr::new(address, self.port())).collect())
    }
}

impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "https" } else { "http" };
        write!(formatter, "{scheme}://{}{}", self.authority(), self.rest)
    }
}

impl fmt::Display for Host {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => formatter.write_str(name),
            Self::Address(IpAddr::V6(address)) => write!(formatter, "[{address}]"),
            Self::Address(address) => write!(formatter, "{address}"),
        }
    }
}

impl FromStr for Target {
    type Err = InvalidTarget;

    fn from_str(text: &str) -> Result<Self, InvalidTarget> {
        let text = text.trim();
        match text.len() {
            0 => return Err(InvalidTarget::Empty),
            length if length > URL_LIMIT => return Err(InvalidTarget::TooLong(length)),
            _ => {}
        }
        let (tls, rest) = split_scheme(text)?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at(end);
        if authority.contains('@') {
            return Err(InvalidTarget::UserInfo);
        }
        if rest.contains('#') {
            return Err(InvalidTarget::Fragment);
        }
        if let Some(odd) = text.chars().find(|character| !matches!(character, '!'..='~')) {
            return Err(InvalidTarget::Character(visible(&odd.to_string()).into_owned()));
        }
        let (host, port) = split_port(authority)?;
        Ok(Self { tls, host: read_host(host)?, port, rest: rest.to_owned() })
    }
}

/// `localhost` and the names below it.
fn is_localhost(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    name == "localhost" || name.ends_with(".localhost")
}

/// Whether it is https, and what follows the scheme. `localhost:3000/x` has none: what follows the
/// first colon of such a text is a port.
fn split_scheme(text: &str) -> Result<(bool, &str), InvalidTarget> {
    match text.split_once("://") {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => Ok((false, rest)),
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => Ok((true, rest)),
        // A "://" after the authority belongs to the path or query.
        Some((before, _)) if !before.contains(['/', '?', '#']) => {
            Err(InvalidTarget::Scheme(visible(&format!("{before}://")).into_owned()))
        }
        _ => match text.split_once(':') {
            Some((scheme @ ("mailto" | "file" | "data" | "javascript" | "unix"), _)) => {
                Err(InvalidTarget::Scheme(format!("{scheme}:")))
            }
            _ => Ok((false, text)),
        },
    }
}

fn split_port(authority: &str) -> Result<(&str, Option<u16>), InvalidTarget> {
    let (host, port) = match authority.rsplit_once(':') {
        // A colon inside an IPv6 address without a port.
        Some((_, after)) if after.ends_with(']') => (authority, None),
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    let invalid = |port: &str| InvalidTarget::Port(visible(port).into_owned());
    let port = match port {
        None => None,
        Some(port) if port.is_empty() || !port.bytes().all(|byte| byte.is_ascii_digit()) => return Err(invalid(port)),
        Some(port) => Some(port.parse().ok().filter(|number| *number > 0).ok_or_else(|| invalid(port))?),
    };
    Ok((host, port))
}

fn read_host(host: &str) -> Result<Host, InvalidTarget> {
    let invalid = || InvalidTarget::Host(visible(host).into_owned());
    if host.is_empty() {
        return Err(InvalidTarget::NoHost);
    }
    if let Some(inner) = host.strip_prefix('[') {
        let inner = inner.strip_suffix(']').ok_or_else(invalid)?;
        return inner.parse::<Ipv6Addr>().map(|address| Host::Address(address.into())).map_err(|_| invalid());
    }
    if let Ok(address) = host.parse::<Ipv4Addr>() {
        return Ok(Host::Address(address.into()));
    }
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    let labels = host.strip_suffix('.').unwrap_or(host);
    // A name whose last label is a number would be an address to some readers (RFC 1123, section 2.1).
    let ends_in_number = labels.rsplit('.').next().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
    if host.len() > 253 || ends_in_number || !labels.split('.').all(is_label) {
        return Err(invalid());
    }
    Ok(Host::Name(host.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn target(text: &str) -> Target {
        text.parse().unwrap()
    }

    #[rstest]
    #[case("http://localhost:3000/a/b?c=d", "http://localhost:3000/a/b?c=d", "/a/b?c=d", 3000, true)]
    #[case("localhost:3000/x", "http://localhost:3000/x", "/x", 3000, true)]
    #[case("localhost", "http://localhost", "/", 80, true)]
    #[case("HTTPS://Example.COM", "https://example.com", "/", 443, false)]
    #[case("https://example.com:8443?x=1", "https://example.com:8443?x=1", "/?x=1", 8443, false)]
    #[case("http://[::1]:8080/", "http://[::1]:8080/", "/", 8080, true)]
    #[case("http://[2001:db8::1]/p", "http://[2001:db8::1]/p", "/p", 80, false)]
    #[case("[::ffff:127.0.0.1]", "http://[::ffff:127.0.0.1]", "/", 80, true)]
    #[case("127.8.9.1:1", "http://127.8.9.1:1", "/", 1, true)]
    #[case("0.0.0.0:1", "http://0.0.0.0:1", "/", 1, true)]
    #[case("app.localhost:1", "http://app.localhost:1", "/", 1, true)]
    #[case("localhost.example.com", "http://localhost.example.com", "/", 80, false)]
    #[case(
        "http://h/a%20b/../c?u=http://x&e=%C3%A9",
        "http://h/a%20b/../c?u=http://x&e=%C3%A9",
        "/a%20b/../c?u=http://x&e=%C3%A9",
        80,
        false
    )]
    fn urls(#[case] text: &str, #[case] shown: &str, #[case] request: &str, #[case] port: u16, #[case] here: bool) {
        let target = target(text);
        assert_eq!(
            (target.to_string().as_str(), target.request_target().as_str(), target.port(), target.is_loopback()),
            (shown, request, port, here)
        );
        assert_eq!(target.to_string().parse(), Ok(target));
    }

    #[rstest]
    #[case("", "empty")]
    #[case("http://", "has no host")]
    #[case("ftp://example.com/", "expected http://")]
    #[case("file:/etc/passwd", "expected http://")]
    #[case("mailto:a", "expected http://")]
    #[case("http://user:pass@example.com/", "user name or password")]
    #[case("http://127.0.0.1@example.com/", "user name or password")]
    #[case("http://example.com/#top", "fragment")]
    #[case("http://example.com:0/", "invalid port")]
    #[case("http://example.com:65536/", "invalid port")]
    #[case("http://example.com:/", "invalid port")]
    #[case("http://example.com:+80/", "invalid port")]
    #[case("http://[::1/", "invalid host")]
    #[case("http://[::x]/", "invalid host")]
    #[case("http://2130706433/", "invalid host")]
    #[case("http://0x7f.1/", "invalid host")]
    #[case("http://a..b/", "invalid host")]
    #[case("http://exa mple.com/", "percent-encode it")]
    #[case("http://example.com/é", "percent-encode it")]
    #[case("http://example.com/a\r\nX: y", "percent-encode it")]
    #[case("http://example.com/\u{1b}[31m", "␛")]
    fn no_urls(#[case] text: &str, #[case] words: &str) {
        let error = text.parse::<Target>().unwrap_err().to_string();
        assert!(error.contains(words), "{text}: {error}");
    }

    #[test]
    fn a_host_header_names_the_port_as_written() {
        assert_eq!(target("http://h:80/").authority(), "h:80");
        assert_eq!(target("http://h/").authority(), "h");
        assert_eq!(target("http://[::1]:1").authority(), "[::1]:1");
    }

    proptest! {
        #[test]
        fn what_is_read_is_shown_as_itself(text in "(https?://)?[a-z0-9.\\[\\]:-]{1,12}(:[0-9]{1,5})?(/[!-~]{0,12})?") {
            if let Ok(target) = text.parse::<Target>() {
                let shown = target.to_string();
                prop_assert!(shown.ends_with(&target.rest));
                prop_assert!(text.ends_with(&target.rest));
                prop_assert_eq!(shown.parse::<Target>(), Ok(target));
            }
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,60}|http://[\\x00-\\xff]{0,30}") {
            if let Ok(target) = text.parse::<Target>() {
                prop_assert!(target.request_target().bytes().all(|byte| matches!(byte, b'!'..=b'~')));
            }
        }
    }
}
