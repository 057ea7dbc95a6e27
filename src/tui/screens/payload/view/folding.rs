//! What the key after `z` does, from its table.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr as _;

use crate::tui::app::action::Action;
use crate::tui::pane::Drawn;
use crate::tui::screens::payload::action::PayloadAction;
use crate::tui::screens::payload::keys::FOLDING;
use crate::tui::theme::Look;
use crate::tui::widgets::put;
use crate::tui::window::window;

/// Columns of the keys.
const KEY_COLUMNS: usize = 9;

/// Draws a small window in the lower right corner of `body`.
pub(crate) fn draw(frame: &mut Frame<'_>, body: Rect, look: &Look) -> Drawn {
    let rows = rows();
    let width = rows.iter().map(|(_, words)| KEY_COLUMNS + words.width() + 3).max().unwrap_or(0);
    let width = u16::try_from(width).unwrap_or(u16::MAX).saturating_add(2).min(body.width);
    let height = u16::try_from(rows.len()).unwrap_or(u16::MAX).saturating_add(2).min(body.height);
    let corner = Rect { x: body.right() - width, y: body.bottom() - height, width, height };
    let area = window(frame, corner, "Fold", width, rows.len(), look);
    for (row, (keys, words)) in (0..area.height).zip(rows) {
        let spans = vec![
            Span::styled(format!(" {keys:<KEY_COLUMNS$}"), look.theme.title),
            Span::styled(format!(" {words}"), look.theme.text),
        ];
        put(frame, area, row, Line::from(spans));
    }
    Drawn { rows: area.height.into(), ..Drawn::default() }
}

/// The keys with what they do; the nine levels are one row.
fn rows() -> Vec<(String, &'static str)> {
    let mut rows = Vec::new();
    for binding in FOLDING {
        let keys: Vec<String> = binding.keys.iter().map(|key| key.label()).collect();
        match binding.action {
            Action::Payload(PayloadAction::Level(1)) => rows.push(("1 … 9".to_owned(), "fold below this level")),
            Action::Payload(PayloadAction::Level(_)) | Action::Quit => {}
            action => rows.push((keys.join(" "), action.words())),
        }
    }
    rows
}
