//! What is understood of a body: above the payload in a few lines, in the overview in full.

use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr as _;

use crate::payload::body::Kind;
use crate::payload::contract::{Drift, EventItem, EventReport, Severity, handle};
use crate::payload::hex;
use crate::text::counted;
use crate::tui::app::action::Tab;
use crate::tui::pane::Pane;
use crate::tui::theme::{Look, Theme};
use crate::tui::widgets::{elided, field, heading, paragraph};

/// Items that the lines above a payload name.
const FEW_ITEMS: usize = 2;
/// Drift that the lines above a payload name.
const FEW_DRIFTS: usize = 3;
/// With less room than this, all is cut.
const FEW_LINES: usize = 12;
/// Items that the overview names one by one.
const MANY_ITEMS: usize = 20;
/// Below this many rows nothing but the payload is shown.
const SHORT_PANE: usize = 6;
/// Below this many rows a line has to do for the event.
const LINE_PANE: usize = 10;

/// The lines above the payload, at most half of `rows`, with a rule below them; empty when there is
/// nothing to say.
pub(crate) fn prelude(pane: &Pane<'_>, rows: usize) -> Vec<Line<'static>> {
    let (theme, columns) = (&pane.look.theme, pane.columns);
    if rows < SHORT_PANE {
        return Vec::new();
    }
    let mut lines = about_body(pane);
    if let Some(event) = &pane.loaded.reading.event {
        if pane.model.event_folded {
            lines = vec![title(event, true, pane.look)];
        } else if rows < LINE_PANE {
            lines = vec![title(event, false, pane.look)];
        } else {
            lines.push(title(event, false, pane.look));
            lines.extend(few(pane, event, rows / 2));
        }
    } else if !pane.loaded.is_read && pane.loaded.delivery.summary.event.event.is_some() {
        lines.push(Line::styled("reading the event …", theme.dim));
    } else if pane.model.event_folded {
        lines.truncate(1);
    }
    if lines.is_empty() {
        return lines;
    }
    let most = (rows / 2).max(2);
    if lines.len() >= most {
        let rest = lines.len() + 2 - most;
        if lines.len() + 1 > most {
            lines.truncate(most.saturating_sub(2).max(1));
            let folds = if pane.model.keymap.is_in_lines() { "" } else { ", or i folds this" };
            let tab = pane.model.keymap.tab(Tab::Overview);
            lines.push(Line::styled(format!("… {rest} more: {tab}{folds}"), theme.dim));
        }
    }
    let mut lines: Vec<Line<'static>> = lines.into_iter().map(|line| elided(line, columns)).collect();
    lines.push(Line::styled(pane.look.bar("─", columns), theme.rule));
    lines
}

/// What the body is, unless it is plain JSON, and what was done to show it.
pub(crate) fn about_body(pane: &Pane<'_>) -> Vec<Line<'static>> {
    let theme = &pane.look.theme;
    let body = &pane.loaded.reading.body;
    let mut lines = Vec::new();
    if !matches!(body.kind, Kind::Json(_) | Kind::Empty | Kind::Text) {
        let media = pane.loaded.delivery.head.value("content-type").map(|value| crate::text::visible_bytes(value));
        let media = media.map_or("no Content-Type".to_owned(), |media| media.into_owned());
        lines.push(Line::from(vec![
            Span::styled(body.words(), theme.title),
            Span::styled(format!("  {media}"), theme.dim),
        ]));
    }
    let has_bytes = match &body.kind {
        Kind::Binary(_) => true,
        Kind::Multipart(multipart) => multipart.parts.iter().any(|part| !part.is_text),
        _ => false,
    };
    if has_bytes {
        lines.extend(paragraph(&hex::legend(), theme.dim, pane.columns));
    }
    for remark in &body.remarks {
        let (glyph, style) = if remark.is_warning { ("!", theme.warn) } else { ("·", theme.info) };
        lines.extend(paragraph(&format!("{glyph} {}", remark.words), style, pane.columns));
    }
    lines
}

fn title(event: &EventReport, is_folded: bool, look: &Look) -> Line<'static> {
    let theme = &look.theme;
    let name = event.event.as_deref().unwrap_or("no event");
    let short = name.strip_prefix("desktop.").and_then(|rest| rest.strip_suffix("_tracking.captured")).unwrap_or(name);
    let (kind, style) = if event.simulation { ("SIM", theme.simulation) } else { ("live", theme.text) };
    let mut spans = vec![Span::styled(short.to_owned(), theme.title), Span::raw("  "), Span::styled(kind, style)];
    let drift = event.drift_words();
    let words = if drift.is_empty() { look.marked("✓", "as documented") } else { format!("schema: {drift}") };
    let worst = event.drift.first().map_or(theme.good, |drift| severity_style(theme, drift.severity));
    spans.push(Span::styled(format!("  {words}"), worst));
    let about = [event.version.clone(), event.agent.clone(), Some(counted(event.item_count, "item"))];
    let about = about.into_iter().flatten().collect::<Vec<_>>().join(" · ");
    spans.push(Span::styled(if is_folded { "  i unfolds".to_owned() } else { format!("  {about}") }, theme.dim));
    Line::from(spans)
}

pub(crate) fn severity_style(theme: &Theme, severity: Severity) -> Style {
    match severity {
        Severity::Breaks => theme.bad,
        Severity::Differs => theme.warn,
        Severity::Note => theme.info,
    }
}

/// Time, people, the first items, the worst drift: a line each.
fn few(pane: &Pane<'_>, event: &EventReport, room: usize) -> Vec<Line<'static>> {
    let theme = &pane.look.theme;
    let mut lines = Vec::new();
    // In a short pane the items should be seen too, and the title has the numbers.
    let drifts = if room < FEW_LINES { FEW_DRIFTS - 1 } else { FEW_DRIFTS };
    lines.extend(event.drift.iter().take(drifts).flat_map(|drift| drift_lines(drift, pane)));
    let more = event.drift.len().saturating_sub(drifts) as u64 + event.more_drift;
    if more > 0 && room >= FEW_LINES {
        lines.push(Line::styled(
            format!("… {} more: {}", crate::text::grouped(more), pane.model.keymap.tab(Tab::Overview)),
            theme.dim,
        ));
    }
    if let Some(repeat) = pane.detail.sightings.as_ref().and_then(|seen| seen.repeat(event.simulation)) {
        lines.extend(paragraph(&pane.look.marked("↻", &repeat), theme.warn, pane.columns));
    }
    // Invalid items are reported by the drift above.
    let items = || event.items.iter().filter(|item| !item.facts.is_empty());
    lines.extend(items().take(FEW_ITEMS).map(|item| item_line(item, event, pane.columns, theme)));
    let rest = event.item_count.saturating_sub(FEW_ITEMS as u64);
    if rest > 0 && items().next().is_some() {
        lines.push(Line::styled(format!("… and {}", counted(rest, "more item")), theme.dim));
    }
    if let Some(words) = time_words(event) {
        lines.push(Line::from(vec![Span::styled("time  ", theme.dim), Span::raw(words)]));
    }
    let people: Vec<String> = ["organisation", "team", "user"]
        .into_iter()
        .zip(event.people())
        .filter_map(|(name, id)| Some(format!("{name} {}", handle(id?))))
        .collect();
    if !people.is_empty() {
        lines.push(Line::styled(people.join(" · "), theme.dim));
    }
    lines
}

fn time_words(event: &EventReport) -> Option<String> {
    let date = event.times.event_date()?;
    let beside = event.times.words();
    Some(if beside.is_empty() { date } else { format!("{date}, {beside}") })
}

fn item_line(item: &EventItem, event: &EventReport, columns: usize, theme: &Theme) -> Line<'static> {
    let index = item.index.filter(|_| event.item_count > 1).map_or(String::new(), |index| format!("[{index}] "));
    let words = item.short_words(event.times.event_date().as_deref(), columns.saturating_sub(index.len()));
    Line::from(vec![Span::styled(index, theme.dim), Span::raw(words)])
}

/// A difference from the documented event, going on below its own words.
fn drift_lines(drift: &Drift, pane: &Pane<'_>) -> Vec<Line<'static>> {
    let theme = &pane.look.theme;
    let label = drift_label(drift, pane.look);
    let width = pane.columns.saturating_sub(label.width()).max(8);
    let line = |(index, part): (usize, Line<'static>)| {
        let label = if index == 0 { label.clone() } else { " ".repeat(label.width()) };
        let mut spans = vec![Span::styled(label, severity_style(theme, drift.severity))];
        spans.extend(part.spans);
        Line::from(spans)
    };
    paragraph(&drift.to_string(), theme.text, width).into_iter().enumerate().map(line).collect()
}

fn drift_label(drift: &Drift, look: &Look) -> String {
    look.marked(drift.severity.glyph(), &format!("{:<7} ", drift.severity.word()))
}

/// The overview's part: the event's time, people, every item of a window, all drift, known ids.
pub(crate) fn overview(pane: &Pane<'_>) -> Vec<Line<'static>> {
    let (look, columns) = (pane.look, pane.columns);
    let theme = &look.theme;
    let Some(event) = &pane.loaded.reading.event else { return Vec::new() };
    let mut lines = vec![heading("Event", look)];
    if let Some(words) = time_words(event) {
        lines.extend(field("time", &words, theme.text, columns, look));
    }
    // The longest of these names does not fit the column, so each is shown beside its id.
    let people = ["organisation", "team", "user"].into_iter().zip(event.people());
    for (index, (name, id)) in people.filter_map(|(name, id)| Some((name, id?))).enumerate() {
        let label = if index == 0 { "owner" } else { "" };
        lines.extend(field(label, &format!("{name} {id}"), theme.text, columns, look));
    }
    for item in event.items.iter().take(MANY_ITEMS) {
        let index = item.index.filter(|_| event.item_count > 1);
        let name = index.map_or("item".to_owned(), |index| format!("item {index}"));
        lines.extend(field(&name, &item.words(), theme.text, columns, look));
        if event.people().iter().any(Option::is_none) {
            let people: Vec<&str> = item.people.iter().flatten().map(|id| &**id).collect();
            lines.extend(field("", &people.join(" · "), theme.dim, columns, look));
        }
    }
    let rest = event.item_count.saturating_sub(MANY_ITEMS as u64);
    if rest > 0 && !event.items.is_empty() {
        lines.extend(field("", &format!("and {}", counted(rest, "more item")), theme.dim, columns, look));
    }
    lines
}

/// Drift in full, with the paths.
pub(crate) fn drift(pane: &Pane<'_>) -> Vec<Line<'static>> {
    let theme = &pane.look.theme;
    let Some(event) = &pane.loaded.reading.event else { return Vec::new() };
    if event.drift.is_empty() {
        return vec![Line::styled(pane.look.marked("✓", "as documented: no schema differences"), theme.good)];
    }
    let mut lines = vec![heading(format!("Schema: {}", event.drift_words()), pane.look)];
    lines.extend(event.drift.iter().flat_map(|drift| drift_lines(drift, pane)));
    if event.more_drift > 0 {
        lines.push(Line::styled(format!("… and {}", counted(event.more_drift, "more difference")), theme.dim));
    }
    lines
}

/// Earlier deliveries with the event's ids.
pub(crate) fn seen(pane: &Pane<'_>) -> Vec<Line<'static>> {
    let theme = &pane.look.theme;
    let Some(sightings) = &pane.detail.sightings else { return Vec::new() };
    if sightings.seen.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![heading(format!("Seen before {}", sightings.scope()).trim_end().to_owned(), pane.look)];
    let simulation = pane.loaded.reading.event.as_ref().is_some_and(|event| event.simulation);
    let repeats = sightings.repeat(simulation).map(|words| (pane.look.marked("↻", &words), theme.warn));
    let others = sightings.seen.iter().filter(|seen| !seen.is_repeat());
    let others = others.map(|seen| (format!("· {}", seen.words()), theme.text));
    for (words, style) in repeats.into_iter().chain(others) {
        lines.extend(paragraph(&words, style, pane.columns));
    }
    lines
}
