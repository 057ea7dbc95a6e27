//! What can be said against a key or a signature: what it was, and what to do next.

use super::{MOST_KEY_BYTES, PublicKeyAlgorithm, PublicKeyKind};

/// Every form that a public key may have, to follow "expected".
pub(super) const PUBLIC_FORMS: &str = "PEM (BEGIN PUBLIC KEY, RSA PUBLIC KEY or CERTIFICATE), a JWK or JWKS, DER in \
     base64 or as bytes, or an Ed25519 key (32 bytes) or a point (65 or 33 bytes on P-256) in hexadecimal or base64";

/// Why something is not a public key that can be used.
///
/// None of them repeats what was given, except names (a PEM label, a curve, an OID), made visible.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PublicKeyError {
    /// Nothing was given.
    #[error("the public key is empty: expected {PUBLIC_FORMS}")]
    Empty,
    /// It is longer than any key.
    #[error("the public key is {bytes} bytes long: at most {MOST_KEY_BYTES} are looked at; give the key alone")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// An alarm: with it anyone signs as the sender, and a receiver never needs it.
    #[error(
        "this is a private key ({form}), and whoever has it can sign as the sender: give the public key that belongs \
         to it, and replace this one if it was shared"
    )]
    PrivateKey {
        /// Which form it has, such as `PKCS#8`.
        form: &'static str,
    },
    /// A secret that sender and receiver share, as HMAC needs it.
    #[error("this is a shared secret ({form}), not a public key: set it as the secret of a scheme with HMAC")]
    SharedSecret {
        /// Which form it has, such as `whsec_`.
        form: &'static str,
    },
    /// It has no form that is known here.
    #[error("this is not a public key in a known form ({found}): expected {PUBLIC_FORMS}")]
    Unrecognised {
        /// What it looked like.
        found: String,
    },
    /// It has a known form, with a mistake inside.
    #[error("the public key looks like {form}, but {reason}: copy it again, whole and without changes")]
    Malformed {
        /// The form that it begins like.
        form: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// A key, but of no algorithm that is checked here.
    #[error("the public key is for {found}: expected Ed25519, RSA, or ECDSA on P-256, P-384 or P-521")]
    Unsupported {
        /// What it is for: an OID, a curve or a `kty`.
        found: String,
    },
    /// RSA's modulus is too short to mean anything, or longer than any sender's.
    #[error("the RSA public key has {bits} bits: expected 1024 to 8192, and at least 2048 for a new key")]
    RsaSize {
        /// Bits of the modulus.
        bits: usize,
    },
    /// RSA's numbers cannot be a key.
    #[error("the RSA public key cannot be one ({reason}): ask the sender for the right one")]
    RsaNumbers {
        /// Which property is missing.
        reason: &'static str,
    },
    /// Numbers that are no point of the curve, or the point at infinity.
    #[error("the public key is not a point of {curve}: copy it again, whole and without changes")]
    NotOnCurve {
        /// The curve that it should be on.
        curve: PublicKeyKind,
    },
    /// Ed25519: under such a point one signature fits nearly every message.
    #[error(
        "the Ed25519 public key is a point of small order, under which anyone can sign: ask the sender for the right one"
    )]
    SmallOrder,
    /// Ed25519: a point that is written in a way that RFC 8032, section 5.1.3 refuses.
    #[error(
        "the Ed25519 public key is not written canonically (RFC 8032, section 5.1.3): ask the sender for the right one"
    )]
    NotCanonical,
    /// A set of several keys where one is needed.
    #[error("this is a set of {keys} keys: choose one by its kid, or give one key alone")]
    SeveralKeys {
        /// How many of them can be used.
        keys: usize,
    },
    /// A set without a key that can be used.
    #[error("the key set holds no key that checks signatures: {reason}")]
    NoKeyInSet {
        /// Why the first was not one, or that there is none.
        reason: String,
    },
}

