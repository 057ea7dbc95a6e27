//! The sequences of a compressed block (RFC 8878, section 3.1.1.3.2): each copies some literals, then some bytes of the
//! earlier output.

use super::bits::Backward;
use super::fse::{Table, TableCursor};
use crate::payload::inflate::InflateStop;

/// The codes' tables, which the next block may use again.
#[derive(Default)]
pub(super) struct Tables {
    literals: Option<Table>,
    offsets: Option<Table>,
    matches: Option<Table>,
}

/// One step of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sequence {
    pub(super) literals: usize,
    pub(super) matched: usize,
    /// The offset, or which of the last ones is meant (section 3.1.1.5).
    pub(super) offset: usize,
}

/// A kind of code: what its tables are like, by section 3.1.1.3.2.
struct Alphabet {
    most_log: u32,
    last: u8,
    /// The predefined table's size and shares.
    default: (u32, &'static [i16]),
}

/// Section 3.1.1.3.2.2.1.
pub(super) const LITERALS_SHARES: [i16; 36] =
    [4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1, -1, -1, -1, -1];
/// Section 3.1.1.3.2.2.2.
const MATCH_SHARES: [i16; 53] = [
    1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1,
];
/// Section 3.1.1.3.2.2.3.
const OFFSET_SHARES: [i16; 29] =
    [1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1];

const LITERALS: Alphabet = Alphabet { most_log: 9, last: 35, default: (6, &LITERALS_SHARES) };
const MATCHES: Alphabet = Alphabet { most_log: 9, last: 52, default: (6, &MATCH_SHARES) };
const OFFSETS: Alphabet = Alphabet { most_log: 8, last: 31, default: (5, &OFFSET_SHARES) };

/// Section 3.1.1.3.2.1.1: from code 16 on, the least length and how many bits are added to it.
const LITERALS_LENGTHS: [(u32, u32); 20] = [
    (16, 1),
    (18, 1),
    (20, 1),
    (22, 1),
    (24, 2),
    (28, 2),
    (32, 3),
    (40, 3),
    (48, 4),
    (64, 6),
    (128, 7),
    (256, 8),
    (512, 9),
    (1024, 10),
    (2048, 11),
    (4096, 12),
    (8192, 13),
    (16_384, 14),
    (32_768, 15),
    (65_536, 16),
];
/// The base and the extra bits of match lengths from code 32 on.
const MATCH_LENGTHS: [(u32, u32); 21] = [
    (35, 1),
    (37, 1),
    (39, 1),
    (41, 1),
    (43, 2),
    (47, 2),
    (51, 3),
    (59, 3),
    (67, 4),
    (83, 4),
    (99, 5),
    (131, 7),
    (259, 8),
    (515, 9),
    (1027, 10),
    (2051, 11),
    (4099, 12),
    (8195, 13),
    (16_387, 14),
    (32_771, 15),
    (65_539, 16),
];

impl Tables {
    /// Decodes the section and hands each sequence to `each`, until it says no.
    pub(super) fn decode(
        &mut self,
        section: &[u8],
        mut each: impl FnMut(Sequence) -> Result<(), InflateStop>,
    ) -> Result<(), InflateStop> {
        let (count, rest) = count(section)?;
        if count == 0 {
            return if rest.is_empty() { Ok(()) } else { Err(wrong()) };
        }
        let (&modes, rest) = rest.split_first().ok_or_else(wrong)?;
        if modes & 3 != 0 {
            return Err(wrong());
        }
        let rest = update(&mut self.literals, modes >> 6, &LITERALS, rest)?;
        let rest = update(&mut self.offsets, modes >> 4 & 3, &OFFSETS, rest)?;
        let rest = update(&mut self.matches, modes >> 2 & 3, &MATCHES, rest)?;
        let (Some(literals), Some(offsets), Some(matches)) = (&self.literals, &self.offsets, &self.matches) else {
            return Err(wrong());
        };
        let mut bits = Backward::new(rest).ok_or_else(wrong)?;
        let mut literals = literals.begin(&mut bits);
        let mut offsets = offsets.begin(&mut bits);
        let mut matches = matches.begin(&mut bits);
        for left in (0..count).rev() {
            let sequence = sequence(&literals, &offsets, &matches, &mut bits);
            if left > 0 {
                literals.next(&mut bits);
                matches.next(&mut bits);
                offsets.next(&mut bits);
            }
            if bits.left() < 0 {
                return Err(wrong());
            }
            each(sequence)?;
        }
        if bits.left() == 0 { Ok(()) } else { Err(wrong()) }
    }
}

fn sequence(
    literals: &TableCursor<'_>,
    offsets: &TableCursor<'_>,
    matches: &TableCursor<'_>,
    bits: &mut Backward<'_>,
) -> Sequence {
    let mut more = |count: u32| usize::try_from(bits.read(count)).unwrap_or(usize::MAX);
    // Section 3.1.1.3.2.1.2: the offset's bits come first, then the match's, then the literals'.
    let code = u32::from(offsets.symbol());
    let offset = (1_usize << code) + more(code);
    let (least, count) = length(matches.symbol(), &MATCH_LENGTHS, 32, 3);
    let matched = least + more(count);
    let (least, count) = length(literals.symbol(), &LITERALS_LENGTHS, 16, 0);
    Sequence { literals: least + more(count), matched, offset }
}

/// The least length that a code stands for, and the bits that are added: one for one below `first`.
fn length(code: u8, table: &[(u32, u32)], first: u8, least: usize) -> (usize, u32) {
    match code.checked_sub(first).and_then(|index| table.get(usize::from(index))) {
        Some(&(length, bits)) => (length as usize, bits),
        None => (usize::from(code) + least, 0),
    }
}

/// How many sequences there are (section 3.1.1.3.2.1), and what comes after that.
fn count(section: &[u8]) -> Result<(u32, &[u8]), InflateStop> {
    match *section {
        [0, ..] => Ok((0, &section[1..])),
        [first @ 1..=127, ..] => Ok((first.into(), &section[1..])),
        [first @ 128..=254, second, ..] => Ok((u32::from(first - 128) << 8 | u32::from(second), &section[2..])),
        [255, low, high, ..] => Ok((u32::from(u16::from_le_bytes([low, high])) + 0x7f00, &section[3..])),
        _ => Err(wrong()),
    }
}

/// Sets a table as `mode` says, and returns what comes after its description.
fn update<'b>(
    table: &mut Option<Table>,
    mode: u8,
    alphabet: &Alphabet,
    bytes: &'b [u8],
) -> Result<&'b [u8], InflateStop> {
    match mode {
        0 => {
            let (log, shares) = alphabet.default;
            *table = Table::of_shares(log, shares);
            Ok(bytes)
        }
        1 => {
            let (&symbol, rest) = bytes.split_first().ok_or_else(wrong)?;
            *table = Some(Table::of_one(if symbol <= alphabet.last { symbol } else { return Err(wrong()) }));
            Ok(rest)
        }
        2 => {
            let (read, used) = Table::read(bytes, alphabet.most_log, alphabet.last)?;
            *table = Some(read);
            Ok(&bytes[used..])
        }
        // The one of the block before.
        _ => Ok(bytes),
    }
}

fn wrong() -> InflateStop {
    InflateStop::damaged("invalid sequences in a zstd block")
}
