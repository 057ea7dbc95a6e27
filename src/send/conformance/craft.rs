//! From a case to the bytes that are sent: a pure transformation.

use std::time::Duration;

use base64::Engine as _;
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};

use super::case::{Case, CaseHead, CasePayload, CaseSigning};
use crate::payload::json::{TokenKind, tokens};
use crate::signature::{self, Secret, SecretOrigin, SigningKind};
use crate::simulate::{Circumstances, PayloadEdit, PictureSize, Recipe, RecipeError, SimulatedEvent};

/// The image of every screenshot but the large ones, in pixels.
const SMALL: PictureSize = PictureSize::Pixels(160, 90);
/// An image of a large payload, in bytes.
const PART: usize = 60_000;

/// What every case is made from.
#[derive(Debug, Clone)]
pub struct Fixture {
    /// The secret that the receiver has.
    pub secret: Secret,
    /// Which unit its timestamps have.
    pub kind: SigningKind,
    /// The names of the signature and timestamp headers.
    pub names: (String, String),
    /// How far stale and future timestamps lie from now; see [`stale_by`].
    pub stale: Duration,
    /// What decides everything that varies.
    pub seed: u64,
}

/// How old a stale timestamp is: a little older than the limit that was asked for, so that a laxer one is
/// found, and otherwise older than any that is in use.
#[must_use]
pub fn stale_by(max_age: Option<Duration>) -> Duration {
    const LEAST: Duration = Duration::from_secs(60);
    match max_age {
        Some(age) => age.saturating_add(LEAST.max(age / 10)),
        None => Duration::from_secs(24 * 60 * 60),
    }
}

/// One request of a case: every header but those that every request needs, and the body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crafted {
    /// Names and values, in their order.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
    /// How often it is sent; the last answer is judged.
    pub times: u32,
}

impl Case {
    /// The request of this case as of `now`.
    ///
    /// # Errors
    ///
    /// [`RecipeError`]; none of the table's cases has one.
    pub fn craft(&self, ground: &Fixture, now: Timestamp) -> Result<Crafted, RecipeError> {
        let signed_body = self.body.bytes(&Circumstances { moment: now, seed: ground.seed })?;
        let (signature, timestamp) = self.signing.headers(ground, now, &signed_body);
        let mut headers = vec![("Content-Type".to_owned(), self.head.content_type().to_owned())];
        headers.extend(signature.into_iter().map(|value| (self.head.name(&ground.names.0), value)));
        headers.extend(timestamp.into_iter().map(|value| (self.head.name(&ground.names.1), value)));
        let body = if self.signing == CaseSigning::FlippedBody { flipped(signed_body) } else { signed_body };
        let times = if self.signing == CaseSigning::Replayed { 2 } else { 1 };
        Ok(Crafted { headers, body: Bytes::from(body), times })
    }
}

impl CaseHead {
    fn content_type(self) -> &'static str {
        if self == Self::Charset { "application/json; charset=utf-8" } else { "application/json" }
    }

    fn name(self, name: &str) -> String {
        match self {
            Self::Plain | Self::Charset => name.to_owned(),
            Self::Lower => name.to_ascii_lowercase(),
            Self::Upper => name.to_ascii_uppercase(),
        }
    }
}

impl CasePayload {
    fn bytes(self, circumstances: &Circumstances) -> Result<Vec<u8>, RecipeError> {
        let plain = || Recipe::new(SimulatedEvent::App).build(circumstances);
        match self {
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
            Self::Text(raw) => {
                let edit = PayloadEdit::set(&format!("data[0].tracking.app.name={raw}"))?;
                Recipe { edits: vec![edit], ..Recipe::new(SimulatedEvent::App) }.build(circumstances)
            }
            Self::Extra(member) => {
                let mut body = plain()?;
                body.pop();
                body.extend_from_slice(format!(",{member}}}").as_bytes());
                Ok(body)
            }
            Self::Indented => plain().map(|body| indented(&body)),
            Self::Spaced => plain().map(|body| spaced(&body)),
            Self::Between(before, after) => Ok([before.as_bytes(), &plain()?, after.as_bytes()].concat()),
        }
    }
}

