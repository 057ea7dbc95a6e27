//! What keys mean while a screen of sendings lies over the panes.

use tui_input::InputRequest;

use super::{busy, cancel};
use crate::send::conformance::report_text;
use crate::text::Palette;
use crate::tui::app::action::Action;
use crate::tui::app::effect::Effect;
use crate::tui::app::model::Model;
use crate::tui::app::overlay::state::Overlay;
use crate::tui::app::step::{Neighbour, Step};
use crate::tui::screens::saving;
use crate::tui::screens::saving::state::ToSave;
use crate::tui::screens::send::action::SendAction;
use crate::tui::screens::send::forms::{Purpose, SendForm};
use crate::tui::screens::send::state::{CheckView, SendProgress, SendScreen};
use crate::tui::screens::send::task::{Preview, ReplayTask, SendTask};

/// The name of a saved simulation until the person gives another.
const SAVED_NAME: &str = "mine";

pub(crate) fn act_on_screen(model: &mut Model, action: Action) -> Vec<Effect> {
    match action {
        Action::Back => back(model),
        Action::Suspend => vec![Effect::Suspend],
        Action::Redraw => vec![Effect::Redraw],
        Action::Lend(to) => crate::tui::screens::details::lend::lend(model, to),
        Action::Accept => accept(model),
        Action::Move(step) => {
            step_through(model, step);
            Vec::new()
        }
        Action::NextField => turn(model, Neighbour::Next),
        Action::PreviousField => turn(model, Neighbour::Previous),
        Action::Send(SendAction::Left) => change(model, |form| form.fields.side(Neighbour::Previous)),
        Action::Send(SendAction::Right) => change(model, |form| form.fields.side(Neighbour::Next)),
        Action::Send(SendAction::Cancel) => cancel(model),
        Action::Send(SendAction::Copy) => copy(model),
        Action::Send(SendAction::Save) => save(model),
        Action::Send(SendAction::Compare) => compare(model),
        _ => Vec::new(),
    }
}

/// An edit of the form's text.
pub(crate) fn edit(model: &mut Model, request: InputRequest) -> Vec<Effect> {
    edit_with(model, &[request])
}

/// A paste into the form's text, which is one line.
pub(crate) fn paste(model: &mut Model, text: &str) -> Vec<Effect> {
    let characters = text.chars().filter(|character| !matches!(character, '\r' | '\n'));
    let requests: Vec<InputRequest> = characters.map(InputRequest::InsertChar).collect();
    edit_with(model, &requests)
}

fn edit_with(model: &mut Model, requests: &[InputRequest]) -> Vec<Effect> {
    let key = |action| model.keymap.press(action);
    let (left, right) = (key(Action::Send(SendAction::Left)), key(Action::Send(SendAction::Right)));
    let words = format!("this field is a choice: {left} and {right} change it, {} goes on", key(Action::NextField));
    let mut is_taken = true;
    let effects = change(model, |form| {
        is_taken = requests.iter().all(|request| form.fields.edit(*request));
    });
    if let (false, Some(SendScreen::Form(form))) = (is_taken, model.sending.screens.last_mut()) {
        form.error = Some(words);
    }
    effects
}

/// To another field of the form.
fn turn(model: &mut Model, to: Neighbour) -> Vec<Effect> {
    if let Some(SendScreen::Form(form)) = model.sending.screens.last_mut() {
        form.fields.turn(to);
    }
    Vec::new()
}

fn change(model: &mut Model, change: impl FnOnce(&mut SendForm)) -> Vec<Effect> {
    let sending = &mut model.sending;
    if let Some(SendScreen::Form(form)) = sending.screens.last_mut() {
        change(form);
        (form.error, form.said) = (None, None);
        form.settle(&sending.receivers);
    }
    preview(model)
}

/// Asks for what the form would send now.
pub(super) fn preview(model: &mut Model) -> Vec<Effect> {
    let sending = &mut model.sending;
    let Some(SendScreen::Form(form)) = sending.screens.last_mut() else { return Vec::new() };
    if form.purpose != Purpose::Simulate {
        return Vec::new();
    }
    sending.previews += 1;
    match form.simulate_task(&sending.receivers) {
        Ok(task) => vec![Effect::Send(SendTask::Preview(sending.previews, task))],
        Err(reason) => {
            form.preview = Some(Err(reason));
            Vec::new()
        }
    }
}

