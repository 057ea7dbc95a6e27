//! Draws the help: one continuous text in as many columns as there is room for.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr as _;

use crate::query;
use crate::text::{counted, wrap};
use crate::tui::app::areas::MenuArea;
use crate::tui::app::model::Model;
use crate::tui::keymap;
use crate::tui::pane::Drawn;
use crate::tui::screens::help::state::HelpView;
use crate::tui::theme::Look;
use crate::tui::widgets::{put, scrollbar, shown};
use crate::tui::window::{typing, window};

/// Columns of the window with one column of text.
const SINGLE: u16 = 80;
/// The fewest columns of one column of text among several, and the most.
const NARROWEST: u16 = 56;
const WIDEST: u16 = 70;
/// Columns of text at most.
const MOST: u16 = 3;
/// Columns of the keys.
const KEYS: usize = 16;

/// A line of the help.
struct HelpLine {
    line: Line<'static>,
    kind: LineKind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum LineKind {
    Heading,
    Row,
    Blank,
}

/// Draws the help over `body`.
pub(crate) fn draw(frame: &mut Frame<'_>, body: Rect, view: &HelpView, model: &Model, look: &Look) -> Drawn {
    let count = (body.width.saturating_sub(4) / NARROWEST).clamp(1, MOST);
    let width = if count == 1 { SINGLE } else { (count * WIDEST + 3).min(body.width) };
    let words = usize::from(column_width(width.min(body.width), count)).saturating_sub(KEYS + 4);
    // What is found changes with each letter; the window stays as large as it is with everything in it.
    let all = lines(&HelpView { shows_filters: view.shows_filters, ..HelpView::default() }, model, words, look);
    let has_search = view.is_typing || !view.wanted().is_empty();
    let title = match (has_search, view.shows_filters) {
        (true, _) => "Keys and filters",
        (false, true) => "Filters",
        (false, false) => "Keys",
    };
    let rows = balanced_rows(&all, count.into(), body.height.saturating_sub(2).into());
    let mut area = window(frame, body, title, width, rows, look);
    let mut shown_lines = all;
    if has_search {
        let found = lines(view, model, words, look);
        area = draw_search(frame, area, view, &found, look);
        shown_lines = found;
    }
    draw_columns(frame, area, &shown_lines, view.first, count, look)
}

/// The columns of one column of text in a window: without its frame and its scroll bar.
fn column_width(window: u16, count: u16) -> u16 {
    window.saturating_sub(3) / count
}

/// What is looked for, and how much was found of it. Returns what is left of `area`.
fn draw_search(frame: &mut Frame<'_>, area: Rect, view: &HelpView, found: &[HelpLine], look: &Look) -> Rect {
    let rows = found.iter().filter(|line| line.kind == LineKind::Row).count();
    let (words, style) = match rows {
        0 => ("no match".to_owned(), look.theme.warn),
        rows => (counted(rows as u64, "line"), look.theme.dim),
    };
    let room = u16::try_from(words.width() + 2).unwrap_or(u16::MAX);
    let line = Rect { height: 1.min(area.height), width: area.width.saturating_sub(room), ..area };
    let text = shown(view.search.value());
    match view.is_typing {
        true => typing(frame, line, &text, view.search.cursor(), look),
        false => put(frame, line, 0, Line::styled(format!(" / {text}"), look.theme.title)),
    }
    let about = Rect { x: line.right(), width: area.width - line.width, ..line };
    put(frame, about, 0, Line::styled(format!("{words} "), style));
    let used = 2.min(area.height);
    Rect { y: area.y + used, height: area.height - used, ..area }
}

/// The lines: headings, and below each what matches.
fn lines(view: &HelpView, model: &Model, words: usize, look: &Look) -> Vec<HelpLine> {
    let keys = || keymap::help(&model.keymap, keymap::contexts_below(model));
    let filters = || {
        let rows = query::help().into_iter().map(|(atom, words)| (atom.to_owned(), words)).collect();
        vec![("Filters", rows)]
    };
    let sections = match (view.wanted().is_empty(), view.shows_filters) {
        (true, true) => filters(),
        (true, false) => keys(),
        (false, _) => keys().into_iter().chain(filters()).collect(),
    };
    let mut lines = Vec::new();
    for (title, rows) in sections {
        let mut rows = rows.iter().filter(|(keys, words)| view.finds(title, keys, words)).peekable();
        if rows.peek().is_none() {
            continue;
        }
        if !lines.is_empty() {
            lines.push(HelpLine { line: Line::default(), kind: LineKind::Blank });
        }
        let heading = Line::styled(format!(" {title}"), look.theme.brand);
        lines.push(HelpLine { line: heading, kind: LineKind::Heading });
        let rows = rows.flat_map(|(keys, about)| row(keys, about, words, look));
        lines.extend(rows.map(|line| HelpLine { line, kind: LineKind::Row }));
    }
    lines
}

/// Keys and what they do. Keys that need more room have a line of their own, so that all words begin in one column.
fn row(keys: &str, words: &str, columns: usize, look: &Look) -> Vec<Line<'static>> {
    let theme = &look.theme;
    let is_long = keys.width() > KEYS;
    let own = is_long.then(|| Line::styled(format!("  {keys}"), theme.title));
    let keys = if is_long { "" } else { keys };
    let beside = wrap(words, columns.max(8)).into_iter().enumerate().map(|(index, part)| {
        let keys = if index == 0 { keys } else { "" };
        let padding = KEYS.saturating_sub(keys.width());
        Line::from(vec![Span::styled(format!("  {keys}{:padding$}", ""), theme.title), Span::raw(format!(" {part}"))])
    });
    own.into_iter().chain(beside).collect()
}

