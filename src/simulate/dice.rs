//! Numbers that look random and follow from a seed alone, so that a payload can be made again.

/// A generator of numbers; the same seed gives the same ones. Never for keys or secrets.
///
/// The function is SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators").
#[derive(Debug, Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`, which must not be 0.
    pub(crate) fn below(&mut self, limit: u32) -> u32 {
        let scaled = ((self.number() >> 32) * u64::from(limit)) >> 32;
        u32::try_from(scaled).unwrap_or(limit - 1)
    }

    /// A number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: u32, high: u32) -> u32 {
        low + self.below(high - low + 1)
    }

    /// True `percent` times in a hundred.
    pub(crate) fn chance(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }

    /// One of `choices`, which must not be empty.
    pub(crate) fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        let count = u32::try_from(choices.len()).unwrap_or(u32::MAX);
        &choices[self.below(count) as usize]
    }

    /// A UUID of version 4 (RFC 9562, section 5.4).
    pub(crate) fn uuid(&mut self) -> String {
        let (high, low) = (self.number(), self.number());
        let high = high & !0xf000 | 0x4000;
        let low = low & !(0b11 << 62) | 0b10 << 62;
        let (first, second, third) = (high >> 32, high >> 16 & 0xffff, high & 0xffff);
        format!("{first:08x}-{second:04x}-{third:04x}-{:04x}-{:012x}", low >> 48, low & 0xffff_ffff_ffff)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuids_have_their_version_and_variant_and_differ() {
        let mut dice = Dice::new(7);
        let all: std::collections::BTreeSet<String> = (0..1000).map(|_| dice.uuid()).collect();
        assert_eq!(all.len(), 1000);
        for uuid in all {
            let parts: Vec<usize> = uuid.split('-').map(str::len).collect();
            assert_eq!(parts, [8, 4, 4, 4, 12], "{uuid}");
            assert_eq!(&uuid[14..15], "4", "{uuid}");
            assert!("89ab".contains(&uuid[19..20]), "{uuid}");
        }
    }

    #[test]
    fn numbers_stay_within_their_limits_and_reach_them() {
        let mut dice = Dice::new(1);
        let drawn: Vec<u32> = (0..1000).map(|_| dice.between(3, 5)).collect();
        assert!(drawn.iter().all(|number| (3..=5).contains(number)));
        assert!([3, 4, 5].iter().all(|number| drawn.contains(number)));
    }
}
