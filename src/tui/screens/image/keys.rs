//! The keys on the Image tab.

use crossterm::event::KeyCode::{Down, End, Home, Left, PageDown, PageUp, Right, Up};

use crate::tui::app::action::Action;
use crate::tui::app::model::Model;
use crate::tui::app::step::Step;
use crate::tui::keymap::binding::BoundKey::{Char, Code, Ctrl};
use crate::tui::keymap::binding::{Binding, bind};
use crate::tui::screens::image::action::ImageAction;

/// With the tab in focus.
pub const IMAGE: &[Binding] = &[
    bind(&[Char('v')], Action::Image(ImageAction::Picture), "picture"),
    bind(&[Char('S')], Action::Image(ImageAction::Save), "save"),
    bind(&[Char('V')], Action::Image(ImageAction::OpenElsewhere), "viewer"),
    bind(&[Char('.')], Action::Image(ImageAction::NextImage), ""),
    bind(&[Char(',')], Action::Image(ImageAction::PreviousImage), ""),
    bind(&[Char('/')], Action::Image(ImageAction::Search), "find"),
    bind(&[Char('n')], Action::Image(ImageAction::NextMatch), ""),
    bind(&[Char('N')], Action::Image(ImageAction::PreviousMatch), ""),
    bind(&[Char('#'), Char('o')], Action::Image(ImageAction::GoTo), "go to"),
    bind(&[Char(']')], Action::Image(ImageAction::NextSegment), "segment"),
    bind(&[Char('[')], Action::Image(ImageAction::PreviousSegment), ""),
    bind(&[Code(Up), Char('k')], Action::Image(ImageAction::Move(Step::Up)), ""),
    bind(&[Code(Down), Char('j')], Action::Image(ImageAction::Move(Step::Down)), ""),
    bind(&[Code(Left), Char('h')], Action::Image(ImageAction::Left), ""),
    bind(&[Code(Right), Char('l')], Action::Image(ImageAction::Right), ""),
    bind(&[Code(PageUp), Ctrl('b')], Action::Image(ImageAction::Move(Step::PageUp)), ""),
    bind(&[Code(PageDown)], Action::Image(ImageAction::Move(Step::PageDown)), ""),
    bind(&[Ctrl('u')], Action::Image(ImageAction::Move(Step::HalfUp)), ""),
    bind(&[Ctrl('d')], Action::Image(ImageAction::Move(Step::HalfDown)), ""),
    bind(&[Char('g'), Code(Home)], Action::Image(ImageAction::Move(Step::First)), ""),
    bind(&[Char('G'), Code(End)], Action::Image(ImageAction::Move(Step::Last)), ""),
];

/// Whether a key would only report that it does nothing with what is shown.
pub(crate) fn is_idle(model: &Model, action: Action) -> bool {
    matches!(action, Action::Image(_)) && model.shown_image().is_none_or(|(image, _)| image.bytes().is_empty())
}
