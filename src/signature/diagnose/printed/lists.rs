//! Bytes printed one by one between brackets: Node's Buffer, Go's and Java's slices, Elixir's binaries.

use std::borrow::Cow;

use super::{Cut, Sighted, Sighting, ellipsis};
use crate::text::hexadecimal;

/// Fewer values are no digest but an index, a size or a version.
const LEAST_VALUES: usize = 8;
/// The most bytes of text that one list takes: a digest of 64 bytes as `"63": (byte) 0xff, ` with room to spare.
const MOST_TEXT: usize = 4096;

/// Every list of byte values in `text`.
pub(super) fn find(text: &[u8]) -> Vec<Sighted> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(skipped) = text[at..].iter().position(|byte| b"[{(<".contains(byte)) {
        let open = at + skipped;
        at = open + 1;
        if let Some((end, sighting)) = list(text, open) {
            found.push((open..end, sighting));
            at = end;
        }
    }
    found
}

/// The list that opens at `open`, and the offset after it.
fn list(text: &[u8], open: usize) -> Option<(usize, Sighting)> {
    let before = text[..open].trim_ascii_end();
    let (start, close): (usize, &[u8]) = match text[open] {
        b'[' => (open + 1, b"]"),
        b'{' => (open + 1, b"}"),
        b'(' => (open + 1, b")"),
        _ if text[open..].starts_with(b"<<") => (open + 2, b">>"),
        _ if text[open..].starts_with(b"<Buffer ") => (open + b"<Buffer ".len(), b">"),
        _ if before.ends_with(b"[Uint8Contents]:") => (open + 1, b">"),
        _ => return None,
    };
    let inside = &text[start..text.len().min(start + MOST_TEXT)];
    // A cast such as `(byte) 0x1f` has parentheses of its own.
    let is_part = |byte: &u8| {
        byte.is_ascii_alphanumeric() || byte.is_ascii_whitespace() || b",-\"':.()\xe2\x80\xa6".contains(byte)
    };
    let length = memchr::memmem::find(inside, close)?;
    let inside = &inside[..length];
    // Within parentheses there are no others: a thousand that open are looked at once each.
    if !inside.iter().all(is_part) || (text[open] == b'(' && inside.contains(&b'(')) {
        return None;
    }
    let (values, cut) = values(inside)?;
    let how = writer(text[open], before, inside, &values);
    let bytes = if before.ends_with(b"words:") || before.ends_with(b"\"words\":") {
        words(&values.numbers)?
    } else {
        (values.numbers.len() >= LEAST_VALUES).then(|| values.bytes())??
    };
    Some((start + length + close.len(), Sighting::Bytes { bytes, how, cut }))
}

struct Values {
    numbers: Vec<i64>,
    /// Written with their index: `"0": 11`.
    keyed: bool,
    /// Written in hexadecimal.
    hex: bool,
}

impl Values {
    /// Either all from 0 to 255, or all from -128 to 127.
    fn bytes(&self) -> Option<Vec<u8>> {
        let signed = self.is_signed();
        let byte = |&number: &i64| match signed {
            true => i8::try_from(number).ok().map(i8::cast_unsigned),
            false => u8::try_from(number).ok(),
        };
        self.numbers.iter().map(byte).collect()
    }

    fn is_signed(&self) -> bool {
        self.numbers.iter().any(|number| *number < 0)
    }
}

/// CryptoJS keeps four bytes in each number.
fn words(numbers: &[i64]) -> Option<Vec<u8>> {
    let word = |&number: &i64| {
        i32::try_from(number).map(i32::cast_unsigned).or_else(|_| u32::try_from(number)).ok().map(u32::to_be_bytes)
    };
    let words: Option<Vec<[u8; 4]>> = numbers.iter().map(word).collect();
    words.map(|words| words.concat()).filter(|bytes| !bytes.is_empty())
}

