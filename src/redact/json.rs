//! JSON, token by token: keys, punctuation, spaces and the way in which each character is written stay.

use super::pictures::Pictures;
use super::spelling::{Spelled, Spelling};
use super::subject::{RedactStep, RedactSubject};
use super::tally::{Tally, TallyKind};
use super::{Redactor, text};
use crate::payload::binary::{FoundBinary, find_all};
use crate::payload::json::{TokenKind, decode_string, inner, tokens};

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
        written.extend_from_slice(&self.words(&body[copied..]));
        written
    }

    /// The name of a member; `None` where it stays, as most do.
    fn member(&self, raw: &[u8], place: &mut Place, tally: &mut Tally) -> Option<Vec<u8>> {
        let name = decode_string(raw).text.into_owned();
        if !self.rules.takes_name(&name, text::is_somebody(&name)) {
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
        let goes = self.rules.takes(RedactSubject::Text(&place.steps), &decoded.text)
            || self.secrets.first_in(decoded.text.as_bytes()).is_some();
        goes.then(|| {
            tally.add(TallyKind::Text, place.words());
            self.string(raw)
        })
    }

    /// A string's token, each word replaced.
    fn string(&self, token: &[u8]) -> Vec<u8> {
        [b"\"", self.spelled(inner(token), Spelling::Json).as_slice(), b"\""].concat()
    }

    /// A whole number's placeholder is that of the same digits in a text. One that a double may round keeps what that
    /// depends on: of the digits' places, sign, point, exponent, zeros and evenness.
    fn number(&self, number: &str) -> String {
        if number.len() < LARGE_NUMBER && number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') {
            return self.key.text(number);
        }
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
            // Another of the same evenness, and not zero: what a double rounds to is lost or kept as before.
            let turn = u32::from(drawn);
            let other =
                if digit % 2 == 0 { 2 + (digit + 2 * (turn % 3)) % 8 } else { 1 + (digit + 1 + 2 * (turn % 4)) % 10 };
            char::from_digit(other, 10).unwrap_or(character)
        });
        digits.collect::<String>() + &number[mantissa..]
    }
}

fn drawn_for(character: char, drawn: &mut impl Iterator<Item = u8>) -> Option<u8> {
    character.is_ascii_digit().then(|| drawn.next()).flatten()
}

/// A token for `text`, each character written as the one in its place was. Where there are more or fewer, as JSON asks
/// for.
fn rewritten(token: &[u8], text: &str) -> Vec<u8> {
    let written = Spelled::read(inner(token), Spelling::Json).written(text.as_bytes());
    written.map_or_else(
        || serde_json::Value::from(text).to_string().into_bytes(),
        |written| [b"\"", written.as_slice(), b"\""].concat(),
    )
}
