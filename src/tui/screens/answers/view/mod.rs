//! The windows about answers: the picker, the editor, the rules.

mod editor;
mod picker;
mod preview;
mod rules;

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::tui::app::model::Model;
use crate::tui::pane::Drawn;
use crate::tui::screens::answers::window::AnswerOverlay;
use crate::tui::theme::Look;

/// The fewest rows of a window that are divided.
const ONE_BELOW_THE_OTHER: u16 = 8;

/// Draws the window over `body`.
pub(crate) fn draw(frame: &mut Frame<'_>, body: Rect, window: &AnswerOverlay, model: &Model, look: &Look) -> Drawn {
    match window {
        AnswerOverlay::Picker(picker) => picker::draw(frame, body, picker, model, look),
        AnswerOverlay::Editor(editor) => editor::draw(frame, body, editor, model, look),
        AnswerOverlay::Rules(view) => rules::draw(frame, body, view, model, look),
    }
}

/// Splits a window's inside in two: beside each other where there is room, else one under the other.
/// `first` is the width of the first beside the second, and `rows` its height above it. Where there is hardly any, the first
/// has all of it: what is chosen or typed counts more than a preview.
fn split(inside: Rect, first: u16, rows: u16) -> (Rect, Rect, bool) {
    if inside.width >= first + 40 {
        let second = Rect { x: inside.x + first + 1, width: inside.width - first - 1, ..inside };
        return (Rect { width: first, ..inside }, second, true);
    }
    if inside.height < ONE_BELOW_THE_OTHER {
        return (inside, Rect { y: inside.bottom(), height: 0, ..inside }, false);
    }
    let rows = rows.min(inside.height.saturating_sub(4));
    let below = Rect { y: inside.y + rows + 1, height: inside.height.saturating_sub(rows + 1), ..inside };
    (Rect { height: rows, ..inside }, below, false)
}

/// The line between the two.
fn separate(frame: &mut Frame<'_>, inside: Rect, first: Rect, beside: bool, look: &Look) {
    if beside {
        let rule = Rect { x: first.right(), width: 1, ..inside };
        crate::tui::widgets::vertical_rule(frame, rule, look);
    } else if first.height < inside.height {
        let rule = ratatui::text::Line::styled("─".repeat(inside.width.into()), look.theme.rule);
        crate::tui::widgets::put(frame, inside, first.bottom() - inside.y, rule);
    }
}
