//! How a text is written: percent-encoding, JSON's escapes and character references are undone, what they stand for is
//! replaced, and it is written again in the same way, character by character.
//!
//! So a word is cut, and has its placeholder, by what it is and not by how it was sent.

use super::Redactor;
use crate::http::percent::{self, PercentEncoding, PlusSign};
use crate::payload::json::{StringPart, parts};
use crate::text::{decimal, hexadecimal};

/// Spellings within spellings are followed so far.
const NESTING: usize = 4;
/// The longest character reference: `&#x10FFFF;`, with some zeros.
const LONGEST_REFERENCE: usize = 16;
/// Names of characters that are nobody's word (XML 1.0, section 4.6; HTML has the last).
const NAMED: [(&[u8], char); 6] =
    [(b"amp", '&'), (b"lt", '<'), (b"gt", '>'), (b"quot", '"'), (b"apos", '\''), (b"nbsp", '\u{a0}')];

/// A way to write characters by others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spelling {
    /// `%C3%A9`
    Percent(PlusSign),
    /// `\u00e9`
    Json,
    /// `&#233;`
    References,
}

impl Spelling {
    /// The first of them that occurs in a text.
    fn within(text: &[u8]) -> Option<Self> {
        let occurs = |mark: u8, is: &dyn Fn(&[u8]) -> bool| memchr::memchr_iter(mark, text).any(|at| is(&text[at..]));
        if occurs(b'%', &|rest| percent::escape(rest).is_some()) {
            return Some(Self::Percent(PlusSign::Literal));
        }
        if occurs(b'&', &|rest| reference(rest).is_some()) {
            return Some(Self::References);
        }
        let is_escape = |rest: &[u8]| matches!(rest, [b'\\', b'u', digits @ ..] if digits.len() >= 4 && digits[..4].iter().all(u8::is_ascii_hexdigit));
        occurs(b'\\', &is_escape).then_some(Self::Json)
    }
}

/// A text with the way in which each of its characters is written.
pub(super) struct Spelled<'a> {
    spelling: Spelling,
    /// What it stands for.
    pub(super) decoded: Vec<u8>,
    /// How many of the bytes each piece stands for, and the piece.
    pieces: Vec<(usize, &'a [u8])>,
}

impl<'a> Spelled<'a> {
    pub(super) fn read(text: &'a [u8], spelling: Spelling) -> Self {
        let mut spelled = Self { spelling, decoded: Vec::with_capacity(text.len()), pieces: Vec::new() };
        match spelling {
            Spelling::Percent(plus) => {
                percent::written_bytes(text, plus).for_each(|(byte, raw)| spelled.push(&[byte], raw));
            }
            Spelling::Json => spelled.read_json(text),
            Spelling::References => {
                let mut rest = text;
                while let Some(first) = rest.first() {
                    let (character, length) = reference(rest).map_or((None, 1), |(one, length)| (Some(one), length));
                    match character {
                        Some(one) => spelled.push(one.encode_utf8(&mut [0; 4]).as_bytes(), &rest[..length]),
                        None => spelled.push(&[*first], &rest[..length]),
                    }
                    rest = &rest[length..];
                }
            }
        }
        spelled
    }

