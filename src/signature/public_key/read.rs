//! A public key from whatever a person was given.
//!
//! Text is told from bytes, and one form from another, by what no other form can look like; no form is tried because
//! another has failed. So a mistake inside a key is told as that form's.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

use super::material::{self, KeyMaterial};
use super::{MOST_KEY_BYTES, PublicKey, PublicKeyError, PublicKeyKind, PublicKeyRemark, PublicKeySet, asn1, pem};
use crate::text::counted;

/// Texts that stand before an Ed25519 key: that of Standard Webhooks, and a plain one.
const ED25519_PREFIXES: [&str; 2] = ["whpk_", "ed25519:"];

/// Those of keys that are read as nothing here: OpenSSH's, and Standard Webhooks' private one.
const KEY_PAIR_PREFIXES: [&str; 3] = ["ssh-", "ecdsa-sha2-", "whsk_"];

/// Either alphabet, with or without padding, but no bits left over (RFC 4648, section 3.5).
const PADDING: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, PADDING);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, PADDING);

impl PublicKey {
    /// Reads a public key from a text or file that holds it: PEM (`PUBLIC KEY`, `RSA PUBLIC KEY`, `CERTIFICATE`), a JWK
    /// or a JWKS with one key, DER (in hexadecimal, base64 or as bytes), an Ed25519 key (32 bytes, in hexadecimal,
    /// base64, after `whpk_`, or as bytes), or a point of P-256, P-384 or P-521 in the same ways.
    ///
    /// Of a certificate only the key is taken: no issuer, date or name is looked at.
    ///
    /// # Errors
    /// When it is none of these, has a mistake inside, or is a key that must not be used; a private key is
    /// [`PublicKeyError::PrivateKey`].
    pub fn read(given: &[u8]) -> Result<Self, PublicKeyError> {
        PublicKeySet::read(given)?.into_only()
    }
}

impl PublicKeySet {
    /// Reads a JWKS with all its keys, or any other form of [`PublicKey::read`] as a set of one.
    ///
    /// # Errors
    /// As [`PublicKey::read`]. Keys of a JWKS that are for something else are left out (RFC 7517, section 5); one that
    /// leaves none is an error, and so is a private key among them.
    pub fn read(given: &[u8]) -> Result<Self, PublicKeyError> {
        if given.len() > MOST_KEY_BYTES {
            return Err(PublicKeyError::TooLong { bytes: given.len() });
        }
        match as_text(given) {
            Some("") => Err(PublicKeyError::Empty),
            Some(text) if text.starts_with('{') => Self::read_json(text),
            Some(text) => read_text(text, true).map(Self::of_one),
            None => read_bytes(given, "bytes", true).map(Self::of_one),
        }
    }
}

/// Whether this is a key of a key pair by its form, whole or faulty, public or private: PEM, a JWK or JWKS, DER, a point that
/// lies on its curve, OpenSSH's line, a prefix. A shared secret has no such form. The 32 bytes of an Ed25519 key
/// have none either: they may be a secret's as well.
pub(in crate::signature) fn has_key_pair_form(given: &[u8]) -> bool {
    if given.len() > MOST_KEY_BYTES {
        return false;
    }
    let Some(text) = as_text(given) else { return is_der_or_point(given) };
    pem::looks_like(text)
        || KEY_PAIR_PREFIXES.iter().chain(&ED25519_PREFIXES).any(|prefix| text.starts_with(prefix))
        || (text.starts_with('{')
            && matches!(PublicKeySet::read(given), Ok(_) | Err(PublicKeyError::PrivateKey { .. })))
        || decode(text)
            .is_some_and(|(bytes, _)| is_der_or_point(&bytes) || as_text(&bytes).is_some_and(pem::looks_like))
}

/// A whole key as DER, or a point with both of its coordinates: one number may be any secret of its length.
fn is_der_or_point(bytes: &[u8]) -> bool {
    match bytes.first() {
        Some(0x30) => !matches!(
            asn1::read_public(bytes),
            Err(PublicKeyError::Malformed { .. } | PublicKeyError::Unrecognised { .. })
        ),
        Some(0x04) => material::curve_of_point(bytes).is_some_and(|curve| KeyMaterial::point(curve, bytes).is_ok()),
        _ => false,
    }
}

/// The text without what surrounds it; none for bytes that are no text.
pub(super) fn as_text(given: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(given).ok()?;
    // Windows' editors write a byte order mark.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let plain = |character: char| !character.is_control() || character.is_ascii_whitespace();
    text.chars().all(plain).then(|| text.trim())
}

