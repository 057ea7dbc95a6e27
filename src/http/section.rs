//! The body section of a request while it comes in: the body, what stands around it, and what both may take.
//!
//! Pure: the connection brings the bytes, the exchange the room in memory for them.

use bytes::{Buf as _, BytesMut};

use crate::http::{BodyFraming, BodyLength, ChunkPiece, WireFraming, WireFramingBuilder};

/// The memory that is taken for a body before any of it has come, at most: an announcement costs a sender nothing.
const FIRST_BYTES: usize = 64 * 1024;
/// A body up to this size doubles its memory as it grows, a larger one takes a quarter more at a time.
const DOUBLED_BYTES: usize = 1024 * 1024;
/// Bytes that may stand around a body over its limit, so that a body of just that size may come in chunks.
const FRAMING_ALLOWANCE: u64 = 64 * 1024;
/// Memory that a section takes beyond its body's limit, at most, in bytes: what stands around the body, which is
/// gathered in memory that doubles, and a step of growth.
pub(crate) const MORE_BYTES: usize = 4 * FRAMING_ALLOWANCE as usize;
/// What is kept at most of bytes that cannot be taken in: of what is not a request, of a body over its limit, of what
/// came after the place where a request stopped making sense.
pub(crate) const FAULTY_KEPT_BYTES: usize = 64 * 1024;

/// See the module's page.
#[derive(Debug)]
pub(crate) struct Section {
    framing: BodyFraming,
    limit: u64,
    body: Vec<u8>,
    around: WireFramingBuilder,
    around_bytes: u64,
}

/// Why a body section is not taken in any further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SectionFault {
    /// The chunk framing is wrong.
    Malformed(&'static str),
    /// More is announced, or has come, than the limit allows.
    TooLarge,
}

impl Section {
    pub(crate) fn new(length: BodyLength, limit: u64) -> Self {
        let framing = BodyFraming::new(length);
        Self { framing, limit, body: Vec::new(), around: WireFramingBuilder::default(), around_bytes: 0 }
    }

    /// Whether all of it has come.
    pub(crate) fn is_done(&self) -> bool {
        self.framing.is_done()
    }

    /// Bytes of the body so far.
    pub(crate) fn len(&self) -> usize {
        self.body.len()
    }

    /// Refuses what is announced, before it comes.
    pub(crate) fn check(&self) -> Result<(), SectionFault> {
        let body = (self.body.len() as u64).saturating_add(self.framing.announced());
        let section = body.saturating_add(self.around_bytes);
        if body > self.limit || section > self.limit.saturating_add(FRAMING_ALLOWANCE) {
            return Err(SectionFault::TooLarge);
        }
        Ok(())
    }

    /// Memory, in bytes, that it needs to take in more.
    pub(crate) fn wanted(&self) -> usize {
        let length = self.body.len();
        let announced = usize::try_from(self.framing.announced()).unwrap_or(usize::MAX);
        let capacity = if announced == 0 || self.body.capacity() > length {
            self.body.capacity()
        } else {
            let step = match length {
                0..FIRST_BYTES => FIRST_BYTES,
                FIRST_BYTES..DOUBLED_BYTES => length,
                _ => length / 4,
            };
            let most = match self.framing {
                BodyFraming::Known(_) => announced,
                BodyFraming::Chunked(_) => usize::try_from(self.limit).unwrap_or(usize::MAX).saturating_sub(length),
            };
            length + step.min(most).max(1)
        };
        capacity + self.around.bytes()
    }

    /// Takes the memory that [`Section::wanted`] says.
    pub(crate) fn reserve(&mut self) {
        let capacity = self.wanted() - self.around.bytes();
        self.body.reserve_exact(capacity - self.body.len());
    }

    /// Room for bytes that can only be the body's, to be read into from the socket without a detour; none in a
    /// chunked body.
    pub(crate) fn straight(&mut self) -> Option<(&mut Vec<u8>, usize)> {
        match self.framing {
            BodyFraming::Known(remaining) => {
                let spare = self.body.capacity() - self.body.len();
                let most = usize::try_from(remaining).unwrap_or(usize::MAX).min(spare);
                Some((&mut self.body, most))
            }
            BodyFraming::Chunked(_) => None,
        }
    }

    /// Counts bytes that were read straight into the body.
    pub(crate) fn came_straight(&mut self, bytes: usize) {
        if let BodyFraming::Known(remaining) = &mut self.framing {
            *remaining -= bytes as u64;
        }
    }

    /// Takes bytes from the front of `input`, as far as there is memory for the body's and the limit is not passed.
    pub(crate) fn take(&mut self, input: &mut BytesMut) -> Result<(), SectionFault> {
        while !input.is_empty() && !self.is_done() {
            let spare = self.body.capacity() - self.body.len();
            let is_data = self.framing.announced() > 0;
            if is_data && spare == 0 {
                return Ok(());
            }
            let part = if is_data { &input[..input.len().min(spare)] } else { &input[..] };
            let (body, around, around_bytes) = (&mut self.body, &mut self.around, &mut self.around_bytes);
            let taken = self.framing.step(part, |piece| match piece {
                ChunkPiece::Data(bytes) => {
                    body.extend_from_slice(bytes);
                    around.data(bytes.len());
                }
                ChunkPiece::Framing(bytes) => {
                    around.framing(bytes);
                    *around_bytes += bytes.len() as u64;
                }
            });
            input.advance(taken.map_err(SectionFault::Malformed)?);
            self.check()?;
        }
        Ok(())
    }

