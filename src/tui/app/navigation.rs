//! Where a person is: the tab, what lies over the panes, and how far they are scrolled.

use super::effect::Effect;
use super::model::{Focus, Model};
use super::overlay::state::Overlay;
use super::step::Step;
use crate::tui::app::action::Tab;
use crate::tui::screens::payload;

/// Opens something over the panes.
pub(crate) fn open(model: &mut Model, overlay: Overlay) -> Vec<Effect> {
    model.overlay = Some(overlay);
    Vec::new()
}

/// Shows a tab. Where there is room for the list alone, the details take its place.
pub(crate) fn show_tab(model: &mut Model, tab: Tab) -> Vec<Effect> {
    model.tab = tab;
    if model.hides_details() && model.detail.is_some() {
        model.focus = Focus::Detail;
    }
    Vec::new()
}

/// Scrolls the shown tab.
pub(crate) fn scroll(model: &mut Model, step: Step) -> Vec<Effect> {
    let selected = model.list.selected().filter(|_| step == Step::Last);
    model.to_end = selected.map(|id| (id, model.tab));
    scroll_within(model, step);
    Vec::new()
}

/// Goes to the end that was asked for before all of it was there: while the delivery was read or its lines were broken, or
/// since the last frame.
pub(crate) fn go_to_end(model: &mut Model) {
    let Some((id, tab)) = model.to_end.take() else { return };
    if model.list.selected() != Some(id) || model.tab != tab {
        return;
    }
    if model.is_preparing() {
        model.to_end = Some((id, tab));
        return;
    }
    scroll_within(model, Step::Last);
}

fn scroll_within(model: &mut Model, step: Step) {
    let viewport = model.viewport;
    let tab = model.tab.index();
    if let Some(detail) = &mut model.detail {
        // The positions of the first row: the last one leaves the screen just full.
        let places = viewport.detail_lines.saturating_sub(viewport.detail_rows) + 1;
        let place = detail.scroll[tab].min(places - 1);
        detail.scroll[tab] = step.apply(place, places, viewport.detail_rows);
    }
    payload::update::scrolled(model);
}
