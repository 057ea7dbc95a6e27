//! HTTP Message Signatures (RFC 9421): the request's `Signature-Input` lists what is signed.
//!
//! Any of the labels verifies that covers the scheme's components. The body is covered through a `Content-Digest`
//! (RFC 9530), which is checked. `created` is an age, and `expires` a limit.

mod base;

use jiff::Timestamp;
use sfv::{BareItem, Dictionary, InnerList, ListEntry, Parser};
use subtle::ConstantTimeEq as _;

#[cfg(test)]
use base::MOST_COMPONENTS;
pub(in crate::signature) use base::{component_words, signature_base};

use super::described::{Rejection, asymmetric_keys};
use crate::delivery::Verdict;
use crate::http::Head;
use crate::signature::public_key::{PublicKey, PublicKeyAlgorithm, PublicKeyKind, PublicKeySet};
use crate::signature::scheme::Parts;
use crate::signature::{Algorithm, Scheme, Secret};
use crate::text::units::age_words;

/// Labels of one request that are looked at. A sender and a proxy make two.
const MOST_LABELS: usize = 8;

/// One signature of a request.
pub(in crate::signature) struct LabelledSignature {
    pub(in crate::signature) label: String,
    /// The covered components and the parameters.
    pub(in crate::signature) input: InnerList,
    pub(in crate::signature) signature: Vec<u8>,
}

impl LabelledSignature {
    /// A parameter that is a text.
    pub(in crate::signature) fn text(&self, name: &str) -> Option<&str> {
        self.input.params.get(name)?.as_string().map(sfv::StringRef::as_str)
    }

    /// A parameter that is a time in Unix seconds.
    pub(in crate::signature) fn time(&self, name: &str) -> Option<i64> {
        self.input.params.get(name)?.as_integer().map(i64::from)
    }

    /// The first of these components that it does not cover.
    pub(in crate::signature) fn uncovered<'c>(&self, required: &'c [String]) -> Option<&'c str> {
        let is_covered = |required: &&String| self.input.items.iter().any(|item| base::is_component(item, required));
        required.iter().find(|required| !is_covered(required)).map(String::as_str)
    }
}

/// The signatures of a request; an error where they cannot be read.
pub(in crate::signature) fn signatures(head: &Head) -> Result<Vec<LabelledSignature>, Rejection> {
    let missing = || Rejection::bare(Verdict::MissingSignature);
    let inputs = dictionary(head, "Signature-Input")?.ok_or_else(missing)?;
    let values = dictionary(head, "Signature")?.ok_or_else(missing)?;
    let mut found = Vec::new();
    for (label, entry) in inputs.into_iter().take(MOST_LABELS) {
        let ListEntry::InnerList(input) = entry else {
            return Err(Rejection::malformed(format!(
                "Signature-Input {label} is not a list of components in parentheses"
            )));
        };
        let Some(value) = values.get(label.as_str()) else { continue };
        let ListEntry::Item(sfv::Item { bare_item: BareItem::ByteSequence(signature), .. }) = value else {
            return Err(Rejection::malformed(format!("Signature {label} is not a byte sequence between colons")));
        };
        found.push(LabelledSignature { label: label.to_string(), input, signature: signature.clone() });
    }
    if found.is_empty() {
        return Err(Rejection::malformed("Signature has no label of Signature-Input"));
    }
    Ok(found)
}

/// A field as a dictionary (RFC 9651, section 3.2); `None` when it is not there.
fn dictionary(head: &Head, name: &str) -> Result<Option<Dictionary>, Rejection> {
    let Some(text) = base::joined(head, name) else { return Ok(None) };
    Parser::new(&text)
        .parse::<Dictionary>()
        .map(Some)
        .map_err(|error| Rejection::malformed(format!("{name} is not a dictionary of structured fields: {error}")))
}

/// When the first signature that the scheme means was made (`created`), in Unix seconds.
pub(super) fn created(scheme: &Scheme, head: &Head) -> Option<Vec<u8>> {
    let all = signatures(head).ok()?;
    let one = all.iter().find(|one| is_meant(scheme, one)).or(all.first())?;
    one.time("created").map(|created| created.to_string().into_bytes())
}

/// Whether a signature has the scheme's tag.
fn is_meant(scheme: &Scheme, one: &LabelledSignature) -> bool {
    scheme.message.tag.is_none() || one.text("tag") == scheme.message.tag.as_deref()
}

pub(super) fn check(scheme: &Scheme, secret: &Secret, parts: &Parts<'_>, now: Timestamp) -> Result<(), Rejection> {
    let head = parts.head.ok_or(Rejection::bare(Verdict::MissingSignature))?;
    let all = signatures(head)?;
    let mut rejection: Option<Rejection> = None;
    for one in all.iter().filter(|one| is_meant(scheme, one)) {
        match check_one(scheme, one, secret, parts, head, now) {
            Ok(()) => return Ok(()),
            // What was found out of a signature that is right says more than that another is not.
            Err(why) => match &rejection {
                Some(known) if known.note.is_some() || why.note.is_none() => {}
                _ => rejection = Some(why),
            },
        }
    }
    Err(rejection.unwrap_or_else(|| {
        let tag = crate::text::visible(scheme.message.tag.as_deref().unwrap_or_default()).into_owned();
        Rejection::malformed(format!("no signature has the tag '{tag}'"))
    }))
}

