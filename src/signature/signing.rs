//! Fresh timestamp and signature headers for a request.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::Timestamp;

use super::public_key::{PrivateKey, PrivateKeyError, PrivateSignError};
use super::scheme::{JwtAlgorithm, Parts, signed_url};
use super::verify::{described_digest, key_bytes, unbound};
use super::{
    Algorithm, Proof, Scheme, Secret, SignaturePlace, SignatureValue, SigningKind, Source, TemplatePiece, judge,
};
use crate::delivery::Verdict;
use crate::http::{Head, InvalidHeader, Outgoing};

/// With what a request is signed.
#[derive(Debug, Clone, Copy)]
pub struct Signing<'a> {
    /// The timestamp's unit, where the scheme has none of its own.
    pub kind: SigningKind,
    /// The scheme.
    pub scheme: &'a Scheme,
    /// The secret.
    pub secret: &'a Secret,
}

/// Why a request cannot be signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// The secret is not a valid key of this scheme.
    #[error("the secret {label} is not a valid key of this webhook's scheme ({key}): choose another with --secret")]
    NoKey {
        /// The secret's label.
        label: String,
        /// What the scheme makes of a secret.
        key: String,
    },
    /// The scheme signs an id that the request has not.
    #[error("missing header {0}, which the scheme signs: add it")]
    NoId(String),
    /// The scheme signs something else that the request has not.
    #[error("missing {0}, which the scheme signs: add it")]
    NoPart(String),
    /// The sender signs with a private key, and the secret is none.
    #[error("this scheme is signed with the sender's private key, and the secret {label} is none: {error}")]
    NoPrivateKey {
        /// The secret's label.
        label: String,
        /// What it is instead.
        error: PrivateKeyError,
    },
    /// The private key does not sign under the scheme.
    #[error("the secret {label} does not sign under this scheme: {error}")]
    PrivateKey {
        /// The secret's label.
        label: String,
        /// Why.
        error: PrivateSignError,
    },
    /// Something that the scheme ties to the signed parts is not as it must be.
    #[error("the request does not fit the scheme: {0}")]
    Unbound(String),
    /// The scheme signs members of a JSON body, which is broken.
    #[error("the body is not valid JSON, whose members the scheme signs: {0}")]
    BrokenJson(crate::payload::json::JsonFault),
    /// The signature is part of something that is not made here.
    #[error("requests of this scheme cannot be signed here: {0}")]
    NotSigned(&'static str),
    /// The headers cannot be sent.
    #[error(transparent)]
    Header(#[from] InvalidHeader),
}

impl Signing<'_> {
    /// Puts the headers of this moment into `request`: in the place and letter case of those that it
    /// has, after all others otherwise.
    ///
    /// # Errors
    ///
    /// [`SignError`] when the secret or the request does not fit the scheme.
    pub fn apply(&self, request: &mut Outgoing, now: Timestamp) -> Result<(), SignError> {
        self.apply_at(request, &self.scheme.timestamp_text(self.kind, now))
    }

    /// The same with this text as timestamp, whatever it is.
    ///
    /// # Errors
    ///
    /// [`SignError`] when the secret or the request does not fit the scheme.
    pub fn apply_at(&self, request: &mut Outgoing, timestamp: &str) -> Result<(), SignError> {
        for (name, value) in self.headers(&request.head(), &request.body, timestamp)? {
            request.set(&name, value)?;
        }
        Ok(())
    }

    /// Leaves a request one header for a signature, where it has several of the scheme's: the one that the secret
    /// verifies in the request as it came, or else the first. The names of the others, which are removed.
    pub fn keep_one_place(&self, request: &mut Outgoing, head: &Head, body: &[u8], now: Timestamp) -> Vec<String> {
        let signature = &self.scheme.signature;
        let mut present: Vec<&str> = signature.header_names().filter(|name| request.line(name).is_some()).collect();
        let verifies = |name: &&str| {
            let signature =
                SignatureValue { places: vec![SignaturePlace::Header((*name).to_owned())], ..signature.clone() };
            let alone = Scheme { signature, ..self.scheme.clone() };
            judge(&alone, [self.secret], head, body, now).verdict == Verdict::Verified
        };
        if present.len() < 2 {
            return Vec::new();
        }
        let kept = present.iter().position(verifies).unwrap_or(0);
        present.remove(kept);
        present.iter().for_each(|name| request.remove(name));
        present.into_iter().map(str::to_owned).collect()
    }

    /// The headers for a request of this head and body under this timestamp, as names and values.
    ///
    /// # Errors
    ///
    /// [`SignError`] when the secret or the request does not fit the scheme.
    pub fn headers(&self, head: &Head, body: &[u8], timestamp: &str) -> Result<Vec<(String, String)>, SignError> {
        let scheme = self.scheme;
        unsignable(scheme).map_or(Ok(()), Err)?;
        let name = match scheme.signature.header_in(head).filter(|name| head.value(name).is_some()) {
            Some(present) => present.to_owned(),
            None => written_header(scheme).ok_or(SignError::NotSigned("the signature is not in a header"))?,
        };
        let mut headers = Vec::new();
        let mut stamped = None;
        if let Some(own) = scheme.timestamp.as_ref().and_then(super::Expression::header) {
            headers.push((own.to_owned(), timestamp.to_owned()));
            // What the content names by its header is there when it is signed.
            stamped = Some(head.with(own, timestamp));
        }
        let value = sign_request(scheme, self.secret, stamped.as_ref().unwrap_or(head), timestamp, body)?;
        headers.insert(0, (name, value));
        Ok(headers)
    }
}