/// `outer` is false inside another encoding, in which a further one is not looked for.
fn read_text(text: &str, outer: bool) -> Result<PublicKey, PublicKeyError> {
    if pem::looks_like(text) {
        return read_pem(text);
    }
    if text.starts_with("ssh-") || text.starts_with("ecdsa-sha2-") {
        let found = "an OpenSSH key, which `ssh-keygen -e -m PKCS8 -f FILE` converts".to_owned();
        return Err(PublicKeyError::Unrecognised { found });
    }
    if text.starts_with("whsk_") {
        return Err(PublicKeyError::PrivateKey { form: "whsk_" });
    }
    if text.starts_with("whsec_") {
        return Err(PublicKeyError::SharedSecret { form: "whsec_" });
    }
    if let Some(rest) = ED25519_PREFIXES.into_iter().find_map(|prefix| text.strip_prefix(prefix)) {
        let malformed = |reason: String| PublicKeyError::Malformed { form: "an Ed25519 key after a prefix", reason };
        let (bytes, _) = decode(rest).ok_or_else(|| malformed("it is neither hexadecimal nor base64".to_owned()))?;
        let key = bytes.as_slice().try_into();
        let key = key
            .map_err(|_| malformed(format!("it has {} where 32 are expected", counted(bytes.len() as u64, "byte"))))?;
        return KeyMaterial::ed25519(key).map(PublicKey::new);
    }
    match decode(text) {
        Some((bytes, encoding)) => read_bytes(&bytes, encoding, outer),
        None => {
            let found = format!("{} characters, neither hexadecimal nor base64", text.chars().count());
            Err(PublicKeyError::Unrecognised { found })
        }
    }
}

/// Bytes in hexadecimal or base64, which may be broken into lines, and the name of the encoding.
pub(super) fn decode(text: &str) -> Option<(Zeroizing<Vec<u8>>, &'static str)> {
    let mut compact = Zeroizing::new(String::with_capacity(text.len()));
    compact.extend(text.split_ascii_whitespace());
    let digits = compact.strip_prefix("0x").unwrap_or(&compact);
    // No key that is all hexadecimal digits is base64 of one: by its length, or by how unlikely it is.
    if !digits.is_empty() && digits.len().is_multiple_of(2) && digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return hex::decode(digits).ok().map(|bytes| (Zeroizing::new(bytes), "hexadecimal"));
    }
    let bytes = STANDARD.decode(compact.as_bytes()).or_else(|_| URL_SAFE.decode(compact.as_bytes())).ok()?;
    Some((Zeroizing::new(bytes), "base64"))
}

fn read_bytes(bytes: &[u8], encoding: &str, outer: bool) -> Result<PublicKey, PublicKeyError> {
    // Before DER: an Ed25519 key may begin like DER, and no key as DER is this short.
    if let Ok(bytes) = bytes.try_into() {
        return KeyMaterial::ed25519(bytes).map(PublicKey::new);
    }
    if let Some(curve) = material::curve_of_point(bytes) {
        return KeyMaterial::point(curve, bytes).map(PublicKey::new);
    }
    if is_key_pair(bytes) {
        return Err(PublicKeyError::PrivateKey { form: "Ed25519, seed and public key in 64 bytes" });
    }
    if bytes.first() == Some(&0x30) {
        return asn1::read_public(bytes);
    }
    // PEM that was put into base64 once more, to be one line in an environment variable.
    if let Some(text) = as_text(bytes).filter(|text| outer && pem::looks_like(text)) {
        return read_text(text, false);
    }
    Err(PublicKeyError::Unrecognised {
        found: format!("{} in {encoding}", counted(bytes.len() as u64, "byte")).replace(" in bytes", ""),
    })
}

/// Whether this is an Ed25519 seed with its public key after it, as libsodium keeps private keys.
fn is_key_pair(bytes: &[u8]) -> bool {
    <&[u8; 64]>::try_from(bytes).is_ok_and(|pair| ed25519_dalek::SigningKey::from_keypair_bytes(pair).is_ok())
}

fn read_pem(text: &str) -> Result<PublicKey, PublicKeyError> {
    if let Some(form) = pem::private_form(text) {
        return Err(PublicKeyError::PrivateKey { form });
    }
    let blocks = pem::blocks(text).map_err(|reason| PublicKeyError::Malformed { form: "PEM", reason })?;
    let certificate = |label: &str| matches!(label, "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE");
    let [first, others @ ..] = blocks.as_slice() else {
        return Err(PublicKeyError::Malformed { form: "PEM", reason: "it holds no block".to_owned() });
    };
    let known = certificate(&first.label) || matches!(first.label.as_str(), "PUBLIC KEY" | "RSA PUBLIC KEY");
    if !known {
        let found = format!("PEM of {}", crate::text::visible(&first.label));
        return Err(PublicKeyError::Unrecognised { found });
    }
    let chain = certificate(&first.label) && others.iter().all(|block| certificate(&block.label));
    if !others.is_empty() && !chain {
        return Err(PublicKeyError::SeveralKeys { keys: blocks.len() });
    }
    let key = asn1::read_public(&first.bytes)?;
    // Some tools write `BEGIN PUBLIC KEY` above PKCS#1, or the other way round: either is what it holds.
    if key.kind() != PublicKeyKind::Rsa && first.label == "RSA PUBLIC KEY" {
        let reason = format!("it holds a key of {}", key.kind());
        return Err(PublicKeyError::Malformed { form: "PEM of an RSA PUBLIC KEY", reason });
    }
    Ok(if others.is_empty() { key } else { key.remarked(PublicKeyRemark::FirstOfChain) })
}
