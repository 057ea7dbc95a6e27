//! The message for the person: lines of its own above the hints, for as long as it takes to read.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Clear;
use unicode_width::UnicodeWidthStr as _;

use super::Look;
use crate::text;
use crate::text::wrap;
use crate::tui::app::action::Action;
use crate::tui::app::model::Model;
use crate::tui::app::notices::Notice;
use crate::tui::pane::Drawn;
use crate::tui::widgets::put;
use crate::tui::window::{draw_lines, window};

/// Rows of a message. What is longer can be read in the log.
const ROWS: usize = 4;
/// Rows that are left to the panes.
const LEFT: u16 = 4;
/// Columns of the log.
const LOG_COLUMNS: u16 = 110;

/// The lines of the message that is shown.
pub(super) fn lines(model: &Model, body: Rect) -> Vec<String> {
    let Some(notice) = &model.notice else { return Vec::new() };
    let columns = usize::from(body.width).saturating_sub(4);
    let mut lines = wrap(&words(notice), columns);
    let most = ROWS.min(usize::from(body.height.saturating_sub(LEFT)));
    if lines.len() > most {
        lines.truncate(most);
        if let Some(last) = lines.last_mut() {
            let key = model.keymap.press(Action::Messages);
            let more = format!(" … {key} shows all");
            *last = format!("{}{more}", text::clip(last, columns.saturating_sub(more.width())));
        }
    }
    lines
}

/// Draws them at the bottom of `body`.
pub(super) fn draw(frame: &mut Frame<'_>, body: Rect, lines: &[String], model: &Model, look: &Look) {
    let rows = u16::try_from(lines.len()).unwrap_or(u16::MAX).min(body.height);
    let area = Rect { y: body.bottom() - rows, height: rows, ..body };
    frame.render_widget(Clear, area);
    frame.buffer_mut().set_style(area, look.theme.bar);
    let is_error = model.notice.as_ref().is_some_and(|notice| notice.is_error);
    let (glyph, style) = mark(is_error, look);
    for (row, line) in (0..).zip(lines) {
        let glyph = if row == 0 { glyph } else { " " };
        put(frame, area, row, Line::styled(format!(" {glyph} {line}"), style));
    }
}

/// Every message of this run, the latest first.
pub(crate) fn draw_log(frame: &mut Frame<'_>, body: Rect, first: usize, model: &Model, look: &Look) -> Drawn {
    let columns = usize::from(body.width.min(LOG_COLUMNS)).saturating_sub(14);
    let mut lines: Vec<Line<'static>> = Vec::new();
    for notice in model.notices.iter().rev() {
        let (glyph, style) = mark(notice.is_error, look);
        for (row, part) in wrap(&words(notice), columns).into_iter().enumerate() {
            let (time, glyph) = match row {
                0 => (crate::tui::widgets::clock(notice.at, look), glyph),
                _ => (String::new(), " "),
            };
            lines.push(Line::from(vec![
                Span::styled(format!(" {time:8} "), look.theme.dim),
                Span::styled(format!("{glyph} {part}"), style),
            ]));
        }
    }
    if lines.is_empty() {
        lines.push(Line::styled(" no messages yet", look.theme.dim));
    }
    let area = window(frame, body, "Messages", LOG_COLUMNS, lines.len(), look);
    draw_lines(frame, area, &lines, first, look)
}

fn words(notice: &Notice) -> String {
    let shown = text::visible(&notice.text);
    if notice.times > 1 { format!("{shown} ({} times)", notice.times) } else { shown.into_owned() }
}

fn mark(is_error: bool, look: &Look) -> (&'static str, ratatui::style::Style) {
    if is_error { ("!", look.theme.warn) } else { ("·", look.theme.text) }
}
