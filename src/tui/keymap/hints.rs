//! The hints of the bottom line: what is of use with what is selected, then the keys of the tab, then the general ones.

use crossterm::event::KeyCode;

use super::binding::{BoundKey, KeyRow};
use super::{KeyContext, contexts};
use crate::delivery::Verdict;
use crate::tui::app::action::{Action, Tab};
use crate::tui::app::model::{Detail, Focus, Model};
use crate::tui::app::overlay::state::{Overlay, PromptKind};
use crate::tui::app::step::Step;
use crate::tui::screens::answers::action::AnswerAction;
use crate::tui::screens::payload::action::PayloadAction;
use crate::tui::screens::payload::state::StringView;
use crate::tui::screens::send::action::SendAction;
use crate::tui::screens::{answer, answers};

/// A key and a word for what it does.
pub type KeyHint = (String, &'static str);

/// The hints, the most useful first. Where the line is too short, those at the end go.
#[must_use]
pub fn hints(model: &Model) -> Vec<KeyHint> {
    if asks_yes_or_no(model) {
        return vec![("y".to_owned(), "yes"), ("n".to_owned(), "cancel")];
    }
    let mut hints: Vec<KeyHint> = suggestions(model);
    let contexts = contexts(model);
    // The tab's own come before those of the list or of any details.
    let is_general =
        |context: &KeyContext| matches!(context, KeyContext::List | KeyContext::Detail | KeyContext::Anywhere);
    let (general, own): (Vec<KeyContext>, Vec<KeyContext>) = contexts.iter().partition(|context| is_general(context));
    // What everybody tries first needs no hint before the rest has one.
    let is_obvious = |action: Action| model.overlay.is_none() && matches!(action, Action::Move(_) | Action::NextTab);
    let mut obvious = Vec::new();
    // Its keys work all the same, but nobody sees what they do.
    let is_seen = |context: &KeyContext| !(is_of_tab(*context) && model.hides_details());
    for context in own.into_iter().filter(is_seen).chain(general) {
        let rows = model.keymap.rows(context).iter().filter(|row| !row.hint.is_empty() && !row.keys.is_empty());
        for binding in rows {
            let is_offered = super::is_active(model, binding)
                && !is_shadowed(model, contexts, context, binding)
                && !super::is_idle(context, model, binding.action);
            let hint = hint(model, binding);
            if is_offered && is_obvious(binding.action) {
                obvious.push(hint);
            } else if is_offered && !hints.iter().any(|(key, _)| *key == hint.0) {
                hints.push(hint);
            }
        }
    }
    hints.extend(obvious);
    hints
}

fn is_of_tab(context: KeyContext) -> bool {
    matches!(context, KeyContext::Signature | KeyContext::Payload | KeyContext::Image | KeyContext::Answer)
}

/// Whether a question is asked, which `y` and `n` answer.
pub(super) fn asks_yes_or_no(model: &Model) -> bool {
    matches!(model.overlay, Some(Overlay::Confirm(_) | Overlay::Saving(_) | Overlay::Redacting(_)))
}

/// Whether a narrower context takes the key for something else.
fn is_shadowed(model: &Model, contexts: &[KeyContext], context: KeyContext, binding: &KeyRow) -> bool {
    let narrower = contexts.iter().take_while(|narrower| **narrower != context);
    let rows = narrower.flat_map(|narrower| model.keymap.rows(*narrower));
    let mut others = rows.filter(|other| super::is_active(model, other));
    others.any(|other| other.keys.contains(&binding.keys[0]))
}

fn hint(model: &Model, binding: &KeyRow) -> KeyHint {
    let is_secret = matches!(&model.overlay, Some(Overlay::Prompt(prompt)) if prompt.kind == PromptKind::Secret);
    let is_only_read = model.overlay.as_ref().is_some_and(Overlay::is_only_read);
    let word = match binding.action {
        Action::Accept if is_secret => "use it",
        Action::Accept if answers::idle::is_deciding(model) => "answer with it",
        Action::Accept if keeps_secret(model) => "use this secret for the run",
        Action::TurnHelp if matches!(&model.overlay, Some(Overlay::Help(view)) if view.shows_filters) => "keys",
        Action::Open if answer::idle::decides(model) => "answer it",
        Action::Move(_) if is_only_read => "scroll",
        Action::Back if model.overlay.is_none() && model.is_zoomed => "unzoom",
        Action::Zoom if model.is_zoomed => "unzoom",
        Action::Reveal if model.revealed => "hide",
        Action::Back if model.overlay.is_none() && opened(model).is_some() => "back",
        Action::Payload(PayloadAction::AsSent) if is_as_sent(model) => "decoded",
        _ => binding.hint,
    };
    // One hint covers both directions.
    let key = match binding.action {
        Action::Move(Step::Down) if binding.keys.contains(&BoundKey::Code(KeyCode::Down)) => "↑↓".to_owned(),
        Action::Send(SendAction::Right) if binding.keys.contains(&BoundKey::Code(KeyCode::Right)) => "←→".to_owned(),
        _ => binding.keys[0].label(),
    };
    (key, word)
}

/// The string that is open on the Payload tab.
fn opened(model: &Model) -> Option<&StringView> {
    let detail = model.detail.as_ref().filter(|_| model.tab == Tab::Payload && model.focus == Focus::Detail)?;
    detail.view.string.as_ref()
}

/// Whether the payload, or the string of it that is open, is shown as it was sent.
fn is_as_sent(model: &Model) -> bool {
    let is_so = |detail: &Detail| detail.view.string.as_ref().map_or(detail.view.as_sent, |string| string.as_sent);
    model.detail.as_ref().is_some_and(is_so)
}

/// Whether a form has found the secret, which Enter then keeps.
fn keeps_secret(model: &Model) -> bool {
    matches!(&model.overlay, Some(Overlay::Try(trial)) if trial.found().is_some())
}

/// What is worth doing with what is selected.
fn suggestions(model: &Model) -> Vec<KeyHint> {
    if model.overlay.is_some() {
        return Vec::new();
    }
    let mut hints = Vec::new();
    let mut offer = |action, word| hints.extend(model.keymap.label(action).map(|key| (key, word)));
    if model.list.rows().is_empty() && model.list.filter().is_empty() {
        // What a newcomer needs first, while there is nothing to work with.
        offer(Action::Send(SendAction::Test), "send a test event");
    }
    if model.sending.is_busy() || !model.jobs.is_empty() {
        offer(Action::StopLooking, "cancel");
    }
    let selected = model.list.selected();
    if selected.is_some_and(|id| model.answers.held_one(id).is_some()) {
        if model.tab != Tab::Answer {
            offer(Action::Show(Tab::Answer), "decide");
        }
    } else if !model.answers.held.is_empty() {
        offer(Action::Answer(AnswerAction::DecideAll), "answer held");
    }
    let Some(loaded) = model.loaded() else { return hints };
    let verdict = loaded.rejudged.as_ref().unwrap_or_else(|| loaded.judgement()).verdict;
    let is_on_it = model.tab == Tab::Signature;
    match verdict {
        Verdict::NoSecret if !is_on_it => offer(Action::TypeSecret, "enter the secret"),
        Verdict::NotJudged | Verdict::NoSecret => {}
        Verdict::Verified if !crate::tui::screens::signature::state::asks_why(loaded) => {}
        _ if is_on_it => {}
        _ => {
            offer(Action::Show(Tab::Signature), "why");
            if verdict != Verdict::Verified && model.focus == Focus::List && model.tab == Tab::Overview {
                offer(Action::Try, "try secret");
            }
        }
    }
    hints
}
