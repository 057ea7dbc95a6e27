//! What keys and news mean for what is sent.

mod screens;

pub(crate) use self::screens::{act_on_screen, edit, paste};

use crate::send::conformance::CheckReport;
use crate::text::visible;
use crate::tui::app::action::Action;
use crate::tui::app::effect::Effect;
use crate::tui::app::jobs::{cancel_sending, sending_ended};
use crate::tui::app::model::Model;
use crate::tui::app::overlay::state::{Confirm, Overlay};
use crate::tui::keymap::table::Keymap;
use crate::tui::screens::send::action::SendAction;
use crate::tui::screens::send::forms::{Purpose, SendForm};
use crate::tui::screens::send::panel::Panel;
use crate::tui::screens::send::state::{SendProgress, SendScreen};
use crate::tui::screens::send::task::{News, SendTask};
use crate::tui::widgets::short_latency;

/// Why a second sending has to wait.
pub(crate) fn busy(keymap: &Keymap) -> String {
    let (show, cancel) = (keymap.press(Action::Send(SendAction::Last)), keymap.press(Action::StopLooking));
    format!("already sending: {show} shows it, {cancel} cancels it")
}

pub(crate) fn act(model: &mut Model, action: SendAction) -> Vec<Effect> {
    match action {
        SendAction::Test => {
            let path = model.setup.path().to_owned();
            send(model, SendTask::Test(path))
        }
        SendAction::Replay => {
            let Some(loaded) = model.loaded() else { return warn(model, "select a delivery to replay") };
            let summary = &loaded.delivery.summary;
            let path = summary.path.split('?').next().unwrap_or_default();
            let is_own = |receiver: &&crate::tui::screens::send::state::Receiver| match &summary.webhook {
                Some(name) => receiver.name == *name,
                None => receiver.path == path,
            };
            let own = model.sending.receivers.iter().find(is_own).and_then(|receiver| receiver.url.clone());
            // The selected ones, or what the list shows.
            let filter = match model.chosen.is_empty() {
                true => model.list.query().to_string(),
                false => model.chosen.iter().map(|id| format!("id:{id}")).collect::<Vec<_>>().join(" | "),
            };
            let form = SendForm::replay(&model.sending, summary.id, &filter, own);
            open(model, SendScreen::Form(Box::new(form)))
        }
        SendAction::Simulate => {
            let own = model.local_url();
            let form = SendForm::simulate(&model.sending, &own);
            open(model, SendScreen::Form(Box::new(form)));
            screens::preview(model)
        }
        SendAction::Check => {
            let form = SendForm::check(&model.sending);
            open(model, SendScreen::Form(Box::new(form)))
        }
        SendAction::Last if shows_check(model) => {
            // Closed, it would be lost with the screens.
            let check = model.sending.closed_check.take().unwrap_or_default();
            open(model, SendScreen::Check(check))
        }
        SendAction::Last if model.sending.is_busy() => open(model, SendScreen::Progress(0)),
        SendAction::Last if model.sending.last.is_some() => open(model, SendScreen::Panel),
        SendAction::Last => {
            let test = model.keymap.press(Action::Send(SendAction::Test));
            warn(model, &format!("nothing sent in this run yet: {test} sends a test event"))
        }
        SendAction::Attempts => match model.list.selected() {
            Some(id) => vec![Effect::Send(SendTask::Attempts(id))],
            None => warn(model, "select a delivery to list its replays"),
        },
        SendAction::Mark => mark(model),
        SendAction::Compare if model.chosen.len() == 2 => {
            let mut both = model.chosen.iter().copied();
            let pair = both.next().zip(both.next());
            pair.map(|(one, two)| Effect::Send(SendTask::Compare(one, two))).into_iter().collect()
        }
        SendAction::Compare => match (model.sending.marked, model.list.selected()) {
            (Some(marked), Some(selected)) if marked != selected => {
                vec![Effect::Send(SendTask::Compare(marked, selected))]
            }
            (Some(_), _) => warn(model, "this one is marked: select another to compare it with"),
            (None, _) => {
                let mark = model.keymap.press(Action::Send(SendAction::Mark));
                warn(model, &format!("mark a delivery with {mark} first, then compare another with it"))
            }
        },
        SendAction::CompareTunnel => match model.list.selected() {
            Some(id) => vec![Effect::Send(SendTask::CompareTunnel(id))],
            None => warn(model, "select a delivery to compare with the tunnel's capture"),
        },
        SendAction::Cancel => cancel(model),
        SendAction::Copy | SendAction::Save | SendAction::Left | SendAction::Right => Vec::new(),
    }
}

