//! A public URL that a delivery was sent to, as its head tells.

use std::net::IpAddr;

use crate::config::is_public_url;
use crate::http::{self, Head};

/// The longest host that is looked at, in bytes: a domain name has at most 253 (RFC 1035), a port six more.
const HOST_BYTES: usize = 260;

/// The URL by which this request came, where it came by a host that others could call.
///
/// `X-Forwarded-Host` with `X-Forwarded-Proto` says it, else `Forwarded` (RFC 7239), else `Host`. Whoever sends the request
/// chooses them, so that the result is at most a guess. A host of this machine, of a private network or without a dot is none.
/// Nor is one that is asked for as of a proxy (RFC 9112, sections 3.2.2 and 3.2.3): who looks for open ones names others' hosts.
#[must_use]
pub fn learnt_url(head: &Head) -> Option<String> {
    if !head.target().starts_with(b"/") {
        return None;
    }
    let (mut host, mut forwarded_host, mut proto, mut forwarded) = (None, None, None, None);
    for field in head.fields() {
        let slot = match &field.name[..] {
            name if name.eq_ignore_ascii_case(b"host") => &mut host,
            name if name.eq_ignore_ascii_case(b"x-forwarded-host") => &mut forwarded_host,
            name if name.eq_ignore_ascii_case(b"x-forwarded-proto") => &mut proto,
            name if name.eq_ignore_ascii_case(b"forwarded") => &mut forwarded,
            _ => continue,
        };
        // The first: the proxy next to the sender (RFC 7239, section 7.4).
        slot.get_or_insert(field.value);
    }
    let first = |value: &Option<bytes::Bytes>| {
        let text = std::str::from_utf8(value.as_deref()?).ok()?;
        Some(text.split(',').next().unwrap_or_default().trim().to_owned()).filter(|text| !text.is_empty())
    };
    let parameter = |name: &str| String::from_utf8(http::forwarded(forwarded.as_deref()?, name)?).ok();
    let host = first(&forwarded_host).or_else(|| parameter("host")).or_else(|| first(&host))?;
    let is_forwarded = forwarded_host.is_some() || first(&forwarded).is_some() || proto.is_some();
    let scheme = match first(&proto).or_else(|| parameter("proto")).map(|proto| proto.to_ascii_lowercase()).as_deref() {
        Some("https" | "wss") => "https",
        Some(_) => "http",
        // A forwarder that says nothing of it is a tunnel, and those have certificates; a plain `Host` came over plain HTTP.
        None if is_forwarded => "https",
        None => "http",
    };
    let url = format!("{scheme}://{}", host.to_ascii_lowercase());
    (others_can_call(&host) && is_public_url(&url)).then_some(url)
}

/// Whether `host`, with or without a port, is a name or an address that others can reach.
fn others_can_call(host: &str) -> bool {
    if host.len() > HOST_BYTES || host.contains('/') {
        return false;
    }
    let bare = match host.rsplit_once(':') {
        Some((bare, port)) if !port.ends_with(']') && host.parse::<IpAddr>().is_err() => {
            if port.parse::<u16>().is_err() {
                return false;
            }
            bare
        }
        _ => host,
    };
    match bare.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
        Ok(address) => is_global(address.to_canonical()),
        Err(_) => is_public_name(&bare.to_ascii_lowercase()),
    }
}

/// Names that are for one machine or one network: RFC 6761, RFC 6762, RFC 8375, and what networks use without one.
const LOCAL: [&str; 9] = ["localhost", "local", "internal", "home.arpa", "lan", "home", "corp", "localdomain", "test"];

