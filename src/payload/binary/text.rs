//! A string's content, tried against each form that is written as text.

use super::super::image;
use super::super::json::scan::skip_space;
use super::super::json::{StringPart, parts, unescape};
use super::{Binary, BinaryForm, ValueContext, encodings, numbers, objects, prints};

/// What replaces a byte that is not UTF-8.
const REPLACEMENT: &[u8] = "\u{fffd}".as_bytes();

/// Decodes the raw content of a string, escapes and all.
pub(super) fn decode(raw: &[u8], context: ValueContext, limit: usize) -> Option<Binary> {
    if context == ValueContext::Elsewhere && !may_be_picture(raw) {
        return None;
    }
    let text = unescape(raw);
    named(&text, context, limit).or_else(|| unnamed(&text, context, limit))
}

/// Whether any form of a picture begins with the first character of `raw`: the cheapest question, asked of
/// every longer string of a body. That of a picture's base64 is one of `/_iRUQSTA`, of its hexadecimal a
/// digit or `f`, of Latin-1 its magic number's; of PostgreSQL's hexadecimal a backslash.
fn may_be_picture(raw: &[u8]) -> bool {
    /// A pair of surrogate escapes has twelve bytes.
    const HEAD: usize = 12;
    let first = match parts(&raw[..raw.len().min(HEAD)]).next() {
        Some((_, StringPart::Escaped(first))) => first,
        // U+0089 and U+00FF in UTF-8.
        Some((_, StringPart::Raw([0xc2, 0x89, ..]))) => '\u{89}',
        Some((_, StringPart::Raw([0xc3, 0xbf, ..]))) => '\u{ff}',
        Some((_, StringPart::Raw([first @ ..=0x7f, ..]))) => char::from(*first),
        _ => return false,
    };
    let encoded = matches!(first, '/' | '_' | 'i' | 'Q'..='U' | 'A' | '0'..='9' | 'f' | 'F' | '\\');
    let plain = matches!(first, 'B' | 'G' | 'I' | 'M' | '\0' | '\u{89}' | '\u{ff}');
    encoded || plain || matches!(first, '<' | '[' | '{' | 'd' | 'b')
}

/// Forms that say what they are.
fn named(text: &[u8], context: ValueContext, limit: usize) -> Option<Binary> {
    match text.first()? {
        b'[' if text.starts_with(b"[simulation-placeholder") => Some(Binary::nothing(BinaryForm::Placeholder)),
        b'<' | b'[' | b'S' if prints::is_lost(text) => Some(Binary::nothing(BinaryForm::Lost)),
        b'<' => prints::node_buffer(text),
        b'A' | b'S' => prints::node_array_buffer(text),
        b'U' => prints::node_typed_array(text),
        b'd' => encodings::data_url(text, limit),
        b'b' => prints::python(text, limit),
        b'{' => nested(text, context, limit),
        0xef if text.starts_with(REPLACEMENT) => {
            (context == ValueContext::KnownField).then(|| Binary::nothing(BinaryForm::DestroyedUtf8))
        }
        _ => None,
    }
}

/// A Buffer's JSON within the string, and no deeper: what is inside it is never a string of JSON
/// again.
fn nested(text: &[u8], context: ValueContext, limit: usize) -> Option<Binary> {
    let decoded = objects::decode(text, 0, context, limit)?;
    let whole = skip_space(text, decoded.end) == text.len();
    let Binary { form: inner, .. } = decoded.binary;
    (whole && inner != BinaryForm::Lost).then_some(Binary {
        form: BinaryForm::NestedJson,
        inner: Some(inner),
        ..decoded.binary
    })
}

/// Forms that are distinguished by their content alone: a magic number decides, then length.
fn unnamed(text: &[u8], context: ValueContext, limit: usize) -> Option<Binary> {
    let is_picture = |binary: &Binary| image::strict_format(&binary.bytes).is_some();
    if let Some(list) = number_list(text) {
        let evident = is_picture(&list) || (context == ValueContext::KnownField && list.bytes.len() >= 4);
        return evident.then_some(list);
    }
    let hex = looks_hex(text).then(|| encodings::hex(text, limit)).flatten();
    if hex.as_ref().is_some_and(is_picture) {
        return hex;
    }
    // Its first bytes say whether it is worth decoding as a whole.
    let head = encodings::base64(&text[..text.len().min(128) / 4 * 4], 64);
    let base64 = || encodings::base64(text, limit).map(encodings::Base64::into_binary);
    if head.is_some_and(|head| image::strict_format(&head.bytes).is_some())
        && let Some(binary) = base64()
    {
        return Some(binary);
    }
    if let Some(binary) = latin1(text, limit) {
        return Some(binary);
    }
    if context == ValueContext::Elsewhere {
        return None;
    }
    if let Some(hex) = hex.filter(|_| encodings::hex_is_evident(text)) {
        return Some(hex);
    }
    if encodings::base64_is_evident(text) {
        return base64();
    }
    destroyed_later(text).then(|| Binary::nothing(BinaryForm::DestroyedUtf8))
}

/// `255,216,…`, in brackets or not.
fn number_list(text: &[u8]) -> Option<Binary> {
    let inside = match text.strip_prefix(b"[") {
        Some(inside) => inside.strip_suffix(b"]")?,
        None => text,
    };
    if !inside.first()?.is_ascii_digit() || !inside.contains(&b',') {
        return None;
    }
    let (bytes, end) = numbers::list(inside, 0);
    let present = bytes.len() as u64;
    (end == inside.len() && present > 1).then(|| Binary::whole(BinaryForm::NumberListText, bytes, present))
}

fn looks_hex(text: &[u8]) -> bool {
    let prefixed = text.starts_with(b"0x") || text.starts_with(b"\\x");
    prefixed || text.iter().take(16).all(u8::is_ascii_hexdigit)
}

/// Text is Latin-1 of a picture only with a magic number, and with a byte near its beginning that
/// no prose has: `GIF89a is a format` is none.
fn latin1(text: &[u8], limit: usize) -> Option<Binary> {
    let head = &text[..text.len().min(96)];
    let unprintable = |byte: &u8| !matches!(byte, b'\t' | b'\n' | b'\r' | 0x20..=0x7e);
    if !head.iter().take(48).any(unprintable) {
        return None;
    }
    // A cut character at the end of the head does not end the search.
    let head = if head.last().is_some_and(|byte| *byte >= 0xc0) { &head[..head.len() - 1] } else { head };
    image::strict_format(&encodings::latin1(head, 64)?.bytes)?;
    encodings::latin1(text, limit)
}

/// Pictures whose magic number is ASCII keep it when they are decoded as UTF-8.
fn destroyed_later(text: &[u8]) -> bool {
    let ascii_magic = text.starts_with(b"GIF8") || text.starts_with(b"RIFF") || text.starts_with(b"BM");
    ascii_magic && memchr::memmem::find(text, REPLACEMENT).is_some()
}
