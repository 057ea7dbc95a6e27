//! The keys of the help, beside those of any menu.

use crossterm::event::KeyCode::{BackTab, Tab};

use crate::tui::app::action::Action;
use crate::tui::keymap::binding::BoundKey::{Char, Code};
use crate::tui::keymap::binding::{Binding, bind};

/// In the help, while nothing is typed.
pub const HELP: &[Binding] = &[
    bind(&[Char('/')], Action::SearchHelp, "search"),
    bind(&[Code(Tab), Code(BackTab), Char('f')], Action::TurnHelp, "filters"),
];
