//! Saving into the configuration, by keys and news.

use super::*;
use crate::config::file::{ConfigChange, ConfigPart};
use crate::tui::app::action::Action;
use crate::tui::app::effect::Effect;
use crate::tui::app::message::Message;
use crate::tui::app::overlay::state::Overlay;
use crate::tui::screens::answers::action::AnswerAction;
use crate::tui::screens::answers::window::AnswerOverlay;
use crate::tui::screens::saving::state::{ConfigEffect, ConfigNews, ToSave};
use crate::tui::screens::send::action::SendAction;
use crate::tui::screens::send::state::SendScreen;

fn change(folder: &tempfile::TempDir) -> Arc<ConfigChange> {
    let rule = crate::rules::RuleReader::default().rule("503").unwrap();
    Arc::new(ConfigChange::make(&folder.path().join("whyhook.toml"), &ConfigPart::Rules(vec![rule])).unwrap())
}

fn said(person: &Person) -> Option<Result<String, String>> {
    match &person.model.overlay {
        Some(Overlay::Answers(window)) => match &**window {
            AnswerOverlay::Rules(rules) => rules.said.clone(),
            _ => None,
        },
        _ => None,
    }
}

#[test]
fn rules_are_written_after_a_yes_and_never_before() {
    let folder = tempfile::tempdir().unwrap();
    let mut person = Person::new(0);
    let rules = |action| Action::Answer(action);
    person.act(rules(AnswerAction::Rules)).act(rules(AnswerAction::SaveRules));
    let Some(Effect::Config(ConfigEffect::Make(file, ToSave::Rules(_)))) = person.effects.pop() else { panic!() };
    assert_eq!(file.to_str(), Some("whyhook.toml"), "where it is looked for first");
    let change = change(&folder);
    for back in [Message::Act(Action::Back), Message::Choose('n')] {
        person.tell(Message::Config(ConfigNews::Made(Ok(Arc::clone(&change)))));
        assert!(matches!(person.model.overlay, Some(Overlay::Saving(_))));
        person.tell(Message::Choose('x'));
        assert!(matches!(person.model.overlay, Some(Overlay::Saving(_))), "another key says nothing");
        person.tell(back);
        assert!(matches!(person.model.overlay, Some(Overlay::Answers(_))) && person.effects.is_empty());
    }
    person.tell(Message::Config(ConfigNews::Made(Ok(Arc::clone(&change)))));
    person.tell(Message::Choose('y'));
    assert_eq!(person.effects.pop(), Some(Effect::Config(ConfigEffect::Write(Arc::clone(&change)))));
    person.tell(Message::Config(ConfigNews::Written(Arc::clone(&change), Err("no".to_owned()))));
    assert_eq!((said(&person), person.model.answers.config.clone()), (Some(Err("no".to_owned())), None));
    person.tell(Message::Config(ConfigNews::Written(Arc::clone(&change), Ok(()))));
    assert!(said(&person).is_some_and(|said| said.is_ok_and(|words| words.starts_with("saved in "))));
    assert_eq!(person.model.answers.config.as_deref(), Some(change.file()), "the next one goes there, too");
}

#[test]
fn what_was_left_meanwhile_asks_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut person = Person::new(0);
    person.tell(Message::Config(ConfigNews::Made(Ok(change(&folder)))));
    assert!(person.model.overlay.is_none());
    person.tell(Message::Config(ConfigNews::Made(Err("no TOML".to_owned()))));
    assert_eq!(person.model.notice.as_ref().map(|notice| (&notice.text[..], notice.is_error)), Some(("no TOML", true)));
}

#[test]
fn a_simulation_needs_a_name_and_says_all_of_the_form() {
    use crate::tui::screens::send::form::FieldKey;
    let mut person = Person::new(0);
    person.act(Action::Send(SendAction::Simulate)).act(Action::Send(SendAction::Save));
    let form = |person: &Person| match person.model.sending.screens.last() {
        Some(SendScreen::Form(form)) => (form.error.clone(), form.fields.all[form.fields.at].key),
        _ => panic!(),
    };
    assert_eq!(form(&person), (Some("enter a name to save it under".to_owned()), FieldKey::Name));
    let fill = |person: &mut Person, key: FieldKey, text: &str| {
        while form(person).1 != key {
            person.act(Action::NextField);
        }
        person.type_in(text);
    };
    fill(&mut person, FieldKey::Name, "mine");
    fill(&mut person, FieldKey::Add, "data[0].note=\"a;b\"; data[0].more=1");
    fill(&mut person, FieldKey::Unset, "version");
    fill(&mut person, FieldKey::Count, "3");
    for key in [FieldKey::Copies, FieldKey::Order] {
        fill(&mut person, key, " ");
    }
    person.act(Action::Send(SendAction::Save));
    let Some(Effect::Config(ConfigEffect::Make(_, ToSave::Simulation(name, saved)))) = person.effects.pop() else {
        panic!("{:?}", form(&person));
    };
    assert_eq!((&name[..], saved.count, saved.duplicate, saved.out_of_order), ("mine", Some(3), true, true));
    assert_eq!(saved.add, ["data[0].note=\"a;b\"", "data[0].more=1"]);
    assert_eq!(saved.unset, ["version"]);
    person.act(Action::Back).act(Action::Send(SendAction::Check)).act(Action::Send(SendAction::Save));
    assert!(!person.effects.iter().any(|effect| matches!(effect, Effect::Config(_))), "a check is not saved");
}