/// Shows what a form would send, if it is still as it was when that was asked.
pub(super) fn previewed(model: &mut Model, number: u64, made: Result<Preview, String>) {
    let sending = &mut model.sending;
    if let Some(SendScreen::Form(form)) = sending.screens.last_mut().filter(|_| number == sending.previews) {
        if let Ok(made) = &made {
            form.seed = Some(made.seed);
        }
        form.preview = Some(made);
    }
}

/// The check that is shown, lies beneath, or was closed.
pub(super) fn check(model: &mut Model) -> Option<&mut CheckView> {
    let sending = &mut model.sending;
    let shown = sending.screens.iter_mut().rev().find_map(|screen| match screen {
        SendScreen::Check(check) => Some(&mut **check),
        _ => None,
    });
    shown.or(sending.closed_check.as_deref_mut())
}

/// Keeps the check of a screen that is about to be closed: it goes on, and its result is shown again on demand.
pub(super) fn keep_check(model: &mut Model) {
    let sending = &mut model.sending;
    let at = sending.screens.iter().rposition(|screen| matches!(screen, SendScreen::Check(_)));
    if let Some(SendScreen::Check(check)) = at.map(|at| sending.screens.remove(at)) {
        sending.closed_check = Some(check);
    }
}

fn step_through(model: &mut Model, step: Step) {
    let viewport = model.viewport;
    let places = viewport.overlay_lines.saturating_sub(viewport.overlay_rows) + 1;
    let scrolled = |first: &mut usize| *first = step.apply((*first).min(places - 1), places, viewport.overlay_rows);
    match model.sending.screens.last_mut() {
        Some(SendScreen::Panel) => {
            if let Some(panel) = &mut model.sending.last {
                scrolled(&mut panel.scroll);
            }
        }
        Some(SendScreen::Form(form)) => scrolled(&mut form.scroll),
        Some(SendScreen::Progress(first)) => scrolled(first),
        Some(SendScreen::Comparison(view)) => scrolled(&mut view.first),
        Some(SendScreen::Attempts(_, rows, cursor)) => *cursor = step.apply(*cursor, rows.len(), viewport.overlay_rows),
        Some(SendScreen::Check(check)) if check.is_open => scrolled(&mut check.scroll),
        Some(SendScreen::Check(check)) => {
            check.cursor = step.apply(check.cursor, check.rows.len(), viewport.overlay_rows)
        }
        None => {}
    }
}

fn accept(model: &mut Model) -> Vec<Effect> {
    let is_busy = model.sending.is_busy();
    match model.sending.screens.last_mut() {
        Some(SendScreen::Attempts(_, rows, cursor)) => {
            let chosen = rows.get(*cursor).map(|row| row.id);
            chosen.map(|id| Effect::Send(SendTask::Attempt(id))).into_iter().collect()
        }
        Some(SendScreen::Check(check)) if check.is_open => {
            let task = check.rows.get(check.cursor).and_then(|row| {
                let judged = format!("{} {}", row.mark.glyph(), row.mark.code());
                let words = format!("{judged}: {}, expected {}", row.case.sends, row.case.expect.words());
                Some(Effect::Send(SendTask::Case(row.exchange.clone()?, words)))
            });
            task.into_iter().collect()
        }
        Some(SendScreen::Check(check)) if check.cursor < check.rows.len() => {
            check.is_open = true;
            check.scroll = 0;
            Vec::new()
        }
        Some(SendScreen::Form(_)) => submit(model),
        Some(SendScreen::Progress(_)) if !is_busy => back(model),
        _ => Vec::new(),
    }
}

