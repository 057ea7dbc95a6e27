//! Which keys have nothing to do now, so that their hints would only take room.

use crate::tui::app::action::Action;
use crate::tui::app::model::Model;
use crate::tui::screens::signature::state::{Inquiry, Question, asks_why};

/// Whether a key would only report that it does nothing with the shown delivery.
pub(crate) fn is_idle(model: &Model, action: Action) -> bool {
    let Some(loaded) = model.loaded() else { return true };
    let inquiry = model.detail.as_ref().map(|detail| &detail.inquiry);
    let running = inquiry.and_then(|inquiry| inquiry.running.as_ref());
    match action {
        Action::StopLooking => running.is_none_or(|(question, _)| *question == Question::Rewritings),
        Action::Deeper => {
            let is_proved = inquiry.and_then(|inquiry| inquiry.why.as_ref()).is_some_and(|(_, why)| why.is_proved());
            running.is_some() || is_proved || !asks_why(loaded) || inquiry.and_then(Inquiry::deeper).is_none()
        }
        Action::Reveal => loaded.expected.is_empty(),
        _ => false,
    }
}
