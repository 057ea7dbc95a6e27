//! The request as it came over the wire, chunk framing included, every byte visible.

use ratatui::text::Line;

use crate::tui::app::action::Tab;
use crate::tui::pane::{Pane, TabContent};

/// Said until the lines of a large text are broken.
pub(crate) const BREAKING: &str = "breaking its lines …";

pub(crate) fn content<'a>(pane: &Pane<'a>) -> TabContent<'a> {
    match pane.detail.raw_rows(Tab::Raw) {
        Some(rows) => TabContent::Window(rows.len(), Box::new(move |index| Line::raw(rows.row(index)))),
        None => TabContent::Whole(vec![Line::styled(BREAKING, pane.look.theme.dim)]),
    }
}
