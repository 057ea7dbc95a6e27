//! A digest as a server printed it: what languages print of bytes, alone or within a log line.
//!
//! Every form is read on its own evidence, and one text holds one digest: what cannot be told apart is
//! asked for again ([`NotADigest`]), never guessed.
//!
//! | part | what it reads |
//! |---|---|
//! | `lists` | byte values one by one: Node, Go, Java, Rust, Elixir |
//! | `quoted` | a string with escapes: Python, Ruby |
//! | `digits` | hexadecimal digits and base64 |
//! | `colours` | nothing: what makes a terminal colour a text |
//! | `not_digest` | what is printed in place of a digest by mistake |

mod colours;
mod digits;
mod lists;
mod not_digest;
mod quoted;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

pub use not_digest::NotADigest;
use subtle::ConstantTimeEq as _;

use super::encoding::{LEAST_PREFIX, Received, WrittenSignature};
use super::{CauseCode, axis::Why};
use crate::signature::Algorithm;

/// Bytes of a cut digest that still prove something: 64 bits, with some ten thousand digests to compare.
const LEAST_BEGINNING: usize = 8;
/// Bytes of one that is cut and does not say so: 128 bits, as of a signature.
const LEAST_CUT: usize = LEAST_PREFIX;
/// The most digests that are told apart in one text.
const MOST_COUNTED: usize = 16;

/// A digest that a server printed, read back.
///
/// ```
/// use whyhook::signature::diagnose::PrintedDigest;
///
/// let printed = PrintedDigest::read("computed: <Buffer 0b 1f 2c 3d 4e 5f 60 71 82 93 a4 b5 c6 d7 e8 f9>").unwrap();
/// assert_eq!(printed.words(), "read as Node's Buffer: 16 bytes, the length of HMAC-MD5");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct PrintedDigest {
    content: DigestContent,
    how: Cow<'static, str>,
}

/// How much of a digest was printed.
#[derive(Clone, PartialEq, Eq)]
enum DigestContent {
    Whole(Vec<u8>, Algorithm),
    /// The first bytes; and of how many, when the text says so.
    Beginning(Vec<u8>, Option<Algorithm>),
    /// Hexadecimal digits, in lower case, that have lost zeros.
    Digits(Vec<u8>, Algorithm),
}

impl fmt::Debug for PrintedDigest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A digest is a credential for what it signs.
        formatter.debug_struct("PrintedDigest").field("how", &self.how).finish_non_exhaustive()
    }
}

impl PrintedDigest {
    /// Reads the one digest that `text` holds.
    ///
    /// # Errors
    ///
    /// What the text is instead, or that it holds several.
    pub fn read(text: &str) -> Result<Self, NotADigest> {
        let text = &*colours::without(text);
        if let Some(object) = not_digest::state_of_hash(text) {
            return Err(object);
        }
        let mut rest = text.as_bytes().to_vec();
        let token = not_digest::json_web_token(text);
        if let Some(place) = token.clone() {
            rest[place].fill(0);
        }
        let mut found = Found::default();
        for find in [lists::find, quoted::find, digits::find_hex, digits::find_base64] {
            for (place, sighting) in find(&rest) {
                // What one form has explained is not read again as another.
                rest[place].fill(0);
                found.add(sighting);
            }
        }
        if found.is_empty() {
            digits::find_spaced_base64(&rest).into_iter().for_each(|(_, sighting)| found.add(sighting));
        }
        match found.one()? {
            Some(printed) => Ok(printed),
            None => Err(not_digest::object(text)
                .or(token.map(|_| NotADigest::JsonWebToken))
                .or(found.remark)
                .or_else(|| not_digest::nothing(text))
                .unwrap_or(NotADigest::Absent)),
        }
    }

    /// How it was read, in words that do not repeat it.
    #[must_use]
    pub fn words(&self) -> String {
        self.words_of(None)
    }

