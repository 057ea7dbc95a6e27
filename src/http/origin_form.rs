//! The forms of a request target (RFC 9112, section 3.2), and the one in which a server is asked.

use bytes::Bytes;

use crate::text::visible_bytes;

/// Why there is no form in which a server could be asked for a target.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoOriginForm {
    /// CONNECT asks a proxy for a tunnel (RFC 9110, section 9.3.6).
    #[error("CONNECT is a request to a proxy, not to a server")]
    Connect,
    /// Neither a path nor a URL, such as `example.com:443`; or `*`, which only OPTIONS may ask for.
    #[error("the target '{0}' is neither a path nor a URL")]
    NoPath(String),
}

/// The target of a captured request as a server is asked for it: `/path?query`, or `*` of OPTIONS (RFC 9112, sections
/// 3.2.1 and 3.2.4). In a full URL another host may stand than the one that is asked, and servers must believe it
/// (section 3.2.2).
///
/// # Errors
///
/// [`NoOriginForm`] when it has none.
pub fn origin_form(method: &[u8], target: &Bytes) -> Result<Bytes, NoOriginForm> {
    let is_options = method == b"OPTIONS";
    match &target[..] {
        _ if method == b"CONNECT" => Err(NoOriginForm::Connect),
        [b'/', ..] => Ok(target.clone()),
        b"*" if is_options => Ok(target.clone()),
        other => {
            let Some(authority) = behind_scheme(other) else {
                return Err(NoOriginForm::NoPath(visible_bytes(target).into_owned()));
            };
            let end = other[authority..].iter().position(|byte| matches!(byte, b'/' | b'?' | b'#'));
            let rest = target.slice(end.map_or(target.len(), |end| authority + end)..);
            Ok(match rest.first() {
                Some(b'/') => rest,
                // RFC 9112, section 3.2.4: a URL without path and query stands for the server itself.
                None if is_options => Bytes::from_static(b"*"),
                _ => Bytes::from([b"/", &rest[..]].concat()),
            })
        }
    }
}

/// Where the authority of a full URL begins (RFC 3986, section 3).
pub(crate) fn behind_scheme(target: &[u8]) -> Option<usize> {
    let colon = memchr::memchr(b':', target)?;
    let scheme = &target[..colon];
    let is_scheme = scheme.first().is_some_and(u8::is_ascii_alphabetic)
        && scheme.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
    (is_scheme && target[colon..].starts_with(b"://")).then_some(colon + 3)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn origin(method: &str, target: &str) -> Result<Bytes, NoOriginForm> {
        origin_form(method.as_bytes(), &Bytes::from(target.to_owned()))
    }

    #[rstest]
    #[case("POST", "/hook?x=1", "/hook?x=1")]
    #[case("POST", "//evil.example/x", "//evil.example/x")]
    #[case("POST", "/a?u=http://b/c", "/a?u=http://b/c")]
    #[case("GET", "http://example.com/absolute?q", "/absolute?q")]
    #[case("GET", "HTTPS://User@Example.COM:8443/a%20b/../c", "/a%20b/../c")]
    #[case("GET", "http://[::1]:3000/x", "/x")]
    #[case("GET", "http://example.com", "/")]
    #[case("GET", "http://example.com?q=/", "/?q=/")]
    #[case("GET", "http://example.com//x", "//x")]
    #[case("GET", "http:///x", "/x")]
    #[case("GET", "git+ssh://example.com/x", "/x")]
    #[case("OPTIONS", "*", "*")]
    #[case("OPTIONS", "http://example.com", "*")]
    #[case("OPTIONS", "http://example.com/", "/")]
    #[case("OPTIONS", "http://example.com?q", "/?q")]
    fn a_server_is_asked_for_a_path(#[case] method: &str, #[case] target: &str, #[case] sent: &str) {
        assert_eq!(origin(method, target).unwrap(), sent);
    }

    #[rstest]
    #[case("CONNECT", "example.com:443")]
    #[case("CONNECT", "/path")]
    #[case("GET", "example.com:443")]
    #[case("GET", "example.com")]
    #[case("GET", "*")]
    #[case("options", "*")]
    #[case("GET", "1http://example.com/")]
    #[case("GET", "mailto:a@b")]
    #[case("GET", "")]
    fn some_targets_no_server_can_be_asked_for(#[case] method: &str, #[case] target: &str) {
        assert!(origin(method, target).is_err());
    }

    proptest! {
        #[test]
        fn whatever_is_sent_names_no_host(method in "GET|POST|OPTIONS|CONNECT", target in "[ -~\\x80-\\xff]{0,20}|(http|x)://[ -~]{0,20}") {
            if let Ok(sent) = origin(&method, &target) {
                prop_assert!(sent.starts_with(b"/") || (sent == "*" && method == "OPTIONS"), "{sent:?}");
                prop_assert!(target.as_bytes().ends_with(&sent[1..]) || sent == "*");
                // It is its own origin-form.
                prop_assert_eq!(origin_form(method.as_bytes(), &sent).unwrap(), sent);
            }
        }
    }
}
