//! What is typed into prompts and chosen in menus, and the commands that need neither.

use super::*;
use crate::server::tunnel::Tunnels;
use crate::tui::app::action::Tab;
use crate::tui::app::overlay::state::Overlay;

#[test]
fn a_typed_secret_leaves_the_model_at_once() {
    let mut person = Person::new(1);
    person.act(Action::TypeSecret).type_in("hunter2").act(Action::Accept);
    let [Effect::UseSecret(secret)] = &person.effects[..] else { panic!("{:?}", person.effects) };
    assert_eq!(&secret[..], b"hunter2");
    assert!(!format!("{:?}", person.model).contains("hunter2"));
    person.effects.clear();
    person.act(Action::TypeSecret).type_in("oops").act(Action::Back);
    assert_eq!(person.effects, []);
}

#[test]
fn a_pasted_secret_has_no_line_end() {
    let mut person = Person::new(1);
    person.act(Action::TypeSecret);
    person.tell(Message::Paste(zeroize::Zeroizing::new("hunter2\r\n".to_owned()))).act(Action::Accept);
    let [Effect::UseSecret(secret)] = &person.effects[..] else { panic!() };
    assert_eq!(&secret[..], b"hunter2");
}

#[test]
fn the_copy_menu_copies_by_key_and_by_cursor() {
    let mut person = Person::new(1);
    person.act(Action::CopyMenu).tell(Message::Choose('b'));
    assert_eq!(person.effects, [Effect::Copy { what: "the body".to_owned(), text: "{}".to_owned() }]);
    person.effects.clear();
    person.act(Action::CopyMenu).act(Action::Accept);
    assert_eq!(person.effects, [Effect::Copy { what: "the id".to_owned(), text: "1".to_owned() }]);
}

#[test]
fn the_public_url_has_the_webhooks_path() {
    let mut person = Person::new(1);
    person.act(Action::CopyPublicUrl);
    assert!(person.model.notice.as_ref().unwrap().is_error);
    person.tell(Message::Tunnel(Tunnels::decide(Vec::new(), None, Some("https://guess.example"))));
    person.effects.clear();
    person.act(Action::CopyPublicUrl);
    let [Effect::Copy { what, .. }] = &person.effects[..] else { panic!() };
    assert!(what.contains("check that it is yours"), "{what}");
    person.effects.clear();
    person.tell(Message::Tunnel(Tunnels::decide(Vec::new(), Some("https://a1.ngrok-free.app"), None)));
    person.act(Action::CopyPublicUrl);
    let [Effect::Copy { text, .. }] = &person.effects[..] else { panic!() };
    assert_eq!(text, "https://a1.ngrok-free.app/webhooks/trackpilots");
}

#[test]
fn commands_are_found_by_their_words() {
    let mut person = Person::new(1);
    person.act(Action::Commands).type_in("tab hea").act(Action::Accept);
    assert_eq!(person.model.tab, Tab::Headers);
}

/// What a prompt holds after a paste, and what is said.
fn pasted(person: &mut Person, open: Action, text: &str) -> (Option<String>, String) {
    person.model.overlay = None;
    person.act(open).tell(Message::Paste(zeroize::Zeroizing::new(text.to_owned())));
    let typed = match &person.model.overlay {
        Some(Overlay::Prompt(prompt)) => Some(prompt.text().to_owned()),
        Some(Overlay::Try(trial)) => Some(trial.text(trial.field).to_owned()),
        _ => None,
    };
    (typed, person.model.notice.as_ref().map(|notice| notice.text.clone()).unwrap_or_default())
}

#[test]
fn pasted_lines_become_words_or_are_refused() {
    use crate::tui::screens::list::action::ListAction;
    let text = |(typed, _): (Option<String>, String)| typed.unwrap_or_default();
    for open in [Action::List(ListAction::Note), Action::List(ListAction::Tag), Action::Filter, Action::Compare] {
        let mut person = Person::new(2);
        assert_eq!(text(pasted(&mut person, open, "one\r\ntwo\nthree\n")), "one two three", "{open:?}");
    }
    for open in [Action::TypeSecret, Action::Try] {
        let mut person = Person::new(2);
        let (typed, said) = pasted(&mut person, open, "whsec\nsecond");
        assert_eq!(typed.as_deref(), Some(""), "{open:?}");
        assert!(said.starts_with("not pasted: there is a line end inside"), "{said}");
        assert_eq!(text(pasted(&mut person, open, "whsec\n")), "whsec");
    }
}

#[test]
fn of_several_pasted_rules_the_first_is_taken() {
    use crate::tui::screens::answers::action::AnswerAction;
    use crate::tui::screens::answers::window::AnswerOverlay;
    let mut person = Person::new(1);
    person.act(Action::Answer(AnswerAction::Rules)).act(Action::Answer(AnswerAction::AddRule));
    person.tell(Message::Paste(zeroize::Zeroizing::new("\nis:sim -> 503\nis:live -> 500\n".to_owned())));
    let Some(Overlay::Answers(window)) = &person.model.overlay else { panic!() };
    let AnswerOverlay::Rules(view) = &**window else { panic!() };
    assert_eq!(view.line.as_ref().map(|line| line.input.value()), Some("is:sim -> 503"));
    let said = person.model.notice.as_ref().map(|notice| notice.text.clone()).unwrap();
    assert_eq!(said, "only the first line was pasted: a rule is one line");
}
