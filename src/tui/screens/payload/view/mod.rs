//! The payload: JSON as a tree of its own tokens, anything else as the text that it is.

mod body;
mod folding;
mod marks;
mod query;
mod string;
#[cfg(test)]
mod tests;
mod text;
mod tree;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr as _;

use crate::payload::body::Kind;
use crate::text::{counted, grouped};

pub(crate) use self::folding::draw as draw_folding;
pub(crate) use self::tree::plain as plain_row;

use crate::tui::app::model::Focus;
use crate::tui::pane::{Drawn, Pane, TabContent};
use crate::tui::screens::payload::state::Search;
use crate::tui::theme::Face;
use crate::tui::widgets::{put, vertical_rule};

/// From this width on, a query's result is shown beside the tree.
const BESIDE_COLUMNS: u16 = 90;

/// The rows of the tab's own content.
struct Rows<'a> {
    count: usize,
    line: Box<dyn Fn(usize) -> Line<'a> + 'a>,
    /// The row of the cursor, where there is one.
    cursor: Option<usize>,
}

/// Draws the tab, of which the row `first` is the first shown.
pub(crate) fn draw(frame: &mut Frame<'_>, area: Rect, pane: &Pane<'_>, first: usize) -> Drawn {
    let view = &pane.detail.view;
    let (area, beside) = if view.query.is_some() { split(area) } else { (area, None) };
    let query_rows = match (&view.query, beside) {
        (Some(query), Some(beside)) => {
            if beside.y == area.y {
                let rule = Rect { x: beside.x.saturating_sub(2), width: 1, ..beside };
                vertical_rule(frame, rule, pane.look);
            }
            query::draw(frame, beside, query, pane)
        }
        _ => 0,
    };
    let columns = usize::from(area.width);
    let pane = &Pane { columns, ..*pane };
    let status_rows = u16::from(area.height > 3);
    let inside = Rect { height: area.height - status_rows, ..area };
    let (prelude, rows, first) = match &view.string {
        Some(string) => (string::heading(string, pane, columns), string::rows(string), string.scroll),
        None => (prelude(pane, inside.height.into()), rows(pane, columns), first),
    };
    // The heading of a string does not scroll; what comes before a tree scrolls with it.
    let fixed = if view.string.is_some() { prelude.len() } else { 0 };
    let inside = if fixed == 0 { inside } else { below(frame, inside, &prelude) };
    let before = prelude.len() - fixed;
    let count = before + rows.count;
    let height = usize::from(inside.height);
    let first = first.min(count.saturating_sub(height));
    for (row, index) in (0..inside.height).zip(first..count) {
        let line = match index.checked_sub(before) {
            None => prelude[index].clone(),
            Some(index) => (rows.line)(index),
        };
        put(frame, inside, row, line);
        let is_cursor = index.checked_sub(before).is_some_and(|index| rows.cursor == Some(index));
        if is_cursor && pane.model.focus == Focus::Detail && pane.look.face == Face::Screen {
            let row = Rect { y: inside.y + row, height: 1, ..inside };
            pane.look.theme.highlight(frame.buffer_mut(), row, pane.look.theme.selected_unfocused);
            put(frame, Rect { width: row.width.min(1), ..row }, 0, Line::styled("▌", pane.look.theme.brand));
        }
    }
    if status_rows > 0 {
        let row = Rect { y: area.y + area.height - 1, height: 1, ..area };
        put(frame, row, 0, status(pane, columns.saturating_sub(1)));
    }
    Drawn { rows: height, lines: count, columns, prelude: before, query_rows, ..Drawn::default() }
}

/// The lines before the payload's own rows, which scroll with them.
fn prelude<'a>(pane: &Pane<'a>, height: usize) -> Vec<Line<'a>> {
    match pane.loaded.body().kind {
        Kind::Empty => vec![Line::styled("The body is empty.", pane.look.theme.dim)],
        _ => crate::tui::screens::overview::event::prelude(pane, height),
    }
}

