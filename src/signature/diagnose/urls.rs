//! Which URL the sender may have signed, for schemes that sign one.
//!
//! A sender knows the URL that was registered with it. A receiver behind a tunnel or proxy sees another scheme, host,
//! port or path, and one behind a router another path or query.

use super::CauseCode;
use super::axis::{Axis, Ways, Why};
use crate::http::Head;
use crate::signature::Scheme;
use crate::signature::rewrite::wrap::form_decoded;
use crate::signature::scheme::urls;

/// A URL's parts, as they are written.
#[derive(Debug, Clone, Copy)]
struct UrlParts<'u> {
    scheme: &'u str,
    host: &'u str,
    path: &'u str,
    /// With its question mark.
    query: &'u str,
}

impl<'u> UrlParts<'u> {
    fn read(url: &'u str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let (host, target) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let (path, query) = target.split_at(target.find('?').unwrap_or(target.len()));
        Some(Self { scheme, host, path, query })
    }

    fn text(self) -> Vec<u8> {
        let Self { scheme, host, path, query } = self;
        format!("{scheme}://{host}{path}{query}").into_bytes()
    }
}

/// Every URL to try; the first is the one that the scheme signs.
pub(super) fn variants(scheme: &Scheme, head: &Head) -> Axis<Vec<u8>> {
    let mut axis = Axis::new();
    let usual = urls(scheme, head);
    for url in &usual {
        axis.add(url.clone(), Ways::unchanged());
    }
    if scheme.signs_url()
        && let Some(text) = usual.first().and_then(|url| std::str::from_utf8(url).ok())
        && let Some(parts) = UrlParts::read(text)
    {
        other_forms(parts, head, &mut axis);
    }
    axis
}

/// The URLs but for the usual one that a request may have been signed with.
pub(super) fn other_urls(usual: &[u8], head: &Head) -> Axis<Vec<u8>> {
    let mut axis = Axis::new();
    if let Some(parts) = std::str::from_utf8(usual).ok().and_then(UrlParts::read) {
        other_forms(parts, head, &mut axis);
    }
    axis
}

fn other_forms(usual: UrlParts<'_>, head: &Head, axis: &mut Axis<Vec<u8>>) {
    let mut add = |parts: UrlParts<'_>, rank: u16, what: &str| {
        let text = parts.text();
        let detail = format!("{} was signed: {what}", crate::text::clip(&crate::text::visible_bytes(&text), 120));
        axis.add(text, Ways::of(Why::new(CauseCode::UrlDiffers, rank, detail)));
    };
    let target = String::from_utf8_lossy(head.target()).into_owned();
    let (path, query) = target.split_at(target.find('?').unwrap_or(target.len()));
    let asked = UrlParts { path, query, ..usual };
    for (rank, name) in (1..).zip(["Host", "X-Forwarded-Host", "X-Original-Host", "X-Forwarded-Server"]) {
        let Some(host) = head.value(name).and_then(|host| std::str::from_utf8(host).ok()) else { continue };
        for scheme in ["https", "http"] {
            add(UrlParts { scheme, host, ..asked }, rank, "as it reached this listener");
        }
    }
    let other = if usual.scheme == "https" { "http" } else { "https" };
    add(UrlParts { scheme: other, ..usual }, 0, "the other scheme");
    let port = if usual.scheme == "https" { "443" } else { "80" };
    match usual.host.rsplit_once(':') {
        Some((host, own)) if own.bytes().all(|byte| byte.is_ascii_digit()) => {
            add(UrlParts { host, ..usual }, 1, "without the port");
        }
        _ => add(UrlParts { host: &format!("{}:{port}", usual.host), ..usual }, 1, "with the port"),
    }
    match usual.path.strip_suffix('/') {
        Some(path) => add(UrlParts { path, ..usual }, 0, "without the final slash"),
        None => add(UrlParts { path: &format!("{}/", usual.path), ..usual }, 0, "with a final slash"),
    }
    if usual.query.is_empty() {
        add(UrlParts { query: "?", ..usual }, 6, "with a bare question mark");
        add(UrlParts { query, ..usual }, 1, "with the query of the request");
    } else {
        add(UrlParts { query: "", ..usual }, 0, "without the query");
    }
    if usual.path != path {
        add(UrlParts { path, ..usual }, 1, "with the path of the request");
    }
    if let Some(prefix) = head.value("X-Forwarded-Prefix").and_then(|prefix| std::str::from_utf8(prefix).ok()) {
        add(UrlParts { path: &format!("{prefix}{}", usual.path), ..usual }, 2, "with the prefix of the proxy");
    }
    // A router that takes the first segment off, or one that adds it.
    if let Some(at) = usual.path.get(1..).and_then(|rest| rest.find('/')) {
        add(UrlParts { path: &usual.path[at + 1..], ..usual }, 4, "without the first segment of the path");
    }
    let decode =
        |text: &str| String::from_utf8_lossy(&form_decoded(&text.replace('+', "%2B").into_bytes())).into_owned();
    let (path, query) = (decode(usual.path), decode(usual.query));
    add(UrlParts { path: &path, query: &query, ..usual }, 2, "with percent-encoding undone");
    for host in ["localhost", "localhost:3000", "127.0.0.1:3000", "localhost:8080", "127.0.0.1:8080", "localhost:8000"]
    {
        add(UrlParts { scheme: "http", host, ..asked }, 5, "a URL of this machine");
    }
    add(UrlParts { host: &usual.host.to_ascii_lowercase(), ..usual }, 3, "the host in small letters");
}
