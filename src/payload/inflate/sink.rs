//! What decoders write into: no more bytes, parts and memory than a [`InflateBudget`] grants.

use super::{InflateStop, MOST_BYTES, MOST_FACTOR};

/// Room is made in steps of at least this many bytes, so that a small body does not grow a byte at a time.
const STEP: usize = 16 * 1024;
/// Into how many blocks, frames or members a body may be divided. 64 MiB are 512 blocks of zstd's, some
/// thousands of deflate's; each costs up to 10 µs however little is in it.
const MOST_PARTS: u32 = 32_768;

/// What inflating one body may cost, whatever codings are stacked on it: what one takes, the next has not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InflateBudget {
    /// How many bytes may come out.
    bytes: u64,
    /// Why no more may.
    full: InflateStop,
    /// How many of the bytes that were sent are read.
    input: u64,
    /// How large a window brotli may have: it is filled before any of it comes out.
    window: usize,
    /// How many parts may be looked at.
    parts: u32,
    /// How many of them there were to begin with.
    all_parts: u32,
}

impl InflateBudget {
    /// For a body of `sent` bytes that somebody opens.
    #[must_use]
    pub fn opening(sent: usize) -> Self {
        let dense = (sent as u64).saturating_mul(MOST_FACTOR);
        let full =
            if dense < MOST_BYTES { InflateStop::TooDense(MOST_FACTOR) } else { InflateStop::TooLarge(MOST_BYTES) };
        // RFC 7932, section 9.1: no window is larger than 16 MiB.
        let window = 16 << 20;
        Self { bytes: dense.min(MOST_BYTES), full, input: u64::MAX, window, parts: MOST_PARTS, all_parts: MOST_PARTS }
    }

    /// For a body that is looked into before its sender has its answer: 256 KiB of what was sent and 1 MiB of what
    /// comes out are more than an event without pictures has, and a window of 4 MiB is what encoders have by default.
    #[must_use]
    pub fn facts() -> Self {
        const BYTES: u64 = 1 << 20;
        const PARTS: u32 = 256;
        let full = InflateStop::TooLarge(BYTES);
        Self { bytes: BYTES, full, input: 256 << 10, window: 4 << 20, parts: PARTS, all_parts: PARTS }
    }

    /// This budget with at most `bytes` of output.
    #[must_use]
    pub fn at_most(self, bytes: u64) -> Self {
        if bytes < self.bytes { Self { bytes, full: InflateStop::TooLarge(bytes), ..self } } else { self }
    }

    /// How many bytes may come out.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether nothing more may come out, or be looked at.
    #[must_use]
    pub fn is_spent(&self) -> bool {
        self.bytes == 0 || self.parts == 0
    }

    pub(super) fn window(&self) -> usize {
        self.window
    }

    pub(super) fn parts(&self) -> u32 {
        self.parts
    }

    /// As much of `body` as may be read, and why not more.
    pub(super) fn cut<'b>(&self, body: &'b [u8]) -> (&'b [u8], Option<InflateStop>) {
        match usize::try_from(self.input) {
            Ok(most) if most < body.len() => (&body[..most], Some(InflateStop::TooLong(self.input))),
            _ => (body, None),
        }
    }
}

/// The output so far.
pub(super) struct InflateSink<'b> {
    bytes: Vec<u8>,
    most: usize,
    budget: &'b mut InflateBudget,
}

impl<'b> InflateSink<'b> {
    pub(super) fn new(budget: &'b mut InflateBudget) -> Self {
        let most = usize::try_from(budget.bytes).unwrap_or(usize::MAX);
        Self { bytes: Vec::new(), most, budget }
    }

    pub(super) fn budget(&self) -> &InflateBudget {
        self.budget
    }

    /// The bytes; what they took of the budget is taken.
    pub(super) fn finish(self) -> Vec<u8> {
        self.budget.bytes -= (self.bytes.len() as u64).min(self.budget.bytes);
        self.bytes
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// One more block, frame or member begins.
    pub(super) fn part(&mut self) -> Result<(), InflateStop> {
        self.budget.parts = self.budget.parts.checked_sub(1).ok_or(InflateStop::TooManyParts(self.budget.all_parts))?;
        Ok(())
    }

    pub(super) fn extend(&mut self, bytes: &[u8]) -> Result<(), InflateStop> {
        let taken = self.make_room(bytes.len());
        self.bytes.extend_from_slice(&bytes[..taken]);
        self.whole(taken == bytes.len())
    }

    /// Repeats a byte.
    pub(super) fn fill(&mut self, byte: u8, count: usize) -> Result<(), InflateStop> {
        let taken = self.make_room(count);
        self.bytes.resize(self.bytes.len() + taken, byte);
        self.whole(taken == count)
    }

    /// Repeats `count` bytes from `offset` before the end, over and over when there are fewer. `offset` must be one
    /// that there is.
    pub(super) fn repeat(&mut self, offset: usize, count: usize) -> Result<(), InflateStop> {
        let taken = self.make_room(count);
        let start = self.bytes.len() - offset;
        let mut left = taken;
        while left > 0 {
            // From `start` on the bytes have the period `offset`: each round doubles how many are copied at once.
            let run = left.min(self.bytes.len() - start);
            self.bytes.extend_from_within(start..start + run);
            left -= run;
        }
        self.whole(taken == count)
    }

    /// For a decoder that writes into memory itself: zeros after the bytes, for at least one byte more than may come
    /// out, so that one too many is seen. [`InflateSink::keep`] says how much was written.
    pub(super) fn spare(&mut self) {
        // What is left of the memory of a stream before this one comes first.
        let free = self.bytes.capacity() - self.bytes.len();
        let step = if free > 0 { free } else { self.bytes.len().max(STEP) };
        let step = step.min(self.most.saturating_add(1) - self.bytes.len());
        self.bytes.reserve_exact(step);
        self.bytes.resize(self.bytes.len() + step, 0);
    }

    /// Whether all that may come out, and one byte more, has been made room for.
    pub(super) fn is_overfull(&self) -> bool {
        self.bytes.len() > self.most
    }

    pub(super) fn memory(&mut self) -> &mut [u8] {
        &mut self.bytes
    }

    /// Only the first `length` bytes were written.
    pub(super) fn keep(&mut self, length: usize) -> Result<(), InflateStop> {
        self.bytes.truncate(length.min(self.most));
        self.whole(length <= self.most)
    }

    /// How many of `count` bytes may be added; there is memory for them.
    fn make_room(&mut self, count: usize) -> usize {
        let count = count.min(self.most - self.bytes.len());
        let needed = self.bytes.len() + count;
        if needed > self.bytes.capacity() {
            // Twice as much, as `Vec` does by itself, but never more than may come out.
            let capacity = needed.max(self.bytes.len().saturating_mul(2)).max(STEP).min(self.most);
            self.bytes.reserve_exact(capacity - self.bytes.len());
        }
        count
    }

    fn whole(&self, is_whole: bool) -> Result<(), InflateStop> {
        if is_whole { Ok(()) } else { Err(self.budget.full.clone()) }
    }
}