fn mark(model: &mut Model) -> Vec<Effect> {
    let Some(id) = model.list.selected() else { return warn(model, "select a delivery to mark") };
    model.sending.marked = Some(id);
    let compare = model.keymap.press(Action::Send(SendAction::Compare));
    let text = format!("#{id} is marked: {compare} on another compares the two");
    model.say(text);
    Vec::new()
}

/// Gives the sending thread a task, one at a time.
fn send(model: &mut Model, task: SendTask) -> Vec<Effect> {
    if model.sending.is_busy() {
        let busy = busy(&model.keymap);
        return warn(model, &busy);
    }
    vec![Effect::Send(task)]
}

fn cancel(model: &mut Model) -> Vec<Effect> {
    if model.sending.is_busy() { cancel_sending(model) } else { warn(model, "nothing is being sent") }
}

/// Whether what was sent last, or is being sent, is a check whose screen was closed.
fn shows_check(model: &Model) -> bool {
    let sending = &model.sending;
    let is_running = sending.closed_check.as_ref().is_some_and(|check| check.report.is_none());
    sending.closed_check.is_some() && if sending.is_busy() { is_running } else { sending.check_is_last }
}

/// Takes in what the threads that send and look up report.
pub(crate) fn heard(model: &mut Model, news: News) -> Vec<Effect> {
    if matches!(news, News::Finished(..) | News::Checked(_) | News::Tested(..) | News::Probed(..) | News::NotSent(_)) {
        sending_ended(model);
    }
    match news {
        News::Began(progress) => {
            let is_quiet = progress.is_quiet;
            model.sending.progress = Some(progress);
            if !is_quiet && is_free(model) {
                // A simulation is often sent more than once.
                let is_kept =
                    |screen: &SendScreen| matches!(screen, SendScreen::Form(form) if form.purpose == Purpose::Simulate);
                model.sending.screens.retain(is_kept);
                open(model, SendScreen::Progress(0));
            }
        }
        News::Sent(sent) => {
            if let Some(progress) = &mut model.sending.progress {
                progress.push(sent);
            }
        }
        News::Finished(panel, words) => finished(model, panel, words),
        News::Tested(panel, made_up) => {
            model.sending.progress = None;
            let (text, is_error) = tested(&panel, made_up, &model.keymap);
            model.notify(text, is_error);
            model.sending.last = Some(panel);
            model.sending.check_is_last = false;
        }
        News::Probed(id, words, is_good) => {
            model.sending.progress = None;
            model.answers.story.forget(id);
            model.notify(words, is_good != Some(true));
        }
        News::NotSent(reason) => not_sent(model, reason),
        News::NotFound(reason) => return warn(model, &reason),
        News::Consent(hosts, task) => ask(model, &hosts, task),
        News::Preview(number, made) => screens::previewed(model, number, made),
        News::Attempts(id, rows) if rows.is_empty() => {
            let replay = model.keymap.press(Action::Send(SendAction::Replay));
            return warn(model, &format!("no replays of #{id} yet: {replay} replays it"));
        }
        News::Attempts(id, rows) if is_free(model) => return open(model, SendScreen::Attempts(id, rows, 0)),
        News::Attempt(panel) if is_free(model) => {
            model.sending.last = Some(panel);
            return open(model, SendScreen::Panel);
        }
        News::Compared(view) if is_free(model) => return open(model, SendScreen::Comparison(view)),
        // Another overlay has opened in the meantime.
        News::Attempts(..) | News::Attempt(_) | News::Compared(..) => {}
        News::CheckRow(row, total) => {
            // It was asked whether it may be sent there.
            if model.overlay.is_none() && has_check(model) {
                model.overlay = Some(Overlay::Sending);
            }
            let quiet = || SendProgress { is_quiet: true, ..SendProgress::default() };
            model.sending.progress.get_or_insert_with(quiet);
            if let Some(check) = screens::check(model) {
                check.total = total;
                check.note.clear();
                check.rows.push(*row);
            }
        }
        News::CheckNote(note) => {
            if let Some(check) = screens::check(model) {
                check.note = note;
            }
        }
        News::Checked(report) => checked(model, report),
    }
    Vec::new()
}

/// Whether the check's screen is among those that are open.
fn has_check(model: &Model) -> bool {
    model.sending.screens.iter().any(|screen| matches!(screen, SendScreen::Check(_)))
}

