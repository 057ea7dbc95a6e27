//! A picture in place of another: the same format, size and length.

use std::io::Cursor;

use image::{DynamicImage, RgbImage};

use super::{AREA_LIMIT, BYTES_FLOOR, BYTES_LIMIT, jpeg, of_length};
use crate::payload::image::ImageFormat;

/// The first bytes of a picture, by which its format is known.
const MAGIC: usize = 12;

/// A picture of this format and size, `length` bytes long. What cannot be had is given up in this order: the size in
/// pixels, the drawing, and for a length in which nothing can be drawn, all but the format's first bytes. A format that is
/// unknown is taken for JPEG.
#[must_use]
pub fn picture_like(format: Option<ImageFormat>, size: Option<(u32, u32)>, length: usize, seed: u64) -> Vec<u8> {
    let size = size.filter(|(width, height)| {
        (1..=AREA_LIMIT).contains(&(u64::from(*width) * u64::from(*height)))
            && (*width).max(*height) <= u32::from(u16::MAX)
    });
    let is_jpeg = matches!(format, None | Some(ImageFormat::Jpeg));
    let drawn = match (size, is_jpeg) {
        (Some((width, height)), true) => [jpeg::encoded(width, height, seed), flat(ImageFormat::Jpeg, width, height)]
            .into_iter()
            .find(|drawn| drawn.len() <= length)
            .map(|drawn| jpeg::filled(drawn, length)),
        (Some((width, height)), false) => {
            let drawn = flat(format.unwrap_or(ImageFormat::Jpeg), width, height);
            (!drawn.is_empty() && drawn.len() <= length).then(|| padded(drawn, length))
        }
        (None, _) => None,
    };
    let drawn =
        drawn.or_else(|| (is_jpeg && (BYTES_FLOOR..=BYTES_LIMIT).contains(&length)).then(|| of_length(length, seed)));
    drawn.unwrap_or_else(|| {
        let mut beginning = flat(format.unwrap_or(ImageFormat::Jpeg), 8, 8);
        beginning.truncate(MAGIC.min(length));
        padded(beginning, length)
    })
}

/// One colour all over; empty for a format that cannot be written.
fn flat(format: ImageFormat, width: u32, height: u32) -> Vec<u8> {
    const GREY: image::Rgb<u8> = image::Rgb([0x80, 0x88, 0x90]);
    let format = match format {
        ImageFormat::Jpeg => image::ImageFormat::Jpeg,
        ImageFormat::Png => image::ImageFormat::Png,
        ImageFormat::Gif => image::ImageFormat::Gif,
        ImageFormat::Webp => image::ImageFormat::WebP,
        _ => return Vec::new(),
    };
    let mut bytes = Cursor::new(Vec::new());
    let picture = DynamicImage::ImageRgb8(RgbImage::from_pixel(width, height, GREY));
    match picture.write_to(&mut bytes, format) {
        Ok(()) => bytes.into_inner(),
        Err(_) => Vec::new(),
    }
}

/// Zeros behind a picture's end are passed over by what shows it.
fn padded(mut picture: Vec<u8>, length: usize) -> Vec<u8> {
    picture.resize(length, 0);
    picture
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::payload::image::{dimensions, format};

    #[rstest]
    #[case(ImageFormat::Jpeg, Some((640, 360)), 44_869, true)]
    #[case(ImageFormat::Jpeg, Some((640, 360)), 8_000, true)]
    #[case(ImageFormat::Jpeg, Some((1920, 1080)), 3_000, false)]
    #[case(ImageFormat::Jpeg, None, 44_869, false)]
    #[case(ImageFormat::Jpeg, Some((4, 4)), 20, false)]
    #[case(ImageFormat::Png, Some((320, 200)), 9_000, true)]
    #[case(ImageFormat::Gif, Some((32, 20)), 9_000, true)]
    #[case(ImageFormat::Webp, Some((32, 20)), 9_000, true)]
    fn it_has_format_size_and_length(
        #[case] wanted: ImageFormat,
        #[case] size: Option<(u32, u32)>,
        #[case] length: usize,
        #[case] has_size: bool,
    ) {
        let picture = picture_like(Some(wanted), size, length, 7);
        assert_eq!(picture.len(), length);
        assert_eq!(format(&picture), Some(wanted));
        assert_eq!(dimensions(&picture).size() == size, has_size, "{:?}", dimensions(&picture).size());
        assert_eq!(picture, picture_like(Some(wanted), size, length, 7));
    }

    #[test]
    fn sizes_that_no_picture_has_are_given_up() {
        for size in [Some((0, 5)), Some((100_000, 100_000)), Some((u32::MAX, 1))] {
            assert_eq!(picture_like(None, size, 5_000, 1).len(), 5_000);
        }
        assert!(picture_like(None, None, 0, 1).is_empty());
    }
}
