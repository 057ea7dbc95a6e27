//! The algorithms, by the names that a scheme gives them.

use std::fmt;

use super::super::Algorithm;

/// What a public key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PublicKeyKind {
    /// Ed25519 (RFC 8032).
    Ed25519,
    /// A point of NIST's P-256, which is also called `prime256v1` and `secp256r1`.
    P256,
    /// A point of NIST's P-384, `secp384r1`.
    P384,
    /// A point of NIST's P-521, `secp521r1`.
    P521,
    /// RSA (RFC 8017).
    Rsa,
}

impl fmt::Display for PublicKeyKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Ed25519 => "Ed25519",
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
            Self::Rsa => "RSA",
        })
    }
}

/// How a signature is made: the key's kind, the hash, the padding, and how the result is written.
///
/// Each ECDSA algorithm goes with one curve, as in JWTs (RFC 7518, section 3.4), and with one form: nothing is guessed
/// from a signature's first byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum PublicKeyAlgorithm {
    /// Ed25519, 64 bytes (RFC 8032, section 5.1).
    Ed25519,
    /// ECDSA on P-256 with SHA-256, as DER: what OpenSSL and most libraries write (RFC 3279, section 2.2.3).
    EcdsaSha256,
    /// The same as two numbers of 32 bytes, r and s (IEEE P1363): JWT's `ES256`.
    EcdsaSha256Points,
    /// ECDSA on P-384 with SHA-384, as DER.
    EcdsaSha384,
    /// The same as two numbers of 48 bytes: JWT's `ES384`.
    EcdsaSha384Points,
    /// ECDSA on P-521 with SHA-512, as DER.
    EcdsaSha512,
    /// The same as two numbers of 66 bytes: JWT's `ES512`.
    EcdsaSha512Points,
    /// RSA, PKCS#1 v1.5 (RFC 8017, section 8.2), with SHA-1. Broken for what others may choose; some senders keep to it.
    RsaSha1,
    /// RSA, PKCS#1 v1.5, with SHA-256: JWT's `RS256`.
    RsaSha256,
    /// RSA, PKCS#1 v1.5, with SHA-384: JWT's `RS384`.
    RsaSha384,
    /// RSA, PKCS#1 v1.5, with SHA-512: JWT's `RS512`.
    RsaSha512,
    /// RSA, PSS (RFC 8017, section 8.1), with SHA-256 and a salt of any length: JWT's `PS256`.
    RsaPssSha256,
    /// RSA, PSS, with SHA-384: JWT's `PS384`.
    RsaPssSha384,
    /// RSA, PSS, with SHA-512: JWT's `PS512`.
    RsaPssSha512,
}

/// Each with its name and its name in JWTs.
const NAMES: [(PublicKeyAlgorithm, &str, Option<&str>); 14] = [
    (PublicKeyAlgorithm::Ed25519, "ed25519", Some("EdDSA")),
    (PublicKeyAlgorithm::EcdsaSha256, "ecdsa-sha256", None),
    (PublicKeyAlgorithm::EcdsaSha256Points, "ecdsa-sha256-points", Some("ES256")),
    (PublicKeyAlgorithm::EcdsaSha384, "ecdsa-sha384", None),
    (PublicKeyAlgorithm::EcdsaSha384Points, "ecdsa-sha384-points", Some("ES384")),
    (PublicKeyAlgorithm::EcdsaSha512, "ecdsa-sha512", None),
    (PublicKeyAlgorithm::EcdsaSha512Points, "ecdsa-sha512-points", Some("ES512")),
    (PublicKeyAlgorithm::RsaSha1, "rsa-sha1", None),
    (PublicKeyAlgorithm::RsaSha256, "rsa-sha256", Some("RS256")),
    (PublicKeyAlgorithm::RsaSha384, "rsa-sha384", Some("RS384")),
    (PublicKeyAlgorithm::RsaSha512, "rsa-sha512", Some("RS512")),
    (PublicKeyAlgorithm::RsaPssSha256, "rsa-pss-sha256", Some("PS256")),
    (PublicKeyAlgorithm::RsaPssSha384, "rsa-pss-sha384", Some("PS384")),
    (PublicKeyAlgorithm::RsaPssSha512, "rsa-pss-sha512", Some("PS512")),
];

impl PublicKeyAlgorithm {
    /// Every algorithm.
    pub fn all() -> impl Iterator<Item = Self> {
        NAMES.into_iter().map(|(algorithm, ..)| algorithm)
    }

