//! What is handed to another program to be shown.

use bytes::Bytes;

/// Which of the person's programs shows something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LentTo {
    /// `$PAGER`: visible text, since a pager may pass control characters on.
    Pager,
    /// `$VISUAL` or `$EDITOR`: the exact bytes, which an editor shows safely. Changes are not kept.
    Editor,
}

/// Something to be shown by another program, in a file of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LentText {
    /// What it is, such as "the body".
    pub what: &'static str,
    /// The file's extension, by which the program knows how to show it.
    pub extension: &'static str,
    /// The file's content.
    pub bytes: Bytes,
    /// Who shows it.
    pub to: LentTo,
}
