//! Huffman codes of literals (RFC 8878, section 4.2).

use super::bits::Backward;
use super::fse::Table;
use crate::payload::inflate::InflateStop;

/// The longest code, in bits (section 4.2.1).
const MOST_BITS: u32 = 11;

/// For each value of the next [`HuffmanCode::bits`] bits, the symbol that they begin with and how many bits it takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HuffmanCode {
    entries: Vec<(u8, u8)>,
    bits: u32,
}

impl HuffmanCode {
    /// Reads a code's description, and returns how many bytes it takes.
    pub(super) fn read(bytes: &[u8]) -> Result<(Self, usize), InflateStop> {
        let (&header, rest) = bytes.split_first().ok_or_else(wrong)?;
        let (weights, used) = match header {
            0..128 => {
                let length = usize::from(header);
                (compressed_weights(rest.get(..length).ok_or_else(wrong)?)?, length)
            }
            _ => {
                let count = usize::from(header - 127);
                let nibbles = rest.get(..count.div_ceil(2)).ok_or_else(wrong)?;
                let weights = nibbles.iter().flat_map(|byte| [byte >> 4, byte & 15]).take(count).collect();
                (weights, nibbles.len())
            }
        };
        Ok((Self::of_weights(weights).ok_or_else(wrong)?, 1 + used))
    }

    /// The last symbol's weight is what is missing to a power of two (section 4.2.1.1).
    fn of_weights(mut weights: Vec<u8>) -> Option<Self> {
        let taken = |weight: u8| if weight == 0 { 0 } else { 1_u32 << (weight - 1) };
        if weights.len() > 255 || weights.iter().any(|weight| u32::from(*weight) > MOST_BITS) {
            return None;
        }
        let sum: u32 = weights.iter().map(|weight| taken(*weight)).sum();
        let bits = sum.checked_ilog2()? + 1;
        let missing = (1 << bits) - sum;
        if bits > MOST_BITS || !missing.is_power_of_two() {
            return None;
        }
        weights.push(u8::try_from(missing.ilog2() + 1).ok()?);
        let mut entries = Vec::with_capacity(1 << bits);
        // The longest codes first, each weight's symbols in their order.
        for weight in (1_u8..).take(usize::try_from(bits).ok()?) {
            let length = u8::try_from(bits + 1 - u32::from(weight)).ok()?;
            for (symbol, _) in (0_u8..=255).zip(&weights).filter(|(_, other)| **other == weight) {
                entries.resize(entries.len() + taken(weight) as usize, (symbol, length));
            }
        }
        (entries.len() == 1 << bits).then_some(Self { entries, bits })
    }

    /// Decodes exactly `count` symbols, which take all of `stream`.
    pub(super) fn decode(&self, stream: &[u8], count: usize, out: &mut Vec<u8>) -> Result<(), InflateStop> {
        let mut bits = Backward::new(stream).ok_or_else(wrong)?;
        for _ in 0..count {
            let index = usize::try_from(bits.peek(self.bits)).unwrap_or_default();
            let (symbol, length) = self.entries[index];
            bits.skip(length.into());
            out.push(symbol);
            if bits.left() < 0 {
                return Err(wrong());
            }
        }
        if bits.left() == 0 { Ok(()) } else { Err(wrong()) }
    }
}

/// Weights in two interleaved streams of states (section 4.2.1.2).
fn compressed_weights(bytes: &[u8]) -> Result<Vec<u8>, InflateStop> {
    let (table, used) = Table::read(bytes, 6, u8::try_from(MOST_BITS + 1).unwrap_or(u8::MAX))?;
    let mut bits = Backward::new(&bytes[used..]).ok_or_else(wrong)?;
    let (mut one, mut other) = (table.begin(&mut bits), table.begin(&mut bits));
    let mut weights = Vec::new();
    loop {
        weights.push(one.symbol());
        one.next(&mut bits);
        if bits.left() < 0 {
            // There was no next state: the state of the other is the last weight.
            weights.push(other.symbol());
            return Ok(weights);
        }
        if weights.len() > 255 {
            return Err(wrong());
        }
        std::mem::swap(&mut one, &mut other);
    }
}

fn wrong() -> InflateStop {
    InflateStop::damaged("invalid literals in a zstd block")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_rfc_s_example_is_laid_out() {
        // Section 4.2.1.3: weights 4, 3, 2, 0, 1 and, as the sum says, 1: codes 1, 01, 001, 0000 and 0001.
        let code = HuffmanCode::of_weights(vec![4, 3, 2, 0, 1]).unwrap();
        assert_eq!(code.bits, 4);
        let starts: Vec<_> = code.entries.chunk_by(|one, other| one == other).map(|run| (run[0], run.len())).collect();
        assert_eq!(starts, [((4, 4), 1), ((5, 4), 1), ((2, 3), 2), ((1, 2), 4), ((0, 1), 8)]);
        for wrong in [vec![], vec![0, 0], vec![12], vec![3, 1], vec![11; 5]] {
            assert_eq!(HuffmanCode::of_weights(wrong.clone()), None, "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn any_code_keeps_to_itself(bytes in proptest::collection::vec(any::<u8>(), 0..60), stream in proptest::collection::vec(any::<u8>(), 0..40), count in 0..400_usize) {
            let Ok((code, used)) = HuffmanCode::read(&bytes) else { return Ok(()) };
            prop_assert!(used <= bytes.len() && code.entries.len() <= 1 << MOST_BITS);
            let mut out = Vec::new();
            let done = code.decode(&stream, count, &mut out);
            prop_assert!(out.len() <= count && (done.is_err() || out.len() == count));
        }
    }
}
