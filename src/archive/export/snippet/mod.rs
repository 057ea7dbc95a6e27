//! One delivery as a command or a few lines of code that send it: for a terminal, a bug report, a test.
//!
//! Unlike [`curl`](super::curl), which writes a script that sends the exact head, a snippet leaves to its client what every client
//! does by itself (Host, lengths, connections). The body is exact, and so are the headers that remain. The target is
//! exact with curl; where `fetch` or requests would write it differently, a comment says so.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::curl_request::{self as request, without_header};
use super::shell::{is_plain, printing, word};
use crate::delivery::Delivery;
use crate::http::percent::PercentEncoding;

/// Headers that a client writes itself.
const CLIENT_HEADERS: [&str; 5] = ["host", "content-length", "transfer-encoding", "connection", "expect"];

/// The longest body that goes into an argument: systems bound those.
const ARGUMENT_BYTES: usize = 64 * 1024;

/// In what a delivery can be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SnippetLanguage {
    /// A command for a POSIX shell.
    Curl,
    /// JavaScript, with `fetch`.
    Fetch,
    /// Python, with the requests library.
    Requests,
}

impl SnippetLanguage {
    /// Every language.
    pub const ALL: [Self; 3] = [Self::Curl, Self::Fetch, Self::Requests];

    /// What sends `delivery` to `url`.
    #[must_use]
    pub fn write(self, delivery: &Delivery, url: &SnippetUrl) -> String {
        match self {
            Self::Curl => curl(delivery, url),
            Self::Fetch => fetch(delivery, url),
            Self::Requests => requests(delivery, url),
        }
    }

    /// Whether the client rewrites the path and query of a URL: dot segments and what its standard encodes.
    fn rewrites(self, url: &str) -> bool {
        let after_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
        let target = after_scheme.find('/').map_or("", |at| &after_scheme[at..]);
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let is_dot = |segment: &str| matches!(&segment.to_ascii_lowercase().replace("%2e", ".")[..], "." | "..");
        let loses_parts = path.split('/').any(is_dot) || target.ends_with('?') && query.is_empty();
        match self {
            Self::Curl => false,
            // The path and the query percent-encode set of <https://url.spec.whatwg.org/#percent-encoded-bytes>.
            Self::Fetch => {
                loses_parts
                    || path.contains(['"', '<', '>', '\\', '^', '`', '{', '}'])
                    || query.contains(['"', '<', '>', '\''])
            }
            // `requote_uri` of requests, two slashes made one, then `_encode_target` of urllib3.
            Self::Requests => {
                let is_kept = |byte| PercentEncoding::UNRESERVED.is_plain(byte) || b"!$&'()*+,;=:@/?%".contains(&byte);
                loses_parts
                    || target.starts_with("//")
                    || !target.bytes().all(is_kept)
                    || target.match_indices('%').any(|(at, _)| !is_kept_escape(&target.as_bytes()[at..]))
            }
        }
    }
}

/// Whether the escape that begins here is left as it is by requests: with capital digits, of a reserved character.
fn is_kept_escape(escape: &[u8]) -> bool {
    let mut byte = [0];
    let digits = escape.get(1..3).filter(|digits| hex::decode_to_slice(digits, &mut byte).is_ok());
    digits.is_some_and(|digits| !digits.iter().any(u8::is_ascii_lowercase))
        && !PercentEncoding::UNRESERVED.is_plain(byte[0])
}

/// Where a snippet sends to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnippetUrl {
    url: String,
    /// The delivery's own target, where no URL says it.
    target: Option<Vec<u8>>,
}

impl SnippetUrl {
    /// The URL of a delivery's target on the server at `base`. What a URL cannot hold is escaped in it.
    #[must_use]
    pub fn of(delivery: &Delivery, base: &str) -> Self {
        let target = delivery.head.target();
        let mut url = base.trim_end_matches('/').to_owned();
        if !target.starts_with(b"/") {
            // A whole URL, the authority of CONNECT, `*`.
            url.push('/');
            return Self { url, target: (!target.is_empty()).then(|| target.to_vec()) };
        }
        let escaped = PercentEncoding::TARGET.encode_text(target);
        url.push_str(&escaped);
        Self { url, target: (escaped.as_bytes() != target).then(|| target.to_vec()) }
    }

    /// The URL as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.url
    }

    /// What is said where a client sends another target than the captured one.
    fn remark(&self, language: SnippetLanguage, comment: &str) -> String {
        let client = if language == SnippetLanguage::Fetch { "fetch" } else { "requests" };
        if self.target.is_none() && !language.rewrites(&self.url) {
            return String::new();
        }
        format!("{comment} {client} can write this path or query differently from the captured one\n")
    }
}

/// A URL that a person has typed.
impl From<String> for SnippetUrl {
    fn from(url: String) -> Self {
        Self { url, target: None }
    }
}

/// The headers that a client does not write itself, in their order.
fn headers(delivery: &Delivery) -> Vec<(&[u8], &[u8])> {
    let is_own = |name: &[u8]| CLIENT_HEADERS.iter().any(|own| name.eq_ignore_ascii_case(own.as_bytes()));
    delivery.head.pairs().filter(|(name, _)| !is_own(name)).collect()
}

