//! Which keys have nothing to do now, so that their hints would only take room.

use crate::tui::app::action::Action;
use crate::tui::app::model::Model;
use crate::tui::screens::send::action::SendAction;
use crate::tui::screens::send::forms::Purpose;
use crate::tui::screens::send::state::SendScreen;

/// Whether a key of a result does nothing with what is shown.
pub(crate) fn is_idle_in_result(model: &Model, action: Action) -> bool {
    let sending = &model.sending;
    match (sending.screens.last(), action) {
        (Some(SendScreen::Progress(_)), Action::Send(SendAction::Cancel)) => !sending.is_busy(),
        (Some(SendScreen::Check(check)), Action::Send(SendAction::Cancel)) => check.report.is_some(),
        (_, Action::Send(SendAction::Cancel)) => true,
        (Some(SendScreen::Check(check)), Action::Send(SendAction::Copy)) => !matches!(check.report, Some(Ok(_))),
        (screen, Action::Send(SendAction::Copy)) => !matches!(screen, Some(SendScreen::Comparison(..))),
        (screen, Action::Accept) => !matches!(screen, Some(SendScreen::Attempts(..) | SendScreen::Check(_))),
        _ => false,
    }
}

/// Whether a key of the form does nothing for what it describes: only a simulation can be saved.
pub(crate) fn is_idle(model: &Model, action: Action) -> bool {
    let simulates =
        matches!(model.sending.screens.last(), Some(SendScreen::Form(form)) if form.purpose == Purpose::Simulate);
    action == Action::Send(SendAction::Save) && !simulates
}
