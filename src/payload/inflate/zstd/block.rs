//! One block after the other (RFC 8878, section 3.1.1.2), straight into the output, which is its own window.

use super::huffman::HuffmanCode;
use super::sequences::{Sequence, Tables};
use crate::payload::inflate::InflateStop;
use crate::payload::inflate::sink::InflateSink;

/// No block is larger, compressed or not (section 3.1.1.2.4).
const MOST_BLOCK: usize = 128 * 1024;

/// What one block leaves for the next of its frame.
pub(super) struct Blocks {
    /// Where the frame's content begins in the output.
    start: usize,
    /// How many bytes a block may give.
    most: usize,
    code: Option<HuffmanCode>,
    tables: Tables,
    /// The last offsets (section 3.1.1.5).
    offsets: [usize; 3],
    /// The literals of the block under way.
    literals: Vec<u8>,
}

impl Blocks {
    pub(super) fn new(start: usize, window: u64) -> Self {
        let most = usize::try_from(window).map_or(MOST_BLOCK, |window| window.min(MOST_BLOCK));
        Self { start, most, code: None, tables: Tables::default(), offsets: [1, 4, 8], literals: Vec::new() }
    }

    /// Decodes the block at the beginning of `bytes`; returns what comes after it, and whether it is the last.
    pub(super) fn block<'b>(
        &mut self,
        bytes: &'b [u8],
        sink: &mut InflateSink<'_>,
    ) -> Result<(&'b [u8], bool), InflateStop> {
        sink.part()?;
        let (header, rest) = bytes.split_first_chunk::<3>().ok_or_else(breaks_off)?;
        let header = u32::from_le_bytes([header[0], header[1], header[2], 0]);
        let size = (header >> 3) as usize;
        let kind = header >> 1 & 3;
        let most = if kind == 2 { MOST_BLOCK } else { self.most };
        if size > most {
            return Err(InflateStop::damaged("a zstd block exceeds its frame's block size"));
        }
        let taken = if kind == 1 { 1 } else { size };
        let (content, after) = rest.split_at(taken.min(rest.len()));
        match kind {
            0 => sink.extend(content)?,
            1 => sink.fill(*content.first().ok_or_else(breaks_off)?, size)?,
            2 if content.len() == size => self.compressed(content, sink)?,
            2 => {}
            _ => return Err(InflateStop::damaged("a zstd block has an unknown type")),
        }
        if content.len() < taken { Err(breaks_off()) } else { Ok((after, header & 1 == 1)) }
    }

    fn compressed(&mut self, content: &[u8], sink: &mut InflateSink<'_>) -> Result<(), InflateStop> {
        let mut literals = std::mem::take(&mut self.literals);
        literals.clear();
        let section = self.read_literals(content, &mut literals)?;
        let (mut rest, mut given) = (&literals[..], 0);
        let (most, start, offsets) = (self.most, self.start, &mut self.offsets);
        self.tables.decode(section, |sequence| {
            let Sequence { literals, matched, .. } = sequence;
            given += literals + matched;
            // Before anything is copied: a block of 128 KiB can ask for gigabytes.
            if literals > rest.len() || given > most {
                return Err(InflateStop::damaged("a zstd block expands beyond the block size limit"));
            }
            let (copied, after) = rest.split_at(literals);
            rest = after;
            sink.extend(copied)?;
            let offset = offset(offsets, sequence).filter(|offset| *offset <= sink.len() - start);
            sink.repeat(
                offset.ok_or_else(|| InflateStop::damaged("a zstd match refers to bytes before its frame"))?,
                matched,
            )
        })?;
        if given + rest.len() > most {
            return Err(InflateStop::damaged("a zstd block expands beyond the block size limit"));
        }
        sink.extend(rest)?;
        self.literals = literals;
        Ok(())
    }

    /// Reads the literals (section 3.1.1.3.1), and returns the section after them.
    fn read_literals<'b>(&mut self, content: &'b [u8], out: &mut Vec<u8>) -> Result<&'b [u8], InflateStop> {
        let wrong = || InflateStop::damaged("invalid literals in a zstd block");
        let header = LiteralsHeader::read(content).ok_or_else(wrong)?;
        if header.size > MOST_BLOCK {
            return Err(wrong());
        }
        let rest = content.get(header.length..).ok_or_else(wrong)?;
        let (mut bytes, after) = rest.split_at_checked(header.taken).ok_or_else(wrong)?;
        match header.kind {
            0 => out.extend_from_slice(bytes),
            1 => out.resize(header.size, bytes[0]),
            kind => {
                if kind == 2 {
                    let (code, used) = HuffmanCode::read(bytes)?;
                    self.code = Some(code);
                    bytes = &bytes[used..];
                }
                let code = self.code.as_ref().ok_or_else(wrong)?;
                out.reserve_exact(header.size);
                if header.is_in_four {
                    four_streams(code, bytes, header.size, out)?;
                } else {
                    code.decode(bytes, header.size, out)?;
                }
            }
        }
        Ok(after)
    }
}

