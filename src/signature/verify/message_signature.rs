//! HTTP Message Signatures (RFC 9421): the request's `Signature-Input` lists what is signed.
//!
//! Read are one or more labels, components without parameters, and the parameters of section 2.3. A component with
//! parameters (`;sf`, `;key`, `;req`) is refused by name. The body must be covered, through a `Content-Digest` (RFC
//! 9530) that is checked.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use subtle::ConstantTimeEq as _;

use super::described::{Rejection, public_keys};
use crate::delivery::Verdict;
use crate::http::Head;
use crate::signature::public_key::{PublicKeyAlgorithm, PublicKeyKind};
use crate::signature::scheme::Parts;
use crate::signature::{Algorithm, Secret, Source};

/// One label's input: the components in their order, and all of it as it was written.
struct Input<'i> {
    label: &'i str,
    components: Vec<&'i str>,
    /// From the opening parenthesis on: the value of `@signature-params`.
    written: &'i str,
    parameters: &'i str,
}

pub(super) fn check(secret: &Secret, parts: &Parts<'_>, now: Timestamp) -> Result<(), Rejection> {
    let head = parts.head.ok_or(Rejection { verdict: Verdict::MissingSignature, note: None })?;
    let input = joined(head, "Signature-Input").ok_or(Rejection { verdict: Verdict::MissingSignature, note: None })?;
    let signatures = joined(head, "Signature").ok_or(Rejection { verdict: Verdict::MissingSignature, note: None })?;
    let inputs =
        members(&input).into_iter().map(|(label, value)| read_input(label, value)).collect::<Result<Vec<_>, _>>()?;
    if inputs.is_empty() {
        return Err(Rejection::malformed("Signature-Input lists no signature"));
    }
    let signatures = members(&signatures);
    let mut rejection = None;
    for input in &inputs {
        let Some((_, signature)) = signatures.iter().find(|(label, _)| *label == input.label) else { continue };
        match check_one(input, signature, secret, parts, head, now) {
            Ok(()) => return Ok(()),
            Err(why) => rejection = Some(rejection.unwrap_or(why)),
        }
    }
    Err(rejection.unwrap_or_else(|| Rejection::malformed("Signature has no label of Signature-Input")))
}

fn check_one(
    input: &Input<'_>,
    signature: &str,
    secret: &Secret,
    parts: &Parts<'_>,
    head: &Head,
    now: Timestamp,
) -> Result<(), Rejection> {
    let bytes = signature.trim().strip_prefix(':').and_then(|rest| rest.strip_suffix(':'));
    let bytes = bytes.and_then(|text| BASE64_STANDARD.decode(text).ok());
    let bytes = bytes.ok_or_else(|| Rejection::malformed("Signature is not a byte sequence between colons"))?;
    let base = base(input, parts, head)?;
    if !input.components.contains(&"content-digest") {
        return Err(Rejection::malformed("the signature does not cover content-digest, and so not the body"));
    }
    let is_right = match parameter(input.parameters, "alg") {
        Some("hmac-sha256") => hmac(secret, &base, &bytes),
        Some(named) => {
            let algorithm = algorithm_named(named).ok_or_else(|| {
                Rejection::malformed(format!("the algorithm '{}' is not known", crate::text::visible(named)))
            })?;
            public_keys(secret)?.keys().any(|(_, key)| key.verify(algorithm, &[base.as_bytes()], &bytes).is_ok())
        }
        // The key says it (section 3.2): a public key of its kind, else a shared secret.
        None => match public_keys(secret) {
            Ok(keys) => {
                keys.keys().any(|(_, key)| key.verify(algorithm_of(key.kind()), &[base.as_bytes()], &bytes).is_ok())
            }
            Err(_) => hmac(secret, &base, &bytes),
        },
    };
    if !is_right {
        return Err(Rejection { verdict: Verdict::Mismatch, note: None });
    }
    let number = |name: &str| parameter(input.parameters, name).and_then(|text| text.parse::<i64>().ok());
    if number("expires").is_some_and(|expires| expires < now.as_second()) {
        return Err(Rejection::mismatch("the signature is valid, but has expired (expires)"));
    }
    digest_is_right(&joined(head, "Content-Digest").unwrap_or_default(), parts.body)
}

fn hmac(secret: &Secret, base: &str, signature: &[u8]) -> bool {
    let mut state = Algorithm::Sha256.keyed(secret.expose());
    state.update(base.as_bytes());
    state.finish().ct_eq(signature).into()
}

/// RFC 9421, section 3.3.
fn algorithm_named(name: &str) -> Option<PublicKeyAlgorithm> {
    Some(match name {
        "ed25519" => PublicKeyAlgorithm::Ed25519,
        "ecdsa-p256-sha256" => PublicKeyAlgorithm::EcdsaSha256Points,
        "ecdsa-p384-sha384" => PublicKeyAlgorithm::EcdsaSha384Points,
        "rsa-v1_5-sha256" => PublicKeyAlgorithm::RsaSha256,
        "rsa-pss-sha512" => PublicKeyAlgorithm::RsaPssSha512,
        _ => return None,
    })
}

