//! The numbers of a public key, each checked to be one before it is used.

use rsa::BoxedUint;
use rsa::traits::PublicKeyParts as _;

use super::{PublicKeyError, PublicKeyKind};

/// RSA moduli that are accepted, in bits. Senders with keys of 1,024 exist still; above 8,192 a verification takes
/// longer than a delivery may.
const RSA_BITS: std::ops::RangeInclusive<usize> = 1024..=8192;

/// A public key by its kind.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum KeyMaterial {
    Ed25519(Box<ed25519_dalek::VerifyingKey>),
    P256(Box<p256::ecdsa::VerifyingKey>),
    P384(Box<p384::ecdsa::VerifyingKey>),
    P521(Box<p521::ecdsa::VerifyingKey>),
    Rsa(Box<rsa::PublicKey>),
}

impl KeyMaterial {
    /// The Ed25519 key of these 32 bytes.
    ///
    /// # Errors
    /// When they are no point, one of small order, or one that RFC 8032, section 5.1.3 does not decode: a coordinate of
    /// the field's prime or more, or a sign where x is 0. The library takes both, by the rules of ZIP-215.
    pub(super) fn ed25519(bytes: &[u8; 32]) -> Result<Self, PublicKeyError> {
        let key = ed25519_dalek::VerifyingKey::from_bytes(bytes)
            .map_err(|_| PublicKeyError::NotOnCurve { curve: PublicKeyKind::Ed25519 })?;
        if key.is_weak() {
            return Err(PublicKeyError::SmallOrder);
        }
        if key.to_edwards().compress().to_bytes() != *bytes {
            return Err(PublicKeyError::NotCanonical);
        }
        Ok(Self::Ed25519(Box::new(key)))
    }

    /// The point of this curve, uncompressed or compressed (SEC 1, section 2.3.3).
    ///
    /// # Errors
    /// When it is no point of the curve, or that at infinity.
    pub(super) fn point(curve: PublicKeyKind, bytes: &[u8]) -> Result<Self, PublicKeyError> {
        let key = match curve {
            PublicKeyKind::P256 => p256::ecdsa::VerifyingKey::from_sec1_bytes(bytes).ok().map(Box::new).map(Self::P256),
            PublicKeyKind::P384 => p384::ecdsa::VerifyingKey::from_sec1_bytes(bytes).ok().map(Box::new).map(Self::P384),
            PublicKeyKind::P521 => p521::ecdsa::VerifyingKey::from_sec1_bytes(bytes).ok().map(Box::new).map(Self::P521),
            PublicKeyKind::Ed25519 | PublicKeyKind::Rsa => None,
        };
        key.ok_or(PublicKeyError::NotOnCurve { curve })
    }

    /// The RSA key of this modulus and exponent, big-endian.
    ///
    /// # Errors
    /// When the modulus has a length that is refused, or either number cannot be a key's.
    pub(super) fn rsa(modulus: &[u8], exponent: &[u8]) -> Result<Self, PublicKeyError> {
        let (modulus, exponent) = (without_zeros(modulus), without_zeros(exponent));
        let bits = bits(modulus);
        if !RSA_BITS.contains(&bits) {
            return Err(PublicKeyError::RsaSize { bits });
        }
        let reason = |reason| PublicKeyError::RsaNumbers { reason };
        if modulus.last().is_none_or(|last| last & 1 == 0) {
            return Err(reason("its modulus is even"));
        }
        // Under an exponent of 1 every message is its own signature; RFC 8017, section 3.1 asks for 3 at least, and odd.
        if matches!(exponent, [] | [0..=2]) || exponent.last().is_some_and(|last| last & 1 == 0) {
            return Err(reason("its exponent is even or below 3"));
        }
        let number = BoxedUint::from_be_slice_vartime;
        let key = rsa::PublicKey::new_with_size_limits(number(modulus), number(exponent), RSA_BITS)
            .map_err(|_| reason("its exponent is above 33 bits"))?;
        Ok(Self::Rsa(Box::new(key)))
    }

    pub(super) fn kind(&self) -> PublicKeyKind {
        match self {
            Self::Ed25519(_) => PublicKeyKind::Ed25519,
            Self::P256(_) => PublicKeyKind::P256,
            Self::P384(_) => PublicKeyKind::P384,
            Self::P521(_) => PublicKeyKind::P521,
            Self::Rsa(_) => PublicKeyKind::Rsa,
        }
    }

    pub(super) fn bits(&self) -> usize {
        match self {
            Self::Ed25519(_) | Self::P256(_) => 256,
            Self::P384(_) => 384,
            Self::P521(_) => 521,
            Self::Rsa(key) => bits(&key.n_bytes()),
        }
    }
}

/// The curve whose points are this long, uncompressed or compressed.
pub(super) fn curve_of_point(bytes: &[u8]) -> Option<PublicKeyKind> {
    let half = match bytes {
        [4, numbers @ ..] if numbers.len().is_multiple_of(2) => numbers.len() / 2,
        [2 | 3, number @ ..] => number.len(),
        _ => return None,
    };
    [(32, PublicKeyKind::P256), (48, PublicKeyKind::P384), (66, PublicKeyKind::P521)]
        .into_iter()
        .find_map(|(bytes, curve)| (bytes == half).then_some(curve))
}

fn without_zeros(number: &[u8]) -> &[u8] {
    &number[number.iter().take_while(|&&byte| byte == 0).count()..]
}

/// Bits of a number without leading zero bytes.
fn bits(number: &[u8]) -> usize {
    let number = without_zeros(number);
    number.first().map_or(0, |first| number.len() * 8 - first.leading_zeros() as usize)
}
