//! How pictures are drawn: what a person asks for, and what the terminal's variables say of it.

use super::{Colours, GraphicsProtocol};
use crate::config::PictureMode;
use crate::tui::theme::background::ColourDepth;

/// What the environment says about the terminal.
#[derive(Debug, Clone, Default)]
pub struct TerminalFacts {
    /// `TERM`.
    pub term: String,
    /// `TERM_PROGRAM`.
    pub program: String,
    /// `COLORTERM`.
    pub colorterm: String,
    /// `COLORFGBG`.
    pub colorfgbg: String,
    /// Whether `KITTY_WINDOW_ID` is set.
    pub kitty: bool,
    /// Whether the terminal is another machine's.
    pub ssh: bool,
    /// Whether tmux or screen lies between.
    pub multiplexer: bool,
    /// Whether colours are not wanted (`NO_COLOR`).
    pub no_colour: bool,
}

impl TerminalFacts {
    /// What this process's variables say.
    #[must_use]
    pub fn of_process() -> Self {
        let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let variable = |name: &str| std::env::var(name).unwrap_or_default();
        Self {
            term: variable("TERM"),
            program: variable("TERM_PROGRAM"),
            colorterm: variable("COLORTERM"),
            colorfgbg: variable("COLORFGBG"),
            kitty: is_set("KITTY_WINDOW_ID"),
            ssh: is_set("SSH_CONNECTION") || is_set("SSH_TTY"),
            multiplexer: is_set("TMUX") || is_set("STY"),
            no_colour: is_set("NO_COLOR"),
        }
    }

    /// How many colours there are.
    #[must_use]
    pub fn depth(&self) -> ColourDepth {
        if self.no_colour { ColourDepth::None } else { ColourDepth::of(&self.term, &self.colorterm) }
    }

    /// Which colours half-blocks may use: 16 of a person's own choice show no picture.
    #[must_use]
    pub fn colours(&self) -> Colours {
        match self.depth() {
            ColourDepth::True => Colours::True,
            ColourDepth::Indexed => Colours::Indexed,
            ColourDepth::Ansi | ColourDepth::None => Colours::None,
        }
    }
}

/// How pictures are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PictureMethod {
    /// As characters.
    Cells(Colours),
    /// By the terminal's own graphics.
    Graphics(GraphicsProtocol),
}

impl PictureMethod {
    /// The method for what was asked and what is known.
    #[must_use]
    pub fn choose(mode: PictureMode, around: &TerminalFacts) -> Self {
        match mode {
            PictureMode::Halfblocks => Self::Cells(around.colours()),
            PictureMode::Kitty => Self::Graphics(GraphicsProtocol::Kitty),
            PictureMode::Sixel => Self::Graphics(GraphicsProtocol::Sixel),
            PictureMode::Iterm2 => Self::Graphics(GraphicsProtocol::Iterm2),
            // A multiplexer keeps the variables of the terminal in which it was started.
            PictureMode::Auto if around.ssh || around.multiplexer => Self::Cells(around.colours()),
            PictureMode::Auto => match (around.program.as_str(), around.term.as_str()) {
                // WezTerm and iTerm2 have iTerm2's protocol; WezTerm has no placeholders of kitty's.
                ("iTerm.app" | "WezTerm", _) => Self::Graphics(GraphicsProtocol::Iterm2),
                ("ghostty", _) | (_, "xterm-kitty" | "xterm-ghostty") => Self::Graphics(GraphicsProtocol::Kitty),
                _ if around.kitty => Self::Graphics(GraphicsProtocol::Kitty),
                (_, "foot" | "foot-extra" | "mlterm" | "yaft-256color") => Self::Graphics(GraphicsProtocol::Sixel),
                _ => Self::Cells(around.colours()),
            },
        }
    }
}
