//! Signatures: the scheme as data, secrets, and the exact verification.
//!
//! `signature = HMAC_SHA256(key = secret, message = timestamp + "." + body)`, written as 64
//! lower-case hexadecimal digits. The timestamp is the header's text and the body is the bytes on
//! the wire, both verbatim.

mod freshness;
mod scheme;
mod secret;
mod verify;

pub use freshness::read_timestamp;
pub use scheme::{DEFAULT_TOLERANCE, Scheme, SigningKind};
pub use secret::{Remark, Secret, SecretOrigin};
pub use verify::{DIGEST_BYTES, MalformedDigest, digest, judge, parse_digest, sign};
