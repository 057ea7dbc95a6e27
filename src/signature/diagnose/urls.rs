//! Which URL the sender may have signed, for schemes that sign one.
//!
//! A sender knows the URL that was registered with it. A receiver behind a tunnel or proxy sees another scheme, host,
//! port or path, and one behind a router another path or query.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::CauseCode;
use super::axis::{Axis, Ways, Why};
use super::subcause::Subcause;
use crate::http::percent::{self, PlusSign};
use crate::http::{Head, form, forwarded};
use crate::signature::Scheme;
use crate::signature::rewrite::form_edits::component_encoded;
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
    if scheme.signs_url() {
        for word in ["undefined", "null", "None"] {
            let detail = format!("the URL was not set: the text {word} was signed in its place");
            let why = Why::new(CauseCode::UrlDiffers, ALONE, detail).of(Subcause::UnsetUrl);
            axis.add(word.as_bytes().to_vec(), Ways::of(why));
        }
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

/// Forms of a URL that stand alone: with another change beside, they would be found for nothing.
const ALONE: u16 = 21;

/// Headers with the host that a proxy was asked for.
const HOSTS: [&str; 4] = ["Host", "X-Forwarded-Host", "X-Original-Host", "X-Forwarded-Server"];
/// Headers with the path, and often the query, that a proxy was asked for.
const PATHS: [&str; 7] = [
    "X-Original-URI",
    "X-Forwarded-Uri",
    "X-Original-URL",
    "X-Rewrite-URL",
    "X-Forwarded-Path",
    "X-Envoy-Original-Path",
    "X-Forwarded-Prefix",
];

fn other_forms(usual: UrlParts<'_>, head: &Head, axis: &mut Axis<Vec<u8>>) {
    let target = String::from_utf8_lossy(head.target()).into_owned();
    let (path, query) = target.split_at(target.find('?').unwrap_or(target.len()));
    let asked = UrlParts { path, query, ..usual };
    let mut add = |parts: UrlParts<'_>, rank: u16, what: &str| add(axis, &parts.text(), rank, what);
    let other = if usual.scheme == "https" { "http" } else { "https" };
    add(UrlParts { scheme: other, ..usual }, 0, "the other scheme");
    let port = if usual.scheme == "https" { "443" } else { "80" };
    match usual.host.rsplit_once(':') {
        Some((host, own)) if own.bytes().all(|byte| byte.is_ascii_digit()) => {
            add(UrlParts { host, ..usual }, 1, "without the port");
        }
        _ => add(UrlParts { host: &format!("{}:{port}", usual.host), ..usual }, 1, "with the port"),
    }
    let slashed = match usual.path.strip_suffix('/') {
        Some(path) => (path.to_owned(), "without the final slash"),
        None => (format!("{}/", usual.path), "with a final slash"),
    };
    add(UrlParts { path: &slashed.0, ..usual }, 0, slashed.1);
    add(UrlParts { scheme: other, path: &slashed.0, ..usual }, ALONE, &format!("the other scheme, {}", slashed.1));
    if usual.query.is_empty() {
        add(UrlParts { query: "?", ..usual }, 6, "with a bare question mark");
        add(UrlParts { query, ..usual }, 1, "with the query of the request");
    } else {
        add(UrlParts { query: "", ..usual }, 0, "without the query");
    }
    if usual.path != path {
        add(UrlParts { path, ..usual }, 1, "with the path of the request");
    }
    // A router that takes the first segment off, or one that adds it.
    if let Some(at) = usual.path.get(1..).and_then(|rest| rest.find('/')) {
        add(UrlParts { path: &usual.path[at + 1..], ..usual }, 4, "without the first segment of the path");
    }
    let decode =
        |text: &str| String::from_utf8_lossy(&percent::decode(text.as_bytes(), PlusSign::Literal)).into_owned();
    let (path, query) = (decode(usual.path), decode(usual.query));
    add(UrlParts { path: &path, query: &query, ..usual }, 2, "with percent-encoding undone");
    let query = reencoded(usual.query);
    add(UrlParts { query: &query, ..usual }, 3, "its query decoded and encoded again, as Node's querystring does");
    for host in ["localhost", "localhost:3000", "127.0.0.1:3000", "localhost:8080", "127.0.0.1:8080", "localhost:8000"]
    {
        add(UrlParts { scheme: "http", host, ..asked }, 5, "a URL of this machine");
    }
    add(UrlParts { host: &usual.host.to_ascii_lowercase(), ..usual }, 3, "the host in small letters");
    of_proxies(usual, asked, head, axis);
    as_people_enter_it(usual, axis);
}

/// A query as Node's `querystring` parses and prints it, which Twilio's library for Node tries.
fn reencoded(query: &str) -> String {
    let Some(fields) = query.strip_prefix('?').filter(|fields| !fields.is_empty()) else { return query.to_owned() };
    let written = |text: &str| String::from_utf8_lossy(&component_encoded(&form::decode(text.as_bytes()))).into_owned();
    let pairs = fields.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        format!("{}={}", written(name), written(value))
    });
    format!("?{}", pairs.collect::<Vec<_>>().join("&"))
}

