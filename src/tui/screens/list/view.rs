//! The list of deliveries: only the rows on the screen are made.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr as _;

use super::columns;
use crate::config::ListColumn;
use crate::delivery::{Outcome, Summary};
use crate::text::{self, grouped};
use crate::tui::app::action::Action;
use crate::tui::app::model::{Focus, Model};
use crate::tui::app::step::Step;
use crate::tui::theme::Look;
use crate::tui::widgets::{clock, focus_rule, put, scrollbar, short_bytes, short_latency, shown};

/// What the list is called.
const TITLE: &str = " Deliveries";

/// Draws the title and the rows; returns how many rows there is room for.
pub(crate) fn draw(frame: &mut Frame<'_>, area: Rect, model: &Model, look: &Look) -> usize {
    let mut title = title(model, look, area.width.into());
    // Where the focus is shows in the line that the title leaves.
    let free = usize::from(area.width).saturating_sub(title.width() + 1);
    if free > 0 {
        title.spans.push(Span::raw(" "));
        title.spans.push(focus_rule(model.focus == Focus::List, free, look));
    }
    put(frame, area, 0, title);
    // The last column is the scroll bar's.
    let rows = rows_area(area);
    let bar = Rect { x: area.right().saturating_sub(1), width: 1, ..rows };
    let list = &model.list;
    if list.rows().is_empty() {
        put(frame, rows, 1, Line::styled(format!(" {}", empty(model)), look.theme.dim));
    }
    // A blank before the scroll bar.
    let columns = columns::laid_out(usize::from(rows.width).saturating_sub(1), model);
    for (row, summary) in (0..rows.height).zip(list.rows().iter().skip(list.top())) {
        let is_selected = list.selected() == Some(summary.id);
        put(frame, rows, row, line(summary, &columns, model, look));
        if is_selected {
            let style = if model.focus == Focus::List { look.theme.selected } else { look.theme.selected_unfocused };
            look.theme.highlight(frame.buffer_mut(), Rect { y: rows.y + row, height: 1, ..rows }, style);
        }
    }
    let (above, all) = extent(model);
    scrollbar(frame, bar, above + list.top(), all, look);
    rows.height.into()
}

/// Where the rows are in the list's pane: below its title, and beside its scroll bar.
pub(crate) fn rows_area(area: Rect) -> Rect {
    Rect { y: area.y + 1, height: area.height.saturating_sub(1), width: area.width.saturating_sub(1), ..area }
}

/// The rows above the window, and all rows, as far as they are known.
fn extent(model: &Model) -> (usize, usize) {
    let list = &model.list;
    let loaded = list.rows().len();
    let of_position = || {
        let index = list.rows().iter().position(|row| Some(row.id) == list.selected())?;
        usize::try_from(list.position(model.total())?).ok()?.checked_sub(index + 1)
    };
    let above = of_position().unwrap_or(0);
    let all = match (model.total(), list.filter().is_empty()) {
        _ if list.sorted_rows().is_some() => usize::try_from(list.sorted_rows().unwrap_or(0)).unwrap_or(usize::MAX),
        (Some(total), true) => usize::try_from(total).unwrap_or(usize::MAX),
        _ => above + loaded,
    };
    (above, all.max(above + loaded))
}

/// The title: what is listed, where one is in it, and whether it moves. Words give way to signs before anything is cut.
fn title(model: &Model, look: &Look, columns: usize) -> Line<'static> {
    let theme = &look.theme;
    let list = &model.list;
    let (state, sign, style) = state(model, look);
    let marked = match model.chosen.len() {
        0 => model.sending.marked.map(|id| (format!("  » #{id} marked"), format!("  »#{id}"))),
        count => Some((format!("  ● {} selected", grouped(count as u64)), format!("  ●{}", grouped(count as u64)))),
    };
    let searching = list.searched_to().map(|reached| format!("  searching, at #{reached}")).unwrap_or_default();
    let filter = shown(list.filter());
    let rest = |state: &str, marked: &str| {
        let named = if filter.is_empty() { 0 } else { 4 };
        TITLE.width() + named + counts(model).width() + state.width() + marked.width() + searching.width()
    };
    let (long, short) = marked.unwrap_or_default();
    let room = columns.saturating_sub(1);
    let wanted = filter.width().min(columns / 3);
    let (state, marked) = match () {
        () if rest(&state, &long) + wanted <= room => (state, long),
        () if rest(&state, &short) + wanted <= room => (state, short),
        () if rest(&sign, &short) + wanted <= room || list.is_paused() || list.news() > 0 => (sign, short),
        () => (String::new(), short),
    };
    let mut spans = vec![Span::styled(TITLE, theme.title)];
    if !filter.is_empty() {
        let room = room.saturating_sub(rest(&state, &marked)).max(columns / 4);
        spans.push(Span::styled(format!("  / {}", text::clip(&filter, room)), theme.info));
    }
    spans.push(Span::styled(counts(model), theme.dim));
    spans.push(Span::styled(state, style));
    spans.push(Span::styled(marked, theme.info));
    spans.push(Span::styled(searching, theme.dim));
    Line::from(spans)
}

