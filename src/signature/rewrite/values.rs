//! What frameworks do to the values of a body before anyone serialises it: strings trimmed, empty ones made null, dates
//! written with other digits. White space and all other tokens stay as sent.

use super::tree::Tree;
use crate::payload::json::{StringPart, parts};

/// One such change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ValueEdit {
    /// Strings without the white space around them: Laravel's `TrimStrings`.
    Trimmed,
    /// `""` as `null`: Laravel's `ConvertEmptyStringsToNull`.
    EmptyAsNull,
    /// Both, in this order, as Laravel does unless told otherwise.
    TrimmedAndEmptyAsNull,
    /// Dates of ISO 8601 written again.
    Dates(DateFraction, DateZone),
}

/// How many digits of a second a date has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DateFraction {
    /// As sent.
    AsSent,
    /// Without zeros at its end, as Go's `time.RFC3339Nano` and Newtonsoft.Json write it.
    Shortest,
    /// Three, as JavaScript's `toISOString()` writes them.
    Three,
    /// Six, as Python's `isoformat()` and databases write them.
    Six,
    /// None: PHP's `DATE_ATOM`, columns without them.
    Dropped,
}

/// How a date in UTC says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DateZone {
    /// As sent.
    AsSent,
    /// `Z`
    Zulu,
    /// `+00:00`, as Python's `isoformat()` and PHP's `DATE_ATOM` write it.
    Offset,
}

impl ValueEdit {
    /// The body with this change made everywhere; `None` where it would change nothing, or where a simpler change does
    /// the same.
    #[must_use]
    pub fn apply(self, tree: &Tree<'_>) -> Option<Vec<u8>> {
        match self {
            Self::Trimmed => strings(tree, trim, [true, false]),
            Self::EmptyAsNull => strings(tree, empty_as_null, [false, true]),
            Self::TrimmedAndEmptyAsNull => strings(tree, trim_and_empty_as_null, [true, true]),
            Self::Dates(fraction, zone) => {
                let wanted = [fraction != DateFraction::AsSent, zone != DateZone::AsSent];
                strings(tree, |inner, out| date(inner, fraction, zone, out), wanted)
            }
        }
    }
}

/// Whether there may be a date of ISO 8601 in `body`, so that it is worth reading its values for them.
#[must_use]
pub fn may_have_dates(body: &[u8]) -> bool {
    memchr::memchr_iter(b':', body).any(|at| {
        at.checked_sub(3).is_some_and(|hour| matches!(body[hour], b'T' | b' ')) && body.get(at + 3) == Some(&b':')
    })
}

/// Which of an edit's two halves changed a string.
type Halves = [bool; 2];

/// Writes the body with every string that is a value (not a key) as `edit` has it, quotation marks included; what it
/// does not change, it does not write. `None` unless each of the `wanted` halves changed something.
fn strings(tree: &Tree<'_>, edit: impl Fn(&[u8], &mut Vec<u8>) -> Halves, wanted: Halves) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut seen = [false; 2];
    let mut copied = 0;
    let mut written = Vec::new();
    for (index, node) in (0..).zip(&tree.nodes) {
        if tree.first_byte(index) != b'"' || is_key(tree.body, node.end as usize) {
            continue;
        }
        written.clear();
        let changed = edit(tree.inner(index), &mut written);
        if changed == [false; 2] {
            continue;
        }
        seen = [seen[0] || changed[0], seen[1] || changed[1]];
        out.extend_from_slice(&tree.body[copied..node.start as usize]);
        out.extend_from_slice(&written);
        copied = node.end as usize;
    }
    if seen != wanted {
        return None;
    }
    out.extend_from_slice(&tree.body[copied..]);
    Some(out)
}

/// Whether the string that ends at `end` is a key: nothing else is followed by a colon.
fn is_key(body: &[u8], end: usize) -> bool {
    body[end..].iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b':')
}

fn trim(inner: &[u8], out: &mut Vec<u8>) -> Halves {
    let trimmed = trimmed(inner);
    let changed = trimmed.len() < inner.len();
    if changed {
        push_quoted(trimmed, out);
    }
    [changed, false]
}

fn empty_as_null(inner: &[u8], out: &mut Vec<u8>) -> Halves {
    if inner.is_empty() {
        out.extend_from_slice(b"null");
    }
    [false, inner.is_empty()]
}