/// Adds a URL.
fn add(axis: &mut Axis<Vec<u8>>, text: &[u8], rank: u16, what: &str) {
    let shown = crate::text::visible_bytes(&masked(text)).into_owned();
    let detail = format!("{} was signed: {what}", crate::text::clip(&shown, 120));
    axis.add(text.to_vec(), Ways::of(Why::new(CauseCode::UrlDiffers, rank, detail)));
}

/// The URL without the password before its host.
fn masked(text: &[u8]) -> Vec<u8> {
    let start = memchr::memmem::find(text, b"://").map_or(0, |at| at + 3);
    let end = memchr::memchr2(b'/', b'?', &text[start..]).map_or(text.len(), |at| start + at);
    match memchr::memrchr(b'@', &text[start..end]).map(|at| start + at) {
        Some(at) => {
            let user = text[start..at].split(|&byte| byte == b':').next().unwrap_or_default();
            [&text[..start], user, ":…".as_bytes(), &text[at..]].concat()
        }
        None => text.to_vec(),
    }
}

/// What a person registers with a sender, and no request has.
fn as_people_enter_it(usual: UrlParts<'_>, axis: &mut Axis<Vec<u8>>) {
    let text = String::from_utf8_lossy(&usual.text()).into_owned();
    let mut put = |parts: UrlParts<'_>, what: &str| add(axis, &parts.text(), ALONE, what);
    match usual.host.strip_prefix("www.") {
        Some(host) => put(UrlParts { host, ..usual }, "without www."),
        None if usual.host.bytes().any(|byte| byte.is_ascii_alphabetic()) && usual.host.contains('.') => {
            put(UrlParts { host: &format!("www.{}", usual.host), ..usual }, "with www.");
        }
        None => {}
    }
    put(UrlParts { path: &format!("/{}", usual.path), ..usual }, "with two slashes before the path");
    put(UrlParts { path: &usual.path.to_ascii_lowercase(), ..usual }, "the path in small letters");
    if let Some(host) = international(usual.host) {
        put(UrlParts { host: &host, ..usual }, "the host with its own letters instead of xn--");
    }
    for (tail, what) in [(" ", "with a space after it"), ("\n", "with a line end after it")] {
        add(axis, format!("{text}{tail}").as_bytes(), ALONE, what);
    }
    if let Some((_, rest)) = text.split_once("://") {
        add(axis, rest.as_bytes(), ALONE, "without its scheme");
    }
}

