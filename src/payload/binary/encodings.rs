//! Texts that encode bytes: base64, hexadecimal, data URLs, Latin-1.

use memchr::{memchr_iter, memchr2_iter};

use super::super::json::unescape;
use super::{Binary, BinaryForm};
use crate::http::percent::{self, PlusSign};
use crate::text::count_bytes;

/// How many characters base64 without a magic number must have: shorter ones are words too often.
const BASE64_EVIDENCE: usize = 64;
/// How many hexadecimal digits without a magic number there must be.
const HEX_EVIDENCE: usize = 32;

/// Decoded base64.
pub(super) struct Base64 {
    pub(super) bytes: Vec<u8>,
    pub(super) present: u64,
    pub(super) form: BinaryForm,
}

impl Base64 {
    pub(super) fn into_binary(self) -> Binary {
        Binary::whole(self.form, self.bytes, self.present)
    }
}

const WHITE: u8 = 64;
const PADDING: u8 = 65;
const OTHER: u8 = 66;

/// The value of each character in either alphabet (RFC 4648, sections 4 and 5).
const VALUES: [u8; 256] = {
    let mut values = [OTHER; 256];
    let mut value = 0;
    while value < 26 {
        values[b'A' as usize + value as usize] = value;
        values[b'a' as usize + value as usize] = value + 26;
        if value < 10 {
            values[b'0' as usize + value as usize] = value + 52;
        }
        value += 1;
    }
    values[b'+' as usize] = 62;
    values[b'-' as usize] = 62;
    values[b'/' as usize] = 63;
    values[b'_' as usize] = 63;
    values[b'=' as usize] = PADDING;
    values[b' ' as usize] = WHITE;
    values[b'\n' as usize] = WHITE;
    values[b'\r' as usize] = WHITE;
    values[b'\t' as usize] = WHITE;
    values
};

/// Decodes base64 or base64url, wrapped or not, padded or not, up to about `limit` bytes.
pub(super) fn base64(text: &[u8], limit: usize) -> Option<Base64> {
    let mut bytes = Vec::with_capacity((text.len() / 4 * 3).min(limit).saturating_add(3));
    let (mut group, mut symbols, mut padding) = (0_u32, 0_usize, 0_usize);
    let mut rest: &[u8] = &[];
    for (index, &character) in text.iter().enumerate() {
        match VALUES[usize::from(character)] {
            value @ 0..=63 if padding == 0 => {
                group = group << 6 | u32::from(value);
                symbols += 1;
                if symbols.is_multiple_of(4) {
                    let [_, one, two, three] = group.to_be_bytes();
                    bytes.extend_from_slice(&[one, two, three]);
                    group = 0;
                    if bytes.len() >= limit {
                        rest = &text[index + 1..];
                        break;
                    }
                }
            }
            WHITE => {}
            PADDING => padding += 1,
            _ => return None,
        }
    }
    if !rest.is_empty() {
        (symbols, padding) = count(rest, symbols)?;
    } else {
        finish_group(&mut bytes, group, symbols % 4);
    }
    let seen = &text[..text.len() - rest.len()];
    let url = memchr2_iter(b'-', b'_', seen).next().is_some();
    let mixed = url && memchr2_iter(b'+', b'/', seen).next().is_some();
    let padded_well = padding == 0 || (padding <= 2 && (symbols + padding).is_multiple_of(4));
    if symbols == 0 || symbols % 4 == 1 || mixed || !padded_well {
        return None;
    }
    let present = symbols as u64 / 4 * 3 + [0, 0, 1, 2][symbols % 4];
    Some(Base64 { bytes, present, form: if url { BinaryForm::Base64Url } else { BinaryForm::Base64 } })
}

/// Symbols and padding of the whole text when `rest` was not decoded; `None` when it is no base64.
fn count(rest: &[u8], symbols: usize) -> Option<(usize, usize)> {
    let is_white = |byte: &u8| matches!(byte, b' ' | b'\n' | b'\r' | b'\t');
    let tail = rest.iter().rev().take_while(|byte| is_white(byte) || **byte == b'=').count();
    let (data, tail) = rest.split_at(rest.len() - tail);
    // Without short cuts: see `count_bytes`.
    let is_symbol = |byte: u8| {
        ((byte | 0x20).wrapping_sub(b'a') < 26)
            | (byte.wrapping_sub(b'0') < 10)
            | (byte == b'+')
            | (byte == b'-')
            | (byte == b'/')
            | (byte == b'_')
    };
    let found = count_bytes(data, is_symbol);
    // Base64 is seldom wrapped.
    let white = if found == data.len() { 0 } else { count_bytes(data, |byte| is_white(&byte)) };
    let padding = count_bytes(tail, |byte| byte == b'=');
    (found + white == data.len()).then_some((symbols + found, padding))
}