/// The header that a signature of `scheme` is written into; `None` when its place is none. Of headers with a number,
/// the first.
#[must_use]
pub fn written_header(scheme: &Scheme) -> Option<String> {
    match scheme.signature.places.first() {
        Some(SignaturePlace::Numbered(prefix)) => Some(format!("{prefix}1")),
        _ => scheme.signature.header_name().map(str::to_owned),
    }
}

/// The signature header's value for a request under `scheme`, with this text as its timestamp: the
/// reverse of [`super::judge`]. An id that the scheme signs is read from `head`.
///
/// # Errors
///
/// [`SignError`] when the secret or the request does not fit the scheme.
pub fn sign_request(
    scheme: &Scheme,
    secret: &Secret,
    head: &Head,
    timestamp: &str,
    body: &[u8],
) -> Result<String, SignError> {
    let text = bare_signature(scheme, secret, head, timestamp, body)?;
    scheme
        .written(&text, timestamp)
        .ok_or(SignError::NotSigned("its header holds more than a signature and a timestamp"))
}

/// The same without what surrounds it in its value.
///
/// # Errors
///
/// [`SignError`] when the secret or the request does not fit the scheme.
pub fn bare_signature(
    scheme: &Scheme,
    secret: &Secret,
    head: &Head,
    timestamp: &str,
    body: &[u8],
) -> Result<String, SignError> {
    unsignable(scheme).map_or(Ok(()), Err)?;
    let url = signed_url(scheme, head);
    let parts =
        Parts { timestamp: timestamp.as_bytes(), secret: secret.expose(), ..Parts::of(scheme, head, &url, body) };
    let id = scheme.id.as_ref().and_then(|place| place.value(&parts)).unwrap_or_default();
    if id.is_empty() && scheme.content.covers(&TemplatePiece::Id) {
        let place = scheme.id.as_ref();
        return Err(SignError::NoId(
            place.map_or_else(String::new, |place| place.header().map_or_else(|| place.to_string(), str::to_owned)),
        ));
    }
    if let Some(fault) = scheme.broken_members(body) {
        return Err(SignError::BrokenJson(fault));
    }
    let parts = Parts { id: &id, ..parts };
    if !matches!(scheme.proof, Proof::Jwt { .. }) {
        unbound(scheme, &parts).map_or(Ok(()), |unbound| Err(SignError::Unbound(unbound.words)))?;
    }
    signature_text(scheme, secret, &parts)
}

/// Why no secret signs under `scheme` here; `None` when one may.
#[must_use]
pub fn unsignable(scheme: &Scheme) -> Option<SignError> {
    let why = match &scheme.proof {
        Proof::Jwt { detached: true, .. } => "the token names headers that only its sender chooses",
        Proof::Jwt { algorithms, .. } if !matches!(algorithms.first(), Some(JwtAlgorithm::Hmac(_))) => {
            "its tokens are signed with the sender's private key"
        }
        Proof::Sns => "only Amazon has the private key, and the signature is in the body",
        Proof::MessageSignature => "the request itself says which of its parts are signed",
        _ if scheme.needs_list() => "the request itself says which of its parts are signed",
        _ => return None,
    };
    Some(SignError::NotSigned(why))
}

