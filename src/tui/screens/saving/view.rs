//! What saving would write, before it does.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::text;
use crate::text::wrap;
use crate::tui::pane::Drawn;
use crate::tui::screens::saving::state::PendingSave;
use crate::tui::theme::Look;
use crate::tui::widgets::{put, shown};
use crate::tui::window::window;

/// Columns of the window.
const COLUMNS: u16 = 96;

pub(crate) fn draw(frame: &mut Frame<'_>, body: Rect, saving: &PendingSave, look: &Look) -> Drawn {
    let theme = &look.theme;
    let change = &saving.change;
    let columns = usize::from(COLUMNS.min(body.width)).saturating_sub(4);
    let mut head: Vec<Line<'static>> = Vec::new();
    let mut say = |words: &str, style| {
        head.extend(wrap(words, columns).into_iter().map(|part| Line::styled(format!(" {part}"), style)));
    };
    say(&shown(&change.file().to_string_lossy()), theme.text);
    match (change.behind_link(), change.is_new()) {
        (Some(place), _) => {
            say(&format!("A link to {}, which will be replaced.", shown(&place.to_string_lossy())), theme.warn)
        }
        (None, true) => say("A new file, readable only by you.", theme.dim),
        (None, false) => say("Only these lines change:", theme.dim),
    }
    head.push(Line::default());
    let lines = change.lines();
    let mut rows: Vec<Line<'static>> = lines
        .changes
        .iter()
        .map(|line| {
            let (sign, style) = if line.is_added { ("+", theme.good) } else { ("-", theme.bad) };
            let words = text::clip(&line.text, columns.saturating_sub(2)).into_owned();
            Line::from(Span::styled(format!(" {sign} {words}"), style))
        })
        .collect();
    if lines.omitted > 0 {
        rows.push(Line::styled(format!("   … and {} more", lines.omitted), theme.dim));
    }
    let area = window(frame, body, "Save in the configuration?", COLUMNS, head.len() + rows.len() + 2, look);
    let top = u16::try_from(head.len()).unwrap_or(u16::MAX).min(area.height);
    for (row, line) in (0..).zip(head) {
        put(frame, area, row, line);
    }
    // The question keeps the last row, an empty one before it.
    let list = Rect { y: area.y + top, height: area.height.saturating_sub(top + 2), ..area };
    let first = saving.scroll.min(rows.len().saturating_sub(usize::from(list.height)));
    for (row, line) in (0..list.height).zip(rows.iter().skip(first)) {
        put(frame, list, row, line.clone());
    }
    let answers = Line::from(vec![
        Span::styled(" y", theme.title),
        Span::styled(" save   ", theme.dim),
        Span::styled("n", theme.title),
        Span::styled(" cancel", theme.dim),
    ]);
    put(frame, area, area.height.saturating_sub(1), answers);
    Drawn { rows: list.height.into(), lines: rows.len(), ..Drawn::default() }
}
