//! One delivery in the log: a header, its facts, the head and the body exactly as received, and the
//! chunk framing that was removed from the body.
//!
//! | bytes | what (numbers are little-endian) |
//! |---|---|
//! | 0–3 | `WHY` and the format's version, 2 |
//! | 4–7 | CRC-32 of the header's other bytes, 8–59 |
//! | 8–15 | the delivery's number |
//! | 16–23, 24–31, 32–39, 40–47 | lengths of facts, head, body and framing |
//! | 48–51 | CRC-32 of facts, head, body and framing |
//! | 52–59 | the seal of 8–51 in this place; see [`super::seal`] |
//!
//! A header without facts is a mark: the number of a delivery that was pruned (see [`super::prune`]). It is alone, with all
//! lengths 0, or is followed by zeros where records were that made room (see [`super::in_place`]).
//!
//! Version 1 has no framing and no seal: its header is 44 bytes long. Such records are read and kept as
//! they are; a segment may hold both, those of version 1 first.
//!
//! The header has a checksum of its own so that damage within a record does not hide where the next
//! begins: that place is taken from a header that is whole. Where the header itself is damaged, the next
//! record is looked for, and only one is accepted that is vouched for ([`super::scan`]): bodies come from
//! the network, and one may hold the bytes of a record.

use std::io::IoSlice;

use bytes::Bytes;

use super::facts;
use super::log::LogEnd;
use super::row::Lengths;
use super::seal::{LogKey, SEAL_BYTES, SealKeys};
use crate::delivery::{Captured, DeliveryId};
use crate::http::{Head, WireFraming};

/// Which form a header has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RecordFormat {
    /// Without framing.
    V1,
    /// The one that is written.
    V2,
}

impl RecordFormat {
    /// The header's first bytes.
    pub(super) const fn magic(self) -> [u8; 4] {
        match self {
            Self::V1 => *b"WHY\x01",
            Self::V2 => *b"WHY\x02",
        }
    }

    /// Bytes of a header.
    pub(super) const fn header_bytes(self) -> usize {
        match self {
            Self::V1 => 44,
            Self::V2 => HEADER_BYTES,
        }
    }
}

/// Bytes of a header as it is written.
pub(super) const HEADER_BYTES: usize = 60;
/// What is sealed, and where the seal follows.
const SEALED: std::ops::Range<usize> = 8..HEADER_BYTES - SEAL_BYTES;

/// No record is shorter: a header, and the shortest facts (an empty path, no head, no body).
pub(super) const SHORTEST_RECORD: u64 = 128;

/// What stands before each record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RecordHeader {
    pub(super) format: RecordFormat,
    pub(super) id: DeliveryId,
    pub(super) facts: u64,
    pub(super) head: u64,
    pub(super) body: u64,
    pub(super) framing: u64,
    pub(super) crc32: u32,
}

impl RecordHeader {
    /// A record of nothing but a number, which was given to a delivery that is pruned: no other gets it.
    pub(super) fn mark(id: DeliveryId) -> Self {
        Self { format: RecordFormat::V2, id, facts: 0, head: 0, body: 0, framing: 0, crc32: 0 }
    }

    /// A [`Self::mark`] before `bytes` zeros, in the place of records up to that number.
    pub(super) fn blank(id: DeliveryId, bytes: u64) -> Self {
        Self { body: bytes, ..Self::mark(id) }
    }

    /// Whether it is such a record; a delivery always has facts.
    pub(super) fn is_mark(&self) -> bool {
        self.facts == 0
    }

