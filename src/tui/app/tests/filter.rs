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
    assert_eq!(person.model.list.filter(), "verdict:unsigned ca", "the last text that could be read");
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
    // While the word grew, `verdict:n` could not be read either.
    assert_eq!(person.model.list.filter(), "sim verdict");
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
