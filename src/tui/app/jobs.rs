//! What runs in the background, what stops it, and what would be lost by quitting.

use super::effect::Effect;
use super::model::Model;
use super::overlay::state::{Confirm, Overlay};
use crate::payload::grouped;
use crate::tui::app::action::Tab;
use crate::tui::screens::send::task::SendTask;
use crate::tui::screens::signature::state::Question;
use crate::tui::screens::signature::update::stop_looking;

/// Stops what runs: the search that is looked at, else what is being sent.
pub(super) fn stop(model: &mut Model) -> Vec<Effect> {
    let running = model.detail.as_ref().and_then(|detail| detail.inquiry.running.as_ref());
    let is_searching = running.is_some_and(|(question, _)| *question != Question::Rewritings);
    if is_searching && (model.tab == Tab::Signature || !model.sending.is_busy()) {
        return stop_looking(model);
    }
    if model.sending.is_busy() {
        return cancel_sending(model);
    }
    model.say("nothing to stop: nothing is searched for, and nothing is being sent", true);
    Vec::new()
}

/// Cancels what is being sent, and says so.
pub(crate) fn cancel_sending(model: &mut Model) -> Vec<Effect> {
    let Some(running) = model.sending.running() else { return Vec::new() };
    model.say(format!("cancelling {}: what is in flight is waited for", running.what), false);
    vec![Effect::Send(SendTask::Cancel)]
}

/// Ends the program, or asks first when something would be lost.
pub(super) fn quit(model: &mut Model) -> Vec<Effect> {
    let reasons = lost_by_quitting(model);
    if reasons.is_empty() {
        return vec![Effect::Quit];
    }
    model.overlay = Some(Overlay::Confirm(Box::new(Confirm {
        title: "Quit whyhook?".to_owned(),
        question: reasons.join(" "),
        yes: "quit".to_owned(),
        effect: Effect::Quit,
    })));
    Vec::new()
}

/// What quitting now would cut short, a sentence each.
fn lost_by_quitting(model: &Model) -> Vec<String> {
    let mut reasons = Vec::new();
    match model.answers.held.len() {
        0 => {}
        1 => reasons.push("1 delivery is held: its sender gets the default answer.".to_owned()),
        held => reasons.push(format!("{held} deliveries are held: their senders get the default answer.")),
    }
    if let Some(running) = model.sending.running() {
        let (done, total) = (grouped(running.done as u64), grouped(running.total as u64));
        let how_far = if running.total > 1 { format!(" ({done} of {total} done)") } else { String::new() };
        reasons.push(format!(
            "{}{how_far} is still running: the rest is not sent.",
            crate::text::capitalised(&running.what)
        ));
    }
    if model.answers.is_unsaved {
        reasons.push("The rules were changed and are not saved: r shows them, s there saves them.".to_owned());
    }
    reasons
}
