//! Bytes written into JSON: every form in which a screenshot's `imageBuffer` may arrive.
//!
//! A form is accepted on its own evidence, never for its alphabet alone: within the documented field
//! ([`ValueContext::KnownField`]) its shape, anywhere else a picture's magic number as well. What is not
//! recognised is text and stays text.
//!
//! ```
//! use whyhook::payload::binary::{BinaryForm, ValueContext, recognise};
//!
//! let binary = recognise(br#""<Buffer ff d8 ff db ... 44865 more bytes>""#, ValueContext::KnownField).unwrap();
//! assert_eq!(binary.form, BinaryForm::NodePrint);
//! assert_eq!((binary.bytes.len(), binary.total), (4, Some(44_869)));
//! ```

mod encodings;
mod facts;
mod find;
mod form;
mod numbers;
mod objects;
mod prints;
mod text;

pub use facts::images_json;
pub use find::{BinaryPlaces, DECODED_LIMIT, FOUND_LIMIT, FoundBinary, find_all};
pub(super) use find::{Hit, Search, decode_all};
pub use form::BinaryForm;
pub(super) use objects::is_buffer;

use super::image::{self, Dimensions, ImageFormat};
use super::json::scan::skip_space;
use crate::delivery::ImageFacts;
use crate::text::{counted, grouped};

/// Where a value is, which decides how much evidence is required.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ValueContext {
    /// `data[].screenshot.imageBuffer`, or an item of an array there.
    KnownField,
    /// Any other place: only what holds a picture's magic number is a binary.
    Elsewhere,
}

/// A value recognised as bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binary {
    /// How the bytes were written.
    pub form: BinaryForm,
    /// A form within the form: base64 inside Python's print-out, the Buffer inside nested JSON.
    pub inner: Option<BinaryForm>,
    /// The bytes; a prefix of them when less was asked for.
    pub bytes: Vec<u8>,
    /// How many bytes the value holds.
    pub present: u64,
    /// How many bytes there were before they were written, when the form says so.
    pub total: Option<u64>,
}

impl Binary {
    /// The picture's format by its magic number; `None` for unrecognised bytes.
    #[must_use]
    pub fn format(&self) -> Option<ImageFormat> {
        image::format(&self.bytes)
    }

    /// How many bytes did not come with the payload, when that is known.
    #[must_use]
    pub fn missing(&self) -> Option<u64> {
        self.total.map(|total| total.saturating_sub(self.present))
    }

    /// Whether the whole picture is here: every byte that there was, and its format's end where one is
    /// marked. `None` when that is unknown.
    #[must_use]
    pub fn is_complete(&self) -> Option<bool> {
        if self.form.is_empty() || self.missing() != Some(0) {
            return Some(false);
        }
        image::is_complete(&self.bytes)
    }

    /// One line: `44,869 bytes of JPEG as base64`.
    #[must_use]
    pub fn summary(&self) -> String {
        let what = self.format().map_or("unknown format", ImageFormat::words);
        let form = self.form.words();
        match (self.form, self.missing()) {
            (BinaryForm::Placeholder, _) => "simulation: no image sent".to_owned(),
            (BinaryForm::DestroyedUtf8, _) => "destroyed by the sender: bytes decoded as UTF-8".to_owned(),
            (BinaryForm::Lost, _) => "lost by the sender: none of the bytes were sent".to_owned(),
            (_, Some(1..)) => {
                let total = grouped(self.total.unwrap_or_default());
                format!("{} of {total} bytes, {what}, {form}", grouped(self.present))
            }
            (_, None) => format!("the first {}, {what}, {form}", counted(self.present, "byte")),
            (_, Some(0)) => format!("{}, {what}, {form}", counted(self.present, "byte")),
        }
    }

    /// What this is and what follows from it, in a sentence or two for a person.
    #[must_use]
    pub fn explanation(&self) -> String {
        let mut text = match self.form {
            BinaryForm::Placeholder => "The simulation's placeholder: a simulation sends no image.".to_owned(),
            BinaryForm::DestroyedUtf8 => "The sender decoded the image's bytes as UTF-8 text, which destroyed them; \
                 it must send base64 to deliver the image."
                .to_owned(),
            BinaryForm::Lost => "The sender converted the image to text or JSON by default, which dropped its bytes; \
                 it must send base64 to deliver the image."
                .to_owned(),
            _ => self.explain_bytes(),
        };
        if !self.form.is_empty() && self.format().is_none() {
            text.push_str(" The bytes are not a known image format.");
        }
        text
    }