/// The HMAC of a message under a secret, whatever else the scheme signs with: what senders ask for when they check that a
/// receiver has the secret.
///
/// `None` when the secret cannot be a key of the scheme.
#[must_use]
pub fn hmac(algorithm: Algorithm, scheme: &Scheme, secret: &Secret, message: &[u8]) -> Option<Vec<u8>> {
    let mut state = algorithm.keyed(&key_bytes(scheme, secret)?);
    state.update(message);
    Some(state.finish())
}

/// The signature alone.
fn signature_text(scheme: &Scheme, secret: &Secret, parts: &Parts<'_>) -> Result<String, SignError> {
    let label = || crate::text::visible(secret.label()).into_owned();
    let no_key = || SignError::NoKey { label: label(), key: scheme.key.to_string() };
    let unsigned = || unsignable(scheme).unwrap_or(SignError::NotSigned("its form is unknown"));
    let no_part = || SignError::NoPart(scheme.content.missing(parts).unwrap_or_else(|| "a part".to_owned()));
    match &scheme.proof {
        Proof::Hmac(_) | Proof::Hash(_) => {
            if key_bytes(scheme, secret).is_none() {
                return Err(no_key());
            }
            described_digest(scheme, secret, parts).map(|digest| scheme.encoding.encode(&digest)).ok_or_else(no_part)
        }
        Proof::Token => {
            let bytes = scheme.content.bytes(parts).ok_or_else(no_part)?;
            String::from_utf8(bytes).map_err(|_| no_key())
        }
        Proof::PublicKey(algorithm) => {
            let key =
                PrivateKey::read(secret.expose()).map_err(|error| SignError::NoPrivateKey { label: label(), error })?;
            let content = scheme.content.bytes(parts).ok_or_else(no_part)?;
            let signature =
                key.sign(*algorithm, &[&content]).map_err(|error| SignError::PrivateKey { label: label(), error })?;
            Ok(scheme.encoding.encode(&signature))
        }
        Proof::Jwt { algorithms, detached: false } => match algorithms.first() {
            Some(JwtAlgorithm::Hmac(hash)) => token(scheme, *hash, secret, parts, no_key),
            _ => Err(unsigned()),
        },
        Proof::Jwt { .. } | Proof::Sns | Proof::MessageSignature => Err(unsigned()),
    }
}

/// How long a token that is made here is valid.
const TOKEN_SECONDS: i64 = 300;

