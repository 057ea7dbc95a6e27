//! The screens over the panes that have to do with sending.

mod panel;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::overlay::window;
use super::widgets::put;
use super::{Drawn, Look};
use crate::engine::{Model, Screen};

/// The widest that a screen gets: longer lines are hard to read.
const WIDEST: u16 = 132;

/// Draws the topmost screen.
pub(super) fn draw(frame: &mut Frame<'_>, body: Rect, model: &Model, look: &Look) -> Drawn {
    let sending = &model.sending;
    match (sending.screens.last(), &sending.last) {
        (Some(Screen::Panel), Some(shown)) => {
            let rows = panel::Rows::of(shown, usize::from(body.width.min(WIDEST)).saturating_sub(4), look);
            let title = if shown.attempt.is_delivered() { "Delivered" } else { "Failed" };
            draw_rows(frame, body, title, rows.len(), shown.scroll, |row| rows.line(row), look)
        }
        _ => Drawn::default(),
    }
}

/// Draws the rows that are in view in a window.
fn draw_rows<'a>(
    frame: &mut Frame<'_>,
    body: Rect,
    title: &str,
    count: usize,
    first: usize,
    line: impl Fn(usize) -> Line<'a>,
    look: &Look,
) -> Drawn {
    let area = window(frame, body, title, WIDEST, count, look);
    let inside = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    let rows = usize::from(inside.height);
    let first = first.min(count.saturating_sub(rows));
    for (row, index) in (0..inside.height).zip(first..count) {
        put(frame, inside, row, line(index));
    }
    Drawn { rows, lines: count, columns: inside.width.into(), ..Drawn::default() }
}
