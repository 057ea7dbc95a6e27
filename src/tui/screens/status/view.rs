//! The listener's status: a gauge for each bound, the refusals with their reasons, what is taken up.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr as _;

use crate::server::listener::HELD_LIMIT;
use crate::server::tunnel::TunnelEnd;
use crate::store::QUEUE_CAPACITY;
use crate::text::units::{age_words, size_words};
use crate::text::{grouped, wrap};
use crate::tui::app::model::Model;
use crate::tui::pane::Drawn;
use crate::tui::screens::status::state::{Status, StatusView};
use crate::tui::theme::{Face, Look};
use crate::tui::widgets::{heading, shown};
use crate::tui::window::{draw_lines, window};

/// Columns of the window.
const COLUMNS: u16 = 76;
/// Columns of the names on the left.
const NAMES: usize = 13;
/// Cells of a gauge, at most and at least.
const GAUGE: usize = 16;
const LEAST_GAUGE: usize = 4;
/// From this part on, in hundredths, a gauge warns.
const NEARLY: usize = 80;

/// Draws the overlay.
pub(crate) fn draw(frame: &mut Frame<'_>, body: Rect, view: &StatusView, model: &Model, look: &Look) -> Drawn {
    let columns = usize::from(COLUMNS.min(body.width)).saturating_sub(3);
    let (mut lines, title) = match &view.status {
        Some(status) => {
            let running = age_words(i64::try_from(status.uptime.as_millis()).unwrap_or(i64::MAX));
            let lines = [bounds(status, columns, look), refusals(status, look)].concat();
            (lines, format!("Listener status (up {running})"))
        }
        None => (Vec::new(), "Listener status".to_owned()),
    };
    lines.extend(tunnels(model, columns, look));
    lines.extend(store(view, model, columns, look));
    let area = window(frame, body, &title, COLUMNS, lines.len(), look);
    draw_lines(frame, area, &lines, view.first, look)
}

fn bounds(status: &Status, columns: usize, look: &Look) -> Vec<Line<'static>> {
    let load = &status.load;
    let count = |number: usize| grouped(number as u64);
    let of = |used: usize, most: usize, what: &str| format!("{} of {}{what}", count(used), count(most));
    let most = load.limits.in_flight_bytes;
    let connections = load.limits.connections;
    let gauges = [
        ("connections", load.connections, connections, of(load.connections, connections, "")),
        (
            "bodies",
            load.in_flight_bytes,
            most,
            format!("{} of {} in memory", size_words(load.in_flight_bytes as u64), size_words(most as u64)),
        ),
        ("disk", load.waiting, QUEUE_CAPACITY, of(load.waiting, QUEUE_CAPACITY, " waiting to be written")),
        ("held", load.held, HELD_LIMIT, of(load.held, HELD_LIMIT, " waiting for you")),
    ];
    // The words stay whole, and the gauges have what is left.
    let words = gauges.iter().map(|(.., words)| words.width()).max().unwrap_or(0);
    let cells = match look.face {
        Face::Screen => columns.saturating_sub(3 + NAMES + 2 + words).clamp(LEAST_GAUGE, GAUGE),
        Face::Lines => 0,
    };
    let mut lines = vec![heading(" In use", look)];
    for (name, used, most, words) in gauges {
        let (full, style) = filled(used, most, cells, look);
        lines.push(Line::from(vec![
            Span::styled(format!("   {name:<NAMES$}"), look.theme.dim),
            Span::styled(look.bar("━", full), style),
            Span::styled(look.bar("─", cells - full), look.theme.rule),
            Span::raw(format!("  {words}")),
        ]));
    }
    if let Some(memory) = status.memory {
        let words = format!("{} now, {} at peak", size_words(memory.now), size_words(memory.most));
        lines.push(Line::from(vec![
            Span::styled(format!("   {:<1$}", "memory", NAMES + cells + 2), look.theme.dim),
            Span::raw(words),
        ]));
    }
    lines.push(Line::default());
    lines
}

/// How many of these cells are full, and in which style. One that is used at all shows it.
fn filled(used: usize, most: usize, cells: usize, look: &Look) -> (usize, Style) {
    let part = used.saturating_mul(100) / most.max(1);
    let style = match part {
        100.. => look.theme.bad,
        NEARLY.. => look.theme.warn,
        _ => look.theme.good,
    };
    let full = (used.saturating_mul(cells) / most.max(1)).min(cells);
    (full.max(usize::from(used > 0)), style)
}

