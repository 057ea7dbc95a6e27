//! The list in another order than that of arrival.

use super::*;
use crate::tui::app::overlay::state::Overlay;
use crate::tui::app::step::Step;
use crate::tui::screens::list::action::ListAction;

fn sizes(person: &Person) -> Vec<u64> {
    person.model.list.rows().iter().map(|row| row.body_bytes).collect()
}

fn sorted_by(person: &mut Person, key: char) {
    person.act(Action::List(ListAction::Sort));
    assert!(matches!(person.model.overlay, Some(Overlay::Order(_))));
    person.tell(Message::Choose(key)).settle();
    assert!(person.model.overlay.is_none());
}

#[test]
fn a_list_is_sorted_and_turned_round() {
    let mut person = Person::new(300);
    sorted_by(&mut person, 's');
    assert!(sizes(&person).is_sorted_by(|left, right| left >= right), "{:?}", sizes(&person));
    assert_eq!(sizes(&person)[0], 101);
    assert_eq!(person.selected(), person.model.list.rows()[0].id.0);
    assert_eq!(person.shown(), person.selected(), "the details are those of the first row");
    sorted_by(&mut person, 's');
    assert_eq!(person.model.list.sorting().words(), "smallest first");
    assert!(sizes(&person).is_sorted());
    // The same by the arrows: the cursor is on the current order.
    person.act(Action::List(ListAction::Sort)).act(Action::Accept);
    assert_eq!(person.model.list.sorting().words(), "largest first");
}

#[test]
fn the_order_of_arrival_begins_where_the_person_is() {
    let mut person = Person::new(300);
    sorted_by(&mut person, 's');
    person.act(Action::Move(Step::Down)).act(Action::Move(Step::Down));
    let selected = person.selected();
    sorted_by(&mut person, 'n');
    assert_eq!(person.selected(), selected);
    assert!(person.model.list.rows().iter().map(|row| row.id).is_sorted_by(|left, right| left > right));
    assert!(!person.model.list.is_following());
}

#[test]
fn what_comes_is_sorted_in_and_the_selected_row_stays_in_its_place() {
    let mut person = Person::new(1000);
    sorted_by(&mut person, 's');
    for _ in 0..40 {
        person.act(Action::Move(Step::Down));
    }
    let list = &person.model.list;
    let line = list.rows().iter().position(|row| Some(row.id) == list.selected()).unwrap() - list.top();
    let selected = person.selected();
    person.deliveries_arrive(500);
    let list = &person.model.list;
    assert_eq!(person.selected(), selected);
    let after = list.rows().iter().position(|row| Some(row.id) == list.selected()).unwrap() - list.top();
    assert_eq!(after, line);
    assert_eq!(list.matches(), Some(1500));
    assert!(sizes(&person).is_sorted_by(|left, right| left >= right));
}

#[test]
fn every_row_is_reached_and_counted() {
    let mut person = Person::new(2_000);
    sorted_by(&mut person, 'o');
    assert_eq!((person.selected(), person.model.list.position(None)), (1, Some(1)));
    for place in 2..=2_000_i64 {
        person.act(Action::Move(Step::Down));
        assert_eq!((person.selected(), person.model.list.position(None)), (place, Some(place.unsigned_abs())));
        assert!(person.model.list.rows().len() <= 600);
    }
    for place in (1..2_000_i64).rev().step_by(9) {
        person.act(Action::Move(Step::PageUp));
        assert!(person.selected() < place + 10, "{} at {place}", person.selected());
    }
    assert_eq!(person.selected(), 1);
    person.act(Action::Move(Step::Last));
    assert_eq!((person.selected(), person.model.list.position(None)), (2_000, Some(2_000)));
    person.act(Action::Move(Step::First));
    assert_eq!((person.selected(), person.model.list.position(None)), (1, Some(1)));
}

#[test]
fn a_pause_keeps_the_order_and_following_goes_back_to_arrival() {
    let mut person = Person::new(50);
    sorted_by(&mut person, 's');
    person.act(Action::Pause).deliveries_arrive(10);
    assert_eq!((person.model.list.rows().len(), person.model.list.unseen()), (50, 10));
    person.act(Action::Pause);
    assert_eq!((person.model.list.rows().len(), person.model.list.unseen()), (60, 0));
    assert!(sizes(&person).is_sorted_by(|left, right| left >= right));
    person.act(Action::Follow);
    assert!(person.model.list.sorting().is_arrival() && person.model.list.is_following());
    assert_eq!(person.selected(), 60);
}

#[test]
fn a_filter_over_a_sorted_list_keeps_its_order() {
    let mut person = Person::new(300);
    sorted_by(&mut person, 's');
    person.act(Action::Filter).type_in("id:100..199").act(Action::Accept);
    assert_eq!(person.model.list.matches(), Some(100));
    assert!(sizes(&person).is_sorted_by(|left, right| left >= right));
    assert_eq!(person.selected(), person.model.list.rows()[0].id.0);
    // A delivery that is named is gone to, in the same order.
    let viewport = person.model.viewport;
    let effects = person.model.list.go_to(DeliveryId(150), &viewport);
    person.effects.extend(effects);
    person.settle();
    assert_eq!(person.selected(), 150);
    assert!(sizes(&person).is_sorted_by(|left, right| left >= right));
}

#[test]
fn a_move_does_not_wait_until_everything_is_sorted_again() {
    let mut person = Person::new(2_000);
    sorted_by(&mut person, 'o');
    person.stored += 1;
    let last = DeliveryId(person.stored);
    person.tell(Message::Stored { last, stats: StatsSnapshot::default() });
    let fresh = |person: &Person| {
        person.effects.iter().rev().find_map(|effect| match effect {
            Effect::LoadPage(request) => request.sorted.map(|sorted| sorted.is_fresh),
            _ => None,
        })
    };
    assert_eq!(fresh(&person), Some(true));
    // To the window's end: that page comes from what is sorted, and what has come is sorted in after it.
    for _ in 0..62 {
        person.tell(Message::Act(Action::Move(Step::PageDown)));
    }
    assert_eq!(fresh(&person), Some(false));
    person.settle();
    assert_eq!(person.model.list.matches(), Some(2_001));
}
