//! What a person asks for, and what the terminal's variables say of it. The terminal itself is never
//! asked: one that does not answer would hold up the start, and its answer would look like keys.

use std::str::FromStr;

use super::{Colours, Kind};
use crate::text;

/// How pictures shall be drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Mode {
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
#[error("'{}' is no way to draw pictures: expected halfblocks, kitty, sixel, iterm2 or auto", text::visible(.0))]
pub struct UnknownMode(pub String);

impl Mode {
    /// Every mode's name, the default first.
    pub const NAMES: [&'static str; 5] = ["halfblocks", "kitty", "sixel", "iterm2", "auto"];
}

impl FromStr for Mode {
    type Err = UnknownMode;

    fn from_str(text: &str) -> Result<Self, UnknownMode> {
        match text {
            "halfblocks" => Ok(Self::Halfblocks),
            "kitty" => Ok(Self::Kitty),
            "sixel" => Ok(Self::Sixel),
            "iterm2" => Ok(Self::Iterm2),
            "auto" => Ok(Self::Auto),
            _ => Err(UnknownMode(text.to_owned())),
        }
    }
}

/// What the environment says of the terminal.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// `TERM`.
    pub term: String,
    /// `TERM_PROGRAM`.
    pub program: String,
    /// `COLORTERM`.
    pub colorterm: String,
    /// Whether `KITTY_WINDOW_ID` is set.
    pub kitty: bool,
    /// Whether the terminal is another machine's.
    pub ssh: bool,
    /// Whether tmux or screen lies between.
    pub multiplexer: bool,
    /// Whether colours are not wanted (`NO_COLOR`).
    pub no_colour: bool,
}

impl Surroundings {
    /// What this process's variables say.
    #[must_use]
    pub fn of_process() -> Self {
        let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let variable = |name: &str| std::env::var(name).unwrap_or_default();
        Self {
            term: variable("TERM"),
            program: variable("TERM_PROGRAM"),
            colorterm: variable("COLORTERM"),
            kitty: is_set("KITTY_WINDOW_ID"),
            ssh: is_set("SSH_CONNECTION") || is_set("SSH_TTY"),
            multiplexer: is_set("TMUX") || is_set("STY"),
            no_colour: is_set("NO_COLOR"),
        }
    }

    /// Which colours half-blocks may use.
    #[must_use]
    pub fn colours(&self) -> Colours {
        if self.no_colour {
            Colours::None
        } else if matches!(self.colorterm.as_str(), "truecolor" | "24bit") {
            Colours::True
        } else if self.term.contains("256color") || self.term.contains("kitty") || !self.colorterm.is_empty() {
            Colours::Indexed
        } else {
            Colours::None
        }
    }
}

/// How pictures are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// As characters.
    Cells(Colours),
    /// By the terminal's own graphics.
    Graphics(Kind),
}

impl Method {
    /// The method for what was asked and what is known.
    #[must_use]
    pub fn choose(mode: Mode, around: &Surroundings) -> Self {
        match mode {
            Mode::Halfblocks => Self::Cells(around.colours()),
            Mode::Kitty => Self::Graphics(Kind::Kitty),
            Mode::Sixel => Self::Graphics(Kind::Sixel),
            Mode::Iterm2 => Self::Graphics(Kind::Iterm2),
            // A multiplexer keeps the variables of the terminal in which it was started.
            Mode::Auto if around.ssh || around.multiplexer => Self::Cells(around.colours()),
            Mode::Auto => match (around.program.as_str(), around.term.as_str()) {
                // WezTerm and iTerm2 have iTerm2's protocol; WezTerm has no placeholders of kitty's.
                ("iTerm.app" | "WezTerm", _) => Self::Graphics(Kind::Iterm2),
                ("ghostty", _) | (_, "xterm-kitty" | "xterm-ghostty") => Self::Graphics(Kind::Kitty),
                _ if around.kitty => Self::Graphics(Kind::Kitty),
                (_, "foot" | "foot-extra" | "mlterm" | "yaft-256color") => Self::Graphics(Kind::Sixel),
                _ => Self::Cells(around.colours()),
            },
        }
    }
}
