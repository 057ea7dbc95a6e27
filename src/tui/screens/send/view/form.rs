//! A form, and under it what would be sent.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr as _;

use super::WIDEST;
use super::panel::content_line;
use crate::text;
use crate::text::wrap;
use crate::tui::pane::Drawn;
use crate::tui::screens::send::form::{FieldKey, FieldValue, Fields, FormField};
use crate::tui::screens::send::forms::{Purpose, SendForm};
use crate::tui::screens::send::task::Preview;
use crate::tui::theme::Look;
use crate::tui::widgets::{put, shown};
use crate::tui::window::window;

/// Columns of the names.
const NAME_COLUMNS: usize = 12;
/// How wide a form without a preview gets.
const NARROW: u16 = 84;

pub(super) fn draw(frame: &mut Frame<'_>, body: Rect, form: &SendForm, look: &Look) -> Drawn {
    let has_preview = form.purpose == Purpose::Simulate;
    let title = match &form.purpose {
        Purpose::Replay(id, _) if form.fields.chosen(FieldKey::Which) == 0 => format!("Replay #{id}"),
        Purpose::Replay(_, filter) if filter.is_empty() => "Replay every delivery".to_owned(),
        Purpose::Replay(_, filter) => format!("Replay every delivery that matches {}", text::clip(&shown(filter), 40)),
        Purpose::Simulate => "Simulate an event".to_owned(),
        Purpose::Check => "Check a receiver".to_owned(),
    };
    let fields = form.fields.all.iter().filter(|field| !field.hidden).count();
    let columns = if has_preview { WIDEST } else { NARROW };
    let words = words(form);
    let room = usize::from(columns.min(body.width)).saturating_sub(4);
    let (words, style) = match (&form.error, &form.said) {
        (Some(error), _) | (None, Some(Err(error))) => (wrap(&shown(error), room), look.theme.bad),
        (None, Some(Ok(said))) => (wrap(&shown(said), room), look.theme.good),
        (None, None) => (wrap(&words, room), look.theme.dim),
    };
    let rows = if has_preview { usize::from(body.height) } else { fields + words.len() + 2 };
    let area = window(frame, body, &title, columns, rows, look);
    let inside = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    // What would be sent keeps a third of the screen; the fields move under the cursor then.
    let room = usize::from(inside.height).saturating_sub(words.len() + 2);
    let most = if has_preview { room.saturating_sub(usize::from(inside.height) / 3) } else { room };
    let fields = u16::try_from(fields.min(most.max(1))).unwrap_or(u16::MAX).min(inside.height);
    let (above, below) = draw_fields(frame, Rect { height: fields, ..inside }, &form.fields, look);
    let more = match (above, below) {
        (0, 0) => None,
        (0, below) => Some(format!("{below} more: Tab")),
        (above, 0) => Some(format!("{above} more above: Shift-Tab")),
        (above, below) => Some(format!("{above} more above, {below} below: Tab")),
    };
    if let Some(more) = more.filter(|_| fields < inside.height) {
        put(frame, inside, fields, Line::styled(format!("  {:NAME_COLUMNS$} … {more}", ""), look.theme.dim));
    }
    let mut row = fields.saturating_add(1);
    for part in words {
        put(frame, inside, row, Line::styled(part, style));
        row = row.saturating_add(1);
    }
    if !has_preview {
        return Drawn { rows: inside.height.into(), ..Drawn::default() };
    }
    let row = row.min(inside.height);
    let below = Rect { y: inside.y + row, height: inside.height - row, ..inside };
    draw_preview(frame, below, form, look)
}

fn words(form: &SendForm) -> String {
    match (&form.purpose, &form.preview) {
        (Purpose::Replay(..), _) => {
            "The captured delivery stays unchanged; each request and response is stored with it.".to_owned()
        }
        (Purpose::Check, _) => {
            "Sends deliveries that a correct receiver accepts, and others that it refuses, signed with \
             the configured secret. Each failure comes with its fix."
                .to_owned()
        }
        (Purpose::Simulate, Some(Ok(Preview { target, signed, .. }))) => {
            format!("Goes to {}, signed with {signed}. ^S saves it, ^Y copies it as TOML.", text::visible(target))
        }
        (Purpose::Simulate, _) => String::new(),
    }
}

