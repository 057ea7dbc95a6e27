//! The tour of the demo.

use super::*;
use crate::tui::app::action::Tab;
use crate::tui::screens::send::action::SendAction;
use crate::tui::screens::tour::state::{Tour, TourStep};

fn step(person: &Person) -> Option<TourStep> {
    person.model.tour.map(|tour| tour.step)
}

#[test]
fn it_follows_what_a_person_does_and_never_goes_back() {
    let mut person = Person::new(3);
    person.model.tour = Some(Tour::default());
    person.act(Action::Show(Tab::Overview));
    assert_eq!(step(&person), Some(TourStep::List));
    person.act(Action::Show(Tab::Signature));
    assert_eq!(step(&person), Some(TourStep::Signature));
    person.act(Action::Help);
    assert_eq!(step(&person), Some(TourStep::Signature), "the help is no step");
    person.act(Action::Back).act(Action::Show(Tab::Payload)).act(Action::Show(Tab::Signature));
    assert_eq!(step(&person), Some(TourStep::Payload));
    person.act(Action::PickAnswer).act(Action::Back);
    assert_eq!(step(&person), Some(TourStep::Answer), "what is open is closed first");
    person.act(Action::Send(SendAction::Replay)).act(Action::Back);
    assert_eq!(step(&person), Some(TourStep::Replay));
}

#[test]
fn it_can_be_left_at_any_step() {
    for skipped in 0..3 {
        let mut person = Person::new(3);
        person.model.tour = Some(Tour::default());
        for tab in [Tab::Signature, Tab::Payload].into_iter().take(skipped) {
            person.act(Action::Show(tab));
        }
        person.act(Action::Open).act(Action::Back);
        assert_eq!(step(&person), None);
        // What is said of that goes with the next key, and nothing brings the tour back.
        person.act(Action::Show(Tab::Payload)).act(Action::PickAnswer);
        assert_eq!(step(&person), None);
    }
}

#[test]
fn a_run_without_a_demo_has_no_tour() {
    assert_eq!(step(&Person::new(1)), None);
}
