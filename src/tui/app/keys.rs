//! The keys that work wherever the focus is.

use crossterm::event::KeyCode::{BackTab, Delete, F, Left, Right, Tab as TabKey};

use crate::tui::app::action::{Action, Tab};
use crate::tui::app::lent::LentTo;
use crate::tui::app::step::Step;
use crate::tui::keymap::binding::BoundKey::{Char, Code, Ctrl};
use crate::tui::keymap::binding::{Binding, bind};
use crate::tui::screens::answers::action::AnswerAction;
use crate::tui::screens::list::action::ListAction;
use crate::tui::screens::send::action::SendAction;

/// With nothing on top.
pub const ANYWHERE: &[Binding] = &[
    bind(&[Code(TabKey), Code(Right), Char('l')], Action::NextTab, "tab"),
    bind(&[Code(BackTab), Code(Left), Char('h')], Action::PreviousTab, ""),
    bind(&[Char('1')], Action::Show(Tab::Overview), ""),
    bind(&[Char('2')], Action::Show(Tab::Signature), ""),
    bind(&[Char('3')], Action::Show(Tab::Payload), ""),
    bind(&[Char('4')], Action::Show(Tab::Image), ""),
    bind(&[Char('5')], Action::Show(Tab::Headers), ""),
    bind(&[Char('6')], Action::Show(Tab::Answer), ""),
    bind(&[Char('7')], Action::Show(Tab::Raw), ""),
    bind(&[Char('R')], Action::Send(SendAction::Replay), "replay"),
    bind(&[Char('C')], Action::Send(SendAction::Check), "check"),
    bind(&[Char('a')], Action::PickAnswer, "answer"),
    bind(&[Char('/')], Action::Filter, "filter"),
    bind(&[Char(':')], Action::Commands, "more"),
    bind(&[Char('?')], Action::Help, "help"),
    bind(&[Char('y')], Action::CopyMenu, "copy"),
    bind(&[Char('s')], Action::TypeSecret, "secret"),
    bind(&[Char('q'), Ctrl('c')], Action::Quit, "quit"),
    bind(&[Char('E')], Action::Send(SendAction::Simulate), "simulate"),
    bind(&[Char('T')], Action::Send(SendAction::Test), "test event"),
    bind(&[Char('f')], Action::Follow, "follow"),
    bind(&[Char('p'), Char(' ')], Action::Pause, "pause"),
    bind(&[Char('O')], Action::Adopt, ""),
    bind(&[Char('A')], Action::Answer(AnswerAction::Clear), ""),
    bind(&[Char('r')], Action::Answer(AnswerAction::Rules), "rules"),
    bind(&[Char('N')], Action::Answer(AnswerAction::Write), ""),
    bind(&[Char('W')], Action::Answer(AnswerAction::DecideAll), ""),
    bind(&[Char('B')], Action::Send(SendAction::Attempts), ""),
    bind(&[Char('P')], Action::Send(SendAction::Last), ""),
    bind(&[Char('m')], Action::Send(SendAction::Mark), "mark"),
    bind(&[Char('D')], Action::Send(SendAction::Compare), ""),
    bind(&[Char('Q')], Action::Send(SendAction::CompareTunnel), ""),
    bind(&[Char('u')], Action::CopyPublicUrl, ""),
    bind(&[Char('t')], Action::Try, ""),
    bind(&[Char('c')], Action::Compare, ""),
    bind(&[Char('d')], Action::Deeper, ""),
    bind(&[Char('x')], Action::StopLooking, ""),
    bind(&[Char('e')], Action::Reveal, ""),
    bind(&[Char('K'), Char('[')], Action::Scroll(Step::Up), ""),
    bind(&[Char('J'), Char(']')], Action::Scroll(Step::Down), ""),
    bind(&[Char('Z')], Action::Zoom, "zoom"),
    bind(&[Char('+'), Char('=')], Action::Split(true), ""),
    bind(&[Char('-')], Action::Split(false), ""),
    bind(&[Char('M')], Action::Messages, "messages"),
    bind(&[Char('I')], Action::Status, "status"),
    bind(&[Ctrl('o')], Action::Lend(LentTo::Pager), ""),
    bind(&[Ctrl('e')], Action::Lend(LentTo::Editor), ""),
    bind(&[Char('*')], Action::List(ListAction::Select), ""),
    bind(&[Char('&')], Action::List(ListAction::SelectAll), ""),
    bind(&[Char('b')], Action::List(ListAction::Pin), ""),
    bind(&[Char('"')], Action::List(ListAction::Note), ""),
    bind(&[Char('@')], Action::List(ListAction::Tag), ""),
    bind(&[Code(Delete)], Action::List(ListAction::Delete), ""),
    bind(&[Char('U')], Action::List(ListAction::Undo), ""),
    bind(&[Char('H')], Action::List(ListAction::Columns), ""),
    bind(&[Char('$'), Code(F(6))], Action::List(ListAction::Sort), ""),
    bind(&[Char('Y')], Action::List(ListAction::Export), ""),
    bind(&[Ctrl('l')], Action::Redraw, ""),
    bind(&[Ctrl('t')], Action::Mouse, ""),
    bind(&[Ctrl('z')], Action::Suspend, ""),
];
