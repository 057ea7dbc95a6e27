//! What the editors make of a request before they send it. VS Code's REST client and JetBrains' HTTP client do not agree in
//! everything; where they do not, nobody knows what was sent, and a doubt says so.

use std::borrow::Cow;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::archive::import::built::quoted;
use crate::http::MediaType;

/// What is to be said of a multipart body whose lines ended in LF.
pub(super) const MULTIPART_DOUBT: &str =
    "the editors end the lines of a multipart body with CR LF, and do not agree about the last one";

/// How the lines of a body are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BodyKind {
    /// `application/x-www-form-urlencoded`, whose lines are joined.
    Form,
    /// `multipart/…`, whose lines end in CR LF (RFC 2046, section 5.1).
    Multipart,
    /// Any other: as it is in the file.
    Plain,
}

impl BodyKind {
    /// By the value of Content-Type.
    pub(super) fn of(content_type: &str) -> Self {
        let kind = MediaType::new(content_type);
        if kind.is("application/x-www-form-urlencoded") {
            Self::Form
        } else if kind.is_multipart() {
            Self::Multipart
        } else {
            Self::Plain
        }
    }

    /// The line end that is sent for one of the file.
    pub(super) fn line_end(self, own: &str) -> &str {
        if self == Self::Multipart { "\r\n" } else { own }
    }
}

/// The lines of a body without what JetBrains' client does with the response: scripts (`> {% … %}`), and after an empty line
/// `> script.js`, `>> file` and `<> file`. A line that only looks so stays, with a doubt.
pub(super) fn without_handlers<'l, 't>(lines: &'l [&'t str], doubts: &mut Vec<String>) -> &'l [&'t str] {
    let (mut start, mut is_script, mut is_after_empty) = (None, false, true);
    for (at, line) in lines.iter().map(|line| line.trim_end()).enumerate() {
        let begins = line.starts_with("> {%");
        if is_script || begins {
            start.get_or_insert(at);
            is_script = !line.ends_with("%}");
        } else if is_reference(line) && (start.is_some() || is_after_empty) {
            start.get_or_insert(at);
        } else if !line.is_empty() {
            start = None;
        }
        is_after_empty = line.is_empty();
    }
    let body = &lines[..start.filter(|_| !is_script).unwrap_or(lines.len())];
    if let Some(line) = body.iter().find(|line| handler(line).is_some()) {
        let line = quoted(line.trim_end());
        doubts.push(format!(
            "the line {line} is for JetBrains' client what to do with the response, for others a part of the body"
        ));
    }
    body
}

/// What follows the mark of a line that says what to do with the response.
fn handler(line: &str) -> Option<&str> {
    ["> ", ">> ", ">>! ", "<> "].iter().find_map(|mark| line.strip_prefix(mark)).map(str::trim)
}

/// Whether a line names a file for a response, or a script.
fn is_reference(line: &str) -> bool {
    handler(line).is_some_and(|name| {
        let is_file = if line.starts_with("> ") { name.ends_with(".js") } else { name.contains('.') };
        is_file && !name.contains(char::is_whitespace)
    })
}

/// A header's value as it is sent.
pub(super) fn header_value(name: &str, value: String, doubts: &mut Vec<String>) -> String {
    if name.eq_ignore_ascii_case("x-request-type") && value.eq_ignore_ascii_case("graphql") {
        doubts.push("for X-Request-Type: GraphQL the editors send the query as JSON".to_owned());
    }
    if !name.eq_ignore_ascii_case("authorization") {
        return value;
    }
    let Some((scheme, rest)) = value.split_once(char::is_whitespace) else { return value };
    let words: Vec<&str> = rest.split_whitespace().collect();
    let is_credentials = match (scheme.to_ascii_lowercase().as_str(), &words[..]) {
        // Both take these for a name and a password.
        ("basic", [user, password]) => {
            return format!("{scheme} {}", BASE64_STANDARD.encode(format!("{user}:{password}")));
        }
        // No Base64 has a colon.
        ("basic", [one]) => one.contains(':'),
        ("basic", _) => true,
        ("digest", _) => !rest.contains('='),
        ("aws" | "cognito", words) => words.len() > 1,
        _ => false,
    };
    if is_credentials {
        doubts
            .push(format!("the credentials of Authorization: {} become other ones when they are sent", quoted(scheme)));
    }
    value
}

/// A form as it is sent: its lines joined. What the editors encode or trim in different ways is a doubt.
pub(super) fn form(text: &str, doubts: &mut Vec<String>) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let is_joined = |pair: &[&str]| pair[1].trim_start().starts_with('&') || pair[0].trim_end().ends_with('&');
    if !lines.windows(2).all(is_joined) {
        doubts.push("the editors do not agree how the lines of its form are joined".to_owned());
        return text.to_owned();
    }
    // REST client joins a line to the one before it where it begins with the `&`.
    let is_certain =
        lines.iter().skip(1).all(|line| line.starts_with('&')) && lines.iter().all(|line| is_encoded(line));
    if is_certain {
        return lines.concat();
    }
    doubts.push(
        "its form has more than encoded names and values: the editors do not agree how they send the rest".to_owned(),
    );
    let joined: String = lines.iter().map(|line| line.trim()).collect();
    let pairs = joined.split('&').map(|pair| match pair.split_once('=') {
        Some((name, value)) => Cow::Owned(format!("{}={}", name.trim(), value.trim())),
        None => Cow::Borrowed(pair.trim()),
    });
    pairs.collect::<Vec<_>>().join("&")
}

/// Whether there is nothing in a form that anybody would encode.
fn is_encoded(line: &str) -> bool {
    let is_escape = |rest: &[u8]| rest.len() >= 2 && rest[..2].iter().all(u8::is_ascii_hexdigit);
    let bytes = line.as_bytes();
    bytes.iter().enumerate().all(|(at, byte)| match byte {
        b'%' => is_escape(&bytes[at + 1..]),
        byte => byte.is_ascii_alphanumeric() || b"-._~*+&=".contains(byte),
    })
}
