//! What proves that a request is its sender's.

use std::fmt;
use std::str::FromStr;

use crate::signature::Algorithm;
use crate::signature::public_key::PublicKeyAlgorithm;

/// What a signature is made with.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum Proof {
    /// A keyed hash: HMAC (RFC 2104).
    Hmac(Algorithm),
    /// A plain hash of content that holds the secret.
    Hash(Algorithm),
    /// The sender's private key; the secret is its public key.
    PublicKey(PublicKeyAlgorithm),
    /// The secret itself, or what the content makes of it: compared, and nothing is covered.
    Token,
    /// A JSON Web Token (RFC 7519) under one of these algorithms.
    Jwt {
        /// Those that are accepted.
        algorithms: Vec<JwtAlgorithm>,
        /// Whether the token's payload is left out, and is the scheme's content (RFC 7797).
        detached: bool,
    },
    /// Amazon SNS' own form, whose fields say how it is signed.
    Sns,
    /// HTTP Message Signatures (RFC 9421), with a covered `Content-Digest`.
    MessageSignature,
}

impl Proof {
    /// Whether the receiver has the same secret as the sender, or may have.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        match self {
            Self::Hmac(_) | Self::Hash(_) | Self::Token => true,
            Self::PublicKey(_) | Self::Sns | Self::MessageSignature => false,
            Self::Jwt { algorithms, .. } => algorithms.iter().any(|own| matches!(own, JwtAlgorithm::Hmac(_))),
        }
    }

    /// Whether the receiver has a public key in the place of a shared secret.
    #[must_use]
    pub fn has_public_key(&self) -> bool {
        match self {
            Self::PublicKey(_) | Self::Sns => true,
            Self::Jwt { algorithms, .. } => !algorithms.iter().any(|own| matches!(own, JwtAlgorithm::Hmac(_))),
            Self::Hmac(_) | Self::Hash(_) | Self::Token | Self::MessageSignature => false,
        }
    }
}

/// An algorithm of a JSON Web Signature (RFC 7518, section 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum JwtAlgorithm {
    /// `HS256` and its like.
    Hmac(Algorithm),
    /// `RS256`, `PS256`, `ES256`, `EdDSA` and their like.
    PublicKey(PublicKeyAlgorithm),
}

const HMACS: [(&str, Algorithm); 3] =
    [("HS256", Algorithm::Sha256), ("HS384", Algorithm::Sha384), ("HS512", Algorithm::Sha512)];

impl JwtAlgorithm {
    /// The algorithm of a token's `alg`; `None` for others, `none` among them.
    #[must_use]
    pub fn named(alg: &str) -> Option<Self> {
        match HMACS.iter().find(|(known, _)| *known == alg) {
            Some((_, algorithm)) => Some(Self::Hmac(*algorithm)),
            None => PublicKeyAlgorithm::of_jwt(alg).map(Self::PublicKey),
        }
    }

    /// Its name as a token has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Hmac(own) => HMACS.iter().find(|(_, known)| *known == own).map_or("", |(name, _)| name),
            Self::PublicKey(own) => own.jwt_name(),
        }
    }
}

/// A name of an algorithm that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown algorithm '{0}': expected hmac-sha256 (or sha1, sha384, sha512, md5), hash-sha256, ed25519, ecdsa-sha256, \
     rsa-sha256, rsa-pss-sha256, token, jwt:HS256, sns or rfc9421"
)]
pub struct UnknownAlgorithm(String);

impl FromStr for Proof {
    type Err = UnknownAlgorithm;

    fn from_str(text: &str) -> Result<Self, UnknownAlgorithm> {
        let unknown = || UnknownAlgorithm(crate::text::visible(text).into_owned());
        // A hash alone is HMAC's, as most senders say it.
        if let Some(algorithm) = Algorithm::of_hash_name(text.strip_prefix("hmac-").unwrap_or(text)) {
            return Ok(Self::Hmac(algorithm));
        }
        if let Some(algorithm) = text.strip_prefix("hash-").and_then(Algorithm::of_hash_name) {
            return Ok(Self::Hash(algorithm));
        }
        if let Some(names) = text.strip_prefix("jwt:").or_else(|| text.strip_prefix("jwt-detached:")) {
            let algorithms = names.split(',').map(|name| JwtAlgorithm::named(name.trim()).ok_or_else(unknown));
            let detached = text.starts_with("jwt-detached:");
            return Ok(Self::Jwt { algorithms: algorithms.collect::<Result<_, _>>()?, detached });
        }
        match text {
            "token" => Ok(Self::Token),
            "sns" => Ok(Self::Sns),
            "rfc9421" => Ok(Self::MessageSignature),
            other => PublicKeyAlgorithm::named(other).map(Self::PublicKey).ok_or_else(unknown),
        }
    }
}

impl fmt::Display for Proof {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hmac(algorithm) => formatter.write_str(algorithm.name()),
            Self::Hash(algorithm) => formatter.write_str(algorithm.name().trim_start_matches("HMAC-")),
            Self::PublicKey(PublicKeyAlgorithm::Ed25519) => formatter.write_str("Ed25519"),
            Self::PublicKey(algorithm) => formatter.write_str(&algorithm.name().to_uppercase()),
            Self::Token => formatter.write_str("a plain token"),
            Self::Jwt { algorithms, .. } => {
                let names: Vec<&str> = algorithms.iter().map(|algorithm| algorithm.name()).collect();
                write!(formatter, "a JSON Web Token ({})", names.join(", "))
            }
            Self::Sns => formatter.write_str("Amazon SNS (RSA)"),
            Self::MessageSignature => formatter.write_str("an HTTP Message Signature (RFC 9421)"),
        }
    }
}
