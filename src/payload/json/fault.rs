//! Where a body stops being JSON, and what was expected there.

use std::fmt;

use crate::text;

/// The first place at which a body is not JSON (RFC 8259).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonFault {
    /// Offset in bytes from the start of the body.
    pub offset: usize,
    /// Line, counted from 1; a line ends with LF.
    pub line: usize,
    /// Column in characters, counted from 1.
    pub column: usize,
    /// What would have been right there.
    pub expected: &'static str,
    /// What is there instead, already visible.
    pub found: String,
}

impl JsonFault {
    /// Finds line and column of `offset`: one pass over the bytes before it.
    pub(crate) fn at(body: &[u8], offset: usize, expected: &'static str) -> Self {
        let before = &body[..offset.min(body.len())];
        let line_start = memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1);
        Self {
            offset,
            line: memchr::memchr_iter(b'\n', before).count() + 1,
            column: characters(&before[line_start..]) + 1,
            expected,
            found: found(&body[before.len()..]),
        }
    }
}

impl fmt::Display for JsonFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "line {}, column {} (byte {}): expected {}, found {}",
            self.line, self.column, self.offset, self.expected, self.found
        )
    }
}

impl std::error::Error for JsonFault {}

/// How many characters bytes are; what is outside UTF-8 counts as it would be replaced.
fn characters(bytes: &[u8]) -> usize {
    bytes.utf8_chunks().map(|chunk| chunk.valid().chars().count() + usize::from(!chunk.invalid().is_empty())).sum()
}

/// The character that `rest` begins with; four bytes hold any.
fn found(rest: &[u8]) -> String {
    let head = &rest[..rest.len().min(4)];
    let Some(chunk) = head.utf8_chunks().next() else {
        return "the end".to_owned();
    };
    match chunk.valid().chars().next() {
        Some(first) => format!("“{}”", text::visible(first.encode_utf8(&mut [0; 4]))),
        None => text::visible_bytes(&head[..1]).into_owned(),
    }
}
