//! The keys of the Signature tab, and of the form that tries other values.

use crossterm::event::KeyCode::{BackTab, Down, Enter, Esc, Tab, Up};

use crate::tui::app::action::Action;
use crate::tui::app::model::Model;
use crate::tui::keymap::binding::BoundKey::{Char, Code, Ctrl};
use crate::tui::keymap::binding::{Binding, bind};
use crate::tui::screens::signature::state::{Inquiry, Question, asks_why};

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

/// Whether a key would only report that it does nothing with the shown delivery.
pub(crate) fn is_idle(model: &Model, action: Action) -> bool {
    let Some(loaded) = model.loaded() else { return true };
    let inquiry = model.detail.as_ref().map(|detail| &detail.inquiry);
    let running = inquiry.and_then(|inquiry| inquiry.running.as_ref());
    match action {
        Action::StopLooking => running.is_none_or(|(question, _)| *question == Question::Rewritings),
        Action::Deeper => {
            let is_proved = inquiry.and_then(|inquiry| inquiry.why.as_ref()).is_some_and(|(_, why)| why.is_proved());
            running.is_some() || is_proved || !asks_why(loaded) || inquiry.and_then(Inquiry::deeper).is_none()
        }
        Action::Reveal => loaded.expected.is_empty(),
        _ => false,
    }
}