fn is_public_name(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    let is_label = |label: &str| {
        !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    let is_local =
        |end: &&str| name.strip_suffix(*end).is_some_and(|before| before.is_empty() || before.ends_with('.'));
    // A last label of digits is an address that somebody has written otherwise.
    let is_numeric = name.rsplit('.').next().is_some_and(|label| label.bytes().all(|byte| byte.is_ascii_digit()));
    name.contains('.') && name.split('.').all(is_label) && !is_numeric && !LOCAL.iter().any(is_local)
}

/// Whether the internet routes to `address`: the special ranges of RFC 6890 that a listener may have are none.
fn is_global(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let [first, second, ..] = address.octets();
            let is_shared = first == 100 && (64..128).contains(&second);
            !(address.is_loopback()
                || address.is_private()
                || address.is_link_local()
                || address.is_unspecified()
                || address.is_broadcast()
                || address.is_multicast()
                || first == 0
                || first >= 240
                || is_shared)
        }
        IpAddr::V6(address) => {
            !(address.is_loopback()
                || address.is_unspecified()
                || address.is_multicast()
                || address.is_unique_local()
                || address.is_unicast_link_local())
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn learnt(fields: &str) -> Option<String> {
        learnt_url(&Head::read(Bytes::from(format!("POST / HTTP/1.1\r\n{fields}\r\n"))))
    }

    #[rstest]
    #[case(
        "Host: localhost:3000\r\nX-Forwarded-Host: a.ngrok.app\r\nX-Forwarded-Proto: https\r\n",
        "https://a.ngrok.app"
    )]
    #[case("Host: a.example.com:8080\r\n", "http://a.example.com:8080")]
    #[case("Host: A.Example.com\r\nX-Forwarded-Proto: https\r\n", "https://a.example.com")]
    #[case("Host: x\r\nX-Forwarded-Host: a.example.com, b.example.com\r\n", "https://a.example.com")]
    #[case("Host: x\r\nX-Forwarded-Host: a.example.com\r\nX-Forwarded-Proto: http\r\n", "http://a.example.com")]
    #[case(
        "Host: x\r\nForwarded: for=1.2.3.4;host=\"a.example.com:8443\";proto=https, for=b\r\n",
        "https://a.example.com:8443"
    )]
    #[case("Host: x\r\nForwarded: for=\"_a;host=b,c\";host=a.example.com;proto=http\r\n", "http://a.example.com")]
    #[case("Host: 8.8.8.8:3000\r\n", "http://8.8.8.8:3000")]
    #[case("Host: [2606:4700::1]:3000\r\n", "http://[2606:4700::1]:3000")]
    fn a_host_that_others_can_call_is_learnt(#[case] fields: &str, #[case] url: &str) {
        assert_eq!(learnt(fields).as_deref(), Some(url));
    }

    #[rstest]
    #[case("localhost:3000")]
    #[case("127.0.0.1:3000")]
    #[case("[::1]:3000")]
    #[case("0.0.0.0:3000")]
    #[case("192.168.1.7:3000")]
    #[case("10.0.0.1")]
    #[case("100.64.0.9")]
    #[case("169.254.1.1")]
    #[case("[fe80::1]")]
    #[case("[fd00::1]")]
    #[case("[::ffff:127.0.0.1]:3000")]
    #[case("app.localhost:3000")]
    #[case("printer.local")]
    #[case("api.internal")]
    #[case("app")]
    #[case("2130706433")]
    #[case("0x7f.1")]
    #[case("a..b")]
    #[case("a.example.com:port")]
    #[case("a.example.com/evil")]
    #[case("a.example.com\u{202e}")]
    #[case("user@a.example.com")]
    #[case("$(reboot).example.com")]
    #[case("a.example.com?x")]
    #[case("")]
    fn anything_else_is_not(#[case] host: &str) {
        assert_eq!(learnt(&format!("Host: {host}\r\n")), None);
        assert_eq!(learnt(&format!("Host: localhost\r\nX-Forwarded-Host: {host}\r\n")), None);
        assert_eq!(learnt(&format!("Host: localhost\r\nForwarded: host=\"{host}\"\r\n")), None);
    }

    #[rstest]
    #[case("CONNECT example.com:443")]
    #[case("GET http://example.com/x")]
    #[case("OPTIONS *")]
    #[case("GET example.com")]
    fn what_is_asked_of_a_proxy_teaches_nothing(#[case] asked: &str) {
        for fields in ["Host: example.com\r\n", "Host: a\r\nX-Forwarded-Host: example.com\r\n"] {
            assert_eq!(learnt_url(&Head::from(format!("{asked} HTTP/1.1\r\n{fields}\r\n"))), None, "{asked}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_learnt_is_a_plain_url(host in "\\PC{0,40}", proto in "\\PC{0,9}", bytes in any::<Vec<u8>>()) {
            let fields = [
                format!("Host: {host}\r\nX-Forwarded-Proto: {proto}\r\n"),
                format!("X-Forwarded-Host: {host}\r\n"),
                format!("Forwarded: {host};proto={proto}\r\n"),
            ];
            let heads = fields.iter().map(|fields| format!("POST / HTTP/1.1\r\n{fields}\r\n").into_bytes()).chain([bytes]);
            for head in heads {
                if let Some(url) = learnt_url(&Head::read(Bytes::from(head))) {
                    prop_assert!(is_public_url(&url) && !url.contains(crate::text::is_hidden));
                }
            }
        }
    }
}
