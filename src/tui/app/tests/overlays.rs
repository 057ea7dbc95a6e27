//! What is typed into prompts and chosen in menus, and the commands that need neither.

use super::*;
use crate::server::tunnel::Tunnels;
use crate::tui::app::action::Tab;

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
