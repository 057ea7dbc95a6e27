//! Private keys, for deliveries that are made up here. A receiver needs none.

use std::fmt;

use der::asn1::{AnyRef, OctetStringRef, UintRef};
use der::{Decode as _, Reader as _, SliceReader};
use rsa::pkcs1::DecodeRsaPrivateKey as _;
use rsa::traits::PublicKeyParts as _;

use super::asn1::{self, DerForm};
use super::material::KeyMaterial;
use super::read::{as_text, decode};
use super::{MOST_KEY_BYTES, PrivateKeyError, PublicKey, PublicKeyKind, pem};
use crate::text::counted;

/// A private key. Its numbers are wiped from memory when it is dropped, and no output shows them.
pub struct PrivateKey {
    pub(super) material: PrivateMaterial,
    public: PublicKey,
}

/// A private key by its kind; each wipes itself.
pub(super) enum PrivateMaterial {
    Ed25519(Box<ed25519_dalek::SigningKey>),
    P256(Box<p256::ecdsa::SigningKey>),
    P384(Box<p384::ecdsa::SigningKey>),
    P521(Box<p521::ecdsa::SigningKey>),
    Rsa(Box<rsa::PrivateKey>),
}

impl PrivateKey {
    /// Reads a private key: PEM (`PRIVATE KEY`, `RSA PRIVATE KEY`, `EC PRIVATE KEY`), the same as DER in hexadecimal,
    /// base64 or as bytes, or an Ed25519 key after `whsk_` (the seed, or seed and public key).
    ///
    /// # Errors
    /// When it is none of these, encrypted, has a mistake inside, or its public half would be refused.
    pub fn read(given: &[u8]) -> Result<Self, PrivateKeyError> {
        if given.len() > MOST_KEY_BYTES {
            return Err(PrivateKeyError::TooLong { bytes: given.len() });
        }
        let Some(text) = as_text(given) else { return read_der(given) };
        if pem::looks_like(text) {
            return read_pem(text);
        }
        if let Some(rest) = text.strip_prefix("whsk_") {
            let (bytes, _) = decode(rest).ok_or(PrivateKeyError::Unrecognised)?;
            return read_raw(&bytes);
        }
        if text.starts_with("whpk_") {
            return Err(PrivateKeyError::PublicKey);
        }
        let (bytes, _) = decode(text).ok_or(PrivateKeyError::Unrecognised)?;
        read_der(&bytes)
    }

    /// What it is, and so which algorithms it can sign with.
    #[must_use]
    pub fn kind(&self) -> PublicKeyKind {
        self.public.kind()
    }

    /// Its public half, which checks what it signs.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn new(material: PrivateMaterial) -> Result<Self, PrivateKeyError> {
        let public = match &material {
            PrivateMaterial::Ed25519(key) => KeyMaterial::ed25519(&key.verifying_key().to_bytes())?,
            PrivateMaterial::P256(key) => KeyMaterial::P256(Box::new(*key.verifying_key())),
            PrivateMaterial::P384(key) => KeyMaterial::P384(Box::new(*key.verifying_key())),
            PrivateMaterial::P521(key) => KeyMaterial::P521(Box::new(*key.verifying_key())),
            PrivateMaterial::Rsa(key) => KeyMaterial::rsa(&key.n_bytes(), &key.e_bytes())?,
        };
        Ok(Self { material, public: PublicKey::new(public) })
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PrivateKey({}, {})", self.kind(), self.public.fingerprint())
    }
}

fn malformed(form: &'static str) -> impl Fn(&str) -> PrivateKeyError {
    move |reason| PrivateKeyError::Malformed { form, reason: reason.to_owned() }
}

fn read_pem(text: &str) -> Result<PrivateKey, PrivateKeyError> {
    match pem::private_form(text) {
        None => return Err(PrivateKeyError::PublicKey),
        Some("OpenSSH") => return Err(PrivateKeyError::OpenSsh),
        Some("encrypted PKCS#8") => return Err(PrivateKeyError::Encrypted),
        // OpenSSL's older form says so in lines of its own (RFC 1421, section 4.6.1.1).
        Some(_) if text.contains("Proc-Type:") && text.contains("ENCRYPTED") => return Err(PrivateKeyError::Encrypted),
        Some(_) => {}
    }
    let blocks = pem::blocks(text).map_err(|reason| malformed("PEM")(&reason))?;
    // `openssl ecparam -genkey` writes the curve before the key, and certificates may lie beside it.
    let mut keys = blocks.iter().filter(|block| block.label.ends_with("PRIVATE KEY"));
    match (keys.next(), keys.next()) {
        (Some(key), None) => read_der(&key.bytes),
        (Some(_), Some(_)) => Err(malformed("PEM")("it holds more than one private key")),
        (None, _) => Err(PrivateKeyError::Unrecognised),
    }
}

