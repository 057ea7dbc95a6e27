//! The filter prompt: what it completes, what it says of mistakes, and what it remembers.

use super::*;
use crate::query::SavedFilters;
use crate::tui::app::overlay::state::Overlay;
use crate::tui::app::step::Step;
use crate::tui::screens::saving::state::{ConfigEffect, ToSave};

fn text(model: &Model) -> String {
    match &model.overlay {
        Some(Overlay::Prompt(prompt)) => prompt.text().to_owned(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn tab_goes_through_what_could_stand_there() {
    let mut person = Person::new(3);
    person.model.filters = SavedFilters::new([("broken".to_owned(), "verdict:bad".to_owned())]).unwrap();
    person.act(Action::Filter);
    person.type_in("verdict:un");
    person.act(Action::NextField);
    assert_eq!(text(&person.model), "verdict:unsigned");
    assert_eq!(person.model.list.filter(), "verdict:unsigned");
    person.type_in(" ca");
    person.act(Action::NextField);
    assert_eq!(text(&person.model), "verdict:unsigned cause:");
    assert_eq!(person.model.list.filter(), "verdict:unsigned", "without the word that cannot be read yet");
    person.act(Action::NextField);
    let first = text(&person.model);
    person.act(Action::NextField);
    assert_ne!(text(&person.model), first);
    person.act(Action::PreviousField);
    assert_eq!(text(&person.model), first);
    person.act(Action::Accept);
    person.act(Action::Filter);
    person.type_in(" | @br");
    person.act(Action::NextField);
    assert!(text(&person.model).ends_with(" | @broken"));
}

#[test]
fn filters_of_before_come_back() {
    let mut person = Person::new(3);
    let remembered = |effects: &[Effect]| {
        effects.iter().find_map(|effect| match effect {
            Effect::RememberFilters(filters) => Some(filters.clone()),
            _ => None,
        })
    };
    for (filter, expected) in [("sim", Some(1)), ("live", Some(2)), ("sim", Some(2)), ("sim", None)] {
        person.act(Action::Filter);
        person.tell(Message::Edit(tui_input::InputRequest::DeleteLine));
        person.type_in(filter);
        let effects = update(&mut person.model, Message::Act(Action::Accept));
        assert_eq!(remembered(&effects).map(|filters| filters.len()), expected, "{filter}");
    }
    person.act(Action::Filter);
    person.tell(Message::Edit(tui_input::InputRequest::DeleteLine));
    person.type_in("dra");
    for (step, expected) in [
        (Step::Up, "sim"),
        (Step::Up, "live"),
        (Step::Up, "live"),
        (Step::Down, "sim"),
        (Step::Down, "dra"),
        (Step::Down, "dra"),
    ] {
        person.act(Action::Move(step));
        assert_eq!(text(&person.model), expected);
    }
    // Esc goes back to the filter of before.
    person.act(Action::Back);
    assert_eq!((person.model.list.filter(), person.model.overlay.is_none()), ("sim", true));
}

#[test]
fn what_cannot_be_read_is_not_kept() {
    let mut person = Person::new(3);
    person.act(Action::Filter);
    person.type_in("sim verdict:nonsense");
    person.act(Action::Accept);
    assert!(matches!(&person.model.overlay, Some(Overlay::Prompt(prompt)) if prompt.error.is_some()));
    // What the word hid while it grew is not hidden by what it has become.
    assert_eq!(person.model.list.filter(), "sim");
    person.act(Action::Back);
    assert_eq!(person.model.list.filter(), "");
}

#[test]
fn a_filter_is_saved_under_a_name() {
    let mut person = Person::new(3);
    person.act(Action::SaveFilter);
    assert!(person.model.overlay.is_none() && person.model.notice.is_some());
    person.act(Action::Filter);
    person.type_in("verdict:bad");
    person.act(Action::SaveFilter);
    person.type_in("Not A Name");
    person.act(Action::Accept);
    assert!(matches!(&person.model.overlay, Some(Overlay::Prompt(prompt)) if prompt.error.is_some()));
    person.tell(Message::Edit(tui_input::InputRequest::DeleteLine));
    person.type_in("broken");
    let effects = update(&mut person.model, Message::Act(Action::Accept));
    let wanted = ToSave::Filter("broken".to_owned(), "verdict:bad".to_owned());
    let asked = |effect: &Effect| matches!(effect, Effect::Config(ConfigEffect::Make(_, part)) if *part == wanted);
    assert!(effects.iter().any(asked), "{effects:?}");
}

#[test]
fn a_word_that_cannot_be_read_hides_nothing() {
    let mut person = Person::new(61);
    person.act(Action::Filter);
    for (typed, filter) in [("verdict", "verdict"), (":", ""), ("foo", ""), (" sim", "sim")] {
        person.type_in(typed);
        assert_eq!(person.model.list.filter(), filter, "{typed}");
    }
    assert!(matches!(&person.model.overlay, Some(Overlay::Prompt(prompt)) if prompt.error.is_some()));
}

#[test]
fn a_filter_that_is_given_up_leaves_the_place_as_it_was() {
    let mut person = Person::new(76);
    for _ in 0..6 {
        person.act(Action::Move(Step::Down));
    }
    let (selected, total) = (person.selected(), Some(76));
    assert_eq!((selected, person.model.list.position(total)), (70, Some(7)));
    for typed in ["verdict:foo", "sim", "nothing has this", "id:1"] {
        person.act(Action::Filter);
        person.type_in(typed);
        person.act(Action::Back);
        assert_eq!((person.selected(), person.model.list.filter()), (selected, ""), "{typed}");
        assert_eq!((person.model.list.position(total), person.model.list.is_following()), (Some(7), false), "{typed}");
    }
    // Whoever follows the newest goes on following.
    person.act(Action::Move(Step::First));
    person.act(Action::Filter);
    person.type_in("id:1");
    person.act(Action::Back);
    assert_eq!((person.selected(), person.model.list.is_following()), (76, true));
}

#[test]
fn what_is_unfinished_shows_nothing_that_nobody_typed() {
    for (typed, shown) in [
        ("(a b", ""),
        ("sim (a b", "sim"),
        ("sim (a | b", "sim"),
        ("!(a b", ""),
        ("\"a b", ""),
        ("sim \"a b", "sim"),
        ("path:\"/a b", ""),
        // Each is one of two, and the other alone means something else.
        ("sim or verdict:foo", "sim"),
        ("sim verdict:foo or live", "sim"),
        ("not verdict:foo", ""),
        ("sim | verdict:foo b", "sim"),
        ("sim| verdict:foo b", "sim"),
    ] {
        let mut person = Person::new(3);
        person.act(Action::Filter);
        person.type_in(typed);
        assert_eq!(person.model.list.filter().trim(), shown, "{typed}");
        assert!(matches!(&person.model.overlay, Some(Overlay::Prompt(prompt)) if prompt.error.is_some()));
    }
}

proptest::proptest! {
    /// Whatever is pasted: the list shows it, its beginning, or it without one word that stands for itself.
    #[test]
    fn what_the_list_shows_was_typed(text in "(or|not|verdict:x|\\(|\\)|\"|\\||a|b)( (or|not|verdict:x|\\(|\\)|\"|\\||[ab(|\"]{1,2})){0,5}") {
        let mut person = Person::new(1);
        person.act(Action::Filter);
        person.tell(Message::Paste(zeroize::Zeroizing::new(text.clone())));
        let filter = person.model.list.filter().to_owned();
        let joins = |word: Option<&&str>| word.is_some_and(|word| ["or", "not"].contains(word) || word.contains(['(', ')', '|']));
        let (typed, shown): (Vec<&str>, Vec<&str>) = (text.split_whitespace().collect(), filter.split_whitespace().collect());
        let is_without = |at: &usize| {
            let rest: Vec<&str> = [&typed[..*at], &typed[at + 1..]].concat();
            let is_alone = !joins(typed.get(at + 1)) && !at.checked_sub(1).is_some_and(|before| joins(typed.get(before)));
            rest == shown && is_alone && typed[*at] == "verdict:x"
        };
        let is_beginning = text.starts_with(&filter);
        proptest::prop_assert!(is_beginning || (0..typed.len()).any(|at| is_without(&at)), "{}: {}", text, filter);
    }
}
