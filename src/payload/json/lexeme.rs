//! The ends of strings, numbers and words, strictly as RFC 8259 has them.

/// Where reading had to stop, and what would have been right.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stop {
    pub(super) offset: usize,
    pub(super) expected: &'static str,
}

fn stop<T>(offset: usize, expected: &'static str) -> Result<T, Stop> {
    Err(Stop { offset, expected })
}

/// The offset after the closing quotation mark of the string that opens at `start`.
///
/// Bytes outside UTF-8 and lone surrogates pass: they are the sender's, and repaired for display
/// only.
pub(super) fn string_end(body: &[u8], start: usize) -> Result<usize, Stop> {
    let mut at = start + 1;
    loop {
        at = next_special(body, at);
        match body.get(at) {
            Some(b'"') => return Ok(at + 1),
            Some(b'\\') => at = escape_end(body, at)?,
            Some(_) => return stop(at, "no control character within a string"),
            None => return stop(at, "a closing quotation mark"),
        }
    }
}

/// The first quotation mark, backslash or control character at or after `at`, else the end.
///
/// Sixteen bytes are tested at a time without a branch, which compiles to vector instructions.
fn next_special(body: &[u8], mut at: usize) -> usize {
    const fn is_special(byte: u8) -> bool {
        byte == b'"' || byte == b'\\' || byte < 0x20
    }
    while let Some(chunk) = body.get(at..).and_then(<[u8]>::first_chunk::<16>) {
        let mut any = false;
        for &byte in chunk {
            any |= is_special(byte);
        }
        if any {
            break;
        }
        at += 16;
    }
    body[at.min(body.len())..].iter().position(|&byte| is_special(byte)).map_or(body.len(), |found| at + found)
}

fn escape_end(body: &[u8], backslash: usize) -> Result<usize, Stop> {
    match body.get(backslash + 1) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(backslash + 2),
        Some(b'u') => {
            let digits = backslash + 2..backslash + 6;
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
pub(super) fn number_end(body: &[u8], start: usize) -> Result<usize, Stop> {
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

fn digits(body: &[u8], start: usize) -> Result<usize, Stop> {
    let count = body.get(start..).unwrap_or_default().iter().take_while(|byte| byte.is_ascii_digit()).count();
    if count == 0 { stop(start.min(body.len()), "a digit") } else { Ok(start + count) }
}

/// The offset after `word`, which must stand at `start` whole.
pub(super) fn word_end(body: &[u8], start: usize, word: &'static str) -> Result<usize, Stop> {
    for (index, &byte) in word.as_bytes().iter().enumerate() {
        if body.get(start + index) != Some(&byte) {
            return stop((start + index).min(body.len()), word);
        }
    }
    Ok(start + word.len())
}
