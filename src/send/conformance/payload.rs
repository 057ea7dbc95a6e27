//! The payload of a case under any scheme: an event of Trackpilots, or the sample event of the scheme's sender.

use super::case::CasePayload;
use crate::http::MediaType;
use crate::http::percent::PercentEncoding;
use crate::payload::json::{TokenKind, tokens};
use crate::signature::Scheme;
use crate::simulate::{Circumstances, PayloadEdit, PictureSize, Recipe, RecipeError, SampleEvent, SimulatedEvent};

/// The image of every screenshot but the large ones, in pixels.
const SMALL: PictureSize = PictureSize::Pixels(160, 90);
/// An image of a large payload, in bytes.
const PART: usize = 60_000;

/// What is sent but for its signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BuiltPayload {
    pub(super) content_type: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl BuiltPayload {
    /// Whether the body is a form.
    pub(super) fn is_form(&self) -> bool {
        MediaType::new(&self.content_type).is_form()
    }
}

impl CasePayload {
    /// The payload under `scheme`.
    pub(super) fn build(self, scheme: &Scheme, circumstances: &Circumstances) -> Result<BuiltPayload, RecipeError> {
        if scheme.is_trackpilots() {
            let body = self.of_trackpilots(circumstances)?;
            return Ok(BuiltPayload { content_type: "application/json".to_owned(), headers: Vec::new(), body });
        }
        let sample = SampleEvent::of(&scheme.name).build(circumstances);
        let built =
            BuiltPayload { content_type: sample.content_type, headers: sample.headers, body: sample.body.into_bytes() };
        let body = self.of_sample(&built);
        Ok(BuiltPayload { body, ..built })
    }

    fn of_trackpilots(self, circumstances: &Circumstances) -> Result<Vec<u8>, RecipeError> {
        let plain = || Recipe::new(SimulatedEvent::App).build(circumstances);
        let named = |raw: &str| {
            let edit = PayloadEdit::set(&format!("data[0].tracking.app.name={raw}"))?;
            Recipe { edits: vec![edit], ..Recipe::new(SimulatedEvent::App) }.build(circumstances)
        };
        match self {
            Self::Usual => plain(),
            Self::Simulated(event) => Recipe::new(event).build(circumstances),
            Self::Live(event) => Recipe { size: SMALL, ..Recipe::live(event) }.build(circumstances),
            Self::Image(form) => Recipe { size: SMALL, image: Some(form), ..Recipe::live(SimulatedEvent::Screenshot) }
                .build(circumstances),
            Self::Large(bytes) => {
                // Base64 makes four characters of three bytes; an item has some 600 more.
                let items = bytes.div_ceil(PART / 3 * 4 + 600);
                let size = PictureSize::Bytes(PART);
                Recipe { size, items, ..Recipe::live(SimulatedEvent::Screenshot) }.build(circumstances)
            }
            Self::Padded(bytes) => named(&format!("\"{}\"", filling(bytes, named("\"\"")?.len()))),
            Self::Text(raw) => named(raw),
            Self::Extra(member) => Ok(with_member(&plain()?, member)),
            Self::Indented => plain().map(|body| indented(&body)),
            Self::Spaced => plain().map(|body| spaced(&body)),
            Self::Between(before, after) => Ok([before.as_bytes(), &plain()?, after.as_bytes()].concat()),
        }
    }

    /// The payload made from a sample event, JSON or a form.
    fn of_sample(self, sample: &BuiltPayload) -> Vec<u8> {
        let body = &sample.body;
        match self {
            Self::Usual | Self::Simulated(_) | Self::Live(_) | Self::Image(_) => body.clone(),
            Self::Large(bytes) | Self::Padded(bytes) if sample.is_form() => {
                [body.as_slice(), b"&padding=", filling(bytes, body.len() + 9).replace(' ', "+").as_bytes()].concat()
            }
            Self::Large(bytes) | Self::Padded(bytes) => {
                let length = with_text(body, "\"\"", "padding").len();
                with_text(body, &format!("\"{}\"", filling(bytes, length)), "padding")
            }
            Self::Text(raw) if sample.is_form() => form_with_text(body, raw.trim_matches('"')),
            Self::Text(raw) => with_text(body, raw, "text"),
            Self::Extra(member) if sample.is_form() => {
                let plain: String = member.chars().filter(|character| *character != '"').collect();
                [body.as_slice(), b"&", plain.replace(':', "=").as_bytes()].concat()
            }
            Self::Extra(member) => with_member(body, member),
            Self::Indented => indented(body),
            Self::Spaced => spaced(body),
            Self::Between(before, after) => [before.as_bytes(), body, after.as_bytes()].concat(),
        }
    }
}

/// Plain text that fills a body of `length` bytes up to `bytes`.
fn filling(bytes: usize, length: usize) -> String {
    "plain text ".chars().cycle().take(bytes.saturating_sub(length)).collect()
}

