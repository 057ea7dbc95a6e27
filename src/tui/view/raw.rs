//! The request as it came over the wire, chunk framing included, every byte visible.

use ratatui::text::Line;

use super::detail::{Content, Pane};
use crate::engine::Tab;

/// Said until the lines of a large text are broken.
pub(super) const BREAKING: &str = "breaking its lines …";

pub(super) fn content<'a>(pane: &Pane<'a>) -> Content<'a> {
    match pane.detail.raw_rows(Tab::Raw) {
        Some(rows) => Content::Window(rows.len(), Box::new(move |index| Line::raw(rows.row(index)))),
        None => Content::Whole(vec![Line::styled(BREAKING, pane.look.theme.dim)]),
    }
}
