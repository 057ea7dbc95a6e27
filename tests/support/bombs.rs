//! Bodies that are small on the wire and would take memory or time without end.

use std::io::Write as _;

use super::brotli::{Bits, tables};

/// One of them.
pub(crate) struct Bomb {
    pub(crate) name: String,
    /// What its `Content-Encoding` says, where there is one.
    pub(crate) coding: &'static str,
    pub(crate) body: Vec<u8>,
    /// What is said of it when it is opened as declared.
    pub(crate) said: &'static str,
}

fn bomb(name: &str, coding: &'static str, body: Vec<u8>, said: &'static str) -> Bomb {
    Bomb { name: name.replace(' ', "-"), coding, body, said }
}

/// Of every coding, in every way that is known here.
pub(crate) fn bombs() -> Vec<Bomb> {
    [of_zstd(), of_gzip_and_deflate(), of_brotli(), stacked()].into_iter().flatten().collect()
}

const PARTS: &str = "stopped at the limit of 32,768 blocks, frames or members";
const DENSE: &str = "stopped at the limit of 200 times its size";
const DAMAGED: &str = "damaged: ";
const WORK: &str = "too much of it produces no output";

/// A zstd frame without a declared size (RFC 8878, section 3.1.1), of these blocks.
fn frame(window: u8, blocks: &[u8]) -> Vec<u8> {
    [b"\x28\xb5\x2f\xfd\0", &[window][..], blocks].concat()
}

/// Blocks of one byte, repeated 131,072 times, none of them the last.
fn repeats(count: usize) -> Vec<u8> {
    b"\x02\0\x10\0".repeat(count)
}

fn of_zstd() -> Vec<Bomb> {
    let wide = |name, window, said| bomb(name, "zstd", frame(window, &repeats(50_000)), said);
    let sequences = 60_000_u16;
    let block = [&b"\x08a\xff"[..], &(sequences - 0x7f00).to_le_bytes(), b"\x54\0\0\x34"].concat();
    let block = [block, vec![0xff; 2 * usize::from(sequences)], vec![1]].concat();
    let header = u32::try_from(block.len()).unwrap() << 3 | 5;
    let greedy = [b"\x40\0\0abcdefgh", &header.to_le_bytes()[..3], &block].concat();
    vec![
        wide("zstd window of 2 TiB", 0xf8, "declares a window of 2 TiB; the limit is 8 MiB"),
        wide("zstd window of 3 TiB", 0xff, "declares a window of 3.7 TiB"),
        wide("zstd window of 1 GiB", 0xa0, "declares a window of 1 GiB"),
        wide("zstd window of 128 MiB", 0x88, "declares a window of 128 MiB"),
        wide("zstd window of 9 MiB", 0x69, "declares a window of 9 MiB"),
        bomb("zstd window of 8 MiB", "zstd", frame(0x68, &repeats(10_000)), DENSE),
        bomb("zstd window cut", "zstd", frame(0x68, &repeats(100))[..100].to_vec(), DENSE),
        bomb("zstd one segment", "zstd", one_segment(), "declares a window of 4 TiB"),
        bomb(
            "zstd block of gigabytes",
            "zstd",
            frame(0x58, &greedy),
            "a zstd block expands beyond the block size limit",
        ),
        bomb("zstd empty blocks", "zstd", frame(0x58, &[0; 300_000]), PARTS),
        bomb("zstd empty frames", "zstd", frame(0, b"\x01\0\0").repeat(100_000), PARTS),
        bomb("zstd skippable frames", "zstd", b"\x50\x2a\x4d\x18\0\0\0\0".repeat(100_000), PARTS),
        bomb("zstd skippable of 4 GiB", "zstd", b"\x5f\x2a\x4d\x18\xff\xff\xff\xffx".to_vec(), DAMAGED),
        bomb("zstd dictionary", "zstd", b"\x28\xb5\x2f\xfd\x21\x07\0\x01\0\0".to_vec(), "needs dictionary 7"),
    ]
}

