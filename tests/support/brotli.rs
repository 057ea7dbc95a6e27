//! Brotli streams that no encoder makes, bit by bit (RFC 7932). The unit tests of the decoder use them, too.

/// Meta-blocks of the letter `a` each, with 256 codes for literals and as many for distances (section 9.2).
pub(crate) fn tables(count: usize) -> Vec<u8> {
    let mut bits = Bits::default();
    bits.put(0, 1);
    for _ in 0..count {
        // Not the last, one byte long, compressed, one type of each block, no postfix, no direct distances, mode 0.
        bits.put(0, 1 + 2 + 16 + 1 + 3 + 6 + 2);
        for _map in ["literals", "distances"] {
            // 256 trees; no runs; a code of the one symbol 0 for the map; not moved to the front.
            bits.put(0x7ff, 11);
            bits.put(0, 1);
            bits.code(0, 8);
            bits.put(0, 1);
        }
        (0..256).for_each(|_| bits.code(u64::from(b'a'), 8));
        // One literal and a copy.
        bits.code(8, 10);
        (0..256).for_each(|_| bits.code(0, 6));
    }
    // The last, and empty.
    bits.put(3, 2);
    bits.finish()
}

/// Bits from the lowest of each byte on.
#[derive(Default)]
pub(crate) struct Bits {
    bytes: Vec<u8>,
    count: usize,
}

impl Bits {
    /// Adds the lowest `count` bits of `value`.
    pub(crate) fn put(&mut self, value: u64, count: usize) {
        for place in 0..count {
            if self.count.is_multiple_of(8) {
                self.bytes.push(0);
            }
            *self.bytes.last_mut().unwrap() |= u8::from(value >> place & 1 == 1) << (self.count % 8);
            self.count += 1;
        }
    }

    /// Adds a code of one symbol (section 3.4).
    pub(crate) fn code(&mut self, symbol: u64, width: usize) {
        self.put(1, 4);
        self.put(symbol, width);
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.bytes
    }
}
