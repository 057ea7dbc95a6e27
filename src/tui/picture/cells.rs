//! A picture as coloured characters: two pixels in a cell, or without colours one shade a cell.

use image::{Rgb, RgbImage};

use crate::tui::theme::background::nearest_fixed;

/// Which colours the terminal has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Colours {
    /// Sixteen million.
    True,
    /// The fixed 240 of xterm's 256.
    Indexed,
    /// None that could be relied on: brightness becomes a character.
    None,
}

/// A colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Red, green and blue.
    Rgb(u8, u8, u8),
    /// A place in xterm's palette, from 16 on.
    Indexed(u8),
}

/// One character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TonedCell {
    /// `▀`, or a shade.
    pub symbol: char,
    /// The upper pixel.
    pub upper: Option<Tone>,
    /// The lower pixel.
    pub lower: Option<Tone>,
}

/// Rows of characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grid {
    columns: u16,
    cells: Vec<TonedCell>,
}

/// From dark to bright, for a terminal without colours.
const SHADES: [char; 5] = [' ', '░', '▒', '▓', '█'];

impl Grid {
    /// Makes a grid of an image that has as many pixels across as there are columns, and twice as many
    /// down as there are rows.
    pub(super) fn new(image: &RgbImage, colours: Colours) -> Self {
        let (width, height) = image.dimensions();
        let mut cells = Vec::new();
        for top in (0..height).step_by(2) {
            for x in 0..width {
                let upper = *image.get_pixel(x, top);
                let lower = (top + 1 < height).then(|| *image.get_pixel(x, top + 1));
                cells.push(cell(upper, lower, colours));
            }
        }
        Self { columns: u16::try_from(width).unwrap_or(u16::MAX), cells }
    }

    /// Columns.
    #[must_use]
    pub fn columns(&self) -> u16 {
        self.columns
    }

    /// Rows, from the top.
    pub fn rows(&self) -> impl Iterator<Item = &[TonedCell]> {
        self.cells.chunks(usize::from(self.columns).max(1))
    }
}

fn cell(upper: Rgb<u8>, lower: Option<Rgb<u8>>, colours: Colours) -> TonedCell {
    let tone = |Rgb([red, green, blue]): Rgb<u8>| match colours {
        Colours::True => Some(Tone::Rgb(red, green, blue)),
        Colours::Indexed => Some(Tone::Indexed(nearest_fixed((red, green, blue)))),
        Colours::None => None,
    };
    match colours {
        Colours::None => {
            let bright = u32::from(luminance(upper)) + u32::from(luminance(lower.unwrap_or(upper)));
            let symbol = SHADES[(bright * 5 / 511) as usize % 5];
            TonedCell { symbol, upper: None, lower: None }
        }
        _ => TonedCell { symbol: '▀', upper: tone(upper), lower: lower.and_then(tone) },
    }
}

/// Rec. 601, in 256ths.
fn luminance(Rgb([red, green, blue]): Rgb<u8>) -> u8 {
    let sum = 77 * u32::from(red) + 150 * u32::from(green) + 29 * u32::from(blue);
    u8::try_from(sum / 256).unwrap_or(u8::MAX)
}