    /// The header as it is written to the place `at`.
    pub(super) fn to_bytes(self, key: &LogKey, at: LogEnd) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[..4].copy_from_slice(&RecordFormat::V2.magic());
        bytes[8..16].copy_from_slice(&self.id.0.to_le_bytes());
        for (place, length) in bytes[16..48].chunks_exact_mut(8).zip([self.facts, self.head, self.body, self.framing]) {
            place.copy_from_slice(&length.to_le_bytes());
        }
        bytes[48..52].copy_from_slice(&self.crc32.to_le_bytes());
        let seal = key.seal(at, &bytes[SEALED]);
        bytes[SEALED.end..].copy_from_slice(&seal);
        let crc32 = crc32fast::hash(&bytes[8..]);
        bytes[4..8].copy_from_slice(&crc32.to_le_bytes());
        bytes
    }

    /// Reads the header with which `bytes` begin; `None` when they begin with none, or one that is not
    /// whole.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let (magic, _) = bytes.split_first_chunk::<4>()?;
        let format = [RecordFormat::V1, RecordFormat::V2].into_iter().find(|format| format.magic() == *magic)?;
        let (crc32, mut rest) = bytes.get(4..format.header_bytes())?.split_first_chunk::<4>()?;
        if u32::from_le_bytes(*crc32) != crc32fast::hash(rest) {
            return None;
        }
        let mut number = || {
            let (number, behind) = rest.split_first_chunk::<8>()?;
            rest = behind;
            Some(u64::from_le_bytes(*number))
        };
        let (id, facts, head, body) = (number()?, number()?, number()?, number()?);
        let framing = if format == RecordFormat::V1 { 0 } else { number()? };
        let crc32 = u32::from_le_bytes(*rest.first_chunk()?);
        Some(Self { format, id: DeliveryId(id.cast_signed()), facts, head, body, framing, crc32 })
    }

    /// Reads the header with which `bytes` begin, when one of `keys` has sealed it for the place `at`.
    pub(super) fn read_sealed(bytes: &[u8], keys: &SealKeys, at: LogEnd) -> Option<Self> {
        let header = Self::read(bytes).filter(|header| header.format == RecordFormat::V2)?;
        keys.vouch(at, bytes.get(SEALED)?, bytes.get(SEALED.end..HEADER_BYTES)?).then_some(header)
    }

    /// Bytes of the whole record; `None` beyond 64 bits, which only a damaged header says.
    pub(super) fn record_bytes(&self) -> Option<u64> {
        (self.format.header_bytes() as u64).checked_add(self.content_bytes()?)
    }

    /// Bytes after the header; `None` beyond 64 bits.
    pub(super) fn content_bytes(&self) -> Option<u64> {
        self.facts.checked_add(self.head)?.checked_add(self.body)?.checked_add(self.framing)
    }

    /// What a row counts of the record.
    pub(super) fn lengths(&self) -> Lengths {
        Lengths { body: self.body, framing: self.framing }
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
        content.update(captured.framing.as_bytes());
        Self { crc32: content.finalize(), captured, front, id: DeliveryId(0) }
    }

    /// Gives it its number, and the place to which it will be written.
    pub(super) fn number(&mut self, id: DeliveryId, key: &LogKey, at: LogEnd) {
        let header = RecordHeader {
            format: RecordFormat::V2,
            id,
            facts: (self.front.len() - HEADER_BYTES) as u64,
            head: self.captured.head.len() as u64,
            body: self.captured.body.len() as u64,
            framing: self.captured.framing.as_bytes().len() as u64,
            crc32: self.crc32,
        };
        self.front[..HEADER_BYTES].copy_from_slice(&header.to_bytes(key, at));
        self.id = id;
    }

    /// The number that it was given, 0 before.
    pub(super) fn id(&self) -> DeliveryId {
        self.id
    }

    /// Bytes of the record.
    pub(super) fn bytes(&self) -> usize {
        let Captured { head, body, framing, .. } = &self.captured;
        self.front.len() + head.len() + body.len() + framing.as_bytes().len()
    }

    /// What a row counts of the record.
    pub(super) fn lengths(&self) -> Lengths {
        let Captured { body, framing, .. } = &self.captured;
        Lengths { body: body.len() as u64, framing: framing.as_bytes().len() as u64 }
    }

    /// Lets go of what was written: of the facts, all but their row is on disk.
    pub(super) fn let_go(&mut self) {
        self.captured.head = Head::default();
        self.captured.body = Bytes::new();
        self.captured.framing = WireFraming::NONE;
        self.front = Vec::new();
    }

    /// What is to be written.
    pub(super) fn slices(&self) -> impl Iterator<Item = IoSlice<'_>> {
        let Captured { head, body, framing, .. } = &self.captured;
        let parts = [&self.front[..], head, body, framing.as_bytes()];
        // The system takes this many slices in one call, whether they are empty or not.
        parts.into_iter().filter(|part| !part.is_empty()).map(IoSlice::new)
    }
}

