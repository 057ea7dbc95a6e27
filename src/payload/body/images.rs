//! The images of a body, whatever the body is: values of its JSON, files of a form, or the body itself.

use super::{Body, Kind};
use crate::payload::binary::{Binary, BinaryForm, DECODED_LIMIT, FOUND_LIMIT, FoundBinary, ValueContext, find_all};
use crate::payload::image;
use crate::text;

impl Body {
    /// Every image in its order, within [`FOUND_LIMIT`] and about [`DECODED_LIMIT`].
    #[must_use]
    pub fn images(&self) -> Vec<FoundBinary> {
        match &self.kind {
            Kind::Binary(_) => as_it_is(&self.bytes, "(the whole body)".to_owned(), 0).into_iter().collect(),
            Kind::Multipart(multipart) => {
                let mut images: Vec<FoundBinary> = Vec::new();
                for (number, part) in (1..).zip(&multipart.parts) {
                    let content = self.bytes.get(part.content.clone()).unwrap_or_default();
                    let name = part.name.as_deref().map_or(String::new(), |name| format!(" “{}”", text::visible(name)));
                    let place = format!("part {number}{name}");
                    let start = part.content.start;
                    // A picture is looked into no further: what is JSON begins with no magic number.
                    match as_it_is(content, place.clone(), start) {
                        Some(image) => images.push(image),
                        None => images.extend(find_all(content).into_iter().map(|found| FoundBinary {
                            path: format!("{place}: {}", found.path),
                            range: start + found.range.start..start + found.range.end,
                            ..found
                        })),
                    }
                    let decoded =
                        images.iter().fold(0_usize, |sum, image| sum.saturating_add(image.binary.bytes.len()));
                    if images.len() >= FOUND_LIMIT || decoded >= DECODED_LIMIT {
                        break;
                    }
                }
                images.truncate(FOUND_LIMIT);
                images
            }
            Kind::Json(Some(rows)) => rows.binaries(),
            _ => match &self.places {
                Some(places) => places.decode(&self.bytes),
                None => find_all(&self.bytes),
            },
        }
    }
}

/// These bytes as an image, when they begin as one.
fn as_it_is(bytes: &[u8], path: String, start: usize) -> Option<FoundBinary> {
    image::format(bytes)?;
    let present = bytes.len() as u64;
    let binary = Binary { form: BinaryForm::AsItIs, inner: None, bytes: bytes.to_vec(), present, total: Some(present) };
    Some(FoundBinary { path, range: start..start + bytes.len(), context: ValueContext::Elsewhere, binary })
}
