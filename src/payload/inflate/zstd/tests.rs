use std::io::Read as _;

use proptest::prelude::*;

use super::*;
use crate::payload::inflate::{Coding, InflateBudget, Inflated, MOST_FACTOR, inflate_prefix};

/// [`text`] by `zstd -19 --check`, and by `zstd -1 --no-check`: compressed literals, and tables of each kind.
const SENT: [&str; 2] = [
    "28b52ffd0468bd0400d2c7161590ab0d3ba6effbef9fffbf8024577677f77aeece40f9ebbcee261fbeb25f6c7a88f66ce555c6db75d76d2ff1368bf5bb9cefb26a33be5344cc34d5d6e56565821990e3d3d02887d0d6c083926151508052521808a800a50239012aa8310cdd5eacdf01c0e3c2701138041981116e845154fc990fc5101278159524e243b4b3c091f2a93b2cc3264b094731d0e930855301a206783db682",
    "28b52ffd00484d0600f2081a198035c9031afac337fbbf21d548625c779714215408b809291047366b4ebda2ad1d1736636d3ed56ecfd89cdbb977be75f15dd130cf146b93579517bbebd5ff9ae5dd213eb3535737577030053e2e06c02004fa4da81c3a88002a8cc12042a53803228a50397404302070a3c2e601c870e0c84e0783dee0ed030ab60b8ee050467080a332c031e0483940c186c131e04439a060bbe01870e03fa070bbcb080e65000770280338029cb70f28d8c032824319c1018eca00c780233da00c8688325c97022ef413",
];

fn text() -> Vec<u8> {
    let kinds = ["open", "closed", "merged"];
    let line = |index: usize| format!("{{\"id\":{},\"kind\":\"{}\"}},", index * 7919 % 1000, kinds[index % 3]);
    (0..40).map(line).collect::<String>().into_bytes()
}

fn sent(index: usize) -> Vec<u8> {
    hex::decode(SENT[index]).unwrap()
}

fn opened(body: &[u8]) -> Inflated {
    inflate_prefix(Coding::Zstd, body, &mut InflateBudget::opening(body.len()))
}

fn whole(body: &[u8]) -> Vec<u8> {
    let inflated = opened(body);
    assert_eq!(inflated.stop, None);
    inflated.bytes
}

/// A frame without a declared size, of these blocks.
fn frame(window: u8, blocks: &[u8]) -> Vec<u8> {
    [&MAGIC[..], &[0, window], blocks].concat()
}

#[test]
fn what_others_wrote_is_read() {
    assert_eq!(whole(&sent(0)), text());
    assert_eq!(whole(&sent(1)), text());
    let skipped = b"\x5f\x2a\x4d\x18\x03\0\0\0xyz";
    assert_eq!(whole(&[&skipped[..], &sent(0), skipped, &sent(1)].concat()), text().repeat(2));
    assert_eq!(opened(skipped), Inflated { bytes: Vec::new(), stop: None });
}

#[test]
fn what_came_before_a_fault_is_kept() {
    let raw = frame(0x38, b"\x18\0\0abc\x19\0\0def");
    assert_eq!(whole(&raw), b"abcdef");
    for (cut, kept) in [(raw.len() - 1, &b"abcde"[..]), (raw.len() - 4, b"abc"), (raw.len() - 7, b"ab")] {
        let broken = opened(&raw[..cut]);
        assert_eq!(broken.bytes, kept);
        assert!(matches!(broken.stop, Some(InflateStop::Damaged(_))), "{:?}", broken.stop);
    }
    let mut checksum = sent(0);
    *checksum.last_mut().unwrap() ^= 1;
    assert_eq!(
        opened(&checksum),
        Inflated { bytes: text(), stop: Some(InflateStop::damaged("the zstd frame's checksum does not match")) }
    );
}

