//! The keys of sending.

use crossterm::event::KeyCode::{BackTab, Down, End, Enter, Esc, Home, Left, PageDown, PageUp, Right, Tab, Up};

use crate::tui::app::action::Action;
use crate::tui::app::lent::LentTo;
use crate::tui::app::step::Step;
use crate::tui::keymap::binding::BoundKey::{Char, Code, Ctrl};
use crate::tui::keymap::binding::{Binding, bind};
use crate::tui::screens::send::action::SendAction;

/// In a result, or while sending.
pub const SENDING: &[Binding] = &[
    bind(&[Code(Up), Char('k')], Action::Move(Step::Up), ""),
    bind(&[Code(Down), Char('j')], Action::Move(Step::Down), "scroll"),
    bind(&[Code(PageUp), Ctrl('b')], Action::Move(Step::PageUp), ""),
    bind(&[Code(PageDown), Char(' '), Ctrl('f')], Action::Move(Step::PageDown), ""),
    bind(&[Code(Home), Char('g')], Action::Move(Step::First), ""),
    bind(&[Code(End), Char('G')], Action::Move(Step::Last), ""),
    bind(&[Code(Enter)], Action::Accept, "open"),
    bind(&[Char('y')], Action::Send(SendAction::Copy), "copy"),
    bind(&[Char('D')], Action::Send(SendAction::Compare), ""),
    bind(&[Ctrl('o')], Action::Lend(LentTo::Pager), ""),
    bind(&[Ctrl('e')], Action::Lend(LentTo::Editor), ""),
    bind(&[Char('x')], Action::Send(SendAction::Cancel), "cancel"),
    bind(&[Code(Esc), Char('q')], Action::Back, "back"),
    bind(&[Ctrl('c')], Action::Cancel, ""),
    bind(&[Ctrl('z')], Action::Suspend, ""),
];

/// In a form that describes what to send.
pub const SEND_FORM: &[Binding] = &[
    bind(&[Code(Enter)], Action::Accept, "send"),
    bind(&[Code(Tab), Code(Down)], Action::NextField, "next field"),
    bind(&[Code(BackTab), Code(Up)], Action::PreviousField, ""),
    bind(&[Code(Right)], Action::Send(SendAction::Right), "choose"),
    bind(&[Code(Left)], Action::Send(SendAction::Left), ""),
    bind(&[Code(PageDown)], Action::Move(Step::PageDown), ""),
    bind(&[Code(PageUp)], Action::Move(Step::PageUp), ""),
    bind(&[Ctrl('s')], Action::Send(SendAction::Save), "save"),
    bind(&[Ctrl('y')], Action::Send(SendAction::Copy), ""),
    bind(&[Code(Esc)], Action::Back, "back"),
    bind(&[Ctrl('c')], Action::Cancel, ""),
    bind(&[Ctrl('z')], Action::Suspend, ""),
];
