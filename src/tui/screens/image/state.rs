//! The Image tab's state: which image, where in it, and its picture.

use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::archive::export::image::{extension, is_partial};
use crate::delivery::DeliveryId;
use crate::payload::binary::FoundBinary;
use crate::payload::hex::segment_at;
use crate::payload::image::{self, Dimensions, Segment};
use crate::text::grouped;
use crate::tui::picture::{Picture, PictureRoom};

/// An image with what its bytes say, found out once.
#[derive(Debug, Clone)]
pub struct LoadedImage {
    /// The image and its place.
    pub found: Arc<FoundBinary>,
    /// Its segments.
    pub segments: Vec<Segment>,
    /// Its dimensions.
    pub dimensions: Dimensions,
    /// Whether its end is there; `None` when its format does not mark one.
    pub ends: Option<bool>,
}

impl LoadedImage {
    /// Looks through an image once.
    #[must_use]
    pub fn new(found: FoundBinary) -> Self {
        let bytes = &found.binary.bytes[..];
        Self {
            segments: image::segments(bytes),
            dimensions: image::dimensions(bytes),
            ends: image::is_complete(bytes),
            found: Arc::new(found),
        }
    }

    /// Its bytes, as far as they came.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.found.binary.bytes
    }
}

/// What the Image tab shows of a delivery.
#[derive(Debug, Default)]
pub struct ImageView {
    /// Which image, from 0.
    pub index: usize,
    /// The byte under the cursor.
    pub cursor: usize,
    /// What was looked for last.
    pub needle: Option<Vec<u8>>,
    /// The picture, while it is shown instead of the bytes. Screenshots are private: it is shown when
    /// asked for, and never by itself.
    pub picture: Option<PictureView>,
}

/// A picture that is shown, or about to be.
#[derive(Debug, Default)]
pub struct PictureView {
    /// What was asked for last.
    pub(crate) asked: Option<PictureKey>,
    /// What came of it, or why nothing did.
    pub made: Option<Result<Picture, String>>,
}

/// Tells one picture from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PictureKey {
    /// The delivery.
    pub delivery: DeliveryId,
    /// Which of its images.
    pub index: usize,
    /// The room for it.
    pub room: PictureRoom,
}

/// A picture to be made.
#[derive(Debug, Clone, PartialEq)]
pub struct PictureRequest {
    /// Which.
    pub key: PictureKey,
    /// Its bytes.
    pub image: Arc<FoundBinary>,
}

/// An image to be written to a file.
#[derive(Debug, Clone, PartialEq)]
pub struct SaveRequest {
    /// The file as typed: `~` is not expanded yet.
    pub path: String,
    /// The image.
    pub image: Arc<FoundBinary>,
    /// Whether a file of that name may go.
    pub overwrite: bool,
}

/// What was drawn of the Image tab last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ImageViewport {
    /// Lines above the first row of bytes.
    pub top: usize,
    /// Bytes in a row; 0 while none are shown.
    pub row_bytes: usize,
    /// The room for a picture, while one is shown.
    pub room: Option<PictureRoom>,
}

/// A way to copy an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageCopy {
    /// Pairs of digits in one line.
    Hex,
    /// Base64.
    Base64,
    /// An array in C.
    CArray,
    /// A data URL, with the type that the bytes tell.
    DataUrl,
    /// The value's path.
    Path,
    /// The bytes of the segment under the cursor, as [`ImageCopy::Hex`].
    Segment,
}

impl ImageCopy {
    /// Larger images are not for a clipboard.
    pub const LIMIT: usize = 2 * 1024 * 1024;

    /// Every way with its key in the menu and its name.
    pub(crate) const ALL: [(char, &'static str, Self); 6] = [
        ('X', "image as hex", Self::Hex),
        ('6', "image as base64", Self::Base64),
        ('C', "image as C array", Self::CArray),
        ('D', "image as data URL", Self::DataUrl),
        ('P', "image's path", Self::Path),
        ('S', "segment as hex", Self::Segment),
    ];

    /// The text to copy; `None` when there is nothing, or too much of it.
    #[must_use]
    pub fn text(self, image: &LoadedImage, cursor: usize) -> Option<String> {
        self.of(image, cursor, Self::LIMIT, false)
    }

    /// The beginning of that text, for the menu.
    pub(crate) fn preview(self, image: &LoadedImage, cursor: usize) -> Option<String> {
        /// A menu is narrower than this.
        const BYTES: usize = 48;
        let too_large = image.bytes().len() > Self::LIMIT && self != Self::Path;
        if too_large && self.of(image, cursor, Self::LIMIT, false).is_none() {
            return Some(format!("too large for a clipboard: at most {} bytes", grouped(Self::LIMIT as u64)));
        }
        self.of(image, cursor, BYTES, true)
    }

    fn of(self, image: &LoadedImage, cursor: usize, limit: usize, cut: bool) -> Option<String> {
        if self == Self::Path {
            return Some(image.found.path.clone());
        }
        let all = image.bytes();
        let bytes = match self {
            Self::Segment => {
                let segment = image.segments.get(segment_at(&image.segments, cursor)?)?;
                &all[segment.offset..segment.offset + segment.length]
            }
            _ => all,
        };
        if bytes.is_empty() || (bytes.len() > limit && !cut) {
            return None;
        }
        let length = bytes.len();
        let bytes = &bytes[..length.min(limit)];
        Some(match self {
            Self::Hex | Self::Segment => hex::encode(bytes),
            Self::Base64 => BASE64_STANDARD.encode(bytes),
            Self::DataUrl => format!("data:{};base64,{}", media_type(image), BASE64_STANDARD.encode(bytes)),
            Self::CArray => c_array(bytes, length),
            Self::Path => String::new(),
        })
    }

    /// What is copied, for the notice.
    pub(crate) fn what(self, image: &LoadedImage) -> String {
        let name = Self::ALL.iter().find(|(_, _, way)| *way == self).map_or("", |(_, name, _)| name);
        let is_part = !matches!(self, Self::Path | Self::Segment) && is_partial(&image.found.binary);
        let part = if is_part { " (partial)" } else { "" };
        format!("the {name}{part}")
    }
}

fn media_type(image: &LoadedImage) -> String {
    match image.found.binary.format() {
        Some(image::ImageFormat::Ico) => "image/x-icon".to_owned(),
        Some(format) => format!("image/{}", format.code()),
        None => "application/octet-stream".to_owned(),
    }
}

/// An array of `length` bytes that begins with `bytes`.
fn c_array(bytes: &[u8], length: usize) -> String {
    use std::fmt::Write as _;
    let mut text = format!("static const unsigned char image[{length}] = {{");
    for (index, byte) in bytes.iter().enumerate() {
        text.push_str(if index % 12 == 0 { "\n    " } else { " " });
        // Writing to a string cannot fail.
        let _ = write!(text, "0x{byte:02x},");
    }
    text.push_str("\n};\n");
    text
}

/// The words over the question where to save an image: what it is, and whether it is all of it.
#[must_use]
pub fn save_words(found: &FoundBinary) -> String {
    let binary = &found.binary;
    let format = binary.format().map_or("unrecognised bytes", image::ImageFormat::words);
    let present = grouped(binary.bytes.len() as u64);
    match (is_partial(binary), binary.total) {
        (false, _) => format!("{present} bytes, {format} (.{}), readable only by you.", extension(binary)),
        (true, Some(total)) => {
            format!("Partial: only {present} of {} bytes, {format}. Viewers may refuse the file.", grouped(total))
        }
        (true, None) => format!("Partial: the first {present} bytes, {format}. Viewers may refuse the file."),
    }
}