/// Sends what the form describes, or shows what is wrong with it.
fn submit(model: &mut Model) -> Vec<Effect> {
    let is_busy = model.sending.is_busy();
    let receivers = model.sending.receivers.clone();
    let Some(SendScreen::Form(form)) = model.sending.screens.last_mut() else { return Vec::new() };
    if is_busy {
        form.error = Some(busy(&model.keymap));
        return Vec::new();
    }
    let purpose = form.purpose.clone();
    let task = match &purpose {
        Purpose::Replay(id, filter) => form.replay_task(*id, filter, &model.filters).map(SendTask::Replay),
        Purpose::Simulate => form.simulate_task(&receivers).map(SendTask::Simulate),
        Purpose::Check => form.check_task().map(SendTask::Check),
    };
    let task = match task {
        Ok(task) => task,
        Err(reason) => {
            form.error = Some(reason);
            form.point_at_url();
            return Vec::new();
        }
    };
    match task {
        SendTask::Replay(task) => {
            model.sending.to = task.to.join(" ");
            replay(model, task)
        }
        SendTask::Check(task) => {
            model.sending.checked.clone_from(&task.to);
            let view = CheckView { to: task.to.clone(), ..CheckView::default() };
            model.sending.closed_check = None;
            model.sending.screens.push(SendScreen::Check(Box::new(view)));
            let what = format!("the check of {}", task.to);
            model.sending.progress = Some(SendProgress { what, is_quiet: true, ..SendProgress::default() });
            vec![Effect::Send(SendTask::Check(task))]
        }
        task => vec![Effect::Send(task)],
    }
}

/// An edit begins with the body that is shown.
fn replay(model: &Model, mut task: ReplayTask) -> Vec<Effect> {
    if !task.how.edits() {
        return vec![Effect::Send(SendTask::Replay(task))];
    }
    let Some(loaded) = model.loaded() else { return Vec::new() };
    task.body = Some(loaded.delivery.body.clone());
    vec![Effect::Send(SendTask::Edit(task))]
}

/// Compares a response with that to the sending before it.
fn compare(model: &Model) -> Vec<Effect> {
    match model.sending.screens.last() {
        Some(SendScreen::Attempts(_, rows, cursor)) => match rows.get(*cursor..) {
            Some([now, before, ..]) => vec![Effect::Send(SendTask::CompareAttempts(before.id, now.id))],
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

fn copy(model: &Model) -> Vec<Effect> {
    let copied = match model.sending.screens.last() {
        Some(SendScreen::Check(check)) => {
            let report = check.report.as_ref().and_then(|report| report.as_ref().ok());
            report.map(|report| ("the report", report_text(report, Palette::Plain, None)))
        }
        Some(SendScreen::Form(form)) if form.purpose == Purpose::Simulate => {
            let task = form.simulate_task(&model.sending.receivers).ok();
            task.map(|task| ("the simulation, for the configuration", task.saved.to_toml(SAVED_NAME)))
        }
        Some(SendScreen::Comparison(view)) => Some(("the comparison", view.lines.join("\n"))),
        _ => None,
    };
    copied.map(|(what, text)| Effect::Copy { what: what.to_owned(), text }).into_iter().collect()
}

/// Saves the simulation in the configuration.
fn save(model: &mut Model) -> Vec<Effect> {
    let receivers = model.sending.receivers.clone();
    let Some(SendScreen::Form(form)) = model.sending.screens.last_mut() else { return Vec::new() };
    if form.purpose != Purpose::Simulate {
        return Vec::new();
    }
    (form.error, form.said) = (None, None);
    match form.named(&receivers) {
        Ok((name, saved)) => saving::update::ask(model, ToSave::Simulation(name, Box::new(saved))),
        Err(reason) => {
            form.error = Some(reason);
            Vec::new()
        }
    }
}

/// Closes the topmost screen.
pub(super) fn back(model: &mut Model) -> Vec<Effect> {
    if let Some(SendScreen::Check(check)) = model.sending.screens.last_mut()
        && check.is_open
    {
        check.is_open = false;
        return Vec::new();
    }
    if matches!(model.sending.screens.last(), Some(SendScreen::Check(_))) {
        keep_check(model);
    } else if let Some(SendScreen::Form(form)) = model.sending.screens.pop()
        && matches!(form.purpose, Purpose::Replay(..))
    {
        // The next one begins with what was typed, whether this one was sent or not.
        if let Some(to) = form.typed_to() {
            to.clone_into(&mut model.sending.to);
        }
    }
    if let Some(SendScreen::Form(form)) = model.sending.screens.last_mut() {
        // Sent again it is another event.
        form.seed = None;
        return preview(model);
    }
    if model.sending.screens.is_empty() && matches!(model.overlay, Some(Overlay::Sending)) {
        model.overlay = None;
    }
    Vec::new()
}