fn rows<'a>(pane: &Pane<'a>, columns: usize) -> Rows<'a> {
    let body = pane.loaded.body();
    match &body.kind {
        Kind::Empty => Rows { count: 0, line: Box::new(|_| Line::default()), cursor: None },
        Kind::Json(Some(rows)) if !pane.detail.view.as_sent => tree::rows(rows, pane, columns),
        Kind::Json(Some(_)) => text::rows(pane, None, columns),
        _ if body.is_lines() => {
            // For text that was not declared as JSON, only `!` shows where it is invalid JSON.
            let fault = body.fault.as_ref().filter(|_| body.is_broken_json);
            text::rows(pane, fault.map(|fault| fault.offset), columns)
        }
        _ => match crate::tui::screens::payload::view::body::content(pane) {
            TabContent::Whole(lines) => {
                Rows { count: lines.len(), line: Box::new(move |index| lines[index].clone()), cursor: None }
            }
            TabContent::Window(count, line) => Rows { count, line, cursor: None },
        },
    }
}

/// Divides the pane between the payload and a query's result: side by side where there is room.
fn split(area: Rect) -> (Rect, Option<Rect>) {
    if area.width >= BESIDE_COLUMNS {
        let left = area.width / 2;
        let beside = Rect { x: area.x + left + 2, width: area.width - left - 2, ..area };
        return (Rect { width: left, ..area }, Some(beside));
    }
    let below = (area.height / 2).max(area.height.min(4));
    let above = area.height - below;
    (Rect { height: above, ..area }, Some(Rect { y: area.y + above, height: below, ..area }))
}

/// Draws lines at the top of `area` and returns what is left below them.
fn below(frame: &mut Frame<'_>, area: Rect, lines: &[Line<'_>]) -> Rect {
    let mut left = area;
    for line in lines {
        put(frame, left, 0, line.clone());
        left = Rect { y: left.y + left.height.min(1), height: left.height.saturating_sub(1), ..left };
    }
    left
}

/// Where the cursor is, and how the search goes.
fn status(pane: &Pane<'_>, columns: usize) -> Line<'static> {
    let theme = &pane.look.theme;
    let view = &pane.detail.view;
    let right = view.search.as_ref().map_or(String::new(), found);
    let left = match &pane.loaded.body().kind {
        Kind::Json(Some(rows)) => match rows.path_end(view.cursor) {
            path if path.is_empty() => "(the whole body)".to_owned(),
            path => path,
        },
        Kind::Empty => String::new(),
        _ => format!("{} as sent", counted(pane.loaded.delivery.body.len() as u64, "byte")),
    };
    let is_json = pane.loaded.body().rows().is_some();
    let mode = match (is_json && view.as_sent && view.string.is_none(), view.unwrapped, view.column) {
        (true, true, column) => format!("as sent, from column {}", grouped(column as u64 + 1)),
        (true, false, _) => "as sent".to_owned(),
        _ => String::new(),
    };
    let mut right = [right, mode].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ");
    let room = columns.saturating_sub(if right.is_empty() { 0 } else { right.width() + 2 });
    if room < 12 {
        right.clear();
    }
    let left = tail(&left, room.max(12).min(columns));
    let gap = columns.saturating_sub(left.width() + right.width());
    Line::from(vec![Span::styled(left, theme.info), Span::raw(" ".repeat(gap)), Span::styled(right, theme.warn)])
}

/// The end of a path, which says more than its beginning.
fn tail(path: &str, columns: usize) -> String {
    if path.width() <= columns {
        return path.to_owned();
    }
    let mut skipped = 0;
    let from = path.char_indices().find(|(at, _)| {
        skipped = *at;
        path[*at..].width() < columns
    });
    format!("…{}", &path[from.map_or(skipped, |(at, _)| at)..])
}

/// How a search goes, in words.
pub(crate) fn found(search: &Search) -> String {
    let Some(hits) = &search.hits else { return "searching …".to_owned() };
    let more = if hits.limited { "+" } else { "" };
    match (hits.hits.len(), search.current) {
        (0, _) => "no match".to_owned(),
        (count, Some(current)) => format!("{} of {}{more}", grouped(current as u64 + 1), grouped(count as u64)),
        (1, None) => "1 match".to_owned(),
        (count, None) => format!("{}{more} matches", grouped(count as u64)),
    }
}
