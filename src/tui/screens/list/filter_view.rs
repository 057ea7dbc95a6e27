//! The filter prompt below the panes: the text, a mark under what is wrong with it, and what could stand there.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Clear;
use unicode_width::UnicodeWidthStr as _;

use super::filter_assist::FilterAssist;
use crate::text;
use crate::text::wrap;
use crate::tui::app::model::Model;
use crate::tui::app::overlay::state::{Prompt, byte_cursor};
use crate::tui::theme::Look;
use crate::tui::widgets::{put, shown};

/// Suggestions that are shown at once.
const SUGGESTIONS: usize = 6;
/// Lines of an error.
const ERROR_LINES: usize = 6;
/// Rows that are left to what lies above.
const LEFT: u16 = 3;
/// What stands before the text.
const SIGN: &str = " / ";

/// Draws the prompt at the bottom of `body`; its last row is the bottom line.
pub(crate) fn draw(frame: &mut Frame<'_>, body: Rect, prompt: &Prompt, model: &Model, look: &Look) {
    let columns = usize::from(body.width);
    let (text_line, column, mark) = text_line(prompt, columns, look);
    let mut lines = vec![text_line];
    let assist = prompt.assist.as_deref();
    match assist.and_then(|assist| assist.problem.as_ref()) {
        Some(problem) if prompt.text().len() > problem.at || !is_unfinished(assist) => {
            lines.push(Line::styled(format!("{:mark$}^", ""), look.theme.bad));
            let words = wrap(&shown(&problem.problem.to_string()), columns.saturating_sub(2));
            lines.extend(
                words.into_iter().take(ERROR_LINES).map(|part| Line::styled(format!(" {part}"), look.theme.bad)),
            );
            let listed = match model.list.filter() {
                "" => "The list shows every delivery.".to_owned(),
                filter => text::clip(&format!("The list shows {}", shown(filter)), columns.saturating_sub(2)).into(),
            };
            lines.push(Line::styled(format!(" {listed}"), look.theme.dim));
        }
        _ => {}
    }
    if let Some(assist) = assist {
        lines.extend(suggestions(assist, columns, look));
    }
    let most = usize::from(body.height.saturating_sub(LEFT)).max(1);
    lines.truncate(most);
    let rows = u16::try_from(lines.len()).unwrap_or(u16::MAX).min(body.height);
    let area = Rect { y: body.bottom() - rows, height: rows, ..body };
    frame.render_widget(Clear, area);
    frame.buffer_mut().set_style(area, look.theme.bar);
    for (row, line) in (0..).zip(lines) {
        put(frame, area, row, line);
    }
    let column = u16::try_from(column).unwrap_or(u16::MAX).min(area.width.saturating_sub(1));
    frame.set_cursor_position(Position { x: area.x + column, y: area.y });
}

/// Whether something at the end is still to be chosen.
fn is_unfinished(assist: Option<&FilterAssist>) -> bool {
    assist.is_some_and(|assist| assist.completion.is_some())
}

/// The text around its cursor; the columns of the cursor, and of what is wrong.
fn text_line(prompt: &Prompt, columns: usize, look: &Look) -> (Line<'static>, usize, usize) {
    let width = |text: &str| text::visible(text).width();
    let text = prompt.text();
    let room = columns.saturating_sub(SIGN.width() + 1);
    let cursor = byte_cursor(prompt);
    let at = prompt.assist.as_ref().and_then(|assist| assist.problem.as_ref()).map_or(cursor, |problem| problem.at);
    let at = (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    // The end of what was typed is what matters.
    let mut start = 0;
    while width(&text[start..cursor]) > room {
        start += text[start..].chars().next().map_or(1, char::len_utf8);
    }
    let line =
        Line::from(vec![Span::styled(SIGN, look.theme.title), Span::raw(text::visible(&text[start..]).into_owned())]);
    let column = |at: usize| SIGN.width() + if at > start { width(&text[start..at]) } else { 0 };
    (line, column(cursor), column(at).min(columns.saturating_sub(1)))
}

fn suggestions(assist: &FilterAssist, columns: usize, look: &Look) -> Vec<Line<'static>> {
    let Some(completion) = &assist.completion else { return Vec::new() };
    let all = &completion.suggestions;
    let chosen = assist.chosen.unwrap_or(0);
    let first = (chosen + 1).saturating_sub(SUGGESTIONS);
    let seen = || all.iter().enumerate().skip(first).take(SUGGESTIONS);
    let names = seen().map(|(_, it)| shown(&it.text).width()).max().unwrap_or(0).min(columns / 2);
    let mut lines: Vec<Line<'static>> = seen()
        .map(|(number, suggestion)| {
            let name = text::clip(&shown(&suggestion.text), names).into_owned();
            let style = if assist.chosen == Some(number) { look.theme.selected } else { look.theme.text };
            let space = names.saturating_sub(name.width());
            let room = columns.saturating_sub(names + 6);
            let help = text::clip(&shown(&suggestion.help), room).into_owned();
            Line::from(vec![
                Span::raw("   "),
                Span::styled(format!("{name}{:space$}", ""), style),
                Span::styled(format!("  {help}"), look.theme.dim),
            ])
        })
        .collect();
    let more = all.len().saturating_sub(first + SUGGESTIONS);
    if more > 0 {
        lines.push(Line::styled(format!("   … {more} more"), look.theme.dim));
    }
    lines
}
