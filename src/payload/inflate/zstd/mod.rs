//! zstd (RFC 8878), decoded here, because what a frame costs must be known before it is decoded.
//!
//! A decoder that holds a window back gives nothing until it is full, and a frame declares one of up to 3.75 TiB; one
//! block of 128 KiB can ask for gigabytes. Here the output is the window, each block is measured before it is copied,
//! and a frame that declares a larger window than senders may use (RFC 9659) is refused by its header.
//!
//! | part | what it does |
//! |---|---|
//! | `frame` | what a frame says of itself |
//! | `block` | blocks, their literals, and matches |
//! | `sequences` | what a block copies |
//! | `fse`, `huffman` | the two kinds of codes |
//! | `bits` | bits, forwards and backwards |
//! | `checksum` | xxHash64 |

mod bits;
mod block;
mod checksum;
mod frame;
mod fse;
mod huffman;
mod sequences;
#[cfg(test)]
mod tests;

use block::Blocks;
use frame::{Frame, FrameHeader};

pub(super) use frame::MAGIC;

use super::sink::InflateSink;
use super::{InflateStop, MOST_WINDOW};

/// Decodes one frame after another.
pub(super) fn decode(body: &[u8], sink: &mut InflateSink<'_>) -> Result<(), InflateStop> {
    let mut rest = body;
    while !rest.is_empty() {
        sink.part()?;
        let (frame, after) = Frame::read(rest)?;
        rest = match frame {
            Frame::Data(header) => data(header, after, sink)?,
            Frame::Skippable(length) => usize::try_from(length)
                .ok()
                .and_then(|length| after.get(length..))
                .ok_or_else(|| InflateStop::damaged("a skippable zstd frame is truncated"))?,
        };
    }
    Ok(())
}

/// Decodes a frame's blocks, and returns what comes after it.
fn data<'b>(header: FrameHeader, blocks: &'b [u8], sink: &mut InflateSink<'_>) -> Result<&'b [u8], InflateStop> {
    if header.window > MOST_WINDOW {
        return Err(InflateStop::TooWide { declared: header.window, most: MOST_WINDOW });
    }
    if header.dictionary != 0 {
        return Err(InflateStop::Dictionary(header.dictionary));
    }
    let start = sink.len();
    let (mut decoder, mut rest) = (Blocks::new(start, header.window), blocks);
    loop {
        let (after, is_last) = decoder.block(rest, sink)?;
        rest = after;
        if is_last {
            break;
        }
    }
    let content = &sink.bytes()[start..];
    if header.content.is_some_and(|declared| declared != content.len() as u64) {
        return Err(InflateStop::damaged("the zstd frame's content does not have the declared size"));
    }
    if header.has_checksum {
        let (checksum, after) =
            rest.split_first_chunk::<4>().ok_or_else(|| InflateStop::damaged("the zstd frame is truncated"))?;
        rest = after;
        if checksum[..] != checksum::xxh64(content).to_le_bytes()[..4] {
            return Err(InflateStop::damaged("the zstd frame's checksum does not match"));
        }
    }
    Ok(rest)
}
