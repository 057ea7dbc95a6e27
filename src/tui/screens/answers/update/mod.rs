//! What goes back to senders: choosing it, the rules, what is held, and the Answer tab.

mod windows;

use crate::delivery::{AttemptKind, DeliveryId};
use crate::rules::{ActionKind, Override, RuleAction, RuleResponse};
use crate::text::counted;
use crate::tui::app::action::{Action, Tab};
use crate::tui::app::effect::Effect;
use crate::tui::app::model::Model;
use crate::tui::app::navigation::show_tab;
use crate::tui::app::overlay::state::Overlay;
use crate::tui::screens::answers::action::AnswerAction;
use crate::tui::screens::answers::choice::{Picked, decision};
use crate::tui::screens::answers::editor::Editor;
use crate::tui::screens::answers::rules::RulesView;
use crate::tui::screens::answers::state::{Answers, AnswersEffect, AnswersNews};
use crate::tui::screens::answers::window::{AnswerOverlay, Picker};
use crate::tui::screens::send::action::SendAction;
use crate::tui::screens::send::task::SendTask;
use crate::tui::screens::send::update::busy;

pub(crate) use windows::{accept, act_on_window, back, edit, paste};

/// Retries of the shown delivery are read again while it is this close to the newest: more may arrive.
const NEAR: i64 = 1000;

fn effect(effect: AnswersEffect) -> Vec<Effect> {
    vec![Effect::Answers(effect)]
}

fn say(model: &mut Model, text: impl Into<String>) -> Vec<Effect> {
    model.say(text);
    Vec::new()
}

fn warn(model: &mut Model, text: impl Into<String>) -> Vec<Effect> {
    model.warn(text);
    Vec::new()
}

/// Opens a window about answers.
fn open(model: &mut Model, window: AnswerOverlay) -> Vec<Effect> {
    model.overlay = Some(Overlay::Answers(Box::new(window)));
    Vec::new()
}

/// The picker, for what comes or for what is held.
pub(crate) fn pick(model: &mut Model, deciding: Vec<DeliveryId>) -> Vec<Effect> {
    let choices = model.answers.choices(!deciding.is_empty());
    let cursor = if deciding.is_empty() { model.answers.in_force(&choices).unwrap_or(0) } else { 0 };
    open(model, AnswerOverlay::Picker(Picker { cursor, preview: 0, deciding }))
}

/// Something about answers, with no window open.
pub(crate) fn act(model: &mut Model, action: AnswerAction) -> Vec<Effect> {
    let held = held_shown(model);
    match (action, held) {
        (AnswerAction::Clear, _) => clear(model),
        (AnswerAction::Rules, _) => open(model, AnswerOverlay::Rules(RulesView::default())),
        (AnswerAction::Write, _) => write(model, None, None),
        (AnswerAction::DecideAll, _) => {
            let ids: Vec<DeliveryId> = model.answers.held.iter().map(|held| held.id).collect();
            if ids.is_empty() { warn(model, "no delivery is held") } else { pick(model, ids) }
        }
        (AnswerAction::Decide, Some(id)) => pick(model, vec![id]),
        (AnswerAction::Decide, None) => jump(model),
        (AnswerAction::LetGo, Some(id)) => effect(AnswersEffect::LetGo(vec![id])),
        (AnswerAction::Drop, Some(id)) => decide_by(model, id, "drop"),
        (AnswerAction::Forward, Some(id)) => match model.answers.targets().first() {
            Some(target) => {
                let forward = format!("forward {}", target.url());
                decide_by(model, id, &forward)
            }
            None => {
                let rules = model.keymap.press(Action::Answer(AnswerAction::Rules));
                warn(model, format!("no upstream server: run with --forward-to URL, or add a rule with {rules}"))
            }
        },
        (AnswerAction::LetGo | AnswerAction::Drop | AnswerAction::Forward, None) => {
            warn(model, "this delivery is not held")
        }
        (AnswerAction::SendAgain, _) => send_again(model),
        (AnswerAction::Probe, _) => probe(model),
        (AnswerAction::NextAttempt, _) => step_attempt(model, 1),
        (AnswerAction::PreviousAttempt, _) => step_attempt(model, -1),
        _ => Vec::new(),
    }
}

/// The shown delivery, if it is held.
fn held_shown(model: &Model) -> Option<DeliveryId> {
    let id = model.detail.as_ref()?.id;
    model.answers.held_one(id).map(|held| held.id)
}

