//! Bodies that are no JSON, each as what it is.

use ratatui::text::{Line, Span};

use crate::payload::body::xml::{self, Xml, XmlTokenKind};
use crate::payload::body::{DecodedField, FormBody, Kind, Multipart, MultipartPart, PREVIEW_LINES};
use crate::payload::hex::{self, HexLayout};
use crate::text::{self, counted};
use crate::tui::app::action::Tab;
use crate::tui::pane::{Pane, TabContent, cut};
use crate::tui::theme::Theme;
use crate::tui::widgets::elided;

/// Bytes of a binary part that are shown.
const PART_BYTES: usize = 128;

pub(crate) fn content<'a>(pane: &Pane<'a>) -> TabContent<'a> {
    let body = &pane.loaded.reading.body;
    let (bytes, columns) = (&body.bytes[..], pane.columns);
    let theme = &pane.look.theme;
    match &body.kind {
        Kind::Form(form) => TabContent::Window(
            form.pairs.len() + usize::from(form.rest < bytes.len()),
            Box::new(move |index| pair(form, index, bytes, columns, theme)),
        ),
        Kind::Multipart(multipart) => parts(multipart, bytes, columns, theme),
        Kind::Xml(xml) => {
            TabContent::Window(xml.len(), Box::new(move |index| xml_row(xml, index, bytes, columns, theme)))
        }
        Kind::Binary(_) => {
            let layout = HexLayout::for_width(columns);
            TabContent::Window(layout.row_count(bytes.len()), Box::new(move |index| hex_row(bytes, layout, index)))
        }
        Kind::Empty | Kind::Json(_) | Kind::JsonLines(_) | Kind::Text => match pane.detail.raw_rows(Tab::Payload) {
            Some(rows) => TabContent::Window(rows.len(), Box::new(move |index| Line::raw(rows.row(index)))),
            None => TabContent::Whole(Vec::new()),
        },
    }
}

fn hex_row(bytes: &[u8], layout: HexLayout, index: usize) -> Line<'static> {
    let rows = hex::rows(bytes, layout, index..index + 1);
    rows.first().map(|row| Line::raw(row.to_string())).unwrap_or_default()
}

/// `name = value`, and as sent beside it where that differs.
fn pair(form: &FormBody, index: usize, body: &[u8], columns: usize, theme: &Theme) -> Line<'static> {
    let Some(pair) = form.pairs.get(index) else {
        let rest = counted((body.len() - form.rest) as u64, "more byte");
        return Line::styled(format!("… {rest} on the Raw tab"), theme.dim);
    };
    // Twelve bytes may stand for a character.
    let name = pair.name(body, columns * 12);
    let mut line = vec![Span::styled(visible_beginning(&name.text, columns), theme.key)];
    let value = pair.value(body, columns * 12);
    match &value {
        Some(value) => {
            line.push(Span::styled(" = ", theme.dim));
            line.push(Span::styled(visible_beginning(&value.text, columns), theme.string));
        }
        None if name.raw.is_empty() => line.push(Span::styled("(empty pair)", theme.dim)),
        None => line.push(Span::styled("  (no value)", theme.dim)),
    }
    let decoded = [Some(&name), value.as_ref()].into_iter().flatten();
    if decoded.clone().any(|part: &DecodedField<'_>| part.malformed > 0) {
        line.push(Span::styled("  malformed %", theme.warn));
    }
    if pair.again {
        line.push(Span::styled("  (duplicate)", theme.warn));
    }
    if decoded.into_iter().any(|part| part.text.as_bytes() != part.raw) {
        let raw = &body[pair.range()];
        let sent = text::visible_bytes(&raw[..raw.len().min(columns * 4)]);
        line.push(Span::styled(format!("  sent {sent}"), theme.dim));
    }
    elided(line.into(), columns)
}

/// As much of a long text as can be on a screen.
fn visible_beginning(long: &str, columns: usize) -> String {
    text::visible(&long.chars().take(columns + 1).collect::<String>()).into_owned()
}