/// Draws the fields around the cursor; returns how many are out of sight above them and below.
fn draw_fields(frame: &mut Frame<'_>, area: Rect, fields: &Fields, look: &Look) -> (usize, usize) {
    let theme = &look.theme;
    let visible: Vec<(usize, &FormField)> = fields.all.iter().enumerate().filter(|(_, field)| !field.hidden).collect();
    let cursor = visible.iter().position(|(index, _)| *index == fields.at).unwrap_or(0);
    let rows = usize::from(area.height);
    // A row of those around is in sight, where there is room for it.
    let first = (cursor + 1 + usize::from(rows > 2)).min(visible.len()).saturating_sub(rows);
    let hidden = visible.len().saturating_sub(rows);
    for (row, (index, field)) in (0..area.height).zip(visible.into_iter().skip(first)) {
        let is_here = index == fields.at;
        let mark = if is_here { "›" } else { " " };
        let name = format!("{mark} {:<NAME_COLUMNS$}", field.name);
        let left = name.width();
        let room = usize::from(area.width).saturating_sub(left);
        let mut spans = vec![Span::styled(name, if is_here { theme.title } else { theme.dim })];
        spans.extend(value(field, is_here, room, look));
        put(frame, area, row, Line::from(spans));
        if let Some(cursor) = fields.cursor().filter(|_| is_here) {
            let (_, column) = part(field, cursor, room);
            let column = u16::try_from(left + column).unwrap_or(u16::MAX).min(area.width.saturating_sub(1));
            frame.set_cursor_position(Position { x: area.x + column, y: area.y + row });
        }
    }
    (first.min(hidden), hidden.saturating_sub(first))
}

fn value(field: &FormField, is_here: bool, room: usize, look: &Look) -> Vec<Span<'static>> {
    let theme = &look.theme;
    match &field.value {
        FieldValue::Choice(options, chosen) => {
            let option = options.get(*chosen).map_or("no choices", String::as_str);
            let option = text::clip(option, room.saturating_sub(4)).into_owned();
            let arrow = if is_here && options.len() > 1 { theme.info } else { theme.rule };
            vec![Span::styled("‹ ", arrow), Span::raw(option), Span::styled(" ›", arrow)]
        }
        FieldValue::Text(input) if input.value().is_empty() => {
            // In brackets, so that nobody takes it for a value.
            let about = format!("({})", field.about);
            vec![Span::styled(text::clip(&about, room).into_owned(), theme.dim.add_modifier(Modifier::ITALIC))]
        }
        FieldValue::Text(input) => vec![Span::raw(part(field, input.cursor(), room).0)],
    }
}

/// The part of a text around the cursor, and the cursor's column in it.
fn part(field: &FormField, cursor: usize, room: usize) -> (String, usize) {
    let FieldValue::Text(input) = &field.value else { return (String::new(), 0) };
    let skipped = cursor.saturating_sub(room.saturating_sub(1));
    let part: String = input.value().chars().skip(skipped).take(room).collect();
    let before: String = input.value().chars().skip(skipped).take(cursor - skipped).collect();
    (shown(&part), shown(&before).width())
}

fn draw_preview(frame: &mut Frame<'_>, area: Rect, form: &SendForm, look: &Look) -> Drawn {
    let rows = usize::from(area.height);
    match &form.preview {
        Some(Ok(Preview { body, .. })) => {
            let first = form.scroll.min(body.len().saturating_sub(rows));
            for (row, index) in (0..area.height).zip(first..body.len()) {
                put(frame, area, row, content_line(body, index, area.width.into(), look));
            }
            Drawn { rows, lines: body.len(), ..Drawn::default() }
        }
        // Once is enough.
        Some(Err(reason)) if form.error.as_ref() == Some(reason) => Drawn { rows, ..Drawn::default() },
        Some(Err(reason)) => {
            for (row, part) in (0..).zip(wrap(&shown(reason), area.width.into())) {
                put(frame, area, row, Line::styled(part, look.theme.warn));
            }
            Drawn { rows, ..Drawn::default() }
        }
        None => Drawn { rows, ..Drawn::default() },
    }
}