    /// The same, where it turned out to be the beginning of a digest in the algorithm `cut`.
    pub(super) fn words_of(&self, cut: Option<Algorithm>) -> String {
        let how = &self.how;
        match (&self.content, cut) {
            (DigestContent::Whole(bytes, _), Some(cut)) => {
                format!("read as {how}: the first {} of {} bytes", bytes.len(), cut.digest_bytes())
            }
            (DigestContent::Digits(digits, _), Some(cut)) => {
                let (read, whole) = (digits.len() / 2, cut.digest_bytes());
                format!("read as {} hexadecimal digits: the first {read} of {whole} bytes", digits.len())
            }
            (DigestContent::Whole(bytes, algorithm), _) => {
                format!("read as {how}: {} bytes, the length of {}", bytes.len(), algorithm.name())
            }
            (DigestContent::Beginning(bytes, None), _) => format!("read as {how}: the first {} bytes", bytes.len()),
            (DigestContent::Beginning(bytes, Some(algorithm)), _) => {
                let (length, name) = (algorithm.digest_bytes(), algorithm.name());
                format!("read as {how}: the first {} of {length} bytes, the length of {name}", bytes.len())
            }
            (DigestContent::Digits(_, algorithm), _) => format!("read as {how}: the length of {}", algorithm.name()),
        }
    }

    /// All its bytes, where they are as many as `algorithm` makes, and how they were read.
    pub(super) fn whole(&self, algorithm: Algorithm) -> Option<(&[u8], &str)> {
        match &self.content {
            DigestContent::Whole(bytes, own) if *own == algorithm => Some((bytes, &self.how)),
            _ => None,
        }
    }

    /// Whether it is this digest, or the beginning of it.
    pub(super) fn is(&self, digest: &[u8]) -> bool {
        match &self.content {
            DigestContent::Whole(bytes, _) | DigestContent::Beginning(bytes, _) => {
                digest.get(..bytes.len()).is_some_and(|head| bool::from(head.ct_eq(bytes)))
            }
            DigestContent::Digits(..) => {
                Algorithm::of_length(digest.len()).is_some_and(|algorithm| self.received(algorithm)[0].matches(digest))
            }
        }
    }

    /// Whether the reading at this place takes it for the beginning of a digest, which its text does not say.
    pub(super) fn is_cut(&self, reading: usize) -> bool {
        match &self.content {
            DigestContent::Whole(..) => reading == 1,
            DigestContent::Digits(..) => reading == 2,
            DigestContent::Beginning(..) => false,
        }
    }

    /// The digests to compare with. `usual` is the algorithm of the scheme: any other is part of an explanation.
    pub(super) fn received(&self, usual: Algorithm) -> Vec<Received> {
        let one = |digest: &[u8], written, algorithm: Algorithm| {
            let detail = || format!("{} instead of {}", algorithm.name(), usual.name());
            let whys = (algorithm != usual).then(|| Why::new(CauseCode::SignatureAlgorithm, 1, detail()));
            Received { digest: digest.to_vec(), written, algorithm, whys: whys.into_iter().collect(), timestamp: None }
        };
        // What a column or a log cut off does not say so: its length may be that of another digest.
        let cut = |bytes: &[u8]| {
            let is_beginning = (LEAST_CUT..usual.digest_bytes()).contains(&bytes.len());
            is_beginning.then(|| one(bytes, WrittenSignature::Whole, usual))
        };
        match &self.content {
            DigestContent::Whole(bytes, algorithm) => {
                let whole = one(bytes, WrittenSignature::Whole, *algorithm);
                std::iter::once(whole).chain(cut(bytes)).collect()
            }
            DigestContent::Beginning(bytes, Some(algorithm)) => vec![one(bytes, WrittenSignature::Whole, *algorithm)],
            DigestContent::Beginning(bytes, None) => {
                let may_be = Algorithm::ALL.into_iter().filter(|algorithm| algorithm.digest_bytes() >= bytes.len());
                may_be.map(|algorithm| one(bytes, WrittenSignature::Whole, algorithm)).collect()
            }
            DigestContent::Digits(digits, algorithm) => {
                let unpadded = [WrittenSignature::Bytes, WrittenSignature::Number];
                let unpadded = unpadded.map(|written| one(digits, written, *algorithm));
                let beginning = hex::decode(&digits[..digits.len() & !1]).ok();
                unpadded.into_iter().chain(beginning.and_then(|bytes| cut(&bytes))).collect()
            }
        }
    }
}

/// Something in the text that looks like a digest, before its length is judged; and where.
type Sighted = (Range<usize>, Sighting);

