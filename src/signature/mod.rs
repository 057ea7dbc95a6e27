//! Signatures: the scheme as data, secrets, the exact verification, and why one does not match.
//!
//! `signature = HMAC_SHA256(key = secret, message = timestamp + "." + body)`, written as 64
//! lower-case hexadecimal digits. The timestamp is the header's text and the body is the bytes on
//! the wire, both verbatim. Other senders' schemes are data: the [`catalogue`].
//!
//! [`diagnose`] searches for the change that makes a received digest come out, and [`rewrite`] knows
//! what other programs make of a body; both read JSON through [`crate::payload::json`]'s tokens.

mod accepted;
mod algorithm;
pub mod catalogue;
mod credential;
pub mod diagnose;
mod freshness;
pub mod public_key;
pub mod rewrite;
mod scheme;
mod secret;
mod signing;
mod verify;

pub use accepted::{AcceptedSchemes, MOST_ACCEPTED, WrongSchemeCount};
pub use algorithm::Algorithm;
pub(crate) use algorithm::new_hmac;
pub use credential::CredentialKind;
pub use freshness::{AgeLimit, ToleranceDirection, read_timestamp, unix_moment};
pub use scheme::{
    Bind, DEFAULT_TOLERANCE, DescriptionKey, Encoding, Expression, Filter, InvalidContent, InvalidExpression,
    InvalidScheme, JwtAlgorithm, LONGEST_EVENT, MessageRules, PlainFilter, Proof, Scheme, SchemeDescription,
    SignaturePlace, SignatureValue, SignedContent, SigningKind, Source, StampUnit, TemplatePiece, TimestampReading,
    Variable, hashed_url, lacks_url,
};
pub use secret::{Secret, SecretOrigin, SecretRemark};
pub use signing::{SignError, Signing, bare_signature, hmac, sign_request, unsignable, written_header};
pub use verify::{DIGEST_BYTES, MalformedDigest, digest, judge, parse_digest, sign};