    fn explain_bytes(&self) -> String {
        let mut form = self.form.words().to_owned();
        if let Some(inner) = self.inner {
            form = format!("{form}, which contains {}", inner.words());
        }
        let form = crate::text::capitalised(&form);
        let present = grouped(self.present);
        match (self.total, self.missing()) {
            (Some(total), Some(1..)) => format!(
                "{form}: the first {present} of {} bytes; the sender must send base64 to deliver the image.",
                grouped(total)
            ),
            (None, _) => {
                format!(
                    "{form}: the first {present} bytes, the total is unknown; the sender must send base64 to deliver \
                     the image."
                )
            }
            _ if self.form == BinaryForm::AsItIs => format!("{form}, outside JSON: all {present} bytes."),
            _ => format!("{form}: all {present} bytes."),
        }
    }
}

/// Recognises a raw JSON value, from its first byte to its last, and decodes it.
#[must_use]
pub fn recognise(value: &[u8], context: ValueContext) -> Option<Binary> {
    recognise_prefix(value, context, usize::MAX)
}

/// Like [`recognise`], yet decodes at most about `limit` bytes (256 at the least, which recognising
/// itself may need). Form and lengths are still those
/// of the whole value: of what lies beyond the limit, it is checked that it belongs to the form.
#[must_use]
pub fn recognise_prefix(value: &[u8], context: ValueContext, limit: usize) -> Option<Binary> {
    let start = skip_space(value, 0);
    let decoded = decode_at(value, start, context, limit.max(256))?;
    (skip_space(value, decoded.end) == value.len()).then_some(decoded.binary)
}

/// The facts of an `imageBuffer`, or of the first item that is one when it is an array.
pub(super) fn image_facts(value: &[u8]) -> Option<ImageFacts> {
    /// Enough for the dimensions of nearly every picture; [`image::HEADER_LIMIT`] for the rest.
    const FIRST_LOOK: usize = 2048;
    let facts = |value: &[u8]| {
        let mut binary = recognise_prefix(value, ValueContext::KnownField, FIRST_LOOK)?;
        let mut dimensions = image::dimensions(&binary.bytes);
        if dimensions == Dimensions::NotReached && binary.present > binary.bytes.len() as u64 {
            binary = recognise_prefix(value, ValueContext::KnownField, image::HEADER_LIMIT)?;
            dimensions = image::dimensions(&binary.bytes);
        }
        let (width, height) = dimensions.size().unzip();
        Some(ImageFacts {
            form: binary.form.code().to_owned(),
            bytes: binary.present,
            total: binary.total,
            format: binary.format().map(|format| format.code().to_owned()),
            width,
            height,
        })
    };
    facts(value).or_else(|| {
        if value.first() != Some(&b'[') {
            return None;
        }
        // Bounded: an array of a million strings is not an image.
        super::json::entries(value).take(find::FOUND_LIMIT).find_map(|item| facts(&value[item.value]))
    })
}

/// A value that was decoded where it is.
struct Decoded {
    binary: Binary,
    /// The offset after the value.
    end: usize,
}

/// Decodes the value that begins at `at`. Work is in proportion to what is consumed, so that trying
/// every value of a body in turn stays linear.
fn decode_at(body: &[u8], at: usize, context: ValueContext, limit: usize) -> Option<Decoded> {
    let decoded = match body.get(at)? {
        b'"' => {
            let end = super::json::scan::skip_string(body, at)?;
            Decoded { binary: text::decode(&body[at + 1..end - 1], context, limit)?, end }
        }
        b'[' => {
            if context == ValueContext::Elsewhere && !numbers::may_be_picture(body, at) {
                return None;
            }
            let run = numbers::array(body, at, context, limit)?;
            Decoded { end: run.end, binary: run.into_binary(BinaryForm::NumberArray) }
        }
        b'{' => objects::decode(body, at, context, limit)?,
        _ => return None,
    };
    let evident = context == ValueContext::KnownField || image::strict_format(&decoded.binary.bytes).is_some();
    evident.then_some(decoded)
}

impl Binary {
    /// A form that holds all there ever was.
    fn whole(form: BinaryForm, bytes: Vec<u8>, present: u64) -> Self {
        Self { form, inner: None, bytes, present, total: Some(present) }
    }

    /// A form that holds nothing.
    fn nothing(form: BinaryForm) -> Self {
        Self { form, inner: None, bytes: Vec::new(), present: 0, total: None }
    }
}

#[cfg(test)]
mod tests;
