//! A picture by the terminal's own graphics, where the person has asked for them.
//!
//! The encoding is ratatui-image's. Its way to find out what a terminal can do asks the terminal and
//! waits for an answer, so the protocol and the size of a cell are given to it instead.

use std::fmt;

use image::{DynamicImage, RgbImage, Rgba, RgbaImage, imageops};
use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};
use ratatui::widgets::Widget as _;
use ratatui_image::protocol::Protocol;
use ratatui_image::protocol::iterm2::Iterm2;
use ratatui_image::protocol::kitty::Kitty;
use ratatui_image::protocol::sixel::Sixel;

use super::PictureError;

/// Which graphics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GraphicsProtocol {
    /// kitty's protocol, with placeholder characters.
    Kitty,
    /// DEC's sixels.
    Sixel,
    /// iTerm2's inline images.
    Iterm2,
}

/// The size of a cell in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FontSize {
    /// Pixels across.
    pub width: u16,
    /// Pixels down.
    pub height: u16,
}

impl Default for FontSize {
    /// The default for terminals that do not report it: close to most, with a cell's usual proportions.
    fn default() -> Self {
        Self { width: 10, height: 20 }
    }
}

/// An encoded picture.
#[derive(Clone)]
pub struct Graphics {
    kind: GraphicsProtocol,
    columns: u16,
    rows: u16,
    protocol: Protocol,
}

/// kitty knows an image by a number of the program's choice; a new one takes the old one's place.
const KITTY_IMAGE: u32 = 0x0077_6879;

impl Graphics {
    /// Encodes an image that has its final size.
    pub(super) fn new(image: &RgbImage, kind: GraphicsProtocol, font: FontSize) -> Result<Self, PictureError> {
        let (width, height) = (u32::from(font.width.max(1)), u32::from(font.height.max(1)));
        let cells = |pixels: u32, cell: u32| u16::try_from(pixels.div_ceil(cell)).unwrap_or(u16::MAX);
        let (columns, rows) = (cells(image.width(), width), cells(image.height(), height));
        // Whole cells, so that no terminal stretches it.
        let mut whole = RgbaImage::from_pixel(u32::from(columns) * width, u32::from(rows) * height, Rgba([0, 0, 0, 0]));
        imageops::replace(&mut whole, &DynamicImage::from(image.clone()).into_rgba8(), 0, 0);
        let whole = DynamicImage::from(whole);
        let size = Size { width: columns, height: rows };
        let tmux = std::env::var_os("TMUX").is_some();
        let encoded = match kind {
            GraphicsProtocol::Kitty => Kitty::new(whole, size, KITTY_IMAGE, tmux, false).map(Protocol::Kitty),
            GraphicsProtocol::Sixel => Sixel::new(whole, size, tmux).map(Protocol::Sixel),
            GraphicsProtocol::Iterm2 => Iterm2::new(whole, size, tmux).map(Protocol::ITerm2),
        };
        let protocol = encoded.map_err(|error| PictureError::Undecodable(error.to_string()))?;
        Ok(Self { kind, columns, rows, protocol })
    }

    /// Which graphics these are.
    #[must_use]
    pub fn kind(&self) -> GraphicsProtocol {
        self.kind
    }

    /// Columns and rows that it takes.
    #[must_use]
    pub fn size(&self) -> (u16, u16) {
        (self.columns, self.rows)
    }

    /// Puts it into the cells from the area's upper left corner on; nothing where it does not fit.
    pub fn draw(&self, area: Rect, buffer: &mut Buffer) {
        ratatui_image::Image::new(&self.protocol).render(area, buffer);
    }
}

impl fmt::Debug for Graphics {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Graphics({:?}, {} × {})", self.kind, self.columns, self.rows)
    }
}

/// What tells the terminal to forget a picture that it keeps besides its cells.
#[must_use]
pub fn forget(kind: GraphicsProtocol) -> Option<String> {
    (kind == GraphicsProtocol::Kitty).then(|| format!("\u{1b}_Ga=d,d=I,i={KITTY_IMAGE},q=2\u{1b}\\"))
}