fn algorithm_of(kind: PublicKeyKind) -> PublicKeyAlgorithm {
    match kind {
        PublicKeyKind::Ed25519 => PublicKeyAlgorithm::Ed25519,
        PublicKeyKind::P256 => PublicKeyAlgorithm::EcdsaSha256Points,
        PublicKeyKind::P384 => PublicKeyAlgorithm::EcdsaSha384Points,
        PublicKeyKind::P521 => PublicKeyAlgorithm::EcdsaSha512Points,
        PublicKeyKind::Rsa => PublicKeyAlgorithm::RsaPssSha512,
    }
}

/// The signature base (section 2.5).
fn base(input: &Input<'_>, parts: &Parts<'_>, head: &Head) -> Result<String, Rejection> {
    let text =
        |source: Source| -> String { String::from_utf8_lossy(&parts.get(&source).unwrap_or_default()).into_owned() };
    let mut base = String::new();
    for component in &input.components {
        let value = match *component {
            "@method" => text(Source::Method),
            "@target-uri" => text(Source::Url),
            "@authority" => text(Source::Host).to_ascii_lowercase(),
            "@scheme" => text(Source::Url).split_once("://").map_or(String::new(), |(scheme, _)| scheme.to_owned()),
            "@request-target" => text(Source::Target),
            "@path" => text(Source::Path),
            "@query" => format!("?{}", text(Source::Query)),
            name if name.starts_with('@') => {
                let name = crate::text::visible(name).into_owned();
                return Err(Rejection::malformed(format!("the component {name} is not supported")));
            }
            name => joined(head, name).ok_or_else(|| {
                Rejection::malformed(format!("missing header {}, which is signed", crate::text::visible(name)))
            })?,
        };
        base.push_str(&format!("\"{component}\": {value}\n"));
    }
    base.push_str(&format!("\"@signature-params\": {}", input.written));
    Ok(base)
}

/// The values of a field, joined (section 2.1).
fn joined(head: &Head, name: &str) -> Option<String> {
    let values: Vec<String> =
        head.values(name).map(|value| String::from_utf8_lossy(value.trim_ascii()).into_owned()).collect();
    (!values.is_empty()).then(|| values.join(", "))
}

/// The members of a dictionary (RFC 8941, section 3.2), as far as signatures need it.
fn members(text: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((label, after)) = rest.split_once('=') {
        let (mut quoted, mut nested) = (false, 0_u32);
        let end = after.char_indices().find(|(_, character)| {
            match character {
                '"' => quoted = !quoted,
                '(' if !quoted => nested += 1,
                ')' if !quoted => nested = nested.saturating_sub(1),
                ',' if !quoted && nested == 0 => return true,
                _ => {}
            }
            false
        });
        let end = end.map_or(after.len(), |(at, _)| at);
        found.push((label.trim(), after[..end].trim()));
        rest = after.get(end + 1..).unwrap_or_default();
    }
    found
}

fn read_input<'i>(label: &'i str, written: &'i str) -> Result<Input<'i>, Rejection> {
    let malformed = || Rejection::malformed("Signature-Input is not a list of components in parentheses");
    let inner = written.strip_prefix('(').ok_or_else(malformed)?;
    let (list, parameters) = inner.split_once(')').ok_or_else(malformed)?;
    let components = list
        .split_ascii_whitespace()
        .map(|item| match item.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
            Some(name) => Ok(name),
            None => Err(Rejection::malformed(format!(
                "the component {} has parameters, which are not supported",
                crate::text::visible(item)
            ))),
        })
        .collect::<Result<_, _>>()?;
    Ok(Input { label, components, written, parameters })
}

fn parameter<'p>(parameters: &'p str, name: &str) -> Option<&'p str> {
    parameters.split(';').find_map(|item| {
        let (own, value) = item.trim().split_once('=')?;
        (own == name).then(|| value.trim_matches('"'))
    })
}

/// RFC 9530: one digest of a known algorithm must be right.
fn digest_is_right(field: &str, body: &[u8]) -> Result<(), Rejection> {
    for (name, algorithm) in [("sha-256", Algorithm::Sha256), ("sha-512", Algorithm::Sha512)] {
        let Some((_, value)) = members(field).into_iter().find(|(own, _)| *own == name) else { continue };
        let expected = format!(":{}:", BASE64_STANDARD.encode(algorithm.hash(|sink| sink(body))));
        return if value == expected {
            Ok(())
        } else {
            Err(Rejection::mismatch("the signature is valid, but Content-Digest is not the body's"))
        };
    }
    Err(Rejection::malformed("Content-Digest has neither sha-256 nor sha-512"))
}
