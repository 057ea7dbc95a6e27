//! Bodies wrapped in something, or taken out of it: base64, forms, JSON within JSON.

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE, BASE64_URL_SAFE_NO_PAD};

use super::Tree;
use super::dotnet::DEFAULT_ENCODER;
use super::strings::{Lone, NonAscii, PLAIN, StringWriter, Strings, bytes_of};
use crate::http::form;
use crate::http::percent::PercentEncoding;
use crate::payload::json::unescape;

/// The most fields of a form that is looked into.
const MOST_FIELDS: usize = 16;

/// The body as standard base64.
#[must_use]
pub fn to_base64(body: &[u8]) -> Option<Vec<u8>> {
    Some(BASE64_STANDARD.encode(body).into_bytes())
}

/// The body as base64 for URLs, without padding.
#[must_use]
pub fn to_base64_url(body: &[u8]) -> Option<Vec<u8>> {
    Some(BASE64_URL_SAFE_NO_PAD.encode(body).into_bytes())
}

/// What a body of base64 decodes to; strict, line endings and one pair of quotation marks aside.
#[must_use]
pub fn from_base64(body: &[u8]) -> Option<Vec<u8>> {
    let trimmed = body.trim_ascii();
    let trimmed = trimmed.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(trimmed);
    if trimmed.len() < 8 || !trimmed.iter().all(|byte| byte.is_ascii_alphanumeric() || b"+/-_=\r\n".contains(byte)) {
        return None;
    }
    let joined: Vec<u8> = trimmed.iter().copied().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
    [BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE, BASE64_URL_SAFE_NO_PAD]
        .iter()
        .find_map(|engine| engine.decode(&joined).ok())
}

/// The body percent-encoded as a form does (`application/x-www-form-urlencoded`).
#[must_use]
pub fn form_encoded(body: &[u8]) -> Vec<u8> {
    PercentEncoding::WHATWG_FORM.encode(body)
}

/// The decoded fields of a form body, each with its name; empty for what is not a form.
#[must_use]
pub fn form_fields(body: &[u8]) -> Vec<(String, Vec<u8>)> {
    let plausible = body.len() < 64 << 20
        && memchr::memchr(b'=', body).is_some()
        && !matches!(body.trim_ascii().first(), None | Some(b'{' | b'[' | b'"'));
    if !plausible || body.iter().any(|byte| byte.is_ascii_control() || matches!(byte, b'{' | b'"')) {
        return Vec::new();
    }
    let fields = form::pairs(body).take(MOST_FIELDS).filter(|pair| pair.split().1.is_some());
    fields
        .map(|pair| {
            let (name, value) = pair.decoded();
            (String::from_utf8_lossy(&name).into_owned(), value)
        })
        .collect()
}

const ESCAPED: Strings = Strings { non_ascii: NonAscii::Lower, extra: b"\x7f", lone: Lone::Escape, ..PLAIN };
const PHP: Strings = Strings { non_ascii: NonAscii::Lower, solidus: true, ..PLAIN };

/// The body as a JSON string, as `JSON.stringify(text)` writes it.
#[must_use]
pub fn as_json_string(body: &[u8]) -> Option<Vec<u8>> {
    quoted(body, &PLAIN)
}

/// The body as a JSON string, as `json.dumps(text)` writes it.
#[must_use]
pub fn as_ascii_json_string(body: &[u8]) -> Option<Vec<u8>> {
    quoted(body, &ESCAPED)
}

/// The body as a JSON string, as `json_encode($text)` writes it.
#[must_use]
pub fn as_php_json_string(body: &[u8]) -> Option<Vec<u8>> {
    quoted(body, &PHP)
}

/// The body as a JSON string, as `JsonSerializer.Serialize(text)` of .NET writes it.
#[must_use]
pub fn as_dotnet_json_string(body: &[u8]) -> Option<Vec<u8>> {
    quoted(body, &DEFAULT_ENCODER)
}

/// The content of a body that is one JSON string: one encoding too many undone.
#[must_use]
pub fn json_string_content(body: &[u8]) -> Option<Vec<u8>> {
    let text = body.trim_ascii();
    let is_string = text.len() > 2 && text.starts_with(b"\"") && Tree::read(body).is_some();
    is_string.then(|| unescape(&text[1..text.len() - 1]).into_owned())
}

/// Text as a JSON string. Its backslashes are characters of their own, so that the writer's runs
/// between them are given to it piece by piece.
fn quoted(body: &[u8], strings: &'static Strings) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(body).ok()?;
    let writer = StringWriter::new(strings, true, &bytes_of([body]));
    let mut out = Vec::with_capacity(body.len() + body.len() / 4 + 2);
    out.push(b'"');
    for (index, piece) in text.as_bytes().split(|&byte| byte == b'\\').enumerate() {
        if index > 0 {
            out.extend_from_slice(b"\\\\");
        }
        writer.run(piece, &mut out);
    }
    out.push(b'"');
    Some(out)
}