/// The selected row's place, and how many there are.
fn counts(model: &Model) -> String {
    let list = &model.list;
    let Some(total) = model.total() else { return String::new() };
    let all = grouped(total);
    let position = list.position(Some(total)).filter(|_| total > 0);
    if let Some(part) = list.sorted_part() {
        let place = position.map_or(String::new(), |position| format!("{} of ", grouped(position)));
        return format!("  {place}the newest {}", grouped(part));
    }
    match (list.filter().is_empty(), list.matches()) {
        (true, _) => match position {
            Some(position) => format!("  {} of {all}", grouped(position)),
            None => format!("  {all}"),
        },
        (false, Some(matches)) => format!("  {} of {all} match", grouped(matches)),
        (false, None) => format!("  {all} in all"),
    }
}

/// Whether the list moves, and what has come: in words, as a sign, and how they look.
fn state(model: &Model, look: &Look) -> (String, String, Style) {
    let (theme, list) = (&look.theme, &model.list);
    // Whether they match is known only once they are read.
    let news = match list.filter() {
        "" => grouped(list.news()),
        _ if list.unseen() > 0 => format!("≤ {}", grouped(list.news())),
        _ => grouped(list.news()),
    };
    match (list.is_paused(), list.news(), list.is_following()) {
        (true, 0, _) => ("  ‖ paused".to_owned(), "  ‖".to_owned(), theme.warn),
        (true, ..) => (format!("  ‖ paused, {news} new"), format!("  ‖ {news}"), theme.warn),
        (false, 1.., _) => {
            // In the details the key for the first is about those.
            let reaches = if model.focus == Focus::List { Action::Move(Step::First) } else { Action::Follow };
            (format!("  ↑ {news} new: {}", model.keymap.press(reaches)), format!("  ↑ {news}"), theme.info)
        }
        (false, 0, _) if !list.sorting().is_arrival() => {
            (format!("  {}", list.sorting().words()), "  ⇅".to_owned(), theme.info)
        }
        (false, 0, true) => ("  ▸ following".to_owned(), "  ▸".to_owned(), theme.dim),
        (false, 0, false) => (String::new(), String::new(), theme.dim),
    }
}

fn empty(model: &Model) -> String {
    match (model.list.error(), model.list.filter().is_empty(), model.list.is_loading()) {
        (Some(error), ..) => shown(error),
        (None, _, true) => "reading …".to_owned(),
        (None, false, false) => "no match; Esc clears the filter".to_owned(),
        (None, true, false) if model.last.0 == 0 => "no deliveries yet".to_owned(),
        (None, true, false) => "no deliveries".to_owned(),
    }
}

