//! From a case to the request that is sent: a pure transformation.

use std::time::Duration;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};

use super::case::{Case, CaseManner, CasePayload, CaseSigning};
use super::matrix::FORGED;
use super::payload::{BuiltPayload, flipped, id_in};
use super::place::{WritePlace, is_in_body, signed_text, stamped, unsigned, with_other_digit};
use super::written::ChangeableSignature;
use crate::http::{InvalidHeader, Outgoing, Target};
use crate::send::probe::nobodys_secret;
use crate::signature::diagnose::Suspect;
use crate::signature::{
    Scheme, Secret, SecretOrigin, SignError, SignedContent, SigningKind, StampUnit, written_header,
};
use crate::simulate::{Circumstances, RecipeError};

/// How many digests are made to find one of a kind; of large bodies, which take their time.
const TRIES: u64 = 400;
const TRIES_OF_LARGE: u64 = 60;
/// Bodies beyond this length are large.
const LARGE: usize = 64 * 1024;
/// Values that are looked at for one which the signature covers.
const FLIPS: usize = 24;

/// What every case is made from.
#[derive(Debug, Clone)]
pub struct Fixture {
    /// The receiver.
    pub target: Target,
    /// How its deliveries are signed.
    pub scheme: Scheme,
    /// The secret that the receiver has.
    pub secret: Secret,
    /// Which unit its timestamps have, where the scheme has none of its own.
    pub kind: SigningKind,
    /// How far stale and future timestamps lie from now; see [`stale_by`].
    pub stale: Duration,
    /// What decides everything that varies.
    pub seed: u64,
}

