//! What keys and news mean for what is sent.

use super::super::action::SendAction;
use super::super::model::{Model, Notice};
use super::super::overlay::Overlay;
use super::super::sending::{News, Panel, Screen, SendTask};
use super::super::{Action, Effect};

/// Why a second sending has to wait.
const BUSY: &str = "something is being sent already: x in its panel cancels it";

pub(super) fn act(model: &mut Model, action: SendAction) -> Vec<Effect> {
    match action {
        SendAction::Test => {
            let path = model.setup.path().to_owned();
            send(model, SendTask::Test(path))
        }
        SendAction::Last if model.sending.last.is_some() => push(model, Screen::Panel),
        SendAction::Last => say(model, "nothing was sent in this run yet: T sends a test event", true),
        SendAction::Cancel => cancel(model),
    }
}

/// Hands something to the thread that sends, one at a time.
fn send(model: &mut Model, task: SendTask) -> Vec<Effect> {
    if model.sending.progress.is_some() {
        return say(model, BUSY, true);
    }
    vec![Effect::Send(task)]
}

fn cancel(model: &Model) -> Vec<Effect> {
    if model.sending.progress.is_some() { vec![Effect::Send(SendTask::Cancel)] } else { Vec::new() }
}

/// Takes in what the thread that sends tells.
pub(super) fn heard(model: &mut Model, news: News) {
    match news {
        News::Began(progress) => model.sending.progress = Some(progress),
        News::Tested(panel, made_up) => {
            model.sending.progress = None;
            model.notice = Some(tested(&panel, made_up));
            model.sending.last = Some(panel);
        }
        News::NotSent(reason) => {
            model.sending.progress = None;
            model.notice = Some(Notice { text: reason, is_error: true });
        }
    }
}

/// What a test event came to, in one line.
fn tested(panel: &Panel, made_up: bool) -> Notice {
    let attempt = &panel.attempt;
    let milliseconds = attempt.latency.total.as_secs_f64() * 1000.0;
    let came = match &attempt.result {
        Ok(reply) => format!("{} in {milliseconds:.1} ms", reply.status),
        Err(failure) => failure.message.clone(),
    };
    let how = if attempt.is_delivered() { "test event delivered" } else { "test event sent, and not accepted" };
    let signed = if made_up { "; signed with a secret made up for this run" } else { "" };
    Notice { text: format!("{how}: {came}{signed}; P shows the result"), is_error: !attempt.is_delivered() }
}

/// What a key means while a screen of sendings lies over the panes.
pub(super) fn act_on_screen(model: &mut Model, action: Action) -> Vec<Effect> {
    match action {
        Action::Back => back(model),
        Action::Quit => vec![Effect::Quit],
        Action::Suspend => vec![Effect::Suspend],
        Action::Redraw => vec![Effect::Redraw],
        Action::Send(SendAction::Cancel) => cancel(model),
        Action::Move(step) => {
            let viewport = model.viewport;
            let places = viewport.overlay_lines.saturating_sub(viewport.overlay_rows) + 1;
            if let (Some(Screen::Panel), Some(panel)) = (model.sending.screens.last(), &mut model.sending.last) {
                panel.scroll = step.apply(panel.scroll.min(places - 1), places, viewport.overlay_rows);
            }
            Vec::new()
        }
        _ => Vec::new(),
    }
}

fn push(model: &mut Model, screen: Screen) -> Vec<Effect> {
    model.sending.screens.push(screen);
    model.overlay = Some(Overlay::Sending);
    Vec::new()
}

/// Closes the topmost screen.
fn back(model: &mut Model) -> Vec<Effect> {
    model.sending.screens.pop();
    if model.sending.screens.is_empty() {
        model.overlay = None;
    }
    Vec::new()
}

fn say(model: &mut Model, text: &str, is_error: bool) -> Vec<Effect> {
    model.notice = Some(Notice { text: text.to_owned(), is_error });
    Vec::new()
}
