//! The images of a delivery as files.

use crate::delivery::DeliveryId;
use crate::payload::binary::{Binary, FoundBinary};
use crate::payload::body::Body;

/// Why there is no image to write.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoImage {
    /// Nothing in the body is one.
    #[error("delivery {0} contains no image")]
    None(DeliveryId),
    /// There are fewer.
    #[error("no image {index} in delivery {id}: it contains {count}, counted from 1")]
    Beyond {
        /// The delivery.
        id: DeliveryId,
        /// How many images it holds.
        count: usize,
        /// The number that was asked for.
        index: usize,
    },
    /// The value stands for an image, and holds none of its bytes.
    #[error("no image bytes at {path}: {explanation}")]
    Empty {
        /// Where it stands; visible text.
        path: String,
        /// What became of the bytes.
        explanation: String,
    },
}

/// The image with the number `index`, from 1, of a body; without one, the first that holds any bytes.
///
/// # Errors
///
/// [`NoImage`], in words for a person.
pub fn choose(id: DeliveryId, body: &Body, index: Option<usize>) -> Result<FoundBinary, NoImage> {
    let mut images = body.images();
    let count = images.len();
    if count == 0 {
        return Err(NoImage::None(id));
    }
    let at = match index {
        Some(index) => index.checked_sub(1).filter(|at| *at < count).ok_or(NoImage::Beyond { id, count, index })?,
        None => images.iter().position(|found| !found.binary.bytes.is_empty()).unwrap_or(0),
    };
    let found = images.swap_remove(at);
    if found.binary.bytes.is_empty() {
        return Err(NoImage::Empty { explanation: found.binary.explanation(), path: found.path });
    }
    Ok(found)
}

/// Whether only a part of the image's bytes can be written.
#[must_use]
pub fn is_partial(binary: &Binary) -> bool {
    binary.missing() != Some(0) || (binary.bytes.len() as u64) < binary.present
}

/// The file extension for what the bytes are, whatever the sender calls them; without its dot.
#[must_use]
pub fn extension(binary: &Binary) -> &'static str {
    binary.format().map_or("bin", crate::payload::image::ImageFormat::extension)
}

/// A name for an image's file, of letters, digits, `-` and `.`: `whyhook-12-data0.jpg`, and
/// `whyhook-12-data0.partial.jpg` of a part.
#[must_use]
pub fn file_name(id: DeliveryId, found: &FoundBinary) -> String {
    /// Longer paths come from bodies that no documented sender makes.
    const PLACE: usize = 40;
    let parts = found.path.replace("screenshot.imageBuffer", "");
    let mut place = String::new();
    for part in parts.split('.') {
        let plain: String = part.chars().filter(char::is_ascii_alphanumeric).collect();
        if !plain.is_empty() {
            place.push('-');
            place.push_str(&plain);
        }
    }
    place.truncate(PLACE);
    let partial = if is_partial(&found.binary) { ".partial" } else { "" };
    format!("whyhook-{id}{place}{partial}.{}", extension(&found.binary))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Head;

    const LIVE: &[u8] = include_bytes!("../../../assets/samples/screenshot-live.json");
    const SIMULATION: &[u8] = include_bytes!("../../../assets/samples/screenshot-simulation.json");
    const JPEG: &[u8] = include_bytes!("../../../assets/samples/screenshot.jpg");

    fn choose(id: DeliveryId, body: &[u8], index: Option<usize>) -> Result<FoundBinary, NoImage> {
        super::choose(id, &Body::open(&Head::default(), body.to_vec().into()), index)
    }

    fn body(value: &serde_json::Value) -> Vec<u8> {
        serde_json::json!({"data": [{"screenshot": {"imageBuffer": value}}]}).to_string().into_bytes()
    }

    #[test]
    fn names_are_safe_and_say_what_is_inside() {
        let name = |body: &[u8]| file_name(DeliveryId(12), &choose(DeliveryId(12), body, None).unwrap());
        assert_eq!(name(LIVE), "whyhook-12-data0.partial.jpg");
        assert_eq!(name(&body(&serde_json::json!(JPEG))), "whyhook-12-data0.jpg");
        assert_eq!(name(&body(&serde_json::json!([null, JPEG]))), "whyhook-12-data0-1.jpg");
        let odd = serde_json::json!({"../../etc/päss wd\u{202e}": JPEG}).to_string();
        assert_eq!(name(odd.as_bytes()), "whyhook-12-etcpsswdU202E.jpg");
        assert_eq!(name(&body(&serde_json::json!([1, 2, 3]))), "whyhook-12-data0.bin");
        let long = serde_json::json!({"x".repeat(500): JPEG}).to_string();
        assert!(name(long.as_bytes()).len() < 64);
    }

    #[test]
    fn the_first_with_bytes_is_chosen_unless_one_is_named() {
        let two = body(&serde_json::json!([{}, JPEG]));
        let choose = |body: &[u8], index| choose(DeliveryId(1), body, index);
        assert_eq!(choose(&two, None).unwrap().binary.bytes, JPEG);
        assert!(matches!(choose(&two, Some(1)), Err(NoImage::Empty { .. })));
        assert_eq!(choose(&two, Some(2)).unwrap().binary.bytes, JPEG);
        assert!(matches!(choose(&two, Some(3)), Err(NoImage::Beyond { count: 2, .. })));
        assert!(matches!(choose(&two, Some(0)), Err(NoImage::Beyond { .. })));
        assert_eq!(choose(b"{}", None), Err(NoImage::None(DeliveryId(1))));
        let said = choose(SIMULATION, None).unwrap_err().to_string();
        assert!(said.contains("a simulation sends no image"), "{said}");
        assert!(is_partial(&choose(LIVE, None).unwrap().binary));
    }
}
