//! How a tour goes on, and what it says.
//!
//! A step begins when the person has done what the step before has named, and says what is seen now and what to do next. A
//! person who goes ahead is followed, and nothing goes back.

use super::state::{Tour, TourStep};
use crate::tui::app::action::{Action, Tab};
use crate::tui::app::model::{Focus, Model};
use crate::tui::app::overlay::state::Overlay;
use crate::tui::app::step::Step;
use crate::tui::keymap::table::Keymap;
use crate::tui::screens::answers::action::AnswerAction;
use crate::tui::screens::payload::action::PayloadAction;
use crate::tui::screens::send::action::SendAction;
use crate::tui::screens::send::state::SendScreen;

/// Goes on to what the person has come to.
pub(crate) fn follow(model: &mut Model) {
    let shown = shown(model);
    if let (Some(tour), Some(shown)) = (&mut model.tour, shown) {
        tour.step = tour.step.max(shown);
    }
}

/// The step of what the person looks at, if it is one.
fn shown(model: &Model) -> Option<TourStep> {
    match (&model.overlay, model.tab) {
        (Some(Overlay::Answers(_)), _) => Some(TourStep::Answer),
        (Some(Overlay::Sending), _) => Some(TourStep::Replay),
        (Some(_), _) => None,
        (None, Tab::Signature) => Some(TourStep::Signature),
        (None, Tab::Payload) => Some(TourStep::Payload),
        (None, _) => None,
    }
}

/// What is said now, with the keys that the person has.
pub(super) fn words(tour: Tour, model: &Model) -> String {
    let key = |action| model.keymap.press(action);
    let is_sending = matches!(model.overlay, Some(Overlay::Sending));
    let is_form = is_sending && matches!(model.sending.screens.last(), Some(SendScreen::Form(_)));
    match tour.step {
        TourStep::List => list_words(&model.keymap),
        TourStep::Signature => format!(
            "The digest in the header was made of other bytes or with another key: the cause says which, and a proof is \
             a digest that matches. {} looks deeper, {} tries another secret. Next: {} shows the payload.",
            key(Action::Deeper),
            key(Action::Try),
            key(Action::Show(Tab::Payload))
        ),
        TourStep::Payload => format!(
            "The body by its own tokens, never re-serialised; above it, what the event says. {}{} searches, {} asks it with \
             jq. Next: {} chooses what senders are answered.",
            // From the list, the key that searches filters it.
            if model.focus == Focus::List { format!("{} goes into it: ", key(Action::Open)) } else { String::new() },
            key(Action::Payload(PayloadAction::Search)),
            key(Action::Payload(PayloadAction::Query)),
            key(Action::PickAnswer)
        ),
        TourStep::Answer if matches!(model.overlay, Some(Overlay::Answers(_))) => format!(
            "What senders get instead of the documented answers, with a preview of its bytes. {} takes it until it is \
             cleared; {} leaves everything as it is.",
            key(Action::Accept),
            key(Action::Back)
        ),
        TourStep::Answer => format!(
            "The top line tells what is answered; {} clears it. Next: {} replays the selected delivery.",
            key(Action::Answer(AnswerAction::Clear)),
            key(Action::Send(SendAction::Replay))
        ),
        TourStep::Replay if is_form => format!(
            "{} and {} choose the mode: re-signed, the same body has a fresh signature under the right secret. {} sends it to \
             this listener; {} goes back.",
            key(Action::Send(SendAction::Left)),
            key(Action::Send(SendAction::Right)),
            key(Action::Accept),
            key(Action::Back)
        ),
        TourStep::Replay if is_sending => format!(
            "What was sent, and the response. {} goes back to the list, where the replay is a delivery of its own, with its \
             verdict.",
            key(Action::Back)
        ),
        TourStep::Replay => format!(
            "That was the tour: {} shows every key, {} finds any command, {} quits and deletes this store.",
            key(Action::Help),
            key(Action::Commands),
            key(Action::Quit)
        ),
    }
}

fn list_words(keymap: &Keymap) -> String {
    format!(
        "Each row is a delivery, the newest first, with its verdict. Most fail, each in its own way. {} and {} \
         move. Next: {} shows why the signature of the selected one does not match.",
        keymap.press(Action::Move(Step::Down)),
        keymap.press(Action::Move(Step::Up)),
        keymap.press(Action::Show(Tab::Signature))
    )
}