fn finish_group(bytes: &mut Vec<u8>, group: u32, symbols: usize) {
    let [_, one, two, _] = (group << (6 * (4 - symbols) % 24)).to_be_bytes();
    match symbols {
        2 => bytes.push(one),
        3 => bytes.extend_from_slice(&[one, two]),
        _ => {}
    }
}

/// Whether text that decodes to no picture looks encoded all the same, and not like a word.
pub(super) fn base64_is_evident(text: &[u8]) -> bool {
    let has = |is: fn(&u8) -> bool| text.iter().any(is);
    text.len() >= BASE64_EVIDENCE
        && has(u8::is_ascii_uppercase)
        && has(u8::is_ascii_lowercase)
        && has(u8::is_ascii_digit)
        && !text.contains(&b' ')
}

/// The `data` of a Buffer's JSON when it is a string: the rest of a raw token after its opening
/// quotation mark. Base64, with or without `base64:` before it.
pub(super) fn buffer_string(raw: &[u8], limit: usize) -> Option<Binary> {
    let text = unescape(raw.strip_suffix(b"\"").unwrap_or(raw));
    let text = text.strip_prefix(b"base64:").unwrap_or(&text);
    if text.is_empty() {
        return Some(Binary::whole(BinaryForm::Base64, Vec::new(), 0));
    }
    let decoded = base64(text, limit)?;
    Some(Binary { inner: Some(decoded.form), ..decoded.into_binary() })
}

/// Decodes an even number of hexadecimal digits; `0x` or PostgreSQL's `\x` may precede them.
pub(super) fn hex(text: &[u8], limit: usize) -> Option<Binary> {
    let digits = text.strip_prefix(b"0x").or_else(|| text.strip_prefix(b"\\x")).unwrap_or(text);
    if digits.is_empty() || !digits.len().is_multiple_of(2) {
        return None;
    }
    let (head, rest) = digits.split_at(digits.len().min(limit.saturating_mul(2)));
    let bytes = hex::decode(head).ok()?;
    let is_digit = |byte: u8| (byte.wrapping_sub(b'0') < 10) | ((byte | 0x20).wrapping_sub(b'a') < 6);
    if count_bytes(rest, is_digit) < rest.len() {
        return None;
    }
    Some(Binary::whole(BinaryForm::Hex, bytes, digits.len() as u64 / 2))
}

/// Whether hexadecimal digits that are not a picture are long enough to be bytes all the same.
pub(super) fn hex_is_evident(text: &[u8]) -> bool {
    text.len() >= HEX_EVIDENCE
}

/// `data:[type][;base64],…`; the type is not trusted.
pub(super) fn data_url(text: &[u8], limit: usize) -> Option<Binary> {
    let comma = memchr::memchr(b',', &text[..text.len().min(256)])?;
    let header = text[..comma].strip_prefix(b"data:")?;
    let data = &text[comma + 1..];
    if header.to_ascii_lowercase().ends_with(b";base64") {
        let decoded = if memchr::memchr(b'%', data).is_some() {
            base64(&percent::decode(data, PlusSign::Literal), limit)?
        } else {
            base64(data, limit)?
        };
        return Some(Binary { inner: Some(decoded.form), form: BinaryForm::DataUrl, ..decoded.into_binary() });
    }
    let mut bytes = percent::decode(data, PlusSign::Literal);
    let present = bytes.len() as u64;
    bytes.truncate(limit);
    Some(Binary::whole(BinaryForm::DataUrl, bytes, present))
}

/// Text whose every character is at most U+00FF, one byte each.
pub(super) fn latin1(text: &[u8], limit: usize) -> Option<Binary> {
    let mut bytes = Vec::new();
    let mut at = 0;
    while at < text.len() && bytes.len() < limit {
        let (byte, length) = match (text[at], text.get(at + 1)) {
            (byte @ ..=0x7f, _) => (byte, 1),
            // U+0080 to U+00FF have the lead bytes C2 and C3 in UTF-8.
            (lead @ (0xc2 | 0xc3), Some(&tail @ 0x80..=0xbf)) => ((lead & 3) << 6 | tail & 0x3f, 2),
            _ => return None,
        };
        bytes.push(byte);
        at += length;
    }
    // Lead bytes of characters beyond U+00FF.
    if count_bytes(&text[at..], |byte| byte > 0xc3) > 0 {
        return None;
    }
    let pairs = memchr_iter(0xc2, &text[at..]).count() + memchr_iter(0xc3, &text[at..]).count();
    let present = (bytes.len() + text.len() - at - pairs) as u64;
    Some(Binary::whole(BinaryForm::Latin1, bytes, present))
}
