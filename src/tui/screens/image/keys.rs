//! The keys on the Image tab.

use crossterm::event::KeyCode::{Down, End, Home, Left, PageDown, PageUp, Right, Up};

use crate::tui::app::action::Action;
use crate::tui::app::step::Step;
use crate::tui::keymap::binding::BoundKey::{Char, Code, Ctrl};
use crate::tui::keymap::binding::{Binding, bind};
use crate::tui::screens::image::action::ImageAction;

/// On the tab.
pub const IMAGE: &[Binding] = &[
    bind(&[Char('v')], Action::Image(ImageAction::Picture), "picture"),
    bind(&[Char('S')], Action::Image(ImageAction::Save), "save"),
    bind(&[Char('V')], Action::Image(ImageAction::OpenElsewhere), "viewer"),
    bind(&[Char('.')], Action::Image(ImageAction::NextImage), ""),
    bind(&[Char(',')], Action::Image(ImageAction::PreviousImage), ""),
    bind(&[Char('/')], Action::Image(ImageAction::Search), "find").with_focus(),
    bind(&[Char('n')], Action::Image(ImageAction::NextMatch), ""),
    bind(&[Char('N')], Action::Image(ImageAction::PreviousMatch), "").with_focus(),
    bind(&[Char('#'), Char('o')], Action::Image(ImageAction::GoTo), "go to"),
    bind(&[Char(']')], Action::Image(ImageAction::NextSegment), "segment").with_focus(),
    bind(&[Char('[')], Action::Image(ImageAction::PreviousSegment), "").with_focus(),
    bind(&[Code(Up), Char('k')], Action::Image(ImageAction::Move(Step::Up)), "").with_focus(),
    bind(&[Code(Down), Char('j')], Action::Image(ImageAction::Move(Step::Down)), "").with_focus(),
    bind(&[Code(Left), Char('h')], Action::Image(ImageAction::Left), "").with_focus(),
    bind(&[Code(Right), Char('l')], Action::Image(ImageAction::Right), "").with_focus(),
    bind(&[Code(PageUp), Ctrl('b')], Action::Image(ImageAction::Move(Step::PageUp)), "").with_focus(),
    bind(&[Code(PageDown), Ctrl('f')], Action::Image(ImageAction::Move(Step::PageDown)), "").with_focus(),
    bind(&[Ctrl('u')], Action::Image(ImageAction::Move(Step::HalfUp)), "").with_focus(),
    bind(&[Ctrl('d')], Action::Image(ImageAction::Move(Step::HalfDown)), "").with_focus(),
    bind(&[Char('g'), Code(Home)], Action::Image(ImageAction::Move(Step::First)), "").with_focus(),
    bind(&[Char('G'), Code(End)], Action::Image(ImageAction::Move(Step::Last)), "").with_focus(),
];
