//! The keys on the Payload tab.

use crossterm::event::KeyCode::{Down, Enter, Esc, Left, Right};

use crate::tui::app::action::Action;
use crate::tui::app::step::Step;
use crate::tui::keymap::binding::BoundKey::{Char, Code, Ctrl};
use crate::tui::keymap::binding::{Binding, bind};
use crate::tui::screens::payload::action::PayloadAction;

/// On the tab.
pub const PAYLOAD: &[Binding] = &[
    bind(&[Code(Down), Char('j')], Action::Move(Step::Down), "move").with_focus(),
    bind(&[Char('l'), Code(Right)], Action::Payload(PayloadAction::In), "").with_focus(),
    bind(&[Char('h'), Code(Left)], Action::Payload(PayloadAction::Out), "").with_focus(),
    bind(&[Char(' ')], Action::Payload(PayloadAction::Toggle), "fold"),
    bind(&[Char('z')], Action::Payload(PayloadAction::FoldMenu), "fold …"),
    bind(&[Char('/')], Action::Payload(PayloadAction::Search), "search").with_focus(),
    bind(&[Char('n')], Action::Payload(PayloadAction::NextMatch), ""),
    bind(&[Char('N')], Action::Payload(PayloadAction::PreviousMatch), "").with_focus(),
    bind(&[Char('|')], Action::Payload(PayloadAction::Query), "jq"),
    bind(&[Code(Enter)], Action::Payload(PayloadAction::Open), "open").with_focus(),
    bind(&[Char('o')], Action::Payload(PayloadAction::Open), ""),
    bind(&[Char('i')], Action::FoldEvent, ""),
    bind(&[Char('r')], Action::Payload(PayloadAction::AsSent), "as sent").with_focus(),
    bind(&[Char('w')], Action::Payload(PayloadAction::Wrap), ""),
    bind(&[Char('<')], Action::Payload(PayloadAction::Left), ""),
    bind(&[Char('>')], Action::Payload(PayloadAction::Right), ""),
    bind(&[Char('J')], Action::Payload(PayloadAction::NextSibling), "").with_focus(),
    bind(&[Char('K')], Action::Payload(PayloadAction::PreviousSibling), "").with_focus(),
    bind(&[Char('%')], Action::Payload(PayloadAction::Mate), ""),
    bind(&[Char('!')], Action::Payload(PayloadAction::Fault), ""),
];

/// After `z`: how to fold.
pub const FOLDING: &[Binding] = &[
    bind(&[Char('a'), Char(' ')], Action::Payload(PayloadAction::Toggle), "toggle"),
    bind(&[Char('o')], Action::Payload(PayloadAction::OpenDeep), "unfold all below"),
    bind(&[Char('c')], Action::Payload(PayloadAction::FoldSiblings), "fold siblings"),
    bind(&[Char('e')], Action::Payload(PayloadAction::OpenSiblings), "unfold siblings"),
    bind(&[Char('m'), Char('M')], Action::Payload(PayloadAction::FoldAll), "fold all"),
    bind(&[Char('r'), Char('R')], Action::Payload(PayloadAction::OpenAll), "unfold all"),
    bind(&[Char('1')], Action::Payload(PayloadAction::Level(1)), ""),
    bind(&[Char('2')], Action::Payload(PayloadAction::Level(2)), ""),
    bind(&[Char('3')], Action::Payload(PayloadAction::Level(3)), ""),
    bind(&[Char('4')], Action::Payload(PayloadAction::Level(4)), ""),
    bind(&[Char('5')], Action::Payload(PayloadAction::Level(5)), ""),
    bind(&[Char('6')], Action::Payload(PayloadAction::Level(6)), ""),
    bind(&[Char('7')], Action::Payload(PayloadAction::Level(7)), ""),
    bind(&[Char('8')], Action::Payload(PayloadAction::Level(8)), ""),
    bind(&[Char('9')], Action::Payload(PayloadAction::Level(9)), ""),
    bind(&[Code(Esc)], Action::Back, "back"),
    bind(&[Ctrl('c')], Action::Cancel, ""),
];