enum Sighting {
    Bytes {
        bytes: Vec<u8>,
        how: Cow<'static, str>,
        cut: Option<Cut>,
    },
    /// Hexadecimal digits that have lost zeros.
    Digits(Vec<u8>, Algorithm),
    /// Of no digest's length: perhaps the beginning of one, where nothing better is there.
    Beginning(Vec<u8>, Cow<'static, str>),
}

/// The print-out ends before the bytes do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cut {
    /// How many bytes it says are left out.
    more: Option<usize>,
}

impl Sighting {
    fn whole(bytes: Vec<u8>, how: impl Into<Cow<'static, str>>) -> Self {
        Self::Bytes { bytes, how: how.into(), cut: None }
    }
}

/// What a text holds, by what it is worth.
#[derive(Default)]
struct Found {
    digests: Vec<PrintedDigest>,
    /// Of MD5's length, as ids of requests and traces are too.
    ids: Vec<PrintedDigest>,
    /// Digits that have lost zeros: any number of that length is written so too.
    unpadded: Vec<PrintedDigest>,
    /// Of no digest's length, and not said to be cut.
    beginnings: Vec<PrintedDigest>,
    /// Why something that looks like a digest is none; the first.
    remark: Option<NotADigest>,
}

impl Found {
    fn add(&mut self, sighting: Sighting) {
        let mut is_said = true;
        let (content, how) = match sighting {
            Sighting::Beginning(bytes, how) => {
                is_said = false;
                (DigestContent::Beginning(bytes, None), how)
            }
            Sighting::Digits(digits, algorithm) => {
                let how = format!(
                    "{} of {} hexadecimal digits, without leading zeros",
                    digits.len(),
                    2 * algorithm.digest_bytes()
                );
                (DigestContent::Digits(digits, algorithm), how.into())
            }
            Sighting::Bytes { bytes, how, cut: None } => match Algorithm::of_length(bytes.len()) {
                Some(algorithm) => (DigestContent::Whole(bytes, algorithm), how),
                None => return self.remark(NotADigest::WrongLength(bytes.len())),
            },
            Sighting::Bytes { bytes, .. } if bytes.len() < LEAST_BEGINNING => {
                return self.remark(NotADigest::TooShort(bytes.len()));
            }
            Sighting::Bytes { bytes, how, cut: Some(Cut { more: None }) } => {
                (DigestContent::Beginning(bytes, None), how)
            }
            Sighting::Bytes { bytes, how, cut: Some(Cut { more: Some(more) }) } => {
                let length = bytes.len().saturating_add(more);
                match Algorithm::of_length(length) {
                    Some(algorithm) => (DigestContent::Beginning(bytes, Some(algorithm)), how),
                    None => return self.remark(NotADigest::WrongLength(length)),
                }
            }
        };
        let all = match &content {
            _ if !is_said => &mut self.beginnings,
            DigestContent::Whole(_, Algorithm::Md5) => &mut self.ids,
            DigestContent::Digits(..) => &mut self.unpadded,
            DigestContent::Whole(..) | DigestContent::Beginning(..) => &mut self.digests,
        };
        if all.len() < MOST_COUNTED && !all.iter().any(|known| known.content == content) {
            all.push(PrintedDigest { content, how });
        }
    }

    fn remark(&mut self, remark: NotADigest) {
        self.remark.get_or_insert(remark);
    }

    fn is_empty(&self) -> bool {
        [&self.digests, &self.ids, &self.unpadded].iter().all(|all| all.is_empty())
    }

    /// The only digest of the most convincing kind.
    fn one(&mut self) -> Result<Option<PrintedDigest>, NotADigest> {
        for all in [&mut self.digests, &mut self.ids, &mut self.unpadded, &mut self.beginnings] {
            match all.len() {
                0 => {}
                1 => return Ok(all.pop()),
                several => return Err(NotADigest::Several(several)),
            }
        }
        Ok(None)
    }
}

/// Dots at the beginning of `text` that say that more was left out: their length in bytes.
fn ellipsis(text: &[u8]) -> Option<usize> {
    if text.starts_with("…".as_bytes()) {
        return Some("…".len());
    }
    let dots = text.iter().take_while(|byte| **byte == b'.').count();
    (2..=5).contains(&dots).then_some(dots)
}
