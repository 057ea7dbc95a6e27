//! The target of a request line, and the value of `Host`: what each may be (RFC 9112, section 3.2).
//!
//! Of a path and a query every byte is taken that ends no line and no word, also those that a URI has to escape: many
//! clients send them as they are, and where a request ends does not depend on them. They are kept and sent on as they came.

use std::net::Ipv6Addr;

use super::HeadFault;
use crate::http::behind_scheme;

/// RFC 9112, section 3.2: the four forms, each where it belongs.
pub(super) fn check(method: &[u8], target: &[u8]) -> Result<(), HeadFault> {
    if target.is_empty() {
        return Err(HeadFault::bad("the request line has no target"));
    }
    if let Some(at) = target.iter().position(|byte| !matches!(byte, 0x21..=0x7e | 0x80..)) {
        let byte = target[at];
        let place = at + 1;
        return Err(HeadFault::bad(format!(
            "the request target contains a control character: byte {place} is 0x{byte:02x}"
        )));
    }
    // What one reader drops and another takes for a part of the path.
    if target.contains(&b'#') {
        return Err(HeadFault::bad("the request target contains a fragment ('#')"));
    }
    let other_form = |expected| HeadFault::bad(format!("the request target is not {expected} (RFC 9112, section 3.2)"));
    match target {
        _ if method == b"CONNECT" => match authority(target) {
            Some(Authority { has_host: true, has_port: true }) => Ok(()),
            _ => Err(other_form("host:port")),
        },
        b"*" if method == b"OPTIONS" => Ok(()),
        [b'/', ..] => Ok(()),
        // A server has to take the form that is for proxies, too (section 3.2.2).
        _ => match behind_scheme(target) {
            Some(start) => check_url(&target[start..]),
            None => Err(other_form("a path that begins with '/', or a whole URL")),
        },
    }
}

/// Checks a URL from its authority on.
fn check_url(rest: &[u8]) -> Result<(), HeadFault> {
    let end = rest.iter().position(|byte| matches!(byte, b'/' | b'?')).unwrap_or(rest.len());
    if rest[..end].contains(&b'@') {
        return Err(HeadFault::bad(
            "the URL of the request target has a user name or password (RFC 9110, section 4.2.4)",
        ));
    }
    match authority(&rest[..end]) {
        Some(Authority { has_host: true, .. }) => Ok(()),
        _ => Err(HeadFault::bad("the URL of the request target has no valid host (RFC 9110, section 4.2)")),
    }
}

/// RFC 9110, section 7.2: `uri-host [ ":" port ]`. It may be empty.
pub(super) fn check_host(value: &[u8]) -> Result<(), HeadFault> {
    match authority(value) {
        Some(_) => Ok(()),
        None => Err(HeadFault::bad("a Host header that is not a host (RFC 9110, section 7.2)")),
    }
}

/// What `uri-host [ ":" port ]` has.
struct Authority {
    has_host: bool,
    has_port: bool,
}

fn authority(value: &[u8]) -> Option<Authority> {
    let (host, port) = match value {
        [b'[', ..] => value.split_at(memchr::memchr(b']', value)? + 1),
        _ => value.split_at(memchr::memchr(b':', value).unwrap_or(value.len())),
    };
    let is_host = match host {
        [b'[', address @ .., b']'] => std::str::from_utf8(address).is_ok_and(|text| text.parse::<Ipv6Addr>().is_ok()),
        _ => is_registered_name(host),
    };
    let has_port = match port {
        [] | [b':'] => false,
        [b':', digits @ ..] if digits.iter().all(u8::is_ascii_digit) => {
            std::str::from_utf8(digits).ok()?.parse::<u16>().ok()?;
            true
        }
        _ => return None,
    };
    is_host.then_some(Authority { has_host: !host.is_empty(), has_port })
}

/// `reg-name` of RFC 3986, section 3.2.2.
fn is_registered_name(host: &[u8]) -> bool {
    let mut rest = host;
    while let Some((first, more)) = rest.split_first() {
        rest = match first {
            b'%' if more.len() >= 2 && more[..2].iter().all(u8::is_ascii_hexdigit) => &more[2..],
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => more,
            b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b';' | b'=' => more,
            _ => return false,
        };
    }
    true
}
