//! One bit for each row, and how many are set before any of them.

use std::ops::Range;

const WORD: usize = 64;
/// Words whose set bits are counted together.
const COUNTED: usize = 8;
/// Rows whose set bits are counted together.
pub(super) const BITS: usize = WORD * COUNTED;

/// Bits, of which those beyond the room that was made are not set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Bits {
    words: Vec<u64>,
    /// How many are set before each [`BITS`], and in all; as of [`Bits::count_from`].
    counts: Vec<u32>,
}

impl Bits {
    pub(super) fn make_room(&mut self, rows: usize) {
        if self.words.is_empty() {
            self.words = vec![0; rows.div_ceil(WORD)];
            self.counts = vec![0; self.words.len().div_ceil(COUNTED) + 1];
        }
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.words.capacity() * size_of::<u64>() + self.counts.capacity() * size_of::<u32>()
    }

    #[inline]
    pub(super) fn get(&self, at: usize) -> bool {
        self.words.get(at / WORD).is_some_and(|word| word >> (at % WORD) & 1 == 1)
    }

    #[inline]
    pub(super) fn set(&mut self, at: usize) {
        if let Some(word) = self.words.get_mut(at / WORD) {
            *word |= 1 << (at % WORD);
        }
    }

    /// Makes room up to `at`, and sets it; nothing is counted.
    pub(super) fn add(&mut self, at: usize) {
        if self.words.len() <= at / WORD {
            self.words.resize(at / WORD + 1, 0);
        }
        self.set(at);
    }

    /// Whether any is set.
    pub(super) fn any(&self) -> bool {
        self.words.iter().any(|word| *word != 0)
    }

    pub(super) fn set_range(&mut self, range: Range<usize>) {
        let words = &mut self.words;
        masks(range, words.len(), |at, mask| words[at] |= mask);
    }

    pub(super) fn clear_range(&mut self, range: Range<usize>) {
        let words = &mut self.words;
        masks(range, words.len(), |at, mask| words[at] &= !mask);
    }

    /// Counts again what is set from `row` on.
    pub(super) fn count_from(&mut self, row: usize) {
        let first = (row / BITS).min(self.counts.len().saturating_sub(1));
        let mut count = self.counts.get(first).copied().unwrap_or(0);
        self.counts.truncate(first);
        self.counts.reserve_exact((self.words.len().div_ceil(COUNTED) + 1).saturating_sub(first));
        for words in self.words.get(first * COUNTED..).unwrap_or_default().chunks(COUNTED) {
            self.counts.push(count);
            count += ones(words);
        }
        self.counts.push(count);
    }

    /// How many are set.
    pub(super) fn count(&self) -> usize {
        self.counts.last().map_or(0, |count| *count as usize)
    }

    /// How many are set in a range, without their counts.
    pub(super) fn count_within(&self, range: Range<usize>) -> usize {
        let (mut count, words) = (0, &self.words);
        masks(range, words.len(), |at, mask| count += (words[at] & mask).count_ones() as usize);
        count
    }

    /// How many are set before `at`.
    pub(super) fn count_before(&self, at: usize) -> usize {
        let word = at / WORD;
        if word >= self.words.len() {
            return self.count();
        }
        let block = at / BITS;
        let within =
            ones(&self.words[block * COUNTED..word]) + (self.words[word] & !(u64::MAX << (at % WORD))).count_ones();
        self.counts.get(block).map_or(0, |count| (count + within) as usize)
    }

    /// The one that is not set and has `place` such before it.
    pub(super) fn unset_at(&self, place: usize) -> usize {
        let (mut low, mut high) = (0, self.counts.len().saturating_sub(1));
        // The last block before which no more than `place` are not set.
        while low + 1 < high {
            let middle = low.midpoint(high);
            if middle * BITS - self.counts[middle] as usize <= place { low = middle } else { high = middle }
        }
        let mut left = place - (low * BITS - self.counts.get(low).map_or(0, |count| *count as usize));
        for at in low * COUNTED..self.words.len() {
            let unset = self.words[at].count_zeros() as usize;
            if left < unset {
                return at * WORD + nth_unset(self.words[at], left);
            }
            left -= unset;
        }
        self.words.len().max(low * COUNTED) * WORD + left
    }

