//! The request line, headers and trailers as they came: order, letter case and duplicates.

use ratatui::text::{Line, Span};

use crate::text;
use crate::text::{counted, grouped, wrap};
use crate::tui::app::action::Tab;
use crate::tui::pane::Pane;
use crate::tui::widgets::{heading, paragraph};

/// A header's value begins in the same column for all, unless the names are long.
const NAME_LIMIT: usize = 28;
/// Bytes of a value that is shown whole; of a longer one, its beginning is, so that the headers after it can be found.
const WHOLE: usize = 2_000;
const BEGINNING: usize = 1_000;

pub(crate) fn lines(pane: &Pane<'_>) -> Vec<Line<'static>> {
    let (theme, columns) = (&pane.look.theme, pane.columns);
    let head = &pane.loaded.delivery.head;
    if !pane.loaded.delivery.summary.intake.is_complete() && head.version().is_empty() {
        return paragraph("No header could be read; the Raw tab shows the bytes.", theme.warn, columns);
    }
    let fields: Vec<_> = head.fields().collect();
    let fields: Vec<(&[u8], &[u8])> = fields.iter().map(|field| (&*field.name, &*field.value)).collect();
    let request = [head.method(), b" ", head.target(), b" ", head.version()].concat();
    let mut lines = paragraph(&cut(&request, pane), theme.title, columns);
    lines.push(Line::styled(counted(fields.len() as u64, "header"), theme.dim));
    lines.push(Line::default());
    lines.extend(table(&fields, pane));
    let trailers: Vec<(&[u8], &[u8])> = pane.loaded.delivery.framing.trailers().collect();
    if !trailers.is_empty() {
        lines.push(Line::default());
        lines.push(heading("Trailers", pane.look));
        let about =
            "Sent after the body's last chunk. Most servers ignore them or hand them out apart from the headers.";
        lines.extend(paragraph(about, theme.dim, columns));
        lines.push(Line::default());
        lines.extend(table(&trailers, pane));
    }
    lines
}

/// Names and values, one below the other.
fn table(fields: &[(&[u8], &[u8])], pane: &Pane<'_>) -> Vec<Line<'static>> {
    let (theme, columns) = (&pane.look.theme, pane.columns);
    let longest = fields.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let indent = longest.min(NAME_LIMIT).min(columns / 2) + 1;
    let mut lines = Vec::new();
    for (name, value) in fields {
        let repeated = fields.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name)).count() > 1;
        let style = if repeated { theme.warn } else { theme.key };
        let name = text::visible_bytes(name).into_owned();
        for (index, part) in wrap(&cut(value, pane), columns.saturating_sub(indent + 1)).into_iter().enumerate() {
            let name = if index == 0 { format!("{name:<indent$} ") } else { " ".repeat(indent + 1) };
            lines.push(Line::from(vec![Span::styled(name, style), Span::raw(part)]));
        }
    }
    lines
}

/// Bytes as visible text; of very many, the first ones and where the others are.
fn cut(bytes: &[u8], pane: &Pane<'_>) -> String {
    if bytes.len() <= WHOLE {
        return text::visible_bytes(bytes).into_owned();
    }
    let all = pane.model.keymap.tab(Tab::Raw);
    let beginning = text::visible_bytes(&bytes[..BEGINNING]).into_owned();
    format!("{beginning} … ({} bytes in all: {all} has the others)", grouped(bytes.len() as u64))
}