    /// The name in a configuration: `rsa-sha256`.
    #[must_use]
    pub fn name(self) -> &'static str {
        NAMES.into_iter().find(|(algorithm, ..)| *algorithm == self).map_or("", |(_, name, _)| name)
    }

    /// The algorithm of this [`name`](Self::name); none for any other text.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        NAMES.into_iter().find(|(_, known, _)| *known == name).map(|(algorithm, ..)| algorithm)
    }

    /// The algorithm that a JWT's `alg` names (RFC 7518, section 3.1; RFC 8037; RFC 9864 for `Ed25519`), letter for
    /// letter. None for others, among them `none` and those with a shared secret.
    #[must_use]
    pub fn of_jwt(alg: &str) -> Option<Self> {
        let alg = if alg == "Ed25519" { "EdDSA" } else { alg };
        NAMES.into_iter().find(|(_, _, known)| *known == Some(alg)).map(|(algorithm, ..)| algorithm)
    }

    /// Its name in JWTs; the name in a configuration where JWTs have none.
    #[must_use]
    pub fn jwt_name(self) -> &'static str {
        let known = NAMES.into_iter().find(|(algorithm, ..)| *algorithm == self);
        known.map_or("", |(_, name, as_token)| as_token.unwrap_or(name))
    }

    /// The kind of key that it takes.
    #[must_use]
    pub fn kind(self) -> PublicKeyKind {
        match self {
            Self::Ed25519 => PublicKeyKind::Ed25519,
            Self::EcdsaSha256 | Self::EcdsaSha256Points => PublicKeyKind::P256,
            Self::EcdsaSha384 | Self::EcdsaSha384Points => PublicKeyKind::P384,
            Self::EcdsaSha512 | Self::EcdsaSha512Points => PublicKeyKind::P521,
            Self::RsaSha1
            | Self::RsaSha256
            | Self::RsaSha384
            | Self::RsaSha512
            | Self::RsaPssSha256
            | Self::RsaPssSha384
            | Self::RsaPssSha512 => PublicKeyKind::Rsa,
        }
    }

    /// The hash that the message goes through first. None for Ed25519, which hashes it together with the signature.
    pub(super) fn hash(self) -> Option<Algorithm> {
        Some(match self {
            Self::Ed25519 => return None,
            Self::RsaSha1 => Algorithm::Sha1,
            Self::EcdsaSha256 | Self::EcdsaSha256Points | Self::RsaSha256 | Self::RsaPssSha256 => Algorithm::Sha256,
            Self::EcdsaSha384 | Self::EcdsaSha384Points | Self::RsaSha384 | Self::RsaPssSha384 => Algorithm::Sha384,
            Self::EcdsaSha512 | Self::EcdsaSha512Points | Self::RsaSha512 | Self::RsaPssSha512 => Algorithm::Sha512,
        })
    }

    /// How the two numbers of ECDSA are written, in words; none for other algorithms.
    pub(in crate::signature) fn form_words(self) -> Option<&'static str> {
        match self {
            Self::EcdsaSha256 | Self::EcdsaSha384 | Self::EcdsaSha512 => Some("DER"),
            Self::EcdsaSha256Points | Self::EcdsaSha384Points | Self::EcdsaSha512Points => {
                Some("two numbers, r and s, without DER")
            }
            _ => None,
        }
    }

    /// The same with its numbers written without DER; none for other algorithms, and for those that write them so.
    pub(in crate::signature) fn with_points(self) -> Option<Self> {
        Some(match self {
            Self::EcdsaSha256 => Self::EcdsaSha256Points,
            Self::EcdsaSha384 => Self::EcdsaSha384Points,
            Self::EcdsaSha512 => Self::EcdsaSha512Points,
            _ => return None,
        })
    }

    /// Bytes of a signature under a key of `bits` bits, where all have as many.
    pub(in crate::signature) fn fixed_length(self, bits: usize) -> Option<usize> {
        match self {
            Self::EcdsaSha256 | Self::EcdsaSha384 | Self::EcdsaSha512 => None,
            Self::Ed25519 | Self::EcdsaSha256Points | Self::EcdsaSha384Points | Self::EcdsaSha512Points => {
                Some(2 * bits.div_ceil(8))
            }
            _ => Some(bits.div_ceil(8)),
        }
    }

    /// What a signature of it looks like, in words, for a key of `bits` bits.
    pub(super) fn signature_words(self, bits: usize) -> String {
        match self {
            Self::Ed25519 => "64 bytes, the second half a number below the group's order".to_owned(),
            Self::EcdsaSha256 | Self::EcdsaSha384 | Self::EcdsaSha512 => {
                "a DER sequence of two numbers from 1 to below the curve's order".to_owned()
            }
            Self::EcdsaSha256Points | Self::EcdsaSha384Points | Self::EcdsaSha512Points => {
                let half = bits.div_ceil(8);
                format!("{} bytes, two numbers of {half} from 1 to below the curve's order", 2 * half)
            }
            _ => format!("{} bytes, as long as the key's modulus", bits.div_ceil(8)),
        }
    }
}

impl fmt::Display for PublicKeyAlgorithm {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}