/// What a proxy was asked for, as its headers have it: a host and a path together, with the port and the credentials.
fn of_proxies(usual: UrlParts<'_>, asked: UrlParts<'_>, head: &Head, axis: &mut Axis<Vec<u8>>) {
    let text = |name: &str| {
        let value = head.value(name).and_then(|value| std::str::from_utf8(value).ok())?;
        // The first of several is the one nearest to the sender.
        Some(value.split(',').next().unwrap_or_default().trim().to_owned()).filter(|value| !value.is_empty())
    };
    let mut hosts: Vec<(String, String)> =
        HOSTS.into_iter().filter_map(|name| Some((text(name)?, format!("the host of {name}")))).collect();
    hosts.extend(forwarded_host(head).map(|host| (host, "the host of Forwarded".to_owned())));
    if let Some(port) = text("X-Forwarded-Port").filter(|port| port.bytes().all(|byte| byte.is_ascii_digit())) {
        let with_port: Vec<(String, String)> = hosts
            .iter()
            .filter(|(host, _)| !host.contains(':'))
            .map(|(host, what)| (format!("{host}:{port}"), format!("{what} with the port of X-Forwarded-Port")))
            .collect();
        hosts.extend(with_port);
    }
    let mut paths = vec![(asked.path.to_owned(), asked.query.to_owned(), String::new())];
    for name in PATHS {
        let Some(value) = text(name).filter(|value| value.starts_with('/')) else { continue };
        let (path, query) = value.split_at(value.find('?').unwrap_or(value.len()));
        if name == "X-Forwarded-Prefix" {
            let path = format!("{}{}", path.trim_end_matches('/'), asked.path);
            paths.push((path, asked.query.to_owned(), format!("the prefix of {name}")));
        } else {
            let query = if query.is_empty() { asked.query } else { query };
            paths.push((path.to_owned(), query.to_owned(), format!("the path of {name}")));
        }
    }
    let credentials = credentials(head);
    for (rank, (host, of_host)) in (1..).zip(hosts.iter().take(MOST_HOSTS)) {
        for (place, (path, query, of_path)) in (0..).zip(paths.iter().take(MOST_PATHS)) {
            let what = match of_path.as_str() {
                "" if rank == 1 && of_host.ends_with(HOSTS[0]) => "as it reached this listener".to_owned(),
                "" => format!("with {of_host}"),
                of_path => format!("with {of_host} and {of_path}"),
            };
            for scheme in ["https", "http"] {
                add(axis, &UrlParts { scheme, host, path, query }.text(), rank + place, &what);
            }
            if let Some(credentials) = &credentials {
                let host = format!("{credentials}@{host}");
                let what = format!("{what} and the credentials of Authorization");
                add(axis, &UrlParts { host: &host, path, query, ..usual }.text(), rank + place, &what);
            }
        }
    }
    // A configured URL knows the host, and may lack the path.
    for (path, query, what) in paths.iter().skip(1) {
        add(axis, &UrlParts { path, query, ..usual }.text(), 2, &format!("with {what}"));
    }
}

/// Hosts and paths that are put together; more of them a sender has made up.
const MOST_HOSTS: usize = 6;
const MOST_PATHS: usize = 4;

/// The host of the first element of `Forwarded` (RFC 7239, section 5.3).
fn forwarded_host(head: &Head) -> Option<String> {
    String::from_utf8(forwarded(head.value("Forwarded")?, "host")?).ok()
}

/// The user and password of `Authorization: Basic`, as a registered URL has them before its host.
fn credentials(head: &Head) -> Option<String> {
    let value = std::str::from_utf8(head.value("Authorization")?).ok()?;
    let (kind, rest) = value.split_once(' ')?;
    let pair = kind.eq_ignore_ascii_case("basic").then(|| BASE64_STANDARD.decode(rest.trim()).ok())??;
    String::from_utf8(pair).ok().filter(|pair| pair.contains(':') && !pair.contains(['/', '@']))
}

/// A host with the letters that its labels with `xn--` stand for (RFC 3492); `None` where there is none.
fn international(host: &str) -> Option<String> {
    let labels: Vec<String> = host
        .split('.')
        .map(|label| match label.strip_prefix("xn--") {
            Some(encoded) => punycode(encoded),
            None => Some(label.to_owned()),
        })
        .collect::<Option<_>>()?;
    let decoded = labels.join(".");
    (decoded != host).then_some(decoded)
}