#[test]
fn a_window_is_refused_by_its_header() {
    for descriptor in 0..=255_u8 {
        let bomb = frame(descriptor, &b"\x02\0\x10\0".repeat(5_000));
        let stopped = opened(&bomb);
        // 2^23 bytes are 8 MiB: exponent 13, mantissa 0. Blocks are no larger than a window, and these are of 128 KiB.
        if descriptor < 7 << 3 {
            assert!(matches!(stopped.stop, Some(InflateStop::Damaged(_))), "{descriptor:#x}");
        } else if descriptor <= 13 << 3 {
            assert_eq!(stopped.stop, Some(InflateStop::TooDense(MOST_FACTOR)), "{descriptor:#x}");
        } else {
            assert!(
                matches!(stopped.stop, Some(InflateStop::TooWide { declared, .. }) if declared > MOST_WINDOW),
                "{descriptor:#x}"
            );
            assert_eq!(stopped.bytes, b"");
        }
    }
    let worst = opened(&frame(0xf8, b"")).stop.unwrap();
    assert_eq!(worst.to_string(), "declares a window of 2 TiB; the limit is 8 MiB");
    // One segment is its own window; and the second frame is looked at like the first.
    let wide = InflateStop::TooWide { declared: MOST_WINDOW + 1, most: MOST_WINDOW };
    let segment = [&MAGIC[..], b"\xa0\x01\0\x80\0\x01\0\0"].concat();
    assert_eq!(opened(&segment).stop, Some(wide.clone()));
    let second = opened(&[sent(0), segment].concat());
    assert_eq!((second.bytes, second.stop), (text(), Some(wide.clone())));
    assert_eq!(opened(&[&MAGIC[..], b"\x21\x07\0"].concat()).stop, Some(InflateStop::Dictionary(7)));
}

#[test]
fn a_block_that_asks_for_gigabytes_gives_nothing_of_them() {
    // Eight bytes in a block, then one of as many sequences as fit, each with the longest match and no more bits than
    // those of its length: two bytes of input ask for 131,074 of output.
    let sequences = 60_000_u32;
    let count = sequences - 0x7f00;
    let count = u16::try_from(count).unwrap().to_le_bytes();
    let head = [&b"\x08a\xff"[..], &count, b"\x54\x00\x00\x34"].concat();
    let block = [head, vec![0xff; 2 * sequences as usize], vec![1]].concat();
    let header = u32::try_from(block.len()).unwrap() << 3 | 2 << 1 | 1;
    let bomb = frame(0x58, &[b"\x40\0\0abcdefgh", &header.to_le_bytes()[..3], &block].concat());
    let stopped = opened(&bomb);
    assert_eq!(stopped.stop, Some(InflateStop::damaged("a zstd block expands beyond the block size limit")));
    assert_eq!(stopped.bytes, b"abcdefgh");
}

#[test]
fn frames_and_blocks_that_give_nothing_are_counted() {
    let empty_block = b"\0\0\0".repeat(100_000);
    let empty_frame = frame(0, b"\x01\0\0").repeat(100_000);
    let skipped = b"\x50\x2a\x4d\x18\0\0\0\0".repeat(100_000);
    for body in [frame(0x58, &empty_block), empty_frame, skipped] {
        assert_eq!(opened(&body), Inflated { bytes: Vec::new(), stop: Some(InflateStop::TooManyParts(32_768)) });
    }
}

/// Bytes that compress: pieces that come again.
fn content() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..40),
        proptest::collection::vec(b'a'..=b'e', 0..200),
        (any::<u8>(), 0..4000_usize).prop_map(|(byte, count)| vec![byte; count]),
    ];
    (proptest::collection::vec(piece, 1..8), proptest::collection::vec(any::<prop::sample::Index>(), 0..40))
        .prop_map(|(pieces, order)| order.iter().flat_map(|index| index.get(&pieces).clone()).collect())
}

proptest! {
    /// What ruzstd compresses comes back.
    #[test]
    fn another_s_frames_come_back(content in content()) {
        let sent = ruzstd::encoding::compress_to_vec(&content[..], ruzstd::encoding::CompressionLevel::Fastest);
        let inflated = inflate_prefix(Coding::Zstd, &sent, &mut InflateBudget::opening(usize::MAX));
        prop_assert_eq!(inflated, Inflated { bytes: content, stop: None });
    }

    /// Damaged anywhere, a frame gives no more than it may, and what it gives as a whole is what ruzstd makes of it.
    #[test]
    fn a_damaged_frame_keeps_to_its_bounds(which in 0..2_usize, at: prop::sample::Index, bits: u8, cut: prop::sample::Index, frames in 1..3_usize) {
        let mut body = sent(which).repeat(frames);
        let index = at.index(body.len());
        body[index] ^= bits;
        if bits & 1 == 0 {
            body.truncate(cut.index(body.len()) + 1);
        }
        let inflated = opened(&body);
        prop_assert!(inflated.bytes.len() as u64 <= body.len() as u64 * MOST_FACTOR);
        prop_assert!(inflated.bytes.capacity() <= (inflated.bytes.len() * 2).max(16 * 1024));
        prop_assert!(inflated.stop != Some(InflateStop::Failed));
        if inflated.stop.is_none() && frames == 1 {
            let mut theirs = Vec::new();
            if let Ok(mut decoder) = ruzstd::decoding::StreamingDecoder::new(&body[..])
                && decoder.read_to_end(&mut theirs).is_ok() {
                prop_assert_eq!(theirs, inflated.bytes);
            }
        }
    }
}
