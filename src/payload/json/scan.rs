//! Skipping through JSON without checking it: what the hot path of every delivery can afford.
//!
//! Nothing here allocates or recurses, and anything may be fed to it. What it says of a body that is
//! JSON is exact; of one that is not, it says as much as can be read before the fault.

use std::ops::Range;

use memchr::memchr;

use super::lexeme::zero_bytes;
use super::{BOM, unescape};

/// Whether a byte is JSON's white space (RFC 8259, section 2).
#[inline]
pub(crate) const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\t' | b'\r')
}

/// The first offset at or after `at` that holds no JSON white space.
#[inline]
pub(crate) fn skip_space(body: &[u8], mut at: usize) -> usize {
    while body.get(at).is_some_and(|&byte| is_space(byte)) {
        at += 1;
    }
    at
}

/// The offset after the string that opens at `at`; `None` when it is not closed.
pub(crate) fn skip_string(body: &[u8], at: usize) -> Option<usize> {
    const ONES: u64 = u64::MAX / 0xff;
    let mut at = at + 1;
    // Most strings are short: a call into memchr costs more than a few words of eight bytes.
    for _ in 0..6 {
        let Some(&chunk) = body.get(at..)?.first_chunk::<8>() else { break };
        let word = u64::from_le_bytes(chunk);
        let found =
            (zero_bytes(word ^ (ONES * u64::from(b'"'))) | zero_bytes(word ^ (ONES * u64::from(b'\\')))) & (ONES << 7);
        if found == 0 {
            at += 8;
            continue;
        }
        at += (found.trailing_zeros() / 8) as usize;
        match body[at] {
            b'"' => return Some(at + 1),
            _ => at += 2,
        }
    }
    // From quotation mark to quotation mark, however many escapes are between: one after an odd number
    // of backslashes is escaped. What was stepped over is known to be no half of an escape.
    let start = at;
    loop {
        at += memchr(b'"', body.get(at..)?)?;
        let backslashes = body[start..at].iter().rev().take_while(|&&byte| byte == b'\\').count();
        at += 1;
        if backslashes.is_multiple_of(2) {
            return Some(at);
        }
    }
}

/// The offset after the value that begins at `at`.
pub(crate) fn skip_value(body: &[u8], at: usize) -> Option<usize> {
    match body.get(at)? {
        b'"' => skip_string(body, at),
        b'{' | b'[' => skip_container(body, at),
        _ => {
            let is_end = |byte: &u8| matches!(byte, b',' | b']' | b'}' | b':' | b'"' | b' ' | b'\n' | b'\t' | b'\r');
            let length = body[at..].iter().position(is_end).unwrap_or(body.len() - at);
            (length > 0).then_some(at + length)
        }
    }
}

fn skip_container(body: &[u8], mut at: usize) -> Option<usize> {
    let mut depth = 0_usize;
    loop {
        match body.get(at)? {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {
                at = skip_string(body, at)?;
                at = next_structural(body, at);
                continue;
            }
        }
        at = next_structural(body, at + 1);
    }
}

/// The first quotation mark or bracket at or after `at`, else the end.
fn next_structural(body: &[u8], mut at: usize) -> usize {
    /// `[` and `]` differ from `{` and `}` by one bit, which the quotation mark has set already.
    const fn is_structural(byte: u8) -> bool {
        let folded = byte | 0x20;
        (folded == b'{') | (folded == b'}') | (byte == b'"')
    }
    for _ in 0..8 {
        match body.get(at) {
            Some(&byte) if !is_structural(byte) => at += 1,
            _ => return at,
        }
    }
    // Thirty-two bytes at a time without a branch, which compiles to vector instructions: a
    // Buffer's numbers pass at several gigabytes a second.
    while let Some(chunk) = body.get(at..).and_then(<[u8]>::first_chunk::<32>) {
        let mut any = false;
        for &byte in chunk {
            any |= is_structural(byte);
        }
        if any {
            break;
        }
        at += 32;
    }
    body[at.min(body.len())..].iter().position(|&byte| is_structural(byte)).map_or(body.len(), |found| at + found)
}

/// A position in a body, moved forwards by those who know what they expect there.
#[derive(Debug, Clone)]
pub(crate) struct Walker<'a> {
    pub(crate) body: &'a [u8],
    pub(crate) at: usize,
}

impl<'a> Walker<'a> {
    /// At the body's first value, past a byte order mark.
    pub(crate) fn new(body: &'a [u8]) -> Self {
        let start = if body.starts_with(BOM) { BOM.len() } else { 0 };
        Self { body, at: skip_space(body, start) }
    }