    fn read_json(&mut self, text: &'a [u8]) {
        let starts: Vec<(usize, StringPart<'a>)> = parts(text).collect();
        for (number, (start, part)) in starts.iter().enumerate() {
            let end = starts.get(number + 1).map_or(text.len(), |(next, _)| *next);
            match part {
                StringPart::Raw(raw) => {
                    raw.iter().enumerate().for_each(|(at, byte)| self.push(&[*byte], &raw[at..=at]))
                }
                StringPart::Escaped(one) => self.push(one.encode_utf8(&mut [0; 4]).as_bytes(), &text[*start..end]),
                StringPart::Lone(_) => self.push(b"", &text[*start..end]),
            }
        }
    }

    fn push(&mut self, decoded: &[u8], raw: &'a [u8]) {
        self.decoded.extend_from_slice(decoded);
        self.pieces.push((decoded.len(), raw));
    }

    /// Other bytes, each written as the one in its place was; `None` where there are more or fewer.
    pub(super) fn written(&self, other: &[u8]) -> Option<Vec<u8>> {
        if other.len() != self.decoded.len() {
            return None;
        }
        let (mut written, mut at) = (Vec::with_capacity(other.len()), 0);
        for (length, raw) in &self.pieces {
            let place = at..at + length;
            at = place.end;
            if place.is_empty() {
                written.extend_from_slice(lone(raw));
            } else if self.decoded[place.clone()] == other[place.clone()] {
                written.extend_from_slice(raw);
            } else {
                self.write(&other[place], raw, &mut written);
            }
        }
        Some(written)
    }

    /// The same, and as browsers write a form where there are more or fewer bytes.
    pub(super) fn form_written(&self, other: &[u8]) -> Vec<u8> {
        self.written(other).unwrap_or_else(|| {
            let is_lower = self.pieces.iter().any(|(_, raw)| raw.len() == 3 && raw.iter().any(u8::is_ascii_lowercase));
            let encoding = PercentEncoding::WHATWG_FORM.with_plus(PlusSign::Literal);
            if is_lower { encoding.in_lower_case() } else { encoding }.encode(other)
        })
    }

    fn write(&self, now: &[u8], raw: &[u8], written: &mut Vec<u8>) {
        let character = || std::str::from_utf8(now).ok().and_then(|text| text.chars().next());
        match self.spelling {
            Spelling::Percent(_) => {
                // What stood for itself, and would now stand for something else, is escaped.
                let is_plain = now.iter().all(|byte| byte.is_ascii_alphanumeric() || !byte.is_ascii());
                let encoding = PercentEncoding::EVERYTHING;
                let is_lower = raw.iter().any(u8::is_ascii_lowercase) && raw.len() == 3;
                match raw.len() {
                    1 if is_plain => written.extend_from_slice(now),
                    _ => if is_lower { encoding.in_lower_case() } else { encoding }.push(now, written),
                }
            }
            Spelling::Json if raw.len() > 2 => {
                let escapes = character().map(|one| json_escape(one, raw)).unwrap_or_default();
                written.extend_from_slice(escapes.as_bytes());
            }
            Spelling::References if raw.starts_with(b"&#") => {
                let reference = character().map(|one| same_reference(one, raw)).unwrap_or_default();
                written.extend_from_slice(reference.as_bytes());
            }
            Spelling::Json | Spelling::References => written.extend_from_slice(now),
        }
    }
}

/// Half of a surrogate pair stays half of one, and is the first of its kind.
fn lone(raw: &[u8]) -> &'static [u8] {
    let is_low = raw.get(3).is_some_and(|digit| matches!(digit, b'c'..=b'f' | b'C'..=b'F'));
    if is_low { b"\\udc00" } else { b"\\ud800" }
}

/// A character in JSON's escapes, their digits in the case of those that were there.
fn json_escape(character: char, as_was: &[u8]) -> String {
    let is_upper = as_was.iter().any(u8::is_ascii_uppercase);
    let units = character.encode_utf16(&mut [0; 2]).to_vec();
    units.iter().map(|unit| if is_upper { format!("\\u{unit:04X}") } else { format!("\\u{unit:04x}") }).collect()
}

/// The character that a text begins with a reference to, and the reference's length.
fn reference(text: &[u8]) -> Option<(char, usize)> {
    let rest = text.strip_prefix(b"&")?;
    let end = memchr::memchr(b';', &rest[..rest.len().min(LONGEST_REFERENCE)])?;
    let name = &rest[..end];
    let named = NAMED.iter().find(|(known, _)| *known == name).map(|(_, character)| *character);
    let numbered = || {
        let number = name.strip_prefix(b"#")?;
        let hex = number.strip_prefix(b"x").or(number.strip_prefix(b"X"));
        u32::try_from(hex.map_or_else(|| decimal(number), hexadecimal)?).ok()
    };
    let character = named.or_else(|| char::from_u32(numbered()?))?;
    Some((character, end + 2))
}

/// A reference to a character, as long as the one that was there, and with digits of the same kind.
fn same_reference(character: char, as_was: &[u8]) -> String {
    let is_hex = matches!(as_was.get(2), Some(b'x' | b'X'));
    let width = as_was.len() - if is_hex { 4 } else { 3 };
    let code = u32::from(character);
    if is_hex {
        let is_upper = as_was[3..].iter().any(u8::is_ascii_uppercase);
        let digits = if is_upper { format!("{code:0width$X}") } else { format!("{code:0width$x}") };
        return format!("&#{}{digits};", char::from(as_was[2]));
    }
    // Of `a` to `z` three have two digits: one of them takes the place of one of them.
    let limit = u32::try_from(width).ok().and_then(|width| 10_u32.checked_pow(width));
    let code = limit.filter(|limit| code >= *limit).map_or(code, |limit| limit - 1 - code % 3);
    format!("&#{code:0width$};")
}

impl Redactor {
    /// Every word replaced, however it is written. As many bytes as before; what is no text is replaced as well.
    pub(super) fn words(&self, text: &[u8]) -> Vec<u8> {
        self.words_but(text, &|_| false)
    }

    /// The same but for the words that `stays` knows.
    pub(super) fn words_but(&self, text: &[u8], stays: &dyn Fn(&str) -> bool) -> Vec<u8> {
        self.words_within(text, NESTING, stays)
    }

    /// Every word of a text that is written in this way.
    pub(super) fn spelled(&self, text: &[u8], spelling: Spelling) -> Vec<u8> {
        let spelled = Spelled::read(text, spelling);
        let other = self.words(&spelled.decoded);
        // As many bytes as before are written as before.
        spelled.written(&other).unwrap_or(other)
    }