impl CaseSigning {
    /// The values of the two headers over `body`; several where a header comes twice.
    fn headers(self, ground: &Fixture, now: Timestamp, body: &[u8]) -> (Vec<String>, Vec<String>) {
        let timestamp = self.timestamp(ground, now);
        let right = signature::sign(&ground.secret, timestamp.as_bytes(), body);
        let wrong = || signature::sign(&other_secret(ground.seed), timestamp.as_bytes(), body);
        let one = |value: String| (vec![value], vec![timestamp.clone()]);
        match self {
            Self::Right
            | Self::Seconds
            | Self::Milliseconds
            | Self::FlippedBody
            | Self::Stale
            | Self::Future
            | Self::Replayed => one(right),
            Self::WrongSecret => one(wrong()),
            Self::FlippedTimestamp => (vec![right], vec![with_digit(&timestamp, timestamp.len() - 1)]),
            Self::FlippedDigit(place) => one(with_digit(&right, place)),
            Self::OtherBody => one(signature::sign(&ground.secret, timestamp.as_bytes(), b"{}")),
            Self::NoSignature => (Vec::new(), vec![timestamp]),
            Self::NoTimestamp => (vec![right], Vec::new()),
            Self::NoHeaders => (Vec::new(), Vec::new()),
            Self::EmptySignature => one(String::new()),
            Self::Cut(digits) => one(right[..digits].to_owned()),
            Self::HalfRight => {
                one(format!("{}{}", &right[..32], right[32..].chars().map(other_digit).collect::<String>()))
            }
            Self::Appended => one(format!("{right}00")),
            Self::UpperCase => one(right.to_ascii_uppercase()),
            Self::Base64 => {
                let digest = signature::digest(&ground.secret, timestamp.as_bytes(), body);
                one(base64::prelude::BASE64_STANDARD.encode(digest))
            }
            Self::TwoSignatures { right_first: true } => (vec![right, wrong()], vec![timestamp]),
            Self::TwoSignatures { right_first: false } => (vec![wrong(), right], vec![timestamp]),
            Self::TwoTimestamps => (vec![right], vec![with_digit(&timestamp, timestamp.len() - 1), timestamp]),
            Self::BodyAlone => one(body_alone(&ground.secret, body)),
        }
    }

    fn timestamp(self, ground: &Fixture, now: Timestamp) -> String {
        let far = SignedDuration::try_from(ground.stale).unwrap_or(SignedDuration::ZERO);
        match self {
            Self::Seconds => SigningKind::Developer.timestamp_text(now),
            Self::Milliseconds => SigningKind::Reseller.timestamp_text(now),
            Self::Stale => ground.kind.timestamp_text(now.checked_sub(far).unwrap_or(Timestamp::UNIX_EPOCH)),
            Self::Future => ground.kind.timestamp_text(now.checked_add(far).unwrap_or(now)),
            _ => ground.kind.timestamp_text(now),
        }
    }
}

/// A secret that the receiver does not have.
fn other_secret(seed: u64) -> Secret {
    Secret::new("another", format!("not-the-secret-{seed:016x}").into_bytes(), SecretOrigin::Typed)
}

fn body_alone(secret: &Secret, body: &[u8]) -> String {
    use hmac::Mac as _;
    let mut mac = secret.mac();
    mac.update(body);
    hex::encode(mac.finalize().into_bytes())
}

/// The text with another digit at `place`.
fn with_digit(text: &str, place: usize) -> String {
    text.char_indices().map(|(at, digit)| if at == place { other_digit(digit) } else { digit }).collect()
}

fn other_digit(digit: char) -> char {
    if digit == '0' { '1' } else { '0' }
}

/// The body with one digit of its first UUID changed, so that it stays valid JSON of the same shape.
fn flipped(mut body: Vec<u8>) -> Vec<u8> {
    let place = memchr::memmem::find(&body, b"Id\":\"").map_or(0, |at| at + 5);
    if let Some(byte) = body.get_mut(place) {
        *byte = if *byte == b'0' { b'1' } else { b'0' };
    }
    body
}

/// One member or item a line, two spaces a level.
fn indented(body: &[u8]) -> Vec<u8> {
    let mut written = Vec::with_capacity(body.len() * 2);
    let mut depth = 0;
    let line = |written: &mut Vec<u8>, depth: usize| {
        written.push(b'\n');
        written.resize(written.len() + 2 * depth, b' ');
    };
    for token in tokens(body).map_while(Result::ok) {
        if matches!(token.kind, TokenKind::ObjectClose | TokenKind::ArrayClose) {
            depth -= 1;
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
