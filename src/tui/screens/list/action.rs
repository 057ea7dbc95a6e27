//! What a person can ask for of deliveries in the list.

/// One thing to do with the selected deliveries, or the one under the cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ListAction {
    /// Pin, or take the pin away.
    Pin,
    /// Write a note.
    Note,
    /// Add or remove tags.
    Tag,
    /// Delete.
    Delete,
    /// Bring back what was deleted last.
    Undo,
    /// Select it, or no longer.
    Select,
    /// Select all that are loaded, or none.
    SelectAll,
    /// Choose the columns.
    Columns,
    /// Choose the order.
    Sort,
    /// Export to a file.
    Export,
}

impl ListAction {
    /// Every action.
    pub const ALL: [Self; 10] = [
        Self::Pin,
        Self::Note,
        Self::Tag,
        Self::Delete,
        Self::Undo,
        Self::Select,
        Self::SelectAll,
        Self::Columns,
        Self::Sort,
        Self::Export,
    ];

    /// What it does, in a few words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Pin => "pin it, or unpin it",
            Self::Note => "write a note on it",
            Self::Tag => "tag it",
            Self::Delete => "delete it",
            Self::Undo => "undo the last deletion",
            Self::Select => "select it for what comes next",
            Self::SelectAll => "select all shown, or none",
            Self::Columns => "choose the list's columns",
            Self::Sort => "sort the list …",
            Self::Export => "export it to a file …",
        }
    }

    /// What people call it elsewhere.
    #[must_use]
    pub fn synonyms(self) -> &'static str {
        match self {
            Self::Pin => "star favourite bookmark keep unpin",
            Self::Note => "comment annotate remark",
            Self::Tag => "label untag",
            Self::Delete => "remove trash erase",
            Self::Undo => "restore undelete bring back",
            Self::Select => "choose several multiple",
            Self::SelectAll => "choose several multiple everything clear",
            Self::Export => "har archive curl json backup download save",
            Self::Sort => "order arrange size latency slowest largest oldest cause status path reverse",
            Self::Columns => "fields table layout cause path id",
        }
    }
}
