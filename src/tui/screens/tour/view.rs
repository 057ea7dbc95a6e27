//! The strip of the tour: its heading, and a few lines.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Clear;
use unicode_width::UnicodeWidthStr as _;

use super::state::TourStep;
use super::update::words;
use crate::text::wrap;
use crate::tui::app::action::Action;
use crate::tui::app::model::Model;
use crate::tui::theme::Look;
use crate::tui::widgets::put;

/// Rows of the panes that are left at least.
const LEFT: u16 = 6;
/// A line is not read comfortably beyond this many columns.
const COLUMNS: usize = 110;

/// The lines of the tour below its heading; none without a tour, and where there is no room.
pub(crate) fn lines(model: &Model, body: Rect) -> Vec<String> {
    let Some(tour) = &model.tour else { return Vec::new() };
    let lines = wrap(&words(*tour, model), usize::from(body.width).saturating_sub(3).min(COLUMNS));
    let room = usize::from(body.height.saturating_sub(LEFT + 1));
    if lines.len() > room { Vec::new() } else { lines }
}

/// The rows that these lines take, with their heading.
pub(crate) fn rows(lines: &[String]) -> u16 {
    if lines.is_empty() { 0 } else { u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(1) }
}

/// Draws them in `area`, which has [`rows`] rows.
pub(crate) fn draw(frame: &mut Frame<'_>, area: Rect, lines: &[String], model: &Model, look: &Look) {
    let Some(tour) = model.tour.filter(|_| !lines.is_empty()) else { return };
    frame.render_widget(Clear, area);
    frame.buffer_mut().set_style(area, look.theme.bar);
    let heading = format!(" Tour {} of {}  {} ", tour.step.number(), TourStep::ALL.len(), tour.step.title());
    // What lies over the panes is closed first.
    let leave = match &model.overlay {
        None => format!(" {} leaves the tour ", model.keymap.press(Action::Back)),
        Some(_) => " ".to_owned(),
    };
    let gap = usize::from(area.width).saturating_sub(heading.width() + leave.width());
    let spans = [
        Span::styled(heading, look.theme.title),
        Span::styled("─".repeat(gap), look.theme.rule),
        Span::styled(leave, look.theme.dim),
    ];
    put(frame, area, 0, Line::from_iter(spans));
    for (row, line) in (1..).zip(lines) {
        put(frame, area, row, Line::styled(format!(" {line}"), look.theme.text));
    }
}
