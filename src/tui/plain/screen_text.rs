//! What the interface would draw, as lines of text: it is drawn into memory and read off as it is. What only draws is not
//! drawn in the first place (`Face::Lines`): in a finished screen nobody could tell it from what was sent.

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr as _;

use crate::tui::app::model::Model;
use crate::tui::app::overlay;
use crate::tui::app::overlay::state::Overlay;
use crate::tui::app::viewport::Viewport;
use crate::tui::pane::Drawn;
use crate::tui::screens::details;
use crate::tui::theme::Look;

/// Columns that are drawn: a terminal wraps what is longer than its own lines.
const COLUMNS: u16 = 120;
/// Rows that are drawn at once; what follows is printed on demand.
pub(super) const ROWS: u16 = 200;
/// Rows of an overlay.
const OVERLAY_ROWS: u16 = 400;
/// Rows above a tab's text: the tabs' titles and a line.
const TITLE_ROWS: usize = 2;

/// What scrolling knows in the plain face, which draws no panes.
pub(super) fn viewport() -> Viewport {
    Viewport {
        list_rows: 20,
        detail_rows: ROWS.into(),
        detail_columns: usize::from(COLUMNS) - 2,
        overlay_rows: OVERLAY_ROWS.into(),
        ..Viewport::default()
    }
}

/// The shown tab from the row on to which it is scrolled, and how many rows there are in all.
pub(super) fn of_tab(model: &Model, look: &Look) -> (Vec<String>, usize) {
    let mut drawn = Drawn::default();
    let height = ROWS + u16::try_from(TITLE_ROWS).unwrap_or(0);
    let buffer = draw(height, |frame| drawn = details::view::draw(frame, frame.area(), model, look));
    // The last column holds the scroll bar.
    (read(&buffer, TITLE_ROWS, COLUMNS - 1), drawn.lines)
}

/// What lies over the panes.
pub(super) fn of_overlay(model: &Model, overlay: &Overlay, look: &Look) -> Vec<String> {
    let buffer = draw(OVERLAY_ROWS, |frame| {
        overlay::view::draw(frame, frame.area(), overlay, model, look);
    });
    unindented(read(&buffer, 0, COLUMNS))
}

/// The lines without the indentation that all of them have.
fn unindented(lines: Vec<String>) -> Vec<String> {
    let indent = |line: &String| line.len() - line.trim_start().len();
    let common = lines.iter().filter(|line| !line.is_empty()).map(indent).min().unwrap_or(0);
    lines.into_iter().map(|line| line.get(common..).unwrap_or_default().to_owned()).collect()
}

fn draw(rows: u16, draw: impl FnOnce(&mut ratatui::Frame<'_>)) -> Buffer {
    // Nothing can fail in memory.
    let Ok(mut terminal) = Terminal::new(TestBackend::new(COLUMNS, rows));
    let Ok(_) = terminal.draw(draw);
    terminal.backend().buffer().clone()
}

/// The rows from `first` on; of several empty ones in a row, one.
fn read(buffer: &Buffer, first: usize, columns: u16) -> Vec<String> {
    let area = buffer.area;
    let mut lines: Vec<String> = Vec::new();
    for y in (area.y..area.bottom()).skip(first) {
        let line = row(buffer, Rect { y, height: 1, width: columns, ..area });
        let is_second = line.is_empty() && lines.last().is_none_or(String::is_empty);
        if !is_second {
            lines.push(line);
        }
    }
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}

fn row(buffer: &Buffer, area: Rect) -> String {
    let mut text = String::new();
    let mut x = area.x;
    while x < area.right() {
        let symbol = buffer[(x, area.y)].symbol();
        text.push_str(symbol);
        x += u16::try_from(symbol.width().max(1)).unwrap_or(1);
    }
    // One column is the frame's or the pane's.
    text.strip_prefix(' ').unwrap_or(&text).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_all_lines_are_indented_by_is_left_out() {
        let lines = ["  a", "", "    b"].map(str::to_owned).to_vec();
        assert_eq!(unindented(lines), ["a", "", "  b"]);
    }

    #[test]
    fn wide_characters_take_no_room_of_their_own() {
        let buffer = Buffer::with_lines(["日本 ok", "", "", "b"]);
        assert_eq!(read(&buffer, 0, 7), ["日本 ok", "", "b"]);
        let sent = " │ {\"é\": \"a😀b ✓ → ● ☃ 👍🏽\"} ┃";
        let buffer = Buffer::with_lines([sent]);
        assert_eq!(read(&buffer, 0, buffer.area.width), [sent.trim_start()]);
    }
}