fn decide_by(model: &mut Model, id: DeliveryId, text: &str) -> Vec<Effect> {
    let read = model.answers.set.reader().action(text);
    let decided = read.ok().and_then(|action| decision(&Picked::Action(Box::new(action)), vec![id]));
    decided.map_or_else(Vec::new, effect)
}

fn clear(model: &mut Model) -> Vec<Effect> {
    if model.answers.chosen.take().is_none() {
        return say(model, "nothing to clear: no answer is chosen");
    }
    let words = model.answers.words().0;
    say(model, format!("cleared: {words}"));
    effect(AnswersEffect::Choose(None))
}

/// The deliveries that a choice is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ChosenFor {
    /// The next one alone.
    OneNext,
    /// Every one from now on, until it is cleared.
    EveryNext,
}

/// Activates a choice.
fn choose(model: &mut Model, picked: &Picked, deliveries: ChosenFor) -> Vec<Effect> {
    let once = deliveries == ChosenFor::OneNext;
    let chosen = match picked {
        Picked::Rules | Picked::Default => None,
        Picked::Action(action) => {
            let is_usual = action.is_auto() && model.answers.set.rules().is_empty();
            if !action.is_auto() {
                model.answers.remember(action);
            }
            (!is_usual).then(|| Override { action: (**action).clone(), once })
        }
    };
    model.answers.chosen.clone_from(&chosen);
    effect(AnswersEffect::Choose(chosen.map(Box::new)))
}

/// The editor, beginning with an answer.
fn write(model: &mut Model, action: Option<&RuleAction>, from: Option<Picker>) -> Vec<Effect> {
    let file = model.answers.file().to_string_lossy().into_owned();
    open(model, AnswerOverlay::Editor(Box::new(Editor::new(action, &file, from))))
}

/// Chooses another of the sender's attempts.
fn step_attempt(model: &mut Model, offset: isize) -> Vec<Effect> {
    let Some(shown) = model.detail.as_ref().map(|detail| detail.id) else { return Vec::new() };
    let story = &model.answers.story;
    let Some(Ok(found)) = story.of(shown) else { return Vec::new() };
    let Some(place) = story.place(shown, &found.retries) else {
        return say(model, "the sender has made only one attempt");
    };
    let count = found.retries.len().cast_signed();
    let next = (place.cast_signed() + offset).rem_euclid(count).unsigned_abs();
    let chosen = found.retries[next].summary.id;
    model.answers.story.cursor = Some(chosen);
    Vec::new()
}

/// Goes to the chosen attempt in the list.
fn jump(model: &mut Model) -> Vec<Effect> {
    let Some(shown) = model.detail.as_ref().map(|detail| detail.id) else { return Vec::new() };
    match model.answers.story.cursor.filter(|chosen| *chosen != shown) {
        Some(chosen) => model.list.go_to(chosen, &model.viewport).into_iter().collect(),
        None => Vec::new(),
    }
}

/// Sends the shown delivery to where it was forwarded once more.
fn send_again(model: &mut Model) -> Vec<Effect> {
    let Some(shown) = model.detail.as_ref().map(|detail| detail.id) else { return Vec::new() };
    let before = match model.answers.story.of(shown) {
        Some(Ok(found)) => found.sent.iter().find(|attempt| attempt.kind == AttemptKind::Forward),
        _ => None,
    };
    let before = before.map(|attempt| attempt.target.clone());
    let target = before.or_else(|| model.answers.targets().first().map(|target| target.url().to_owned()));
    match target {
        Some(url) => {
            say(model, format!("sending {shown} to {url} …"));
            effect(AnswersEffect::SendAgain(shown, url))
        }
        None => warn(model, "no upstream server: it was not forwarded, and no rule forwards"),
    }
}

/// Asks the upstream server that the shown delivery was forwarded to whether it checks the signature.
fn probe(model: &mut Model) -> Vec<Effect> {
    let Some(shown) = model.detail.as_ref().map(|detail| detail.id) else { return Vec::new() };
    if model.sending.is_busy() {
        let busy = busy(&model.keymap);
        return warn(model, busy);
    }
    match probed(model) {
        Some(url) => vec![Effect::Send(SendTask::Probe(shown, url.to_owned()))],
        None => {
            let check = model.keymap.press(Action::Send(SendAction::Check));
            warn(model, format!("this delivery was not forwarded: {check} checks a receiver by its URL"))
        }
    }
}

