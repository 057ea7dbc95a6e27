//! What a frame says of itself, before anything of it is decoded.

use crate::payload::inflate::InflateStop;

/// The first four bytes of a frame (RFC 8878, section 3.1.1).
pub(in crate::payload::inflate) const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// A frame of either kind (RFC 8878, section 3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Frame {
    /// A frame of compressed data.
    Data(FrameHeader),
    /// Bytes that are passed over (section 3.1.2): how many there are after the header's eight.
    Skippable(u32),
}

/// The header of a frame of data (RFC 8878, section 3.1.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FrameHeader {
    /// How far back a match may reach, in bytes. Where a frame is one segment, its content's size.
    pub(super) window: u64,
    /// The content's size, when it is declared.
    pub(super) content: Option<u64>,
    /// The dictionary that is needed; zero is none.
    pub(super) dictionary: u32,
    /// Whether four bytes of checksum come after the last block.
    pub(super) has_checksum: bool,
}

impl Frame {
    /// Reads the header at the beginning of `bytes`, and returns what comes after it.
    pub(super) fn read(bytes: &[u8]) -> Result<(Self, &[u8]), InflateStop> {
        let mut reader = Reader(bytes);
        let magic = reader.array::<4>()?;
        if magic == MAGIC {
            return Ok((Self::Data(FrameHeader::read(&mut reader)?), reader.0));
        }
        // 0x184D2A50 to 0x184D2A5F, little-endian.
        if magic[0] & 0xf0 == 0x50 && magic[1..] == [0x2a, 0x4d, 0x18] {
            return Ok((Self::Skippable(u32::from_le_bytes(reader.array()?)), reader.0));
        }
        Err(InflateStop::damaged("not a zstd frame"))
    }
}

impl FrameHeader {
    fn read(reader: &mut Reader<'_>) -> Result<Self, InflateStop> {
        let [descriptor] = reader.array()?;
        let is_one_segment = descriptor & 0x20 != 0;
        if descriptor & 0x08 != 0 {
            return Err(InflateStop::damaged("the zstd frame's reserved bit is set"));
        }
        let window = if is_one_segment { None } else { Some(window(reader.array::<1>()?[0])) };
        let dictionary = reader.number(match descriptor & 3 {
            3 => 4,
            bytes => usize::from(bytes),
        })?;
        let content = match descriptor >> 6 {
            0 if !is_one_segment => None,
            0 => Some(reader.number(1)?),
            // Section 3.1.1.1.4: two bytes hold what one does not.
            1 => Some(reader.number(2)? + 256),
            2 => Some(reader.number(4)?),
            _ => Some(reader.number(8)?),
        };
        Ok(Self {
            window: window.or(content).unwrap_or_default(),
            content,
            dictionary: u32::try_from(dictionary).unwrap_or(u32::MAX),
            has_checksum: descriptor & 0x04 != 0,
        })
    }
}

/// Section 3.1.1.1.2: from 1 KiB to 3.75 TiB.
fn window(descriptor: u8) -> u64 {
    let base = 1_u64 << (10 + (descriptor >> 3));
    base + base / 8 * u64::from(descriptor & 7)
}

struct Reader<'b>(&'b [u8]);