/// Why a set has no answer for a `kid`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyLookupError {
    /// No key of the set has it.
    #[error("no key has the kid '{kid}' (there {}): fetch the key set again, since senders change keys", known(.kids))]
    Unknown {
        /// The one that was looked for, made visible and short.
        kid: String,
        /// Those of the set, the first few, made visible.
        kids: Vec<String>,
    },
    /// More than one key has it, or is there where none was named.
    #[error("{count} keys of the set {}: give a set in which one does", asked(.kid.as_deref()))]
    Ambiguous {
        /// The kid, made visible and short; none if none was named.
        kid: Option<String>,
        /// How many keys answer to it.
        count: usize,
    },
}

fn known(kids: &[String]) -> String {
    match kids {
        [] => "is none with a kid".to_owned(),
        [one] => format!("is '{one}'"),
        many => format!("are '{}'", many.join("', '")),
    }
}

fn asked(kid: Option<&str>) -> String {
    kid.map_or_else(|| "could be meant, and no kid is named".to_owned(), |kid| format!("have the kid '{kid}'"))
}

/// Why a signature does not verify.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureRejection {
    /// The scheme's algorithm and the key do not go together. Says nothing about the signature.
    #[error("{algorithm} takes a key of {}, and this one is of {key}: check which of the two is right", algorithm.kind())]
    WrongKey {
        /// The scheme's.
        algorithm: PublicKeyAlgorithm,
        /// What the key is.
        key: PublicKeyKind,
    },
    /// It cannot be a signature of this algorithm, whatever was signed.
    #[error("{bytes} bytes that are no signature of {algorithm}: expected {expected}")]
    Malformed {
        /// The scheme's.
        algorithm: PublicKeyAlgorithm,
        /// Its length, decoded.
        bytes: usize,
        /// What it should be.
        expected: String,
    },
    /// It is a signature, but not this key's over these bytes.
    #[error("the signature is not this key's over these bytes")]
    Mismatch,
}

/// Why something is not a private key that can sign. None of them repeats any of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PrivateKeyError {
    /// It is longer than any key.
    #[error("the private key is {bytes} bytes long: at most {MOST_KEY_BYTES} are looked at; give the key alone")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// A public key, which cannot sign.
    #[error("this is a public key, which cannot sign: give the private key that belongs to it")]
    PublicKey,
    /// It needs a passphrase first.
    #[error("the private key is encrypted: decrypt it first, as with `openssl pkey -in FILE`")]
    Encrypted,
    /// OpenSSH's own form.
    #[error("the private key is in OpenSSH's form: convert it, as with `ssh-keygen -p -m PKCS8 -f FILE`")]
    OpenSsh,
    /// No form that is known here.
    #[error(
        "this is not a private key in a known form: expected PEM (BEGIN PRIVATE KEY, RSA PRIVATE KEY or EC PRIVATE \
         KEY), or the same as DER, in base64 or as bytes"
    )]
    Unrecognised,
    /// A known form, with a mistake inside.
    #[error("the private key looks like {form}, but {reason}: copy it again, whole and without changes")]
    Malformed {
        /// The form that it begins like.
        form: &'static str,
        /// What is wrong, without any of its bytes.
        reason: String,
    },
    /// A key of no algorithm that is signed with here.
    #[error("the private key is for {found}: expected Ed25519, RSA, or ECDSA on P-256, P-384 or P-521")]
    Unsupported {
        /// What it is for.
        found: String,
    },
    /// Its public half is one that would be refused.
    #[error("the private key's public half cannot be used: {0}")]
    Public(#[from] PublicKeyError),
}

/// Why a private key does not sign.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PrivateSignError {
    /// The algorithm takes another kind of key.
    #[error("{algorithm} takes a key of {}, and this one is of {key}: check which of the two is right", algorithm.kind())]
    WrongKey {
        /// The scheme's.
        algorithm: PublicKeyAlgorithm,
        /// What the key is.
        key: PublicKeyKind,
    },
    /// RSA: hash and padding do not fit into the modulus.
    #[error("an RSA key of {bits} bits is too short for {algorithm}: make one of 2048 bits")]
    TooShort {
        /// The scheme's.
        algorithm: PublicKeyAlgorithm,
        /// Bits of the modulus.
        bits: usize,
    },
    /// The numbers of the private key do not belong together.
    #[error("the private key does not sign with {algorithm}: its numbers do not belong together; make a new one")]
    BrokenKey {
        /// The scheme's.
        algorithm: PublicKeyAlgorithm,
    },
}
