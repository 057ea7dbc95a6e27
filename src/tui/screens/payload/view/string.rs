//! One string in a view of its own.

use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr as _;

use super::Rows;
use crate::text::counted;
use crate::tui::pane::{Pane, cut};
use crate::tui::screens::payload::state::StringView;

/// What the string is, in two lines that do not scroll.
pub(super) fn heading<'a>(string: &StringView, pane: &Pane<'a>, columns: usize) -> Vec<Line<'a>> {
    let theme = &pane.look.theme;
    let bytes = counted(string.token.len() as u64, "byte");
    let (how, other) = if string.as_sent { ("as sent", "decoded") } else { ("decoded", "as sent") };
    let rows = pane.loaded.body().rows();
    let name = rows.map_or(String::new(), |rows| rows.path_end(rows.line_at(string.token.start)));
    let name = if name.is_empty() { "The string".to_owned() } else { name };
    let characters = string.characters().map_or("… characters".to_owned(), |count| counted(count, "character"));
    let about = format!(" {how}: {characters}, {bytes} as sent");
    vec![
        Line::from(vec![
            Span::styled(cut(&name, columns.saturating_sub(about.width() + 1).max(12)), theme.title),
            Span::styled(about, theme.dim),
        ]),
        Line::styled(cut(&format!("r shows it {other}, y copies it, Esc back"), columns), theme.dim),
    ]
}

pub(super) fn rows(string: &StringView) -> Rows<'_> {
    let count = string.rows().map_or(0, |rows| rows.len());
    let line = move |index| Line::raw(string.rows().map_or_else(String::new, |rows| rows.row(index).into_owned()));
    Rows { count, line: Box::new(line), cursor: None }
}
