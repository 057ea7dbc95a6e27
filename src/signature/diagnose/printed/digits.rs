//! A digest as hexadecimal digits, with whatever stands between them, or as base64.

use std::borrow::Cow;
use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::{Cut, Sighted, Sighting, ellipsis};
use crate::http::form;
use crate::signature::Algorithm;
use crate::signature::diagnose::encoding::{InnerText, encoded_again, from_base64, unpadded};

/// Fewer digits are an id, a time or a word, of which nothing is said.
const LEAST_NOTICED: usize = 16;
/// Fewer digits before an ellipsis are a word: `dead...`, `be…`.
const LEAST_CUT: usize = 6;
/// The length of a digest that is not compared with.
const SHA224_BYTES: usize = 28;
/// The most digits of a part of a digest: half of a SHA-256.
const LONGEST_GROUP: usize = 32;
/// The groups of a UUID.
const UUID: [usize; 5] = [8, 4, 4, 4, 12];

/// Every run of hexadecimal digits in `text` that may be a digest.
pub(super) fn find_hex(text: &[u8]) -> Vec<Sighted> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let is_start = at == 0 || !text[at - 1].is_ascii_alphanumeric();
        match is_start.then(|| Run::read(text, at)).flatten() {
            Some(run) => {
                at = run.end;
                run.judge(text, &mut found);
            }
            None => at += 1,
        }
    }
    found
}

/// Groups of digits with the same separator between them.
struct Run {
    /// The places of each group's digits.
    groups: Vec<Range<usize>>,
    separator: Option<u8>,
    /// Each group has a prefix.
    prefixed: bool,
    end: usize,
}

impl Run {
    fn read(text: &[u8], start: usize) -> Option<Self> {
        let first = group(text, start)?;
        let (mut end, prefixed) = (first.end, first.start > start);
        let mut run = Self { groups: vec![first], separator: None, prefixed: false, end };
        while let Some((separator, next)) = separator(text, end)
            && run.separator.is_none_or(|known| known == separator)
            && let Some(group) = group(text, next)
            // `0x` before the first group only is a prefix of the whole.
            && (run.groups.len() == 1 || (group.start > next) == run.prefixed)
        {
            run.prefixed = prefixed && group.start > next;
            run.separator = Some(separator);
            end = group.end;
            run.groups.push(group);
        }
        run.end = end;
        Some(run)
    }

    fn judge(&self, text: &[u8], found: &mut Vec<Sighted>) {
        let lengths: Vec<usize> = self.groups.iter().map(Range::len).collect();
        if lengths == UUID && self.separator == Some(b'-') {
            return;
        }
        let cut = ellipsis(&text[self.end..]).or_else(|| {
            let (_, next) = separator(text, self.end).filter(|_| self.separator.is_some())?;
            ellipsis(&text[next..])
        });
        let place = self.groups.first().map_or(self.end, |group| group.start)..self.end + cut.unwrap_or_default();
        if let Some(bytes) = self.decimal(text) {
            found.push((place, Sighting::whole(bytes, "byte values, as JavaScript joins a Uint8Array")));
            return;
        }
        let is_bytes = lengths.iter().all(|length| *length <= 2);
        let digits: Vec<u8> = match is_bytes && lengths.len() > 1 {
            // Each group is a byte, which may have lost its zero.
            true => {
                self.groups.iter().flat_map(|group| [&b"0"[group.len() - 1..], &text[group.clone()]].concat()).collect()
            }
            false => self.groups.iter().flat_map(|group| text[group.clone()].iter().copied()).collect(),
        };
        let is_even = is_bytes || lengths.len() == 1 || lengths.iter().all(|length| length.is_multiple_of(2));
        let whole = digits.len().is_multiple_of(2) && Algorithm::of_length(digits.len() / 2).is_some();
        // Side by side, and not the parts of one: an id and a digest, two digests.
        let is_digest = |length: &usize| length.is_multiple_of(2) && Algorithm::of_length(length / 2).is_some();
        let is_row = lengths.iter().any(|length| *length != lengths[0]) || lengths[0] > LONGEST_GROUP;
        let several = is_row && lengths.iter().any(is_digest);
        if (several || !(is_even && (whole || cut.is_some() || is_bytes))) && lengths.len() > 1 {
            // `2026-0b1f…`: the digest is one of them.
            for group in &self.groups {
                let one = Self { groups: vec![group.clone()], separator: None, prefixed: false, end: group.end };
                one.judge(text, found);
            }
            return;
        }
        if let Some(sighting) = self.sighting(text, &digits, cut.is_some()) {
            found.push((place, sighting));
        }
    }

