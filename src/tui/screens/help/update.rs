//! What keys mean in the help.

use crate::tui::app::action::Action;
use crate::tui::app::effect::Effect;
use crate::tui::app::model::Model;
use crate::tui::app::overlay::state::Overlay;
use crate::tui::screens::help::state::HelpView;

/// Does what a key asks for.
pub(crate) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    let viewport = model.viewport;
    let Some(Overlay::Help(view)) = &mut model.overlay else { return Vec::new() };
    match action {
        Action::Move(step) => {
            let places = viewport.overlay_lines.saturating_sub(viewport.overlay_rows) + 1;
            view.first = step.apply(view.first.min(places - 1), places, viewport.overlay_rows);
        }
        Action::SearchHelp => view.is_typing = true,
        Action::TurnHelp => {
            // The other part from its beginning, whatever was found before.
            **view = HelpView { shows_filters: !view.shows_filters, ..HelpView::default() };
        }
        Action::Accept if view.is_typing => view.is_typing = false,
        // First what is looked for is left, then the help.
        Action::Back if view.is_typing || !view.wanted().is_empty() => {
            **view = HelpView { shows_filters: view.shows_filters, ..HelpView::default() };
        }
        Action::Back | Action::Help | Action::Accept => model.overlay = None,
        Action::Suspend => return vec![Effect::Suspend],
        Action::Redraw => return vec![Effect::Redraw],
        _ => {}
    }
    Vec::new()
}
