//! Pictures that show nobody, of the same size, format, length and form as those that were sent.

use std::collections::HashMap;

use super::PlaceholderKey;
use crate::payload::binary::{Binary, BinaryForm};
use crate::payload::image::{self, ImageFormat};
use crate::simulate::{picture_like, written};

/// Pictures that were drawn already; drawing takes longer than everything else.
const KEPT: usize = 16;

/// What a picture must have.
type Wanted = (Option<ImageFormat>, Option<(u32, u32)>, usize);

/// Draws pictures for one export.
#[derive(Debug, Default)]
pub(super) struct Pictures {
    drawn: HashMap<Wanted, Vec<u8>>,
}

impl Pictures {
    /// A raw JSON value for the one that was found, in its form; `None` where there is no picture in it.
    pub(super) fn value(&mut self, found: &Binary, raw: &[u8], key: &PlaceholderKey) -> Option<Vec<u8>> {
        if matches!(found.form, BinaryForm::Placeholder | BinaryForm::Lost) || found.bytes.is_empty() {
            return None;
        }
        let length = usize::try_from(found.total.unwrap_or(found.present)).ok()?;
        let bytes = self.bytes(&found.bytes, length, key);
        let mut value = written(&bytes, found.form);
        if found.form == BinaryForm::DataUrl
            && let Some(media) = media_of(raw)
        {
            value = value.replacen("image/jpeg", media, 1);
        }
        Some(value.into_bytes())
    }

    /// A picture in place of one of which these bytes are the beginning, `length` bytes long.
    pub(super) fn bytes(&mut self, beginning: &[u8], length: usize, key: &PlaceholderKey) -> Vec<u8> {
        let wanted = (image::format(beginning), image::dimensions(beginning).size(), length);
        if let Some(drawn) = self.drawn.get(&wanted) {
            return drawn.clone();
        }
        let seed = key.bytes("picture", 8).into_iter().fold(0, |seed, byte| seed << 8 | u64::from(byte));
        let drawn = picture_like(wanted.0, wanted.1, length, seed);
        if self.drawn.len() >= KEPT {
            self.drawn.clear();
        }
        self.drawn.insert(wanted, drawn.clone());
        drawn
    }
}

/// The media type that a data URL names.
fn media_of(raw: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(raw.get(..64.min(raw.len()))?).ok()?;
    let media = text.split_once("data:")?.1;
    let media = &media[..media.find([';', ','])?];
    media.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/+-.".contains(&byte)).then_some(media)
}
