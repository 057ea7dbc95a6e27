//! Windows over the panes: their frame, their lines, a menu, a line that is typed.

use ratatui::Frame;
use ratatui::layout::{Margin, Position, Rect};
use ratatui::style::Color;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Clear};
use unicode_width::UnicodeWidthStr as _;

use crate::text::clip;
use crate::tui::app::areas::MenuArea;
use crate::tui::pane::Drawn;
use crate::tui::theme::{Face, Look};
use crate::tui::widgets::{put, scrollbar};

/// Columns of what lies below a window that are too few to be of use.
const SLIVER: u16 = 10;

/// The fewest rows in which a frame leaves more room than it takes, and in which there is room for a title.
const FRAMED: u16 = 6;
const TITLED: u16 = 4;

/// Clears and frames a window in the middle of `body`; returns its inside. Where there are few rows, what is in it has the
/// frame's, and where there are very few the title's.
pub(crate) fn window(frame: &mut Frame<'_>, body: Rect, title: &str, columns: u16, rows: usize, look: &Look) -> Rect {
    // A sliver of what lies below, beside the window, could not be read.
    let width = if body.width < columns.saturating_add(SLIVER) { body.width } else { columns };
    let height = u16::try_from(rows).unwrap_or(u16::MAX).saturating_add(2).min(body.height);
    // Without a frame, nothing would divide it from what lies below.
    let height = if body.height < FRAMED { body.height } else { height };
    let area = Rect { x: body.x + (body.width - width) / 2, y: body.y + (body.height - height) / 2, width, height };
    frame.render_widget(Clear, area);
    // The border's colour would show through.
    let title = clip(title, usize::from(width.saturating_sub(4)));
    let title = Span::styled(format!(" {title} "), look.theme.title.fg(Color::Reset));
    if look.face == Face::Lines {
        put(frame, Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area }, 0, Line::from(title));
        return area.inner(Margin { horizontal: 1, vertical: 1 });
    }
    if body.height < FRAMED {
        let title_rows = u16::from(body.height >= TITLED);
        put(frame, Rect { height: title_rows, ..area }, 0, Line::from(title));
        return Rect { y: area.y + title_rows, height: area.height - title_rows, ..area };
    }
    let block = Block::bordered().border_type(BorderType::Rounded).border_style(look.theme.rule).title(title);
    let inside = block.inner(area);
    frame.render_widget(block, area);
    inside
}

/// Draws the lines from `first` on. Where there are more, the window's frame shows which part it is.
pub(crate) fn draw_lines(
    frame: &mut Frame<'_>,
    area: Rect,
    lines: &[Line<'static>],
    first: usize,
    look: &Look,
) -> Drawn {
    let rows = usize::from(area.height);
    let first = first.min(lines.len().saturating_sub(rows));
    if area.right() < frame.area().right() {
        scrollbar(frame, Rect { x: area.right(), width: 1, ..area }, first, lines.len(), look);
    }
    for (row, line) in (0..area.height).zip(lines.iter().skip(first)) {
        put(frame, area, row, line.clone());
    }
    let menu = Some(MenuArea { rows: area, first, lines: lines.len(), cursor: None });
    Drawn { rows, lines: lines.len(), columns: area.width.into(), menu, ..Drawn::default() }
}

pub(crate) fn draw_menu(
    frame: &mut Frame<'_>,
    area: Rect,
    lines: &[Line<'static>],
    cursor: usize,
    look: &Look,
) -> Drawn {
    let rows = usize::from(area.height);
    let first = (cursor + 1).saturating_sub(rows);
    let drawn = draw_lines(frame, area, lines, first, look);
    if let Ok(row) = u16::try_from(cursor - first.min(cursor))
        && row < area.height
        && cursor < lines.len()
    {
        let row = Rect { y: area.y + row, height: 1, ..area };
        look.theme.highlight(frame.buffer_mut(), row, look.theme.selected);
    }
    Drawn { menu: drawn.menu.map(|menu| MenuArea { cursor: Some(cursor), ..menu }), ..drawn }
}

/// Text being typed, of which the part around the cursor (in characters) is shown.
pub(crate) fn typing(frame: &mut Frame<'_>, row: Rect, text: &str, cursor: usize, look: &Look) {
    let room = usize::from(row.width).saturating_sub(4);
    let first = cursor.saturating_sub(room.saturating_sub(1));
    let part: String = text.chars().skip(first).take(room).collect();
    let before: String = text.chars().skip(first).take(cursor - first).collect();
    put(frame, row, 0, Line::from(vec![Span::styled(" › ", look.theme.title), Span::raw(part)]));
    let column = u16::try_from(3 + before.width()).unwrap_or(u16::MAX).min(row.width.saturating_sub(1));
    if row.height > 0 {
        frame.set_cursor_position(Position { x: row.x + column, y: row.y });
    }
}
