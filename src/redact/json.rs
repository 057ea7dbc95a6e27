//! JSON, token by token: keys, punctuation, spaces and the way in which each character is written stay.

use super::pictures::Pictures;
use super::rules::{RedactStep, RedactSubject};
use super::tally::{Tally, TallyKind};
use super::{Redactor, text};
use crate::payload::binary::{FoundBinary, find_all};
use crate::payload::json::{StringPart, TokenKind, decode_string, inner, parts, tokens};

/// JSON within a string within JSON, and so on, is followed so far.
const NESTING: usize = 3;
/// Digits from which on an integer may be beyond what a double holds: its size stays.
const LARGE_NUMBER: usize = 16;

/// Where a value is.
#[derive(Default)]
struct Place {
    /// The open objects and arrays, each with the place in it.
    steps: Vec<RedactStep>,
    /// Whether the next string is a key.
    is_key_due: bool,
}

impl Place {
    fn open(&mut self, kind: TokenKind) {
        let is_object = kind == TokenKind::ObjectOpen;
        self.steps.push(if is_object { RedactStep::Key(String::new()) } else { RedactStep::Index(0) });
        self.is_key_due = is_object;
    }

    /// Goes on behind a token that is no value.
    fn pass(&mut self, kind: TokenKind) {
        match kind {
            TokenKind::ObjectOpen | TokenKind::ArrayOpen => self.open(kind),
            TokenKind::ObjectClose | TokenKind::ArrayClose => self.close(),
            TokenKind::Comma => self.comma(),
            _ => {}
        }
    }

    fn close(&mut self) {
        self.steps.pop();
        self.is_key_due = false;
    }

    fn comma(&mut self) {
        match self.steps.last_mut() {
            Some(RedactStep::Index(index)) => *index += 1,
            Some(RedactStep::Key(_)) => self.is_key_due = true,
            None => {}
        }
    }

    fn key(&mut self, name: String) {
        if let Some(RedactStep::Key(key)) = self.steps.last_mut() {
            *key = name;
        }
        self.is_key_due = false;
    }

    /// As it is counted: `data[].user.name`.
    fn words(&self) -> String {
        let mut words = String::new();
        for step in &self.steps {
            match step {
                RedactStep::Key(key) => {
                    let dot = if words.is_empty() { "" } else { "." };
                    words.push_str(dot);
                    words.push_str(key);
                }
                RedactStep::Index(_) => words.push_str("[]"),
            }
        }
        if words.is_empty() { "the body".to_owned() } else { words }
    }
}

/// Whether a text is worth reading as JSON: an object, an array or a string of it, to its end.
pub(super) fn is_json(body: &[u8]) -> bool {
    matches!(body.trim_ascii_start().first(), Some(b'{' | b'[' | b'"')) && tokens(body).all(|token| token.is_ok())
}

/// Whether a body begins as JSON does, whole or not.
pub(super) fn begins_as_json(body: &[u8]) -> bool {
    matches!(body.trim_ascii_start().first(), Some(b'{' | b'[')) && tokens(body).nth(1).is_some_and(|one| one.is_ok())
}

impl Redactor {
    /// Replaces what is to go in JSON. Behind the first place that is not JSON every word goes.
    pub(super) fn json(&self, body: &[u8], pictures: &mut Pictures, tally: &mut Tally) -> Vec<u8> {
        self.json_within(body, NESTING, pictures, tally)
    }

    fn json_within(&self, body: &[u8], nesting: usize, pictures: &mut Pictures, tally: &mut Tally) -> Vec<u8> {
        let mut images = find_all(body).into_iter().peekable();
        let (mut place, mut written, mut copied) = (Place::default(), Vec::with_capacity(body.len()), 0);
        for token in tokens(body) {
            let Ok(token) = token else {
                tally.add(TallyKind::Text, place.words());
                break;
            };
            let range = token.range();
            if range.start < copied {
                continue;
            }
            written.extend_from_slice(&body[copied..range.start]);
            copied = range.end;
            while images.next_if(|image| image.range.end <= range.start).is_some() {}
            let image = images.next_if(|image| image.range.start == range.start);
            let drawn = image.and_then(|FoundBinary { binary, range, .. }| {
                Some((pictures.value(&binary, &body[range.clone()], &self.key)?, range.end))
            });
            if let Some((other, end)) = drawn {
                tally.add(TallyKind::Picture, place.words());
                written.extend_from_slice(&other);
                copied = end;
                continue;
            }
            let raw = token.text(body);
            let other = match token.kind {
                TokenKind::String if place.is_key_due => self.member(raw, &mut place, tally),
                TokenKind::String => self.value(raw, &place, nesting, pictures, tally),
                TokenKind::Number => self.amount(raw, &place, tally),
                kind => {
                    place.pass(kind);
                    None
                }
            };
            written.extend_from_slice(other.as_deref().unwrap_or(raw));
        }
        written.extend_from_slice(&self.bytes_text(&body[copied..]));
        written
    }

    /// The name of a member; `None` where it stays, as most do.
    fn member(&self, raw: &[u8], place: &mut Place, tally: &mut Tally) -> Option<Vec<u8>> {
        let name = decode_string(raw).text.into_owned();
        if !text::is_somebody(&name) {
            place.key(name);
            return None;
        }
        // What is below it is counted by a name that tells nothing.
        place.key("*".to_owned());
        tally.add(TallyKind::Key, place.words());
        Some(self.string(raw))
    }

