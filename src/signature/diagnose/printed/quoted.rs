//! Bytes printed as a string with escapes: Python's `b'\x0b…'`, Ruby's `"\x0B…"`.

use std::iter::Peekable;
use std::ops::RangeInclusive;
use std::str::Chars;

use super::{Sighted, Sighting};

/// The most bytes of text between the quotation marks: 64 bytes as `\u0000`, with room to spare.
const MOST_TEXT: usize = 1024;
/// Fewer bytes are never a digest.
const LEAST_BYTES: usize = 8;

/// Every string in `text` that can only be printed bytes.
pub(super) fn find(text: &[u8]) -> Vec<Sighted> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(skipped) = text[at..].iter().position(|byte| b"\"'".contains(byte)) {
        let open = at + skipped;
        at = open + 1;
        if let Some((length, bytes)) = string(&text[open + 1..], text[open]) {
            let before = &text[..open];
            let how = if before.ends_with(b"bytearray(b") {
                "a Python bytearray"
            } else if before.ends_with(b"b") {
                "Python bytes, b'…'"
            } else {
                "a string with escapes, as Ruby prints bytes"
            };
            at += length;
            found.push((open..at, Sighting::whole(bytes, how)));
        }
    }
    found
}

/// The bytes of a string up to `quote`, and the offset after it. `None` for a text: words with an escape in them are
/// more common in a log than bytes are.
fn string(text: &[u8], quote: u8) -> Option<(usize, Vec<u8>)> {
    let text = &text[..text.len().min(MOST_TEXT)];
    let mut escaped = false;
    let end = text.iter().position(|&byte| {
        let is_end = byte == quote && !escaped;
        escaped = byte == b'\\' && !escaped;
        is_end
    })?;
    // Without an escape, these are digits or base64 within quotation marks.
    memchr::memchr(b'\\', &text[..end])?;
    let bytes = unescaped(std::str::from_utf8(&text[..end]).ok()?)?;
    let odd = bytes.iter().filter(|byte| !matches!(byte, 0x20..=0x7e)).count();
    (bytes.len() >= LEAST_BYTES && odd >= bytes.len() / 8).then_some((end + 1, bytes))
}

fn unescaped(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    let mut buffer = [0; 4];
    while let Some(character) = rest.next() {
        if character != '\\' {
            bytes.extend_from_slice(character.encode_utf8(&mut buffer).as_bytes());
            continue;
        }
        match rest.next()? {
            'x' => bytes.push(u8::try_from(digits(&mut rest, 16, 2..=2, 0)?).ok()?),
            'u' => {
                let is_braced = rest.next_if_eq(&'{').is_some();
                let value = digits(&mut rest, 16, if is_braced { 1..=6 } else { 4..=4 }, 0)?;
                if is_braced && rest.next() != Some('}') {
                    return None;
                }
                bytes.extend_from_slice(char::from_u32(value)?.encode_utf8(&mut buffer).as_bytes());
            }
            'a' => bytes.push(0x07),
            'b' => bytes.push(0x08),
            't' => bytes.push(b'\t'),
            'n' => bytes.push(b'\n'),
            'v' => bytes.push(0x0b),
            'f' => bytes.push(0x0c),
            'r' => bytes.push(b'\r'),
            'e' => bytes.push(0x1b),
            // Ruby escapes the `#` of `#{`.
            plain @ ('\\' | '\'' | '"' | '#') => bytes.push(plain as u8),
            first @ '0'..='7' => {
                let first = first.to_digit(8)?;
                bytes.push(u8::try_from(digits(&mut rest, 8, 0..=2, first)?).ok()?);
            }
            _ => return None,
        }
    }
    Some(bytes)
}

/// A number of as many digits as `count` allows, after the digits that make `value`.
fn digits(rest: &mut Peekable<Chars<'_>>, radix: u32, count: RangeInclusive<usize>, mut value: u32) -> Option<u32> {
    let mut read = 0;
    while read < *count.end()
        && let Some(digit) = rest.peek().and_then(|character| character.to_digit(radix))
    {
        value = value * radix + digit;
        read += 1;
        rest.next();
    }
    count.contains(&read).then_some(value)
}