/// A token whose claims are those that the scheme binds, and the time.
fn token(
    scheme: &Scheme,
    hash: Algorithm,
    secret: &Secret,
    parts: &Parts<'_>,
    no_key: impl Fn() -> SignError,
) -> Result<String, SignError> {
    let issued: i64 = std::str::from_utf8(parts.timestamp).ok().and_then(|text| text.parse().ok()).unwrap_or_default();
    // Tokens count in seconds, whatever the webhook's kind.
    let issued = if issued > 100_000_000_000 { issued / 1000 } else { issued };
    let mut claims = serde_json::Map::new();
    for bind in &scheme.binds {
        let [TemplatePiece::Value(expression)] = bind.is.pieces() else { continue };
        let Source::Claim(name) = &expression.source else { continue };
        let value = bind
            .equals
            .bytes(parts)
            .ok_or_else(|| SignError::NoPart(bind.equals.missing(parts).unwrap_or_default()))?;
        claims.insert(name.clone(), String::from_utf8_lossy(&value).into_owned().into());
    }
    // Some libraries demand an id, and refuse one that they have seen.
    let of_request = Algorithm::Sha256.hash(|sink| [parts.url, parts.timestamp, parts.body].into_iter().for_each(sink));
    claims.insert("jti".to_owned(), hex::encode(&of_request[..16]).into());
    claims.insert("iat".to_owned(), issued.into());
    claims.insert("exp".to_owned(), (issued + TOKEN_SECONDS).into());
    let name = JwtAlgorithm::Hmac(hash).name();
    let head = format!("{{\"alg\":\"{name}\",\"typ\":\"JWT\"}}");
    let encode = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
    let signed = format!("{}.{}", encode(&head), encode(&serde_json::Value::Object(claims).to_string()));
    let mut state = hash.keyed(&key_bytes(scheme, secret).ok_or_else(no_key)?);
    state.update(signed.as_bytes());
    Ok(format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(state.finish())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signature::{SecretOrigin, catalogue};

    const NOW: i64 = 1_746_123_456_789;

    fn request() -> Outgoing {
        Outgoing::post(&"localhost:3000/x".parse().unwrap(), r#"{"event":"x"}"#).unwrap()
    }

    #[test]
    fn headers_that_are_there_keep_their_place_and_case() {
        let mut request = request();
        request.set("x-webhook-TIMESTAMP", "1").unwrap();
        request.set("X-Last", "1").unwrap();
        let (scheme, secret) = (Scheme::default(), Secret::new("dev", b"s".to_vec(), SecretOrigin::Typed));
        let signing = Signing { kind: SigningKind::Reseller, scheme: &scheme, secret: &secret };
        signing.apply(&mut request, Timestamp::from_millisecond(NOW).unwrap()).unwrap();
        let names: Vec<_> = request.lines[3..].iter().map(|line| String::from_utf8_lossy(line.name())).collect();
        assert_eq!(names, ["x-webhook-TIMESTAMP", "X-Last", "X-Webhook-Signature"]);
        assert_eq!(request.line("X-Webhook-Timestamp").unwrap().value(), NOW.to_string().as_bytes());
    }

    /// The one that verified is made again, and a stale one is not left beside it.
    #[test]
    fn of_several_signatures_one_is_made_again() {
        let secret = Secret::new("dev", b"the-secondary-key".to_vec(), SecretOrigin::Typed);
        let scheme = catalogue::named("box").unwrap();
        let signing = Signing { kind: SigningKind::Developer, scheme: &scheme, secret: &secret };
        let (now, stamp) = (Timestamp::from_millisecond(NOW).unwrap(), "2025-05-01T00:00:00Z");
        let right = sign_request(&scheme, &secret, &request().head(), stamp, &request().body).unwrap();
        let (primary, secondary) = ("BOX-SIGNATURE-PRIMARY", "BOX-SIGNATURE-SECONDARY");
        for (sent, kept, dropped) in [
            (vec![(secondary, &*right)], secondary, vec![]),
            (vec![(primary, "x"), (secondary, &*right)], secondary, vec![primary]),
            (vec![(primary, &*right), (secondary, "x")], primary, vec![secondary]),
            (vec![(secondary, "x"), (primary, "x")], primary, vec![secondary]),
            (vec![], primary, vec![]),
        ] {
            let mut request = request();
            request.set("BOX-DELIVERY-TIMESTAMP", stamp).unwrap();
            sent.iter().for_each(|(name, value)| request.set(name, value).unwrap());
            let (head, body) = (request.head(), request.body.clone());
            assert_eq!(signing.keep_one_place(&mut request, &head, &body, now), dropped);
            signing.apply(&mut request, now).unwrap();
            let names = [primary, secondary].into_iter().filter(|name| request.line(name).is_some());
            assert_eq!(names.collect::<Vec<_>>(), [kept]);
            assert_eq!(judge(&scheme, [&secret], &request.head(), &body, now).verdict, Verdict::Verified);
        }
    }

    #[test]
    fn what_does_not_fit_is_told() {
        let secret = Secret::new("dev", b"!".to_vec(), SecretOrigin::Typed);
        let scheme = catalogue::named("standard-webhooks").unwrap();
        let signing = Signing { kind: SigningKind::Developer, scheme: &scheme, secret: &secret };
        assert!(matches!(signing.headers(&request().head(), b"", "1"), Err(SignError::NoId(_))));
        let mut request = request();
        request.set("webhook-id", "x").unwrap();
        assert_eq!(
            signing.headers(&request.head(), b"", "1"),
            Err(SignError::NoKey { label: "dev".to_owned(), key: "{secret|strip:whsec_|unbase64}".to_owned() })
        );
    }
}
