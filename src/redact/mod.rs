//! A delivery without anybody's data, that still fails as the original did.
//!
//! Every private value becomes a placeholder of the same shape ([`PlaceholderKey`]), the same one wherever it occurs;
//! pictures become others of the same format, size and length. Structure, names, escapes, spaces and everything else that
//! a signature depends on stay, and then it is signed again, with throw-away secrets of the same shape, by the very
//! computation that explains the original's signature
//! ([`Repetition`](crate::signature::diagnose::Repetition)). So whoever gets it finds the same cause.
//!
//! Pure: the key comes from outside, and nothing is read or written.
//!
//! | part | what it does |
//! |---|---|
//! | [`RedactRules`], [`RedactSelector`] | what goes and what stays |
//! | `placeholder` | words to words of the same shape |
//! | `json`, `body`, `head` | where words are in a request |
//! | `pictures` | a picture in place of a picture |
//! | `digests` | one digest in place of another |
//! | `signing` | throw-away secrets, and the same mistake again |
//! | [`Tally`] | what was replaced, by place |

mod body;
mod digests;
mod head;
mod json;
mod pictures;
mod placeholder;
mod rules;
mod signing;
mod tally;
#[cfg(test)]
mod tests;
mod text;

pub use placeholder::PlaceholderKey;
pub use rules::{InvalidSelector, PathPiece, RedactRules, RedactSelector};
pub use signing::{RedactedRequest, RequestToRedact};
pub use tally::{Tally, TallyKind};

use bytes::Bytes;

use crate::http::Head;
use crate::signature::Algorithm;
use digests::DigestPair;
use pictures::Pictures;

/// Replaces what is to go, for one export: the same value becomes the same placeholder in all of it.
#[derive(Debug)]
pub struct Redactor {
    key: PlaceholderKey,
    rules: RedactRules,
    pictures: std::sync::Mutex<Pictures>,
}

impl Redactor {
    /// One that draws its placeholders from `key`.
    #[must_use]
    pub fn new(key: PlaceholderKey, rules: RedactRules) -> Self {
        Self { key, rules, pictures: std::sync::Mutex::default() }
    }

    /// A body that is not of a signed request, such as that of a response.
    #[must_use]
    pub fn redact_body(&self, head: &Head, body: &[u8], tally: &mut Tally) -> Bytes {
        let mut pictures = self.pictures.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        self.body(head, body, &mut pictures, tally).into()
    }

    /// The value of a header that is not of a signed request; `None` where it stays.
    #[must_use]
    pub fn redact_field(&self, name: &str, value: &[u8]) -> Option<Bytes> {
        let goes = self.rules.takes(rules::RedactSubject::Header(name), &String::from_utf8_lossy(value));
        goes.then(|| self.bytes_text(value).into())
    }
}

/// The hashes of a body, which headers such as `Content-Digest` and `Content-MD5` hold (RFC 9530).
fn hashes(was: &[u8], now: &[u8]) -> Vec<DigestPair> {
    let hash = |algorithm: Algorithm, bytes: &[u8]| algorithm.hash(|sink| sink(bytes));
    Algorithm::ALL
        .into_iter()
        .map(|algorithm| DigestPair { was: hash(algorithm, was), now: hash(algorithm, now) })
        .collect()
}
