//! The exact verification of any scheme: strict decoding, and comparison in constant time.

use jiff::Timestamp;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::{MalformedDigest, jwt, message_signature, sns};
use crate::delivery::{Judgement, TimestampFacts, Verdict};
use crate::http::Head;
use crate::signature::public_key::PublicKeySet;
use crate::signature::scheme::{NoSignature, Parts, ReadSignature, signed_url, urls};
use crate::signature::{
    Encoding, Expression, Proof, Scheme, Secret, SecretOrigin, SignedContent, Source, TemplatePiece, read_timestamp,
};

/// Why a request does not verify.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::signature) struct Rejection {
    pub(super) verdict: Verdict,
    pub(super) note: Option<String>,
    reason: Option<RejectionReason>,
}

/// A reason by which advice is chosen. The others have words alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::signature) enum RejectionReason {
    /// The value is not a digest as the plain scheme writes it.
    NotDigest(MalformedDigest),
    /// A key of a key pair is configured where the scheme has a shared secret.
    NotShared,
    /// The scheme cannot make a key of the secret.
    NoKey,
    /// The signature is valid, and what it is bound to is not in the request.
    ValidButUnbound,
    /// The signature is valid, and something else is refused.
    ValidBut,
}

impl Rejection {
    pub(super) fn new(verdict: Verdict, note: impl Into<String>) -> Self {
        Self { note: Some(note.into()), ..Self::bare(verdict) }
    }

    /// One of which the verdict says all.
    pub(super) fn bare(verdict: Verdict) -> Self {
        Self { verdict, note: None, reason: None }
    }

    pub(super) fn because(self, reason: RejectionReason) -> Self {
        Self { reason: Some(reason), ..self }
    }

    /// Of a request whose signature is the secret's.
    pub(super) fn valid_but(words: impl std::fmt::Display) -> Self {
        Self::mismatch(format!("the signature is valid, but {words}")).because(RejectionReason::ValidBut)
    }

    /// Of a request whose signature covers a timestamp that no library of the sender's takes.
    fn odd_timestamp(sent: &[u8]) -> Self {
        let sent = crate::text::visible_bytes(sent);
        Self::valid_but(format!("its timestamp “{sent}” is not an integer: the sender's own libraries refuse it"))
    }

    /// Of a key of a key pair, which verifies nothing that a shared secret makes.
    pub(super) fn not_shared(secret: &Secret) -> Self {
        let label = crate::text::visible(secret.label());
        Self::mismatch(format!("{label} is a key of a key pair, and not a shared secret"))
            .because(RejectionReason::NotShared)
    }

    /// The reason, in words.
    pub(in crate::signature) fn into_note(self) -> String {
        self.note.unwrap_or_else(|| self.verdict.code().to_owned())
    }

    pub(super) fn malformed(note: impl Into<String>) -> Self {
        Self::new(Verdict::MalformedSignature, note)
    }

    pub(super) fn mismatch(note: impl Into<String>) -> Self {
        Self::new(Verdict::Mismatch, note)
    }
}

/// A judgement, with the reason of a rejection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::signature) struct ReasonedJudgement {
    pub(in crate::signature) judgement: Judgement,
    pub(in crate::signature) reason: Option<RejectionReason>,
}

impl ReasonedJudgement {
    /// One for which no reason is known.
    pub(in crate::signature) fn bare(verdict: Verdict) -> Self {
        Self { judgement: Judgement::bare(verdict), reason: None }
    }

    /// Of what was found with the secret that verifies, where one does.
    pub(super) fn new(timestamp: Option<TimestampFacts>, checked: Result<&Secret, Rejection>) -> Self {
        match checked {
            Ok(secret) => {
                let secret = Some(secret.label().to_owned());
                Self { judgement: Judgement { secret, timestamp, ..Judgement::bare(Verdict::Verified) }, reason: None }
            }
            Err(Rejection { verdict, note, reason }) => {
                Self { judgement: Judgement { note, timestamp, ..Judgement::bare(verdict) }, reason }
            }
        }
    }
}

