//! The URL that a sender signs, and its parts.

use super::Scheme;
use crate::http::{Head, Target};

/// The URL that the sender is taken to have signed: the configured one, or that of the request.
pub(in crate::signature) fn signed_url(scheme: &Scheme, head: &Head) -> Vec<u8> {
    match &scheme.url {
        // A query comes with the request, when the configured URL has none.
        Some(url) => match head.target().iter().position(|&byte| byte == b'?').filter(|_| !url.contains('?')) {
            Some(at) => [url.as_bytes(), &head.target()[at..]].concat(),
            None => url.as_bytes().to_vec(),
        },
        // What is asked of a proxy names the whole URL (RFC 9112, section 3.2.2).
        None if is_absolute(head.target()) => head.target().to_vec(),
        None => {
            let host = head.value("Host").unwrap_or_default();
            let begin: &[u8] = if scheme.tls.unwrap_or_else(|| !is_direct(host)) { b"https://" } else { b"http://" };
            [begin, host, head.target()].concat()
        }
    }
}

/// Whether a request with this Host came without a tunnel or proxy, which has a name with a dot in it and TLS: an
/// address, or a name without a dot.
fn is_direct(host: &[u8]) -> bool {
    let host = std::str::from_utf8(host).unwrap_or_default();
    let (name, _) = host.rsplit_once(':').filter(|(_, port)| !port.ends_with(']')).unwrap_or((host, ""));
    let is_address = name.starts_with('[') || name.parse::<std::net::Ipv4Addr>().is_ok();
    is_address || (!name.is_empty() && !name.contains('.')) || name.ends_with(".localhost")
}

impl Scheme {
    /// The rule for a request that this program sends to `target`: its URL is known, with or without TLS.
    #[must_use]
    pub fn sent_to(&self, target: &Target) -> Self {
        Self { tls: Some(target.is_tls()), ..self.clone() }
    }
}

fn is_absolute(target: &[u8]) -> bool {
    let begins = |scheme: &[u8]| target.get(..scheme.len()).is_some_and(|own| own.eq_ignore_ascii_case(scheme));
    begins(b"https://") || begins(b"http://")
}

/// Whether the scheme signs the URL, or the host in it, and nothing says which host that is.
#[must_use]
pub fn lacks_url(scheme: &Scheme, head: &Head) -> bool {
    let names_host = || head.value("Host").is_some_and(|host| !host.is_empty());
    scheme.signs_host() && scheme.url.is_none() && !is_absolute(head.target()) && !names_host()
}

/// The URL that is hashed for a request, for a scheme that signs it or a part of it; `None` for others.
#[must_use]
pub fn hashed_url(scheme: &Scheme, head: &Head) -> Option<String> {
    scheme.signs_url().then(|| String::from_utf8_lossy(&signed_url(scheme, head)).into_owned())
}

/// Every URL that verifies, [`signed_url`] first.
pub(in crate::signature) fn urls(scheme: &Scheme, head: &Head) -> Vec<Vec<u8>> {
    let usual = signed_url(scheme, head);
    let mut all = vec![usual];
    // Whoever sends to this machine may have been told either.
    let is_guessed = scheme.url.is_none() && scheme.tls.is_none() && scheme.signs_url();
    if is_guessed && head.value("Host").is_some_and(is_direct) {
        all.extend(with_other_scheme(&all[0]));
    }
    if scheme.tries_default_port {
        let others: Vec<_> = all.iter().filter_map(|url| with_other_port(url)).collect();
        all.extend(others);
    }
    all
}

/// The same URL under `http` in the place of `https`, or the reverse.
pub(in crate::signature) fn with_other_scheme(url: &[u8]) -> Option<Vec<u8>> {
    match url.strip_prefix(b"http://") {
        Some(rest) => Some([b"https://", rest].concat()),
        None => url.strip_prefix(b"https://").map(|rest| [b"http://", rest].concat()),
    }
}

/// The same URL without its port; `None` where it has none.
pub(in crate::signature) fn without_port(url: &[u8]) -> Option<Vec<u8>> {
    let host = host_of(url);
    let at = memchr::memrchr(b':', host).filter(|&at| host[at + 1..].iter().all(u8::is_ascii_digit))?;
    let start = memchr::memmem::find(url, b"://")? + 3;
    Some([&url[..start + at], &url[start + host.len()..]].concat())
}

