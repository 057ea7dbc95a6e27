//! How a person wants pictures drawn.

use std::str::FromStr;

use crate::text;

/// How pictures shall be drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum PictureMode {
    /// Coloured half-blocks, which every terminal can show.
    #[default]
    Halfblocks,
    /// kitty's graphics.
    Kitty,
    /// Sixels.
    Sixel,
    /// iTerm2's inline images.
    Iterm2,
    /// What the terminal's environment variables promise; half-blocks over SSH.
    Auto,
}

/// The text names no way to draw pictures.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid picture mode '{}': expected halfblocks, kitty, sixel, iterm2 or auto", text::visible(.0))]
pub struct UnknownPictureMode(pub String);

impl PictureMode {
    /// Every mode's name, the default first.
    pub const NAMES: [&'static str; 5] = ["halfblocks", "kitty", "sixel", "iterm2", "auto"];
}

impl FromStr for PictureMode {
    type Err = UnknownPictureMode;

    fn from_str(text: &str) -> Result<Self, UnknownPictureMode> {
        match text {
            "halfblocks" => Ok(Self::Halfblocks),
            "kitty" => Ok(Self::Kitty),
            "sixel" => Ok(Self::Sixel),
            "iterm2" => Ok(Self::Iterm2),
            "auto" => Ok(Self::Auto),
            _ => Err(UnknownPictureMode(text.to_owned())),
        }
    }
}