fn refusals(status: &Status, look: &Look) -> Vec<Line<'static>> {
    let stats = &status.load.stats;
    let row = |answer: &str, words: &str, count: u64| {
        let (number, text) =
            if count > 0 { (look.theme.bad, look.theme.text) } else { (look.theme.text, look.theme.dim) };
        Line::from(vec![
            Span::styled(format!("   {:>7}", grouped(count)), number),
            Span::styled(format!("  {answer:<9}"), look.theme.dim),
            Span::styled(words.to_owned(), text),
        ])
    };
    let mut lines = vec![heading(" Rejected", look)];
    lines.extend(stats.reasons().map(|(words, count)| row("503", words, count)));
    lines.push(row("503", "the store could not save it", stats.not_kept));
    lines.push(row("default", "too many held", stats.not_held));
    if stats.not_forwarded > 0 {
        // Most listeners forward nothing.
        lines.push(row("none", "too many forwards", stats.not_forwarded));
    }
    lines.push(Line::default());
    lines
}

/// Every tunnel that is known, where there is one, and what is wrong with one.
fn tunnels(model: &Model, columns: usize, look: &Look) -> Vec<Line<'static>> {
    let found = model.tunnel.found().iter().map(|found| {
        let url = &found.public_url;
        let words = match &found.end {
            TunnelEnd::Here => url.clone(),
            TunnelEnd::Elsewhere { addr, .. } => format!("{url} leads to {addr}, not here"),
            TunnelEnd::Unknown => format!("{url}, target unknown"),
        };
        (found.name, words)
    });
    let troubles = model.tunnel.troubles().iter().cloned();
    let rows: Vec<_> =
        found.chain(troubles).flat_map(|(name, words)| named(name.code(), &shown(&words), columns, look)).collect();
    match rows.is_empty() {
        true => rows,
        false => [vec![heading(" Tunnels", look)], rows, vec![Line::default()]].concat(),
    }
}

fn store(view: &StatusView, model: &Model, columns: usize, look: &Look) -> Vec<Line<'static>> {
    let deliveries = model.total().map_or_else(|| "counting …".to_owned(), grouped);
    let sizes = match view.sizes {
        Some(sizes) => format!("{} of captured bytes, {} of index", size_words(sizes.log), size_words(sizes.index)),
        None => "reading …".to_owned(),
    };
    let mut lines = vec![heading(" Store", look)];
    lines.extend(named("deliveries", &deliveries, columns, look));
    lines.extend(named("on disk", &sizes, columns, look));
    lines.extend(named("store", &shown(&model.setup.store.display().to_string()), columns, look));
    if let Some(status) = &view.status {
        lines.extend(named("retention", &status.retention, columns, look));
    }
    lines.push(Line::default());
    lines.push(heading(" Settings", look));
    let config = model.answers.config.as_deref().map_or_else(|| "none".to_owned(), crate::config::shown);
    lines.extend(named("config file", &config, columns, look));
    for (at, (webhook, name)) in model.adopted.iter().enumerate() {
        let of = webhook.as_ref().map_or_else(|| "outside the webhooks".to_owned(), |webhook| format!("for {webhook}"));
        lines.extend(named(
            if at == 0 { "adopted" } else { "" },
            &shown(&format!("{name} {of}, this run")),
            columns,
            look,
        ));
    }
    for (at, secret) in model.secrets.iter().enumerate() {
        lines.extend(named(if at == 0 { "secrets" } else { "" }, &shown(secret), columns, look));
    }
    lines
}

/// `   name         value`, the value wrapped under itself.
fn named(name: &str, value: &str, columns: usize, look: &Look) -> Vec<Line<'static>> {
    let parts = wrap(value, columns.saturating_sub(NAMES + 3).max(8)).into_iter().enumerate();
    let line = |(index, part)| {
        let name = if index == 0 { name } else { "" };
        Line::from(vec![Span::styled(format!("   {name:<NAMES$}"), look.theme.dim), Span::raw(part)])
    };
    parts.map(line).collect()
}