    /// `165,132,241`: numbers up to 255, of which some have three digits, as no byte in hexadecimal has.
    fn decimal(&self, text: &[u8]) -> Option<Vec<u8>> {
        let is_list =
            self.separator == Some(b',') && !self.prefixed && self.groups.iter().any(|group| group.len() == 3);
        let number = |group: &Range<usize>| std::str::from_utf8(&text[group.clone()]).ok()?.parse::<u8>().ok();
        self.groups.iter().map(number).collect::<Option<Vec<u8>>>().filter(|bytes| is_list && bytes.len() >= 8)
    }

    fn sighting(&self, text: &[u8], digits: &[u8], is_cut: bool) -> Option<Sighting> {
        let how = self.how(text, digits);
        if is_cut {
            // Half a byte may be left of the last one.
            let bytes = hex::decode(&digits[..digits.len() & !1]).ok()?;
            let cut = Some(Cut { more: None });
            return (digits.len() >= LEAST_CUT).then_some(Sighting::Bytes { bytes, how, cut });
        }
        let decoded = hex::decode(digits).ok();
        if let Some((bytes, inner)) = decoded.as_deref().and_then(encoded_again)
            && Algorithm::of_length(bytes.len()).is_some()
        {
            return Some(Sighting::whole(bytes, inner.within_hex()));
        }
        let length = decoded.as_ref().map_or(0, Vec::len);
        // A digest of this length is seldom what is left of SHA-256.
        if Algorithm::of_length(length).is_none()
            && length != SHA224_BYTES
            && self.groups.len() == 1
            && let Some(algorithm) = unpadded(digits)
        {
            return Some(Sighting::Digits(digits.to_ascii_lowercase(), algorithm));
        }
        let is_one = self.groups.len() == 1;
        // A cut may leave half a byte.
        let whole = || hex::decode(&digits[..digits.len() & !1]).ok().filter(|bytes| is_one && may_be_cut(bytes.len()));
        let bytes = decoded.or_else(whole).filter(|_| digits.len() >= LEAST_NOTICED)?;
        let may_be_cut = is_one && may_be_cut(bytes.len());
        Some(if may_be_cut { Sighting::Beginning(bytes, how) } else { Sighting::whole(bytes, how) })
    }

    fn how(&self, text: &[u8], digits: &[u8]) -> Cow<'static, str> {
        let length = digits.len();
        let is_short = self.separator.is_some() && self.groups.iter().any(|group| group.len() == 1);
        let between = match self.separator {
            _ if self.prefixed => ", each byte with a prefix",
            Some(b':') => " with colons between them",
            Some(b'-') => " with dashes between them",
            Some(b'_') => " with underscores between them",
            Some(b',') => " with commas between them",
            Some(_) => " with spaces between them",
            None => "",
        };
        let is_upper = self.groups.iter().any(|group| text[group.clone()].iter().any(u8::is_ascii_uppercase));
        let case = if is_upper { "upper-case " } else { "" };
        let zeros = if is_short { ", without each byte's leading zero" } else { "" };
        format!("{length} {case}hexadecimal digits{between}{zeros}").into()
    }
}

