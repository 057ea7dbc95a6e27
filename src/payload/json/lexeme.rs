//! The ends of strings, numbers and words, strictly as RFC 8259 has them.

/// Where reading had to stop, and what would have been right.
#[derive(Debug, Clone, Copy)]
pub(super) struct LexemeStop {
    pub(super) offset: usize,
    pub(super) expected: &'static str,
}

fn stop<T>(offset: usize, expected: &'static str) -> Result<T, LexemeStop> {
    Err(LexemeStop { offset, expected })
}

/// A string that was read to its closing quotation mark.
#[derive(Debug, Clone, Copy)]
pub(super) struct StringEnd {
    /// The offset after it.
    pub(super) end: usize,
    /// Whether it has an escape, so that it means something else than its bytes.
    pub(super) escaped: bool,
}

/// Reads the string that opens at `start`.
///
/// Bytes outside UTF-8 and lone surrogates pass: they are the sender's, and repaired for display
/// only.
#[inline]
pub(super) fn string_end(body: &[u8], start: usize) -> Result<StringEnd, LexemeStop> {
    let mut at = start + 1;
    let mut escaped = false;
    loop {
        at = next_special(body, at);
        match body.get(at) {
            Some(b'"') => return Ok(StringEnd { end: at + 1, escaped }),
            Some(b'\\') => {
                at = escape_end(body, at)?;
                escaped = true;
            }
            Some(_) => return stop(at, "an escaped control character"),
            None => return stop(at, "a closing quotation mark"),
        }
    }
}

/// Bytes that are looked at eight at a time before a string counts as a long one.
const SHORT: usize = 64;

/// The first quotation mark, backslash or control character at or after `at`, else the end.
#[inline]
fn next_special(body: &[u8], mut at: usize) -> usize {
    let long = at + SHORT;
    while let Some(&chunk) = body.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        let found = special_bytes(u64::from_le_bytes(chunk));
        if found != 0 {
            return at + (found.trailing_zeros() / 8) as usize;
        }
        at += 8;
        if at >= long {
            return next_special_far(body, at);
        }
    }
    body[at.min(body.len())..].iter().position(|&byte| is_special(byte)).map_or(body.len(), |found| at + found)
}

/// A word whose lowest bit set is the highest of the first special byte; what is set above it means
/// nothing. (To subtract borrows from a byte only where a lower one was found.)
#[inline]
const fn special_bytes(word: u64) -> u64 {
    const ONES: u64 = u64::MAX / 0xff;
    const HIGH: u64 = ONES << 7;
    let quotes = word ^ (ONES * b'"' as u64);
    let backslashes = word ^ (ONES * b'\\' as u64);
    let controls = word.wrapping_sub(ONES * 0x20) & !word;
    (zero_bytes(quotes) | zero_bytes(backslashes) | controls) & HIGH
}

/// A word whose lowest bit set is the highest of the first byte that is zero.
#[inline]
pub(super) const fn zero_bytes(word: u64) -> u64 {
    word.wrapping_sub(u64::MAX / 0xff) & !word
}

#[inline]
const fn is_special(byte: u8) -> bool {
    byte == b'"' || byte == b'\\' || byte < 0x20
}

/// The next special byte after a long stretch: thirty-two bytes are tested at a time without a branch, which compiles
/// to vector instructions.
fn next_special_far(body: &[u8], mut at: usize) -> usize {
    while let Some(chunk) = body.get(at..).and_then(<[u8]>::first_chunk::<32>) {
        let mut any = false;
        for &byte in chunk {
            any |= is_special(byte);
        }
        if any {
            break;
        }
        at += 32;
    }
    body[at.min(body.len())..].iter().position(|&byte| is_special(byte)).map_or(body.len(), |found| at + found)
}

/// Whether these are hexadecimal digits alone, without a branch.
#[inline]
pub(super) fn are_hexadecimal(digits: &[u8]) -> bool {
    const IS_DIGIT: [bool; 256] = {
        let mut is_digit = [false; 256];
        let mut byte = 0;
        while byte < 256 {
            is_digit[byte] = (byte as u8).is_ascii_hexdigit();
            byte += 1;
        }
        is_digit
    };
    digits.iter().fold(true, |all, &digit| all & IS_DIGIT[usize::from(digit)])
}

fn escape_end(body: &[u8], backslash: usize) -> Result<usize, LexemeStop> {
    match body.get(backslash + 1) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(backslash + 2),
        Some(b'u') => {
            let digits = backslash + 2..backslash + 6;
            if body.get(digits.clone()).is_some_and(are_hexadecimal) {
                return Ok(digits.end);
            }
            for offset in digits.clone() {
                if !body.get(offset).is_some_and(u8::is_ascii_hexdigit) {
                    return stop(offset.min(body.len()), "four hexadecimal digits after \\u");
                }
            }
            Ok(digits.end)
        }
        _ => stop((backslash + 1).min(body.len()), "one of \" \\ / b f n r t u after the backslash"),
    }
}

/// The offset after the number that begins at `start` with a digit or a minus sign.
pub(super) fn number_end(body: &[u8], start: usize) -> Result<usize, LexemeStop> {
    let mut at = start + usize::from(body.get(start) == Some(&b'-'));
    // A zero stands alone: in `01` the next token is the fault.
    at = if body.get(at) == Some(&b'0') { at + 1 } else { digits(body, at)? };
    if body.get(at) == Some(&b'.') {
        at = digits(body, at + 1)?;
    }
    if let Some(b'e' | b'E') = body.get(at) {
        at += 1;
        at += usize::from(matches!(body.get(at), Some(b'+' | b'-')));
        at = digits(body, at)?;
    }
    Ok(at)
}

fn digits(body: &[u8], start: usize) -> Result<usize, LexemeStop> {
    let mut end = start;
    while body.get(end).is_some_and(u8::is_ascii_digit) {
        end += 1;
    }
    if end == start { stop(start.min(body.len()), "a digit") } else { Ok(end) }
}

/// The offset after `word`, which must be at `start` whole.
pub(super) fn word_end(body: &[u8], start: usize, word: &'static str) -> Result<usize, LexemeStop> {
    for (index, &byte) in word.as_bytes().iter().enumerate() {
        if body.get(start + index) != Some(&byte) {
            return stop((start + index).min(body.len()), word);
        }
    }
    Ok(start + word.len())
}