/// A check has ended: its screen shows the result, or a message does where that was closed.
fn checked(model: &mut Model, report: Result<Box<CheckReport>, String>) {
    if let Some(progress) = &mut model.sending.progress {
        progress.is_done = true;
    }
    let (words, is_error) = match &report {
        Ok(_) => (format!("the check has ended: {}", shows_result(&model.keymap)), false),
        Err(reason) => (format!("the check failed: {reason}"), true),
    };
    model.sending.check_is_last = true;
    let is_closed = !has_check(model);
    if let Some(check) = screens::check(model) {
        if let Ok(report) = &report {
            // Failures first, as everywhere.
            check.rows = report.by_mark().into_iter().cloned().collect();
        }
        check.report = Some(report);
    }
    if is_closed {
        model.notify(words, is_error);
    }
}

/// Whether a screen may come over what is there.
fn is_free(model: &Model) -> bool {
    matches!(model.overlay, None | Some(Overlay::Sending))
}

fn finished(model: &mut Model, panel: Option<Box<Panel>>, words: String) {
    let mut is_one = false;
    let mut is_bad = true;
    if let Some(progress) = &mut model.sending.progress {
        progress.is_done = true;
        progress.end.clone_from(&words);
        is_one = progress.total == 1;
        is_bad = progress.failed > 0 || progress.delivered == 0;
    }
    let is_shown = matches!(model.sending.screens.last(), Some(SendScreen::Progress(_)));
    let has_result = panel.is_some();
    model.sending.check_is_last &= !has_result;
    model.sending.last = panel.or(model.sending.last.take());
    match model.sending.screens.last_mut() {
        Some(screen) if is_shown && is_one && has_result => *screen = SendScreen::Panel,
        _ if is_shown => {}
        _ => model.notify(format!("{words}; {}", shows_result(&model.keymap)), is_bad),
    }
}

/// Shows it where the person looks: in the form, else in the bottom line.
fn not_sent(model: &mut Model, reason: String) {
    model.sending.progress = None;
    if matches!(model.sending.screens.last(), Some(SendScreen::Progress(_) | SendScreen::Check(_))) {
        screens::back(model);
    }
    match model.sending.screens.last_mut() {
        Some(SendScreen::Form(form)) => form.error = Some(reason),
        _ => model.warn(reason),
    }
}

/// Asks before anything is sent to a non-loopback host, since captures may contain screenshots of real people.
fn ask(model: &mut Model, hosts: &str, task: SendTask) {
    model.sending.progress = None;
    // A check continues in its screen once the person agrees.
    model.sending.screens.retain(|screen| matches!(screen, SendScreen::Check(_)));
    let hosts = visible(hosts);
    model.overlay = Some(Overlay::Confirm(Box::new(Confirm {
        title: "Send to a non-loopback host?".to_owned(),
        question: format!(
            "Not on this machine: {hosts}. Captures may contain screenshots of real people. This is asked once per \
             host and run."
        ),
        yes: "send it there".to_owned(),
        effect: Effect::Send(SendTask::Consented(Box::new(task))),
    })));
}

fn shows_result(keymap: &Keymap) -> String {
    format!("{} shows the result", keymap.press(Action::Send(SendAction::Last)))
}

/// The result of a test event, in one line.
fn tested(panel: &Panel, made_up: bool, keymap: &Keymap) -> (String, bool) {
    let attempt = &panel.attempt;
    let came = match &attempt.result {
        Ok(reply) => format!("{} in {}", reply.status, short_latency(attempt.latency.total)),
        Err(failure) => failure.message.clone(),
    };
    let how = match &attempt.result {
        _ if attempt.is_delivered() => "test event delivered",
        Ok(_) => "test event sent, but not accepted",
        Err(_) => "test event not delivered",
    };
    let signed = if made_up { "; signed with a temporary secret" } else { "" };
    (format!("{how}: {came}{signed}; {}", shows_result(keymap)), !attempt.is_delivered())
}

fn open(model: &mut Model, screen: SendScreen) -> Vec<Effect> {
    if !matches!(model.overlay, Some(Overlay::Sending)) {
        screens::keep_check(model);
        model.sending.screens.clear();
    }
    model.sending.screens.push(screen);
    model.overlay = Some(Overlay::Sending);
    Vec::new()
}

fn warn(model: &mut Model, text: &str) -> Vec<Effect> {
    model.warn(text);
    Vec::new()
}
