//! Every image of a body as documented JSON.

use serde_json::{Value, json};

use super::super::image::{self, Segment};
use super::FoundBinary;

/// The facts of images, in their order.
#[must_use]
pub fn images_json(images: &[FoundBinary]) -> Value {
    images.iter().map(image_json).collect()
}

fn image_json(found: &FoundBinary) -> Value {
    let binary = &found.binary;
    let (width, height) = image::dimensions(&binary.bytes).size().unzip();
    json!({
        "path": found.path,
        "form": binary.form.code(),
        "bytes": binary.present,
        "total": binary.total,
        "format": binary.format().map(|format| format.code()),
        "width": width,
        "height": height,
        "complete": binary.is_complete(),
        "segments": image::segments(&binary.bytes).iter().map(segment_json).collect::<Value>(),
        "explanation": binary.explanation(),
    })
}

fn segment_json(segment: &Segment) -> Value {
    json!({"name": segment.name, "offset": segment.offset, "length": segment.length, "cut": segment.cut})
}
