//! What a person can do with a payload.

/// One thing to do on the Payload tab.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PayloadAction {
    /// Fold what is open here, or go to the parent.
    Out,
    /// Unfold what is folded here, or go to its first child.
    In,
    /// Fold or unfold the row.
    Toggle,
    /// The next sibling in the same object or array.
    NextSibling,
    /// The previous sibling.
    PreviousSibling,
    /// From an opening bracket to its closing one, and back.
    Mate,
    /// Wait for the key that says how to fold.
    FoldMenu,
    /// Fold everything below this level.
    Level(u8),
    /// Fold all.
    FoldAll,
    /// Unfold all.
    OpenAll,
    /// Fold the row and its siblings.
    FoldSiblings,
    /// Unfold the row and its siblings.
    OpenSiblings,
    /// Unfold the row and all below it.
    OpenDeep,
    /// Type what to search for.
    Search,
    /// The next match.
    NextMatch,
    /// The previous match.
    PreviousMatch,
    /// Go to where the JSON becomes invalid.
    Fault,
    /// Show the body as it was sent, or as a tree.
    AsSent,
    /// Wrap long lines, or not.
    Wrap,
    /// A part of the width to the left.
    Left,
    /// A part of the width to the right.
    Right,
    /// Open the string here in a view of its own, or the picture on the Image tab.
    Open,
    /// Type a jq query.
    Query,
}

impl PayloadAction {
    /// What it does, in a few words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Out => "fold, or go to the parent",
            Self::In => "unfold, or go to the first child",
            Self::Toggle => "fold or unfold",
            Self::NextSibling => "go to the next sibling",
            Self::PreviousSibling => "go to the previous sibling",
            Self::Mate => "go to the matching bracket",
            Self::FoldMenu => "fold …",
            Self::Level(1) => "fold below level 1",
            Self::Level(2) => "fold below level 2",
            Self::Level(3) => "fold below level 3",
            Self::Level(4) => "fold below level 4",
            Self::Level(5) => "fold below level 5",
            Self::Level(6) => "fold below level 6",
            Self::Level(7) => "fold below level 7",
            Self::Level(8) => "fold below level 8",
            Self::Level(_) => "fold below level 9",
            Self::FoldAll => "fold everything",
            Self::OpenAll => "unfold everything",
            Self::FoldSiblings => "fold it and its siblings",
            Self::OpenSiblings => "unfold it and its siblings",
            Self::OpenDeep => "unfold it and all below",
            Self::Search => "search the payload",
            Self::NextMatch => "go to the next match",
            Self::PreviousMatch => "go to the previous match",
            Self::Fault => "go to where the JSON becomes invalid",
            Self::AsSent => "show as sent, or as a tree",
            Self::Wrap => "switch line wrapping on or off",
            Self::Left => "scroll left",
            Self::Right => "scroll right",
            Self::Open => "open the string or picture",
            Self::Query => "query with jq",
        }
    }
}
