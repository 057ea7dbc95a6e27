//! What a person can do with a payload.

/// One thing to do on the Payload tab.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PayloadAction {
    /// Fold what is open here, or go to the parent.
    Out,
    /// Open what is folded here, or go to its first member.
    In,
    /// Fold or open what is here.
    Toggle,
    /// The next member of the same object or array.
    NextSibling,
    /// The member before.
    PreviousSibling,
    /// From an opening bracket to its closing one, and back.
    Mate,
    /// Wait for the key that says how to fold.
    FoldMenu,
    /// So many levels stay open.
    Level(u8),
    /// Fold all.
    FoldAll,
    /// Open all.
    OpenAll,
    /// Fold what is here and all its siblings.
    FoldSiblings,
    /// Open what is here and all its siblings.
    OpenSiblings,
    /// Open what is here with all that it holds.
    OpenDeep,
    /// Type what to search for.
    Search,
    /// The next match.
    NextMatch,
    /// The match before.
    PreviousMatch,
    /// To the place at which the body stops being JSON.
    Fault,
    /// Show the body as it was sent, or as a tree.
    AsSent,
    /// Break long lines, or not.
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