impl Reader<'_> {
    fn array<const N: usize>(&mut self) -> Result<[u8; N], InflateStop> {
        let (first, rest) =
            self.0.split_first_chunk().ok_or_else(|| InflateStop::damaged("the zstd frame's header is truncated"))?;
        self.0 = rest;
        Ok(*first)
    }

    /// A little-endian number of up to eight bytes.
    fn number(&mut self, bytes: usize) -> Result<u64, InflateStop> {
        (0..bytes).try_fold(0, |number, place| Ok(number | u64::from(self.array::<1>()?[0]) << (8 * place)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn header(bytes: &[u8]) -> FrameHeader {
        match Frame::read(&[&MAGIC, bytes].concat()).unwrap() {
            (Frame::Data(header), []) => header,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_a_frame_declares_is_read() {
        let none = FrameHeader { window: 0, content: None, dictionary: 0, has_checksum: false };
        assert_eq!(header(&[0x00, 0x00]), FrameHeader { window: 1 << 10, ..none });
        assert_eq!(header(&[0x00, 0xf8]), FrameHeader { window: 1 << 41, ..none });
        assert_eq!(header(&[0x00, 0xff]), FrameHeader { window: (1 << 41) / 8 * 15, ..none });
        assert_eq!(header(&[0x20, 7]), FrameHeader { window: 7, content: Some(7), ..none });
        assert_eq!(header(&[0x60, 0, 1]), FrameHeader { window: 512, content: Some(512), ..none });
        let four = FrameHeader { window: 0xffff_ffff, content: Some(0xffff_ffff), has_checksum: true, ..none };
        assert_eq!(header(&[0xa4, 255, 255, 255, 255]), four);
        let eight = FrameHeader { window: 1 << 10, content: Some(u64::MAX), ..none };
        assert_eq!(header(&[0xc0, 0, 255, 255, 255, 255, 255, 255, 255, 255]), eight);
        for (flag, bytes, number) in [(1, &[9][..], 9), (2, &[1, 2], 0x201), (3, &[1, 2, 3, 4], 0x0403_0201)] {
            let header = header(&[&[flag, 0], bytes].concat());
            assert_eq!(header, FrameHeader { window: 1 << 10, dictionary: number, ..none });
        }
        let skippable = [0x5c, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3];
        assert_eq!(Frame::read(&skippable).unwrap(), (Frame::Skippable(3), &skippable[8..]));
    }

    #[test]
    fn what_is_no_frame_is_refused() {
        for bytes in [&b""[..], b"\x28\xb5\x2f", &MAGIC, b"\x60\x2a\x4d\x18\0\0\0\0", b"\x50\x2a\x4d\x18\0\0\0"] {
            assert!(matches!(Frame::read(bytes), Err(InflateStop::Damaged(_))), "{bytes:?}");
        }
        assert!(Frame::read(&[&MAGIC[..], &[0x08, 0]].concat()).is_err(), "the reserved bit");
    }

    proptest! {
        /// Written from its parts, read into the same ones; and cut anywhere it is refused.
        #[test]
        fn a_header_comes_back(
            window_descriptor: u8, content_flag in 0..4_u8, one_segment: bool, checksum: bool,
            dictionary_flag in 0..4_u8, number: u64, rest in proptest::collection::vec(any::<u8>(), 0..8),
        ) {
            let descriptor =
                content_flag << 6 | u8::from(one_segment) << 5 | u8::from(checksum) << 2 | dictionary_flag;
            let mut bytes = [&MAGIC[..], &[descriptor]].concat();
            if !one_segment {
                bytes.push(window_descriptor);
            }
            let id_bytes = [0, 1, 2, 4][usize::from(dictionary_flag)];
            bytes.extend_from_slice(&number.to_le_bytes()[..id_bytes]);
            let content_bytes = match content_flag { 0 => usize::from(one_segment), flag => 1 << flag };
            bytes.extend_from_slice(&number.to_le_bytes()[..content_bytes]);
            let low = |bytes: usize| if bytes == 8 { number } else { number & ((1 << (8 * bytes)) - 1) };
            let content = (content_bytes > 0).then(|| low(content_bytes) + if content_bytes == 2 { 256 } else { 0 });
            let length = bytes.len();
            bytes.extend_from_slice(&rest);
            let (frame, after) = Frame::read(&bytes).unwrap();
            prop_assert_eq!(after, &rest[..]);
            let Frame::Data(header) = frame else { panic!("{frame:?}") };
            prop_assert_eq!(header.content, content);
            prop_assert_eq!(u64::from(header.dictionary), low(id_bytes));
            prop_assert_eq!(header.has_checksum, checksum);
            let declared = (1 << 10 << (window_descriptor >> 3)) / 8 * (8 + u64::from(window_descriptor & 7));
            prop_assert_eq!(header.window, if one_segment { content.unwrap() } else { declared });
            for cut in 0..length {
                prop_assert!(Frame::read(&bytes[..cut]).is_err());
            }
        }

        #[test]
        fn any_bytes_are_a_header_or_none(bytes in proptest::collection::vec(any::<u8>(), 0..24), magic in 0..3_usize) {
            let bytes = [[&b""[..], &MAGIC, b"\x5a\x2a\x4d\x18"][magic], &bytes].concat();
            if let Ok((frame, after)) = Frame::read(&bytes) {
                let header = &bytes[..bytes.len() - after.len()];
                prop_assert!(bytes.ends_with(after) && (6..=18).contains(&header.len()));
                // Every byte of it counts, and none that comes after it.
                prop_assert_eq!(Frame::read(header).unwrap(), (frame, &[][..]));
                prop_assert!(Frame::read(&header[..header.len() - 1]).is_err());
            } else {
                prop_assert!(magic == 0 || bytes.len() < 18 || bytes[4] & 0x08 != 0, "{bytes:?}");
            }
        }
    }
}