    /// What has come, with `behind` as bytes that belong to no body.
    pub(crate) fn finish(mut self, behind: &[u8]) -> (Vec<u8>, WireFraming) {
        // Of a body that is read straight into its place, the pieces were not counted.
        if let BodyFraming::Known(_) = self.framing {
            self.around = WireFramingBuilder::default();
            self.around.data(self.body.len());
        }
        self.around.unframed(&behind[..behind.len().min(FAULTY_KEPT_BYTES)]);
        // What is kept for long should not hold memory that it does not use.
        if self.body.capacity() - self.body.len() > self.body.len() / 4 {
            self.body.shrink_to_fit();
        }
        (self.body, self.around.finish())
    }

    /// The beginning of what has come, `more` included, for a body over the limit.
    pub(crate) fn beginning(mut self, more: &[u8]) -> (Vec<u8>, WireFraming) {
        let is_chunked = matches!(self.framing, BodyFraming::Chunked(_));
        let (body, around) = (&mut self.body, &mut self.around);
        let mut taken = 0;
        // As far as it can be read: the limit alone was the fault.
        let read = self.framing.decode(&more[..more.len().min(FAULTY_KEPT_BYTES)], |piece| match piece {
            ChunkPiece::Data(bytes) => {
                taken += bytes.len();
                body.extend_from_slice(bytes);
                around.data(bytes.len());
            }
            ChunkPiece::Framing(bytes) => {
                taken += bytes.len();
                around.framing(bytes);
            }
        });
        if read.is_err() {
            around.unframed(&more[taken..]);
        }
        body.truncate(FAULTY_KEPT_BYTES);
        body.shrink_to_fit();
        let framing =
            if is_chunked { std::mem::take(around).finish().beginning(body.len()) } else { WireFraming::NONE };
        (std::mem::take(body), framing)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;

    const LIMIT: u64 = 1 << 20;

    /// Feeds a section in pieces of `step` bytes.
    fn feed(length: BodyLength, limit: u64, wire: &[u8], step: usize) -> (Section, BytesMut, Result<(), SectionFault>) {
        let mut section = Section::new(length, limit);
        let mut input = BytesMut::new();
        for part in wire.chunks(step) {
            input.extend_from_slice(part);
            loop {
                let before = input.len();
                section.reserve();
                if let Err(fault) = section.check().and_then(|()| section.take(&mut input)) {
                    return (section, input, Err(fault));
                }
                if input.len() == before {
                    break;
                }
            }
        }
        (section, input, Ok(()))
    }

    #[test]
    fn a_chunk_or_a_body_over_the_limit_is_refused_before_it_comes() {
        let (section, _, fed) = feed(BodyLength::Chunked, 100, b"5\r\nhello\r\n60\r\n", 3);
        assert_eq!(fed, Err(SectionFault::TooLarge));
        let (body, framing) = section.beginning(b"");
        assert_eq!(framing.wire(&Bytes::from(body)), "5\r\nhello\r\n60\r\n");
        assert_eq!(Section::new(BodyLength::Known(101), 100).check(), Err(SectionFault::TooLarge));
        assert_eq!(Section::new(BodyLength::Known(100), 100).check(), Ok(()));
        assert_eq!(feed(BodyLength::Chunked, 100, b"64\r\n", 1).2, Ok(()));
    }

    #[test]
    fn framing_counts_against_the_limit_too() {
        let drops = b"1\r\nx\r\n".repeat(30_000);
        assert_eq!(feed(BodyLength::Chunked, 40_000, &drops, 4096).2, Err(SectionFault::TooLarge));
        assert_eq!(feed(BodyLength::Chunked, 140_000, &drops, 4096).2, Ok(()));
    }

    #[test]
    fn memory_follows_what_has_come() {
        let mut section = Section::new(BodyLength::Known(64 << 20), 64 << 20);
        assert_eq!(section.wanted(), FIRST_BYTES);
        let mut input = BytesMut::new();
        while section.len() < 8 << 20 {
            input.extend_from_slice(&[b'x'; 16 * 1024]);
            while !input.is_empty() {
                let (wanted, length) = (section.wanted(), section.len());
                assert!(wanted <= FIRST_BYTES.max(length * 2), "{wanted} for {length}");
                assert!(length < DOUBLED_BYTES || wanted <= length + length / 4 + 1, "{wanted} for {length}");
                section.reserve();
                section.take(&mut input).unwrap();
            }
        }
    }

    proptest! {
        #[test]
        fn what_came_is_what_is_kept(
            chunks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..60), 0..8),
            cut in 0_usize..400,
            noise in proptest::collection::vec(any::<u8>(), 0..40),
            step in 1_usize..90,
        ) {
            let mut wire: Vec<u8> = chunks
                .iter()
                .flat_map(|chunk| [format!("{:x};a=b\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat())
                .collect();
            wire.extend_from_slice(b"0\r\nA: b\r\n\r\n");
            wire.truncate(cut);
            wire.extend_from_slice(&noise);
            let (section, input, _) = feed(BodyLength::Chunked, LIMIT, &wire, step);
            let seen = section.around_bytes as usize + section.len() + input.len();
            let (body, framing) = section.finish(&input);
            prop_assert_eq!(&framing.wire(&Bytes::from(body))[..], &wire[..seen]);
        }
    }
}
