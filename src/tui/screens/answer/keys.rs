//! The keys on the Answer tab.

use crossterm::event::KeyCode::Enter;

use crate::tui::app::action::{Action, Tab};
use crate::tui::app::model::Model;
use crate::tui::keymap::binding::BoundKey::{Char, Code};
use crate::tui::keymap::binding::{Binding, bind};
use crate::tui::screens::answers::action::AnswerAction;

/// On the tab.
pub const ANSWER: &[Binding] = &[
    bind(&[Code(Enter)], Action::Answer(AnswerAction::Decide), "answer it").with_focus(),
    bind(&[Char('F')], Action::Answer(AnswerAction::Forward), "forward"),
    bind(&[Char('X')], Action::Answer(AnswerAction::Drop), "drop"),
    bind(&[Char('L')], Action::Answer(AnswerAction::LetGo), "default"),
    bind(&[Char('S')], Action::Answer(AnswerAction::SendAgain), "forward again"),
    bind(&[Char('v')], Action::Answer(AnswerAction::Probe), "probe it"),
    bind(&[Char('n')], Action::Answer(AnswerAction::NextAttempt), "attempts"),
    bind(&[Char('N')], Action::Answer(AnswerAction::PreviousAttempt), "").with_focus(),
];

/// Whether a key would only report that it does nothing with the shown delivery now.
pub(crate) fn is_idle(model: &Model, action: Action) -> bool {
    let Action::Answer(action) = action else { return false };
    let is_held = model.detail.as_ref().is_some_and(|detail| model.answers.held_one(detail.id).is_some());
    match action {
        AnswerAction::Decide | AnswerAction::Drop | AnswerAction::LetGo => !is_held,
        AnswerAction::Forward => !is_held || !model.answers.can_forward(),
        AnswerAction::SendAgain => is_held || !model.answers.can_forward(),
        AnswerAction::Probe => is_held || !can_probe(model),
        AnswerAction::NextAttempt => !has_attempts(model),
        _ => false,
    }
}

/// Whether Enter in the list decides about the shown delivery: the tab that asks for it is shown.
pub(crate) fn decides(model: &Model) -> bool {
    let shown = model.detail.as_ref().map(|detail| detail.id);
    model.tab == Tab::Answer && shown.is_some_and(|id| model.answers.held_one(id).is_some())
}

/// Whether an upstream server answered the shown delivery, so that it can be asked about it.
fn can_probe(model: &Model) -> bool {
    let Some(detail) = &model.detail else { return false };
    let Ok(loaded) = &detail.content else { return false };
    model.answers.story.probed(detail.id, loaded.current_verdict()).is_some()
}

/// Whether the sender has tried the shown delivery more than once, as far as is known.
fn has_attempts(model: &Model) -> bool {
    let shown = model.detail.as_ref().map(|detail| detail.id);
    let story = shown.and_then(|id| model.answers.story.of(id));
    story.is_some_and(|story| story.is_ok_and(|story| !story.retries.is_empty()))
}
