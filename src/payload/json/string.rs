//! What a string token means, and what in it means nothing.

use std::borrow::Cow;

use super::lexeme::are_hexadecimal;

/// A surrogate escape without its other half, as a cut emoji leaves it: `"Chat \ud83d"`. Valid in
/// JSON and in JavaScript, impossible in UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LoneSurrogate {
    /// Where its escape begins, in bytes from the start of the token.
    pub offset: usize,
    /// The UTF-16 code unit.
    pub unit: u16,
}

/// The meaning of a string token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text<'a> {
    /// The text with its escapes undone. Lone surrogates and bytes outside UTF-8 are U+FFFD here, so
    /// that this is for display and comparison, never for sending on.
    pub text: Cow<'a, str>,
    /// Every lone surrogate, in order.
    pub lone_surrogates: Vec<LoneSurrogate>,
    /// Whether some of the token's bytes are not UTF-8.
    pub bad_utf8: bool,
}

impl Text<'_> {
    /// Whether [`Text::text`] is exactly what the token means.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.lone_surrogates.is_empty() && !self.bad_utf8
    }
}

/// Undoes the escapes of a string token, quotation marks included.
///
/// ```
/// let text = whyhook::payload::json::decode_string(br#""caf\u00e9 \ud83d""#);
/// assert_eq!(text.text, "café \u{fffd}");
/// assert_eq!(text.lone_surrogates[0].unit, 0xd83d);
/// ```
#[must_use]
pub fn decode_string(token: &[u8]) -> Text<'_> {
    let inner = inner(token);
    if memchr::memchr(b'\\', inner).is_none() {
        let text = String::from_utf8_lossy(inner);
        let bad_utf8 = matches!(text, Cow::Owned(_));
        return Text { text, lone_surrogates: Vec::new(), bad_utf8 };
    }
    let mut bytes = Vec::with_capacity(inner.len());
    let mut lone_surrogates = Vec::new();
    for (offset, part) in parts(inner) {
        match part {
            StringPart::Raw(raw) => bytes.extend_from_slice(raw),
            StringPart::Escaped(character) => bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
            StringPart::Lone(unit) => {
                lone_surrogates.push(LoneSurrogate { offset: offset + 1, unit });
                bytes.extend_from_slice("\u{fffd}".as_bytes());
            }
        }
    }
    let (text, bad_utf8) = match String::from_utf8(bytes) {
        Ok(text) => (text, false),
        Err(error) => (String::from_utf8_lossy(error.as_bytes()).into_owned(), true),
    };
    Text { text: Cow::Owned(text), lone_surrogates, bad_utf8 }
}

/// A string token without its quotation marks.
pub(crate) fn inner(token: &[u8]) -> &[u8] {
    let token = token.strip_prefix(b"\"").unwrap_or(token);
    token.strip_suffix(b"\"").unwrap_or(token)
}

/// Undoes escapes, for content between quotation marks; a lone surrogate becomes the three bytes
/// that no UTF-8 has (WTF-8), which nothing else can be confused with.
pub(crate) fn unescape(inner: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'\\', inner).is_none() {
        return Cow::Borrowed(inner);
    }
    let mut bytes = Vec::with_capacity(inner.len());
    for (_, part) in parts(inner) {
        match part {
            StringPart::Raw(raw) => bytes.extend_from_slice(raw),
            StringPart::Escaped(character) => bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
            StringPart::Lone(unit) => {
                let [high, low] = unit.to_be_bytes();
                bytes.extend_from_slice(&[0xed, 0x80 | (high & 0x0f) << 2 | low >> 6, 0x80 | low & 0x3f]);
            }
        }
    }
    Cow::Owned(bytes)
}

/// A stretch of a string's content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StringPart<'a> {
    /// Unescaped bytes, including invalid ones and malformed escapes.
    Raw(&'a [u8]),
    /// One escaped character; a surrogate pair is one.
    Escaped(char),
    /// Half of a surrogate pair.
    Lone(u16),
}

/// The parts of a string's content, each with its offset in it.
pub(crate) fn parts(inner: &[u8]) -> impl Iterator<Item = (usize, StringPart<'_>)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = inner.get(at..).filter(|rest| !rest.is_empty())?;
        let start = at;
        let (length, part) = if rest[0] == b'\\' {
            escape(rest).unwrap_or((1, StringPart::Raw(&rest[..1])))
        } else {
            let length = memchr::memchr(b'\\', rest).unwrap_or(rest.len());
            (length, StringPart::Raw(&rest[..length]))
        };
        at += length;
        Some((start, part))
    })
}

/// The bytes of the escape, or half of a surrogate pair, that `rest` begins with; 1 when it is malformed.
pub(super) fn escape_length(rest: &[u8]) -> usize {
    match rest {
        // No surrogate, of which two may be one character.
        [b'\\', b'u', digits @ ..] if !matches!(digits, [b'd' | b'D', ..]) => {
            if digits.get(..4).is_some_and(are_hexadecimal) { 6 } else { 1 }
        }
        _ => escape(rest).map_or(1, |(length, _)| length),
    }
}

fn escape(rest: &[u8]) -> Option<(usize, StringPart<'_>)> {
    let character = match rest.get(1)? {
        b'"' => '"',
        b'\\' => '\\',
        b'/' => '/',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return unicode_escape(rest),
        _ => return None,
    };
    Some((2, StringPart::Escaped(character)))
}

fn unicode_escape(rest: &[u8]) -> Option<(usize, StringPart<'_>)> {
    let unit = hex_unit(rest)?;
    if let Some(character) = char::from_u32(u32::from(unit)) {
        return Some((6, StringPart::Escaped(character)));
    }
    let pair = rest.get(6..).and_then(hex_unit).and_then(|low| char::decode_utf16([unit, low]).next()?.ok());
    Some(match pair {
        Some(character) => (12, StringPart::Escaped(character)),
        None => (6, StringPart::Lone(unit)),
    })
}

/// The code unit of the `\uNNNN` that `rest` begins with.
fn hex_unit(rest: &[u8]) -> Option<u16> {
    let digits = rest.strip_prefix(b"\\u")?.get(..4)?;
    digits.iter().try_fold(0_u16, |unit, &digit| {
        let value = char::from(digit).to_digit(16)?;
        Some(unit << 4 | u16::try_from(value).ok()?)
    })
}
