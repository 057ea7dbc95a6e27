//! Deliveries that come in two: what is looked at first, and what they hold.

use super::*;
use crate::tui::app::action::Action;
use crate::tui::app::effect::Effect;
use crate::tui::app::message::Message;
use crate::tui::app::step::Step;
use crate::tui::screens::details::state::{LoadedDelivery, Unread};

impl Person {
    /// What the thread that reads deliveries makes of a large one.
    fn read(id: i64) -> (LoadedDelivery, Unread) {
        let mut delivery = loaded(DeliveryId(id), &registry()).delivery;
        let ids = r#"{"organisation":{"organisationId":"o-1"}}"#;
        delivery.body =
            Bytes::from(format!(r#"{{"event":"any","version":"v1","data":[{ids},{}]}}"#, "7,".repeat(200_000) + "7"));
        LoadedDelivery::begin(delivery, &registry())
    }

    fn rows_come(&mut self, id: i64) -> Unread {
        let (loaded, unread) = Self::read(id);
        assert!(!unread.is_short());
        self.tell(Message::Loaded(DeliveryId(id), Ok(Box::new(loaded))));
        unread
    }

    fn contents_come(&mut self, id: i64, unread: &Unread) {
        self.tell(Message::Read(DeliveryId(id), Box::new(unread.read(&registry()))));
    }

    fn effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// Moves, and does what comes of that alone.
    fn moves(&mut self, step: Step) -> Vec<Effect> {
        self.effects.clear();
        self.tell(Message::Act(Action::Move(step)));
        self.effects()
    }

    fn has_event(&self) -> bool {
        self.model.loaded().is_some_and(|loaded| loaded.is_read && loaded.reading.event.is_some())
    }
}

fn load(id: i64) -> Vec<Effect> {
    vec![Effect::Load(DeliveryId(id))]
}

#[test]
fn rows_are_shown_before_what_is_in_them_is_known() {
    let mut person = Person::new(3);
    assert_eq!(person.moves(Step::Down), load(2));
    assert!(person.model.is_reading());
    let is_early = |person: &Person, action| person.model.is_early(action);
    assert!(is_early(&person, Action::CopyMenu) && is_early(&person, Action::Open));
    assert!(!is_early(&person, Action::Move(Step::Down)) && !is_early(&person, Action::Quit));
    let unread = person.rows_come(2);
    assert!(!person.model.is_reading(), "there is something to see");
    assert_eq!((person.shown(), person.has_event()), (2, false));
    assert!(!is_early(&person, Action::CopyMenu));
    assert!(person.model.loaded().unwrap().body().rows().is_some());
    assert!(person.effects().is_empty(), "nothing is known of its ids");
    person.contents_come(2, &unread);
    assert!(person.has_event());
    assert!(matches!(&person.effects()[..], [Effect::Recall(DeliveryId(2), ids)] if ids.len() == 1));
}

#[test]
fn what_is_selected_no_more_is_given_up() {
    let mut person = Person::new(4);
    assert_eq!(person.moves(Step::Down), load(3));
    assert_eq!(person.moves(Step::Down), load(2), "while the one before is read");
    let late = person.rows_come(3);
    assert_eq!(person.shown(), 4, "it is not shown any more");
    assert!(person.model.take_discarded().is_some(), "and freed elsewhere");
    let unread = person.rows_come(2);
    assert!(person.model.take_discarded().is_some(), "as is what was shown before");
    person.contents_come(3, &late);
    assert_eq!((person.shown(), person.has_event()), (2, false));
    person.contents_come(2, &unread);
    assert!(person.has_event());
}

#[test]
fn who_comes_back_to_a_delivery_that_was_given_up_gets_the_rest_of_it() {
    let mut person = Person::new(3);
    person.moves(Step::Down);
    person.rows_come(2);
    assert_eq!(person.moves(Step::Down), load(1));
    assert_eq!(person.moves(Step::Up), load(2), "its event was never read");
    let unread = person.rows_come(2);
    person.contents_come(2, &unread);
    assert!(person.has_event());
    assert_eq!(person.moves(Step::Down), load(1));
    assert_eq!(person.moves(Step::Up), [], "all of it is there");
    person.rows_come(1);
    assert_eq!((person.shown(), person.has_event()), (2, true), "what comes too late is not shown");
}

#[test]
fn what_is_read_again_does_not_go_from_the_screen_meanwhile() {
    let mut person = Person::new(2);
    person.moves(Step::Down);
    let unread = person.rows_come(1);
    person.contents_come(1, &unread);
    person.effects();
    person.tell(Message::Secrets(Vec::new()));
    assert_eq!(person.effects(), load(1));
    let unread = person.rows_come(1);
    assert!(person.has_event());
    person.contents_come(1, &unread);
    assert!(person.has_event());
}

#[test]
fn when_the_answer_comes_only_the_answer_is_read() {
    let mut person = Person::new(2);
    person.effects();
    let mut answered = row(2);
    let known = person.model.loaded().unwrap().delivery.answer.clone();
    person.model.detail.as_mut().unwrap().content.as_mut().unwrap().delivery.answer = None;
    answered.answer = known.as_ref().map(|answer| answer.facts().clone());
    person.tell(Message::Reread(vec![row(1)]));
    assert_eq!(person.effects(), [], "another one's");
    person.tell(Message::Reread(vec![answered.clone()]));
    assert_eq!(person.effects(), [Effect::LoadAnswer(DeliveryId(2))], "and no body");
    person.tell(Message::Answered(Box::new(answered), known.clone()));
    assert!(known.is_some());
    assert_eq!(person.model.loaded().unwrap().delivery.answer, known);
}
