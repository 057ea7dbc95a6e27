//! The keys of the form that tries other values.

use crossterm::event::KeyCode::{BackTab, Down, Enter, Esc, Tab, Up};

use crate::tui::app::action::Action;
use crate::tui::keymap::binding::BoundKey::{Code, Ctrl};
use crate::tui::keymap::binding::{Binding, bind};

/// In the form.
pub const TRIAL: &[Binding] = &[
    bind(&[Code(Tab), Code(Down)], Action::NextField, "next field"),
    bind(&[Code(BackTab), Code(Up)], Action::PreviousField, ""),
    bind(&[Ctrl('t')], Action::TurnUnit, "seconds ↔ milliseconds"),
    bind(&[Code(Esc), Code(Enter)], Action::Back, "back"),
    bind(&[Ctrl('c')], Action::Quit, ""),
    bind(&[Ctrl('z')], Action::Suspend, ""),
];
