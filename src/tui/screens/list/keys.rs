//! The keys in the list.

use crossterm::event::KeyCode::{Down, End, Enter, Esc, Home, PageDown, PageUp, Up};

use crate::tui::app::action::Action;
use crate::tui::app::step::Step;
use crate::tui::keymap::binding::BoundKey::{Char, Code, Ctrl};
use crate::tui::keymap::binding::{Binding, bind};

/// With the list in focus.
pub const LIST: &[Binding] = &[
    bind(&[Code(Enter)], Action::Open, "open"),
    bind(&[Code(Up), Char('k')], Action::Move(Step::Up), ""),
    bind(&[Code(Down), Char('j')], Action::Move(Step::Down), "move"),
    bind(&[Code(PageUp), Ctrl('b')], Action::Move(Step::PageUp), ""),
    bind(&[Code(PageDown), Ctrl('f')], Action::Move(Step::PageDown), ""),
    bind(&[Char('g'), Code(Home)], Action::Move(Step::First), ""),
    bind(&[Char('G'), Code(End)], Action::Move(Step::Last), ""),
    bind(&[Code(Esc)], Action::Back, ""),
    bind(&[Ctrl('u')], Action::Scroll(Step::HalfUp), ""),
    bind(&[Ctrl('d')], Action::Scroll(Step::HalfDown), ""),
];