/// The rows that `count` columns need for all lines, at most `most`.
fn balanced_rows(lines: &[HelpLine], count: usize, most: usize) -> usize {
    let least = lines.len().div_ceil(count).min(most);
    (least..most).find(|rows| placed(lines, 0, count, *rows).1 == lines.len()).unwrap_or(most)
}

/// The lines of each column from the line `first` on, and the line after the last.
///
/// No column ends with a heading, and none but the first begins with an empty line.
fn placed(lines: &[HelpLine], first: usize, count: usize, rows: usize) -> (Vec<std::ops::Range<usize>>, usize) {
    let mut columns = Vec::with_capacity(count);
    let mut at = first;
    for column in 0..count {
        if column > 0 && lines.get(at).is_some_and(|line| line.kind == LineKind::Blank) {
            at += 1;
        }
        let mut end = (at + rows).min(lines.len());
        while end < lines.len() && end > at + 1 && lines[end - 1].kind == LineKind::Heading {
            end -= 1;
        }
        columns.push(at..end);
        at = end;
    }
    (columns, at)
}

fn draw_columns(frame: &mut Frame<'_>, area: Rect, lines: &[HelpLine], first: usize, count: u16, look: &Look) -> Drawn {
    let rows = usize::from(area.height);
    // The first line from which on all the others are in sight.
    let capacity = rows * usize::from(count);
    let mut last = lines.len().saturating_sub(capacity);
    while last < lines.len() && placed(lines, last, count.into(), rows).1 < lines.len() {
        last += 1;
    }
    let first = first.min(last);
    let width = column_width(area.width + 2, count);
    let (columns, _) = placed(lines, first, count.into(), rows);
    for (index, range) in (0..count).zip(columns) {
        let column = Rect { x: area.x + index * width, width, ..area };
        for (row, at) in (0..area.height).zip(range) {
            put(frame, column, row, lines[at].line.clone());
        }
    }
    if last > 0 {
        let bar = Rect { x: area.right().saturating_sub(1), width: 1, ..area };
        scrollbar(frame, bar, first / usize::from(count), rows + last.div_ceil(count.into()), look);
    }
    let menu = Some(MenuArea { rows: area, first, lines: lines.len(), cursor: None });
    Drawn { rows: lines.len() - last, lines: lines.len(), columns: area.width.into(), menu, ..Drawn::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(kinds: &str) -> Vec<HelpLine> {
        let kind = |sign| match sign {
            '#' => LineKind::Heading,
            ' ' => LineKind::Blank,
            _ => LineKind::Row,
        };
        kinds.chars().map(|sign| HelpLine { line: Line::default(), kind: kind(sign) }).collect()
    }

    #[test]
    fn no_column_ends_with_a_heading_or_begins_with_an_empty_line() {
        let lines = text("#aa #bb #cc");
        assert_eq!(placed(&lines, 0, 2, 5).0, [0..4, 4..8]);
        assert_eq!(placed(&lines, 0, 3, 3), (vec![0..3, 4..7, 8..11], 11));
        assert_eq!(balanced_rows(&lines, 3, 40), 4);
        assert_eq!(balanced_rows(&lines, 1, 5), 5);
        // One row for a heading is still a row.
        let (columns, end) = placed(&text("#a"), 0, 1, 1);
        assert_eq!((&columns[0], end), (&(0..1), 1));
    }

    #[test]
    fn every_line_is_in_a_column_or_an_empty_one_between_two() {
        let lines = text("#aaaa #b #cccccc #ddd");
        for (count, rows) in [(1, 4), (2, 4), (2, 11), (3, 2), (3, 7), (3, 30)] {
            let mut first = 0;
            while first < lines.len() {
                let (columns, end) = placed(&lines, first, count, rows);
                let passed_over = (first..end).filter(|at| !columns.iter().any(|range| range.contains(at)));
                assert!(passed_over.clone().all(|at| lines[at].kind == LineKind::Blank), "{count} {rows}");
                assert!(end > first, "{count} {rows}");
                first = end;
            }
        }
    }
}
