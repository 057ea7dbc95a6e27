//! Signatures: the scheme as data, secrets, the exact verification, and why one does not match.
//!
//! `signature = HMAC_SHA256(key = secret, message = timestamp + "." + body)`, written as 64
//! lower-case hexadecimal digits. The timestamp is the header's text and the body is the bytes on
//! the wire, both verbatim. Other senders' schemes are [`providers`].
//!
//! [`diagnose`] searches for the change that makes a received digest come out, and [`rewrite`] knows
//! what other programs make of a body; both read JSON through [`crate::payload::json`]'s tokens.

mod algorithm;
mod content;
pub mod diagnose;
mod freshness;
pub mod providers;
pub mod public_key;
pub mod rewrite;
mod scheme;
mod secret;
mod signing;
mod strict;
mod verify;

pub use algorithm::Algorithm;
pub use content::{InvalidContent, SignedContent, TemplatePiece};
pub use freshness::read_timestamp;
pub use scheme::{DEFAULT_TOLERANCE, Encoding, HeaderForm, KeyForm, Scheme, SigningKind};
pub use secret::{Secret, SecretOrigin, SecretRemark};
pub use signing::{SignError, Signing};
pub use strict::{hmac_sha256, sign_request};
pub use verify::{DIGEST_BYTES, MalformedDigest, digest, judge, parse_digest, sign};
