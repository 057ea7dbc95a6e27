//! The picker: what can be answered, and exactly what that would send.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{preview, separate, split};
use crate::tui::app::model::Model;
use crate::tui::pane::Drawn;
use crate::tui::screens::answers::choice::{self, PickerRow};
use crate::tui::screens::answers::window::Picker;
use crate::tui::theme::Look;
use crate::tui::widgets::shown;
use crate::tui::window::{draw_menu, window};

/// Columns of the whole window, and of the list in it.
const COLUMNS: u16 = 116;
const LIST_COLUMNS: u16 = 52;

pub(super) fn draw(frame: &mut Frame<'_>, body: Rect, picker: &Picker, model: &Model, look: &Look) -> Drawn {
    let choices = model.answers.choices(!picker.deciding.is_empty());
    let (lines, cursor) = lines(&choices, picker.cursor, model, look);
    let title = match &picker.deciding[..] {
        [] => "Answer the next deliveries with".to_owned(),
        [one] => format!("Answer held delivery {one} with"),
        many => format!("Answer all {} held deliveries with", many.len()),
    };
    let inside = window(frame, body, &title, COLUMNS, lines.len().max(24), look);
    let (list, sent, beside) = split(inside, LIST_COLUMNS, inside.height * 3 / 5);
    separate(frame, inside, list, beside, look);
    let drawn = draw_menu(frame, list, &lines, cursor, look);
    let chosen = choices.get(picker.cursor);
    // The delivery held longest represents the rest.
    let held = picker.deciding.first().and_then(|id| model.answers.held_one(*id));
    let default = held.and_then(|held| model.answers.set.reader().action(&held.default).ok());
    let action = chosen.and_then(PickerRow::action).or(default.as_ref());
    preview::draw(frame, sent, action, picker.preview, model, look);
    drawn
}

/// The rows with the groups' headings among them, and where the cursor is.
fn lines(choices: &[PickerRow], cursor: usize, model: &Model, look: &Look) -> (Vec<Line<'static>>, usize) {
    let theme = &look.theme;
    let in_force = model.answers.in_force(choices);
    let (mut lines, mut at) = (Vec::new(), 0);
    let items = choice::items(choices);
    for (line, item) in items.iter().enumerate() {
        let Some((index, choice)) = item.and_then(|index| Some((index, choices.get(index)?))) else {
            let next = items.get(line + 1).copied().flatten().and_then(|index| choices.get(index));
            let title = next.map_or("", |choice| choice.group.title());
            lines.push(Line::styled(format!(" {title}"), theme.dim));
            continue;
        };
        if index == cursor {
            at = lines.len();
        }
        let mark = if in_force == Some(index) { "●" } else { " " };
        let mark_style = if index == cursor { theme.title } else { theme.info };
        let words = shown(&choice.words(&model.answers));
        let mut spans = vec![Span::styled(format!(" {mark} "), mark_style)];
        match (choice.status(), words.split_once(' ')) {
            (Some(status), Some((first, rest))) if first == status.to_string() => {
                spans.push(Span::styled(format!("{first} "), theme.status(status)));
                spans.push(Span::raw(rest.to_owned()));
            }
            _ => spans.push(Span::raw(words)),
        }
        lines.push(Line::from(spans));
    }
    (lines, at)
}