/// The values within the brackets, and whether the list is cut.
fn values(inside: &[u8]) -> Option<(Values, Option<Cut>)> {
    let text = std::str::from_utf8(inside).ok()?;
    // `(byte) 0x1f` and `(byte)0x1f` are one value.
    let text = text.replace("(byte)", "");
    let mut parts = text.split(|character: char| character == ',' || character.is_ascii_whitespace());
    let mut parts = parts.by_ref().filter(|part| !part.is_empty()).peekable();
    let (mut written, mut keyed, mut cut) = (Vec::new(), false, None);
    while let Some(part) = parts.next() {
        if ellipsis(part.as_bytes()) == Some(part.len()) {
            cut = Some(more(parts)?);
            break;
        }
        let (key, value) = part.rsplit_once(':').map_or((None, part), |(key, value)| (Some(key), value));
        if let Some(key) = key {
            // `{"0": 11, "1": 31}` is a list; any other key is of another object.
            keyed = true;
            if unquoted(key).parse() != Ok(written.len()) {
                return None;
            }
        }
        // `"0": 11`: the value is the next part.
        match value.is_empty() {
            true => written.push(unquoted(parts.next()?)),
            false => written.push(unquoted(value)),
        }
    }
    let has_prefix = |value: &&str| value.starts_with("0x") || value.starts_with("0X");
    let is_bare_hex = |value: &&str| {
        let is_padded = value.len() == 2 && value.starts_with('0');
        value.len() <= 2 && (is_padded || value.bytes().any(|byte| byte.is_ascii_alphabetic()))
    };
    // One letter makes all of them hexadecimal: Rust's `{:x?}`, Node's Buffer.
    let bare = !written.iter().any(has_prefix) && written.iter().any(is_bare_hex);
    let number = |value: &&str| {
        let digits = value.strip_prefix("0x").or_else(|| value.strip_prefix("0X"));
        match digits.or(bare.then_some(*value)) {
            Some(digits) if digits.len() <= 2 => hexadecimal(digits).and_then(|value| i64::try_from(value).ok()),
            Some(_) => None,
            None => value.parse().ok(),
        }
    };
    let numbers: Vec<i64> = written.iter().map(number).collect::<Option<_>>()?;
    let hex = bare || written.iter().any(has_prefix);
    Some((Values { numbers, keyed, hex }, cut))
}

/// What follows the dots of a cut list: `12 more bytes`, or nothing.
fn more<'t>(mut parts: impl Iterator<Item = &'t str>) -> Option<Cut> {
    let Some(count) = parts.next() else { return Some(Cut { more: None }) };
    let is_count = parts.next() == Some("more")
        && parts.next().is_some_and(|unit| matches!(unit.trim_end_matches('s'), "byte" | "item"));
    let more = count.parse().ok()?;
    (is_count && parts.next().is_none()).then_some(Cut { more: Some(more) })
}

fn unquoted(text: &str) -> &str {
    text.trim_matches(['"', '\''])
}

/// Who writes so, in words.
fn writer(open: u8, before: &[u8], inside: &[u8], values: &Values) -> Cow<'static, str> {
    let ends = |endings: &[&str]| endings.iter().any(|ending| before.ends_with(ending.as_bytes()));
    let is_spaced = !inside.contains(&b',');
    let how = if ends(&["words:", "\"words\":"]) {
        "a CryptoJS WordArray"
    } else if ends(&["[Uint8Contents]:"]) {
        "Node's ArrayBuffer"
    } else if open == b'<' && is_spaced {
        "Node's Buffer"
    } else if open == b'<' {
        "an Elixir or Erlang binary"
    } else if ends(&["\"data\":", "data:"]) {
        "Node's Buffer as JSON"
    } else if before.ends_with(b")")
        && memchr::memmem::find(&before[before.len().saturating_sub(24)..], b"nt8Array(").is_some()
    {
        "a JavaScript typed array"
    } else if values.keyed {
        "a JavaScript Uint8Array as JSON"
    } else if ends(&["]byte", "]uint8"]) {
        "a Go []byte"
    } else if values.is_signed() {
        "signed byte values, as Java prints them"
    } else if values.hex {
        "a list of hexadecimal byte values"
    } else if is_spaced {
        "byte values, as Go prints a []byte"
    } else {
        "a list of byte values"
    };
    Cow::Borrowed(how)
}