    fn words_within(&self, text: &[u8], nesting: usize, stays: &dyn Fn(&str) -> bool) -> Vec<u8> {
        let Some(spelling) = Spelling::within(text).filter(|_| nesting > 0) else {
            return self.plain_words(text, stays);
        };
        let spelled = Spelled::read(text, spelling);
        let other = self.words_within(&spelled.decoded, nesting - 1, stays);
        spelled.written(&other).unwrap_or(other)
    }

    /// Secrets become their throw-away ones, words their placeholders.
    fn plain_words(&self, text: &[u8], stays: &dyn Fn(&str) -> bool) -> Vec<u8> {
        let (mut written, mut rest) = (Vec::with_capacity(text.len()), text);
        while let Some((range, other)) = self.secrets.first_in(rest) {
            written.extend_from_slice(&self.key.words(&rest[..range.start], stays));
            written.extend_from_slice(other);
            rest = &rest[range.end..];
        }
        written.extend_from_slice(&self.key.words(rest, stays));
        written
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::redact::{PlaceholderKey, RedactRules};

    fn redactor() -> Redactor {
        Redactor::new(PlaceholderKey::new(b"a key of tests".to_vec()), RedactRules::default())
    }

    fn words(text: &str) -> String {
        String::from_utf8(redactor().words(text.as_bytes())).unwrap()
    }

    #[test]
    fn a_word_has_one_placeholder_however_it_is_written() {
        let word = words("Müller");
        for (written, percent) in [("M%C3%BCller", true), ("M\\u00fcller", false), ("M&#252;ller", false)] {
            let other = words(written);
            assert_eq!(other.len(), written.len(), "{written}");
            let spelling = Spelling::within(written.as_bytes()).unwrap();
            assert_eq!(spelling == Spelling::Percent(PlusSign::Literal), percent);
            assert_eq!(Spelled::read(other.as_bytes(), spelling).decoded, word.as_bytes(), "{written} {other}");
        }
    }

    #[test]
    fn what_is_written_by_numbers_goes() {
        for text in ["&#1048;&#1074;&#1072;", "&#65;&#100;&#97;&#64;&#101;", "&#x41;&#x64;&#X61;", "&#0097;&#98;"] {
            let other = words(text);
            assert_ne!(other, text);
            assert_eq!(other.len(), text.len());
            assert!(text.matches("&#").count() == other.matches("&#").count(), "{other}");
            for reference in text.split_inclusive(';').filter(|one| one.len() > 5) {
                assert!(reference == "&#64;" || !other.contains(reference), "{reference} {other}");
            }
        }
        assert_eq!(words("&amp;&lt;&gt;&quot;&apos;&nbsp;"), "&amp;&lt;&gt;&quot;&apos;&nbsp;");
    }

    #[test]
    fn half_a_pair_stays_half_of_one() {
        let token = b"\\ud83dAda\\uDE00";
        let other = String::from_utf8(redactor().spelled(token, Spelling::Json)).unwrap();
        assert!(other.starts_with("\\ud800") && other.ends_with("\\udc00") && !other.contains("Ada"), "{other}");
    }

    proptest! {
        #[test]
        fn what_is_the_same_is_written_the_same(text in "([a-zé%&#;x0-9\\\\u\"+]|%4a|&#97;|&amp;|\\\\u00e9){0,30}") {
            for spelling in [Spelling::Percent(PlusSign::Space), Spelling::References] {
                let spelled = Spelled::read(text.as_bytes(), spelling);
                prop_assert_eq!(spelled.written(&spelled.decoded.clone()), Some(text.clone().into_bytes()));
            }
        }

        #[test]
        fn as_many_bytes_as_before(text in proptest::collection::vec(any::<u8>(), 0..60)) {
            prop_assert_eq!(redactor().words(&text).len(), text.len());
        }

        #[test]
        fn no_byte_beyond_ascii_stays_for_long(text in proptest::collection::vec(0x80_u8.., 8..40)) {
            let other = redactor().words(&text);
            // A character's first bytes are those of its script; it is another as soon as one byte is.
            let pieces = |bytes: &[u8]| -> Vec<Vec<u8>> {
                let of_chunk = |chunk: std::str::Utf8Chunk<'_>| {
                    let characters: Vec<Vec<u8>> = chunk.valid().chars().map(|one| one.to_string().into_bytes()).collect();
                    characters.into_iter().chain(chunk.invalid().iter().map(|byte| vec![*byte])).collect::<Vec<_>>()
                };
                bytes.utf8_chunks().flat_map(of_chunk).collect()
            };
            let (before, after) = (pieces(&text), pieces(&other));
            let same = before.iter().zip(&after).filter(|(one, other)| one == other).count();
            prop_assert!(same * 2 < before.len() + 4, "{:?} {:?}", text, other);
            prop_assert_eq!(other.utf8_chunks().filter(|chunk| !chunk.invalid().is_empty()).count(), text.utf8_chunks().filter(|chunk| !chunk.invalid().is_empty()).count());
        }
    }
}