/// A frame whose content of 4 TiB is its window.
fn one_segment() -> Vec<u8> {
    [&b"\x28\xb5\x2f\xfd\xe0"[..], &(1_u64 << 42).to_le_bytes(), &repeats(50_000)].concat()
}

fn of_gzip_and_deflate() -> Vec<Bomb> {
    let member = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    // Four empty blocks of the fixed code.
    let fixed = [0x02, 0x08, 0x20, 0x80, 0].repeat(100_000);
    let dense = gzip(&vec![b' '; 16 << 20]);
    let cut = dense[..dense.len() / 2].to_vec();
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    zlib.write_all(&vec![b' '; 16 << 20]).unwrap();
    vec![
        bomb("gzip a thousandfold", "gzip", dense, DENSE),
        bomb("gzip a thousandfold cut", "gzip", cut, DENSE),
        bomb("gzip empty members", "gzip", member.repeat(100_000), PARTS),
        bomb("gzip empty blocks", "gzip", [&member[..10], &fixed].concat(), PARTS),
        bomb("deflate a thousandfold", "deflate", zlib.finish().unwrap(), DENSE),
        bomb("deflate empty blocks", "deflate", fixed, PARTS),
        bomb("deflate empty stored blocks", "deflate", [0, 0, 0, 0xff, 0xff].repeat(100_000), PARTS),
    ]
}

fn of_brotli() -> Vec<Bomb> {
    let dense = letters(20);
    let cut = dense[..dense.len() - 30].to_vec();
    vec![
        bomb("brotli gigabytes of a letter", "br", dense, DENSE),
        bomb("brotli gigabytes cut", "br", cut, DENSE),
        bomb("brotli all the tables", "br", tables(400), WORK),
        bomb("brotli empty metadata", "br", [&[0x0c], &[6; 2_000_000][..]].concat(), WORK),
        // The extension to larger windows: 30 bits.
        bomb("brotli large window", "br", [&[0x11, 0xde][..], &[0xff; 5000]].concat(), DAMAGED),
    ]
}

fn stacked() -> Vec<Bomb> {
    let zeroes = gzip(&gzip(&vec![0; 64 << 20]));
    // A block as it is, of bytes that gzip makes nothing of: it would be too dense for anyone to come to the window.
    let noise: Vec<u8> = (0..1000_u32).map(|number| number.wrapping_mul(0x9e37_79b1).to_be_bytes()[0]).collect();
    let frames = gzip(&frame(0xf8, &[&[0x40, 0x1f, 0][..], &noise].concat()));
    vec![
        bomb("stacked gzip", "gzip, gzip, gzip", gzip(&zeroes), DENSE),
        bomb("stacked zstd in gzip", "zstd, gzip", frames, "declares a window of 2 TiB"),
        bomb("stacked four times", "gzip, gzip, gzip, gzip", gzip(&gzip(&zeroes)), "more than 3 content codings"),
    ]
}

/// At the best level.
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// In the largest window, meta-blocks of 16 MiB of one letter (RFC 7932, section 9.2).
fn letters(count: usize) -> Vec<u8> {
    let mut bits = Bits::default();
    bits.put(0xf, 4);
    for _ in 0..count {
        // Not the last; six nibbles of length; compressed; one type, no postfix, mode 0, one tree of each kind.
        bits.put(0b100, 3);
        bits.put((1 << 24) - 1, 24);
        bits.put(0, 1 + 3 + 6 + 2 + 1 + 1);
        // The letter; the insert code 23, whose 24 bits follow, with a copy that is never made; a distance.
        bits.code(u64::from(b'a'), 8);
        bits.code(448 + 56, 10);
        bits.code(0, 6);
        bits.put((1 << 24) - 22_594, 24);
    }
    bits.put(3, 2);
    bits.finish()
}
