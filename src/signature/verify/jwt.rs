//! JSON Web Tokens (RFC 7519) in the compact form (RFC 7515, section 7.1), whole or with a detached payload (RFC 7797).

use std::borrow::Cow;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::Timestamp;
use subtle::ConstantTimeEq as _;

use super::described::{Rejection, asymmetric_keys, binds, fits, key_bytes, public_keys};
use crate::delivery::Verdict;
use crate::signature::scheme::{JwtAlgorithm, Parts, ReadSignature};
use crate::signature::{Proof, Scheme, Secret, Source};
use crate::text::units::age_words;
use crate::text::{clip, visible};

/// A token's parts, decoded.
pub(in crate::signature) struct Token<'t> {
    /// What is signed, as it stands in the token: head and payload.
    pub(in crate::signature) signed: &'t [u8],
    pub(in crate::signature) head: Vec<u8>,
    pub(in crate::signature) payload: Vec<u8>,
    pub(in crate::signature) signature: Vec<u8>,
}

impl<'t> Token<'t> {
    /// Reads a token strictly.
    pub(in crate::signature) fn read(text: &'t [u8]) -> Option<Self> {
        Self::read_with(text, |part| BASE64_URL_SAFE_NO_PAD.decode(part).ok())
    }

    /// The same, with its three parts decoded by `decode`.
    pub(in crate::signature) fn read_with(text: &'t [u8], decode: fn(&[u8]) -> Option<Vec<u8>>) -> Option<Self> {
        let text = text.trim_ascii();
        let last = memchr::memrchr(b'.', text)?;
        let first = memchr::memchr(b'.', text).filter(|&first| first < last)?;
        if text[first + 1..last].contains(&b'.') {
            return None;
        }
        Some(Self {
            signed: &text[..last],
            head: decode(&text[..first])?,
            payload: decode(&text[first + 1..last])?,
            signature: decode(&text[last + 1..])?,
        })
    }

    /// A field of its head as text; `None` when it is not there.
    pub(in crate::signature) fn head_field(&self, name: &str) -> Option<String> {
        let parts = Parts { token: Some((&self.head, &self.payload)), ..Parts::default() };
        let value = parts.get(&Source::TokenHead(name.to_owned()))?;
        Some(String::from_utf8_lossy(&value).into_owned())
    }

    /// A claim that is a time, in Unix seconds; `None` where it is absent or unreadable.
    pub(in crate::signature) fn time(&self, name: &str) -> Option<f64> {
        match self.claimed_time(name) {
            ClaimedTime::At(seconds) => Some(seconds),
            ClaimedTime::Absent | ClaimedTime::Unreadable => None,
        }
    }

    fn claimed_time(&self, name: &str) -> ClaimedTime {
        let Some(written) = member(&self.payload, name) else { return ClaimedTime::Absent };
        // A string of digits is not a number (RFC 7519, section 2), nor is what no clock reaches.
        let is_number = written.first().is_some_and(|first| first.is_ascii_digit() || *first == b'-');
        let seconds = std::str::from_utf8(written).ok().filter(|_| is_number).and_then(|text| text.parse::<f64>().ok());
        match seconds.filter(|seconds| seconds.is_finite()) {
            Some(seconds) => ClaimedTime::At(seconds),
            None => ClaimedTime::Unreadable,
        }
    }

    /// What its head demands that nothing here does. Who does not understand an extension that is named as critical
    /// must refuse the token (RFC 7515, section 4.1.11).
    pub(in crate::signature) fn unsupported(&self) -> Option<String> {
        if let Some(critical) = member(&self.head, "crit") {
            let critical = String::from_utf8_lossy(critical);
            let shown = clip(&visible(&critical), SHOWN_COLUMNS).into_owned();
            return Some(format!("the token's head demands extensions that are not supported (crit {shown})"));
        }
        // RFC 7797, section 3: it is in force without `crit` as well for whoever knows it.
        let b64 = member(&self.head, "b64").filter(|value| *value != b"true")?;
        let shown = clip(&visible(&String::from_utf8_lossy(b64)), SHOWN_COLUMNS).into_owned();
        Some(format!("the token's payload is not written as base64url (b64 {shown}), which is not supported"))
    }
}

/// Columns of what a token's head says in a message.
const SHOWN_COLUMNS: usize = 60;

/// A claim that should be a time (RFC 7519, section 2: a number).
#[derive(Debug, Clone, Copy, PartialEq)]
enum ClaimedTime {
    Absent,
    /// In Unix seconds.
    At(f64),
    /// It is there and says no time.
    Unreadable,
}

/// A member of a JSON object as it is written.
fn member<'t>(object: &'t [u8], name: &str) -> Option<&'t [u8]> {
    let parts = Parts { body: object, ..Parts::default() };
    match parts.get(&Source::JsonRaw(vec![name.to_owned()]))? {
        Cow::Borrowed(written) => Some(written),
        Cow::Owned(_) => None,
    }
}

/// The time at which a request's token says that it was issued (`iat`), as it is written there.
pub(super) fn issued(scheme: &Scheme, read: &ReadSignature) -> Option<Vec<u8>> {
    let Proof::Jwt { detached: false, .. } = &scheme.proof else { return None };
    let token = Token::read(read.candidates.first()?)?;
    let parts = Parts { token: Some((&token.head, &token.payload)), ..Parts::default() };
    parts.get(&Source::Claim("iat".to_owned())).map(std::borrow::Cow::into_owned)
}

