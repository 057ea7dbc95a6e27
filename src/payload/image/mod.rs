//! What a picture's own bytes say: format, dimensions, segments, whether it is whole.
//!
//! Nothing is decoded. A preview of fifty bytes is a valid question here, and "not reached" a valid
//! answer.

mod jpeg;
mod png;

use std::borrow::Cow;
use std::fmt;

/// How much of a picture is searched for its dimensions.
pub const HEADER_LIMIT: usize = 64 * 1024;

/// A picture's format, by its magic number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ImageFormat {
    /// JPEG (ITU T.81).
    Jpeg,
    /// PNG.
    Png,
    /// GIF.
    Gif,
    /// WebP.
    Webp,
    /// Windows bitmap.
    Bmp,
    /// TIFF.
    Tiff,
    /// Windows icon.
    Ico,
    /// HEIF, HEIC.
    Heif,
    /// AVIF.
    Avif,
    /// JPEG XL.
    Jxl,
}

impl ImageFormat {
    /// The stable name, which is also a good file extension's stem: `jpeg`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Jpeg => "jpeg",
            Self::Png => "png",
            Self::Gif => "gif",
            Self::Webp => "webp",
            Self::Bmp => "bmp",
            Self::Tiff => "tiff",
            Self::Ico => "ico",
            Self::Heif => "heif",
            Self::Avif => "avif",
            Self::Jxl => "jxl",
        }
    }

    /// The media type, as registered with IANA.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Gif => "image/gif",
            Self::Webp => "image/webp",
            Self::Bmp => "image/bmp",
            Self::Tiff => "image/tiff",
            Self::Ico => "image/vnd.microsoft.icon",
            Self::Heif => "image/heif",
            Self::Avif => "image/avif",
            Self::Jxl => "image/jxl",
        }
    }

    /// The usual file extension, without its dot.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Heif => "heic",
            other => other.code(),
        }
    }

    /// The name for a person.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
            Self::Gif => "GIF",
            Self::Webp => "WebP",
            Self::Bmp => "BMP",
            Self::Tiff => "TIFF",
            Self::Ico => "ICO",
            Self::Heif => "HEIF",
            Self::Avif => "AVIF",
            Self::Jxl => "JPEG XL",
        }
    }
}

type Check = fn(&[u8]) -> bool;

/// The format of a picture that is known to be one, by however few bytes there are.
#[must_use]
pub fn format(bytes: &[u8]) -> Option<ImageFormat> {
    use infer::image;
    let checks: [(Check, ImageFormat); 10] = [
        (image::is_jpeg, ImageFormat::Jpeg),
        (image::is_png, ImageFormat::Png),
        (image::is_gif, ImageFormat::Gif),
        (image::is_webp, ImageFormat::Webp),
        (image::is_tiff, ImageFormat::Tiff),
        (image::is_avif, ImageFormat::Avif),
        (image::is_heif, ImageFormat::Heif),
        (image::is_jxl, ImageFormat::Jxl),
        (image::is_ico, ImageFormat::Ico),
        (image::is_bmp, ImageFormat::Bmp),
    ];
    checks.into_iter().find(|(is, _)| is(bytes)).map(|(_, format)| format)
}

/// The format of bytes that might be anything: asks for more than a magic number of two or three
/// bytes, which prose and digests have by chance.
#[must_use]
pub fn strict_format(bytes: &[u8]) -> Option<ImageFormat> {
    let format = format(bytes)?;
    let at = |offset: usize| bytes.get(offset).copied();
    let all = |range: std::ops::Range<usize>, value: &[u8]| bytes.get(range) == Some(value);
    let evident = match format {
        // A first segment: tables, an application segment, a comment or a frame.
        ImageFormat::Jpeg => matches!(at(3)?, 0xc0..=0xcf | 0xdb | 0xdd | 0xe0..=0xef | 0xfe) && at(4)? < 0x80,
        ImageFormat::Png => bytes.starts_with(png::SIGNATURE),
        ImageFormat::Gif => all(0..6, b"GIF87a") || all(0..6, b"GIF89a"),
        ImageFormat::Webp => all(0..4, b"RIFF") && all(12..15, b"VP8"),
        ImageFormat::Bmp => all(6..10, &[0; 4]) && all(15..18, &[0; 3]) && matches!(at(14)?, 12..=124),
        // The first directory is at an even offset within the first 16 MB or so.
        ImageFormat::Tiff => at(if bytes[0] == b'I' { 7 } else { 4 })? == 0,
        ImageFormat::Ico => matches!(at(4)?, 1..=32) && all(5..6, &[0]) && all(9..10, &[0]) && all(20..22, &[0; 2]),
        ImageFormat::Heif | ImageFormat::Avif => true,
        ImageFormat::Jxl => at(0)? == 0,
    };
    evident.then_some(format)
}

