//! Signatures that a sender makes with a private key, and anyone checks with its public half.
//!
//! A [`PublicKey`] is read from whatever a person was given ([`PublicKey::read`]); a [`PublicKeySet`] may hold
//! several, by their `kid`. [`PublicKey::verify`] says whether a signature is that key's over exactly these bytes,
//! under one [`PublicKeyAlgorithm`]. Where a request names the algorithm, it can choose among those of the key's own kind:
//! a public key is never the key of an HMAC ([`crate::signature::Secret::is_of_key_pair`]). [`PrivateKey`] signs, for deliveries
//! that are made up here.
//!
//! A public key is not a secret, but whoever can swap it can sign: it comes from the configuration alone. Its private
//! half must never be in the hands of a receiver, so that a private key in its place is an error of its own.

mod algorithm;
mod asn1;
mod error;
mod jwk;
mod material;
mod pem;
mod private;
mod read;
mod recover;
mod sign;
#[cfg(test)]
mod tests;
mod verify;

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD;

pub use algorithm::{PublicKeyAlgorithm, PublicKeyKind};
pub use error::{KeyLookupError, PrivateKeyError, PrivateSignError, PublicKeyError, SignatureRejection};
pub use jwk::PublicKeySet;
pub use private::PrivateKey;
pub(in crate::signature) use read::has_key_pair_form;
pub(in crate::signature) use recover::RecoveredSignature;

use material::KeyMaterial;

/// Longest text or file that is looked at for a key, in bytes. A chain of certificates or a key set of a large
/// provider takes some 10 KiB.
pub const MOST_KEY_BYTES: usize = 64 * 1024;

/// Something about a public key that a person should know. The key is used as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PublicKeyRemark {
    /// It came in a certificate, of which nothing but the key is looked at.
    Certificate,
    /// The first of several certificates was taken: the sender's own, where a chain is in TLS's order (RFC 8446,
    /// section 4.4.2).
    FirstOfChain,
    /// An RSA key of fewer than 2,048 bits, which NIST SP 800-131A allows for old signatures only.
    ShortRsa,
}

impl PublicKeyRemark {
    /// The remark in words, to follow "the public key … ".
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Certificate => "is taken from a certificate, whose issuer, dates and revocation are not checked",
            Self::FirstOfChain => "is that of the first of several certificates",
            Self::ShortRsa => "has fewer than 2,048 bits, which is too short for new keys",
        }
    }
}

/// A public key that signatures are checked with. Two are equal when they are the same key, whatever form each was
/// read from.
#[derive(Clone)]
pub struct PublicKey {
    material: KeyMaterial,
    remarks: Vec<PublicKeyRemark>,
}

impl PublicKey {
    fn new(material: KeyMaterial) -> Self {
        let short = matches!(&material, KeyMaterial::Rsa(_)) && material.bits() < 2048;
        Self { material, remarks: if short { vec![PublicKeyRemark::ShortRsa] } else { Vec::new() } }
    }

    fn remarked(mut self, remark: PublicKeyRemark) -> Self {
        self.remarks.push(remark);
        self
    }

    /// What it is, and so which algorithms it can check.
    #[must_use]
    pub fn kind(&self) -> PublicKeyKind {
        self.material.kind()
    }

    /// Its size in bits: RSA's modulus, or a number on the curve.
    #[must_use]
    pub fn bits(&self) -> usize {
        self.material.bits()
    }

    /// What a person should know of it.
    #[must_use]
    pub fn remarks(&self) -> &[PublicKeyRemark] {
        &self.remarks
    }

    /// The key as DER of a `SubjectPublicKeyInfo` (RFC 5280, section 4.1.2.7), the same for every form that it can be
    /// read from.
    #[must_use]
    pub fn to_spki_der(&self) -> Vec<u8> {
        asn1::write_spki(&self.material)
    }

    /// The key as PEM, `BEGIN PUBLIC KEY` (RFC 7468, section 13).
    #[must_use]
    pub fn to_pem(&self) -> String {
        pem::write("PUBLIC KEY", &self.to_spki_der())
    }

    /// The name that tells it from other keys: `SHA256:` and the SHA-256 of [`to_spki_der`](Self::to_spki_der) in
    /// base64 without padding.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let digest = super::Algorithm::Sha256.hash(|feed| feed(&self.to_spki_der()));
        format!("SHA256:{}", BASE64_STANDARD_NO_PAD.encode(digest))
    }

    /// One line for a person: what it is, its fingerprint and remarks.
    #[must_use]
    pub fn describe(&self) -> String {
        let mut line = match self.kind() {
            PublicKeyKind::Rsa => format!("RSA public key of {} bits", self.bits()),
            kind => format!("{kind} public key"),
        };
        line.push_str(" (");
        line.push_str(&self.fingerprint());
        for remark in &self.remarks {
            line.push_str("; ");
            line.push_str(remark.words());
        }
        line.push(')');
        line
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.material == other.material
    }
}

impl Eq for PublicKey {}

impl fmt::Debug for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PublicKey({}, {})", self.kind(), self.fingerprint())
    }
}
