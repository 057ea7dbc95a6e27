//! A picture as coloured characters: two pixels in a cell, or without colours one shade a cell.

use image::{Rgb, RgbImage};

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
        Colours::Indexed => Some(Tone::Indexed(nearest(red, green, blue))),
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

/// The levels of xterm's cube of 6 × 6 × 6 colours.
const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// The nearest of xterm's colours 16 to 255: the cube, or one of 24 greys.
fn nearest(red: u8, green: u8, blue: u8) -> u8 {
    let level = |value: u8| (0_u8..6).min_by_key(|at| LEVELS[usize::from(*at)].abs_diff(value)).unwrap_or(0);
    let [r, g, b] = [red, green, blue].map(level);
    let of_cube = [r, g, b].map(|at| LEVELS[usize::from(at)]);
    let mean = (u16::from(red) + u16::from(green) + u16::from(blue)) / 3;
    let grey = u8::try_from((mean.saturating_sub(3) / 10).min(23)).unwrap_or(23);
    let distance = |[x, y, z]: [u8; 3]| {
        [x.abs_diff(red), y.abs_diff(green), z.abs_diff(blue)].iter().map(|&d| u32::from(d).pow(2)).sum::<u32>()
    };
    if distance([8 + 10 * grey; 3]) < distance(of_cube) { 232 + grey } else { 16 + 36 * r + 6 * g + b }
}
