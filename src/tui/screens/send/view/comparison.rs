//! Draws what differs between two messages: in lines, or side by side where there is room for both.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

use super::{draw_rows, draw_rows_in};
use crate::diff::{SideRow, SideText};
use crate::text::{clip, wrap};
use crate::tui::pane::Drawn;
use crate::tui::screens::send::state::ComparisonView;
use crate::tui::theme::{Face, Look};
use crate::tui::widgets::shown;
use crate::tui::window::window;

/// From this width on, the two are side by side: a row of sixteen bytes in hexadecimal fits into each half.
const SIDE_BY_SIDE: u16 = 160;
/// Between the two.
const RULE: &str = " │ ";
const GAP: &str = "   ";
/// Before what belongs to a heading.
const INDENT: &str = "  ";

/// Draws a comparison over `body`.
pub(super) fn draw(frame: &mut Frame<'_>, body: Rect, view: &ComparisonView, look: &Look) -> Drawn {
    let title = shown(&view.title);
    if body.width < SIDE_BY_SIDE {
        let columns = usize::from(body.width.min(super::WIDEST)).saturating_sub(4);
        // Rows of bytes have columns of their own, and are cut; everything else goes on below.
        let bytes = view.lines.iter().position(|line| line == "body bytes").map_or(usize::MAX, |heading| heading + 2);
        let of = |(at, line): (usize, &String)| match at >= bytes {
            true => vec![Line::styled(clip(&shown(line), columns).into_owned(), sign_style(line, look))],
            false => unified(line, columns, look),
        };
        let lines: Vec<Line<'static>> = view.lines.iter().enumerate().flat_map(of).collect();
        return draw_rows(frame, body, &title, lines.len(), view.first, |row| lines[row].clone(), look);
    }
    let half = (usize::from(body.width).saturating_sub(4 + RULE.width()) / 2).max(8);
    let lines: Vec<Line<'static>> = view.rows.iter().flat_map(|row| side_by_side(row, half, look)).collect();
    let area = window(frame, body, &title, body.width, lines.len(), look);
    draw_rows_in(frame, area, lines.len(), view.first, |row| lines[row].clone())
}

/// The style of a line; its sign carries the same meaning.
fn sign_style(line: &str, look: &Look) -> Style {
    match line.trim_start().chars().next() {
        Some('-') => look.theme.bad,
        Some('+') => look.theme.good,
        Some('~' | '↕') => look.theme.warn,
        _ if line.starts_with(' ') => look.theme.text,
        _ => look.theme.title,
    }
}

/// A line of the comparison, going on below itself.
fn unified(line: &str, columns: usize, look: &Look) -> Vec<Line<'static>> {
    let style = sign_style(line, look);
    // What has no sign is said about the two, and breaks between words.
    if let Some(words) = line.strip_prefix(INDENT).filter(|rest| !rest.starts_with(['-', '+', '~', '↕'])) {
        let parts = wrap(&shown(words), columns.saturating_sub(INDENT.len()));
        return parts.into_iter().map(|part| Line::styled(format!("{INDENT}{part}"), style)).collect();
    }
    let text = SideText { text: shown(line), marked: Vec::new() };
    let first = if line.starts_with(INDENT) { INDENT.len() + 2 } else { 0 };
    pieces(&text, columns, first, style, style).into_iter().map(Line::from).collect()
}

/// The lines of a row, each half in its own columns.
fn side_by_side(row: &SideRow, half: usize, look: &Look) -> Vec<Line<'static>> {
    let theme = &look.theme;
    match row {
        SideRow::Heading(words) => vec![Line::styled(words.clone(), theme.title)],
        SideRow::Note(words) => {
            let parts = wrap(words, 2 * half);
            parts.into_iter().map(|part| Line::styled(format!("{INDENT}{part}"), theme.warn)).collect()
        }
        SideRow::Pair(from, to) => {
            let of = |side: &Option<SideText>, style: Style| {
                let marked = style.add_modifier(Modifier::UNDERLINED);
                let side =
                    side.as_ref().map(|text| pieces(text, half - INDENT.len(), INDENT.len(), theme.text, marked));
                side.unwrap_or_default()
            };
            let (from, to) = (of(from, theme.bad), of(to, theme.good));
            let count = from.len().max(to.len());
            let (mut from, mut to) = (from.into_iter(), to.into_iter());
            (0..count)
                .map(|_| {
                    let mut spans = vec![Span::raw(INDENT)];
                    let left = from.next().unwrap_or_default();
                    let used = INDENT.len() + left.iter().map(Span::width).sum::<usize>();
                    spans.extend(left);
                    spans.push(Span::raw(" ".repeat(half.saturating_sub(used))));
                    spans.push(Span::styled(if look.face == Face::Lines { GAP } else { RULE }, theme.rule));
                    spans.extend(to.next().unwrap_or_default());
                    Line::from(spans)
                })
                .collect()
        }
    }
}

/// A text in lines of at most `columns`, those after the first indented; what is marked in its own style.
fn pieces(text: &SideText, columns: usize, indent: usize, plain: Style, marked: Style) -> Vec<Vec<Span<'static>>> {
    let mut lines: Vec<Vec<Span<'static>>> = vec![Vec::new()];
    let mut used = 0;
    let mut marks = text.marked.iter().peekable();
    for (at, grapheme) in text.text.grapheme_indices(true) {
        let width = grapheme.width();
        if used + width > columns && used > indent {
            lines.push(vec![Span::raw(" ".repeat(indent))]);
            used = indent;
        }
        used += width;
        while marks.peek().is_some_and(|range| range.end <= at) {
            marks.next();
        }
        let is_marked = marks.peek().is_some_and(|range| range.start < at + grapheme.len());
        let style = if is_marked { marked } else { plain };
        let Some(line) = lines.last_mut() else { continue };
        match line.last_mut().filter(|span| span.style == style) {
            Some(span) => span.content.to_mut().push_str(grapheme),
            None => line.push(Span::styled(grapheme.to_owned(), style)),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(lines: &[Vec<Span<'static>>]) -> Vec<String> {
        lines.iter().map(|line| line.iter().map(|span| span.content.to_string()).collect()).collect()
    }

    #[test]
    fn long_texts_go_on_below_themselves_and_marks_stay_where_they_are() {
        let (plain, marked) = (Style::new(), Style::new().add_modifier(Modifier::UNDERLINED));
        let side = SideText { text: "abcdefgh".to_owned(), marked: [3..4, 4..6].to_vec() };
        let lines = pieces(&side, 5, 2, plain, marked);
        assert_eq!(text(&lines), ["abcde", "  fgh"]);
        let under: Vec<&str> =
            lines.iter().flatten().filter(|span| span.style == marked).map(|span| &*span.content).collect();
        assert_eq!(under, ["de", "f"]);
        // Wide characters, and a column that is too narrow for anything.
        let wide = SideText { text: "日本語".to_owned(), marked: Vec::new() };
        assert_eq!(text(&pieces(&wide, 4, 0, plain, marked)), ["日本", "語"]);
        assert_eq!(pieces(&wide, 0, 2, plain, marked).len(), 2);
    }
}
