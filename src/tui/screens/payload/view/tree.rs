//! The tree's rows: guides, what is folded, and where the search matches.

use std::ops::Range;

use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr as _;

use super::{Rows, marks};
use crate::payload::json::Folds;
use crate::payload::json::pretty::{self, PieceKind, Pretty};
use crate::tui::pane::Pane;
use crate::tui::screens::payload::state::Search;
use crate::tui::theme::{Face, Look, Theme};

/// A row is laid out for at least this many columns.
const SHORTEST_VALUE: usize = 24;
/// Below this many columns a truncated token is useless.
const SHORTEST_TOKEN: usize = 12;
/// The excerpt around a match in a truncated part has at least this many columns.
const EXCERPT: usize = 24;
/// The columns before the first guide: the cursor's.
const GUTTER: usize = 1;

pub(super) fn rows<'a>(rows: &'a Pretty, pane: &Pane<'a>, columns: usize) -> Rows<'a> {
    let view = &pane.detail.view;
    let tree = Tree {
        rows,
        folds: &view.folds,
        search: view.search.as_ref(),
        theme: &pane.look.theme,
        look: pane.look,
        columns,
    };
    Rows {
        count: view.folds.visible_count(rows),
        cursor: Some(view.folds.place_of(view.cursor)),
        line: Box::new(move |place| tree.line(tree.folds.row_at(place))),
    }
}

struct Tree<'a> {
    rows: &'a Pretty,
    folds: &'a Folds,
    search: Option<&'a Search>,
    theme: &'a Theme,
    look: &'a Look,
    columns: usize,
}

impl<'a> Tree<'a> {
    fn line(&self, row: usize) -> Line<'a> {
        let indent = indentation(self.rows.depth(row), self.columns);
        let mut spans = self.guides(row, indent);
        let room = self.columns.saturating_sub(GUTTER + 2 * indent + 2).max(SHORTEST_VALUE);
        let is_folded = self.folds.is_folded(row);
        let range = match self.folds.hidden_by(self.rows, row) {
            Some(hidden) => self.rows.range(row).start..self.rows.range(hidden.end - 1).end,
            None => self.rows.range(row),
        };
        let marks = marks::of_search(self.search, &range, self.theme);
        let line = if is_folded { self.rows.folded_line(row, room) } else { fitted(self.rows, row, room) };
        let (content, any) = self.content(&line, &marks);
        match self.search.and_then(Search::current_hit).filter(|hit| !any && !is_folded && range.contains(&hit.start)) {
            // The match is in the truncated part.
            Some(hit) => {
                let mut line = self.rows.line_within(row, SHORTEST_TOKEN);
                let width =
                    |line: &pretty::PrettyLine<'_>| line.pieces.iter().map(|piece| piece.text.width()).sum::<usize>();
                if width(&line) + EXCERPT > room {
                    line.pieces.retain(|piece| piece.kind != PieceKind::Note);
                }
                let left = room.saturating_sub(width(&line)).max(EXCERPT);
                spans.extend(self.content(&line, &marks).0);
                spans.extend(self.excerpt(hit, &range, left));
            }
            None => spans.extend(content),
        }
        Line::from(spans)
    }

    /// One guide for each level around, then the mark of what can be folded.
    fn guides(&self, row: usize, indent: usize) -> Vec<Span<'a>> {
        let theme = self.theme;
        let mut guides = " ".repeat(GUTTER);
        // In lines the indentation alone says how deep a row is.
        let guide = if self.look.face == Face::Lines { "  " } else { "│ " };
        guides.push_str(&guide.repeat(indent));
        if indent < self.rows.depth(row) {
            // Deeper than can be shown.
            guides.truncate(guides.len() - guide.len());
            guides.push_str("⋯ ");
        }
        let is_drawn = self.look.face == Face::Screen;
        let fold = match (self.folds.is_folded(row), self.rows.block_end(row)) {
            (true, _) if is_drawn => Span::styled("▸ ", theme.info),
            (false, Some(_)) if is_drawn => Span::styled("▾ ", theme.dim),
            _ => Span::raw("  "),
        };
        vec![Span::styled(guides, theme.rule), fold]
    }

    /// The row's pieces, and whether a match could be marked in one.
    fn content(&self, line: &pretty::PrettyLine<'_>, marks: &[marks::RowMark]) -> (Vec<Span<'static>>, bool) {
        let mut spans = Vec::new();
        let mut any = false;
        for piece in &line.pieces {
            let style = style(self.theme, piece.kind);
            let (parts, marked) = marks::piece(self.rows.body(), &piece.text, piece.at, style, marks);
            spans.extend(parts);
            any |= marked;
        }
        (spans, any)
    }

    /// The match with the text around it.
    fn excerpt(&self, hit: &Range<usize>, row: &Range<usize>, columns: usize) -> Vec<Span<'static>> {
        let body = self.rows.body();
        let around = columns.saturating_sub(hit.len().min(columns) + 4) / 2;
        let is_start = |at: &usize| body.get(*at).is_none_or(|byte| byte & 0xc0 != 0x80);
        let start = hit.start.saturating_sub(around).max(row.start);
        let start = (start..hit.start).find(is_start).unwrap_or(hit.start);
        let end = (hit.end.min(hit.start + columns * 4) + around).min(row.end);
        let end = (end..row.end).find(is_start).unwrap_or(row.end);
        let mut spans = vec![Span::styled(" ⋯ ", self.theme.dim)];
        spans.extend(marks::bytes(body, start..end, self.theme.string, &[(hit.clone(), self.theme.found_here)]));
        spans
    }
}