fn check_one(
    scheme: &Scheme,
    one: &LabelledSignature,
    secret: &Secret,
    parts: &Parts<'_>,
    head: &Head,
    now: Timestamp,
) -> Result<(), Rejection> {
    let base = signature_base(&one.input, parts, head)?;
    if let Some(component) = one.uncovered(&scheme.message.components) {
        let what = if component == "content-digest" { ", and so not the body" } else { "" };
        let component = crate::text::visible(component);
        return Err(Rejection::malformed(format!("the signature {} does not cover {component}{what}", one.label)));
    }
    if !is_right(one, secret, base.as_bytes())? {
        return Err(Rejection::bare(Verdict::Mismatch));
    }
    if let Some(expires) = one.time("expires").filter(|expires| *expires < now.as_second()) {
        let age = age_words(now.as_second().saturating_sub(expires).saturating_mul(1000));
        return Err(Rejection::valid_but(format!("it expired {age} before it arrived (expires)")));
    }
    if one.uncovered(&["content-digest".to_owned()]).is_some() {
        return Ok(());
    }
    digest_is_right(head, parts.body)
}

/// Whether the signature is the secret's, under the algorithm that the request names or the key says (section 3.2). What the
/// key is was said before: the request's name for the algorithm makes no shared secret of a public key.
fn is_right(one: &LabelledSignature, secret: &Secret, base: &[u8]) -> Result<bool, Rejection> {
    let named = match one.input.params.get("alg") {
        None => None,
        Some(alg) => Some(alg.as_string().ok_or_else(|| Rejection::malformed("alg is not a text"))?.as_str()),
    };
    let hmac = || bool::from(hmac_sha256(secret.expose(), base).ct_eq(&one.signature));
    match named {
        Some("hmac-sha256") if secret.is_of_key_pair() => Err(Rejection::not_shared(secret)),
        Some("hmac-sha256") => Ok(hmac()),
        Some(named) => {
            let algorithm = algorithm_named(named).ok_or_else(|| {
                Rejection::malformed(format!("the algorithm '{}' is not known", crate::text::visible(named)))
            })?;
            let keys = asymmetric_keys(secret)?;
            let of_kind = keys_of(&keys, one).any(|key| key.kind() == algorithm.kind());
            if !of_kind {
                return Err(Rejection::mismatch(format!(
                    "the request names {named}, which takes a key of {}: the configured one is another",
                    algorithm.kind()
                )));
            }
            Ok(keys_of(&keys, one).any(|key| key.verify(algorithm, &[base], &one.signature).is_ok()))
        }
        None if secret.is_of_key_pair() => {
            let keys = asymmetric_keys(secret)?;
            let fits = |key: &PublicKey| key.verify(usual_algorithm(key.kind()), &[base], &one.signature).is_ok();
            Ok(keys_of(&keys, one).any(fits))
        }
        None => Ok(hmac()),
    }
}

/// The key of a set that `keyid` names; all of them where none has that name.
fn keys_of<'k>(keys: &'k PublicKeySet, one: &LabelledSignature) -> impl Iterator<Item = &'k PublicKey> {
    let named = one.text("keyid").filter(|id| keys.keys().any(|(kid, _)| kid == Some(id))).map(str::to_owned);
    keys.keys().filter(move |(kid, _)| named.is_none() || *kid == named.as_deref()).map(|(_, key)| key)
}

pub(in crate::signature) fn hmac_sha256(key: &[u8], base: &[u8]) -> Vec<u8> {
    let mut state = Algorithm::Sha256.keyed(key);
    state.update(base);
    state.finish()
}

/// RFC 9421, section 3.3.
pub(in crate::signature) fn algorithm_named(name: &str) -> Option<PublicKeyAlgorithm> {
    Some(match name {
        "ed25519" => PublicKeyAlgorithm::Ed25519,
        "ecdsa-p256-sha256" => PublicKeyAlgorithm::EcdsaSha256Points,
        "ecdsa-p384-sha384" => PublicKeyAlgorithm::EcdsaSha384Points,
        "rsa-v1_5-sha256" => PublicKeyAlgorithm::RsaSha256,
        "rsa-pss-sha512" => PublicKeyAlgorithm::RsaPssSha512,
        _ => return None,
    })
}

/// What a key signs with where the request names no algorithm.
pub(in crate::signature) fn usual_algorithm(kind: PublicKeyKind) -> PublicKeyAlgorithm {
    match kind {
        PublicKeyKind::Ed25519 => PublicKeyAlgorithm::Ed25519,
        PublicKeyKind::P256 => PublicKeyAlgorithm::EcdsaSha256Points,
        PublicKeyKind::P384 => PublicKeyAlgorithm::EcdsaSha384Points,
        PublicKeyKind::P521 => PublicKeyAlgorithm::EcdsaSha512Points,
        PublicKeyKind::Rsa => PublicKeyAlgorithm::RsaPssSha512,
    }
}

/// RFC 9530: every digest of a known algorithm must be right, and there must be one.
fn digest_is_right(head: &Head, body: &[u8]) -> Result<(), Rejection> {
    match digest_fits(head, body)? {
        None => Err(Rejection::malformed("Content-Digest has neither sha-256 nor sha-512")),
        Some(true) => Ok(()),
        Some(false) => Err(Rejection::valid_but("Content-Digest is not the body's")),
    }
}

/// Whether the request's `Content-Digest` is that of a body; `None` when it has no digest of a known algorithm.
pub(in crate::signature) fn digest_fits(head: &Head, body: &[u8]) -> Result<Option<bool>, Rejection> {
    let digests = dictionary(head, "Content-Digest")?.unwrap_or_default();
    let mut fits = None;
    for (name, algorithm) in [("sha-256", Algorithm::Sha256), ("sha-512", Algorithm::Sha512)] {
        let Some(ListEntry::Item(item)) = digests.get(name) else { continue };
        let own = item.bare_item.as_byte_sequence().unwrap_or_default();
        fits = Some(fits.unwrap_or(true) && own == algorithm.hash(|sink| sink(body)));
    }
    Ok(fits)
}

#[cfg(test)]
mod tests;
