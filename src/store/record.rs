//! One delivery in the log: a header, its facts, and the head and the body exactly as they came.
//!
//! | bytes | what (numbers are little-endian) |
//! |---|---|
//! | 0–3 | `WHY` and the format's version, 1 |
//! | 4–7 | CRC-32 of the header's other bytes, 8–43 |
//! | 8–15 | the delivery's number |
//! | 16–23, 24–31, 32–39 | lengths of facts, head and body |
//! | 40–43 | CRC-32 of facts, head and body |
//!
//! A header alone, with all lengths 0, is a mark: the number of a delivery that was pruned (see
//! [`super::prune`]).
//!
//! The header has a checksum of its own so that damage within a record does not hide where the next
//! begins. That place is only ever taken from a header that is whole, never found by searching:
//! bodies come from the network, and one may hold the bytes of a record.

use std::io::IoSlice;

use bytes::Bytes;

use super::facts;
use crate::delivery::{Captured, DeliveryId};

/// Bytes of a header.
pub(super) const HEADER_BYTES: usize = 44;
const FORMAT: [u8; 4] = *b"WHY\x01";

/// What stands before each record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) id: DeliveryId,
    pub(super) facts: u64,
    pub(super) head: u64,
    pub(super) body: u64,
    pub(super) crc32: u32,
}

impl Header {
    /// A record of nothing but a number, which was given to a delivery that is pruned: no other gets it.
    pub(super) fn mark(id: DeliveryId) -> Self {
        Self { id, facts: 0, head: 0, body: 0, crc32: 0 }
    }

    /// Whether it is such a record; a delivery always has facts.
    pub(super) fn is_mark(&self) -> bool {
        *self == Self::mark(self.id)
    }

    pub(super) fn to_bytes(self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[..4].copy_from_slice(&FORMAT);
        bytes[8..16].copy_from_slice(&self.id.0.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.facts.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.head.to_le_bytes());
        bytes[32..40].copy_from_slice(&self.body.to_le_bytes());
        bytes[40..].copy_from_slice(&self.crc32.to_le_bytes());
        let crc32 = crc32fast::hash(&bytes[8..]);
        bytes[4..8].copy_from_slice(&crc32.to_le_bytes());
        bytes
    }

    /// Reads a header; `None` when it is none, or not whole.
    pub(super) fn read(bytes: &[u8; HEADER_BYTES]) -> Option<Self> {
        let (format, rest) = bytes.split_first_chunk::<4>()?;
        let (crc32, rest) = rest.split_first_chunk::<4>()?;
        if *format != FORMAT || u32::from_le_bytes(*crc32) != crc32fast::hash(rest) {
            return None;
        }
        let (id, rest) = rest.split_first_chunk::<8>()?;
        let (facts, rest) = rest.split_first_chunk::<8>()?;
        let (head, rest) = rest.split_first_chunk::<8>()?;
        let (body, crc32) = rest.split_first_chunk::<8>()?;
        Some(Self {
            id: DeliveryId(i64::from_le_bytes(*id)),
            facts: u64::from_le_bytes(*facts),
            head: u64::from_le_bytes(*head),
            body: u64::from_le_bytes(*body),
            crc32: u32::from_le_bytes(crc32.try_into().ok()?),
        })
    }

    /// Bytes of the whole record; `None` when there cannot be so many.
    pub(super) fn record_bytes(&self) -> Option<u64> {
        (HEADER_BYTES as u64).checked_add(self.facts)?.checked_add(self.head)?.checked_add(self.body)
    }
}

/// A record about to be written. The head and the body are not copied.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) captured: Captured,
    id: DeliveryId,
    /// Room for the header, and the facts.
    front: Vec<u8>,
    crc32: u32,
}

impl Draft {
    /// Everything but the number, which only the writer knows: made by the thread that hands the
    /// delivery in, while its body is still in that core's cache.
    pub(super) fn new(captured: Captured) -> Self {
        // The facts of a Trackpilots delivery are about 400 bytes.
        let mut front = Vec::with_capacity(640);
        front.resize(HEADER_BYTES, 0);
        facts::write(&captured, &mut front);
        let mut content = crc32fast::Hasher::new();
        content.update(&front[HEADER_BYTES..]);
        content.update(&captured.head);
        content.update(&captured.body);
        Self { crc32: content.finalize(), captured, front, id: DeliveryId(0) }
    }

    /// Gives it its number.
    pub(super) fn number(&mut self, id: DeliveryId) {
        let header = Header {
            id,
            facts: (self.front.len() - HEADER_BYTES) as u64,
            head: self.captured.head.len() as u64,
            body: self.captured.body.len() as u64,
            crc32: self.crc32,
        };
        self.front[..HEADER_BYTES].copy_from_slice(&header.to_bytes());
        self.id = id;
    }

    /// The number that it was given, 0 before.
    pub(super) fn id(&self) -> DeliveryId {
        self.id
    }

    /// Bytes of the record.
    pub(super) fn bytes(&self) -> usize {
        self.front.len() + self.captured.head.len() + self.captured.body.len()
    }

    /// What is to be written.
    pub(super) fn slices(&self) -> [IoSlice<'_>; 3] {
        [IoSlice::new(&self.front), IoSlice::new(&self.captured.head), IoSlice::new(&self.captured.body)]
    }
}

/// The head and the body of a whole record; `None` when it is damaged, or another delivery's.
pub(super) fn open(record: &Bytes, id: DeliveryId) -> Option<(Bytes, Bytes)> {
    let header = Header::read(record.first_chunk()?)?;
    if header.id != id || header.record_bytes()? != record.len() as u64 {
        return None;
    }
    if crc32fast::hash(&record[HEADER_BYTES..]) != header.crc32 {
        return None;
    }
    let head = HEADER_BYTES + usize::try_from(header.facts).ok()?;
    let body = head + usize::try_from(header.head).ok()?;
    Some((record.slice(head..body), record.slice(body..)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn headers_are_read_back(id: i64, facts: u64, head: u64, body: u64, crc32: u32) {
            let header = Header { id: DeliveryId(id), facts, head, body, crc32 };
            prop_assert_eq!(Header::read(&header.to_bytes()), Some(header));
            let _ = header.record_bytes();
        }

        #[test]
        fn a_flipped_bit_in_a_header_is_noticed(id: i64, facts: u64, bit in 0..HEADER_BYTES * 8) {
            let header = Header { id: DeliveryId(id), facts, head: 1, body: 2, crc32: 3 };
            let mut bytes = header.to_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(Header::read(&bytes), None);
        }

        #[test]
        fn any_bytes_are_opened_or_refused(bytes: Vec<u8>, facts: u64, head: u64, body: u64) {
            let header = Header { id: DeliveryId(1), facts, head, body, crc32: crc32fast::hash(&bytes) };
            prop_assert_eq!(open(&Bytes::from(bytes.clone()), DeliveryId(1)), None);
            let record = Bytes::from([&header.to_bytes()[..], &bytes].concat());
            let fits = header.record_bytes() == Some(record.len() as u64);
            prop_assert_eq!(open(&record, DeliveryId(1)).is_some(), fits);
        }
    }
}
