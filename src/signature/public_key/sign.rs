//! Signing, for deliveries that are made up here.

use std::convert::Infallible;

use p256::ecdsa::signature::hazmat::PrehashSigner as _;
use rsa::rand_core::{TryCryptoRng, TryRng};
use rsa::traits::{PrivateKeyParts as _, SignatureScheme};
use rsa::{Pkcs1v15Sign, Pss};
use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha384, Sha512};
use zeroize::Zeroizing;

use super::super::Algorithm;
use super::private::PrivateMaterial;
use super::verify::digest_of;
use super::{PrivateKey, PrivateSignError, PublicKeyAlgorithm};

impl PrivateKey {
    /// The signature over the parts of a message, one after the other: the reverse of [`verify`](super::PublicKey::verify).
    ///
    /// The same key, algorithm and message make the same signature. Ed25519 and PKCS#1 v1.5 are like that; ECDSA's
    /// nonce is RFC 6979's, and the salt of PSS, as long as the digest, comes from key and message too.
    ///
    /// # Errors
    /// When the algorithm takes another kind of key, or the key is too short for it or broken.
    pub fn sign(&self, algorithm: PublicKeyAlgorithm, parts: &[&[u8]]) -> Result<Vec<u8>, PrivateSignError> {
        use PublicKeyAlgorithm as A;

        let broken = || PrivateSignError::BrokenKey { algorithm };
        let digest = digest_of(algorithm, parts);
        match (&self.material, algorithm) {
            (PrivateMaterial::Ed25519(key), A::Ed25519) => {
                let expanded = ed25519_dalek::hazmat::ExpandedSecretKey::from(key.as_bytes());
                let feed = |state: &mut Sha512| {
                    parts.iter().for_each(|part| state.update(part));
                    Ok(())
                };
                // The public key must be of this very seed: with another, two signatures would give the key away.
                ed25519_dalek::hazmat::raw_sign_byupdate(&expanded, feed, &key.verifying_key())
                    .map(|signature| signature.to_vec())
                    .map_err(|_| broken())
            }
            (PrivateMaterial::P256(key), A::EcdsaSha256 | A::EcdsaSha256Points) => {
                let signature: p256::ecdsa::Signature = key.sign_prehash(&digest).map_err(|_| broken())?;
                let points = algorithm == A::EcdsaSha256Points;
                Ok(if points { signature.to_vec() } else { signature.to_der().as_bytes().to_vec() })
            }
            (PrivateMaterial::P384(key), A::EcdsaSha384 | A::EcdsaSha384Points) => {
                let signature: p384::ecdsa::Signature = key.sign_prehash(&digest).map_err(|_| broken())?;
                let points = algorithm == A::EcdsaSha384Points;
                Ok(if points { signature.to_vec() } else { signature.to_der().as_bytes().to_vec() })
            }
            (PrivateMaterial::P521(key), A::EcdsaSha512 | A::EcdsaSha512Points) => {
                let signature: p521::ecdsa::Signature = key.sign_prehash(&digest).map_err(|_| broken())?;
                let points = algorithm == A::EcdsaSha512Points;
                Ok(if points { signature.to_vec() } else { signature.to_der().as_bytes().to_vec() })
            }
            (PrivateMaterial::Rsa(key), _) if algorithm.kind() == self.kind() => self.sign_rsa(key, algorithm, &digest),
            _ => Err(PrivateSignError::WrongKey { algorithm, key: self.kind() }),
        }
    }

    fn sign_rsa(
        &self,
        key: &rsa::PrivateKey,
        algorithm: PublicKeyAlgorithm,
        digest: &[u8],
    ) -> Result<Vec<u8>, PrivateSignError> {
        use PublicKeyAlgorithm as A;

        let bits = self.public_key().bits();
        let pss = matches!(algorithm, A::RsaPssSha256 | A::RsaPssSha384 | A::RsaPssSha512);
        // RFC 8017, section 9.1.1: hash, salt and two bytes more.
        if pss && (bits - 1).div_ceil(8) < 2 * digest.len() + 2 {
            return Err(PrivateSignError::TooShort { algorithm, bits });
        }
        match algorithm {
            A::RsaSha1 => rsa(key, Pkcs1v15Sign::new::<Sha1>(), digest),
            A::RsaSha256 => rsa(key, Pkcs1v15Sign::new::<Sha256>(), digest),
            A::RsaSha384 => rsa(key, Pkcs1v15Sign::new::<Sha384>(), digest),
            A::RsaSha512 => rsa(key, Pkcs1v15Sign::new::<Sha512>(), digest),
            A::RsaPssSha256 => rsa(key, Pss::<Sha256>::new(), digest),
            A::RsaPssSha384 => rsa(key, Pss::<Sha384>::new(), digest),
            A::RsaPssSha512 => rsa(key, Pss::<Sha512>::new(), digest),
            _ => None,
        }
        .ok_or(PrivateSignError::BrokenKey { algorithm })
    }
}

fn rsa(key: &rsa::PrivateKey, padding: impl SignatureScheme, digest: &[u8]) -> Option<Vec<u8>> {
    key.sign_with_rng(&mut Derived::new(key, digest), padding, digest).ok()
}

/// Numbers that nobody without the key can foresee, from key and message: they blind the private operation, and salt
/// PSS, whose security does not rest on the salt (RFC 8017, section 8.1). So signing needs nothing of the system.
struct Derived {
    seed: Zeroizing<Vec<u8>>,
    counter: u64,
}

impl Derived {
    fn new(key: &rsa::PrivateKey, digest: &[u8]) -> Self {
        let mut state = Algorithm::Sha256.keyed(&Zeroizing::new(key.d().to_be_bytes()));
        state.update(b"whyhook: salt and blinding of an RSA signature");
        state.update(digest);
        Self { seed: Zeroizing::new(state.finish()), counter: 0 }
    }
}

impl TryRng for Derived {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, filled: &mut [u8]) -> Result<(), Infallible> {
        for chunk in filled.chunks_mut(32) {
            let mut state = Algorithm::Sha256.keyed(&self.seed);
            state.update(&self.counter.to_be_bytes());
            self.counter += 1;
            let block = Zeroizing::new(state.finish());
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
        Ok(())
    }
}

impl TryCryptoRng for Derived {}
