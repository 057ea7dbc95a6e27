//! Byte values written as decimal numbers: arrays, numeric keys, lists in text.

use super::super::image;
use super::super::json::scan::skip_space;
use super::{Binary, BinaryForm, ValueContext};

/// A bracketed run of byte values.
pub(super) struct Run {
    pub(super) bytes: Vec<u8>,
    pub(super) count: u64,
    /// The offset after the closing bracket.
    pub(super) end: usize,
}

impl Run {
    pub(super) fn into_binary(self, form: BinaryForm) -> Binary {
        Binary::whole(form, self.bytes, self.count)
    }
}

/// The array of byte values that opens at `open`. Outside the known field it must begin with a
/// picture's magic number, which is asked for before anything long is read.
pub(super) fn array(body: &[u8], open: usize, context: ValueContext, limit: usize) -> Option<Run> {
    gated(context, limit, |limit| {
        let mut at = skip_space(body, open + 1);
        let mut bytes = Vec::new();
        loop {
            at = skip_space(body, plain_run(body, at, &mut bytes, limit));
            let (value, end) = byte_value(body, at)?;
            bytes.push(value);
            at = skip_space(body, end);
            match body.get(at)? {
                b']' => return Some(Run { count: bytes.len() as u64, bytes, end: at + 1 }),
                b',' => at = skip_space(body, at + 1),
                _ => return None,
            }
            if bytes.len() >= limit {
                let close = span(body, at, |byte| byte.is_ascii_digit() | is_filler(byte));
                // One number here, one more after each comma.
                let more = 1 + memchr::memchr_iter(b',', &body[at..close]).count();
                let count = (bytes.len() + more) as u64;
                return (body.get(close)? == &b']').then_some(Run { bytes, count, end: close + 1 });
            }
        }
    })
}

/// Whether the array that opens at `open` begins with the first byte of any picture: the cheapest
/// question, asked of every array of a body.
pub(super) fn may_be_picture(body: &[u8], open: usize) -> bool {
    let first = byte_value(body, skip_space(body, open + 1));
    first.is_some_and(|(first, _)| matches!(first, 0 | 0x42 | 0x47 | 0x49 | 0x4d | 0x52 | 0x89 | 0xff))
}

/// The object with the keys 0 … n-1 in any order that opens at `open`.
pub(super) fn numeric_keys(body: &[u8], open: usize, context: ValueContext, limit: usize) -> Option<Run> {
    gated(context, limit, |limit| {
        let mut at = skip_space(body, open + 1);
        let mut keyed = Keyed::default();
        loop {
            let (index, end) = index_key(body, at)?;
            at = skip_space(body, end);
            if body.get(at)? != &b':' {
                return None;
            }
            let (value, end) = byte_value(body, skip_space(body, at + 1))?;
            keyed.put(index, value);
            at = skip_space(body, end);
            match body.get(at)? {
                b'}' => return keyed.finish(at + 1),
                b',' => at = skip_space(body, at + 1),
                _ => return None,
            }
            if keyed.bytes.len() >= limit && keyed.early.is_empty() {
                let close =
                    span(body, at, |byte| byte.is_ascii_digit() | is_filler(byte) | matches!(byte, b'"' | b':'));
                let more = memchr::memchr_iter(b':', &body[at..close]).count();
                let count = (keyed.bytes.len() + more) as u64;
                return (body.get(close)? == &b'}').then_some(Run { bytes: keyed.bytes, count, end: close + 1 });
            }
        }
    })
}

/// Byte values separated by commas, white space or both, as `String(array)` and prints have them,
/// from `at` to the first byte that belongs to none.
pub(super) fn list(text: &[u8], mut at: usize) -> (Vec<u8>, usize) {
    let mut bytes = Vec::new();
    while let Some((value, end)) = byte_value(text, skip_space(text, at)) {
        bytes.push(value);
        at = end;
        let comma = skip_space(text, at);
        if text.get(comma) != Some(&b',') {
            break;
        }
        at = comma + 1;
    }
    (bytes, at)
}

/// Runs `read` once with a short limit first, when a magic number is needed.
fn gated(context: ValueContext, limit: usize, read: impl Fn(usize) -> Option<Run>) -> Option<Run> {
    const MAGIC: usize = 64;
    if context == ValueContext::Elsewhere {
        let first = read(MAGIC.min(limit))?;
        image::strict_format(&first.bytes)?;
    }
    read(limit)
}

