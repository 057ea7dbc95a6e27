//! Which keys of an object occurred in it before. The keys of the open objects take five bytes each, since
//! each may be one of a hundred thousand in a hostile body of no more than five.

use std::borrow::Cow;
use std::hash::{BuildHasher as _, RandomState};

use super::super::scan::skip_string;
use super::super::unescape;

/// The keys of an object that are compared with each other one by one; of more, hashes are sorted.
const FEW_KEYS: usize = 8;

/// Hashes that are kept at a time: at least this many, and one for this many bytes of the body. One takes eight bytes.
const LEAST_HASHES: usize = 4096;
const BYTES_A_HASH: usize = 16;

/// Stands where an object's keys begin.
const OBJECT: u32 = u32::MAX;

/// The keys of the open objects, from the outside in.
pub(super) struct ObjectKeys<'a> {
    body: &'a [u8],
    starts: Vec<u32>,
    /// The length of each with its quotation marks; nought where it is long, or has an escape.
    lengths: Vec<u8>,
}

impl<'a> ObjectKeys<'a> {
    pub(super) fn new(body: &'a [u8]) -> Self {
        Self { body, starts: Vec::new(), lengths: Vec::new() }
    }

    /// Begins an object.
    #[inline]
    pub(super) fn open(&mut self) {
        self.starts.push(OBJECT);
        self.lengths.push(0);
    }

    /// Takes a key of the innermost object.
    #[inline]
    pub(super) fn push(&mut self, start: u32, end: u32, is_escaped: bool) {
        self.starts.push(start);
        self.lengths.push(if is_escaped { 0 } else { u8::try_from(end - start).unwrap_or(0) });
    }

    /// Ends the innermost object; `again` gets the place of each key that occurred in it before.
    #[inline]
    pub(super) fn close(&mut self, again: impl FnMut(u32)) {
        let first = self.starts.iter().rposition(|start| *start == OBJECT).map_or(0, |object| object + 1);
        if self.starts.len() > first + 1 {
            self.find_again(first, again);
        }
        self.starts.truncate(first.saturating_sub(1));
        self.lengths.truncate(first.saturating_sub(1));
    }

    fn find_again(&self, first: usize, mut again: impl FnMut(u32)) {
        let (starts, lengths) = (&self.starts[first..], &self.lengths[first..]);
        if starts.len() > FEW_KEYS || lengths.contains(&0) {
            return self.find_by_hash(starts, again);
        }
        for index in 1..starts.len() {
            let is_same = |earlier: usize| {
                lengths[earlier] == lengths[index]
                    && self.text(starts[earlier], lengths[earlier]) == self.text(starts[index], lengths[index])
            };
            if (0..index).any(is_same) {
                again(starts[index]);
            }
        }
    }

    fn text(&self, start: u32, length: u8) -> &'a [u8] {
        let start = start as usize;
        let end = match length {
            0 => skip_string(self.body, start).unwrap_or(start),
            length => start + usize::from(length),
        };
        &self.body[start..end]
    }

    /// As many hashes at a time as may be kept: of very many keys, those with one remainder after those with another.
    fn find_by_hash(&self, starts: &[u32], mut again: impl FnMut(u32)) {
        let hasher = RandomState::new();
        let at_a_time = LEAST_HASHES.max(self.body.len() / BYTES_A_HASH);
        let passes = starts.len().div_ceil(at_a_time) as u64;
        for pass in 0..passes {
            let (mut hashed, mut room) = (Vec::new(), at_a_time + at_a_time / 8);
            for &start in starts {
                let hash = hasher.hash_one(self.meaning(start));
                if hash % passes != pass {
                    continue;
                }
                // Keys that are the same are in one pass, however many: those that are known to be there again are
                // dropped whenever there is no more room.
                if hashed.len() == room {
                    self.drop_again(&mut hashed, &mut again);
                    room = room.max(2 * hashed.len());
                }
                hashed.push(hash >> 32 << 32 | u64::from(start));
            }
            self.drop_again(&mut hashed, &mut again);
        }
    }

    /// Drops the repeated keys, each half a hash and its place, and reports them.
    fn drop_again(&self, hashed: &mut Vec<u64>, again: &mut impl FnMut(u32)) {
        hashed.sort_unstable();
        let (mut kept, mut run) = (0, 0);
        for at in 0..hashed.len() {
            let (hash, start) = (hashed[at] >> 32, low_half(hashed[at]));
            // Different keys seldom have the same half of a hash.
            if kept == 0 || hashed[kept - 1] >> 32 != hash {
                run = kept;
            }
            if hashed[run..kept].iter().any(|earlier| self.meaning(low_half(*earlier)) == self.meaning(start)) {
                again(start);
            } else {
                hashed[kept] = hashed[at];
                kept += 1;
            }
        }
        hashed.truncate(kept);
    }

    fn meaning(&self, start: u32) -> Cow<'a, [u8]> {
        unescape(self.text(start, 0))
    }
}

/// The place in a half hash with its place.
fn low_half(hashed: u64) -> u32 {
    let [a, b, c, d, ..] = hashed.to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}
