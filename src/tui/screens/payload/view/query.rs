//! A jq query's result, beside or below the tree.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::tree;
use crate::text::counted;
use crate::tui::pane::{Pane, cut};
use crate::tui::screens::payload::state::JqQuery;
use crate::tui::widgets::{paragraph, put, shown};

/// Draws the result and returns how many of its rows fit.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, query: &JqQuery, pane: &Pane<'_>) -> usize {
    let theme = &pane.look.theme;
    let columns = usize::from(area.width);
    put(
        frame,
        area,
        0,
        Line::from(vec![
            Span::styled("jq ", theme.brand),
            Span::styled(cut(&shown(&query.program), columns.saturating_sub(3)), theme.title),
        ]),
    );
    let rest = Rect { y: area.y + area.height.min(1), height: area.height.saturating_sub(1), ..area };
    let result = match &query.result {
        Err(error) => {
            for (row, line) in (0..rest.height).zip(paragraph(&shown(error), theme.bad, columns)) {
                put(frame, rest, row, line);
            }
            return 0;
        }
        Ok(result) => result,
    };
    let about = match (query.program.trim().is_empty(), query.running) {
        (true, _) => "such as .data[0] or keys".to_owned(),
        (false, true) => "running …".to_owned(),
        (false, false) => {
            let values = counted(result.count() as u64, "value");
            std::iter::once(values).chain(result.remarks.iter().cloned()).collect::<Vec<_>>().join(" · ")
        }
    };
    put(frame, rest, 0, Line::styled(cut(&shown(&about), columns), theme.dim));
    let rest = Rect { y: rest.y + rest.height.min(1), height: rest.height.saturating_sub(1), ..rest };
    let first = query.scroll.min(result.line_count().saturating_sub(rest.height.into()));
    for (row, index) in (0..rest.height).zip(first..result.line_count()) {
        if let Some((rows, at)) = result.row(index) {
            put(frame, rest, row, tree::plain(rows, at, columns, theme));
        }
    }
    rest.height.into()
}
