//! deflate (RFC 1951), bare, in zlib's wrapping (RFC 1950) and in gzip's (RFC 1952).
//!
//! The decoder stops after each block: one of ten bits gives nothing and still takes microseconds for its tables.
//! So blocks are counted. It writes into the output itself, which is its window.

use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress, inflate_flags};

use super::InflateStop;
use super::sink::InflateSink;

/// Without wrapping.
pub(super) fn bare(body: &[u8], sink: &mut InflateSink<'_>) -> Result<(), InflateStop> {
    stream(&mut DecompressorOxide::new(), body, 0, sink).map(drop)
}

/// With zlib's header and checksum; what comes after it is passed over.
pub(super) fn zlib(body: &[u8], sink: &mut InflateSink<'_>) -> Result<(), InflateStop> {
    stream(&mut DecompressorOxide::new(), body, inflate_flags::TINFL_FLAG_PARSE_ZLIB_HEADER, sink).map(drop)
}

/// One gzip member after another (RFC 1952, section 2.2).
pub(super) fn gzip(body: &[u8], sink: &mut InflateSink<'_>) -> Result<(), InflateStop> {
    let mut decoder = DecompressorOxide::new();
    let mut rest = body;
    while !rest.is_empty() {
        sink.part()?;
        let start = sink.len();
        decoder.init();
        let data = after_header(rest).ok_or_else(|| InflateStop::damaged("incomplete gzip header"))?;
        let after = stream(&mut decoder, data, 0, sink)?;
        let (trailer, next) =
            after.split_first_chunk::<8>().ok_or_else(|| InflateStop::damaged("the gzip trailer is missing"))?;
        rest = next;
        let content = &sink.bytes()[start..];
        // The length is the one modulo 2^32 (section 2.3.1).
        let length = (content.len() as u64).to_le_bytes();
        if trailer[..4] != crc32fast::hash(content).to_le_bytes() || trailer[4..] != length[..4] {
            return Err(InflateStop::damaged("the gzip checksum does not match"));
        }
    }
    Ok(())
}

/// What comes after a member's header (RFC 1952, section 2.3).
fn after_header(member: &[u8]) -> Option<&[u8]> {
    let (header, mut rest) = member.split_first_chunk::<10>()?;
    let flags = header[3];
    // The method is deflate, and reserved flags are zero.
    if header[..3] != [0x1f, 0x8b, 8] || flags & 0xe0 != 0 {
        return None;
    }
    if flags & 0x04 != 0 {
        let (length, after) = rest.split_first_chunk::<2>()?;
        rest = after.get(usize::from(u16::from_le_bytes(*length))..)?;
    }
    // The original name, and a comment: each ends with a zero.
    for flag in [0x08, 0x10] {
        if flags & flag != 0 {
            rest = &rest[memchr::memchr(0, rest)? + 1..];
        }
    }
    if flags & 0x02 != 0 {
        let (checksum, after) = rest.split_first_chunk::<2>()?;
        let header = &member[..member.len() - rest.len()];
        if crc32fast::hash(header).to_le_bytes()[..2] != checksum[..] {
            return None;
        }
        rest = after;
    }
    Some(rest)
}

/// Decodes one stream, and returns what comes after it.
fn stream<'b>(
    decoder: &mut DecompressorOxide,
    data: &'b [u8],
    flags: u32,
    sink: &mut InflateSink<'_>,
) -> Result<&'b [u8], InflateStop> {
    let start = sink.len();
    let mut written = 0;
    let outcome = blocks(decoder, data, flags, start, &mut written, sink);
    // The output before a fault is kept.
    sink.keep(start + written)?;
    outcome
}

fn blocks<'b>(
    decoder: &mut DecompressorOxide,
    data: &'b [u8],
    flags: u32,
    start: usize,
    written: &mut usize,
    sink: &mut InflateSink<'_>,
) -> Result<&'b [u8], InflateStop> {
    let flags = flags
        | inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF
        | inflate_flags::TINFL_FLAG_STOP_ON_BLOCK_BOUNDARY;
    let mut rest = data;
    sink.part()?;
    loop {
        // A member does not reach back into the one before it.
        let (status, read, wrote) = decompress(decoder, rest, &mut sink.memory()[start..], *written, flags);
        rest = &rest[read..];
        *written += wrote;
        match status {
            TINFLStatus::Done => return Ok(rest),
            TINFLStatus::BlockBoundary => sink.part()?,
            TINFLStatus::HasMoreOutput if sink.is_overfull() => return Ok(rest),
            TINFLStatus::HasMoreOutput => sink.spare(),
            TINFLStatus::Adler32Mismatch => return Err(InflateStop::damaged("the zlib checksum does not match")),
            TINFLStatus::NeedsMoreInput | TINFLStatus::FailedCannotMakeProgress => {
                return Err(InflateStop::damaged("the deflate stream is truncated"));
            }
            _ => return Err(InflateStop::damaged("not a deflate stream")),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_part_of_a_header_is_passed_over() {
        let plain = [0x1f, 0x8b, 8, 0, 1, 2, 3, 4, 0, 3];
        assert_eq!(after_header(&[&plain[..], b"rest"].concat()).unwrap(), b"rest");
        let mut full = plain.to_vec();
        full[3] = 0x1e;
        full.extend_from_slice(b"\x03\0abcname\0a comment\0");
        let checksum = crc32fast::hash(&full).to_le_bytes();
        full.extend_from_slice(&checksum[..2]);
        full.extend_from_slice(b"rest");
        assert_eq!(after_header(&full).unwrap(), b"rest");
        for cut in 0..full.len() - 4 {
            assert_eq!(after_header(&full[..cut]), None, "{cut}");
        }
        full[4] ^= 1;
        assert_eq!(after_header(&full), None, "another checksum");
        assert_eq!(after_header(&[0x1f, 0x8b, 8, 0x20, 0, 0, 0, 0, 0, 0]), None, "a reserved flag");
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_header_or_none(flags: u8, bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let member = [&[0x1f, 0x8b, 8, flags][..], &bytes].concat();
            if let Some(rest) = after_header(&member) {
                prop_assert!(member.ends_with(rest) && rest.len() + 10 <= member.len());
            }
        }
    }
}