/// An Ed25519 seed, alone or with its public key.
fn read_raw(bytes: &[u8]) -> Result<PrivateKey, PrivateKeyError> {
    let malformed = malformed("an Ed25519 key after whsk_");
    let key = match bytes.len() {
        32 => bytes.try_into().ok().map(ed25519_dalek::SigningKey::from_bytes),
        64 => bytes.try_into().ok().and_then(|pair| ed25519_dalek::SigningKey::from_keypair_bytes(pair).ok()),
        length => {
            let found = counted(length as u64, "byte");
            return Err(malformed(&format!("it has {found} where 32 or 64 are expected")));
        }
    };
    let key = key.ok_or_else(|| malformed("its public key belongs to another seed"))?;
    PrivateKey::new(PrivateMaterial::Ed25519(Box::new(key)))
}

fn read_der(bytes: &[u8]) -> Result<PrivateKey, PrivateKeyError> {
    if bytes.first() != Some(&0x30) {
        return Err(PrivateKeyError::Unrecognised);
    }
    match asn1::form(bytes).map_err(|reason| malformed("DER")(&reason))? {
        None => Err(PrivateKeyError::Unrecognised),
        Some(DerForm::EncryptedPkcs8) => Err(PrivateKeyError::Encrypted),
        Some(form) if !form.is_private() => Err(PrivateKeyError::PublicKey),
        Some(DerForm::Pkcs8) => read_pkcs8(bytes),
        Some(DerForm::Pkcs1Private) => read_rsa(bytes),
        Some(_) => read_sec1(bytes, None),
    }
}

/// RFC 5958: version, algorithm, key, and perhaps attributes and the public key.
fn read_pkcs8(bytes: &[u8]) -> Result<PrivateKey, PrivateKeyError> {
    let malformed = malformed("PKCS#8");
    let der = |error: der::Error| malformed(&asn1::in_words(&error));
    let mut reader = SliceReader::new(AnyRef::from_der(bytes).map_err(der)?.value()).map_err(der)?;
    reader.decode::<UintRef<'_>>().map_err(der)?;
    let (oid, parameters) = reader.decode::<AnyRef<'_>>().and_then(asn1::algorithm_identifier).map_err(der)?;
    let key = reader.decode::<&OctetStringRef>().map_err(der)?.as_bytes();
    match oid {
        asn1::ED25519 => {
            // RFC 8410, section 7: an octet string in an octet string.
            let seed = <&OctetStringRef>::from_der(key).map_err(der)?.as_bytes();
            let seed = seed.try_into().map_err(|_| malformed("its seed is not 32 bytes long"))?;
            PrivateKey::new(PrivateMaterial::Ed25519(Box::new(ed25519_dalek::SigningKey::from_bytes(seed))))
        }
        asn1::EC_PUBLIC_KEY => {
            let curve = asn1::curve_of(parameters)
                .map_err(|_| PrivateKeyError::Unsupported { found: "ECDSA on another curve".to_owned() })?;
            read_sec1(key, Some(curve))
        }
        asn1::RSA_ENCRYPTION => read_rsa(key),
        other => Err(PrivateKeyError::Unsupported { found: asn1::name_of(&other) }),
    }
}

fn read_rsa(bytes: &[u8]) -> Result<PrivateKey, PrivateKeyError> {
    let key = rsa::PrivateKey::from_pkcs1_der(bytes)
        .map_err(|_| malformed("an RSA private key")("its numbers do not belong together"))?;
    PrivateKey::new(PrivateMaterial::Rsa(Box::new(key)))
}

/// RFC 5915. The curve is in it, unless it stood around it.
fn read_sec1(bytes: &[u8], curve: Option<PublicKeyKind>) -> Result<PrivateKey, PrivateKeyError> {
    let of = |kind| curve.is_none_or(|curve| curve == kind);
    let material = of(PublicKeyKind::P256)
        .then(|| p256::SecretKey::from_sec1_der(bytes).ok())
        .flatten()
        .map(|key| PrivateMaterial::P256(Box::new(key.into())))
        .or_else(|| {
            let key = of(PublicKeyKind::P384).then(|| p384::SecretKey::from_sec1_der(bytes).ok()).flatten()?;
            Some(PrivateMaterial::P384(Box::new(key.into())))
        })
        .or_else(|| {
            let key = of(PublicKeyKind::P521).then(|| p521::SecretKey::from_sec1_der(bytes).ok()).flatten()?;
            Some(PrivateMaterial::P521(Box::new(key.into())))
        });
    let reason = "it is no key of P-256, P-384 or P-521, or its public key belongs to another one";
    PrivateKey::new(material.ok_or_else(|| malformed("an EC private key (SEC 1)")(reason))?)
}
