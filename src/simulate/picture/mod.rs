//! A screenshot that nobody took: a desktop with windows, drawn from a seed.

mod draw;
mod jpeg;
mod like;

pub use like::picture_like;

use std::fmt;
use std::str::FromStr;

use crate::text::{units, visible};

/// The longest side, in pixels.
const SIDE_LIMIT: u32 = 10_000;
/// The largest area, in pixels: 4K and a half.
const AREA_LIMIT: u64 = 16_000_000;
/// The smallest and largest pictures by size, in bytes.
const BYTES_FLOOR: usize = 2_000;
const BYTES_LIMIT: usize = 32 * 1024 * 1024;

/// How large a picture is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Deserialize, serde::Serialize)]
#[serde(try_from = "String", into = "String")]
pub enum PictureSize {
    /// Width and height, in pixels.
    Pixels(u32, u32),
    /// The length of its JPEG, in bytes, exactly.
    Bytes(usize),
}

/// The text is not an image size.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "invalid image size '{}': expected pixels such as 1280x720 (at most 16 megapixels, 10000 a side) or bytes \
     such as 45kB (2kB to 32MiB)",
    visible(.0)
)]
pub struct InvalidPictureSize(pub String);

impl Default for PictureSize {
    fn default() -> Self {
        Self::Pixels(1280, 720)
    }
}

impl FromStr for PictureSize {
    type Err = InvalidPictureSize;

    fn from_str(text: &str) -> Result<Self, InvalidPictureSize> {
        let invalid = || InvalidPictureSize(text.to_owned());
        if let Some((width, height)) = text.trim().split_once(['x', 'X', '×']) {
            let side = |text: &str| text.parse().ok().filter(|side| (1..=SIDE_LIMIT).contains(side));
            let (width, height) = (side(width).ok_or_else(invalid)?, side(height).ok_or_else(invalid)?);
            let is_small = u64::from(width) * u64::from(height) <= AREA_LIMIT;
            return is_small.then_some(Self::Pixels(width, height)).ok_or_else(invalid);
        }
        let bytes = units::parse_size(text).ok().and_then(|bytes| usize::try_from(bytes).ok());
        bytes.filter(|bytes| (BYTES_FLOOR..=BYTES_LIMIT).contains(bytes)).map(Self::Bytes).ok_or_else(invalid)
    }
}

impl fmt::Display for PictureSize {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pixels(width, height) => write!(formatter, "{width}x{height}"),
            Self::Bytes(bytes) => write!(formatter, "{bytes}"),
        }
    }
}

impl TryFrom<String> for PictureSize {
    type Error = InvalidPictureSize;

    fn try_from(text: String) -> Result<Self, InvalidPictureSize> {
        text.parse()
    }
}

impl From<PictureSize> for String {
    fn from(size: PictureSize) -> Self {
        size.to_string()
    }
}

/// A JPEG of this size; the same seed gives the same picture.
#[must_use]
pub fn picture(size: PictureSize, seed: u64) -> Vec<u8> {
    match size {
        PictureSize::Pixels(width, height) => jpeg::encoded(width, height, seed),
        PictureSize::Bytes(bytes) => of_length(bytes, seed),
    }
}

/// Draws smaller and smaller desktops until one fits, and fills it up to the very byte.
fn of_length(bytes: usize, seed: u64) -> Vec<u8> {
    /// What a picture of these has of bytes a pixel, at the most that was seen.
    const PIXELS_A_BYTE: f64 = 8.0;
    /// 3840 × 2160; the rest of a larger file is filling.
    const MOST: f64 = 8_294_400.0;
    #[expect(clippy::cast_precision_loss, reason = "at most 32 MiB")]
    let mut area = (bytes as f64 * PIXELS_A_BYTE).min(MOST);
    loop {
        let side = |share: f64| jpeg::side((area * share).sqrt());
        let jpeg = jpeg::encoded(side(16.0 / 9.0), side(9.0 / 16.0), seed);
        if jpeg.len() <= bytes {
            return jpeg::filled(jpeg, bytes);
        }
        // The tables alone take some 600 bytes, so that the floor is always reached.
        area = (area * 0.6).max(64.0);
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::payload::image;

    #[rstest]
    #[case("1280x720", PictureSize::Pixels(1280, 720))]
    #[case("45kB", PictureSize::Bytes(45_000))]
    #[case("44869", PictureSize::Bytes(44_869))]
    fn sizes_are_read(#[case] text: &str, #[case] size: PictureSize) {
        assert_eq!(text.parse(), Ok(size));
        assert_eq!(size.to_string().parse(), Ok(size));
    }

    #[rstest]
    #[case("")]
    #[case("0x10")]
    #[case("10001x1")]
    #[case("9999x9999")]
    #[case("1280x")]
    #[case("100")]
    #[case("1GB")]
    fn no_sizes(#[case] text: &str) {
        assert!(text.parse::<PictureSize>().is_err());
    }

    #[rstest]
    #[case(1, 1)]
    #[case(16, 9)]
    #[case(333, 210)]
    fn a_picture_is_a_whole_jpeg_of_its_size(#[case] width: u32, #[case] height: u32) {
        let jpeg = picture(PictureSize::Pixels(width, height), 5);
        assert_eq!(image::dimensions(&jpeg).size(), Some((width, height)));
        assert_eq!(image::is_complete(&jpeg), Some(true));
        let decoded = ::image::load_from_memory(&jpeg).unwrap();
        assert_eq!((decoded.width(), decoded.height()), (width, height));
        assert_eq!(jpeg, picture(PictureSize::Pixels(width, height), 5));
    }

    #[rstest]
    #[case(2_000)]
    #[case(2_001)]
    #[case(10_000)]
    #[case(100_000)]
    fn a_length_is_met_to_the_byte(#[case] bytes: usize) {
        let jpeg = picture(PictureSize::Bytes(bytes), 9);
        assert_eq!(jpeg.len(), bytes);
        assert_eq!(image::is_complete(&jpeg), Some(true));
        assert!(::image::load_from_memory(&jpeg).is_ok());
    }

    #[test]
    fn any_gap_is_filled() {
        let jpeg = picture(PictureSize::Pixels(16, 9), 1);
        for more in (0..12).chain([65_530, 65_536, 65_538, 65_540, 140_000]) {
            let filled = jpeg::filled(jpeg.clone(), jpeg.len() + more);
            assert_eq!(filled.len(), jpeg.len() + more);
            assert!(::image::load_from_memory(&filled).is_ok(), "{more}");
            assert_eq!(image::dimensions(&filled).size(), Some((16, 9)), "{more}");
        }
    }
}
