//! The keys of menus and prompts.

use crossterm::event::KeyCode::{BackTab, Down, End, Enter, Esc, Home, PageDown, PageUp, Tab as TabKey, Up};

use crate::tui::app::action::Action;
use crate::tui::app::step::Step;
use crate::tui::keymap::binding::BoundKey::{Char, Code, Ctrl};
use crate::tui::keymap::binding::{Binding, bind};

/// In a menu or the help.
pub const MENU: &[Binding] = &[
    bind(&[Code(Up), Char('k')], Action::Move(Step::Up), ""),
    bind(&[Code(Down), Char('j')], Action::Move(Step::Down), "move"),
    bind(&[Code(PageUp)], Action::Move(Step::PageUp), ""),
    bind(&[Code(PageDown)], Action::Move(Step::PageDown), ""),
    bind(&[Code(Home), Char('g')], Action::Move(Step::First), ""),
    bind(&[Code(End), Char('G')], Action::Move(Step::Last), ""),
    bind(&[Code(Enter)], Action::Accept, "choose"),
    bind(&[Code(Esc), Char('q'), Char('?')], Action::Back, "back"),
    bind(&[Ctrl('c')], Action::Cancel, ""),
    bind(&[Ctrl('z')], Action::Suspend, ""),
];

/// While typing.
pub const PROMPT: &[Binding] = &[
    bind(&[Code(Enter)], Action::Accept, "accept"),
    bind(&[Code(Esc)], Action::Back, "back"),
    bind(&[Code(Up)], Action::Move(Step::Up), ""),
    bind(&[Code(Down)], Action::Move(Step::Down), ""),
    bind(&[Ctrl('c')], Action::Cancel, ""),
    bind(&[Ctrl('z')], Action::Suspend, ""),
];

/// While a filter is typed.
pub const FILTER: &[Binding] = &[
    bind(&[Code(TabKey)], Action::NextField, "complete"),
    bind(&[Code(BackTab)], Action::PreviousField, ""),
    bind(&[Code(Enter)], Action::Accept, "keep"),
    bind(&[Code(Up)], Action::Move(Step::Up), "earlier filters"),
    bind(&[Code(Down)], Action::Move(Step::Down), ""),
    bind(&[Ctrl('s')], Action::SaveFilter, "save as @name"),
    bind(&[Code(Esc)], Action::Back, "back"),
    bind(&[Ctrl('c')], Action::Cancel, ""),
    bind(&[Ctrl('z')], Action::Suspend, ""),
];

/// While the list's columns are typed.
pub const COLUMNS: &[Binding] = &[
    bind(&[Code(Enter)], Action::Accept, "show them"),
    bind(&[Ctrl('s')], Action::SaveColumns, "keep them"),
    bind(&[Code(Esc)], Action::Back, "back"),
    bind(&[Ctrl('c')], Action::Cancel, ""),
    bind(&[Ctrl('z')], Action::Suspend, ""),
];
