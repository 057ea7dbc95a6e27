//! The drawing as a JPEG, and a JPEG filled up to a length.

use image::ExtendedColorType;
use image::codecs::jpeg::JpegEncoder;

use super::draw;

/// Text stays readable at it.
const QUALITY: u8 = 80;
/// The most that a comment segment holds: its length counts itself and has two bytes.
const COMMENT_LIMIT: usize = 65_535 - 2;
/// A comment's marker and length.
const COMMENT_HEAD: usize = 4;

/// Draws and encodes; both sides must be 1 to 65,535.
pub(super) fn encoded(width: u32, height: u32, seed: u64) -> Vec<u8> {
    let pixels = draw::desktop(width, height, seed);
    let mut jpeg = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut jpeg, QUALITY);
    let encoded = encoder.encode(&pixels, width, height, ExtendedColorType::Rgb8);
    // Writing to memory cannot fail, and the sides are within what a JPEG can have.
    debug_assert!(encoded.is_ok(), "{encoded:?}");
    jpeg
}

/// A side in whole pixels.
pub(super) fn side(length: f64) -> u32 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the limits just set")]
    let side = length.clamp(1.0, 10_000.0) as u32;
    side
}

/// Lengthens `jpeg` to `length` bytes, by comments (T.81, B.2.4.5) before the scan and, where too few
/// bytes are left for one, by fill bytes before the end marker (B.1.1.2). The dimensions stay near
/// the beginning.
pub(super) fn filled(jpeg: Vec<u8>, length: usize) -> Vec<u8> {
    let mut gap = length.saturating_sub(jpeg.len());
    let scan = scan_offset(&jpeg);
    let (tables, rest) = jpeg.split_at(scan);
    let mut filled = tables.to_vec();
    while gap >= COMMENT_HEAD {
        let inside = (gap - COMMENT_HEAD).min(COMMENT_LIMIT);
        let declared = u16::try_from(inside + 2).unwrap_or(u16::MAX);
        filled.extend_from_slice(&[0xff, 0xfe]);
        filled.extend_from_slice(&declared.to_be_bytes());
        filled.resize(filled.len() + inside, b' ');
        gap -= COMMENT_HEAD + inside;
    }
    let (scan, end) = rest.split_at(rest.len().saturating_sub(2));
    filled.extend_from_slice(scan);
    filled.resize(filled.len() + gap, 0xff);
    filled.extend_from_slice(end);
    filled
}

/// Where the scan's header begins: the first SOS marker after segments with lengths.
fn scan_offset(jpeg: &[u8]) -> usize {
    let mut at = 2;
    while let Some(&[0xff, marker, high, low]) = jpeg.get(at..at + 4) {
        if marker == 0xda {
            return at;
        }
        at += 2 + usize::from(u16::from_be_bytes([high, low]));
    }
    2
}