/// Section 3.1.1.3.1.6: three lengths, then four streams, the first three of equally many literals.
fn four_streams(code: &HuffmanCode, bytes: &[u8], size: usize, out: &mut Vec<u8>) -> Result<(), InflateStop> {
    let wrong = || InflateStop::damaged("invalid literals in a zstd block");
    let (lengths, mut rest) = bytes.split_first_chunk::<6>().ok_or_else(wrong)?;
    let each = size.div_ceil(4);
    for pair in lengths.chunks_exact(2) {
        let length = usize::from(pair[0]) | usize::from(pair[1]) << 8;
        let (stream, after) = rest.split_at_checked(length).ok_or_else(wrong)?;
        code.decode(stream, each, out)?;
        rest = after;
    }
    code.decode(rest, size.checked_sub(3 * each).ok_or_else(wrong)?, out)
}

/// Section 3.1.1.3.1.1.
struct LiteralsHeader {
    /// Raw, one byte repeated, with a code of their own, or with that of the block before.
    kind: u8,
    /// How long the header is.
    length: usize,
    /// How many literals there are.
    size: usize,
    /// How many bytes they take.
    taken: usize,
    is_in_four: bool,
}

impl LiteralsHeader {
    fn read(content: &[u8]) -> Option<Self> {
        let (kind, format) = (content.first()? & 3, content.first()? >> 2 & 3);
        let number = |bytes: usize| {
            let bytes = content.get(..bytes)?;
            Some(bytes.iter().rev().fold(0_usize, |number, byte| number << 8 | usize::from(*byte)))
        };
        if kind < 2 {
            let (length, size) = match format {
                1 => (2, number(2)? >> 4),
                3 => (3, number(3)? >> 4),
                _ => (1, number(1)? >> 3),
            };
            return Some(Self { kind, length, size, taken: if kind == 0 { size } else { 1 }, is_in_four: false });
        }
        let (length, bits) = match format {
            0 | 1 => (3, 10),
            2 => (4, 14),
            _ => (5, 18),
        };
        let sizes = number(length)? >> 4;
        let (size, taken) = (sizes & ((1 << bits) - 1), sizes >> bits & ((1 << bits) - 1));
        Some(Self { kind, length, size, taken, is_in_four: format > 0 })
    }
}

/// The offset that a sequence means, which becomes the latest (section 3.1.1.5). `None` for one of zero.
fn offset(last: &mut [usize; 3], sequence: Sequence) -> Option<usize> {
    // Without literals, the latest offset would only prolong the match before.
    let which = sequence.offset - 1 + usize::from(sequence.literals == 0);
    let offset = match sequence.offset {
        1..=3 if which == 3 => last[0].checked_sub(1)?,
        1..=3 => last[which],
        value => value - 3,
    };
    match (sequence.offset, which) {
        (1..=3, 0) => {}
        (1..=3, 1) => *last = [offset, last[0], last[2]],
        _ => *last = [offset, last[0], last[1]],
    }
    (offset > 0).then_some(offset)
}

fn breaks_off() -> InflateStop {
    InflateStop::damaged("the zstd frame is truncated")
}