fn line(summary: &Summary, columns: &[(ListColumn, usize)], model: &Model, look: &Look) -> Line<'static> {
    let theme = &look.theme;
    let (glyph, _, verdict_style) = theme.verdict_of(summary);
    // What is no webhook's weighs less.
    let verdict_style = if summary.is_noise() { theme.dim } else { verdict_style };
    let marker = match (model.list.selected() == Some(summary.id), model.sending.marked == Some(summary.id)) {
        _ if model.chosen.contains(&summary.id) => "●",
        (true, _) => "▌",
        (false, true) => "»",
        (false, false) if summary.marks.pinned => "◆",
        (false, false) => " ",
    };
    let mut spans = vec![Span::styled(marker, theme.brand)];
    let mut add = |(words, style): (String, Style), width: usize| {
        let clipped = text::clip(&words, width);
        let padding = width.saturating_sub(clipped.width()) + 1;
        spans.push(Span::styled(format!("{clipped}{:padding$}", ""), style));
    };
    add((glyph.to_owned(), verdict_style), 1);
    if !model.rejudged.verdicts.is_empty() {
        // `?` then `✓`: at capture, and with the secrets of today.
        let (glyph, style) = match model.rejudged.verdicts.get(&summary.id) {
            Some(verdict) => (theme.verdict(*verdict).0, theme.verdict(*verdict).2),
            None => (" ", theme.dim),
        };
        add((glyph.to_owned(), style), 1);
    }
    for &(column, width) in columns {
        add(cell(column, width, summary, columns, model, look), width);
    }
    Line::from(spans)
}

/// What a column shows of a delivery.
fn cell(
    column: ListColumn,
    width: usize,
    summary: &Summary,
    columns: &[(ListColumn, usize)],
    model: &Model,
    look: &Look,
) -> (String, Style) {
    let theme = &look.theme;
    let has = |beside: ListColumn| columns.iter().any(|(column, _)| *column == beside);
    // The seconds that a held delivery still waits.
    let left = || {
        let left = model.answers.held_one(summary.id).map(|held| model.answers.seconds_left(held));
        left.filter(|_| summary.answer.is_none())
    };
    let dim = |words: String| (words, theme.dim);
    // What is no webhook's weighs less.
    let by_weight = |style: Style| if summary.is_noise() { theme.dim } else { style };
    match column {
        ListColumn::Id => dim(format!("{:>width$}", summary.id.to_string())),
        ListColumn::Time => dim(clock(summary.received_at, look)),
        ListColumn::Verdict => {
            let (_, word, style) = theme.verdict_of(summary);
            (word.to_owned(), by_weight(style))
        }
        ListColumn::Cause => (summary.cause.as_deref().map(shown).unwrap_or_default(), theme.warn),
        ListColumn::Event => (subject(summary, has(ListColumn::Path)), by_weight(theme.text)),
        ListColumn::Kind => match (summary.event.event.is_some(), summary.event.is_simulation()) {
            (_, true) => ("SIM".to_owned(), theme.simulation),
            (true, false) => dim("live".to_owned()),
            (false, false) => dim(String::new()),
        },
        ListColumn::Method => (shown(&summary.method), theme.text),
        ListColumn::Path => dim(shown(&summary.path)),
        ListColumn::Webhook => dim(summary.webhook.as_deref().map(shown).unwrap_or_default()),
        ListColumn::Remote => dim(shown(&summary.remote)),
        ListColumn::Status => match left() {
            Some(_) if has(ListColumn::Latency) => ("◷".to_owned(), theme.warn),
            Some(left) => (format!("◷{left}"), theme.warn),
            None => status(summary, look),
        },
        ListColumn::Latency => match left() {
            Some(left) => (format!("{:>width$}", format!("{left} s")), theme.warn),
            None => {
                let sent = summary.answer.as_ref().filter(|answer| answer.outcome == Outcome::Sent);
                let words = sent.map_or(String::new(), |answer| short_latency(answer.latency));
                dim(format!("{words:>width$}"))
            }
        },
        ListColumn::Size => dim(format!("{:>width$}", short_bytes(summary.body_bytes))),
        ListColumn::Tags => {
            let pin = if summary.marks.pinned { "◆ " } else { "" };
            let tags: Vec<String> = summary.marks.tags.iter().map(|tag| format!("#{}", shown(tag))).collect();
            (format!("{pin}{}", tags.join(" ")), theme.info)
        }
        ListColumn::Note => (summary.marks.note.as_deref().map(shown).unwrap_or_default(), theme.info),
    }
}

/// The event's short name; without one, the request itself, or as much of it as no column beside says.
fn subject(summary: &Summary, has_path: bool) -> String {
    if let Some(event) = summary.event.short_event() {
        return shown(event);
    }
    if summary.method.is_empty() {
        return format!("({} request)", summary.intake.words());
    }
    if has_path {
        return shown(&summary.method);
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