/// As [`super::judge_with_reason`], for any scheme.
pub(super) fn judge(
    scheme: &Scheme,
    secrets: &mut dyn Iterator<Item = &Secret>,
    head: &Head,
    body: &[u8],
    now: Timestamp,
) -> ReasonedJudgement {
    let (url, urls) = (signed_url(scheme, head), urls(scheme, head));
    let mut parts = Parts::of(scheme, head, &url, body);
    let read = scheme.signature.read(&parts, head);
    parts.value = read.as_ref().ok();
    let facts = facts(scheme, &parts, head);
    let has_loose_time =
        facts.as_ref().is_ok_and(|facts| facts.timestamp.is_some()) && !signs_timestamp(scheme, &parts);
    let timestamp = facts.as_ref().ok().and_then(|facts| {
        let text = match &scheme.proof {
            _ if facts.timestamp.is_some() && !has_loose_time => facts.timestamp.clone(),
            Proof::Jwt { .. } => jwt::issued(scheme, read.as_ref().ok()?),
            Proof::MessageSignature => message_signature::created(scheme, head),
            _ => None,
        }?;
        Some(stamp_facts(scheme, &text, now))
    });
    let secrets: Vec<&Secret> = secrets.collect();
    if secrets.is_empty() {
        return ReasonedJudgement::new(timestamp, Err(Rejection::bare(Verdict::NoSecret)));
    }
    let checked = facts.and_then(|facts| {
        let read = signature(scheme, &read)?;
        let sent = facts.timestamp.as_deref().unwrap_or_default();
        let hashed = scheme.timestamp_reading.hashed(sent);
        let parts = Parts { timestamp: hashed.unwrap_or(sent), id: facts.id.as_deref().unwrap_or_default(), ..parts };
        let secret = check(scheme, &secrets, read, &parts, &urls, now)?;
        match hashed {
            None if !has_loose_time && !sent.is_empty() => Err(Rejection::odd_timestamp(sent)),
            _ => Ok(secret),
        }
    });
    let mut judged = ReasonedJudgement::new(timestamp, checked);
    if judged.judgement.verdict == Verdict::Verified && has_loose_time && judged.judgement.timestamp.is_none() {
        judged.judgement.note = Some("its timestamp is not signed, so its age says nothing".to_owned());
    }
    judged
}

/// Whether the timestamp is signed; where a token's head lists what is, by that token.
fn signs_timestamp(scheme: &Scheme, parts: &Parts<'_>) -> bool {
    let text = parts.value.and_then(|value| value.candidates.first());
    let token = text.filter(|_| matches!(scheme.proof, Proof::Jwt { detached: true, .. }));
    let token = token.and_then(|text| jwt::Token::read(text));
    let token = token.as_ref().map(|token| (token.head.as_slice(), token.payload.as_slice()));
    scheme.signs_timestamp(&Parts { token, ..*parts })
}

/// The timestamp's facts by the scheme's own unit, where it has one.
fn stamp_facts(scheme: &Scheme, text: &[u8], now: Timestamp) -> TimestampFacts {
    let number = scheme.timestamp_reading.hashed(text).unwrap_or(text);
    let mut facts = TimestampFacts {
        raw: String::from_utf8_lossy(text).into_owned(),
        ..read_timestamp(number, now, scheme.age_limit())
    };
    if let (None, Some(unit)) = (facts.age_ms, scheme.timestamp_unit) {
        let moment = std::str::from_utf8(text).ok().and_then(|text| unit.moment(text));
        facts.age_ms = moment.map(|moment| now.as_millisecond() - moment.as_millisecond());
        facts.fresh = facts.age_ms.map(|age| scheme.age_limit().holds(age));
    }
    facts
}

/// What stands beside the signature.
struct SignedFacts {
    timestamp: Option<Vec<u8>>,
    id: Option<Vec<u8>>,
}

fn facts(scheme: &Scheme, parts: &Parts<'_>, head: &Head) -> Result<SignedFacts, Rejection> {
    let found = |place: &Option<Expression>| -> Result<Option<Vec<u8>>, Rejection> {
        let Some(place) = place else { return Ok(None) };
        if let Some(name) = place.header() {
            let count = head.values(name).count();
            if count > 1 {
                return Err(Rejection::new(Verdict::AmbiguousHeaders, format!("{name} was sent {count} times")));
            }
        }
        Ok(place.value(parts).map(std::borrow::Cow::into_owned).filter(|value| !value.is_empty()))
    };
    let (timestamp, id) = (found(&scheme.timestamp)?, found(&scheme.id)?);
    Ok(SignedFacts { timestamp, id })
}

