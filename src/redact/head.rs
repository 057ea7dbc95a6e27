//! The request line and the headers: names, order and letter case stay; of values what HTTP and the event need.

use std::ops::Range;

use super::Redactor;
use super::defaults::{HeaderValue, is_of_protocol, is_plain_segment};
use super::digests::DigestPair;
use super::spelling::Spelling;
use super::subject::RedactSubject;
use super::tally::{Tally, TallyKind};
use super::text::{is_plain_name, is_time};
use crate::http::percent::PlusSign;
use crate::http::{Head, form};

/// A stretch of the head, and what takes its place.
type Edit = (Range<usize>, Vec<u8>);

/// Methods that say nothing of anybody.
const METHODS: &[&[u8]] = &[
    b"CONNECT", b"DELETE", b"GET", b"HEAD", b"OPTIONS", b"PATCH", b"POST", b"PUT", b"TRACE", b"QUERY", b"post", b"put",
    b"get",
];

impl Redactor {
    /// Replaces what is to go in a head. A value that holds one of `digests` keeps its form, and so does what the scheme
    /// has beside it.
    pub(super) fn head(&self, head: &Head, digests: &[DigestPair], lengths: (usize, usize), tally: &mut Tally) -> Head {
        let bytes = head.bytes();
        let place = |part: &[u8]| {
            // What a head does not have is empty, and lies elsewhere: such a place is beyond its end.
            let start = (part.as_ptr() as usize).wrapping_sub(bytes.as_ptr() as usize);
            start..start.saturating_add(part.len())
        };
        let mut edits: Vec<Edit> =
            self.request_line(head, tally).into_iter().map(|(old, new)| (place(old), new)).collect();
        for (name, value) in head.pairs() {
            let written = String::from_utf8_lossy(name);
            if self.is_header_name(&written) {
                if let Some(other) = self.field(&written, value, digests, lengths) {
                    if !written.eq_ignore_ascii_case("content-length") {
                        tally.add(TallyKind::Header, written);
                    }
                    edits.push((place(value), other));
                }
            } else {
                // No field: a line without a colon, one that goes on with the value before, or somebody's name.
                tally.add(TallyKind::Header, "a malformed header line");
                edits.extend([(place(name), self.words(name)), (place(value), self.words(value))]);
            }
        }
        edits.retain(|(range, _)| range.start <= range.end && range.end <= bytes.len());
        edits.sort_by_key(|(range, _)| range.start);
        Head::from(edited(bytes, edits))
    }

