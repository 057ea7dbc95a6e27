//! The URL that a sender signs, and its parts.

use super::Scheme;
use crate::http::Head;

/// The URL that the sender is taken to have signed: the configured one, or that of the request.
pub(in crate::signature) fn signed_url(scheme: &Scheme, head: &Head) -> Vec<u8> {
    match &scheme.url {
        // A query comes with the request, when the configured URL has none.
        Some(url) => match head.target().iter().position(|&byte| byte == b'?').filter(|_| !url.contains('?')) {
            Some(at) => [url.as_bytes(), &head.target()[at..]].concat(),
            None => url.as_bytes().to_vec(),
        },
        None => {
            let host = head.value("Host").unwrap_or_default();
            [b"https://".as_slice(), host, head.target()].concat()
        }
    }
}

/// The URL that is hashed for a request, for a scheme that signs it or a part of it; `None` for others.
#[must_use]
pub fn hashed_url(scheme: &Scheme, head: &Head) -> Option<String> {
    scheme.signs_url().then(|| String::from_utf8_lossy(&signed_url(scheme, head)).into_owned())
}

/// Every URL that verifies, [`signed_url`] first.
pub(in crate::signature) fn urls(scheme: &Scheme, head: &Head) -> Vec<Vec<u8>> {
    let usual = signed_url(scheme, head);
    let other = scheme.tries_default_port.then(|| with_other_port(&usual)).flatten();
    std::iter::once(usual).chain(other).collect()
}

/// The URL with its scheme's default port written where it is not, and without it where it is.
fn with_other_port(url: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(url).ok()?;
    let (scheme, rest) = text.split_once("://")?;
    let port = if scheme == "https" { ":443" } else { ":80" };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (host, path) = rest.split_at(end);
    let host = match host.strip_suffix(port) {
        Some(bare) => bare.to_owned(),
        None if host.contains(':') => return None,
        None => format!("{host}{port}"),
    };
    Some(format!("{scheme}://{host}{path}").into_bytes())
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