fn signature<'r>(
    scheme: &Scheme,
    read: &'r Result<ReadSignature, NoSignature<'_>>,
) -> Result<&'r ReadSignature, Rejection> {
    if matches!(scheme.proof, Proof::Sns | Proof::MessageSignature) {
        // They are read by their own rules.
        static NOTHING: std::sync::LazyLock<ReadSignature> = std::sync::LazyLock::new(ReadSignature::default);
        return Ok(&NOTHING);
    }
    read.as_ref().map_err(|why| match why {
        NoSignature::Missing => match scheme.signature.header_name() {
            Some(_) => Rejection::bare(Verdict::MissingSignature),
            None => Rejection::new(Verdict::MissingSignature, "the request has no signature where the scheme has it"),
        },
        NoSignature::Repeated(name, count) => {
            Rejection::new(Verdict::AmbiguousHeaders, format!("{name} was sent {count} times"))
        }
        NoSignature::Malformed => {
            Rejection::malformed(format!("{} has no signature in the configured format", scheme.signature_place()))
        }
    })
}

/// The first secret with which everything is right.
fn check<'s>(
    scheme: &Scheme,
    secrets: &[&'s Secret],
    read: &ReadSignature,
    parts: &Parts<'_>,
    urls: &[Vec<u8>],
    now: Timestamp,
) -> Result<&'s Secret, Rejection> {
    is_complete(scheme, parts)?;
    let mut rejection = None;
    for url in urls {
        for &secret in secrets {
            let parts = Parts { url, secret: secret.expose(), ..*parts };
            match proves(scheme, secret, read, &parts, now) {
                Ok(()) => return Ok(secret),
                // What was found out first is said: the later ones are guesses.
                Err(why) => {
                    let known = rejection.get_or_insert(why.clone());
                    if known.note.is_none() && why.note.is_some() {
                        *known = why;
                    }
                }
            }
        }
    }
    Err(rejection.unwrap_or(Rejection::bare(Verdict::Mismatch)))
}

/// Whether everything is there that the scheme signs.
fn is_complete(scheme: &Scheme, parts: &Parts<'_>) -> Result<(), Rejection> {
    if matches!(scheme.proof, Proof::Jwt { .. } | Proof::Sns | Proof::MessageSignature) {
        return Ok(());
    }
    if let Some(fault) = scheme.broken_members(parts.body) {
        return Err(Rejection::malformed(format!(
            "the body is not valid JSON, whose members the scheme signs: {fault}"
        )));
    }
    if parts.timestamp.is_empty() && scheme.content.covers(&TemplatePiece::Timestamp) {
        let place = scheme.timestamp.as_ref().filter(|place| place.header().is_none());
        return Err(match place {
            Some(place) => Rejection::malformed(format!("no timestamp at {place}")),
            None => Rejection::bare(Verdict::MissingTimestamp),
        });
    }
    if parts.id.is_empty() && scheme.content.covers(&TemplatePiece::Id) {
        let name = scheme.id.as_ref().map(|place| place.header().map_or_else(|| place.to_string(), str::to_owned));
        let name = name.unwrap_or_else(|| "the id".to_owned());
        return Err(Rejection::malformed(format!("{name} is missing or was sent more than once")));
    }
    match scheme.content.missing(parts) {
        Some(part) => Err(Rejection::malformed(format!("missing {part}, which the scheme signs"))),
        None => Ok(()),
    }
}