/// How many levels are indented: beyond a fifth of the width, depth would leave no room for what is deep.
fn indentation(depth: usize, columns: usize) -> usize {
    depth.min((columns / 5).clamp(2, pretty::INDENT_LIMIT))
}

/// Renders a row so that it fits: its longest token is cut further, since the remark after it (how
/// long it is, what it is) matters more than its fortieth byte. A remark that does not fit all the same
/// is cut itself.
pub(super) fn fitted(rows: &Pretty, row: usize, columns: usize) -> pretty::PrettyLine<'_> {
    let mut line = rows.line_within(row, columns);
    let width = |line: &pretty::PrettyLine<'_>| line.pieces.iter().map(|piece| piece.text.width()).sum::<usize>();
    let key = line.pieces.iter().filter(|piece| piece.kind == PieceKind::Key).map(|piece| piece.text.width()).max();
    // A short key is what a row is found by.
    let shortest = key.filter(|width| *width <= SHORTEST_VALUE).unwrap_or(0).max(SHORTEST_TOKEN);
    let longest =
        line.pieces.iter().filter(|piece| piece.kind != PieceKind::Note).map(|piece| piece.text.width()).max();
    let mut cut = longest.unwrap_or(0);
    // The first cut adds a remark, which the second makes room for.
    for _ in 0..2 {
        let excess = width(&line).saturating_sub(columns);
        if excess == 0 || cut <= shortest {
            break;
        }
        cut = cut.saturating_sub(excess).max(shortest);
        line = rows.line_within(row, cut);
    }
    let excess = width(&line).saturating_sub(columns);
    if excess > 0
        && let Some(note) = line.pieces.iter_mut().rfind(|piece| piece.kind == PieceKind::Note)
    {
        let room = note.text.width().saturating_sub(excess).max(1);
        note.text = crate::text::clip(&note.text, room).into_owned().into();
    }
    line
}

/// A row without guides or marks, as a query's result has it.
pub(crate) fn plain(rows: &Pretty, row: usize, columns: usize, theme: &Theme) -> Line<'static> {
    let indent = indentation(rows.depth(row), columns);
    let line = fitted(rows, row, columns.saturating_sub(2 * indent).max(SHORTEST_VALUE));
    let mut spans = vec![Span::raw(" ".repeat(2 * indent))];
    let pieces = line.pieces.into_iter();
    spans.extend(pieces.map(|piece| Span::styled(piece.text.into_owned(), style(theme, piece.kind))));
    Line::from(spans)
}

fn style(theme: &Theme, kind: PieceKind) -> Style {
    match kind {
        PieceKind::Key => theme.key,
        PieceKind::String => theme.string,
        PieceKind::Number => theme.number,
        PieceKind::Literal => theme.literal,
        PieceKind::Punctuation => theme.dim,
        PieceKind::Binary => theme.info,
        PieceKind::Fault => theme.hidden,
        PieceKind::Note => theme.dim.add_modifier(Modifier::ITALIC),
    }
}
