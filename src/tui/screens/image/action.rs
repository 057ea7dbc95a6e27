//! What a person can ask for on the Image tab.

use crate::tui::app::action::Step;

/// One thing to do with the shown image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ImageAction {
    /// Move the cursor by rows of bytes.
    Move(Step),
    /// The byte before.
    Left,
    /// The next byte.
    Right,
    /// The next image of the payload.
    NextImage,
    /// The image before.
    PreviousImage,
    /// The beginning of the next segment.
    NextSegment,
    /// The beginning of this segment, or of the one before.
    PreviousSegment,
    /// Type bytes to look for.
    Search,
    /// The next match.
    NextMatch,
    /// The match before.
    PreviousMatch,
    /// Type an offset to go to.
    GoTo,
    /// Show the picture, or its bytes again.
    Picture,
    /// Write the image to a file.
    Save,
    /// Open the image with the system's viewer.
    OpenElsewhere,
}

impl ImageAction {
    /// What it does, in a few words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Move(Step::Up) => "a row up",
            Self::Move(Step::Down) => "a row down",
            Self::Move(Step::First) => "to the first byte",
            Self::Move(Step::Last) => "to the last byte",
            Self::Move(step) => crate::tui::app::action::Action::Move(step).words(),
            Self::Left => "the byte before",
            Self::Right => "the next byte",
            Self::NextImage => "next image of the payload",
            Self::PreviousImage => "previous image",
            Self::NextSegment => "next segment",
            Self::PreviousSegment => "previous segment",
            Self::Search => "look for bytes or text",
            Self::NextMatch => "next match",
            Self::PreviousMatch => "previous match",
            Self::GoTo => "go to an offset",
            Self::Picture => "show the picture, or its bytes",
            Self::Save => "save the image to a file",
            Self::OpenElsewhere => "open the image with the system's viewer",
        }
    }
}
