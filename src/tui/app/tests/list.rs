//! The list, as deliveries come, a person moves and filters narrow it.

use super::*;
use crate::tui::app::overlay::state::Overlay;
use crate::tui::app::step::Step;

#[test]
fn the_newest_delivery_is_followed_until_the_person_moves() {
    let mut person = Person::new(0);
    assert_eq!(person.selected(), 0);
    person.deliveries_arrive(1);
    assert_eq!((person.selected(), person.shown()), (1, 1));
    person.deliveries_arrive(2);
    assert_eq!((person.selected(), person.shown()), (3, 3));
    person.act(Action::Move(Step::Down));
    assert_eq!((person.selected(), person.shown()), (2, 2));
    person.deliveries_arrive(5);
    assert_eq!((person.selected(), person.shown()), (2, 2), "new deliveries do not steal the selection");
    assert_eq!(person.model.list.rows()[0].id, DeliveryId(8), "but they are in the list");
    person.act(Action::Follow);
    assert_eq!((person.selected(), person.shown()), (8, 8));
}

#[test]
fn a_scrolled_screen_holds_still_while_deliveries_arrive() {
    let mut person = Person::new(100);
    for _ in 0..20 {
        person.act(Action::Move(Step::Down));
    }
    let (top, selected) = (person.top(), person.selected());
    person.deliveries_arrive(7);
    assert_eq!((person.top(), person.selected()), (top, selected));
}

#[test]
fn a_pause_holds_the_list_and_counts_what_comes() {
    let mut person = Person::new(3);
    person.act(Action::Pause).deliveries_arrive(4);
    assert_eq!((person.model.list.rows().len(), person.model.list.unseen()), (3, 4));
    person.act(Action::Pause);
    assert_eq!((person.model.list.rows().len(), person.model.list.unseen()), (7, 0));
    assert_eq!(person.selected(), 7);
}

#[test]
fn a_store_of_any_size_costs_a_window() {
    let mut person = Person::new(1_000_000);
    for _ in 0..300 {
        person.act(Action::Move(Step::PageDown));
    }
    assert_eq!(person.selected(), 1_000_000 - 300 * 9);
    assert!(person.model.list.rows().len() <= 600, "{}", person.model.list.rows().len());
    person.act(Action::Move(Step::Last));
    assert_eq!(person.selected(), 1);
    person.act(Action::Move(Step::Up));
    assert_eq!(person.selected(), 2);
    for _ in 0..100 {
        person.act(Action::Move(Step::PageUp));
    }
    assert_eq!(person.selected(), 902);
    person.act(Action::Move(Step::First));
    assert_eq!(person.selected(), 1_000_000);
}

#[test]
fn rows_are_each_there_once_and_in_order_however_one_moves() {
    let mut person = Person::new(3_000);
    person.act(Action::Move(Step::Down));
    let moves = [Step::PageDown, Step::Last, Step::PageUp, Step::HalfUp, Step::First, Step::PageDown, Step::PageDown];
    for round in 0..80 {
        person.act(Action::Move(moves[round % moves.len()]));
        person.deliveries_arrive(i64::try_from(round).unwrap() * 9 % 400);
        let ids: Vec<i64> = person.model.list.rows().iter().map(|row| row.id.0).collect();
        assert!(ids.windows(2).all(|pair| pair[0] == pair[1] + 1), "round {round}: {ids:?}");
        assert!(ids.contains(&person.selected()), "round {round}");
    }
}

#[test]
fn a_flood_is_followed_to_its_newest() {
    let mut person = Person::new(10);
    person.deliveries_arrive(5_000);
    assert_eq!(person.selected(), 5_010);
    assert_eq!(person.model.list.unseen(), 0);
}

#[test]
fn a_filter_narrows_while_typing_and_esc_takes_it_back() {
    let mut person = Person::new(50);
    person.act(Action::Filter).type_in("id:10..12");
    let ids: Vec<i64> = person.model.list.rows().iter().map(|row| row.id.0).collect();
    assert_eq!(ids, [12, 11, 10]);
    assert!(ids.contains(&person.selected()));
    person.act(Action::Back);
    assert_eq!(person.model.list.rows().len(), 50);

    person.act(Action::Filter).type_in("id:10..12").act(Action::Accept);
    assert!(person.model.overlay.is_none());
    assert_eq!(person.model.list.filter(), "id:10..12");
    person.deliveries_arrive(3);
    assert_eq!(person.model.list.rows().len(), 3, "what does not match stays out");
    person.act(Action::Back);
    assert_eq!(person.model.list.rows().len(), 53);
}

#[test]
fn a_wrong_filter_says_so_and_changes_nothing() {
    let mut person = Person::new(5);
    person.act(Action::Filter).type_in("status:abc");
    let Some(Overlay::Prompt(prompt)) = &person.model.overlay else { panic!() };
    assert!(prompt.error.is_some());
    person.act(Action::Accept);
    assert!(person.model.overlay.is_some(), "a wrong filter is not accepted");
}

#[test]
fn an_answer_that_comes_later_is_shown() {
    let mut person = Person::new(0);
    person.stored = 1;
    let unanswered = Summary { answer: None, ..row(1) };
    person.tell(Message::Stored { last: DeliveryId(1), stats: StatsSnapshot::default() });
    let Some(Effect::LoadPage(request)) = person.effects.pop() else { panic!() };
    let page = PageResult { rows: vec![unanswered], ..person.page(&request) };
    person.tell(Message::Page(page)).settle();
    assert!(person.model.list.rows()[0].answer.is_none());
    person.tell(Message::Stored { last: DeliveryId(1), stats: StatsSnapshot::default() }).settle();
    assert!(person.model.list.rows()[0].answer.is_some());
}

#[test]
fn a_store_fault_stays_until_a_delivery_is_kept() {
    let mut person = Person::new(1);
    person.tell(Message::StoreFault("disk full".to_owned()));
    assert!(person.model.fault.is_some());
    person.deliveries_arrive(1);
    assert!(person.model.fault.is_none());
}

#[test]
fn the_total_is_counted_once_and_then_kept() {
    let mut person = Person::new(7);
    assert_eq!(person.model.total(), None);
    person.tell(Message::Counted { total: 5, last: DeliveryId(7) });
    person.deliveries_arrive(2);
    assert_eq!(person.model.total(), Some(7));
}

#[test]
fn what_is_gone_is_counted_again() {
    let mut person = Person::new(5);
    person.tell(Message::Counted { total: 5, last: DeliveryId(5) });
    person.effects.clear();
    // Two of the three had been hidden before.
    person.tell(Message::Pruned(3, 300));
    assert!(person.effects.contains(&Effect::Recount));
    person.tell(Message::Counted { total: 4, last: DeliveryId(5) });
    assert_eq!(person.model.total(), Some(4));
}