    /// The parts of the first line, each with what takes its place.
    fn request_line<'a>(&self, head: &'a Head, tally: &mut Tally) -> Vec<(&'a [u8], Vec<u8>)> {
        let (method, version) = (head.method(), head.version());
        let is_version = version.strip_prefix(b"HTTP/").is_some_and(|number| {
            number.len() <= 3 && number.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.')
        });
        let mut parts = vec![(head.target(), self.target(head.target(), tally))];
        for (part, stays) in [(method, METHODS.contains(&method)), (version, is_version)] {
            if !stays && !part.is_empty() {
                tally.add(TallyKind::Url, "the request line");
                parts.push((part, self.words(part)));
            }
        }
        parts
    }

    /// Whether this is the name of a field, which stays.
    pub(super) fn is_header_name(&self, name: &str) -> bool {
        !name.is_empty() && !self.rules.takes_name(name, !is_plain_name(name))
    }

    /// What takes the place of a header's value; `None` where it stays.
    fn field(&self, name: &str, value: &[u8], digests: &[DigestPair], (was, now): (usize, usize)) -> Option<Vec<u8>> {
        if name.eq_ignore_ascii_case("content-length")
            && let Ok(declared) = String::from_utf8_lossy(value).trim().parse::<usize>()
        {
            // What was missing is missing still.
            return (was != now).then(|| (declared + now).saturating_sub(was).to_string().into_bytes());
        }
        if let Some((replaced, place)) = digests.iter().find_map(|pair| pair.replaced(value)) {
            let around = |part: &[u8]| self.around_digest(part);
            return Some(
                [around(&replaced[..place.start]), replaced[place.clone()].to_vec(), around(&replaced[place.end..])]
                    .concat(),
            );
        }
        self.header_value(name, value)
    }

    /// The same of any head or part, without a digest in it.
    pub(super) fn header_value(&self, name: &str, value: &[u8]) -> Option<Vec<u8>> {
        let other = match self.rules.header(name, &String::from_utf8_lossy(value)) {
            HeaderValue::Everything if self.secrets.first_in(value).is_none() => return None,
            HeaderValue::Everything | HeaderValue::Nothing => self.words(value),
            HeaderValue::ProtocolWords => self.words_but(value, &is_of_protocol),
            HeaderValue::Parameters => self.parameters(value),
            HeaderValue::Product => {
                let (product, rest) = value.split_at(product_length(value));
                [product, &self.words(rest)].concat()
            }
        };
        (other != value).then_some(other)
    }

    /// A media type or a disposition: the values of its parameters go, but for the boundary and the character set.
    fn parameters(&self, value: &[u8]) -> Vec<u8> {
        let mut written = Vec::with_capacity(value.len());
        for piece in value.split_inclusive(|&byte| byte == b';') {
            let (name, own) = piece.split_at(memchr::memchr(b'=', piece).map_or(piece.len(), |at| at + 1));
            written.extend_from_slice(&self.words_but(name, &is_of_protocol));
            written.extend_from_slice(&match name.trim_ascii_start().to_ascii_lowercase().as_slice() {
                b"boundary=" => own.to_vec(),
                b"charset=" => self.words_but(own, &is_of_protocol),
                _ => self.words(own),
            });
        }
        written
    }

    /// What stands beside a signature: the parameters that schemes have and their times stay, all else goes.
    fn around_digest(&self, part: &[u8]) -> Vec<u8> {
        const TIMES: &[&[u8]] = &[b"", b"created", b"expires", b"t", b"time", b"timestamp", b"ts"];
        let mut written = Vec::with_capacity(part.len());
        for piece in part.split_inclusive(|byte| b",; &".contains(byte)) {
            let at = memchr::memchr(b'=', piece);
            let (name, value) = piece.split_at(at.map_or(0, |at| at + 1));
            let own = name.strip_suffix(b"=").unwrap_or_default().to_ascii_lowercase();
            let bare = value.trim_ascii_end();
            let bare = String::from_utf8_lossy(bare.strip_suffix(b",").or(bare.strip_suffix(b";")).unwrap_or(bare));
            let is_timestamp = TIMES.contains(&own.as_slice()) && is_time(bare.trim_matches(['.', ':', '&', '"']));
            let stays =
                |word: &str| is_of_protocol(word) && (!is_number(word) || matches!(word, "1" | "256" | "384" | "512"));
            written.extend_from_slice(&self.words_but(name, &stays));
            written.extend_from_slice(&if is_timestamp { value.to_vec() } else { self.words_but(value, &stays) });
        }
        written
    }

    /// A target: of its path stay words, versions and what is configured, of its query the names.
    fn target(&self, target: &[u8], tally: &mut Tally) -> Vec<u8> {
        let at = memchr::memchr(b'?', target).unwrap_or(target.len());
        let (path, query) = target.split_at(at);
        let mut written = Vec::with_capacity(target.len());
        let authority = memchr::memmem::find(path, b"://").map_or(0, |at| at + 3);
        for (number, segment) in path[authority..].split(|&byte| byte == b'/').enumerate() {
            if number == 0 {
                written.extend_from_slice(&path[..authority]);
            } else {
                written.push(b'/');
            }
            let words = String::from_utf8_lossy(segment);
            let is_host = number == 0 && authority > 0;
            let is_known = self.segments.contains(segment) && is_plain_name(&words);
            if is_host || self.rules.takes_name(&words, !is_known && !is_plain_segment(&words)) {
                tally.add(TallyKind::Url, "the path");
                written.extend_from_slice(&self.spelled(segment, Spelling::Percent(PlusSign::Literal)));
            } else {
                written.extend_from_slice(segment);
            }
        }
        if let Some(query) = query.strip_prefix(b"?") {
            written.push(b'?');
            let pairs: Vec<Vec<u8>> = form::pairs(query).map(|pair| self.parameter(pair.split(), tally)).collect();
            written.extend(pairs.join(&b'&'));
        }
        written
    }

    fn parameter(&self, (name, value): (&[u8], Option<&[u8]>), tally: &mut Tally) -> Vec<u8> {
        let Some(value) = value else {
            // Without an equals sign it may be a value as well.
            if !name.is_empty() {
                tally.add(TallyKind::Url, "the query");
            }
            return self.spelled(name, Spelling::Percent(PlusSign::Space));
        };
        let (own, written) = self.field_name(name);
        let goes = !value.is_empty()
            && self.rules.takes(RedactSubject::Parameter(&own), &String::from_utf8_lossy(&form::decode(value)));
        if goes {
            tally.add(TallyKind::Url, own);
        }
        let value = if goes { self.spelled(value, Spelling::Percent(PlusSign::Space)) } else { value.to_vec() };
        [written.as_slice(), b"=", &value].concat()
    }

    /// The name of a parameter or of a form's field: by which it is counted, and as it is written. One that may be
    /// somebody's is replaced.
    pub(super) fn field_name(&self, name: &[u8]) -> (String, Vec<u8>) {
        let own = String::from_utf8_lossy(&form::decode(name)).into_owned();
        if !self.rules.takes_name(&own, !is_plain_name(&own)) {
            return (own, name.to_vec());
        }
        ("*".to_owned(), self.spelled(name, Spelling::Percent(PlusSign::Space)))
    }
}

/// Bytes with other stretches in the place of some, which are in their order.
fn edited(bytes: &[u8], edits: Vec<Edit>) -> Vec<u8> {
    let (mut written, mut copied) = (Vec::with_capacity(bytes.len()), 0);
    for (range, other) in edits {
        if range.start < copied {
            continue;
        }
        written.extend_from_slice(&bytes[copied..range.start]);
        written.extend_from_slice(&other);
        copied = range.end;
    }
    written.extend_from_slice(&bytes[copied..]);
    written
}

fn is_number(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_digit())
}

/// How long the name and the version of a program are that a `User-Agent` begins with: `GitHub-Hookshot/1.0`.
fn product_length(value: &[u8]) -> usize {
    let length = memchr::memchr(b' ', value).unwrap_or(value.len());
    let Some((name, version)) = std::str::from_utf8(&value[..length]).ok().and_then(|text| text.split_once('/')) else {
        return 0;
    };
    let is_name = (1..=30).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'-');
    let is_version = super::text::is_version(version);
    if is_name && is_version { length } else { 0 }
}
