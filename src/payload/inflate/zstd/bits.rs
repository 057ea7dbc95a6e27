//! Bits in the two orders of zstd (RFC 8878, section 4): tables forwards, codes backwards.

/// Bits from the lowest of the first byte on. Past the end there are zeros; [`Forward::used`] reports it.
pub(super) struct Forward<'b> {
    bytes: &'b [u8],
    /// How many bits were read.
    at: usize,
}

impl<'b> Forward<'b> {
    pub(super) fn new(bytes: &'b [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// The next `count` bits, at most 16.
    pub(super) fn read(&mut self, count: u32) -> u32 {
        let first = self.at / 8;
        let byte = |index: usize| self.bytes.get(first + index).copied().map_or(0, u32::from);
        let word = byte(0) | byte(1) << 8 | byte(2) << 16;
        let value = word >> (self.at % 8) & ((1 << count) - 1);
        self.at += count as usize;
        value
    }

    /// Gives the last bit back.
    pub(super) fn unread(&mut self) {
        self.at -= 1;
    }

    /// How many bytes were begun; `None` when that is more than there are.
    pub(super) fn used(&self) -> Option<usize> {
        let used = self.at.div_ceil(8);
        (used <= self.bytes.len()).then_some(used)
    }
}

/// Bits from the end on: below the highest set bit of the last byte, down to the lowest of the first. Past the
/// beginning there are zeros; [`Backward::left`] reports it.
#[derive(Clone)]
pub(super) struct Backward<'b> {
    bytes: &'b [u8],
    /// How many bits are left; negative when more were read than there are.
    left: i64,
}

impl<'b> Backward<'b> {
    /// `None` without a set bit in the last byte.
    pub(super) fn new(bytes: &'b [u8]) -> Option<Self> {
        let padding = bytes.last().filter(|last| **last != 0)?.leading_zeros() + 1;
        Some(Self { bytes, left: i64::try_from(bytes.len()).ok()? * 8 - i64::from(padding) })
    }

    pub(super) fn left(&self) -> i64 {
        self.left
    }

    /// The next `count` bits, at most 56.
    pub(super) fn read(&mut self, count: u32) -> u64 {
        let value = self.peek(count);
        self.skip(count);
        value
    }

    pub(super) fn skip(&mut self, count: u32) {
        self.left -= i64::from(count);
    }

    /// The next `count` bits, which stay.
    pub(super) fn peek(&self, count: u32) -> u64 {
        let mask = (1 << count) - 1;
        match usize::try_from(self.left - i64::from(count)) {
            Ok(lowest) => self.word(lowest / 8) >> (lowest % 8) & mask,
            // The bits that are missing are zeros; where 56 or more are, all of them are.
            Err(_) => match u32::try_from(i64::from(count) - self.left) {
                Ok(missing) if missing < count => self.word(0) << missing & mask,
                _ => 0,
            },
        }
    }

    /// Eight bytes from `at` on, little-endian, with zeros for those that are missing.
    fn word(&self, at: usize) -> u64 {
        let rest = self.bytes.get(at..).unwrap_or_default();
        match rest.first_chunk::<8>() {
            Some(bytes) => u64::from_le_bytes(*bytes),
            None => rest.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// One bit after the other is the same as many at once, in both directions and past the end.
        #[test]
        fn many_bits_are_single_bits(
            bytes in proptest::collection::vec(any::<u8>(), 0..20),
            counts in proptest::collection::vec(0..57_u32, 0..12),
        ) {
            let bit = |index: usize| bytes.get(index / 8).map_or(0, |byte| u64::from(byte >> (index % 8) & 1));
            let (mut forward, mut at) = (Forward::new(&bytes), 0);
            for count in counts.iter().map(|count| count % 17) {
                let expected = (0..count as usize).fold(0, |value, place| value | bit(at + place) << place);
                prop_assert_eq!(u64::from(forward.read(count)), expected);
                at += count as usize;
                prop_assert_eq!(forward.used().is_some(), at <= 8 * bytes.len());
            }
            let Some(mut backward) = Backward::new(&bytes) else { return Ok(()) };
            for count in counts {
                let mut expected = 0;
                let mut left = backward.left();
                for _ in 0..count {
                    left -= 1;
                    expected = expected << 1 | usize::try_from(left).map_or(0, bit);
                }
                prop_assert_eq!(backward.peek(count), expected);
                prop_assert_eq!((backward.read(count), backward.left()), (expected, left));
            }
        }
    }
}