    /// The first that is set at or after `at`.
    pub(super) fn next_set(&self, at: usize) -> Option<usize> {
        let first = self.words.get(at / WORD)? & u64::MAX << (at % WORD);
        let rest = self.words[at / WORD + 1..].iter().copied();
        let (word, bits) = (at / WORD..).zip(std::iter::once(first).chain(rest)).find(|(_, bits)| *bits != 0)?;
        Some(word * WORD + bits.trailing_zeros() as usize)
    }

    /// The last that is not set before `at`.
    pub(super) fn last_unset(&self, at: usize) -> Option<usize> {
        let word = at / WORD;
        let within = !self.words.get(word)? & !(u64::MAX << (at % WORD));
        if within != 0 {
            return Some(word * WORD + within.ilog2() as usize);
        }
        // A fold hides whole blocks, whose counts are known without looking at their words.
        let is_full = |block: &usize| self.counts[block + 1] - self.counts[*block] == BITS as u32;
        let near = word / COUNTED * COUNTED;
        let unset = |words: Range<usize>| words.rev().find(|word| self.words[*word] != u64::MAX);
        let found = unset(near..word).or_else(|| {
            let block = (0..near / COUNTED).rev().find(|block| !is_full(block))?;
            unset(block * COUNTED..(block + 1) * COUNTED)
        })?;
        Some(found * WORD + (!self.words[found]).ilog2() as usize)
    }
}

/// Each word that a range touches, of the first `words`, with the range's bits in it.
fn masks(range: Range<usize>, words: usize, mut each: impl FnMut(usize, u64)) {
    if range.is_empty() {
        return;
    }
    let (first, last) = (range.start / WORD, (range.end - 1) / WORD);
    for at in first..words.min(last + 1) {
        let from = if at == first { u64::MAX << (range.start % WORD) } else { u64::MAX };
        let to = if at == last { u64::MAX >> (WORD - 1 - (range.end - 1) % WORD) } else { u64::MAX };
        each(at, from & to);
    }
}

fn ones(words: &[u64]) -> u32 {
    words.iter().map(|word| word.count_ones()).sum()
}

/// The place of the bit that is not set and has `before` such before it.
fn nth_unset(word: u64, before: usize) -> usize {
    let mut unset = !word;
    for _ in 0..before {
        unset &= unset - 1;
    }
    unset.trailing_zeros() as usize
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn bits_are_counted_and_found(
            length in 1_usize..3000,
            ranges in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..900, any::<bool>()), 0..12),
        ) {
            let mut bits = Bits::default();
            let mut plain = vec![false; length];
            bits.make_room(length);
            for (start, count, is_set) in ranges {
                let start = start.index(length);
                let range = start..length.min(start + count);
                if is_set { bits.set_range(range.clone()) } else { bits.clear_range(range.clone()) }
                plain[range].fill(is_set);
                bits.count_from(start);
                prop_assert_eq!(bits.count(), plain.iter().filter(|bit| **bit).count());
            }
            let unset: Vec<usize> = (0..length).filter(|at| !plain[*at]).collect();
            for (place, at) in unset.iter().enumerate() {
                prop_assert_eq!(bits.unset_at(place), *at);
            }
            for at in 0..length {
                prop_assert_eq!(bits.count_within(at / 2..at), plain[at / 2..at].iter().filter(|bit| **bit).count());
                prop_assert_eq!(bits.get(at), plain[at]);
                prop_assert_eq!(bits.count_before(at), plain[..at].iter().filter(|bit| **bit).count());
                prop_assert_eq!(bits.next_set(at), (at..length).find(|at| plain[*at]));
                prop_assert_eq!(bits.last_unset(at), plain[..at].iter().rposition(|bit| !bit));
            }
        }
    }

    #[test]
    fn without_room_nothing_is_set() {
        let bits = Bits::default();
        assert_eq!((bits.count(), bits.unset_at(7), bits.count_before(9), bits.next_set(0)), (0, 7, 0, None));
        assert!(!bits.get(3) && !bits.any());
        let mut bits = bits;
        bits.add(700);
        assert!(bits.any() && bits.get(700) && !bits.get(699) && !bits.get(701));
    }
}