/// The body with `raw` in the place of a text that says something, or as a member called `name`.
fn with_text(body: &[u8], raw: &str, name: &str) -> Vec<u8> {
    let is_words =
        |text: &[u8]| text.to_ascii_lowercase().windows(7).any(|part| part == b" sample" || part == b"sample ");
    match texts(body).into_iter().find(|place| is_words(&body[place.clone()])) {
        Some(place) => [&body[..place.start], raw.as_bytes(), &body[place.end..]].concat(),
        None => with_member(body, &format!("\"{name}\":{raw}")),
    }
}

fn is_uuid(text: &[u8]) -> bool {
    text.len() == 36
        && text
            .iter()
            .enumerate()
            .all(|(at, byte)| if matches!(at, 8 | 13 | 18 | 23) { *byte == b'-' } else { byte.is_ascii_hexdigit() })
}

/// The place of the first UUID that is a value.
pub(super) fn id_in(body: &[u8]) -> Option<std::ops::Range<usize>> {
    // One key of four hyphens is long before it; no need to read all of a large body.
    let mut from = 0;
    while let Some(at) = memchr::memmem::find(&body[from..], b":\"") {
        let start = from + at + 2;
        if body.get(start + 36) == Some(&b'"') && is_uuid(&body[start..start + 36]) {
            return Some(start..start + 36);
        }
        from = start;
    }
    None
}

/// The places of strings that are values, quotation marks included.
pub(super) fn texts(body: &[u8]) -> Vec<std::ops::Range<usize>> {
    let mut all = Vec::new();
    let mut is_value = false;
    for token in tokens(body).map_while(Result::ok) {
        if is_value && token.kind == TokenKind::String {
            all.push(token.range());
        }
        is_value = token.kind == TokenKind::Colon;
    }
    all
}

/// A form whose last field that says something says this instead.
fn form_with_text(body: &[u8], text: &str) -> Vec<u8> {
    let encoded = PercentEncoding::EVERYTHING.encode(text.as_bytes());
    let sample = b"A+sample+message";
    match memchr::memmem::find(body, sample) {
        Some(at) => [&body[..at], &encoded, &body[at + sample.len()..]].concat(),
        None => [body, b"&text=", &encoded].concat(),
    }
}

/// The body with a member after all others of its last object.
fn with_member(body: &[u8], member: &str) -> Vec<u8> {
    let Some(at) = memchr::memrchr(b'}', body) else { return body.to_vec() };
    let rest = body[..at].trim_ascii_end().len();
    [&body[..rest], b",", member.as_bytes(), &body[rest..]].concat()
}

/// One member or item a line, two spaces a level.
fn indented(body: &[u8]) -> Vec<u8> {
    let mut written = Vec::with_capacity(body.len() * 2);
    let mut depth = 0_usize;
    let line = |written: &mut Vec<u8>, depth: usize| {
        written.push(b'\n');
        written.resize(written.len() + 2 * depth, b' ');
    };
    for token in tokens(body).map_while(Result::ok) {
        if matches!(token.kind, TokenKind::ObjectClose | TokenKind::ArrayClose) {
            depth = depth.saturating_sub(1);
            line(&mut written, depth);
        }
        written.extend_from_slice(token.text(body));
        match token.kind {
            TokenKind::ObjectOpen | TokenKind::ArrayOpen => {
                depth += 1;
                line(&mut written, depth);
            }
            TokenKind::Comma => line(&mut written, depth),
            TokenKind::Colon => written.push(b' '),
            _ => {}
        }
    }
    written
}

/// A space after every comma and colon between tokens.
fn spaced(body: &[u8]) -> Vec<u8> {
    let mut spaced = Vec::with_capacity(body.len() + body.len() / 8);
    for token in tokens(body).map_while(Result::ok) {
        spaced.extend_from_slice(token.text(body));
        if matches!(token.kind, TokenKind::Comma | TokenKind::Colon) {
            spaced.push(b' ');
        }
    }
    spaced
}

/// The body with one character of a value changed, valid as before; a place further on for each `nth`. `None` when
/// there is no such place.
pub(super) fn flipped(payload: &BuiltPayload, nth: usize) -> Option<Vec<u8>> {
    let body = &payload.body;
    let at = if payload.is_form() {
        let ends = (1..=body.len()).filter(|&end| body.get(end).is_none_or(|&byte| byte == b'&'));
        ends.map(|end| end - 1).filter(|&at| body[at].is_ascii_alphanumeric()).nth(nth)?
    } else {
        // The last character before the closing quotation mark; ids first, which receivers do not look into.
        let (ids, others): (Vec<_>, Vec<_>) =
            texts(body).into_iter().partition(|place| is_uuid(&body[place.start + 1..place.end - 1]));
        let places = ids.into_iter().chain(others).map(|place| place.end - 2);
        places.filter(|&at| body[at].is_ascii_alphanumeric() && body[at - 1] != b'\\').nth(nth)?
    };
    let mut flipped = body.clone();
    flipped[at] = if body[at] == b'0' { b'1' } else { b'0' };
    Some(flipped)
}
