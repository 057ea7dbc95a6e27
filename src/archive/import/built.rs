//! The head of a request that other programs wrote down in parts: method, URL and headers.

use crate::http::percent::PercentEncoding;
use crate::http::{field, framing};
use crate::text::{clip, visible, visible_bytes};

/// Columns of foreign text in a remark.
const SHOWN_COLUMNS: usize = 80;
/// What a request target may hold stays (RFC 3986, section 2), escapes among it.
const TARGET: PercentEncoding = PercentEncoding::UNRESERVED.keeping(b":/?[]@!$&'()*+,;=%");

/// A URL in its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct UrlParts {
    /// Host and port, empty where the URL has none.
    pub(super) host: String,
    /// Path and query, as a request line has them.
    pub(super) target: String,
    /// What it did not have.
    pub(super) remark: Option<String>,
}

/// A head that was put together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct BuiltHead {
    pub(super) bytes: Vec<u8>,
    /// What of it was left out or changed.
    pub(super) remarks: Vec<String>,
}

/// The parts of a head.
#[derive(Debug, Clone, Default)]
pub(super) struct HeadParts<'a> {
    pub(super) method: &'a str,
    pub(super) url: &'a str,
    pub(super) is_http10: bool,
    /// In order. Those whose names begin with a colon are HTTP/2's request line (RFC 9113, section 8.3.1).
    pub(super) headers: Vec<(Vec<u8>, Vec<u8>)>,
    /// Whether no Host was sent, so that none is added.
    pub(super) lacks_host: bool,
    /// Whether the values have the white space after the colon that they are to have.
    pub(super) has_spaces: bool,
}

/// Foreign text as a remark may quote it.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", clip(&visible(text), SHOWN_COLUMNS))
}

impl HeadParts<'_> {
    /// The first header of this name.
    pub(super) fn value(&self, name: &str) -> Option<&[u8]> {
        let mut named = self.headers.iter().filter(|(own, _)| own.eq_ignore_ascii_case(name.as_bytes()));
        named.next().map(|(_, value)| value.trim_ascii())
    }

    /// The head that such a request has in HTTP/1.1.
    ///
    /// # Errors
    ///
    /// Why no such request could have been received.
    pub(super) fn build(&self) -> Result<BuiltHead, String> {
        let host = self.value("host").or_else(|| self.value(":authority"));
        let host = host.map(|host| String::from_utf8_lossy(host).into_owned());
        let parts = split_url(self.url, host.as_deref())?;
        let mut remarks: Vec<String> = parts.remark.into_iter().collect();
        let mut lines = Vec::new();
        if self.value("host").is_none() && !self.lacks_host {
            let host = if parts.host.is_empty() { host.unwrap_or_default() } else { parts.host };
            lines.extend_from_slice(format!("Host: {host}\r\n").as_bytes());
        }
        for (name, value) in self.headers.iter().filter(|(name, _)| !name.starts_with(b":")) {
            match line(name, value, if self.has_spaces { b":" } else { b": " }) {
                Ok(line) => lines.extend_from_slice(&line),
                Err(reason) => remarks.push(reason),
            }
        }
        lines.extend_from_slice(b"\r\n");
        let mut target = parts.target;
        let mut bytes = self.with_target(&target, &lines);
        if framing::inspect(&bytes).is_err() {
            let encoded = TARGET.encode_text(&target);
            if encoded != target && !target.contains(['\r', '\n', '\0']) {
                target = encoded;
                bytes = self.with_target(&target, &lines);
                remarks
                    .push("the URL holds characters that no request target has: they are percent-encoded".to_owned());
            }
        }
        // One end, and it is the last: nothing is smuggled in by another part.
        if framing::head_end(&bytes, 0) != Some(bytes.len()) {
            return Err("the method or the URL contains a line end".to_owned());
        }
        framing::inspect(&bytes).map_err(|fault| fault.reason)?;
        Ok(BuiltHead { bytes, remarks })
    }

    fn with_target(&self, target: &str, lines: &[u8]) -> Vec<u8> {
        let version = if self.is_http10 { "HTTP/1.0" } else { "HTTP/1.1" };
        let mut bytes = format!("{} {target} {version}\r\n", self.method).into_bytes();
        bytes.extend_from_slice(lines);
        bytes
    }
}

/// One header line, or why it cannot be one.
fn line(name: &[u8], value: &[u8], colon: &[u8]) -> Result<Vec<u8>, String> {
    let left_out = |why: &str| {
        let name = quoted(&visible_bytes(name));
        Err(format!("the header {name} is left out: {why}"))
    };
    if [name, value].iter().any(|part| part.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0))) {
        return left_out("it contains a line end or NUL");
    }
    let mut line = [name, colon, value].concat();
    match field(&line) {
        Ok((read, _)) if read == name => {
            line.extend_from_slice(b"\r\n");
            Ok(line)
        }
        Ok(_) => left_out("its name contains a colon"),
        Err(fault) => left_out(fault.words()),
    }
}