#[test]
fn what_retention_has_deleted_is_said_and_the_list_is_read_again() {
    let mut person = Person::new(30);
    person.tell(Message::Counted { total: 30, last: DeliveryId(30) });
    person.effects.clear();
    person.tell(Message::Retired(20, 4_096));
    assert_eq!(person.model.total(), Some(10));
    let notice = person.model.notice.as_ref().unwrap();
    assert_eq!(notice.text, "retention deleted 20 deliveries; 4,096 bytes freed");
    assert!(
        person.effects.iter().any(|effect| matches!(effect, Effect::LoadPage(_))) || !person.model.list.is_loading()
    );
}

#[test]
fn columns_are_kept_in_the_configuration_after_a_yes() {
    use crate::config::ListColumn;
    let folder = tempfile::tempdir().unwrap();
    let mut person = Person::new(1);
    let columns = Action::List(crate::tui::screens::list::action::ListAction::Columns);
    let types = |person: &mut Person, text: &str| {
        for character in text.chars() {
            person.tell(Message::Edit(tui_input::InputRequest::InsertChar(character)));
        }
    };
    let error = |person: &Person| match &person.model.overlay {
        Some(Overlay::Prompt(prompt)) => prompt.error.clone(),
        _ => None,
    };
    person.act(columns).act(Action::SaveColumns);
    assert!(error(&person).unwrap().starts_with("no columns to save"), "there is nothing to keep");
    types(&mut person, "id nonsense");
    person.act(Action::SaveColumns);
    assert!(error(&person).unwrap().contains("nonsense") && person.effects.is_empty());
    person.tell(Message::Edit(tui_input::InputRequest::DeletePrevWord));
    types(&mut person, "cause");
    person.act(Action::SaveColumns);
    let chosen = vec![ListColumn::Id, ListColumn::Cause];
    let Some(Effect::Config(ConfigEffect::Make(_, part))) = person.effects.pop() else { panic!("nothing is asked") };
    assert_eq!((part, &person.model.columns), (ToSave::Columns(chosen.clone()), &Some(chosen.clone())));
    let file = folder.path().join("whyhook.toml");
    let change = Arc::new(ConfigChange::make(&file, &ConfigPart::Columns(chosen)).unwrap());
    person.tell(Message::Config(ConfigNews::Made(Ok(Arc::clone(&change)))));
    assert!(matches!(person.model.overlay, Some(Overlay::Saving(_))) && person.effects.is_empty());
    person.tell(Message::Choose('y'));
    assert_eq!(person.effects.pop(), Some(Effect::Config(ConfigEffect::Write(change))));
}

#[test]
fn of_rules_that_are_off_it_is_said_that_nothing_has_them() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("whyhook.toml");
    let mut person = Person::new(0);
    let rules = |action| Action::Answer(action);
    let off = "1 rule that is off is not saved";
    let asks = |person: &mut Person| {
        person.act(Action::Back).act(Action::Quit);
        let question = match &person.model.overlay {
            Some(Overlay::Confirm(confirm)) => confirm.question.clone(),
            _ => String::new(),
        };
        person.act(Action::Back).act(rules(AnswerAction::Rules));
        question
    };
    person.act(rules(AnswerAction::Rules)).act(rules(AnswerAction::AddRule));
    person.type_in("is:sim -> 503").act(Action::Accept).act(rules(AnswerAction::SwitchRule));
    // Only rules that are off, and no file: there is nothing to write, and nothing to ask about.
    let empty = Arc::new(ConfigChange::make(&file, &ConfigPart::Rules(Vec::new())).unwrap());
    person.tell(Message::Config(ConfigNews::Made(Ok(empty))));
    assert_eq!(said(&person), Some(Err(off.to_owned())));
    assert!(asks(&mut person).contains(off));
    // One that is on beside it is saved; the other is still in no file.
    let change = change(&folder);
    person.tell(Message::Config(ConfigNews::Written(Arc::clone(&change), Ok(()))));
    assert!(said(&person).is_some_and(|said| said.is_ok_and(|words| words.ends_with(off))), "{:?}", said(&person));
    let question = asks(&mut person);
    assert!(question.contains("1 rule that is off is not saved: what is off is forgotten"), "{question}");
    person.act(rules(AnswerAction::SwitchRule));
    person.tell(Message::Config(ConfigNews::Written(change, Ok(()))));
    assert_eq!(asks(&mut person), "", "nothing is lost");
}