    /// The byte here.
    pub(crate) fn peek(&self) -> Option<u8> {
        self.body.get(self.at).copied()
    }

    /// Skips the value here and returns its place.
    pub(crate) fn skip(&mut self) -> Option<Range<usize>> {
        let start = self.at;
        self.at = skip_value(self.body, start)?;
        Some(start..self.at)
    }

    /// Skips the value here and returns its bytes.
    pub(crate) fn take(&mut self) -> Option<&'a [u8]> {
        self.skip().map(|range| &self.body[range])
    }

    /// Visits the members of the object here. `each` gets the raw key and must move past the value.
    /// `None` when the object is not closed, or `each` gives up.
    pub(crate) fn members(&mut self, mut each: impl FnMut(&mut Self, &'a [u8]) -> Option<()>) -> Option<()> {
        self.open(b'{')?;
        if self.close(b'}') {
            return Some(());
        }
        loop {
            if self.peek()? != b'"' {
                return None;
            }
            let key = self.take()?;
            self.at = skip_space(self.body, self.at);
            self.open(b':')?;
            each(self, key)?;
            self.at = skip_space(self.body, self.at);
            if self.close(b'}') {
                return Some(());
            }
            self.open(b',')?;
        }
    }

    /// Visits the items of the array here, as [`Walker::members`] does.
    pub(crate) fn items(&mut self, mut each: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.open(b'[')?;
        if self.close(b']') {
            return Some(());
        }
        loop {
            each(self)?;
            self.at = skip_space(self.body, self.at);
            if self.close(b']') {
                return Some(());
            }
            self.open(b',')?;
        }
    }

    /// Moves past `byte` and the white space after it, when it is here.
    pub(crate) fn open(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at = skip_space(self.body, self.at + 1))
    }

    fn close(&mut self, byte: u8) -> bool {
        let here = self.peek() == Some(byte);
        self.at += usize::from(here);
        here
    }
}

/// Whether the raw string token `token` means `name`, escapes undone.
pub(crate) fn means(token: &[u8], name: &str) -> bool {
    let inner = token.get(1..token.len().saturating_sub(1)).unwrap_or_default();
    inner == name.as_bytes()
        // An escape makes a character longer, never shorter.
        || (inner.len() > name.len()
            && inner.len() <= name.len() * 6
            && memchr(b'\\', inner).is_some()
            && *unescape(inner) == *name.as_bytes())
}

/// One member of an object or item of an array, verbatim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The key's place, quotation marks included; `None` in an array.
    pub key: Option<Range<usize>>,
    /// The value's place, without the white space around it.
    pub value: Range<usize>,
}

/// The members of a body's outermost object, or the items of its outermost array, in their order and
/// with duplicates. Empty for any other value.
///
/// Values are skipped, not checked: ask [`super::tokens`] whether the body is JSON.
#[must_use]
pub fn entries(body: &[u8]) -> Entries<'_> {
    Entries::at(body, Walker::new(body).at)
}

/// An iterator over the entries of one object or array; see [`entries`].
#[derive(Debug, Clone)]
pub struct Entries<'a> {
    walker: Walker<'a>,
    close: u8,
    first: bool,
    complete: bool,
    finished: bool,
}

impl<'a> Entries<'a> {
    /// The entries of the object or array that opens at `offset`.
    #[must_use]
    pub fn at(body: &'a [u8], offset: usize) -> Self {
        let close = match body.get(offset) {
            Some(b'{') => b'}',
            Some(b'[') => b']',
            _ => 0,
        };
        let at = skip_space(body, offset.saturating_add(1));
        Self { walker: Walker { body, at }, close, first: true, complete: false, finished: close == 0 }
    }

    /// Whether the closing bracket has been reached: false before the end, and always false when the
    /// body breaks off or is not JSON.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    fn step(&mut self) -> Option<Entry> {
        let walker = &mut self.walker;
        walker.at = skip_space(walker.body, walker.at);
        if walker.peek()? == self.close {
            self.complete = true;
            return None;
        }
        if !std::mem::take(&mut self.first) {
            walker.open(b',')?;
        }
        let mut key = None;
        if self.close == b'}' {
            if walker.peek()? != b'"' {
                return None;
            }
            key = walker.skip();
            walker.at = skip_space(walker.body, walker.at);
            walker.open(b':')?;
        }
        Some(Entry { key, value: walker.skip()? })
    }
}

impl Iterator for Entries<'_> {
    type Item = Entry;

    fn next(&mut self) -> Option<Entry> {
        if self.finished {
            return None;
        }
        let entry = self.step();
        self.finished = entry.is_none();
        entry
    }
}
