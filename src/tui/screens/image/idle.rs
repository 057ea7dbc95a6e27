//! Which keys have nothing to do now, so that their hints would only take room.

use crate::tui::app::action::Action;
use crate::tui::app::model::Model;

/// Whether a key would only report that it does nothing with what is shown.
pub(crate) fn is_idle(model: &Model, action: Action) -> bool {
    matches!(action, Action::Image(_)) && model.shown_image().is_none_or(|(image, _)| image.bytes().is_empty())
}
