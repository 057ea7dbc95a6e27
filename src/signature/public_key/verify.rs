//! Whether a signature is a key's over these bytes.
//!
//! Where libraries differ, this one goes with Node's and Go's, which most receivers are written with, so that a verdict
//! here is theirs too: ECDSA takes an s above half the order (its reflection is as good a signature; only Bitcoin's
//! rule forbids it); Ed25519 compares without the cofactor (RFC 8032, section 5.1.7 allows either), with S below the
//! order; PSS takes a salt of any length. Beyond them, Ed25519's R may not be a point of small order, which no signer
//! makes.

use p256::ecdsa::signature::hazmat::PrehashVerifier;
use rsa::{Pkcs1v15Sign, Pss};
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};

use super::material::KeyMaterial;
use super::{PublicKey, PublicKeyAlgorithm, SignatureRejection};

impl PublicKey {
    /// Whether `signature`, decoded to bytes, is this key's over the parts of a message, one after the other. The parts
    /// are hashed as they are, and copied nowhere.
    ///
    /// # Errors
    /// When it is not: because the algorithm takes another kind of key, because nothing of this length or form can be
    /// such a signature, or because it was made over other bytes or by another key.
    pub fn verify(
        &self,
        algorithm: PublicKeyAlgorithm,
        parts: &[&[u8]],
        signature: &[u8],
    ) -> Result<(), SignatureRejection> {
        use PublicKeyAlgorithm as A;

        let malformed = || SignatureRejection::Malformed {
            algorithm,
            bytes: signature.len(),
            expected: algorithm.signature_words(self.bits()),
        };
        let digest = || digest_of(algorithm, parts);
        match (&self.material, algorithm) {
            (KeyMaterial::Ed25519(key), A::Ed25519) => {
                let signature = ed25519_dalek::Signature::from_slice(signature).map_err(|_| malformed())?;
                let r = ed25519_dalek::VerifyingKey::from_bytes(signature.r_bytes());
                if r.is_ok_and(|point| point.is_weak()) {
                    return Err(malformed());
                }
                let mut state = key.verify_stream(&signature).map_err(|_| malformed())?;
                parts.iter().for_each(|part| state.update(part));
                state.finalize_and_verify().map_err(|_| SignatureRejection::Mismatch)
            }
            (KeyMaterial::P256(key), A::EcdsaSha256) => {
                prehashed(&**key, &digest(), p256::ecdsa::Signature::from_der(signature).map_err(|_| malformed())?)
            }
            (KeyMaterial::P256(key), A::EcdsaSha256Points) => {
                prehashed(&**key, &digest(), p256::ecdsa::Signature::from_slice(signature).map_err(|_| malformed())?)
            }
            (KeyMaterial::P384(key), A::EcdsaSha384) => {
                prehashed(&**key, &digest(), p384::ecdsa::Signature::from_der(signature).map_err(|_| malformed())?)
            }
            (KeyMaterial::P384(key), A::EcdsaSha384Points) => {
                prehashed(&**key, &digest(), p384::ecdsa::Signature::from_slice(signature).map_err(|_| malformed())?)
            }
            (KeyMaterial::P521(key), A::EcdsaSha512) => {
                prehashed(&**key, &digest(), p521::ecdsa::Signature::from_der(signature).map_err(|_| malformed())?)
            }
            (KeyMaterial::P521(key), A::EcdsaSha512Points) => {
                prehashed(&**key, &digest(), p521::ecdsa::Signature::from_slice(signature).map_err(|_| malformed())?)
            }
            (KeyMaterial::Rsa(_), _)
                if algorithm.kind() == self.kind() && signature.len() != self.bits().div_ceil(8) =>
            {
                Err(malformed())
            }
            (KeyMaterial::Rsa(key), A::RsaSha1) => rsa(key, Pkcs1v15Sign::new::<Sha1>(), &digest(), signature),
            (KeyMaterial::Rsa(key), A::RsaSha256) => rsa(key, Pkcs1v15Sign::new::<Sha256>(), &digest(), signature),
            (KeyMaterial::Rsa(key), A::RsaSha384) => rsa(key, Pkcs1v15Sign::new::<Sha384>(), &digest(), signature),
            (KeyMaterial::Rsa(key), A::RsaSha512) => rsa(key, Pkcs1v15Sign::new::<Sha512>(), &digest(), signature),
            (KeyMaterial::Rsa(key), A::RsaPssSha256) => rsa(key, any_salt::<Sha256>(), &digest(), signature),
            (KeyMaterial::Rsa(key), A::RsaPssSha384) => rsa(key, any_salt::<Sha384>(), &digest(), signature),
            (KeyMaterial::Rsa(key), A::RsaPssSha512) => rsa(key, any_salt::<Sha512>(), &digest(), signature),
            _ => Err(SignatureRejection::WrongKey { algorithm, key: self.kind() }),
        }
    }
}

/// The hash of the message; nothing for an algorithm without one of its own.
pub(super) fn digest_of(algorithm: PublicKeyAlgorithm, parts: &[&[u8]]) -> Vec<u8> {
    let hash = algorithm.hash();
    hash.map(|hash| hash.hash(|feed| parts.iter().for_each(|part| feed(part)))).unwrap_or_default()
}

fn prehashed<S, K: PrehashVerifier<S>>(key: &K, digest: &[u8], signature: S) -> Result<(), SignatureRejection> {
    key.verify_prehash(digest, &signature).map_err(|_| SignatureRejection::Mismatch)
}

fn rsa(
    key: &rsa::PublicKey,
    padding: impl rsa::traits::SignatureScheme,
    digest: &[u8],
    signature: &[u8],
) -> Result<(), SignatureRejection> {
    key.verify(padding, digest, signature).map_err(|_| SignatureRejection::Mismatch)
}

/// PSS that takes the salt's length from the padding, as OpenSSL's `RSA_PSS_SALTLEN_AUTO` does.
fn any_salt<D: sha2::Digest>() -> Pss<D> {
    Pss { blinded: false, digest: D::new(), salt_len: None }
}
