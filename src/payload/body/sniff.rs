//! What bytes are, by their own evidence.

use super::{FormBody, xml};
use crate::payload::body::Declared;
use crate::payload::{image, json};

/// How many bytes are read to distinguish text from anything else.
const SAMPLE: usize = 8 * 1024;
/// Longest content that is checked for JSON within another body.
const NESTED_JSON: usize = 1 << 20;

/// The name of a format that the first bytes prove: a picture's, or an archive's and the like.
pub(super) fn magic(bytes: &[u8]) -> Option<&'static str> {
    if let Some(format) = image::strict_format(bytes) {
        return Some(format.words());
    }
    let kind = infer::get(&bytes[..bytes.len().min(SAMPLE)])?;
    // XML, HTML and scripts are text.
    (!kind.mime_type().starts_with("text/")).then(|| kind.mime_type())
}

/// Whether bytes are for a hex view: they contain a NUL, or much that is not UTF-8.
pub(super) fn is_binary(bytes: &[u8]) -> bool {
    let sample = &bytes[..bytes.len().min(SAMPLE)];
    let invalid: usize = sample.utf8_chunks().map(|chunk| chunk.invalid().len()).sum();
    memchr::memchr(0, sample).is_some() || invalid * 10 > sample.len()
}

/// Whether a body is one JSON value a line (NDJSON), and how many.
/// What stops being JSON within its first line, by `fault`, is none.
pub(super) fn json_lines(bytes: &[u8], fault: Option<&json::JsonFault>) -> Option<usize> {
    let start = bytes.len() - bytes.trim_ascii_start().len();
    if !matches!(bytes.get(start), Some(b'{' | b'[')) {
        return None;
    }
    let first_end = memchr::memchr(b'\n', &bytes[start..])? + start;
    if fault.is_some_and(|fault| fault.offset <= first_end) {
        return None;
    }
    let mut count = 0;
    for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()) {
        if json::tokens(line).any(|token| token.is_err()) {
            return None;
        }
        count += 1;
    }
    (count > 1).then_some(count)
}

/// A part's content in a word, and whether it is text.
pub(super) fn brief(bytes: &[u8], declared: &Declared) -> (&'static str, bool) {
    if bytes.is_empty() {
        return ("empty", true);
    }
    if let Some(magic) = magic(bytes) {
        return (magic, false);
    }
    if is_binary(bytes) {
        return ("binary", false);
    }
    let starts_as_json = matches!(bytes.trim_ascii_start().first(), Some(b'{' | b'['));
    let word = if bytes.len() <= NESTED_JSON && starts_as_json && json::tokens(bytes).all(|token| token.is_ok()) {
        "JSON"
    } else if xml::is_likely(bytes) {
        "XML"
    } else if declared.is("application/x-www-form-urlencoded") && FormBody::is_likely(bytes) {
        "a form"
    } else {
        "text"
    };
    (word, true)
}