/// Whether the token is right: its algorithm one of the scheme's, its signature, its time, and what its claims bind.
pub(super) fn check(
    scheme: &Scheme,
    algorithms: &[JwtAlgorithm],
    detached: bool,
    secret: &Secret,
    read: &ReadSignature,
    parts: &Parts<'_>,
    now: Timestamp,
) -> Result<(), Rejection> {
    let token = read.candidates.first().and_then(|text| Token::read(text));
    let token = token.ok_or_else(|| Rejection::malformed("it is not a JSON Web Token of three parts"))?;
    let parts = Parts { token: Some((&token.head, &token.payload)), ..*parts };
    let named = token.head_field("alg").unwrap_or_default();
    // RFC 8725, section 3.1: the receiver says which algorithms there are, never the token.
    let algorithm =
        JwtAlgorithm::named(&named).filter(|algorithm| algorithms.contains(algorithm)).ok_or_else(|| {
            let accepted: Vec<&str> = algorithms.iter().map(|algorithm| algorithm.name()).collect();
            let named = visible(&named).into_owned();
            Rejection::malformed(format!("the token's alg is '{named}', not {}", accepted.join(" or ")))
        })?;
    if let Some(unsupported) = token.unsupported() {
        return Err(Rejection::malformed(unsupported));
    }
    let signed = if detached {
        if !token.payload.is_empty() {
            return Err(Rejection::malformed("the token has a payload, and the scheme's is left out"));
        }
        let incomplete = || match scheme.content.missing(&parts) {
            Some(part) => Rejection::mismatch(part),
            None => Rejection::bare(Verdict::Mismatch),
        };
        let content = scheme.content.bytes(&parts).ok_or_else(incomplete)?;
        [token.signed, BASE64_URL_SAFE_NO_PAD.encode(content).as_bytes()].concat()
    } else {
        token.signed.to_vec()
    };
    let has_both = algorithms.iter().any(|own| matches!(own, JwtAlgorithm::Hmac(_)));
    let is_right = match algorithm {
        JwtAlgorithm::Hmac(_) if secret.is_of_key_pair() => return Err(Rejection::not_shared(secret)),
        JwtAlgorithm::Hmac(hash) => {
            fits(scheme, secret, &parts)?;
            key_bytes(scheme, secret).is_some_and(|key| {
                let mut state = hash.keyed(&key);
                state.update(&signed);
                bool::from(state.finish().ct_eq(&token.signature))
            })
        }
        JwtAlgorithm::PublicKey(algorithm) => {
            // Where the token can choose, the key's kind was said before it came.
            let keys = if has_both { asymmetric_keys(secret) } else { public_keys(secret) }?;
            keys.keys().any(|(_, key)| key.verify(algorithm, &[&signed], &token.signature).is_ok())
        }
    };
    if !is_right {
        return Err(Rejection::bare(Verdict::Mismatch));
    }
    if let Some(untimely) = untimely(&token, scheme, now).filter(|_| !detached) {
        return Err(Rejection::valid_but(untimely));
    }
    binds(scheme, &parts)
}

/// Why a token is not valid at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::signature) enum Untimely {
    /// Its `exp` has passed; by this many seconds.
    Expired(u64),
    /// Its `nbf` has not come; it is this many seconds away.
    NotYet(u64),
    /// This claim is there and says no time.
    Unreadable(&'static str),
}

impl std::fmt::Display for Untimely {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let words = |seconds: u64| age_words(i64::try_from(seconds.saturating_mul(1000)).unwrap_or(i64::MAX));
        match self {
            Self::Expired(seconds) => {
                write!(formatter, "the token expired {} before it arrived (exp)", words(*seconds))
            }
            Self::NotYet(seconds) => {
                write!(formatter, "the token is not valid for another {} (nbf)", words(*seconds))
            }
            Self::Unreadable(name) => write!(formatter, "the token's {name} is not a number of seconds"),
        }
    }
}

/// RFC 7519, sections 4.1.4 and 4.1.5, with the scheme's tolerance for clocks.
pub(in crate::signature) fn untimely(token: &Token<'_>, scheme: &Scheme, now: Timestamp) -> Option<Untimely> {
    let (now, tolerance) = (now.as_millisecond() as f64 / 1000.0, scheme.tolerance.as_secs_f64());
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast of a float saturates")]
    let seconds = |distance: f64| distance.ceil() as u64;
    // A receiver that ignores an invalid `exp` accepts expired tokens.
    if let Some(name) = ["exp", "nbf"].into_iter().find(|name| token.claimed_time(name) == ClaimedTime::Unreadable) {
        return Some(Untimely::Unreadable(name));
    }
    if let Some(expires) = token.time("exp").filter(|expires| expires + tolerance < now) {
        return Some(Untimely::Expired(seconds(now - expires)));
    }
    let begins = token.time("nbf").filter(|begins| begins - tolerance > now)?;
    Some(Untimely::NotYet(seconds(begins - now)))
}
