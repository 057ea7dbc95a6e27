//! The payload: JSON re-indented from its own tokens, anything else as the text that it is.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use unicode_width::UnicodeWidthStr as _;

use super::detail::{Content, Pane};
use crate::engine::Payload;
use crate::payload::json::pretty::{self, PieceKind, Pretty};
use crate::tui::theme::Theme;

pub(super) fn content<'a>(pane: &Pane<'a>) -> Content<'a> {
    let theme = &pane.look.theme;
    match &pane.loaded.payload {
        Payload::Empty => Content::Whole(vec![Line::styled("The body is empty.", theme.dim)]),
        Payload::Json(pretty) => {
            let columns = pane.columns;
            Content::Window(
                pretty.line_count(),
                Box::new(move |index| {
                    let line = fitted(pretty, index, columns);
                    let mut spans = vec![Span::raw(" ".repeat(2 * line.indent))];
                    spans.extend(
                        line.pieces.into_iter().map(|piece| Span::styled(piece.text, style(theme, piece.kind))),
                    );
                    Line::from(spans)
                }),
            )
        }
        Payload::Other(..) => super::body::content(pane),
    }
}

/// Below this many columns a cut value says nothing any more.
const SHORTEST_VALUE: usize = 24;

/// Renders a row so that it fits: its longest token is cut further, since the remark behind it (how
/// long it is, what it is) matters more than its fortieth byte.
fn fitted(pretty: &Pretty, index: usize, columns: usize) -> pretty::Line<'_> {
    let line = pretty.line_within(index, columns);
    let width = 2 * line.indent + line.pieces.iter().map(|piece| piece.text.width()).sum::<usize>();
    if width <= columns {
        return line;
    }
    let longest = line.pieces.iter().map(|piece| piece.text.width()).max().unwrap_or(0);
    pretty.line_within(index, longest.saturating_sub(width - columns).max(SHORTEST_VALUE))
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
        PieceKind::Note => theme.dim.add_modifier(ratatui::style::Modifier::ITALIC),
    }
}
