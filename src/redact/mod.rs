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
//! | [`RedactRules`], [`RedactSelector`] | what goes and what stays by a person's rules |
//! | `defaults`, `text` | what stays where there is no rule: what is known by its grammar or a list |
//! | `placeholder` | words to words of the same shape |
//! | `spelling` | escapes and encodings undone, and done again as they were |
//! | `json`, `xml`, `body`, `head` | where words are in a request |
//! | `pictures` | a picture in place of a picture |
//! | `digests` | one digest in place of another |
//! | `key_material` | throw-away secrets |
//! | `signing` | the same mistake again |
//! | [`Tally`] | what was replaced, by place |

mod body;
mod defaults;
mod digests;
mod head;
mod json;
mod key_material;
mod pictures;
mod placeholder;
mod rules;
mod signing;
mod spelling;
mod subject;
mod tally;
#[cfg(test)]
mod tests;
mod text;
mod xml;

pub use placeholder::PlaceholderKey;
pub use rules::{InvalidSelector, PathPiece, RedactRules, RedactSelector};
pub use signing::{RedactedRequest, RequestToRedact};
pub use tally::{Tally, TallyKind};

use std::collections::HashSet;

use bytes::Bytes;

use crate::http::Head;
use crate::signature::Algorithm;
use digests::DigestPair;
use key_material::KnownSecrets;
use pictures::Pictures;

/// Replaces what is to go, for one export: the same value becomes the same placeholder in all of it.
#[derive(Debug)]
pub struct Redactor {
    key: PlaceholderKey,
    rules: RedactRules,
    secrets: KnownSecrets,
    /// Segments of the paths that are configured.
    segments: HashSet<Vec<u8>>,
    pictures: std::sync::Mutex<Pictures>,
}

impl Redactor {
    /// One that draws its placeholders from `key`.
    #[must_use]
    pub fn new(key: PlaceholderKey, rules: RedactRules) -> Self {
        Self {
            key,
            rules,
            secrets: KnownSecrets::default(),
            segments: HashSet::new(),
            pictures: std::sync::Mutex::default(),
        }
    }

    /// Has the segments of a configured path stay, by which a request finds its secrets, unless they may be somebody's.
    pub fn know_path(&mut self, path: &str) {
        self.segments.extend(path.split('/').map(|segment| segment.as_bytes().to_vec()));
    }

    /// A body that is not of a signed request, such as that of a response.
    #[must_use]
    pub fn redact_body(&self, head: &Head, body: &[u8], tally: &mut Tally) -> Bytes {
        let mut pictures = self.pictures.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        self.body(head, body, &mut pictures, tally).into()
    }

    /// A header that is not of a signed request: its name and its value.
    #[must_use]
    pub fn redact_field(&self, name: &str, value: &[u8]) -> (String, Bytes) {
        if !self.is_header_name(name) {
            let name = String::from_utf8_lossy(&self.words(name.as_bytes())).into_owned();
            return (name, self.words(value).into());
        }
        let other = self.header_value(name, value).unwrap_or_else(|| value.to_vec());
        (name.to_owned(), other.into())
    }

    /// What chose an answer: the kind of rule and statuses stay; URLs, texts and reasons go.
    #[must_use]
    pub fn redact_rule(&self, text: &str) -> String {
        /// Words of rules and of what came of them.
        const WORDS: &[&str] = &[
            "after",
            "answer",
            "auto",
            "by",
            "chosen",
            "closed",
            "cut",
            "decided",
            "delay",
            "drop",
            "fixed",
            "forward",
            "forwarded",
            "handshake",
            "hold",
            "imported",
            "incomplete",
            "later",
            "limit",
            "malformed",
            "no",
            "passed",
            "reject",
            "released",
            "reply",
            "reset",
            "retry",
            "rule",
            "secret",
            "slow",
            "status",
            "the",
            "time",
            "timeout",
            "truncated",
            "wait",
        ];
        let is_number = |word: &str| word.len() <= 3 && word.bytes().all(|byte| byte.is_ascii_digit());
        let other = self.words_but(text.as_bytes(), &|word| WORDS.contains(&word) || is_number(word));
        String::from_utf8_lossy(&other).into_owned()
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
