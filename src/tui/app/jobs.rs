//! What runs in the background, what stops it, and what would be lost by quitting.

use super::effect::Effect;
use super::model::Model;
use super::overlay::state::{Confirm, Overlay};
use crate::server::{ATTACHED_JOBS, JobProgress};
use crate::text::grouped;
use crate::tui::app::action::{Action, Tab};
use crate::tui::screens::answers::action::AnswerAction;
use crate::tui::screens::answers::rules::off_words;
use crate::tui::screens::send::task::SendTask;
use crate::tui::screens::signature::state::Question;
use crate::tui::screens::signature::update::stop_looking;

/// Stops what runs: the search that is looked at, else what is being sent, else other long work.
pub(super) fn stop(model: &mut Model) -> Vec<Effect> {
    let running = model.detail.as_ref().and_then(|detail| detail.inquiry.running.as_ref());
    let is_searching = running.is_some_and(|(question, _)| *question != Question::Rewritings);
    let is_all = !model.sending.is_busy() && model.jobs.is_empty();
    if is_searching && (model.tab == Tab::Signature || is_all) {
        return stop_looking(model);
    }
    if model.sending.is_busy() {
        return cancel_sending(model);
    }
    if !model.jobs.is_empty() {
        model.say(format!("cancelling {}", in_words(&model.jobs)));
        return vec![Effect::CancelJobs(model.jobs.iter().map(|job| job.number).collect())];
    }
    model.warn("nothing to stop: nothing is searched for, sent or deleted");
    Vec::new()
}

/// Such as `prune`, or `2 jobs`.
pub(super) fn in_words(jobs: &[JobProgress]) -> String {
    match jobs {
        [one] => one.kind.code().to_owned(),
        many => format!("{} jobs", many.len()),
    }
}

/// How far they are, such as `200/3,400`; empty while that is not known.
pub(super) fn how_far(jobs: &[JobProgress]) -> String {
    let sum = |of: fn(&JobProgress) -> u64| jobs.iter().map(of).fold(0, u64::saturating_add);
    match sum(|job| job.total) {
        0 => String::new(),
        total => format!("{}/{}", grouped(sum(|job| job.done)), grouped(total)),
    }
}

/// What is said while something that was cancelled is still in flight.
const WAITED: &str = "what is in flight is waited for";

/// What was sent has ended: nothing is waited for any more.
pub(crate) fn sending_ended(model: &mut Model) {
    model.notice.take_if(|notice| notice.text.ends_with(WAITED));
}

/// Cancels what is being sent, and says so.
pub(crate) fn cancel_sending(model: &mut Model) -> Vec<Effect> {
    let Some(running) = model.sending.running() else { return Vec::new() };
    model.say(format!("cancelling {}: {WAITED}", running.what));
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
    // A listener in another process goes on.
    let is_attached = model.attachment.is_some();
    match model.answers.held.len() {
        _ if is_attached => {}
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
    let cut = |job: &&JobProgress| !is_attached || job.number >= ATTACHED_JOBS;
    let cut: Vec<JobProgress> = model.jobs.iter().filter(cut).cloned().collect();
    if !cut.is_empty() {
        let words = crate::text::capitalised(&in_words(&cut));
        let (verb, pronoun) = if cut.len() == 1 { ("is", "it is") } else { ("are", "they are") };
        reasons.push(format!("{words} {verb} still running: {pronoun} cut off."));
    }
    if model.answers.is_unsaved() && !is_attached {
        let rules = model.keymap.press(Action::Answer(AnswerAction::Rules));
        let save = model.keymap.press(Action::Answer(AnswerAction::SaveRules));
        let there = if model.keymap.is_in_lines() { "" } else { " there" };
        reasons
            .push(format!("The rules were changed and are not saved: {rules} shows them, {save}{there} saves them."));
    }
    // Whatever was saved: no configuration has them.
    let off = off_words(&model.answers.rules);
    if !off.is_empty() {
        reasons.push(format!("{}: what is off is forgotten.", crate::text::capitalised(&off)));
    }
    reasons
}