fn trim_and_empty_as_null(inner: &[u8], out: &mut Vec<u8>) -> Halves {
    let trimmed = trimmed(inner);
    let changed = [trimmed.len() < inner.len(), trimmed.is_empty()];
    if changed[1] {
        out.extend_from_slice(b"null");
    } else if changed[0] {
        push_quoted(trimmed, out);
    }
    changed
}

fn push_quoted(inner: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(inner);
    out.push(b'"');
}

/// What `Str::trim` of Laravel takes away: white space, and marks that nobody sees.
fn is_outer(character: char) -> bool {
    character.is_whitespace() || matches!(character, '\0' | '\u{feff}' | '\u{200b}' | '\u{200e}')
}

/// A string's content, escapes as sent, without the white space around it.
fn trimmed(inner: &[u8]) -> &[u8] {
    // Only white space, a byte of a longer character, or an escape can be what is trimmed.
    let may_be_outer = |byte: &u8| byte.is_ascii_whitespace() || !byte.is_ascii() || *byte == b'\\';
    let tail = &inner[inner.len().saturating_sub("\\u00a0".len())..];
    let ends = inner.last().is_some_and(may_be_outer) || memchr::memchr(b'\\', tail).is_some();
    if !inner.first().is_some_and(may_be_outer) && !ends {
        return inner;
    }
    let mut kept: Option<(usize, usize)> = None;
    let mut keep = |start: usize, end: usize| kept = Some((kept.map_or(start, |(first, _)| first), end));
    let mut all = parts(inner).peekable();
    while let Some((at, part)) = all.next() {
        match part {
            StringPart::Raw(raw) => {
                let mut start = at;
                for chunk in raw.utf8_chunks() {
                    for (offset, character) in chunk.valid().char_indices() {
                        if !is_outer(character) {
                            keep(start + offset, start + offset + character.len_utf8());
                        }
                    }
                    start += chunk.valid().len();
                    if !chunk.invalid().is_empty() {
                        keep(start, start + chunk.invalid().len());
                    }
                    start += chunk.invalid().len();
                }
            }
            StringPart::Escaped(character) if is_outer(character) => {}
            StringPart::Escaped(_) | StringPart::Lone(_) => {
                keep(at, all.peek().map_or(inner.len(), |(next, _)| *next));
            }
        }
    }
    kept.map_or(&[], |(start, end)| &inner[start..end])
}

/// The places of a date's parts, `2026-01-02T03:04:05.120Z`: where the fraction begins, where the zone does.
fn date_parts(inner: &[u8]) -> Option<(usize, usize)> {
    const PATTERN: &[u8] = b"0000-00-00T00:00:00";
    let (head, rest) = inner.split_at_checked(PATTERN.len())?;
    let fits = head.iter().zip(PATTERN).all(|(byte, wanted)| match wanted {
        b'0' => byte.is_ascii_digit(),
        b'T' => matches!(byte, b'T' | b' '),
        _ => byte == wanted,
    });
    if !fits || rest.len() > 16 {
        return None;
    }
    let digits = match rest {
        [b'.', after @ ..] => 1 + after.iter().take_while(|byte| byte.is_ascii_digit()).count(),
        _ => 0,
    };
    let is_zone = match &rest[digits..] {
        b"" | b"Z" => true,
        [b'+' | b'-', zone @ ..] => zone.iter().all(|byte| byte.is_ascii_digit() || *byte == b':'),
        _ => false,
    };
    (digits != 1 && is_zone).then_some((PATTERN.len(), PATTERN.len() + digits))
}

