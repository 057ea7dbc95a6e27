//! What a person can ask for on the Image tab.

use crate::tui::app::step::Step;

/// One thing to do with the shown image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ImageAction {
    /// Move the cursor by rows of bytes.
    Move(Step),
    /// The previous byte.
    Left,
    /// The next byte.
    Right,
    /// The next image of the payload.
    NextImage,
    /// The previous image.
    PreviousImage,
    /// The beginning of the next segment.
    NextSegment,
    /// The beginning of this segment, or of the previous one.
    PreviousSegment,
    /// Enter bytes to find.
    Search,
    /// The next match.
    NextMatch,
    /// The previous match.
    PreviousMatch,
    /// Enter an offset to go to.
    GoTo,
    /// Show the picture, or its bytes again.
    Picture,
    /// Write the image to a file.
    Save,
    /// Open the image with the system's viewer.
    OpenElsewhere,
}

impl ImageAction {
    /// Whether it moves through the bytes, so that the keys after it are about them too.
    #[must_use]
    pub(crate) fn is_of_cursor(self) -> bool {
        !matches!(self, Self::NextImage | Self::PreviousImage | Self::Picture | Self::Save | Self::OpenElsewhere)
    }

    /// What it does, in a few words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Move(Step::Up) => "move up a row",
            Self::Move(Step::Down) => "move down a row",
            Self::Move(Step::First) => "go to the first byte",
            Self::Move(Step::Last) => "go to the last byte",
            Self::Move(step) => step.words(),
            Self::Left => "go to the previous byte",
            Self::Right => "go to the next byte",
            Self::NextImage => "show the next image",
            Self::PreviousImage => "show the previous image",
            Self::NextSegment => "go to the next segment",
            Self::PreviousSegment => "go to the previous segment",
            Self::Search => "find bytes or text",
            Self::NextMatch => "go to the next match",
            Self::PreviousMatch => "go to the previous match",
            Self::GoTo => "go to an offset",
            Self::Picture => "show the picture, or its bytes",
            Self::Save => "save the image to a file",
            Self::OpenElsewhere => "open the image with the system's viewer",
        }
    }
}
