//! The request line and the headers: names, order and letter case stay; of values what HTTP and the event need.

use std::ops::Range;

use super::digests::DigestPair;
use super::rules::RedactSubject;
use super::tally::{Tally, TallyKind};
use super::{Redactor, text};
use crate::http::{Head, form};

/// A stretch of the head, and what takes its place.
type Edit = (Range<usize>, Vec<u8>);

impl Redactor {
    /// Replaces what is to go in a head. A value that holds one of `digests` keeps its form, and so does the name of a
    /// parameter beside it.
    pub(super) fn head(&self, head: &Head, digests: &[DigestPair], lengths: (usize, usize), tally: &mut Tally) -> Head {
        let bytes = head.bytes();
        let place = |part: &[u8]| {
            // What a head does not have is empty, and lies elsewhere: such a place is beyond its end.
            let start = (part.as_ptr() as usize).wrapping_sub(bytes.as_ptr() as usize);
            start..start.saturating_add(part.len())
        };
        let mut edits: Vec<Edit> = vec![(place(head.target()), self.target(head.target(), tally))];
        for (name, value) in head.pairs() {
            let name = String::from_utf8_lossy(name);
            if let Some(other) = self.field(&name, value, digests, lengths) {
                if !name.eq_ignore_ascii_case("content-length") {
                    tally.add(TallyKind::Header, name);
                }
                edits.push((place(value), other));
            }
        }
        edits.retain(|(range, _)| range.start <= range.end && range.end <= bytes.len());
        edits.sort_by_key(|(range, _)| range.start);
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
        Head::from(written)
    }

    /// What takes the place of a header's value; `None` where it stays.
    fn field(&self, name: &str, value: &[u8], digests: &[DigestPair], (was, now): (usize, usize)) -> Option<Vec<u8>> {
        if value.is_empty() {
            return None;
        }
        if name.eq_ignore_ascii_case("content-length") {
            let declared: usize = std::str::from_utf8(value).ok()?.trim().parse().ok()?;
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
        let words = String::from_utf8_lossy(value);
        let goes = self.rules.takes(RedactSubject::Header(name), &words);
        goes.then(|| self.bytes_text(value))
    }

    /// What stands beside a signature: names of parameters and times stay, other values go.
    fn around_digest(&self, part: &[u8]) -> Vec<u8> {
        let mut written = Vec::with_capacity(part.len());
        for piece in part.split_inclusive(|byte| b",; &".contains(byte)) {
            let at = piece.iter().position(|&byte| byte == b'=').map_or(0, |at| at + 1);
            let (name, value) = piece.split_at(at);
            written.extend_from_slice(name);
            let is_short = value.len() <= 4 && at == 0;
            let stays = is_plain_number(value.trim_ascii_end().trim_suffix_of_list()) || is_short;
            written.extend_from_slice(&if stays { value.to_vec() } else { self.bytes_text(value) });
        }
        written
    }

    /// A target: its path stays but for segments that look like somebody's, the values of its query go.
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
            let is_host = number == 0 && authority > 0;
            if is_host || text::is_somebody(&String::from_utf8_lossy(segment)) {
                tally.add(TallyKind::Url, "the path");
                written.extend_from_slice(&self.bytes_text(segment));
            } else {
                written.extend_from_slice(segment);
            }
        }
        let parameters = form::pairs(query).map(|pair| {
            let (name, value) = pair.split();
            let own = String::from_utf8_lossy(name).trim_start_matches('?').to_owned();
            match value.filter(|value| !value.is_empty()) {
                Some(value) if self.rules.takes(RedactSubject::Parameter(&own), &String::from_utf8_lossy(value)) => {
                    tally.add(TallyKind::Url, own);
                    [name, b"=", &self.bytes_text(value)].concat()
                }
                _ => pair.written().to_vec(),
            }
        });
        written.extend(parameters.collect::<Vec<_>>().join(&b'&'));
        written
    }
}

/// A time, a count or a version tells nothing of anybody.
fn is_plain_number(value: &[u8]) -> bool {
    !value.is_empty()
        && value.len() <= 19
        && value.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.')
        && value.iter().filter(|&&byte| byte == b'.').count() <= 1
}

/// A value of a list without what separates it from the next.
trait TrimSeparator {
    fn trim_suffix_of_list(&self) -> &[u8];
}

impl TrimSeparator for [u8] {
    fn trim_suffix_of_list(&self) -> &[u8] {
        match self {
            [rest @ .., b',' | b';' | b'&'] => rest,
            all => all,
        }
    }
}
