//! Finite-state entropy tables (RFC 8878, section 4.1).

use super::bits::{Backward, Forward};
use crate::payload::inflate::InflateStop;

/// What a state means, and which one comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct State {
    symbol: u8,
    /// How many bits are read and added to `base` for the next state.
    bits: u8,
    base: u16,
}

/// A table of at most 512 states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Table {
    states: Vec<State>,
    /// The table's size as a power of two.
    log: u32,
}

impl Table {
    /// Of one symbol, which takes no bits.
    pub(super) fn of_one(symbol: u8) -> Self {
        Self { states: vec![State { symbol, bits: 0, base: 0 }], log: 0 }
    }

    /// Reads a table's description, and returns how many bytes it takes. No symbol is above `last`, and no table larger
    /// than `most_log`, which is 9 at most.
    pub(super) fn read(bytes: &[u8], most_log: u32, last: u8) -> Result<(Self, usize), InflateStop> {
        let wrong = || InflateStop::damaged("invalid table in a zstd block");
        let mut bits = Forward::new(bytes);
        let log = bits.read(4) + 5;
        if log > most_log {
            return Err(wrong());
        }
        let mut shares = Vec::with_capacity(usize::from(last) + 1);
        let mut left: u32 = 1 << log;
        while left > 0 && shares.len() <= usize::from(last) {
            let share = share(&mut bits, left);
            // A share of −1 means “less than one”, and takes a state.
            left = left.checked_sub(share.unsigned_abs().into()).ok_or_else(wrong)?;
            shares.push(share);
            // Two bits say how many symbols without a share follow; three mean that two more bits follow.
            let mut more = share == 0;
            while more && shares.len() <= usize::from(last) {
                let zeroes = bits.read(2);
                shares.extend((0..zeroes).map(|_| 0));
                more = zeroes == 3;
            }
        }
        let used = bits.used().ok_or_else(wrong)?;
        if left != 0 || shares.len() > usize::from(last) + 1 {
            return Err(wrong());
        }
        Ok((Self::of_shares(log, &shares).ok_or_else(wrong)?, used))
    }

    /// Lays a distribution out (section 4.1.1). `None` unless the shares fill the table.
    pub(super) fn of_shares(log: u32, shares: &[i16]) -> Option<Self> {
        let size = 1_usize << log;
        if shares.iter().map(|share| usize::from(share.unsigned_abs())).sum::<usize>() != size {
            return None;
        }
        let mut states = vec![State::default(); size];
        let mut next: Vec<u16> = shares.iter().map(|share| share.unsigned_abs()).collect();
        let symbols = || (0_u8..).zip(shares.iter().copied());
        let mut high = size;
        for (symbol, _) in symbols().filter(|(_, share)| *share < 0) {
            high -= 1;
            states[high].symbol = symbol;
        }
        let step = (size >> 1) + (size >> 3) + 3;
        let mut at = 0;
        for (symbol, share) in symbols().filter(|(_, share)| *share > 0) {
            for _ in 0..share {
                states[at].symbol = symbol;
                at = (at + step) & (size - 1);
                while at >= high && high > 0 {
                    at = (at + step) & (size - 1);
                }
            }
        }
        for state in &mut states {
            let number = &mut next[usize::from(state.symbol)];
            let bits = log - number.ilog2();
            state.bits = u8::try_from(bits).ok()?;
            state.base = u16::try_from((usize::from(*number) << bits) - size).ok()?;
            *number += 1;
        }
        Some(Self { states, log })
    }

    /// The first state.
    pub(super) fn begin(&self, bits: &mut Backward<'_>) -> TableCursor<'_> {
        let state = usize::try_from(bits.read(self.log)).unwrap_or_default();
        TableCursor { table: self, state: self.states[state] }
    }
}

/// A share of the states that are left: −1 to `left`, in as few bits as are needed (section 4.1.1).
fn share(bits: &mut Forward<'_>, left: u32) -> i16 {
    let count = (left + 1).ilog2() + 1;
    let value = bits.read(count);
    let low_mask = (1 << (count - 1)) - 1;
    let short = (1 << count) - 1 - (left + 1);
    let value = if value & low_mask < short {
        bits.unread();
        value & low_mask
    } else if value > low_mask {
        value - short
    } else {
        value
    };
    i16::try_from(value).unwrap_or(i16::MAX) - 1
}

/// A place in a table.
pub(super) struct TableCursor<'t> {
    table: &'t Table,
    state: State,
}

impl TableCursor<'_> {
    pub(super) fn symbol(&self) -> u8 {
        self.state.symbol
    }

    pub(super) fn next(&mut self, bits: &mut Backward<'_>) {
        let more = usize::try_from(bits.read(self.state.bits.into())).unwrap_or_default();
        self.state = self.table.states[usize::from(self.state.base) + more];
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_rfc_s_example_is_laid_out() {
        // Section 4.1.1 lays the default table of literal lengths out; appendix A.1 has its states.
        let table = Table::of_shares(6, &super::super::sequences::LITERALS_SHARES).unwrap();
        let state = |index: usize| (table.states[index].symbol, table.states[index].bits, table.states[index].base);
        assert_eq!([state(0), state(1), state(2)], [(0, 4, 0), (0, 4, 16), (1, 5, 32)]);
        assert_eq!([state(19), state(39), state(59), state(60)], [(27, 6, 0), (25, 4, 16), (24, 5, 32), (35, 6, 0)]);
        assert_eq!(Table::of_shares(5, &[1, 2]), None);
    }

    proptest! {
        /// Whatever the description, a table never leads out of itself.
        #[test]
        fn any_table_keeps_to_itself(bytes in proptest::collection::vec(any::<u8>(), 0..40), stream in proptest::collection::vec(any::<u8>(), 1..40), most in 5..10_u32, last in 0..=255_u8) {
            let Ok((table, used)) = Table::read(&bytes, most, last) else { return Ok(()) };
            prop_assert!(used <= bytes.len() && table.states.len() <= 512);
            let Some(mut bits) = Backward::new(&stream) else { return Ok(()) };
            let mut cursor = table.begin(&mut bits);
            while bits.left() > -20 {
                prop_assert!(cursor.symbol() <= last);
                let before = bits.left();
                cursor.next(&mut bits);
                if bits.left() == before {
                    break;
                }
            }
        }
    }
}
