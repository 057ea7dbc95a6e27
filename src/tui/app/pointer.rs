//! What the mouse does: the same as keys would, with what it points at.

use std::time::Duration;

use jiff::Timestamp;

use super::act::{SPLIT_STEPS, act};
use super::areas::{Pointer, PointerKind, PointerTarget};
use super::effect::Effect;
use super::model::{Focus, Model};
use super::overlay::state::{Overlay, PromptKind};
use super::step::Step;
use super::update::update;
use crate::tui::app::action::Action;
use crate::tui::keymap;
use crate::tui::screens::answers;
use crate::tui::screens::answers::window::AnswerOverlay;

/// Two clicks within this are a double click.
const DOUBLE: Duration = Duration::from_millis(400);
/// Rows that the wheel moves at once.
const WHEEL: usize = 3;

/// Does what the mouse asks for.
pub(super) fn point(model: &mut Model, pointer: Pointer) -> Vec<Effect> {
    let target = model.areas.target(hides_panes(model), pointer.column, pointer.row);
    match pointer.kind {
        PointerKind::Release => {
            model.pointer.is_dragging = false;
            Vec::new()
        }
        PointerKind::Drag => {
            if model.pointer.is_dragging {
                drag(model, pointer);
            }
            Vec::new()
        }
        PointerKind::WheelUp => wheel(model, &target, Step::Up),
        PointerKind::WheelDown => wheel(model, &target, Step::Down),
        PointerKind::Press => {
            let is_double = is_double(model, pointer);
            press(model, target, is_double)
        }
    }
}

/// Whether something lies over the panes. What is typed in the bottom line does not.
fn hides_panes(model: &Model) -> bool {
    match &model.overlay {
        None | Some(Overlay::Folding) => false,
        Some(Overlay::Prompt(prompt)) => {
            !matches!(prompt.kind, PromptKind::Filter | PromptKind::Search | PromptKind::Query)
        }
        Some(_) => true,
    }
}

fn is_double(model: &mut Model, pointer: Pointer) -> bool {
    let now = model.clock;
    let is_soon = |(at, column, row): (Timestamp, u16, u16)| {
        let since = Duration::try_from(now.duration_since(at)).unwrap_or(Duration::MAX);
        (column, row) == (pointer.column, pointer.row) && since <= DOUBLE
    };
    let is_double = model.pointer.clicked.is_some_and(is_soon);
    model.pointer.clicked = (!is_double).then_some((now, pointer.column, pointer.row));
    is_double
}

fn press(model: &mut Model, target: PointerTarget, is_double: bool) -> Vec<Effect> {
    // Below what is typed in the bottom line, a click is about the panes only once that is closed.
    if model.overlay.is_some() && !hides_panes(model) && !matches!(target, PointerTarget::Hint(_)) {
        return Vec::new();
    }
    match target {
        PointerTarget::Hint(key) => {
            let message = keymap::pressed(model, &key);
            message.map_or_else(Vec::new, |message| update(model, message))
        }
        PointerTarget::Fact(action) => act(model, action),
        PointerTarget::Tab(tab) => {
            model.focus = if model.detail.is_some() { Focus::Detail } else { model.focus };
            act(model, Action::Show(tab))
        }
        PointerTarget::ListRow(row) => list_row(model, row, is_double),
        PointerTarget::List => {
            model.focus = Focus::List;
            Vec::new()
        }
        PointerTarget::Detail => {
            model.focus = if model.detail.is_some() { Focus::Detail } else { model.focus };
            Vec::new()
        }
        PointerTarget::Divider => {
            model.pointer.is_dragging = true;
            Vec::new()
        }
        PointerTarget::MenuLine(line) => menu_line(model, line, is_double),
        PointerTarget::Nothing => outside(model),
    }
}

fn list_row(model: &mut Model, row: usize, is_double: bool) -> Vec<Effect> {
    let list = &model.list;
    let Some(id) = list.rows().get(list.top() + row).map(|summary| summary.id) else {
        model.focus = Focus::List;
        return Vec::new();
    };
    if is_double && list.selected() == Some(id) {
        return act(model, Action::Open);
    }
    model.focus = Focus::List;
    if list.selected() == Some(id) {
        return Vec::new();
    }
    let viewport = model.viewport;
    model.list.go_to(id, &viewport).into_iter().collect()
}

/// Chooses a line of a window: of a menu that does one thing at once, of any other only with the second click.
fn menu_line(model: &mut Model, line: usize, is_double: bool) -> Vec<Effect> {
    match &mut model.overlay {
        Some(Overlay::Copy(cursor) | Overlay::Order(cursor)) => {
            *cursor = line;
            return act(model, Action::Accept);
        }
        Some(Overlay::Prompt(prompt)) if prompt.kind == PromptKind::Command => {
            if line >= prompt.commands(&model.keymap).len() {
                return Vec::new();
            }
            prompt.cursor = line;
            return act(model, Action::Accept);
        }
        _ => {}
    }
    let Some(cursor) = model.areas.menu.and_then(|menu| menu.cursor) else { return Vec::new() };
    let (from, to) = match &model.overlay {
        Some(Overlay::Answers(window)) if matches!(**window, AnswerOverlay::Picker(_)) => {
            let choices = model.answers.choices(window.is_deciding());
            let items = answers::choice::items(&choices);
            let item = |line: usize| items.get(line).copied().flatten();
            let Some((from, to)) = item(cursor).zip(item(line)) else { return Vec::new() };
            (from, to)
        }
        _ => (cursor, line),
    };
    let step = if to < from { Step::Up } else { Step::Down };
    let mut effects = Vec::new();
    for _ in 0..from.abs_diff(to) {
        effects.extend(act(model, Action::Move(step)));
    }
    if is_double {
        effects.extend(act(model, Action::Accept));
    }
    effects
}

/// A click beside a window closes it, where nothing that was entered would be lost.
fn outside(model: &mut Model) -> Vec<Effect> {
    let is_lost =
        |overlay: &Overlay| !overlay.is_only_read() && !matches!(overlay, Overlay::Copy(_) | Overlay::Order(_));
    match &model.overlay {
        Some(overlay) if !is_lost(overlay) => act(model, Action::Back),
        _ => Vec::new(),
    }
}

fn wheel(model: &mut Model, target: &PointerTarget, step: Step) -> Vec<Effect> {
    let mut effects = Vec::new();
    if hides_panes(model) {
        let rows = if model.overlay.as_ref().is_some_and(Overlay::is_only_read) { WHEEL } else { 1 };
        for _ in 0..rows {
            effects.extend(act(model, Action::Move(step)));
        }
        return effects;
    }
    match target {
        PointerTarget::ListRow(_) | PointerTarget::List => {
            let viewport = model.viewport;
            for _ in 0..WHEEL {
                effects.extend(model.list.step(step, &viewport));
            }
        }
        PointerTarget::Detail | PointerTarget::Tab(_) if model.overlay.is_none() => {
            for _ in 0..WHEEL {
                effects.extend(act(model, Action::Scroll(step)));
            }
        }
        _ => {}
    }
    effects
}

fn drag(model: &mut Model, pointer: Pointer) {
    if let Some((_, range)) = model.areas.divider {
        model.split = range.steps_to(pointer.column, pointer.row).clamp(-SPLIT_STEPS, SPLIT_STEPS);
    }
}
