//! The result panel, with the documented fields.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::delivery::{Attempt, AttemptKind};
use crate::http::{HeaderField, HttpResponse};
use crate::payload::body::BodyRemark;
use crate::send::{DocumentedError, StatusClass, latency_words, status_words};
use crate::text::{counted, visible_bytes, wrap};
use crate::tui::screens::payload::view::plain_row;
use crate::tui::screens::send::panel::{BodyRows, Panel};
use crate::tui::theme::Look;
use crate::tui::widgets::{date_time, heading, kept_words, shown};

/// Columns of the names.
const NAME_COLUMNS: usize = 17;
/// Before the rows of a body.
const INDENT: &str = "  ";

/// The panel's rows: facts, the payload, the response's facts, its body.
pub(super) struct Rows<'a> {
    panel: &'a Panel,
    look: &'a Look,
    columns: usize,
    facts: Vec<Line<'a>>,
    response: Vec<Line<'a>>,
}

impl<'a> Rows<'a> {
    pub(super) fn of(panel: &'a Panel, columns: usize, look: &'a Look) -> Self {
        let mut facts = facts(panel, columns, look);
        let attempt = &panel.attempt;
        facts.push(Line::default());
        let size = counted(attempt.body_bytes, "byte");
        let is_unsent = attempt.is_unsent();
        facts.push(section(
            if is_unsent { "Payload, not sent" } else { "Sent payload" },
            &format!("{size}, {}", attempt.mode.words()),
            look,
        ));
        Self { facts, response: response(panel, columns, look), panel, look, columns }
    }

    pub(super) fn len(&self) -> usize {
        let (payload, response) = self.bodies();
        self.facts.len() + payload + self.response.len() + response
    }

    fn bodies(&self) -> (usize, usize) {
        let rows = |content: &BodyRows| if content.is_empty() { 0 } else { content.len() };
        (rows(&self.panel.payload), rows(&self.panel.response))
    }

    pub(super) fn line(&self, row: usize) -> Line<'a> {
        let (payload, _) = self.bodies();
        let Some(row) = row.checked_sub(self.facts.len()) else { return self.facts[row].clone() };
        let Some(row) = row.checked_sub(payload) else { return self.body(&self.panel.payload, row) };
        let Some(row) = row.checked_sub(self.response.len()) else { return self.response[row].clone() };
        self.body(&self.panel.response, row)
    }

    fn body(&self, content: &'a BodyRows, row: usize) -> Line<'a> {
        content_line(content, row, self.columns, self.look)
    }
}

/// A row of a body, indented.
pub(super) fn content_line<'a>(content: &'a BodyRows, row: usize, columns: usize, look: &Look) -> Line<'a> {
    let mut line = match content {
        BodyRows::Json(rows) => plain_row(rows, row, columns.saturating_sub(INDENT.len()), &look.theme),
        BodyRows::Text(rows) => Line::raw(rows.row(row)),
    };
    line.spans.insert(0, Span::raw(INDENT));
    line
}

/// A result as a glyph and a word, so that colour carries nothing alone.
pub(super) fn result(attempt: &Attempt, look: &Look) -> (String, Style) {
    match attempt.is_delivered() {
        true => (look.marked("✓", "Delivered"), look.theme.good),
        false => (look.marked("✗", "Failed"), look.theme.bad),
    }
}

