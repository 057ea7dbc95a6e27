//! A picture made small enough for a terminal: decoded within bounds, scaled, and turned into cells or
//! into a terminal's own graphics.
//!
//! The bytes are hostile. Dimensions are asked for first, a decoder's panic is an error like any other,
//! and what is decoded is scaled down before anyone else sees it. Nothing here does any output.

mod cells;
mod decode;
mod graphics;
mod method;

use image::RgbImage;
use image::imageops::{self, FilterType};

pub use cells::{Colours, Grid, Tone, TonedCell};
pub use decode::{DecodedPicture, MAX_PIXELS, MAX_SIDE, PictureError, Shortfall, decode};
pub use graphics::{FontSize, Graphics, GraphicsProtocol, forget};
pub use method::{PictureMethod, TerminalFacts};

/// The room for a picture, in cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PictureRoom {
    /// Columns.
    pub columns: u16,
    /// Rows.
    pub rows: u16,
}

/// A picture ready to be drawn.
#[derive(Debug, Clone)]
pub struct Picture {
    /// Pixels across, in the file.
    pub width: u32,
    /// Pixels down, in the file.
    pub height: u32,
    /// What is missing of it, when it is not whole.
    pub shortfall: Option<Shortfall>,
    /// The picture itself.
    pub shown: Shown,
}

/// How a picture is drawn.
#[derive(Debug, Clone)]
pub enum Shown {
    /// As coloured characters.
    Cells(Grid),
    /// By the terminal's own graphics.
    Graphics(Graphics),
}

impl Picture {
    /// Decodes `bytes` and makes a picture of them that fits `room`. Takes as long as decoding does: up
    /// to some seconds for the largest.
    ///
    /// # Errors
    ///
    /// [`PictureError`], with the reason in words.
    pub fn make(bytes: &[u8], room: PictureRoom, method: PictureMethod, font: FontSize) -> Result<Self, PictureError> {
        let DecodedPicture { image, shortfall } = decode(bytes)?;
        let (width, height) = image.dimensions();
        let shown = match method {
            PictureMethod::Cells(colours) => {
                // A cell is about twice as high as it is wide, so it holds two pixels.
                let (columns, rows) = fit((width, height), (u32::from(room.columns), u32::from(room.rows) * 2));
                Shown::Cells(Grid::new(&scaled(&image, columns, rows), colours))
            }
            PictureMethod::Graphics(kind) => {
                let room_pixels =
                    (u32::from(room.columns) * u32::from(font.width), u32::from(room.rows) * u32::from(font.height));
                let (across, down) = fit((width, height), room_pixels);
                Shown::Graphics(Graphics::new(&scaled(&image, across, down), kind, font)?)
            }
        };
        Ok(Self { width, height, shortfall, shown })
    }
}

/// The size in which `of` fits `room` with its proportions kept; never larger than it is.
fn fit(of: (u32, u32), room: (u32, u32)) -> (u32, u32) {
    let (width, height) = (u64::from(of.0.max(1)), u64::from(of.1.max(1)));
    let (across, down) = (u64::from(room.0.max(1)), u64::from(room.1.max(1)));
    if width <= across && height <= down {
        return (of.0.max(1), of.1.max(1));
    }
    let rounded = |a: u64, b: u64, c: u64| u32::try_from(((a * b + c / 2) / c).max(1)).unwrap_or(u32::MAX);
    if width * down >= height * across {
        (rounded(across, 1, 1), rounded(height, across, width).min(room.1.max(1)))
    } else {
        (rounded(width, down, height).min(room.0.max(1)), rounded(down, 1, 1))
    }
}

fn scaled(image: &RgbImage, width: u32, height: u32) -> RgbImage {
    if image.dimensions() == (width, height) {
        return image.clone();
    }
    // Averaging first is fast; the filter then needs only to look at a few pixels.
    let near = (width.saturating_mul(3), height.saturating_mul(3));
    if image.width() > near.0 && image.height() > near.1 {
        let smaller = imageops::thumbnail(image, near.0, near.1);
        return imageops::resize(&smaller, width, height, FilterType::CatmullRom);
    }
    imageops::resize(image, width, height, FilterType::CatmullRom)
}

#[cfg(test)]
mod tests;
