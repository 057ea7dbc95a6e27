//! Writing an answer of one's own, beside exactly what it would send.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use ratatui_textarea::TextArea;
use unicode_width::UnicodeWidthStr as _;

use super::{preview, separate, split};
use crate::rules::{AnswerChoice, RuleAction};
use crate::text::wrap;
use crate::tui::app::model::Model;
use crate::tui::pane::Drawn;
use crate::tui::screens::answers::editor::{Editor, EditorField};
use crate::tui::theme::Look;
use crate::tui::widgets::{put, shown};
use crate::tui::window::window;

/// Columns of the window, and of the form in it.
const COLUMNS: u16 = 116;
const FORM_COLUMNS: u16 = 58;
/// Columns of the fields' names.
const NAMES: u16 = 11;

pub(super) fn draw(frame: &mut Frame<'_>, body: Rect, editor: &Editor, model: &Model, look: &Look) -> Drawn {
    let inside = window(frame, body, "Your own answer", COLUMNS, 24, look);
    let (form, sent, beside) = split(inside, FORM_COLUMNS, 15);
    separate(frame, inside, form, beside, look);
    draw_form(frame, form, editor, look);
    let action =
        editor.answer.as_ref().ok().map(|named| RuleAction::from(AnswerChoice::Written(named.written.clone())));
    match action {
        Some(action) => preview::draw(frame, sent, Some(&action), editor.preview, model, look),
        None => {
            let words = "This answer cannot be sent yet.";
            put(frame, Rect { x: sent.x + 1, ..sent }, 0, Line::styled(words, look.theme.warn));
        }
    }
    Drawn { rows: inside.height.into(), ..Drawn::default() }
}

fn draw_form(frame: &mut Frame<'_>, area: Rect, editor: &Editor, look: &Look) {
    let about = about(editor, usize::from(area.width).saturating_sub(2), look);
    let about_rows = u16::try_from(about.len()).unwrap_or(u16::MAX);
    // What the fields of one line, the gaps and the words below leave.
    let lines = area.height.saturating_sub(3 + 2 + about_rows);
    let headers = (lines / 3).clamp(1, 4);
    let heights = [1, headers, lines.saturating_sub(headers).max(1), 1, 1];
    let mut row = 0;
    for (field, height) in EditorField::ALL.into_iter().zip(heights) {
        if field == EditorField::Name {
            row += 1;
        }
        let place = Rect { y: area.y + row, height: height.min(area.height.saturating_sub(row)), ..area };
        draw_field(frame, place, editor, field, look);
        row += height;
    }
    let below = Rect { y: area.y + row + 1, height: area.height.saturating_sub(row + 1), ..area };
    for (row, line) in (0..).zip(about) {
        put(frame, below, row, line);
    }
}

fn draw_field(frame: &mut Frame<'_>, area: Rect, editor: &Editor, field: EditorField, look: &Look) {
    let theme = &look.theme;
    let is_here = editor.field == field;
    let (mark, style) = if is_here { ("›", theme.title) } else { (" ", theme.dim) };
    let name = format!(" {mark} {:<8}", field.name());
    put(frame, area, 0, Line::from(Span::styled(name, style)));
    let text = Rect { x: area.x + NAMES.min(area.width), width: area.width.saturating_sub(NAMES + 1), ..area };
    let cursor = match (editor.line(field), editor.area(field)) {
        (Some(input), _) => one_line(frame, text, input.value(), input.cursor(), look),
        (None, Some(lines)) => many_lines(frame, text, lines, look),
        (None, None) => None,
    };
    if let Some(position) = cursor.filter(|_| is_here) {
        frame.set_cursor_position(position);
    }
}

/// The part of a line around its cursor (in characters), and where the cursor is.
fn one_line(frame: &mut Frame<'_>, area: Rect, text: &str, cursor: usize, look: &Look) -> Option<Position> {
    let room = usize::from(area.width).saturating_sub(1);
    let mut first = 0;
    let before = |first: usize| shown(&text.chars().skip(first).take(cursor.saturating_sub(first)).collect::<String>());
    while first < cursor && before(first).width() > room {
        first += 1;
    }
    let part: String = text.chars().skip(first).take(usize::from(area.width)).collect();
    put(frame, area, 0, Line::styled(shown(&part), look.theme.text));
    let column = u16::try_from(before(first).width()).unwrap_or(u16::MAX);
    (area.height > 0)
        .then_some(Position { x: area.x.saturating_add(column).min(area.right().saturating_sub(1)), y: area.y })
}

/// The lines around the cursor's.
fn many_lines(frame: &mut Frame<'_>, area: Rect, lines: &TextArea<'static>, look: &Look) -> Option<Position> {
    let (row, column) = (lines.cursor().0, lines.cursor().1);
    let rows = usize::from(area.height).max(1);
    let first = (row + 1).saturating_sub(rows);
    let mut position = None;
    for (at, line) in (0..area.height).zip(lines.lines().iter().skip(first)) {
        let place = Rect { y: area.y + at, height: 1, ..area };
        let is_cursor = first + usize::from(at) == row;
        let drawn = one_line(frame, place, line, if is_cursor { column } else { 0 }, look);
        if is_cursor {
            position = drawn;
        }
    }
    position
}

/// What is wrong, or what can be written there.
fn about(editor: &Editor, columns: usize, look: &Look) -> Vec<Line<'static>> {
    let theme = &look.theme;
    let (words, style) = match (&editor.answer, &editor.saved) {
        _ if editor.is_leaving() => ("Not used and not saved: Esc again discards what was typed.".to_owned(), theme.warn),
        (Err(problem), _) | (Ok(_), Some(Err(problem))) => (shown(problem), theme.bad),
        (Ok(_), Some(Ok(words))) => (shown(words), theme.good),
        (Ok(_), None) => (
            "One header per line, 'Name: value'. {{id}} {{event}} {{verdict}} {{path}} {{method}} {{webhook}} \
             {{timestamp}} {{simulation}} {{items}} {{received}} {{query.NAME}} {{header.NAME}} {{body.PATH}} become the \
             delivery's values."
                .to_owned(),
            theme.dim,
        ),
    };
    wrap(&words, columns).into_iter().map(|part| Line::styled(format!(" {part}"), style)).collect()
}
