//! Which keys have nothing to do now, so that their hints would only take room.

use crate::payload::body::Kind;
use crate::tui::app::action::Action;
use crate::tui::app::model::Model;
use crate::tui::screens::details::state::LoadedDelivery;
use crate::tui::screens::payload::action::PayloadAction;

/// Whether a key would only report that it does nothing with what is shown.
pub(crate) fn is_idle(model: &Model, action: Action) -> bool {
    let body = model.loaded().map(LoadedDelivery::body);
    match action {
        Action::Payload(PayloadAction::Toggle | PayloadAction::FoldMenu | PayloadAction::Open) => !model.shows_tree(),
        Action::Payload(PayloadAction::Query | PayloadAction::AsSent) => body.is_none_or(|body| body.rows().is_none()),
        Action::Payload(_) => body.is_none_or(|body| body.kind == Kind::Empty),
        _ => false,
    }
}
