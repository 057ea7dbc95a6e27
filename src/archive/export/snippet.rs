//! One delivery as a command or a few lines of code that send it: for a terminal, a bug report, a test.
//!
//! Unlike [`curl`](super::curl), which writes a script that sends the exact head, a snippet leaves to its client what every client
//! does by itself (Host, lengths, connections). The body is exact, and so are the headers that remain.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::curl::{is_plain, printing, word};
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
    pub fn write(self, delivery: &Delivery, url: &str) -> String {
        match self {
            Self::Curl => curl(delivery, url),
            Self::Fetch => fetch(delivery, url),
            Self::Requests => requests(delivery, url),
        }
    }
}

/// The URL of a delivery's target on the server at `base`.
#[must_use]
pub fn url_at(delivery: &Delivery, base: &str) -> String {
    let target = PercentEncoding::GRAPHIC.encode_text(delivery.head.target());
    let base = base.trim_end_matches('/');
    if target.starts_with('/') { format!("{base}{target}") } else { format!("{base}/") }
}

/// The headers that a client does not write itself, in their order.
fn headers(delivery: &Delivery) -> Vec<(&[u8], &[u8])> {
    let is_own = |name: &[u8]| CLIENT_HEADERS.iter().any(|own| name.eq_ignore_ascii_case(own.as_bytes()));
    delivery.head.pairs().filter(|(name, _)| !is_own(name)).collect()
}

fn curl(delivery: &Delivery, url: &str) -> String {
    let mut text = String::new();
    let is_argument = is_plain(&delivery.body) && delivery.body.len() <= ARGUMENT_BYTES;
    if !is_argument {
        text.push_str(&printing(&delivery.body));
        text.push_str(" | ");
    }
    let _ = write!(text, "curl --include --request {} {}", word(delivery.head.method()), word(url.as_bytes()));
    let headers = headers(delivery);
    // curl would call a body a form.
    if !delivery.body.is_empty() && delivery.head.value("content-type").is_none() {
        text.push_str(" \\\n  -H 'Content-Type:'");
    }
    for (name, value) in headers {
        // A header without a value would be taken away; a semicolon sends it empty.
        let line = if value.is_empty() { [name, b";"].concat() } else { [name, b": ", value].concat() };
        let _ = write!(text, " \\\n  -H {}", word(&line));
    }
    match (delivery.body.is_empty(), is_argument) {
        (true, _) => {}
        (false, true) => {
            let _ = write!(text, " \\\n  --data-raw {}", word(&delivery.body));
        }
        (false, false) => text.push_str(" \\\n  --data-binary @-"),
    }
    text.push('\n');
    text
}

fn fetch(delivery: &Delivery, url: &str) -> String {
    let method = latin(delivery.head.method());
    let mut text = String::new();
    let is_bodiless = matches!(&method[..], "GET" | "HEAD");
    if is_bodiless && !delivery.body.is_empty() {
        let _ = writeln!(text, "// fetch sends no body with {method}: the captured one is left out");
    }
    let _ = writeln!(text, "const response = await fetch({}, {{\n  method: {},", literal(url), literal(&method));
    text.push_str("  headers: [\n");
    for (name, value) in headers(delivery) {
        let _ = writeln!(text, "    [{}, {}],", literal(&latin(name)), literal(&latin(value)));
    }
    text.push_str("  ],\n");
    if !delivery.body.is_empty() && !is_bodiless {
        let body = match plain(&delivery.body) {
            Some(body) => literal(body),
            None => format!("Buffer.from(\"{}\", \"base64\")", BASE64_STANDARD.encode(&delivery.body)),
        };
        let _ = writeln!(text, "  body: {body},");
    }
    text.push_str("});\nconsole.log(response.status, await response.text());\n");
    text
}

fn requests(delivery: &Delivery, url: &str) -> String {
    let body = match plain(&delivery.body) {
        _ if delivery.body.is_empty() => None,
        Some(body) => Some(format!("{}.encode()", literal(body))),
        None => Some(format!("base64.b64decode(\"{}\")", BASE64_STANDARD.encode(&delivery.body))),
    };
    let mut text = String::new();
    if body.as_ref().is_some_and(|body| body.starts_with("base64")) {
        text.push_str("import base64\n\n");
    }
    text.push_str("import requests\n\n");
    let method = literal(&latin(delivery.head.method()));
    let _ = writeln!(text, "response = requests.request(\n    {method},\n    {},", literal(url));
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
