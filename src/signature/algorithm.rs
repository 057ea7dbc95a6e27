//! The hash functions that senders put under their HMACs.

use hmac::{Hmac, Mac as _};
use md5::Md5;
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};

/// A keyed hash: HMAC (RFC 2104) over one of these functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Algorithm {
    /// SHA-256, 32 bytes: what Trackpilots and nearly everyone else signs with.
    #[default]
    Sha256,
    /// SHA-1, 20 bytes.
    Sha1,
    /// SHA-384, 48 bytes.
    Sha384,
    /// SHA-512, 64 bytes.
    Sha512,
    /// MD5, 16 bytes.
    Md5,
}

impl Algorithm {
    /// Every algorithm, the most common first.
    pub const ALL: [Self; 5] = [Self::Sha256, Self::Sha1, Self::Sha512, Self::Sha384, Self::Md5];

    /// The name that people know it by: `HMAC-SHA256`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "HMAC-SHA256",
            Self::Sha1 => "HMAC-SHA1",
            Self::Sha384 => "HMAC-SHA384",
            Self::Sha512 => "HMAC-SHA512",
            Self::Md5 => "HMAC-MD5",
        }
    }

    /// The hash's own name: `SHA-256`.
    #[must_use]
    pub(crate) fn plain_name(self) -> &'static str {
        match self {
            Self::Sha256 => "SHA-256",
            Self::Sha1 => "SHA-1",
            Self::Sha384 => "SHA-384",
            Self::Sha512 => "SHA-512",
            Self::Md5 => "MD5",
        }
    }

    /// The hash's name in a scheme: `sha256`.
    #[must_use]
    pub fn hash_name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha1 => "sha1",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
            Self::Md5 => "md5",
        }
    }

    /// The algorithm of this [`hash_name`](Self::hash_name); none for any other text.
    #[must_use]
    pub fn of_hash_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.hash_name() == name)
    }

    /// Bytes in its digest.
    #[must_use]
    pub fn digest_bytes(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha1 => 20,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
            Self::Md5 => 16,
        }
    }

    /// The algorithm whose digest is `length` bytes long.
    #[must_use]
    pub fn of_length(length: usize) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.digest_bytes() == length)
    }

    /// HMAC's state after the key, to be cloned for every message.
    #[must_use]
    pub(crate) fn keyed(self, key: &[u8]) -> Keyed {
        match self {
            Self::Sha256 => Keyed::Sha256(Box::new(new_hmac(key))),
            Self::Sha1 => Keyed::Sha1(Box::new(new_hmac(key))),
            Self::Sha384 => Keyed::Sha384(Box::new(new_hmac(key))),
            Self::Sha512 => Keyed::Sha512(Box::new(new_hmac(key))),
            Self::Md5 => Keyed::Md5(Box::new(new_hmac(key))),
        }
    }

    /// The plain hash, without a key, of all that `feed` passes on.
    #[must_use]
    pub(crate) fn hash(self, feed: impl FnOnce(&mut dyn FnMut(&[u8]))) -> Vec<u8> {
        fn run<D: sha2::Digest>(feed: impl FnOnce(&mut dyn FnMut(&[u8]))) -> Vec<u8> {
            let mut state = D::new();
            feed(&mut |part| state.update(part));
            state.finalize().to_vec()
        }
        match self {
            Self::Sha256 => run::<Sha256>(feed),
            Self::Sha1 => run::<Sha1>(feed),
            Self::Sha384 => run::<Sha384>(feed),
            Self::Sha512 => run::<Sha512>(feed),
            Self::Md5 => run::<Md5>(feed),
        }
    }
}

/// An HMAC under this key.
#[expect(clippy::expect_used, reason = "RFC 2104: HMAC takes a key of any length, so that this cannot fail")]
pub(crate) fn new_hmac<M: hmac::KeyInit>(key: &[u8]) -> M {
    M::new_from_slice(key).expect("HMAC accepts every key length")
}

/// An HMAC that has taken in its key, and perhaps the beginning of a message.
#[derive(Clone)]
pub(crate) enum Keyed {
    Sha256(Box<Hmac<Sha256>>),
    Sha1(Box<Hmac<Sha1>>),
    Sha384(Box<Hmac<Sha384>>),
    Sha512(Box<Hmac<Sha512>>),
    Md5(Box<Hmac<Md5>>),
}

impl Keyed {
    /// Takes in the next bytes of the message.
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(state) => state.update(bytes),
            Self::Sha1(state) => state.update(bytes),
            Self::Sha384(state) => state.update(bytes),
            Self::Sha512(state) => state.update(bytes),
            Self::Md5(state) => state.update(bytes),
        }
    }

    /// The digest of what was taken in.
    pub(crate) fn finish(self) -> Vec<u8> {
        match self {
            Self::Sha256(state) => state.finalize().into_bytes().to_vec(),
            Self::Sha1(state) => state.finalize().into_bytes().to_vec(),
            Self::Sha384(state) => state.finalize().into_bytes().to_vec(),
            Self::Sha512(state) => state.finalize().into_bytes().to_vec(),
            Self::Md5(state) => state.finalize().into_bytes().to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 2202 (MD5, SHA-1) and RFC 4231 (SHA-2), test case 2 of each.
    #[test]
    fn each_is_its_rfcs() {
        let expected = [
            (Algorithm::Md5, "750c783e6ab0b503eaa86e310a5db738"),
            (Algorithm::Sha1, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
            (Algorithm::Sha256, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
            (
                Algorithm::Sha384,
                "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
            ),
            (
                Algorithm::Sha512,
                "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fd\
                 caeab1a34d4a6b4b636e070a38bce737",
            ),
        ];
        for (algorithm, digest) in expected {
            let mut keyed = algorithm.keyed(b"Jefe");
            keyed.update(b"what do ya want ");
            keyed.update(b"for nothing?");
            let computed = keyed.finish();
            assert_eq!(hex::encode(&computed), digest);
            assert_eq!(Algorithm::of_length(computed.len()), Some(algorithm));
        }
    }
}
