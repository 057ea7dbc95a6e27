//! The bottom line: a search being typed, or the keys that work now.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr as _;

use super::Look;
use crate::text;
use crate::tui::app::model::Model;
use crate::tui::app::overlay::state::{Overlay, Prompt, PromptKind, byte_cursor};
use crate::tui::keymap;
use crate::tui::widgets::put;

/// From this width on, hints are spaced further apart.
const ROOMY_COLUMNS: usize = 98;

/// Hints that others make room for.
const KEPT: [&str; 5] = ["back", "list", "unzoom", "more", "help"];

/// Draws the line.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, model: &Model, look: &Look) -> Vec<(Rect, String)> {
    let theme = &look.theme;
    frame.buffer_mut().set_style(area, theme.bar);
    let columns = usize::from(area.width).saturating_sub(2);
    match &model.overlay {
        Some(Overlay::Prompt(prompt)) if prompt.kind == PromptKind::Search => {
            let found = model
                .detail
                .as_ref()
                .and_then(|detail| detail.view.search.as_ref())
                .map(crate::tui::screens::payload::view::found);
            let about = found.unwrap_or_else(|| "in keys and values, also folded or cut; escapes decoded".to_owned());
            typed(frame, area, prompt, " / ", Span::styled(format!("   {about}"), theme.dim), look);
        }
        Some(Overlay::Prompt(prompt)) if prompt.kind == PromptKind::Query => {
            let typed_columns = text::visible(prompt.text()).width() + " jq ".width() + 1;
            let room = usize::from(area.width).saturating_sub(typed_columns);
            let hints = [
                "   Enter keeps it, ↑↓ scroll it, Esc closes it",
                "   Enter keep  ↑↓ scroll  Esc close",
                "   Esc close",
            ];
            let about = hints.into_iter().find(|hint| hint.width() <= room).unwrap_or_default();
            typed(frame, area, prompt, " jq ", Span::styled(about, theme.dim), look);
        }
        _ => return hints(frame, area, model, look, columns),
    }
    Vec::new()
}

/// Draws the hints, and returns where each is, by the key that it names.
fn hints(frame: &mut Frame<'_>, area: Rect, model: &Model, look: &Look, columns: usize) -> Vec<(Rect, String)> {
    let mut spans = vec![Span::raw(" ")];
    let mut areas = Vec::new();
    let gap = if columns < ROOMY_COLUMNS { 2 } else { 3 };
    let hints = keymap::hints(model);
    let width = |(key, word): &(String, &str)| key.width() + 1 + word.width() + gap;
    // The hints for back and help are kept however little room there is.
    let is_kept = |hint: &&(String, &str)| KEPT.contains(&hint.1);
    let mut kept: usize = hints.iter().filter(is_kept).map(width).sum();
    let mut used = 1;
    for hint in &hints {
        let width = width(hint);
        if is_kept(&hint) {
            kept -= width;
        }
        if used + width + kept > columns + gap {
            continue;
        }
        let (key, word) = hint.clone();
        areas.push((within(area, used, width - gap), key.clone()));
        used += width;
        spans.push(Span::styled(key, look.theme.title));
        spans.push(Span::styled(format!(" {word}{:gap$}", ""), look.theme.dim));
    }
    put(frame, area, 0, Line::from(spans));
    areas
}

/// The part of a line that begins at the column `first` and is `columns` wide.
pub(super) fn within(line: Rect, first: usize, columns: usize) -> Rect {
    let column = |columns: usize| u16::try_from(columns).unwrap_or(u16::MAX);
    let part = Rect { x: line.x.saturating_add(column(first)), width: column(columns), height: 1, ..line };
    part.intersection(line)
}

/// A prompt in the bottom line: a sign, the text, and a remark about it.
fn typed(frame: &mut Frame<'_>, area: Rect, prompt: &Prompt, sign: &'static str, tail: Span<'static>, look: &Look) {
    let theme = &look.theme;
    let before = text::visible(&prompt.text()[..byte_cursor(prompt)]).into_owned();
    let room = usize::from(area.width).saturating_sub(sign.width() + 1);
    let (shown, column) = if before.width() <= room {
        (text::visible(prompt.text()).into_owned(), before.width())
    } else {
        // The end of what was typed is what matters.
        let skipped = before.chars().count().saturating_sub(room / 2);
        let tail: String = before.chars().skip(skipped).collect();
        let column = tail.width();
        (tail, column)
    };
    put(frame, area, 0, Line::from(vec![Span::styled(sign, theme.title), Span::raw(shown), tail]));
    let column = u16::try_from(sign.width() + column).unwrap_or(u16::MAX).min(area.width.saturating_sub(1));
    frame.set_cursor_position(Position { x: area.x + column, y: area.y });
}