/// Reads values without white space between them, each with a comma after it, until there are
/// nearly `limit`; what is at the returned offset needs a closer look.
fn plain_run(body: &[u8], mut at: usize, bytes: &mut Vec<u8>, limit: usize) -> usize {
    let digit = |byte: u8| u16::from(byte - b'0');
    while bytes.len() + 1 < limit
        && let Some(&four) = body.get(at..).and_then(<[u8]>::first_chunk::<4>)
    {
        let (value, length) = match four {
            [one @ b'0'..=b'9', b',', ..] => (digit(one), 2),
            [ten @ b'1'..=b'9', one @ b'0'..=b'9', b',', _] => (digit(ten) * 10 + digit(one), 3),
            [hundred @ b'1'..=b'2', ten @ b'0'..=b'9', one @ b'0'..=b'9', b','] => {
                (digit(hundred) * 100 + digit(ten) * 10 + digit(one), 4)
            }
            _ => break,
        };
        let Ok(value) = u8::try_from(value) else { break };
        bytes.push(value);
        at += length;
    }
    at
}

/// A JSON number from 0 to 255 in its plainest writing, and the offset after it.
fn byte_value(body: &[u8], at: usize) -> Option<(u8, usize)> {
    let digit = |offset: usize| body.get(at + offset).filter(|byte| byte.is_ascii_digit()).map(|byte| byte - b'0');
    let mut value = u16::from(digit(0)?);
    let mut length = 1;
    if value > 0 {
        while let Some(next) = digit(length).filter(|_| length < 4) {
            value = value * 10 + u16::from(next);
            length += 1;
        }
    }
    // `1.5`, `1e2` and `01` are something else.
    let ends = !matches!(body.get(at + length), Some(b'.' | b'e' | b'E' | b'0'..=b'9'));
    Some((u8::try_from(value).ok().filter(|_| ends)?, at + length))
}

/// A key of digits in quotation marks, and the offset after it.
fn index_key(body: &[u8], at: usize) -> Option<(u32, usize)> {
    /// No body holds ten thousand million bytes.
    const DIGITS: usize = 10;
    let digits = body.get(at..)?.strip_prefix(b"\"")?;
    let length = digits.iter().take(DIGITS + 1).take_while(|byte| byte.is_ascii_digit()).count();
    if length == 0 || length > DIGITS || digits.get(length)? != &b'"' || (length > 1 && digits[0] == b'0') {
        return None;
    }
    let index = digits[..length].iter().fold(0, |index, digit| index * 10 + u64::from(digit - b'0'));
    Some((u32::try_from(index).ok()?, at + length + 2))
}

#[inline]
const fn is_filler(byte: u8) -> bool {
    matches!(byte, b',' | b' ' | b'\n' | b'\r' | b'\t')
}

/// The offset of the first byte from `at` on that is not `allowed`.
fn span(body: &[u8], mut at: usize, allowed: impl Fn(u8) -> bool) -> usize {
    // Thirty-two at a time without a branch, for the vector instructions.
    while let Some(chunk) = body.get(at..).and_then(<[u8]>::first_chunk::<32>) {
        let mut all = true;
        for &byte in chunk {
            all &= allowed(byte);
        }
        if !all {
            break;
        }
        at += 32;
    }
    body[at.min(body.len())..].iter().position(|&byte| !allowed(byte)).map_or(body.len(), |found| at + found)
}

/// Values by their index. JavaScript writes the keys in order; Go sorts them as text (0, 1, 10, 2).
#[derive(Default)]
struct Keyed {
    bytes: Vec<u8>,
    /// Values whose turn has not come. A key that needs more than 32 bits is that of no body.
    early: Vec<(u32, u8)>,
}

impl Keyed {
    fn put(&mut self, index: u32, value: u8) {
        match index as usize {
            at if at > self.bytes.len() => self.early.push((index, value)),
            at if at < self.bytes.len() => self.bytes[at] = value,
            _ => self.bytes.push(value),
        }
    }

    fn finish(mut self, end: usize) -> Option<Run> {
        // Stable, so that of duplicates the last stands last and wins.
        self.early.sort_by_key(|(index, _)| *index);
        for (index, value) in std::mem::take(&mut self.early) {
            if index as usize > self.bytes.len() {
                return None;
            }
            self.put(index, value);
        }
        Some(Run { count: self.bytes.len() as u64, bytes: self.bytes, end })
    }
}