/// Whether this many bytes are not a digest, and may be the beginning of one that a column or a log has cut.
fn may_be_cut(length: usize) -> bool {
    let longest = Algorithm::ALL.iter().map(|algorithm| algorithm.digest_bytes()).max().unwrap_or_default();
    Algorithm::of_length(length).is_none() && length != SHA224_BYTES && (super::LEAST_CUT..longest).contains(&length)
}

/// The digits of the group that begins at `at`, after `0x` or `\x` where one is.
fn group(text: &[u8], at: usize) -> Option<Range<usize>> {
    let rest = text.get(at..)?;
    let has_prefix = [b"0x", b"0X", b"\\x"].iter().any(|prefix| rest.starts_with(*prefix));
    let start = at + if has_prefix { 2 } else { 0 };
    let length = text[start..].iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let ends = text.get(start + length).is_none_or(|byte| !byte.is_ascii_alphanumeric());
    (length > 0 && ends).then_some(start..start + length)
}

/// What separates two groups, and where the next one begins. `\x0b\x1f` has nothing between them.
fn separator(text: &[u8], at: usize) -> Option<(u8, usize)> {
    let rest = text.get(at..)?;
    let spaces = |from: usize| rest[from..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    match rest.first()? {
        b'\\' => Some((b'\\', at)),
        // A comma is followed by a space, a colon at most by the end of a line.
        &mark @ (b':' | b'-' | b'_' | b',') => Some((mark, at + 1 + spaces(1))),
        byte if byte.is_ascii_whitespace() => Some((b' ', at + spaces(0))),
        _ => None,
    }
}

/// Every word of base64 in `text` that is as long as a digest.
pub(super) fn find_base64(text: &[u8]) -> Vec<Sighted> {
    let mut found = Vec::new();
    let alone = text.trim_ascii().len();
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"+/-_=%".contains(&byte);
    let mut at = 0;
    while at < text.len() {
        let length = text[at..].iter().take_while(|byte| is_part(**byte)).count();
        if length > 0 {
            let quotes = 2 * usize::from(at > 0 && b"\"'`".contains(&text[at - 1]));
            let word = &text[at..at + length];
            let (alone, dots) = (length + quotes >= alone, ellipsis(&text[at + length..]));
            let cut = || cut_base64(word, alone, dots.is_some());
            if let Some(sighting) =
                base64_word(word, alone).filter(|_| dots.is_none() || word.ends_with(b"=")).or_else(cut)
            {
                found.push((at..at + length + dots.unwrap_or_default(), sighting));
            }
        }
        at += length + 1;
    }
    found
}

/// Base64 that ends before its digest does: with dots after it, or alone and of a length that no digest has. Of its last
/// group only what is whole is kept.
fn cut_base64(word: &[u8], alone: bool, has_dots: bool) -> Option<Sighting> {
    let text = bare_base64(word);
    let has = |is: fn(&u8) -> bool| text.iter().any(is);
    let is_random = has(u8::is_ascii_digit) && has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase);
    let is_said = has_dots && is_random;
    if !(is_said || (alone && is_random)) || text.contains(&b'=') {
        return None;
    }
    let bytes = from_base64(&text[..text.len() & !3])?;
    let how = if has(|byte| b"-_".contains(byte)) { "base64url" } else { "base64" };
    match is_said {
        true => Some(Sighting::Bytes { bytes, how: how.into(), cut: Some(Cut { more: None }) }),
        false => may_be_cut(bytes.len()).then(|| Sighting::Beginning(bytes, how.into())),
    }
}

