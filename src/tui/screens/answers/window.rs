//! The windows about answers, which lie over the panes.

use crate::delivery::DeliveryId;
use crate::tui::screens::answers::editor::Editor;
use crate::tui::screens::answers::rules::RulesView;

/// A window about answers.
#[derive(Debug)]
pub enum AnswerOverlay {
    /// What is answered from now on, or to what is held.
    Picker(Picker),
    /// An answer of one's own.
    Editor(Box<Editor>),
    /// The rules.
    Rules(RulesView),
}

/// The picker's state.
#[derive(Debug, Default)]
pub struct Picker {
    /// The chosen row.
    pub cursor: usize,
    /// The first line shown of what would be sent.
    pub preview: usize,
    /// The held deliveries that it decides about; empty when it is about deliveries to come.
    pub deciding: Vec<DeliveryId>,
}

impl AnswerOverlay {
    /// Whether it is the picker, and that for what is held.
    #[must_use]
    pub fn is_deciding(&self) -> bool {
        matches!(self, Self::Picker(picker) if !picker.deciding.is_empty())
    }

    /// Whether letters are text.
    #[must_use]
    pub fn is_typing(&self) -> bool {
        match self {
            Self::Picker(_) => false,
            Self::Editor(_) => true,
            Self::Rules(rules) => rules.line.is_some(),
        }
    }
}