/// The URL without its port, whichever that is, or with its scheme's default port where it has none: Twilio's libraries
/// try both.
fn with_other_port(url: &[u8]) -> Option<Vec<u8>> {
    without_port(url).or_else(|| {
        let host = host_of(url);
        let end =
            url.len() - url.strip_prefix(b"https://").or_else(|| url.strip_prefix(b"http://"))?.len() + host.len();
        let port: &[u8] = if url.starts_with(b"https") { b":443" } else { b":80" };
        Some([&url[..end], port, &url[end..]].concat())
    })
}

/// What stands before the question mark, and after it.
pub(super) fn cut_query(url: &[u8]) -> (&[u8], Option<&[u8]>) {
    match memchr::memchr(b'?', url) {
        Some(at) => (&url[..at], Some(&url[at + 1..])),
        None => (url, None),
    }
}

/// Host and port of a URL.
pub(super) fn host_of(url: &[u8]) -> &[u8] {
    let rest = memchr::memmem::find(url, b"://").map_or(url, |at| &url[at + 3..]);
    let end = rest.iter().position(|byte| matches!(byte, b'/' | b'?' | b'#')).unwrap_or(rest.len());
    &rest[..end]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signature::catalogue;

    fn head(text: &str) -> Head {
        Head::from(text.as_bytes().to_vec())
    }

    #[test]
    fn a_target_that_is_a_url_is_the_url() {
        let scheme = catalogue::named("trello").unwrap();
        for (request, url) in [
            ("POST /a?b HTTP/1.1\r\nHost: h.example\r\n\r\n", "https://h.example/a?b"),
            ("POST https://x.y/a?b HTTP/1.1\r\nHost: h\r\n\r\n", "https://x.y/a?b"),
            ("POST HTTP://x.y/a HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP://x.y/a"),
        ] {
            assert_eq!(hashed_url(&scheme, &head(request)).as_deref(), Some(url));
            assert!(!lacks_url(&scheme, &head(request)), "{request}");
        }
    }

    /// A tunnel has a name; what is sent by this program goes where it goes.
    #[test]
    fn the_url_begins_as_the_sender_called_it() {
        let scheme = catalogue::named("twilio-form").unwrap();
        for (host, begins) in [
            ("abc.ngrok.app", "https://"),
            ("abc.example:8443", "https://"),
            ("127.0.0.1:3000", "http://"),
            ("10.0.0.7", "http://"),
            ("[::1]:3000", "http://"),
            ("[::1]", "http://"),
            ("localhost:3000", "http://"),
            ("receiver", "http://"),
            ("my.app.localhost", "http://"),
        ] {
            let head = head(&format!("POST /a HTTP/1.1\r\nHost: {host}\r\n\r\n"));
            assert_eq!(hashed_url(&scheme, &head), Some(format!("{begins}{host}/a")));
            let all = urls(&scheme, &head);
            let is_direct = begins == "http://";
            assert!(all.contains(&format!("https://{host}/a").into_bytes()), "{host}");
            assert_eq!(all.contains(&format!("http://{host}/a").into_bytes()), is_direct, "{host}");
            for to in ["http", "https"] {
                let sent = scheme.sent_to(&format!("{to}://{host}").parse().unwrap());
                assert_eq!(hashed_url(&sent, &head), Some(format!("{to}://{host}/a")));
            }
        }
        assert_eq!(without_port(b"http://[::1]:80/a:1").as_deref(), Some(&b"http://[::1]/a:1"[..]));
        assert_eq!(without_port(b"http://[::1]/a"), None);
        assert_eq!(without_port(b"http://x:1?a").as_deref(), Some(&b"http://x?a"[..]));
    }

    #[test]
    fn a_url_without_a_host_is_lacking_where_it_is_signed() {
        let bare = head("POST /a HTTP/1.0\r\n\r\n");
        let empty = head("POST /a HTTP/1.1\r\nHost:\r\n\r\n");
        for name in ["trello", "square", "hubspot-v3"] {
            let scheme = catalogue::named(name).unwrap();
            assert!(lacks_url(&scheme, &bare) && lacks_url(&scheme, &empty), "{name}");
            let given = Scheme { url: Some("https://x.y/a".to_owned()), ..scheme };
            assert!(!lacks_url(&given, &bare), "{name}");
        }
        for name in ["github", "slack", "trackpilots"] {
            assert!(!lacks_url(&catalogue::named(name).unwrap(), &bare), "{name}");
        }
    }
}