/// Base64 in which a form's parser has made each `+` a space, up to its padding.
pub(super) fn find_spaced_base64(text: &[u8]) -> Vec<Sighted> {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/ ".contains(byte);
    let mut found = Vec::new();
    for end in memchr::memchr_iter(b'=', text).filter(|end| *end > 0 && text[end - 1] != b'=') {
        let padding = text[end..].iter().take_while(|byte| **byte == b'=').count();
        let start = end - text[..end].iter().rev().take_while(|byte| is_part(byte)).count();
        for algorithm in Algorithm::ALL {
            let length = algorithm.digest_bytes().div_ceil(3) * 4 - padding.min(2);
            let Some(from) = end.checked_sub(length).filter(|from| *from >= start) else { continue };
            let is_begun = from == start || text[from - 1] == b' ';
            let plain: Vec<u8> = text[from..end].iter().map(|byte| if *byte == b' ' { b'+' } else { *byte }).collect();
            let bytes = from_base64(&plain).filter(|bytes| is_canonical(&plain, bytes));
            if is_begun
                && text[from..end].contains(&b' ')
                && let Some(bytes) = bytes.filter(|bytes| bytes.len() == algorithm.digest_bytes())
            {
                found.push((from..end + padding, Sighting::whole(bytes, "base64 with spaces in place of +")));
            }
        }
    }
    found
}

/// The base64 of a word, without a name or a padding.
fn bare_base64(word: &[u8]) -> &[u8] {
    let padding = word.iter().rev().take_while(|byte| **byte == b'=').count();
    let text = &word[..word.len() - padding];
    // `sha256=`, `signature=`; `sha256-` as the integrity of a script has.
    let text = memchr::memrchr(b'=', text).map_or(text, |at| &text[at + 1..]);
    let prefixes: [&[u8]; 4] = [b"sha1-", b"sha256-", b"sha384-", b"sha512-"];
    prefixes.iter().find_map(|prefix| text.strip_prefix(*prefix)).unwrap_or(text)
}

/// A word, in a longer text or alone; alone, its wrong length is worth telling.
fn base64_word(word: &[u8], alone: bool) -> Option<Sighting> {
    let decoded;
    let (word, percent) = match memchr::memchr(b'%', word) {
        Some(_) => {
            decoded = form::decode(word);
            (decoded.as_slice(), true)
        }
        None => (word, false),
    };
    let padding = word.iter().rev().take_while(|byte| **byte == b'=').count();
    let (text, padding) = (bare_base64(word), padding.min(2));
    let has = |is: fn(&u8) -> bool| text.iter().any(is);
    // A name in a log line has seldom digits and both cases of letters.
    let is_random = has(u8::is_ascii_digit) && has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase);
    if !(alone || padding > 0 || is_random) {
        return None;
    }
    let bytes = from_base64(text).filter(|bytes| is_canonical(text, bytes))?;
    let is_url = text.iter().any(|byte| b"-_".contains(byte));
    let form = if is_url { "base64url" } else { "base64" };
    let padded = if padding > 0 { "" } else { " without padding" };
    if let Some((inner, InnerText::Hex)) = encoded_again(&bytes)
        && Algorithm::of_length(inner.len()).is_some()
    {
        return Some(Sighting::whole(inner, "base64 of hexadecimal digits"));
    }
    let is_digest = Algorithm::of_length(bytes.len()).is_some();
    let padded = if bytes.len().is_multiple_of(3) { "" } else { padded };
    let percent = if percent { ", percent-encoded" } else { "" };
    if alone && is_random && padding == 0 && may_be_cut(bytes.len()) {
        return None;
    }
    // A wrong length is told of what must be base64, not of any word.
    (is_digest || (alone && is_random)).then(|| Sighting::whole(bytes, format!("{form}{padded}{percent}")))
}

/// Whether an encoder writes `bytes` so: the bits that the last character has to spare are zero.
fn is_canonical(text: &[u8], bytes: &[u8]) -> bool {
    let plain = |byte: &u8| match byte {
        b'-' => b'+',
        b'_' => b'/',
        other => *other,
    };
    let expected = STANDARD_NO_PAD.encode(bytes);
    text.iter().map(plain).eq(expected.bytes())
}
