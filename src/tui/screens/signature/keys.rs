//! The keys of the Signature tab, and of the form that tries other values.

use crossterm::event::KeyCode::{BackTab, Down, Enter, Esc, Tab, Up};

use crate::tui::app::action::Action;
use crate::tui::keymap::binding::BoundKey::{Char, Code, Ctrl};
use crate::tui::keymap::binding::{Binding, bind};

/// On the tab. They work on every other tab too, and show this one.
pub const SIGNATURE: &[Binding] = &[
    bind(&[Char('x')], Action::StopLooking, "stop"),
    bind(&[Char('t')], Action::Try, "try secret"),
    bind(&[Char('c')], Action::Compare, "compare digest"),
    bind(&[Char('d')], Action::Deeper, "deeper"),
    bind(&[Char('e')], Action::Reveal, "reveal"),
    bind(&[Char('s')], Action::TypeSecret, "secret"),
];

/// In the form.
pub const TRIAL: &[Binding] = &[
    bind(&[Code(Enter)], Action::Accept, "close"),
    bind(&[Code(Tab), Code(Down)], Action::NextField, "next field"),
    bind(&[Code(BackTab), Code(Up)], Action::PreviousField, ""),
    bind(&[Ctrl('t')], Action::TurnUnit, "seconds ↔ milliseconds"),
    bind(&[Code(Esc)], Action::Back, "back"),
    bind(&[Ctrl('c')], Action::Cancel, ""),
    bind(&[Ctrl('z')], Action::Suspend, ""),
];