fn date(inner: &[u8], fraction: DateFraction, zone: DateZone, out: &mut Vec<u8>) -> Halves {
    let Some((at, end)) = date_parts(inner) else { return [false; 2] };
    let (digits, offset) = (inner[at..end].strip_prefix(b".").unwrap_or_default(), &inner[end..]);
    let padded = |count: usize| {
        let mut padded: Vec<u8> = digits.iter().copied().take(count).collect();
        padded.resize(count, b'0');
        padded
    };
    let new_digits = match fraction {
        DateFraction::AsSent => digits.to_vec(),
        DateFraction::Shortest => {
            let zeros = digits.iter().rev().take_while(|&&digit| digit == b'0').count();
            digits[..digits.len() - zeros].to_vec()
        }
        DateFraction::Three => padded(3),
        DateFraction::Six => padded(6),
        DateFraction::Dropped => Vec::new(),
    };
    let is_utc = matches!(offset, b"Z" | b"+00:00" | b"-00:00" | b"+0000" | b"+00");
    let new_offset: &[u8] = match zone {
        DateZone::Zulu if is_utc => b"Z",
        DateZone::Offset if is_utc => b"+00:00",
        _ => offset,
    };
    let changed = [new_digits != digits, new_offset != offset];
    if changed != [false; 2] {
        let point: &[u8] = if new_digits.is_empty() { b"" } else { b"." };
        push_quoted(&[&inner[..at], point, &new_digits, new_offset].concat(), out);
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edited(edit: ValueEdit, body: &str) -> Option<String> {
        let bytes = edit.apply(&Tree::read(body.as_bytes()).unwrap())?;
        Some(String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn strings_are_trimmed_and_emptied_as_laravel_does() {
        let body = r#"{ " k ": " a ", "b": "\n\u00a0x\t", "c": "", "d": " \u2003 ", "e": "x y" }"#;
        let told = |edit| edited(edit, body).unwrap();
        assert_eq!(told(ValueEdit::Trimmed), r#"{ " k ": "a", "b": "x", "c": "", "d": "", "e": "x y" }"#);
        assert_eq!(
            told(ValueEdit::EmptyAsNull),
            r#"{ " k ": " a ", "b": "\n\u00a0x\t", "c": null, "d": " \u2003 ", "e": "x y" }"#
        );
        assert_eq!(
            told(ValueEdit::TrimmedAndEmptyAsNull),
            r#"{ " k ": "a", "b": "x", "c": null, "d": null, "e": "x y" }"#
        );
    }

    #[test]
    fn what_changes_nothing_or_is_simpler_is_not_told() {
        for (edit, body) in [
            (ValueEdit::Trimmed, r#"{" a ":"x y","b":"\\n","c":""}"#),
            (ValueEdit::EmptyAsNull, r#"{"":1,"a":" "}"#),
            (ValueEdit::TrimmedAndEmptyAsNull, r#"{"a":" x","b":"y"}"#),
            (ValueEdit::TrimmedAndEmptyAsNull, r#"{"a":"","b":"y"}"#),
            (ValueEdit::Dates(DateFraction::Shortest, DateZone::AsSent), r#"["2026-01-02T03:04:05.12Z","2026-01-02"]"#),
            (ValueEdit::Dates(DateFraction::Three, DateZone::Zulu), r#"["2026-01-02T03:04:05Z"]"#),
            (ValueEdit::Dates(DateFraction::AsSent, DateZone::Offset), r#"["2026-01-02T03:04:05+02:00",1]"#),
        ] {
            assert_eq!(edited(edit, body), None, "{edit:?} {body}");
        }
    }

    #[test]
    fn dates_have_other_digits() {
        assert!(may_have_dates(b"2026-01-02T03:04:05") && !may_have_dates(br#"{"a": 1, "b": "T:", "c":":::"}"#));
        let body = r#"["2026-01-02T03:04:05.120Z","2026-01-02T03:04:05.000Z","2026-01-02T03:04:05+00:00"]"#;
        let told = |fraction, zone| edited(ValueEdit::Dates(fraction, zone), body).unwrap();
        assert_eq!(
            told(DateFraction::Shortest, DateZone::AsSent),
            r#"["2026-01-02T03:04:05.12Z","2026-01-02T03:04:05Z","2026-01-02T03:04:05+00:00"]"#
        );
        assert_eq!(
            told(DateFraction::Three, DateZone::Zulu),
            r#"["2026-01-02T03:04:05.120Z","2026-01-02T03:04:05.000Z","2026-01-02T03:04:05.000Z"]"#
        );
        assert_eq!(
            told(DateFraction::Six, DateZone::Offset),
            r#"["2026-01-02T03:04:05.120000+00:00","2026-01-02T03:04:05.000000+00:00","2026-01-02T03:04:05.000000+00:00"]"#
        );
        assert_eq!(
            told(DateFraction::Dropped, DateZone::AsSent),
            r#"["2026-01-02T03:04:05Z","2026-01-02T03:04:05Z","2026-01-02T03:04:05+00:00"]"#
        );
    }
}