fn probed(model: &Model) -> Option<&str> {
    let detail = model.detail.as_ref()?;
    model.answers.story.probed(detail.id, detail.content.as_ref().ok()?.current_verdict())
}

/// Takes in news of the listener, the store or a file.
pub(crate) fn news(model: &mut Model, news: AnswersNews) -> Vec<Effect> {
    match news {
        AnswersNews::State(state) => {
            let chosen = windows::chosen_rule(model);
            let newly = model.answers.take_in(*state);
            if newly > 0 {
                let count = model.answers.held.len();
                let words =
                    if count == 1 { "a delivery is held".to_owned() } else { format!("{count} deliveries are held") };
                // In lines each is told with what decides about it.
                if !model.keymap.is_in_lines() {
                    let show = model.keymap.press(Action::Show(Tab::Answer));
                    let all = model.keymap.press(Action::Answer(AnswerAction::DecideAll));
                    say(model, format!("{words}: {show} shows it, {all} answers all"));
                }
            }
            windows::settle(model, chosen.as_ref());
        }
        AnswersNews::Story(id, found) => {
            model.answers.story.is_asking = false;
            if model.detail.as_ref().is_some_and(|detail| detail.id == id) {
                model.answers.story.told = Some((id, found));
            }
        }
        AnswersNews::Saved(named, outcome) => return windows::saved(model, &named, outcome),
        AnswersNews::SentAgain(id, outcome) => {
            model.answers.story.forget(id);
            model.say_outcome(outcome);
        }
        AnswersNews::Decided(done, gone) => {
            let count = |count: usize| counted(count as u64, "delivery");
            let words = match (done, gone) {
                (done, 0) => format!("decided: {} no longer held", count(done)),
                (0, gone) => format!("too late for {}: answered, or the sender hung up", count(gone)),
                (done, gone) => format!("answered {}; too late for {}", count(done), count(gone)),
            };
            model.notify(words, done == 0);
        }
        AnswersNews::Refused(problem) => match window(model) {
            Some(AnswerOverlay::Rules(rules)) => rules.problem = Some(problem),
            _ => model.warn(problem),
        },
        AnswersNews::Reloaded(count, file) => {
            model.answers.config = Some(file);
            model.answers.saved = None;
            model.filters = model.answers.set.filters().clone();
            let rules = counted(count as u64, "rule");
            say(model, format!("configuration reloaded: {rules}"));
        }
    }
    Vec::new()
}

/// Asks for what the Answer tab shows besides the answer.
pub(crate) fn ask_for_story(model: &mut Model) -> Vec<Effect> {
    let Some(detail) = model.detail.as_ref().filter(|_| model.tab == Tab::Answer) else { return Vec::new() };
    let (id, last) = (detail.id, model.last);
    let is_answered = detail.content.as_ref().is_ok_and(|loaded| loaded.delivery.answer.is_some());
    let story = &mut model.answers.story;
    let is_told = story.asked.is_some_and(|(asked, newest, answered)| {
        asked == id && answered == is_answered && (newest == last || last.0 - id.0 > NEAR)
    });
    if story.is_asking || is_told {
        return Vec::new();
    }
    if story.asked.is_none_or(|(asked, ..)| asked != id) {
        story.cursor = None;
    }
    story.asked = Some((id, last, is_answered));
    story.is_asking = true;
    effect(AnswersEffect::Tell(id))
}

impl Answers {
    /// Whether a delivery can be passed on by one key.
    #[must_use]
    pub fn can_forward(&self) -> bool {
        !self.targets().is_empty()
    }
}

/// The window of answers that is open.
pub(crate) fn window(model: &mut Model) -> Option<&mut AnswerOverlay> {
    match &mut model.overlay {
        Some(Overlay::Answers(window)) => Some(window),
        _ => None,
    }
}

/// Whether it only answers, so that it can be edited as an answer.
fn is_answer(action: &RuleAction) -> bool {
    matches!(action.kind, ActionKind::Do(RuleResponse::Answer(..)))
}

/// Shows the Answer tab, which the command prompt may ask for from another.
pub(crate) fn on_tab(model: &mut Model, action: AnswerAction) -> Vec<Effect> {
    use AnswerAction as A;
    if matches!(action, A::NextAttempt | A::PreviousAttempt | A::SendAgain | A::Probe | A::Forward | A::Drop | A::LetGo)
    {
        show_tab(model, Tab::Answer);
    }
    act(model, action)
}