fn curl(delivery: &Delivery, url: &SnippetUrl) -> String {
    let mut text = String::new();
    let has_body = !delivery.body.is_empty();
    let is_argument = is_plain(&delivery.body) && delivery.body.len() <= ARGUMENT_BYTES;
    if !is_argument {
        text.push_str(&printing(&delivery.body));
        text.push_str(" | ");
    }
    let method = request::method(delivery, has_body);
    let _ = write!(text, "curl --include {method}{} {}", request::url_options(&url.url), word(url.url.as_bytes()));
    if let Some(target) = &url.target {
        let _ = write!(text, " {}", request::target(target));
    }
    if delivery.head.value("host").is_none() {
        let _ = write!(text, " \\\n  {}", without_header("Host"));
    }
    // curl would call a body a form.
    if has_body && delivery.head.value("content-type").is_none() {
        let _ = write!(text, " \\\n  {}", without_header("Content-Type"));
    }
    for (name, value) in headers(delivery) {
        if let Some(header) = request::header(&[name, b": ", value].concat()) {
            let _ = write!(text, " \\\n  {header}");
        }
    }
    match (has_body, is_argument) {
        (false, _) => {}
        (true, true) => {
            let _ = write!(text, " \\\n  --data-raw {}", word(&delivery.body));
        }
        (true, false) => text.push_str(" \\\n  --data-binary @-"),
    }
    text.push('\n');
    text
}

fn fetch(delivery: &Delivery, url: &SnippetUrl) -> String {
    let method = latin(delivery.head.method());
    let mut text = url.remark(SnippetLanguage::Fetch, "//");
    let is_bodiless = matches!(&method[..], "GET" | "HEAD");
    if is_bodiless && !delivery.body.is_empty() {
        let _ = writeln!(text, "// fetch sends no body with {method}: the captured one is left out");
    }
    let url = literal(&url.url);
    let _ = writeln!(text, "const response = await fetch({url}, {{\n  method: {},", literal(&method));
    text.push_str("  headers: [\n");
    for (name, value) in headers(delivery) {
        let _ = writeln!(text, "    [{}, {}],", literal(&latin(name)), literal(&latin(value)));
    }
    text.push_str("  ],\n");
    if !delivery.body.is_empty() && !is_bodiless {
        let body = match plain(&delivery.body) {
            // To text fetch adds a Content-Type, to bytes none (<https://fetch.spec.whatwg.org/#bodyinit-unions>).
            Some(body) if delivery.head.value("content-type").is_none() => {
                format!("new TextEncoder().encode({})", literal(body))
            }
            Some(body) => literal(body),
            None => format!("Buffer.from(\"{}\", \"base64\")", BASE64_STANDARD.encode(&delivery.body)),
        };
        let _ = writeln!(text, "  body: {body},");
    }
    text.push_str("});\nconsole.log(response.status, await response.text());\n");
    text
}

fn requests(delivery: &Delivery, url: &SnippetUrl) -> String {
    let body = match plain(&delivery.body) {
        _ if delivery.body.is_empty() => None,
        Some(body) => Some(format!("{}.encode()", literal(body))),
        None => Some(format!("base64.b64decode(\"{}\")", BASE64_STANDARD.encode(&delivery.body))),
    };
    let mut text = url.remark(SnippetLanguage::Requests, "#");
    if body.as_ref().is_some_and(|body| body.starts_with("base64")) {
        text.push_str("import base64\n\n");
    }
    text.push_str("import requests\n\n");
    let method = literal(&latin(delivery.head.method()));
    let _ = writeln!(text, "response = requests.request(\n    {method},\n    {},", literal(&url.url));
    text.push_str("    headers={\n");
    let mut named: Vec<(String, String)> = Vec::new();
    for (name, value) in headers(delivery) {
        let (name, value) = (latin(name), latin(value));
        // A dictionary has each name once; several values may stand in one line (RFC 9110, section 5.3).
        match named.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(&name)) {
            Some((_, values)) => *values = format!("{values}, {value}"),
            None => named.push((name, value)),
        }
    }
    for (name, value) in named {
        let _ = writeln!(text, "        {}: {},", literal(&name), literal(&value));
    }
    text.push_str("    },\n");
    if let Some(body) = body {
        let _ = writeln!(text, "    data={body},");
    }
    text.push_str(")\nprint(response.status_code, response.text)\n");
    text
}

/// Text that can stand in source code as it is.
fn plain(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok().filter(|text| is_plain(text.as_bytes()))
}

/// A header's bytes as the characters that clients send as these bytes.
fn latin(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// A string literal of both JavaScript and Python: JSON's, with everything outside ASCII and all that is hidden escaped
/// where both know the escape.
fn literal(text: &str) -> String {
    let mut literal = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => literal.push_str("\\\""),
            '\\' => literal.push_str("\\\\"),
            '\n' => literal.push_str("\\n"),
            '\r' => literal.push_str("\\r"),
            '\t' => literal.push_str("\\t"),
            // What could steer a terminal, or end a line of JavaScript.
            hidden if crate::text::is_hidden(hidden) && u32::from(hidden) <= 0xffff => {
                let _ = write!(literal, "\\u{:04x}", u32::from(hidden));
            }
            other => literal.push(other),
        }
    }
    literal.push('"');
    literal
}

#[cfg(test)]
mod tests;