fn xml_row(xml: &Xml, index: usize, body: &[u8], columns: usize, theme: &Theme) -> Line<'static> {
    let Some(row) = xml.row(body, index) else { return Line::default() };
    let indent = (2 * row.indent()).min(columns / 2);
    let range = row.range();
    let raw = &body[range.start..range.end.min(range.start + columns * 4 + 16)];
    let mut line = vec![Span::raw(" ".repeat(indent))];
    for (kind, token) in xml::tokens(raw) {
        let style = match kind {
            XmlTokenKind::Open | XmlTokenKind::Close | XmlTokenKind::Empty => theme.key,
            XmlTokenKind::Text | XmlTokenKind::Cdata => theme.string,
            XmlTokenKind::Aside => theme.dim,
            // A long token is cut for the screen, which does not make it broken.
            XmlTokenKind::Broken if raw.len() < range.len() => theme.key,
            XmlTokenKind::Broken => theme.hidden,
        };
        line.push(Span::styled(text::visible_bytes(&raw[token]).into_owned(), style));
    }
    elided(line.into(), columns)
}

/// Each part: what it is, its headers, the beginning of what it holds.
fn parts<'a>(multipart: &'a Multipart, body: &'a [u8], columns: usize, theme: &'a Theme) -> TabContent<'a> {
    let layout = HexLayout::for_width(columns);
    let mut starts = Vec::with_capacity(multipart.parts.len());
    let mut lines = 0;
    for part in &multipart.parts {
        starts.push(lines);
        lines += part_lines(part, layout);
    }
    let line = move |index: usize| {
        let which = starts.partition_point(|start| *start <= index).saturating_sub(1);
        let (Some(part), Some(start)) = (multipart.parts.get(which), starts.get(which)) else {
            return Line::default();
        };
        part_line(part, which, index - start, body, (columns, layout), theme)
    };
    TabContent::Window(lines, Box::new(line))
}

/// Title, headers, an empty line, content, what is not shown, an empty line.
fn part_lines(part: &MultipartPart, layout: HexLayout) -> usize {
    part.fields.len() + 4 + shown_rows(part, layout)
}

fn shown_rows(part: &MultipartPart, layout: HexLayout) -> usize {
    if part.is_text { part.preview.len() } else { layout.row_count(part.content.len().min(PART_BYTES)) }
}

fn part_line(
    part: &MultipartPart,
    which: usize,
    index: usize,
    body: &[u8],
    (columns, layout): (usize, HexLayout),
    theme: &Theme,
) -> Line<'static> {
    let visible = |bytes: &[u8]| text::visible_bytes(&bytes[..bytes.len().min(columns * 4)]).into_owned();
    if index == 0 {
        let quoted = |label: &str, name: &Option<String>| {
            name.as_ref().map_or(String::new(), |name| format!("  {label}“{}”", visible_beginning(name, 80)))
        };
        let size = counted(part.content.len() as u64, "byte");
        let title = format!("part {}{}{}", which + 1, quoted("", &part.name), quoted("file ", &part.file_name));
        let about = format!("  {}, {size}", part.kind);
        return elided(Line::from(vec![Span::styled(title, theme.title), Span::styled(about, theme.info)]), columns);
    }
    let index = index - 1;
    if let Some((name, value)) = part.fields.get(index) {
        let name = format!("{}: ", visible(&body[name.clone()]));
        let value = visible(&body[value.clone()]);
        return elided(Line::from(vec![Span::styled(name, theme.key), Span::styled(value, theme.text)]), columns);
    }
    let Some(row) = (index - part.fields.len()).checked_sub(1) else { return Line::default() };
    let rows = shown_rows(part, layout);
    if row < rows {
        if let Some(line) = part.preview.get(row) {
            return Line::styled(cut(&visible(&body[line.clone()]), columns), theme.string);
        }
        return hex_row(&body[part.content.clone()], layout, row);
    }
    let shown = match (part.is_text, part.preview.last()) {
        (true, Some(last)) if part.preview.len() == PREVIEW_LINES => last.end - part.content.start,
        (true, _) => part.content.len(),
        (false, _) => part.content.len().min(PART_BYTES),
    };
    let rest = part.content.len().saturating_sub(shown);
    if row == rows && rest > 2 {
        return Line::styled(format!("… {}", counted(rest as u64, "more byte")), theme.dim);
    }
    Line::default()
}