/// What a record holds beside its facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RecordContent {
    pub(super) head: Bytes,
    pub(super) body: Bytes,
    pub(super) framing: WireFraming,
}

/// The content of a whole record; `None` when it is damaged, or another delivery's.
pub(super) fn open(record: &Bytes, id: DeliveryId) -> Option<RecordContent> {
    let header = RecordHeader::read(record)?;
    if header.id != id || header.record_bytes()? != record.len() as u64 {
        return None;
    }
    let front = header.format.header_bytes();
    if crc32fast::hash(&record[front..]) != header.crc32 {
        return None;
    }
    let head = front + usize::try_from(header.facts).ok()?;
    let body = head + usize::try_from(header.head).ok()?;
    let framing = body + usize::try_from(header.body).ok()?;
    Some(RecordContent {
        head: record.slice(head..body),
        body: record.slice(body..framing),
        framing: WireFraming::from_bytes(record.slice(framing..)),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KEY: LogKey = LogKey::fixed(7);
    const AT: LogEnd = LogEnd { segment: 1, position: 2 };

    fn header(id: i64, lengths: [u64; 4], crc32: u32) -> RecordHeader {
        let [facts, head, body, framing] = lengths;
        RecordHeader { format: RecordFormat::V2, id: DeliveryId(id), facts, head, body, framing, crc32 }
    }

    proptest! {
        #[test]
        fn headers_are_read_back(id: i64, lengths: [u64; 4], crc32: u32) {
            let header = header(id, lengths, crc32);
            prop_assert_eq!(RecordHeader::read(&header.to_bytes(&KEY, AT)), Some(header));
            let _ = header.record_bytes();
            let bytes = header.to_bytes(&KEY, AT);
            prop_assert_eq!(RecordHeader::read_sealed(&bytes, &SealKeys::of(KEY), AT), Some(header));
            let elsewhere = LogEnd { position: 3, ..AT };
            prop_assert_eq!(RecordHeader::read_sealed(&bytes, &SealKeys::of(KEY), elsewhere), None);
            prop_assert_eq!(RecordHeader::read_sealed(&bytes, &SealKeys::of(LogKey::fixed(8)), AT), None);
        }

        #[test]
        fn a_flipped_bit_in_a_header_is_noticed(id: i64, lengths: [u64; 4], bit in 0..HEADER_BYTES * 8) {
            let mut bytes = header(id, lengths, 3).to_bytes(&KEY, AT);
            bytes[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(RecordHeader::read(&bytes), None);
        }

        #[test]
        fn any_bytes_are_opened_or_refused(bytes: Vec<u8>, lengths in any::<[u8; 4]>()) {
            let header = header(1, lengths.map(u64::from), crc32fast::hash(&bytes));
            prop_assert_eq!(open(&Bytes::from(bytes.clone()), DeliveryId(1)), None);
            let record = Bytes::from([&header.to_bytes(&KEY, AT)[..], &bytes].concat());
            let fits = header.record_bytes() == Some(record.len() as u64);
            prop_assert_eq!(open(&record, DeliveryId(1)).is_some(), fits);
            prop_assert_eq!(open(&record, DeliveryId(2)), None);
        }

        #[test]
        fn what_the_first_release_wrote_is_opened(facts: Vec<u8>, head: Vec<u8>, body: Vec<u8>, id: i64) {
            let content = [&facts[..], &head, &body].concat();
            let mut bytes = id.to_le_bytes().to_vec();
            for length in [facts.len(), head.len(), body.len()] {
                bytes.extend_from_slice(&(length as u64).to_le_bytes());
            }
            bytes.extend_from_slice(&crc32fast::hash(&content).to_le_bytes());
            let record = [b"WHY\x01", &crc32fast::hash(&bytes).to_le_bytes()[..], &bytes, &content].concat();
            let opened = open(&Bytes::from(record), DeliveryId(id)).unwrap();
            prop_assert_eq!((&opened.head[..], &opened.body[..], opened.framing), (&head[..], &body[..], WireFraming::NONE));
        }
    }
}
