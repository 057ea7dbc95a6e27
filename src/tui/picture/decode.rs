//! Bytes to pixels, within bounds.

use std::io::Cursor;

use image::codecs::gif::GifDecoder;
use image::codecs::jpeg::JpegDecoder;
use image::codecs::png::PngDecoder;
use image::codecs::webp::WebPDecoder;
use image::{ColorType, ImageDecoder, ImageError, Limits, RgbImage};

use crate::payload::image::{self as file, Dimensions, ImageFormat};
use crate::system::panic;
use crate::text;

/// The most pixels a side may have.
pub const MAX_SIDE: u32 = 10_000;
/// The most pixels in all: 40 megapixels, five times a 4K screen.
pub const MAX_PIXELS: u64 = 40_000_000;
/// The most memory for the pixels as the decoder gives them: 40 megapixels of four channels, and some.
const MAX_BYTES: u64 = 192 * 1024 * 1024;

/// Why a picture cannot be shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PictureError {
    /// No known magic number.
    #[error("unknown picture format")]
    Unrecognised,
    /// A format that is recognised by its magic number, but not decoded here.
    #[error("{} cannot be decoded here: save it and open it elsewhere", .0.words())]
    NotDecoded(ImageFormat),
    /// The bytes stop before the dimensions.
    #[error("the bytes stop before the picture begins")]
    NotReached,
    /// The dimensions make no sense.
    #[error("its dimensions cannot be read")]
    NoDimensions,
    /// A decompression bomb, or simply too large.
    #[error("{width} × {height} pixels is too large: at most 10,000 per side and 40 megapixels")]
    TooLarge {
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
    },
    /// The decoder gave up before the first row.
    #[error("it cannot be decoded: {0}")]
    Undecodable(String),
}

/// Why a picture is incomplete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shortfall {
    /// The file's end is missing.
    EndMissing,
    /// The decoder failed after some rows: its message.
    Stopped(String),
}

/// Pixels.
#[derive(Debug, Clone)]
pub struct DecodedPicture {
    /// In the file's own size; transparent pixels lie on white.
    pub image: RgbImage,
    /// What is missing of it.
    pub shortfall: Option<Shortfall>,
}

/// Decodes a JPEG, a PNG, a WebP or a GIF's first frame, as far as its bytes go.
///
/// # Errors
///
/// [`PictureError`].
pub fn decode(bytes: &[u8]) -> Result<DecodedPicture, PictureError> {
    let format = file::format(bytes).ok_or(PictureError::Unrecognised)?;
    match file::dimensions(bytes) {
        Dimensions::Known { width, height } => check(width, height)?,
        Dimensions::NotReached => return Err(PictureError::NotReached),
        Dimensions::Unreadable => return Err(PictureError::NoDimensions),
    }
    // A decoder may panic: what it reads is hostile.
    let read = panic::catch_to_none(|| read(bytes, format));
    let (image, stopped) = read.unwrap_or_else(|| Err(PictureError::Undecodable("the decoder failed".to_owned())))?;
    let is_cut = file::is_complete(bytes) == Some(false);
    let shortfall = match stopped {
        _ if is_cut => Some(Shortfall::EndMissing),
        Some(reason) => Some(Shortfall::Stopped(reason)),
        None => None,
    };
    Ok(DecodedPicture { image, shortfall })
}

type Pixels = (RgbImage, Option<String>);

fn check(width: u32, height: u32) -> Result<(), PictureError> {
    let fits = width <= MAX_SIDE && height <= MAX_SIDE && u64::from(width) * u64::from(height) <= MAX_PIXELS;
    if fits { Ok(()) } else { Err(PictureError::TooLarge { width, height }) }
}

fn read(bytes: &[u8], format: ImageFormat) -> Result<Pixels, PictureError> {
    let source = Cursor::new(bytes);
    match format {
        ImageFormat::Jpeg => pixels(JpegDecoder::new(source).map_err(undecodable)?),
        ImageFormat::Png => pixels(PngDecoder::with_limits(source, limits()).map_err(undecodable)?),
        ImageFormat::Gif => pixels(GifDecoder::new(source).map_err(undecodable)?),
        ImageFormat::Webp => pixels(WebPDecoder::new(source).map_err(undecodable)?),
        other => Err(PictureError::NotDecoded(other)),
    }
}

fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_BYTES);
    limits
}

/// Reads all rows that there are. What a decoder has written before it failed is a part of a picture.
fn pixels(mut decoder: impl ImageDecoder) -> Result<Pixels, PictureError> {
    // The decoder may have found other dimensions than the header's first reader.
    let (width, height) = decoder.dimensions();
    check(width, height)?;
    let bytes = decoder.total_bytes();
    if bytes > MAX_BYTES {
        return Err(PictureError::TooLarge { width, height });
    }
    decoder.set_limits(limits()).map_err(undecodable)?;
    let colour = decoder.color_type();
    let mut buffer = vec![0; usize::try_from(bytes).unwrap_or_default()];
    let stopped = match decoder.read_image(&mut buffer) {
        Ok(()) => None,
        Err(error) if buffer.iter().any(|byte| *byte != 0) => Some(words(&error)),
        Err(error) => return Err(undecodable(error)),
    };
    let image = RgbImage::from_raw(width, height, rgb(&buffer, colour)).ok_or(PictureError::NoDimensions)?;
    Ok((image, stopped))
}

/// Red, green and blue of each pixel; transparent ones on white.
fn rgb(buffer: &[u8], colour: ColorType) -> Vec<u8> {
    let channels = usize::from(colour.channel_count()).max(1);
    let width = usize::from(colour.bytes_per_pixel()) / channels;
    // Samples of two bytes are in the machine's own order; the high byte is enough.
    let high = if cfg!(target_endian = "little") { width.saturating_sub(1) } else { 0 };
    let mut pixels = Vec::with_capacity(buffer.len() / (channels * width.max(1)) * 3);
    for pixel in buffer.chunks_exact((channels * width).max(1)) {
        let sample = |channel: usize| pixel[channel * width + high];
        let (red, green, blue) =
            if channels >= 3 { (sample(0), sample(1), sample(2)) } else { (sample(0), sample(0), sample(0)) };
        let alpha = if channels.is_multiple_of(2) { sample(channels - 1) } else { 255 };
        pixels.extend([red, green, blue].map(|value| over_white(value, alpha)));
    }
    pixels
}

fn over_white(value: u8, alpha: u8) -> u8 {
    let (value, alpha) = (u16::from(value), u16::from(alpha));
    u8::try_from((value * alpha + 255 * (255 - alpha) + 127) / 255).unwrap_or(u8::MAX)
}

#[expect(clippy::needless_pass_by_value, reason = "it stands in map_err")]
fn undecodable(error: ImageError) -> PictureError {
    PictureError::Undecodable(words(&error))
}

/// An error may repeat bytes of the file.
fn words(error: &ImageError) -> String {
    const COLUMNS: usize = 160;
    text::clip(&text::visible(&error.to_string()), COLUMNS).into_owned()
}
