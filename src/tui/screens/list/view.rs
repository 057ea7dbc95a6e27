//! The list of deliveries: only the rows on the screen are made.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr as _;

use crate::delivery::{Outcome, Summary};
use crate::payload::grouped;
use crate::text;
use crate::tui::app::model::{Focus, Model};
use crate::tui::theme::Look;
use crate::tui::widgets::{clock, put, short_bytes, short_latency, shown};

/// Draws the title and the rows; returns how many rows there is room for.
pub(crate) fn draw(frame: &mut Frame<'_>, area: Rect, model: &Model, look: &Look) -> usize {
    put(frame, area, 0, title(model, look, area.width.into()));
    let rows = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    let list = &model.list;
    if list.rows().is_empty() {
        put(frame, rows, 1, Line::styled(format!(" {}", empty(model)), look.theme.dim));
    }
    let columns = Columns::for_width(area.width.into());
    for (row, summary) in (0..rows.height).zip(list.rows().iter().skip(list.top())) {
        let is_selected = list.selected() == Some(summary.id);
        let left = model.answers.held_one(summary.id).map(|held| model.answers.seconds_left(held));
        put(frame, rows, row, line(summary, &columns, is_selected, left, look));
        if is_selected {
            let style = if model.focus == Focus::List { look.theme.selected } else { look.theme.selected_unfocused };
            look.theme.highlight(frame.buffer_mut(), Rect { y: rows.y + row, height: 1, ..rows }, style);
        }
    }
    rows.height.into()
}

fn title(model: &Model, look: &Look, columns: usize) -> Line<'static> {
    let theme = &look.theme;
    let list = &model.list;
    let mut spans = vec![Span::styled(" Deliveries", theme.title)];
    if let Some(total) = model.total().map(grouped) {
        let counted = match list.matches() {
            _ if list.filter().is_empty() => total,
            Some(matches) => format!("{} of {total} match", grouped(matches)),
            None => format!("of {total}"),
        };
        spans.push(Span::styled(format!("  {counted}"), theme.dim));
    }
    if !list.filter().is_empty() {
        spans.push(Span::styled(format!("  / {}", text::clip(&shown(list.filter()), columns / 3)), theme.info));
    }
    if let Some(reached) = list.searched_to() {
        spans.push(Span::styled(format!("  searching, at #{reached}"), theme.dim));
    }
    // Whether they match is known only once they are read.
    let news = |unseen| match list.filter() {
        "" => grouped(unseen),
        _ => format!("≤ {}", grouped(unseen)),
    };
    let (state, style) = match (list.is_paused(), list.unseen(), list.is_following()) {
        (true, 0, _) => ("  ‖ paused".to_owned(), theme.warn),
        (true, unseen, _) => (format!("  ‖ paused, {} new", news(unseen)), theme.warn),
        (false, unseen @ 1.., _) => (format!("  ↑ {} new", news(unseen)), theme.info),
        (false, 0, true) => ("  ▸ following".to_owned(), theme.dim),
        (false, 0, false) => (String::new(), theme.dim),
    };
    spans.push(Span::styled(state, style));
    Line::from(spans)
}

fn empty(model: &Model) -> String {
    match (model.list.error(), model.list.filter().is_empty(), model.list.is_loading()) {
        (Some(error), ..) => shown(error),
        (None, _, true) => "reading …".to_owned(),
        (None, false, false) => "no delivery matches the filter; Esc clears it".to_owned(),
        (None, true, false) => "no deliveries yet".to_owned(),
    }
}

/// Which columns there is room for.
struct Columns {
    word: bool,
    time: bool,
    live: bool,
    latency: bool,
    size: bool,
    event: usize,
}

impl Columns {
    fn for_width(width: usize) -> Self {
        // Marker, glyph, status; then each further column as long as the event keeps ten. The last
        // column needs no space after it.
        let mut left = width.saturating_sub(1 + 2 + 3);
        let mut take = |needed: usize| {
            let fits = left >= needed + 11;
            left -= if fits { needed } else { 0 };
            fits
        };
        let (time, live, latency, size, word) = (take(9), take(5), take(7), take(6), take(10));
        Self { word, time, live, latency, size, event: left.saturating_sub(1) }
    }
}

/// `left` are the seconds that a held delivery still waits.
fn line(summary: &Summary, columns: &Columns, is_selected: bool, left: Option<u64>, look: &Look) -> Line<'static> {
    let theme = &look.theme;
    let (glyph, word, verdict_style) = theme.verdict_of(summary);
    let mut spans = vec![Span::styled(if is_selected { "▌" } else { " " }, theme.brand)];
    let mut cell = |words: String, width: usize, style: Style| {
        let clipped = text::clip(&words, width);
        let padding = width.saturating_sub(clipped.width()) + 1;
        spans.push(Span::styled(format!("{clipped}{:padding$}", ""), style));
    };
    cell(glyph.to_owned(), 1, verdict_style);
    if columns.word {
        // A right signature on an old delivery: both matter.
        match summary.judgement.timestamp.as_ref().and_then(|timestamp| timestamp.fresh) {
            Some(false) if word == "verified" => cell("stale".to_owned(), 9, theme.warn),
            _ => cell(word.to_owned(), 9, verdict_style),
        }
    }
    if columns.time {
        cell(clock(summary.received_at, look), 8, theme.dim);
    }
    cell(subject(summary), columns.event, theme.text);
    if columns.live {
        let (word, style) = match (summary.event.event.is_some(), summary.event.is_simulation()) {
            (_, true) => ("SIM", theme.simulation),
            (true, false) => ("live", theme.dim),
            (false, false) => ("", theme.dim),
        };
        cell(word.to_owned(), 4, style);
    }
    let left = left.filter(|_| summary.answer.is_none());
    let (status, style) = match left {
        Some(_) if columns.latency => ("◷".to_owned(), theme.warn),
        Some(left) => (format!("◷{left}"), theme.warn),
        None => status(summary, look),
    };
    cell(status, 3, style);
    if let (true, Some(left)) = (columns.latency, left) {
        cell(format!("{:>6}", format!("{left} s")), 6, theme.warn);
    } else if columns.latency {
        let latency = summary.answer.as_ref().filter(|answer| answer.outcome == Outcome::Sent);
        cell(format!("{:>6}", latency.map_or(String::new(), |answer| short_latency(answer.latency))), 6, theme.dim);
    }
    if columns.size {
        cell(format!("{:>5}", short_bytes(summary.body_bytes)), 5, theme.dim);
    }
    Line::from(spans)
}

/// The event's short name; without one, the request itself.
fn subject(summary: &Summary) -> String {
    if let Some(event) = summary.event.short_event() {
        return shown(event);
    }
    if summary.method.is_empty() {
        return format!("({} request)", summary.intake.name());
    }
    shown(&format!("{} {}", summary.method, summary.path))
}

fn status(summary: &Summary, look: &Look) -> (String, Style) {
    match &summary.answer {
        None => ("…".to_owned(), look.theme.dim),
        Some(answer) if answer.status == 0 || answer.outcome == Outcome::SenderGone => {
            ("—".to_owned(), look.theme.warn)
        }
        Some(answer) => (answer.status.to_string(), look.theme.status(answer.status)),
    }
}
