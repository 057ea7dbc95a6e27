//! The body as it was sent, nothing hidden: its lines broken at the width, or a window of each.

use ratatui::style::Modifier;
use ratatui::text::{Line, Span};

use super::{Rows, marks};
use crate::tui::app::action::Tab;
use crate::tui::pane::Pane;

/// The rows, with the place marked at which the body stops being JSON.
pub(super) fn rows<'a>(pane: &Pane<'a>, fault: Option<usize>, columns: usize) -> Rows<'a> {
    let Some(rows) = pane.detail.raw_rows(Tab::Payload) else {
        let words = Line::styled(crate::tui::screens::raw::view::BREAKING, pane.look.theme.dim);
        return Rows { count: 1, line: Box::new(move |_| words.clone()), cursor: None };
    };
    let theme = &pane.look.theme;
    let view = &pane.detail.view;
    let (search, first) = (view.search.as_ref(), view.column);
    let look = pane.look;
    let line = move |index: usize| {
        let body = rows.bytes();
        let range = if rows.is_unwrapped() { rows.window(index, first, columns) } else { rows.range(index) };
        let mut marks = marks::of_search(search, &range, theme);
        let bad = theme.bad.add_modifier(Modifier::REVERSED);
        if let Some(offset) = fault.filter(|offset| range.contains(offset)) {
            let length = body[offset..range.end].utf8_chunks().next().and_then(|chunk| chunk.valid().chars().next());
            marks.push((offset..offset + length.map_or(1, char::len_utf8), bad));
            marks.sort_by_key(|(mark, _)| mark.start);
        }
        let is_last = index + 1 == rows.len();
        let mut spans = marks::bytes(body, range, theme.text, &marks);
        if is_last && fault.is_some_and(|offset| offset >= body.len()) {
            spans.push(Span::styled(look.mark("◂"), bad));
        }
        Line::from(spans)
    };
    Rows { count: rows.len(), line: Box::new(line), cursor: None }
}