/// Takes a URL apart. One without a scheme is taken where `host_header` tells whose it is.
///
/// # Errors
///
/// Why it is not the URL of an HTTP request.
pub(super) fn split_url(url: &str, host_header: Option<&str>) -> Result<UrlParts, String> {
    // A fragment stays with the browser (RFC 9110, section 4.2.5).
    let url = url.split('#').next().unwrap_or_default();
    if let Some((scheme, rest)) = scheme_of(url) {
        let is_http = ["http", "https", "ws", "wss"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
        let Some(rest) = rest.strip_prefix("//").filter(|_| is_http) else {
            return Err(format!("its URL is a {} URL, not one of HTTP", quoted(&format!("{scheme}:"))));
        };
        let (authority, target) = split_authority(rest);
        let (host, remark) = match authority.rsplit_once('@') {
            Some((_, host)) => (host, Some("the user name and password in the URL are left out".to_owned())),
            None => (authority, None),
        };
        if host.is_empty() {
            return Err("its URL has no host".to_owned());
        }
        return Ok(UrlParts { host: host.to_owned(), target, remark });
    }
    let remark = Some("the URL has no scheme: its host is that of the Host header".to_owned());
    match host_header.filter(|host| !host.is_empty()) {
        None => Err(format!("its URL is {}, and no Host header tells whose: expected http://host/path", quoted(url))),
        Some(host) => {
            let rest = url.strip_prefix("//").unwrap_or(url);
            let rest = rest.strip_prefix(host).filter(|rest| rest.is_empty() || rest.starts_with(['/', '?']));
            let target = match rest {
                Some(rest) => split_authority(rest).1,
                None if url.starts_with('/') => url.to_owned(),
                None => return Err(format!("its URL is {}: expected http://host/path", quoted(url))),
            };
            Ok(UrlParts { host: host.to_owned(), target, remark })
        }
    }
}

/// Scheme and what follows its colon. `localhost:3000/x` has none.
fn scheme_of(url: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = url.split_once(':')?;
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.chars().all(|character| character.is_ascii_alphanumeric() || matches!(character, '+' | '-' | '.'));
    let is_port = rest.starts_with(|first: char| first.is_ascii_digit());
    (is_scheme && !is_port).then_some((scheme, rest))
}

/// Host and port, and what a request line has of the rest.
fn split_authority(rest: &str) -> (&str, String) {
    let at = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, target) = rest.split_at(at);
    let slash = if target.starts_with('/') { "" } else { "/" };
    (authority, format!("{slash}{target}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parts(url: &str, host: Option<&str>) -> Result<(String, String), String> {
        split_url(url, host).map(|parts| (parts.host, parts.target))
    }

    #[test]
    fn urls_are_taken_apart() {
        let pair = |host: &str, target: &str| Ok((host.to_owned(), target.to_owned()));
        assert_eq!(parts("http://h:1/a?b#c", None), pair("h:1", "/a?b"));
        assert_eq!(parts("HTTPS://h?b", None), pair("h", "/?b"));
        assert_eq!(parts("https://u:p@h/", None), pair("h", "/"));
        assert_eq!(parts("/a?b", Some("h")), pair("h", "/a?b"));
        assert_eq!(parts("h:1/a", Some("h:1")), pair("h:1", "/a"));
        assert_eq!(parts("//h/a", Some("h")), pair("h", "/a"));
        assert_eq!(parts("h", Some("h")), pair("h", "/"));
        for (url, host, why) in [
            ("data:text/plain,x", Some("h"), "'data:'"),
            ("chrome-extension://x/y", None, "'chrome-extension:'"),
            ("blob:https://h/1", None, "'blob:'"),
            ("/a", None, "no Host header"),
            ("a/b", Some("h"), "expected http://host/path"),
            ("https:///x", None, "no host"),
        ] {
            assert!(parts(url, host).unwrap_err().contains(why), "{url}: {:?}", parts(url, host));
        }
    }

    #[test]
    fn what_no_head_can_hold_is_left_out_with_a_remark() {
        let header = |name: &str, value: &str| (name.as_bytes().to_vec(), value.as_bytes().to_vec());
        let headers = vec![
            header(":path", "/"),
            header("A", "1"),
            header("B C", "2"),
            header("D", "x\r\ny"),
            header("E", "\u{1}"),
        ];
        let built =
            HeadParts { method: "POST", url: "http://h/a b", is_http10: false, headers, ..HeadParts::default() }
                .build()
                .unwrap();
        assert_eq!(String::from_utf8(built.bytes).unwrap(), "POST /a%20b HTTP/1.1\r\nHost: h\r\nA: 1\r\n\r\n");
        assert_eq!(built.remarks.len(), 4, "{:?}", built.remarks);
        for (method, url) in
            [("POST /x HTTP/1.1\r\nA: b\r\n\r\nGET", "http://h/"), ("POST", "http://h/\r\n\r\n"), ("", "http://h")]
        {
            assert!(HeadParts { method, url, ..HeadParts::default() }.build().is_err(), "{method} {url}");
        }
    }

    proptest! {
        #[test]
        fn a_head_that_is_built_is_one_head(
            method in "[A-Z \\r\\n]{0,6}",
            url in "(http://h)?[ -~\\r\\né]{0,20}",
            headers in proptest::collection::vec(("[ -~\\r\\n]{0,8}", "[ -~\\r\\n\\t\\x00]{0,8}"), 0..4),
        ) {
            let named: Vec<_> = headers.iter().map(|(name, value)| (name.clone().into_bytes(), value.clone().into_bytes())).collect();
            let parts = HeadParts { method: &method, url: &url, is_http10: false, headers: named, ..HeadParts::default() };
            if let Ok(built) = parts.build() {
                let head = crate::http::Head::from(built.bytes.clone());
                prop_assert!(head.fields().count() <= headers.len() + 1);
                prop_assert_eq!(framing::head_end(&built.bytes, 0), Some(built.bytes.len()));
            }
        }
    }
}