/// Why a case makes no request under a scheme.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CraftError {
    /// The payload cannot be made.
    #[error(transparent)]
    Recipe(#[from] RecipeError),
    /// The scheme does not sign it.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// A header cannot be sent.
    #[error(transparent)]
    Header(#[from] InvalidHeader),
    /// The case means nothing under this scheme.
    #[error("{0}")]
    NotApplicable(&'static str),
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

/// One request of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crafted {
    /// All of it.
    pub request: Outgoing,
    /// What goes over the same connection before it.
    pub before: Option<Outgoing>,
    /// Where the body is cut when it goes out in pieces.
    pub cuts: Vec<usize>,
    /// How often it is sent; the last answer is judged.
    pub times: u32,
    /// The timestamp's text that was signed.
    pub timestamp: String,
    /// The bare signature that is right for it.
    pub right: String,
}

impl Crafted {
    /// The pieces of the body, the last one without a pause after it.
    pub(super) fn pieces(&self) -> Vec<Bytes> {
        let mut ends = self.cuts.clone();
        ends.push(self.request.body.len());
        let begins = std::iter::once(0).chain(self.cuts.iter().copied());
        begins.zip(ends).map(|(begin, end)| self.request.body.slice(begin..end)).collect()
    }
}

impl Case {
    /// The request of this case as of `now`; of the same case with another `nonce`, another request.
    ///
    /// # Errors
    ///
    /// [`CraftError`]; none of the table's cases has one under Trackpilots' scheme.
    pub fn craft(&self, fixture: &Fixture, now: Timestamp, nonce: u64) -> Result<Crafted, CraftError> {
        self.craft_as(fixture, now, nonce, None)
    }

    /// The request of this case, signed as a receiver with that mistake would sign it.
    pub(super) fn craft_as(
        &self,
        fixture: &Fixture,
        now: Timestamp,
        nonce: u64,
        suspect: Option<&Suspect>,
    ) -> Result<Crafted, CraftError> {
        let seed = |attempt| seed_of(fixture.seed, self.name, nonce, attempt);
        let mut draft = Draft::new(self, fixture, now, seed(0))?;
        let mut written = ChangeableSignature::read(&fixture.scheme, &draft.right);
        if !written.may_be(self.digest) {
            return Err(CraftError::NotApplicable("the signature is not written that way"));
        }
        for attempt in 1..TRIES {
            let is_large = draft.request.body.len() > LARGE;
            if written.is(self.digest) || (is_large && attempt > TRIES_OF_LARGE) {
                break;
            }
            if !draft.vary(fixture, seed(attempt))? {
                draft = Draft::new(self, fixture, now, seed(attempt))?;
            }
            written = ChangeableSignature::read(&fixture.scheme, &draft.right);
        }
        draft.finish(self, fixture, &written, suspect)
    }
}

/// A seed for each request of a check.
fn seed_of(seed: u64, name: &str, nonce: u64, attempt: u64) -> u64 {
    let of_name = name
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    seed.wrapping_add(of_name).wrapping_add(nonce.wrapping_mul(0x9e37_79b9_7f4a_7c15)).wrapping_add(attempt << 40)
}

/// A request without its signature, and what is right for it.
struct Draft {
    request: Outgoing,
    payload: BuiltPayload,
    circumstances: Circumstances,
    timestamp: String,
    right: String,
}

impl Draft {
    fn new(case: &Case, fixture: &Fixture, now: Timestamp, seed: u64) -> Result<Self, CraftError> {
        let circumstances = Circumstances { moment: now, seed };
        let payload = case.body.build(&fixture.scheme, &circumstances)?;
        if payload.is_form() && case.body.is_of_json() {
            return Err(CraftError::NotApplicable("the sender's bodies are forms"));
        }
        let request = unsigned(fixture, &payload, case.head, &circumstances)?;
        let timestamp = case.signing.timestamp(fixture, now);
        let right = signed_text(fixture, &fixture.secret, &request, &timestamp, &request.body)?;
        Ok(Self { request, payload, circumstances, timestamp, right })
    }

    /// Gives it another id, in place; `false` when it has none. To make all of it again takes longer.
    fn vary(&mut self, fixture: &Fixture, seed: u64) -> Result<bool, SignError> {
        let Some(place) = id_in(&self.payload.body) else { return Ok(false) };
        self.payload.body[place.start..place.start + 8].copy_from_slice(format!("{:08x}", seed >> 32).as_bytes());
        self.payload.body[place.end - 8..place.end].copy_from_slice(format!("{:08x}", seed as u32).as_bytes());
        self.request.set_body(Bytes::from(self.payload.body.clone()));
        self.right = signed_text(fixture, &fixture.secret, &self.request, &self.timestamp, &self.request.body)?;
        Ok(true)
    }

    /// Signs it as the case says.
    fn finish(
        mut self,
        case: &Case,
        fixture: &Fixture,
        written: &ChangeableSignature,
        suspect: Option<&Suspect>,
    ) -> Result<Crafted, CraftError> {
        let cuts = case.manner.cuts(&self.request.body);
        let place = WritePlace::of(fixture, &self.request)?;
        let (mut signatures, mut stamps) = (vec![written.text()], vec![self.timestamp.clone()]);
        let mut whole = None;
        if let Some(suspect) = suspect {
            let pieces: Vec<&[u8]> = pieces_of(&self.request.body, &cuts);
            let head = stamped(&fixture.scheme, &self.request, &self.timestamp);
            let made = suspect.signature(&fixture.scheme, &fixture.secret, &head, &self.timestamp, &pieces);
            let made = made.ok_or(CraftError::NotApplicable("no such receiver could sign it"))?;
            if made.is_whole {
                whole = Some(made.text);
            } else {
                signatures = vec![made.text];
            }
        }
        self.forge(case.signing, fixture, written, (&mut signatures, &mut stamps))?;
        let values: Vec<String> = match case.signing {
            CaseSigning::EmptySignature => vec![String::new()],
            CaseSigning::EmptyDigest => {
                let value = fixture.scheme.written("", &self.timestamp).filter(|value| !value.is_empty());
                vec![value.ok_or(CraftError::NotApplicable("nothing surrounds the signature"))?]
            }
            _ if whole.is_some() => whole.into_iter().collect(),
            _ => signatures.iter().filter_map(|text| place.value(fixture, text, &self.timestamp_of(&stamps))).collect(),
        };
        place.put(&mut self.request, case, fixture, &values, &stamps)?;
        let times = if case.signing == CaseSigning::Replayed { 2 } else { 1 };
        let now = self.circumstances.moment;
        let before = match case.manner {
            CaseManner::AfterForged => Some(FORGED.craft(fixture, now, self.circumstances.seed)?.request),
            _ => None,
        };
        Ok(Crafted { request: self.request, before, cuts, times, timestamp: self.timestamp, right: self.right })
    }

    fn timestamp_of(&self, stamps: &[String]) -> String {
        stamps.last().cloned().unwrap_or_default()
    }

    /// Changes what the case changes: signatures, timestamps, or the body after it was signed.
    fn forge(
        &mut self,
        signing: CaseSigning,
        fixture: &Fixture,
        written: &ChangeableSignature,
        (signatures, stamps): (&mut Vec<String>, &mut Vec<String>),
    ) -> Result<(), CraftError> {
        let scheme = &fixture.scheme;
        let seed = self.circumstances.seed;
        match signing {
            CaseSigning::Right | CaseSigning::Replayed => {}
            CaseSigning::Seconds | CaseSigning::Milliseconds if scheme.timestamp_unit.is_some() => {
                return Err(CraftError::NotApplicable("the sender's timestamps have one unit"));
            }
            CaseSigning::Seconds | CaseSigning::Milliseconds | CaseSigning::Stale | CaseSigning::Future => {
                self.check_timestamp(fixture)?;
            }
            CaseSigning::WrongSecret => *signatures = vec![self.forged(fixture, written)],
            CaseSigning::Key(key) => *signatures = vec![self.with_key(fixture, key)?],
            CaseSigning::TwoSignatures { right_first } => {
                self.check_header(scheme)?;
                let other = self.forged(fixture, written);
                if right_first { signatures.push(other) } else { signatures.insert(0, other) }
            }
            CaseSigning::FlippedBody => {
                let body = self.flipped_body(fixture)?;
                self.request.set_body(Bytes::from(body));
            }
            CaseSigning::OtherBody => {
                let other = Circumstances { seed: seed ^ 1, ..self.circumstances };
                let body = CasePayload::Usual.build(scheme, &other)?.body;
                let text = signed_text(fixture, &fixture.secret, &self.request, &self.timestamp, &body)?;
                if text == self.right {
                    return Err(CraftError::NotApplicable("the signature does not cover the body"));
                }
                *signatures = vec![text];
            }
            CaseSigning::FlippedTimestamp => {
                self.check_timestamp(fixture)?;
                *stamps = vec![with_other_digit(&self.timestamp)];
            }
            CaseSigning::TwoTimestamps => {
                self.check_timestamp_header(scheme)?;
                stamps.insert(0, with_other_digit(&self.timestamp));
            }
            CaseSigning::NoSignature | CaseSigning::EmptySignature => {
                self.check_header(scheme)?;
                signatures.clear();
            }
            CaseSigning::EmptyDigest => self.check_header(scheme)?,
            CaseSigning::NoTimestamp => {
                self.check_timestamp_header(scheme)?;
                stamps.clear();
            }
            CaseSigning::NoHeaders => {
                self.check_header(scheme)?;
                self.check_timestamp_header(scheme)?;
                signatures.clear();
                stamps.clear();
            }
            changed => {
                let text = written.changed(changed).filter(|text| !text.is_empty());
                *signatures = vec![text.ok_or(CraftError::NotApplicable("the signature is not written that way"))?];
            }
        }
        Ok(())
    }

    /// The signature under a key that is what it is, whatever the scheme makes of secrets.
    fn with_key(&self, fixture: &Fixture, key: &str) -> Result<String, CraftError> {
        let plain = Scheme { key: SignedContent::secret(), ..fixture.scheme.clone() };
        let fixture = Fixture { scheme: plain, ..fixture.clone() };
        let secret = Secret::new("unset", key.as_bytes().to_vec(), SecretOrigin::MadeUp);
        let made = signed_text(&fixture, &secret, &self.request, &self.timestamp, &self.request.body);
        let made = made.ok().filter(|text| !text.is_empty() && *text != self.right);
        made.ok_or(CraftError::NotApplicable("the scheme has no such key"))
    }

    /// A signature made without the right key.
    fn forged(&self, fixture: &Fixture, written: &ChangeableSignature) -> String {
        let other = nobodys_secret(&fixture.scheme, self.circumstances.seed);
        let made = other
            .and_then(|secret| signed_text(fixture, &secret, &self.request, &self.timestamp, &self.request.body).ok());
        made.filter(|text| *text != self.right).unwrap_or_else(|| written.made_up(self.circumstances.seed))
    }

    /// The body with a character changed that the signature covers.
    fn flipped_body(&self, fixture: &Fixture) -> Result<Vec<u8>, CraftError> {
        for nth in 0..FLIPS {
            let Some(body) = flipped(&self.payload, nth) else { break };
            let text = signed_text(fixture, &fixture.secret, &self.request, &self.timestamp, &body);
            if text.is_ok_and(|text| text != self.right) {
                return Ok(body);
            }
        }
        Err(CraftError::NotApplicable("the signature does not cover the body"))
    }

    fn check_header(&self, scheme: &Scheme) -> Result<(), CraftError> {
        if is_in_body(&self.request) || written_header(scheme).is_none() {
            return Err(CraftError::NotApplicable("the signature is in the body"));
        }
        Ok(())
    }

    fn check_timestamp_header(&self, scheme: &Scheme) -> Result<(), CraftError> {
        match (&scheme.timestamp, scheme.timestamp_header()) {
            (None, _) => Err(CraftError::NotApplicable("the scheme has no timestamp")),
            (Some(_), "") => Err(CraftError::NotApplicable("the timestamp has no header of its own")),
            _ => Ok(()),
        }
    }

    /// Whether another timestamp would have another signature.
    fn check_timestamp(&self, fixture: &Fixture) -> Result<(), CraftError> {
        if fixture.scheme.timestamp.is_none() {
            return Err(CraftError::NotApplicable("the scheme has no timestamp"));
        }
        let in_value = fixture.scheme.written("0", "1") != fixture.scheme.written("0", "2");
        if fixture.scheme.timestamp_header().is_empty() && !in_value {
            return Err(CraftError::NotApplicable("the timestamp is a part of the body"));
        }
        let other = with_other_digit(&self.timestamp);
        let text = signed_text(fixture, &fixture.secret, &self.request, &other, &self.request.body);
        if text.is_ok_and(|text| text == self.right) {
            return Err(CraftError::NotApplicable("the signature does not cover the timestamp"));
        }
        Ok(())
    }
}

/// The pieces of `body` between its `cuts`.
fn pieces_of<'a>(body: &'a [u8], cuts: &[usize]) -> Vec<&'a [u8]> {
    let begins = std::iter::once(0).chain(cuts.iter().copied());
    let ends = cuts.iter().copied().chain(std::iter::once(body.len()));
    begins.zip(ends).map(|(begin, end)| &body[begin..end]).collect()
}

impl CaseManner {
    /// Where the body is cut.
    fn cuts(self, body: &[u8]) -> Vec<usize> {
        match self {
            Self::AtOnce | Self::AfterForged => Vec::new(),
            Self::SlowBody => vec![0, body.len() / 2],
            Self::SplitCharacters => {
                let within = (1..body.len()).filter(|&at| body[at] & 0xc0 == 0x80 && body[at - 1] & 0xc0 == 0xc0);
                // Every third is enough, so that a server which reads slowly sees some of them.
                within.step_by(3).take(8).collect()
            }
        }
    }
}

impl CaseSigning {
    fn timestamp(self, fixture: &Fixture, now: Timestamp) -> String {
        let far = SignedDuration::try_from(fixture.stale).unwrap_or(SignedDuration::ZERO);
        let text = |moment| fixture.scheme.timestamp_text(fixture.kind, moment);
        match self {
            Self::Seconds => StampUnit::Seconds.text(now),
            Self::Milliseconds => StampUnit::Milliseconds.text(now),
            Self::Stale => text(now.checked_sub(far).unwrap_or(Timestamp::UNIX_EPOCH)),
            Self::Future => text(now.checked_add(far).unwrap_or(now)),
            _ => text(now),
        }
    }
}
