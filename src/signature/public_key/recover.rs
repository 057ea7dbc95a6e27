//! What an RSA signature was made over, as far as the public key shows it.
//!
//! RSA gives back what was signed: the padded hash. So one operation with the key says whether that key made the
//! signature at all, with which padding and hash; and each content is then compared by its hash alone.

use rsa::BoxedUint;
use rsa::hazmat::rsa_encrypt;
use rsa::traits::PublicKeyParts as _;

use super::super::Algorithm;
use super::material::KeyMaterial;
use super::{PublicKey, PublicKeyAlgorithm};

/// Zero bytes in the padding of PSS from which on no other key can have made it.
const SURE_ZEROS: usize = 12;

/// The padded hash in an RSA signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::signature) struct RecoveredSignature {
    algorithm: PublicKeyAlgorithm,
    hash: Algorithm,
    digest: Vec<u8>,
    /// The salt of PSS (RFC 8017, section 9.1); `None` for PKCS#1 v1.5.
    salt: Option<Vec<u8>>,
    is_sure: bool,
}

impl RecoveredSignature {
    /// With what it was made.
    pub(in crate::signature) fn algorithm(&self) -> PublicKeyAlgorithm {
        self.algorithm
    }

    /// Whether the padding alone proves that the key made it: 12 bytes or more of it are as they must be.
    pub(in crate::signature) fn is_sure(&self) -> bool {
        self.is_sure
    }

    /// Whether it was made over this message.
    pub(in crate::signature) fn is_over(&self, message: &[u8]) -> bool {
        let digest = self.hash.hash(|sink| sink(message));
        match &self.salt {
            None => digest == self.digest,
            Some(salt) => self.digest == salted(self.hash, &digest, salt),
        }
    }
}

/// RFC 8017, section 9.1.1, steps 5 and 6.
fn salted(hash: Algorithm, digest: &[u8], salt: &[u8]) -> Vec<u8> {
    hash.hash(|sink| {
        sink(&[0; 8]);
        sink(digest);
        sink(salt);
    })
}

impl PublicKey {
    /// What an RSA signature holds under this key, one for each way to read it; nothing for another kind of key, and for
    /// what this key has not signed.
    pub(in crate::signature) fn recover(&self, signature: &[u8]) -> Vec<RecoveredSignature> {
        let KeyMaterial::Rsa(key) = &self.material else { return Vec::new() };
        let length = self.bits().div_ceil(8);
        let Ok(number) = BoxedUint::from_be_slice(signature, key.n_bits_precision()) else { return Vec::new() };
        if signature.len() != length || number >= *key.n().as_ref() {
            return Vec::new();
        }
        let Ok(padded) = rsa_encrypt(&**key, &number) else { return Vec::new() };
        let padded = padded.to_be_bytes();
        let Some(padded) = padded.len().checked_sub(length).map(|start| &padded[start..]) else { return Vec::new() };
        if let Some(found) = pkcs1(padded) {
            return vec![found];
        }
        [PublicKeyAlgorithm::RsaPssSha256, PublicKeyAlgorithm::RsaPssSha384, PublicKeyAlgorithm::RsaPssSha512]
            .into_iter()
            .filter_map(|algorithm| pss(padded, self.bits() - 1, algorithm))
            .collect()
    }
}

/// RFC 8017, section 9.2: `00 01 ff… 00`, and the hash after its identifier.
fn pkcs1(padded: &[u8]) -> Option<RecoveredSignature> {
    let rest = padded.strip_prefix(&[0, 1])?;
    let filled = rest.iter().take_while(|&&byte| byte == 0xff).count();
    let info = rest[filled..].strip_prefix(&[0]).filter(|_| filled >= 8)?;
    // The `DigestInfo` before the digest, from the notes of section 9.2.
    const INFOS: [(PublicKeyAlgorithm, Algorithm, &[u8]); 4] = [
        (PublicKeyAlgorithm::RsaSha1, Algorithm::Sha1, b"\x30\x21\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x04\x14"),
        (
            PublicKeyAlgorithm::RsaSha256,
            Algorithm::Sha256,
            b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20",
        ),
        (
            PublicKeyAlgorithm::RsaSha384,
            Algorithm::Sha384,
            b"\x30\x41\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\x04\x30",
        ),
        (
            PublicKeyAlgorithm::RsaSha512,
            Algorithm::Sha512,
            b"\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40",
        ),
    ];
    INFOS.into_iter().find_map(|(algorithm, hash, prefix)| {
        let digest = info.strip_prefix(prefix).filter(|digest| digest.len() == hash.digest_bytes())?;
        Some(RecoveredSignature { algorithm, hash, digest: digest.to_vec(), salt: None, is_sure: true })
    })
}

/// RFC 8017, section 9.1.2, with a salt of any length.
fn pss(padded: &[u8], bits: usize, algorithm: PublicKeyAlgorithm) -> Option<RecoveredSignature> {
    let hash = algorithm.hash()?;
    let length = bits.div_ceil(8);
    // A modulus of whole bytes and one bit more has a byte that the padding does not use.
    let (unused, padded) = padded.split_at(padded.len() - length);
    let (masked, rest) = padded.split_at_checked(length.checked_sub(hash.digest_bytes() + 1)?)?;
    let (digest, trailer) = rest.split_at(hash.digest_bytes());
    if trailer != [0xbc] || unused.iter().any(|&byte| byte != 0) {
        return None;
    }
    let mut block: Vec<u8> =
        masked.iter().zip(mask(hash, digest, masked.len())).map(|(one, other)| one ^ other).collect();
    let spare = 8 * length - bits;
    let first = block.first_mut()?;
    if spare > 0 && masked.first()? >> (8 - spare) != 0 {
        return None;
    }
    *first &= u8::MAX >> spare;
    let zeros = block.iter().take_while(|&&byte| byte == 0).count();
    let salt = block[zeros..].strip_prefix(&[1])?.to_vec();
    Some(RecoveredSignature {
        algorithm,
        hash,
        digest: digest.to_vec(),
        salt: Some(salt),
        is_sure: zeros >= SURE_ZEROS,
    })
}

/// MGF1 (RFC 8017, appendix B.2.1).
fn mask(hash: Algorithm, seed: &[u8], length: usize) -> Vec<u8> {
    let mut mask = Vec::with_capacity(length + hash.digest_bytes());
    let mut counter = 0_u32;
    while mask.len() < length {
        mask.extend(hash.hash(|sink| {
            sink(seed);
            sink(&counter.to_be_bytes());
        }));
        counter += 1;
    }
    mask.truncate(length);
    mask
}