/// Decodes one label (RFC 3492, section 6.2).
fn punycode(label: &str) -> Option<String> {
    const BASE: u32 = 36;
    let (mut text, extended): (Vec<char>, &str) = match label.rsplit_once('-') {
        Some((basic, extended)) => (basic.chars().collect(), extended),
        None => (Vec::new(), label),
    };
    let (mut code, mut at, mut bias) = (128_u32, 0_u32, 72_u32);
    let mut digits = extended.bytes();
    while digits.len() > 0 {
        let (before, mut weight) = (at, 1_u32);
        for k in (BASE..).step_by(BASE as usize) {
            let digit = match digits.next()?.to_ascii_lowercase() {
                byte @ b'a'..=b'z' => u32::from(byte - b'a'),
                byte @ b'0'..=b'9' => u32::from(byte - b'0') + 26,
                _ => return None,
            };
            at = at.checked_add(digit.checked_mul(weight)?)?;
            let threshold = k.saturating_sub(bias).clamp(1, 26);
            if digit < threshold {
                break;
            }
            weight = weight.checked_mul(BASE - threshold)?;
        }
        let length = u32::try_from(text.len()).ok()? + 1;
        let mut delta = (at - before) / if before == 0 { 700 } else { 2 };
        delta += delta / length;
        let mut k = 0;
        while delta > 455 {
            delta /= BASE - 1;
            k += BASE;
        }
        bias = k + (BASE * delta) / (delta + 38);
        code = code.checked_add(at / length)?;
        at %= length;
        text.insert(at as usize, char::from_u32(code)?);
        at += 1;
    }
    Some(text.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn urls(fields: &str, target: &str) -> Vec<(String, String)> {
        let head = Head::from(format!("POST {target} HTTP/1.1\r\nHost: app.internal:3000\r\n{fields}\r\n"));
        let usual = format!("https://app.internal:3000{target}");
        let axis = other_urls(usual.as_bytes(), &head);
        let told = |ways: &Ways| ways.0[0][0].detail.clone();
        axis.all.iter().map(|(url, ways)| (String::from_utf8_lossy(url).into_owned(), told(ways))).collect()
    }

    #[track_caller]
    fn told(fields: &str, target: &str, url: &str) -> String {
        let all = urls(fields, target);
        all.iter().find(|(own, _)| own == url).unwrap_or_else(|| panic!("{url}: {all:#?}")).1.clone()
    }

    #[test]
    fn what_a_proxys_headers_say_is_put_together() {
        let host = "X-Forwarded-Host: hooks.example, inner\r\nX-Forwarded-Proto: https\r\n";
        assert!(told(host, "/hook", "https://hooks.example/hook").ends_with("with the host of X-Forwarded-Host"));
        let forwarded = "Forwarded: for=\"_a;host=x,b\";Host=\"hooks.example:8\", host=inner\r\n";
        assert!(told(forwarded, "/hook", "https://hooks.example:8/hook").ends_with("with the host of Forwarded"));
        let prefix = format!("{host}X-Forwarded-Prefix: /api/\r\n");
        assert!(
            told(&prefix, "/hook?a=1", "https://hooks.example/api/hook?a=1")
                .ends_with("with the host of X-Forwarded-Host and the prefix of X-Forwarded-Prefix")
        );
        told(&format!("{host}X-Forwarded-Port: 8443\r\n"), "/hook", "https://hooks.example:8443/hook");
        told(&format!("{host}X-Original-URI: /api/in?x=2\r\n"), "/hook", "https://hooks.example/api/in?x=2");
        told("X-Forwarded-Uri: /api/hook\r\n", "/hook", "https://app.internal:3000/api/hook");
        told("Forwarded: for=1.2.3.4;host=\"hooks.example\";proto=https, for=x\r\n", "/h", "https://hooks.example/h");
    }

    #[test]
    fn credentials_are_tried_and_their_password_is_not_shown() {
        // user:pass
        let detail = told("Authorization: Basic dXNlcjpwYXNz\r\n", "/hook", "https://user:pass@app.internal:3000/hook");
        assert!(!detail.contains("pass@") && detail.contains("https://user:…@app.internal:3000/hook"), "{detail}");
    }

    #[test]
    fn what_people_enter_is_tried() {
        for url in [
            "http://app.internal:3000/Hook/",
            "https://www.app.internal:3000/Hook",
            "https://app.internal:3000//Hook",
            "https://app.internal:3000/hook",
            "https://app.internal:3000/Hook ",
            "https://app.internal:3000/Hook\n",
            "app.internal:3000/Hook",
        ] {
            told("", "/Hook", url);
        }
    }

    #[test]
    fn an_international_host_is_tried_with_its_letters() {
        assert_eq!(international("xn--bcher-kva.example").as_deref(), Some("bücher.example"));
        // RFC 3492, section 7.1 (L).
        assert_eq!(punycode("3B-ww4c5e180e575a65lsy2b").as_deref(), Some("3年B組金八先生"));
        assert_eq!(international("example.com"), None);
        assert_eq!(international("xn--!"), None);
    }

    #[test]
    fn a_request_without_such_headers_has_few() {
        assert!(urls("", "/hook?a=1").len() <= 26, "{}", urls("", "/hook?a=1").len());
    }

    proptest! {
        #[test]
        fn no_label_is_too_odd(label in "[ -~]{0,40}", host in "\\PC{0,40}") {
            let _ = (punycode(&label), international(&host));
        }
    }

    /// Printed by `querystring.stringify(querystring.parse(query))` of Node 20.
    #[test]
    fn a_query_is_encoded_again_as_by_node() {
        for (query, node) in [
            ("?a=b+c", "?a=b%20c"),
            ("?a=b:c", "?a=b%3Ac"),
            ("?a", "?a="),
            ("?a=b%27c", "?a=b'c"),
            ("?a=1&b=%C3%AB", "?a=1&b=%C3%AB"),
            ("?", "?"),
            ("", ""),
        ] {
            assert_eq!(reencoded(query), node);
        }
    }
}
