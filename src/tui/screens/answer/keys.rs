//! The keys on the Answer tab.

use crossterm::event::KeyCode::Enter;

use crate::tui::app::action::Action;
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