fn proves(
    scheme: &Scheme,
    secret: &Secret,
    read: &ReadSignature,
    parts: &Parts<'_>,
    now: Timestamp,
) -> Result<(), Rejection> {
    let bare = || Rejection::bare(Verdict::Mismatch);
    refuse_empty(secret)?;
    match &scheme.proof {
        Proof::Hmac(_) | Proof::Hash(_) | Proof::Token if secret.is_of_key_pair() => Err(Rejection::not_shared(secret)),
        Proof::Hmac(_) | Proof::Hash(_) => {
            let received = decoded(scheme, read)?;
            fits(scheme, secret, parts)?;
            let computed = digest(scheme, secret, parts).ok_or_else(bare)?;
            let is_right = received.iter().any(|received| bool::from(received.ct_eq(&computed)));
            if is_right { binds(scheme, parts) } else { Err(bare()) }
        }
        Proof::Token => {
            let expected = Zeroizing::new(scheme.content.bytes(parts).ok_or_else(bare)?);
            if scheme.empties_secret(&scheme.content, parts) {
                return Err(empty_secret(secret, "token", &scheme.content));
            }
            let is_right = read.candidates.iter().any(|value| bool::from(value.ct_eq(&expected)));
            if is_right { binds(scheme, parts) } else { Err(bare()) }
        }
        Proof::PublicKey(algorithm) => {
            let keys = public_keys(secret)?;
            let content = scheme.content.bytes(parts).ok_or_else(bare)?;
            let received: Vec<Vec<u8>> =
                read.candidates.iter().filter_map(|text| scheme.encoding.decode(text)).collect();
            if received.is_empty() {
                return Err(not_decoded(scheme));
            }
            let mut why = None;
            for (_, key) in keys.keys() {
                for signature in &received {
                    match key.verify(*algorithm, &[&content], signature) {
                        Ok(()) => return binds(scheme, parts),
                        Err(rejection) => why = Some(rejection),
                    }
                }
            }
            Err(why.map_or_else(bare, |why| Rejection::mismatch(why.to_string())))
        }
        Proof::Jwt { algorithms, detached } => jwt::check(scheme, algorithms, *detached, secret, read, parts, now),
        Proof::Sns => sns::check(secret, parts),
        Proof::MessageSignature => message_signature::check(scheme, secret, parts, now),
    }
}

/// Whether a shared secret can be the scheme's: what it makes of it is a key, and not an empty one.
pub(super) fn fits(scheme: &Scheme, secret: &Secret, parts: &Parts<'_>) -> Result<(), Rejection> {
    if let Proof::Hash(_) = scheme.proof
        && scheme.empties_secret(&scheme.content, parts)
    {
        return Err(empty_secret(secret, "secret in the content", &scheme.content));
    }
    if key_bytes(scheme, secret).is_some() {
        return Ok(());
    }
    if scheme.empties_secret(&scheme.key, parts) {
        return Err(empty_secret(secret, "key", &scheme.key));
    }
    let label = crate::text::visible(secret.label());
    let note = format!("the secret {label} is not a key of this scheme ({})", scheme.key);
    Err(Rejection::mismatch(note).because(RejectionReason::NoKey))
}

/// Why nothing verifies under a secret of which the scheme leaves nothing.
fn empty_secret(secret: &Secret, what: &str, template: &SignedContent) -> Rejection {
    let label = crate::text::visible(secret.label());
    Rejection::mismatch(format!("the secret {label} gives an empty {what} ({template}), with which anyone can sign"))
        .because(RejectionReason::NoKey)
}

/// An empty secret verifies nothing.
pub(super) fn refuse_empty(secret: &Secret) -> Result<(), Rejection> {
    if !secret.expose().is_empty() {
        return Ok(());
    }
    let label = crate::text::visible(secret.label());
    Err(Rejection::mismatch(format!("the secret {label} is empty: anyone can sign with it"))
        .because(RejectionReason::NoKey))
}

/// The public keys that a secret's text is.
pub(super) fn public_keys(secret: &Secret) -> Result<PublicKeySet, Rejection> {
    PublicKeySet::read(secret.expose())
        .map_err(|error| Rejection::mismatch(format!("{}: {error}", crate::text::visible(secret.label()))))
}

/// The same, where a request can name the algorithm: what has no key pair's form is a shared secret there.
pub(super) fn asymmetric_keys(secret: &Secret) -> Result<PublicKeySet, Rejection> {
    if secret.is_of_key_pair() {
        return public_keys(secret);
    }
    Err(Rejection::mismatch(format!(
        "{} is a shared secret, where the request names an algorithm of key pairs (a public key of 32 bytes is given by --public-key, or \
         written ed25519:KEY)",
        crate::text::visible(secret.label())
    )))
}