fn facts(panel: &Panel, columns: usize, look: &Look) -> Vec<Line<'static>> {
    let theme = &look.theme;
    let attempt = &panel.attempt;
    let mut lines = Vec::new();
    let mut row = |name: &str, value: &str, style: Style| lines.extend(named(name, value, style, columns, look));
    row("Endpoint", &shown(&attempt.target), theme.text);
    let status = match attempt.status() {
        Some(status) => (format!("{}   {}", status_words(attempt), class_words(status)), theme.status(status)),
        None => ("none: no response".to_owned(), theme.bad),
    };
    row("Status", &status.0, status.1);
    row("Latency", &latency_words(&attempt.latency), theme.text);
    let (words, style) = result(attempt, look);
    row("Result", &words, style);
    if let Err(failure) = &attempt.result {
        let term = DocumentedError::of(attempt).map(|term| format!("{}: ", term.title())).unwrap_or_default();
        row("Error", &shown(&format!("{term}{}", failure.message)), theme.bad);
        row("Fix", &shown(&failure.advice), theme.warn);
    } else if let Some(fault) = attempt.result.as_ref().ok().and_then(HttpResponse::fault) {
        row("Error", &shown(&fault), theme.bad);
    } else if let (Some(term), AttemptKind::Simulation) = (DocumentedError::of(attempt), attempt.kind) {
        row("Error", term.title(), theme.bad);
        row("Fix", term.meaning(), theme.warn);
    }
    for (name, words) in &panel.remarks {
        row(name, &shown(words), theme.text);
    }
    row(if attempt.is_unsent() { "Tried at" } else { "Sent at" }, &date_time(attempt.at, look), theme.dim);
    lines.push(Line::default());
    lines.push(heading("Delivery headers", look));
    if panel.headers.is_empty() {
        lines.push(Line::styled("  none: sent unsigned", theme.warn));
    }
    lines.extend(panel.headers.iter().flat_map(|field| header(field, columns, look)));
    lines
}

fn response(panel: &Panel, columns: usize, look: &Look) -> Vec<Line<'static>> {
    let Ok(reply) = &panel.attempt.result else { return Vec::new() };
    let mut size = kept_words(reply.body_bytes, reply.body.len() as u64);
    if reply.end.is_truncated() {
        size.push_str("; it ");
        size.push_str(reply.end.words());
    }
    let mut lines = vec![Line::default(), section("Endpoint response", &size, look)];
    lines.extend(reply.head.fields().flat_map(|field| header(&field, columns, look)));
    lines.extend(panel.response_remarks.iter().flat_map(|remark| body_remark(remark, columns, look)));
    lines.push(Line::default());
    lines
}

/// What had to be done to read a body.
fn body_remark(remark: &BodyRemark, columns: usize, look: &Look) -> Vec<Line<'static>> {
    let style = if remark.is_warning { look.theme.warn } else { look.theme.dim };
    let width = columns.saturating_sub(INDENT.len()).max(8);
    wrap(&remark.words, width).into_iter().map(|part| Line::styled(format!("{INDENT}{part}"), style)).collect()
}

fn class_words(status: u16) -> &'static str {
    match StatusClass::of(status) {
        StatusClass::Success => "success",
        StatusClass::Redirect => "redirect, not followed",
        StatusClass::ClientError => "refused",
        StatusClass::ServerError => "the endpoint failed",
        StatusClass::Other => "not an HTTP status",
    }
}

fn section(name: &str, about: &str, look: &Look) -> Line<'static> {
    let mut line = heading(name.to_owned(), look);
    line = Line::from(vec![Span::styled(line.to_string(), line.style)]);
    line.spans.push(Span::styled(format!("   {about}"), look.theme.dim));
    line
}

fn header(field: &HeaderField, columns: usize, look: &Look) -> Vec<Line<'static>> {
    let (name, value) = (visible_bytes(&field.name).into_owned(), visible_bytes(&field.value).into_owned());
    let width = columns.saturating_sub(INDENT.len()).max(8);
    wrap(&format!("{name}: {value}"), width)
        .into_iter()
        .enumerate()
        .map(|(index, part)| match part.strip_prefix(&name).filter(|_| index == 0).map(str::to_owned) {
            Some(rest) => {
                Line::from(vec![Span::raw(INDENT), Span::styled(name.clone(), look.theme.key), Span::raw(rest)])
            }
            None => Line::raw(format!("{INDENT}{part}")),
        })
        .collect()
}

/// `name   value`, the value wrapped under itself.
fn named(name: &str, value: &str, style: Style, columns: usize, look: &Look) -> Vec<Line<'static>> {
    let width = columns.saturating_sub(NAME_COLUMNS + 1).max(8);
    let line = |(index, part): (usize, String)| {
        let name = if index == 0 { name } else { "" };
        Line::from(vec![Span::styled(format!("{name:<NAME_COLUMNS$} "), look.theme.dim), Span::styled(part, style)])
    };
    wrap(value, width).into_iter().enumerate().map(line).collect()
}