/// What the bytes say of a picture's size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dimensions {
    /// Width and height in pixels.
    Known {
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
    },
    /// The bytes stop before the place where the format keeps its dimensions.
    NotReached,
    /// The format is not known, or the dimensions are invalid.
    Unreadable,
}

impl Dimensions {
    /// Width and height in pixels, when known.
    #[must_use]
    pub fn size(self) -> Option<(u32, u32)> {
        match self {
            Self::Known { width, height } => Some((width, height)),
            Self::NotReached | Self::Unreadable => None,
        }
    }

    fn from_size(width: usize, height: usize) -> Self {
        match (u32::try_from(width), u32::try_from(height)) {
            (Ok(width), Ok(height)) if width > 0 && height > 0 => Self::Known { width, height },
            _ => Self::Unreadable,
        }
    }
}

impl fmt::Display for Dimensions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known { width, height } => write!(formatter, "{width} × {height}"),
            Self::NotReached => formatter.write_str("unknown: the preview ends before the dimensions"),
            Self::Unreadable => formatter.write_str("unknown"),
        }
    }
}

/// Reads a picture's dimensions from its first [`HEADER_LIMIT`] bytes.
#[must_use]
pub fn dimensions(bytes: &[u8]) -> Dimensions {
    let head = &bytes[..bytes.len().min(HEADER_LIMIT)];
    match format(head) {
        None => Dimensions::Unreadable,
        Some(ImageFormat::Jpeg) => jpeg::dimensions(head),
        Some(_) => match imagesize::blob_size(head) {
            Ok(size) => Dimensions::from_size(size.width, size.height),
            Err(imagesize::ImageError::IoError(error)) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                Dimensions::NotReached
            }
            // imagesize wants twelve bytes before it says anything.
            Err(_) if head.len() < 12 => Dimensions::NotReached,
            Err(_) => Dimensions::Unreadable,
        },
    }
}

/// A part of a picture's file: a JPEG segment, a PNG chunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// The format's own name: `SOI`, `DQT`, `IHDR`. Visible text.
    pub name: Cow<'static, str>,
    /// What it is, for a person.
    pub meaning: &'static str,
    /// Where it begins, marker or length included.
    pub offset: usize,
    /// How many of its bytes are present.
    pub length: usize,
    /// Whether it reaches beyond the bytes that are present.
    pub cut: bool,
}

/// The segments of a JPEG or the chunks of a PNG, in order, as far as the bytes go. Empty for other
/// formats. At most a few thousand: the rest is one segment then.
#[must_use]
pub fn segments(bytes: &[u8]) -> Vec<Segment> {
    match format(bytes) {
        Some(ImageFormat::Jpeg) => jpeg::segments(bytes),
        Some(ImageFormat::Png) => png::chunks(bytes),
        _ => Vec::new(),
    }
}

/// Whether the picture's end is there: a JPEG's EOI, a PNG's IEND, a GIF's trailer. `None` for
/// formats that do not mark it.
#[must_use]
pub fn is_complete(bytes: &[u8]) -> Option<bool> {
    match format(bytes)? {
        ImageFormat::Jpeg => Some(jpeg::segments(bytes).iter().any(|segment| segment.name == "EOI")),
        ImageFormat::Png => Some(png::chunks(bytes).iter().any(|chunk| chunk.name == "IEND" && !chunk.cut)),
        ImageFormat::Gif => Some(bytes.last() == Some(&0x3b)),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
