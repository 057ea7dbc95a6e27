//! The keys of the windows about answers.

use crossterm::event::KeyCode::{BackTab, Delete, Down, Enter, Esc, PageDown, PageUp, Tab, Up};

use crate::tui::app::action::Action;
use crate::tui::app::step::Step;
use crate::tui::keymap::binding::BoundKey::{Char, Code, Ctrl};
use crate::tui::keymap::binding::{Binding, bind};
use crate::tui::screens::answers::action::AnswerAction;

/// Choosing an answer; what a menu knows works too.
pub const PICKER: &[Binding] = &[
    bind(&[Code(Enter)], Action::Accept, "use"),
    bind(&[Char('o')], Action::Answer(AnswerAction::Once), "use once"),
    bind(&[Char('2')], Action::Answer(AnswerAction::ToStatus(2)), ""),
    bind(&[Char('3')], Action::Answer(AnswerAction::ToStatus(3)), ""),
    bind(&[Char('4')], Action::Answer(AnswerAction::ToStatus(4)), ""),
    bind(&[Char('5')], Action::Answer(AnswerAction::ToStatus(5)), "5xx"),
    bind(&[Char('A'), Char('x')], Action::Answer(AnswerAction::Clear), "clear"),
    bind(&[Char('n')], Action::Answer(AnswerAction::Write), "write"),
    bind(&[Char('r')], Action::Answer(AnswerAction::Rules), "rules"),
    bind(&[Ctrl('d'), Char('J'), Char(']')], Action::Answer(AnswerAction::PreviewDown), ""),
    bind(&[Ctrl('u'), Char('K'), Char('[')], Action::Answer(AnswerAction::PreviewUp), ""),
];

/// In the rules; what a menu knows works too.
pub const RULES: &[Binding] = &[
    bind(&[Char('n'), Char('a')], Action::Answer(AnswerAction::AddRule), "add"),
    bind(&[Code(Enter), Char('e')], Action::Answer(AnswerAction::EditRule), "edit"),
    bind(&[Char(' ')], Action::Answer(AnswerAction::SwitchRule), "on/off"),
    bind(&[Char('K'), Char('-')], Action::Answer(AnswerAction::RaiseRule), "up"),
    bind(&[Char('J'), Char('+')], Action::Answer(AnswerAction::LowerRule), "down"),
    bind(&[Char('D'), Code(Delete)], Action::Answer(AnswerAction::DeleteRule), "delete"),
    bind(&[Char('u')], Action::Answer(AnswerAction::UndoRule), "undo"),
    bind(&[Char('s')], Action::Answer(AnswerAction::SaveRules), "save"),
    bind(&[Char('y')], Action::Answer(AnswerAction::CopyRules), "copy as TOML"),
];

/// Writing an answer.
pub const WRITING: &[Binding] = &[
    bind(&[Code(Tab)], Action::NextField, "next field"),
    bind(&[Code(BackTab)], Action::PreviousField, ""),
    bind(&[Ctrl('g')], Action::Answer(AnswerAction::Use), "use it"),
    bind(&[Ctrl('o')], Action::Answer(AnswerAction::Once), "use once"),
    bind(&[Ctrl('s')], Action::Answer(AnswerAction::Save), "save"),
    bind(&[Code(Enter)], Action::Accept, ""),
    bind(&[Code(Down)], Action::Move(Step::Down), ""),
    bind(&[Code(Up)], Action::Move(Step::Up), ""),
    bind(&[Code(PageDown)], Action::Answer(AnswerAction::PreviewDown), ""),
    bind(&[Code(PageUp)], Action::Answer(AnswerAction::PreviewUp), ""),
    bind(&[Code(Esc)], Action::Back, "back"),
    bind(&[Ctrl('c')], Action::Cancel, ""),
    bind(&[Ctrl('z')], Action::Suspend, ""),
];
