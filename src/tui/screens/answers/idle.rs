//! Which keys have nothing to do now, so that their hints would only take room.

use crate::tui::app::action::Action;
use crate::tui::app::model::Model;
use crate::tui::app::overlay::state::Overlay;
use crate::tui::screens::answers::action::AnswerAction;

/// Whether the picker chooses for what is held, not for deliveries to come.
pub(crate) fn is_deciding(model: &Model) -> bool {
    matches!(&model.overlay, Some(Overlay::Answers(window)) if window.is_deciding())
}

/// Whether a key of the picker has no use for what is held.
pub(crate) fn is_idle(model: &Model, action: Action) -> bool {
    let is_of_later = matches!(action, Action::Answer(AnswerAction::Once | AnswerAction::Clear | AnswerAction::Rules));
    is_of_later && is_deciding(model)
}

/// Whether a key of the rules does nothing: there is no deletion to undo.
pub(crate) fn is_idle_in_rules(model: &Model, action: Action) -> bool {
    action == Action::Answer(AnswerAction::UndoRule) && model.answers.deleted.is_empty()
}
