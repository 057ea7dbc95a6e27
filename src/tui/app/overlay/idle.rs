//! Which keys have nothing to do now, so that their hints would only take room.

use crate::tui::app::action::Action;
use crate::tui::app::model::Model;
use crate::tui::app::overlay::state::Overlay;

/// Whether a key of a menu would only report that it does nothing now.
pub(crate) fn is_idle(model: &Model, action: Action) -> bool {
    action == Action::Accept && model.overlay.as_ref().is_some_and(Overlay::is_only_read)
}
