//! The request line and headers as they came: order, letter case and duplicates.

use ratatui::text::{Line, Span};

use crate::text;
use crate::text::{counted, wrap};
use crate::tui::pane::Pane;
use crate::tui::widgets::paragraph;

/// A header's value begins in the same column for all, unless the names are long.
const NAME_LIMIT: usize = 28;

pub(crate) fn lines(pane: &Pane<'_>) -> Vec<Line<'static>> {
    let (theme, columns) = (&pane.look.theme, pane.columns);
    let head = &pane.loaded.delivery.head;
    if !pane.loaded.delivery.summary.intake.is_complete() && head.version().is_empty() {
        return paragraph("No header could be read; the Raw tab shows the bytes.", theme.warn, columns);
    }
    let fields: Vec<_> = head.fields().collect();
    let request = [head.method(), b" ", head.target(), b" ", head.version()].concat();
    let mut lines = paragraph(&text::visible_bytes(&request), theme.title, columns);
    lines.push(Line::styled(counted(fields.len() as u64, "header"), theme.dim));
    lines.push(Line::default());
    let longest = fields.iter().map(|field| field.name.len()).max().unwrap_or(0);
    let indent = longest.min(NAME_LIMIT).min(columns / 2) + 1;
    for field in &fields {
        let name = text::visible_bytes(&field.name).into_owned();
        let repeated = fields.iter().filter(|other| other.name.eq_ignore_ascii_case(&field.name)).count() > 1;
        let style = if repeated { theme.warn } else { theme.key };
        let value = text::visible_bytes(&field.value);
        for (index, part) in wrap(&value, columns.saturating_sub(indent + 1)).into_iter().enumerate() {
            let name = if index == 0 { format!("{name:<indent$} ") } else { " ".repeat(indent + 1) };
            lines.push(Line::from(vec![Span::styled(name, style), Span::raw(part)]));
        }
    }
    lines
}
