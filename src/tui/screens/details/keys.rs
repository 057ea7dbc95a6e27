//! The keys in the details, on every tab.

use crossterm::event::KeyCode::{Down, End, Esc, Home, PageDown, PageUp, Up};

use crate::tui::app::action::Action;
use crate::tui::app::step::Step;
use crate::tui::keymap::binding::BoundKey::{Char, Code, Ctrl};
use crate::tui::keymap::binding::{Binding, bind};

/// With the details in focus.
pub const DETAIL: &[Binding] = &[
    bind(&[Code(Up), Char('k')], Action::Move(Step::Up), ""),
    bind(&[Code(Down), Char('j')], Action::Move(Step::Down), "scroll"),
    bind(&[Code(Esc)], Action::Back, "list"),
    bind(&[Code(PageUp), Ctrl('b')], Action::Move(Step::PageUp), ""),
    bind(&[Code(PageDown), Ctrl('f')], Action::Move(Step::PageDown), ""),
    bind(&[Ctrl('u')], Action::Move(Step::HalfUp), ""),
    bind(&[Ctrl('d')], Action::Move(Step::HalfDown), ""),
    bind(&[Char('g'), Code(Home)], Action::Move(Step::First), ""),
    bind(&[Char('G'), Code(End)], Action::Move(Step::Last), ""),
];