fn not_decoded(scheme: &Scheme) -> Rejection {
    Rejection::malformed(format!("{} has no signature in the configured format", scheme.signature_place()))
}

fn decoded(scheme: &Scheme, read: &ReadSignature) -> Result<Vec<Vec<u8>>, Rejection> {
    let length = scheme.algorithm().map_or(0, |algorithm| algorithm.digest_bytes());
    let all: Vec<Vec<u8>> = read.candidates.iter().filter_map(|text| decode(scheme.encoding, text, length)).collect();
    if all.is_empty() { Err(not_decoded(scheme)) } else { Ok(all) }
}

fn decode(encoding: Encoding, text: &[u8], length: usize) -> Option<Vec<u8>> {
    encoding.decode(text).filter(|digest| digest.len() == length)
}

/// What ties unsigned parts to signed ones.
pub(super) fn binds(scheme: &Scheme, parts: &Parts<'_>) -> Result<(), Rejection> {
    match unbound(scheme, parts) {
        Some(Unbound { words, is_missing: true }) => {
            Err(Rejection::valid_but(words).because(RejectionReason::ValidButUnbound))
        }
        Some(Unbound { words, is_missing: false }) => Err(Rejection::valid_but(words)),
        None => Ok(()),
    }
}

/// A tie that does not hold.
pub(in crate::signature) struct Unbound {
    pub(in crate::signature) words: String,
    /// Whether the request lacks one of its two sides.
    is_missing: bool,
}

/// The first tie that does not hold.
pub(in crate::signature) fn unbound(scheme: &Scheme, parts: &Parts<'_>) -> Option<Unbound> {
    let differs = || {
        scheme.binds.iter().find_map(|bind| match (bind.is.bytes(parts), bind.equals.bytes(parts)) {
            (Some(is), Some(equals)) if bool::from(is.ct_eq(&equals)) => None,
            (Some(_), Some(_)) => {
                Some(Unbound { words: format!("{} is not {}", bind.is, bind.equals), is_missing: false })
            }
            _ => {
                let part = bind.is.missing(parts).or_else(|| bind.equals.missing(parts)).unwrap_or_default();
                Some(Unbound { words: format!("{part} is missing"), is_missing: true })
            }
        })
    };
    let untied = scheme.untied(parts).map(|words| Unbound { words, is_missing: false });
    untied.or_else(differs)
}

/// The scheme's digest of these parts; `None` when the secret cannot be a key of it, or a part is missing.
pub(in crate::signature) fn digest(scheme: &Scheme, secret: &Secret, parts: &Parts<'_>) -> Option<Vec<u8>> {
    match scheme.proof {
        Proof::Hmac(algorithm) => {
            let mut state = algorithm.keyed(&key_bytes(scheme, secret)?);
            scheme.content.feed(parts, |bytes| state.update(bytes))?;
            Some(state.finish())
        }
        Proof::Hash(algorithm) => {
            let mut is_whole = Some(());
            let digest = algorithm.hash(|sink| is_whole = scheme.content.feed(parts, sink));
            is_whole.map(|()| digest)
        }
        _ => None,
    }
}

/// The key that the scheme makes of a shared secret; strict, since a lenient decoder yields short keys, and anyone can
/// sign with an empty one: only what is made up to stand for an unset secret gives it.
pub(in crate::signature) fn key_bytes(scheme: &Scheme, secret: &Secret) -> Option<Zeroizing<Vec<u8>>> {
    if secret.is_of_key_pair() {
        return None;
    }
    let parts = Parts { secret: secret.expose(), scheme: Some(scheme), ..Parts::default() };
    let key = scheme.key.bytes(&parts).map(Zeroizing::new)?;
    // Where the secret is all of it, an empty key says as much.
    let is_alone = matches!(scheme.key.pieces(), [TemplatePiece::Value(own)] if own.source == Source::Secret);
    let is_empty = key.is_empty() || (!is_alone && scheme.empties_secret(&scheme.key, &parts));
    (!is_empty || *secret.origin() == SecretOrigin::MadeUp).then_some(key)
}