    /// A number's token with other digits; `None` where it stays.
    fn amount(&self, raw: &[u8], place: &Place, tally: &mut Tally) -> Option<Vec<u8>> {
        let digits = String::from_utf8_lossy(raw);
        self.rules.takes(RedactSubject::Number(&place.steps), &digits).then(|| {
            tally.add(TallyKind::Number, place.words());
            self.number(&digits).into_bytes()
        })
    }

    /// A string's token with what it holds replaced; `None` where it stays.
    fn value(
        &self,
        raw: &[u8],
        place: &Place,
        nesting: usize,
        pictures: &mut Pictures,
        tally: &mut Tally,
    ) -> Option<Vec<u8>> {
        let decoded = decode_string(raw);
        if nesting > 0 && is_json(decoded.text.as_bytes()) && decoded.text.len() > 2 {
            let other = self.json_within(decoded.text.as_bytes(), nesting - 1, pictures, tally);
            return Some(rewritten(raw, &String::from_utf8_lossy(&other)));
        }
        let goes = self.rules.takes(RedactSubject::Text(&place.steps), &decoded.text);
        goes.then(|| {
            tally.add(TallyKind::Text, place.words());
            self.string(raw)
        })
    }

    /// A string's token, each word replaced.
    fn string(&self, token: &[u8]) -> Vec<u8> {
        let mut characters: Vec<char> = characters(token).into_iter().map(|(character, _)| character).collect();
        self.key.replace(&mut characters);
        rewritten(token, &characters.into_iter().collect::<String>())
    }

    /// A number of the same digits' places: sign, point, exponent, zeros and evenness stay.
    fn number(&self, number: &str) -> String {
        let mantissa = number.find(['e', 'E']).unwrap_or(number.len());
        let integer = number.find(['.', 'e', 'E']).unwrap_or(number.len());
        let is_large = number[..integer].trim_start_matches('-').len() >= LARGE_NUMBER;
        let drawn = self.key.text(&format!("9{}", number[..mantissa].replace(['-', '.'], "")));
        let mut drawn = drawn.bytes().skip(1).map(|digit| digit - b'0');
        let mut seen = 0;
        let digits = number[..mantissa].chars().map(|character| {
            let (Some(digit), Some(drawn)) = (character.to_digit(10), drawn_for(character, &mut drawn)) else {
                return character;
            };
            seen += 1;
            if digit == 0 || (is_large && seen <= 2) {
                return character;
            }
            // Of the same evenness and not zero: what a double rounds to is lost or kept as before.
            let other = if digit % 2 == 0 { 2 + 2 * (u32::from(drawn) % 4) } else { 1 + 2 * (u32::from(drawn) % 5) };
            char::from_digit(other, 10).unwrap_or(character)
        });
        digits.collect::<String>() + &number[mantissa..]
    }

    /// Words of bytes that may be no text: what is no UTF-8 stays.
    pub(super) fn bytes_text(&self, bytes: &[u8]) -> Vec<u8> {
        let mut written = Vec::with_capacity(bytes.len());
        for chunk in bytes.utf8_chunks() {
            written.extend_from_slice(self.key.text(chunk.valid()).as_bytes());
            written.extend_from_slice(chunk.invalid());
        }
        written
    }
}

fn drawn_for(character: char, drawn: &mut impl Iterator<Item = u8>) -> Option<u8> {
    character.is_ascii_digit().then(|| drawn.next()).flatten()
}

/// What stands for a byte that is no text, and for half of a surrogate pair: no word has it.
const NO_TEXT: char = '\0';

/// The characters of a string's token, each with the bytes that it is written with.
fn characters(token: &[u8]) -> Vec<(char, &[u8])> {
    let content = inner(token);
    let starts: Vec<(usize, StringPart<'_>)> = parts(content).collect();
    let mut all = Vec::new();
    for (number, (start, part)) in starts.iter().enumerate() {
        let end = starts.get(number + 1).map_or(content.len(), |(next, _)| *next);
        match part {
            StringPart::Raw(raw) => {
                let mut at = 0;
                for chunk in raw.utf8_chunks() {
                    for character in chunk.valid().chars() {
                        all.push((character, &raw[at..at + character.len_utf8()]));
                        at += character.len_utf8();
                    }
                    for _ in chunk.invalid() {
                        all.push((NO_TEXT, &raw[at..=at]));
                        at += 1;
                    }
                }
            }
            StringPart::Escaped(character) => all.push((*character, &content[*start..end])),
            StringPart::Lone(_) => all.push((NO_TEXT, &content[*start..end])),
        }
    }
    all
}

/// A token for `text`, each character written as the one in its place was. Where there are more or fewer, as JSON asks
/// for.
fn rewritten(token: &[u8], text: &str) -> Vec<u8> {
    let before = characters(token);
    if before.len() != text.chars().count() {
        return serde_json::Value::from(text).to_string().into_bytes();
    }
    let mut written = vec![b'"'];
    for ((was, raw), now) in before.into_iter().zip(text.chars()) {
        let is_same = was == now || was == NO_TEXT;
        match raw {
            _ if is_same => written.extend_from_slice(raw),
            [b'\\', ..] => written.extend_from_slice(escaped(now, raw).as_bytes()),
            _ => written.extend_from_slice(now.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    written.push(b'"');
    written
}

/// A character in the escapes of another, its hexadecimal digits in the same case.
fn escaped(character: char, as_was: &[u8]) -> String {
    let is_upper = as_was.iter().any(u8::is_ascii_uppercase);
    let units = character.encode_utf16(&mut [0; 2]).to_vec();
    units.iter().map(|unit| if is_upper { format!("\\u{unit:04X}") } else { format!("\\u{unit:04x}") }).collect()
}
