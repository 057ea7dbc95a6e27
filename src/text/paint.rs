//! Marks of a report in colour, where the output takes any. Nothing is told by colour alone.

/// Whether marks are coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Palette {
    /// For a terminal.
    Colours,
    /// For files, pipes, and `NO_COLOR`.
    Plain,
    /// Without glyphs either, for screen readers: each stands beside a word that says the same.
    Unmarked,
}

/// What a mark says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MarkTone {
    /// As it should be.
    Good,
    /// Not as it should be.
    Bad,
    /// Worth a look.
    Caution,
    /// Of little weight.
    Quiet,
}

impl Palette {
    /// Visible text in the colour of a tone (ECMA-48, SGR), or as it is.
    #[must_use]
    pub fn paint(self, tone: MarkTone, text: &str) -> String {
        let code = match tone {
            MarkTone::Good => "32",
            MarkTone::Bad => "31;1",
            MarkTone::Caution => "33",
            MarkTone::Quiet => "2",
        };
        match self {
            Self::Colours => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
            Self::Plain | Self::Unmarked => text.to_owned(),
        }
    }

    /// Words behind a glyph of ours.
    #[must_use]
    pub fn marked(self, glyph: &'static str, words: &str) -> String {
        match self {
            Self::Unmarked => words.to_owned(),
            Self::Colours | Self::Plain => format!("{glyph} {words}"),
        }
    }
}
