//! What keys mean by focus, tab and what lies on top, as they are pressed.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::answers::state;
use super::*;
use crate::tui::app::action::Tab;
use crate::tui::app::model::Focus;
use crate::tui::app::overlay::state::Overlay;
use crate::tui::app::translate::translate;
use crate::tui::keymap;
use crate::tui::screens::answers::action::AnswerAction;
use crate::tui::screens::answers::state::{AnswersEffect, AnswersNews};
use crate::tui::screens::answers::window::AnswerOverlay;
use crate::tui::screens::send::action::SendAction;
use crate::tui::screens::send::state::{CheckView, SendProgress, SendScreen};
use crate::tui::screens::send::task::{News, SendTask};

impl Person {
    fn press(&mut self, code: KeyCode, modifiers: KeyModifiers) -> &mut Self {
        if let Some(message) = translate(&self.model, &KeyEvent::new(code, modifiers)) {
            self.tell(message);
        }
        self.settle()
    }

    /// Presses letters, and `\n` for Enter.
    fn keys(&mut self, keys: &str) -> &mut Self {
        for key in keys.chars() {
            let code = if key == '\n' { KeyCode::Enter } else { KeyCode::Char(key) };
            self.press(code, KeyModifiers::NONE);
        }
        self
    }

    fn ctrl(&mut self, key: char) -> &mut Self {
        self.press(KeyCode::Char(key), KeyModifiers::CONTROL)
    }

    fn said(&self) -> &str {
        self.model.notice.as_ref().map_or("", |notice| &notice.text)
    }

    fn hints(&self) -> Vec<String> {
        keymap::hints(&self.model).into_iter().map(|(key, word)| format!("{key} {word}")).collect()
    }

    fn holding(stored: i64, held: &[i64]) -> Self {
        let mut person = Self::new(stored);
        person.tell(Message::Answers(AnswersNews::State(Box::new(state(&[], held)))));
        person.effects.clear();
        person
    }
}

#[test]
fn what_the_answer_tab_asks_for_works_from_the_list() {
    let mut person = Person::holding(3, &[3]);
    assert_eq!(person.hints()[0], "6 decide");
    person.keys("6");
    assert_eq!(person.model.focus, Focus::List);
    assert!(person.hints().contains(&"Enter answer it".to_owned()), "{:?}", person.hints());
    person.effects.clear();
    person.keys("L");
    assert_eq!(person.effects, [Effect::Answers(AnswersEffect::LetGo(vec![DeliveryId(3)]))]);
    person.effects.clear();
    person.keys("X");
    assert!(
        matches!(&person.effects[..], [Effect::Answers(AnswersEffect::Decide(ids, _))] if ids[..] == [DeliveryId(3)])
    );
    person.keys("\n");
    let Some(Overlay::Answers(window)) = &person.model.overlay else { panic!("{:?}", person.model.overlay) };
    assert!(window.is_deciding());
    // Another delivery is not held: Enter opens it, and the rest says why it does nothing.
    person.press(KeyCode::Esc, KeyModifiers::NONE).keys("jX");
    assert!(person.said().contains("not held"), "{}", person.said());
    person.keys("\n");
    assert!(person.model.overlay.is_none() && person.model.focus == Focus::Detail);
}

#[test]
fn the_payload_s_keys_work_from_the_list_and_take_the_focus() {
    let mut person = Person::new(2);
    person.keys("3|");
    assert!(matches!(person.model.overlay, Some(Overlay::Prompt(_))));
    assert_eq!(person.model.focus, Focus::Detail);
    person.press(KeyCode::Esc, KeyModifiers::NONE).press(KeyCode::Esc, KeyModifiers::NONE);
    assert_eq!(person.model.focus, Focus::List);
    // Space folds; it does not pause the list that nobody looks at.
    person.keys(" ");
    assert!(!person.model.list.is_paused() && person.model.focus == Focus::Detail);
    person.press(KeyCode::Esc, KeyModifiers::NONE).keys("z");
    assert!(matches!(person.model.overlay, Some(Overlay::Folding)));
    person.ctrl('c').press(KeyCode::Esc, KeyModifiers::NONE);
    // What the list takes too is the list's while it has the focus.
    person.keys("/");
    assert!(
        matches!(&person.model.overlay, Some(Overlay::Prompt(prompt)) if prompt.kind == crate::tui::app::overlay::state::PromptKind::Filter)
    );
    person.ctrl('c').keys("1 ");
    assert!(person.model.list.is_paused(), "elsewhere Space pauses");
}

#[test]
fn a_key_that_does_nothing_says_why() {
    let mut person = Person::new(1);
    person.keys("v");
    assert!(person.said().contains("Image tab: 4 shows it"), "{}", person.said());
    person.keys(";");
    assert!(person.said().contains("; does nothing here: ? shows the keys"), "{}", person.said());
    // The first stops the search for the cause.
    person.keys("xx");
    assert!(person.said().contains("nothing to stop"), "{}", person.said());
    person.keys("4v");
    assert!(person.said().contains("no image"), "{}", person.said());
    let mut person = Person::new(0);
    for key in ["R", "t", "c", "d", "e", "m", "B", "\n"] {
        person.keys(key);
        assert!(!person.said().is_empty(), "{key:?}");
        person.model.notice = None;
    }
}

#[test]
fn the_signature_tab_s_keys_are_hinted_first() {
    let mut person = Person::new(1);
    person.keys("2");
    assert_eq!(person.hints()[0], "x stop", "while a search is running");
    person.keys("x");
    let hints = person.hints();
    assert_eq!(hints[..2], ["t try secret", "c compare digest"], "{hints:?}");
    for general in [": more", "? help", "R replay", "C check", "a answer"] {
        assert!(hints.contains(&general.to_owned()), "{hints:?}");
    }
}

#[test]
fn ctrl_c_closes_what_is_on_top_and_only_then_quits() {
    let mut person = Person::new(1);
    for open in [Action::TypeSecret, Action::Filter, Action::Commands, Action::Help, Action::CopyMenu, Action::Try] {
        person.act(open);
        assert!(person.model.overlay.is_some(), "{open:?}");
        person.ctrl('c');
        assert!(person.model.overlay.is_none() && person.effects.is_empty(), "{open:?}: {:?}", person.effects);
    }
    for open in [SendAction::Replay, SendAction::Check, SendAction::Simulate] {
        person.act(Action::Send(open));
        person.effects.clear();
        person.ctrl('c');
        assert!(person.model.overlay.is_none() && person.effects.is_empty(), "{open:?}");
    }
    person.act(Action::Answer(AnswerAction::Write)).ctrl('c');
    assert!(person.model.overlay.is_none() && person.effects.is_empty());
    person.ctrl('c');
    assert_eq!(person.effects, [Effect::Quit]);
}

#[test]
fn quitting_asks_while_something_is_held() {
    let mut person = Person::holding(3, &[3, 2]);
    person.keys("q");
    let Some(Overlay::Confirm(confirm)) = &person.model.overlay else { panic!("{:?}", person.model.overlay) };
    assert!(confirm.question.contains("2 deliveries are held"), "{}", confirm.question);
    person.keys("n");
    assert!(person.model.overlay.is_none() && person.effects.is_empty());
    person.keys("qy");
    assert_eq!(person.effects, [Effect::Quit]);
    // Whoever insists gets out.
    let mut person = Person::holding(3, &[3]);
    person.ctrl('c').ctrl('c');
    assert_eq!(person.effects, [Effect::Quit]);
}

#[test]
fn quitting_asks_while_rules_are_not_saved() {
    let mut person = Person::new(1);
    person.keys("rn").type_in("event:app → 503").keys("\n").press(KeyCode::Esc, KeyModifiers::NONE);
    assert!(person.model.answers.is_unsaved());
    person.effects.clear();
    person.keys("q");
    let Some(Overlay::Confirm(confirm)) = &person.model.overlay else { panic!("{:?}", person.model.overlay) };
    assert!(confirm.question.contains("not saved"), "{}", confirm.question);
}

#[test]
fn rules_that_were_put_back_are_not_unsaved() {
    let mut person = Person::new(1);
    person.keys("rn").type_in("event:app → 503").keys("\n");
    assert!(person.model.answers.is_unsaved());
    person.keys("D");
    assert!(person.model.answers.rules.is_empty() && !person.model.answers.is_unsaved());
    person.keys("u");
    assert!(person.model.answers.is_unsaved());
    person.keys("D").press(KeyCode::Esc, KeyModifiers::NONE);
    person.effects.clear();
    person.keys("q");
    assert_eq!(person.effects, [Effect::Quit]);
}

#[test]
fn a_batch_is_in_sight_is_cancelled_from_anywhere_and_quitting_asks() {
    let mut person = Person::new(3);
    let progress = SendProgress { what: "34 deliveries".to_owned(), total: 34, ..SendProgress::default() };
    person.tell(Message::Sending(News::Began(progress)));
    person.press(KeyCode::Esc, KeyModifiers::NONE);
    assert!(person.model.overlay.is_none());
    let running = person.model.sending.running().unwrap();
    assert_eq!((&running.what[..], running.done, running.total), ("sending 34 deliveries", 0, 34));
    assert_eq!(person.hints()[0], "x cancel");
    person.keys("q");
    assert!(matches!(&person.model.overlay, Some(Overlay::Confirm(confirm)) if confirm.question.contains("34")));
    person.keys("n").effects.clear();
    person.keys("5x");
    assert_eq!(person.effects, [Effect::Send(SendTask::Cancel)]);
    person.tell(Message::Sending(News::Finished(None, "cancelled after 4 of 34".to_owned())));
    assert!(person.model.sending.running().is_none());
    assert!(person.said().contains("cancelled after 4 of 34; P shows the result"));
    person.effects.clear();
    person.keys("q");
    assert_eq!(person.effects, [Effect::Quit]);
}

#[test]
fn a_check_goes_on_when_its_screen_is_closed_and_is_shown_again() {
    let mut person = Person::new(1);
    person.act(Action::Send(SendAction::Check)).type_in("http://127.0.0.1:9/x").act(Action::Accept);
    assert!(matches!(person.model.sending.screens.last(), Some(SendScreen::Check(_))));
    if let Some(check) = person.model.sending.screens.iter_mut().find_map(|screen| match screen {
        SendScreen::Check(check) => Some(check),
        _ => None,
    }) {
        check.total = 66;
    }
    person.press(KeyCode::Esc, KeyModifiers::NONE).press(KeyCode::Esc, KeyModifiers::NONE);
    assert!(person.model.overlay.is_none());
    let running = person.model.sending.running().unwrap();
    assert_eq!((&running.what[..], running.done, running.total), ("check", 0, 66));
    // Another screen in between does not lose it.
    person.act(Action::Send(SendAction::Simulate)).press(KeyCode::Esc, KeyModifiers::NONE);
    person.keys("P");
    let Some(SendScreen::Check(check)) = person.model.sending.screens.last() else { panic!() };
    let CheckView { total, report, .. } = &**check;
    assert!(*total == 66 && report.is_none());
    person.press(KeyCode::Esc, KeyModifiers::NONE);
    person.tell(Message::Sending(News::Checked(Err("no response".to_owned()))));
    assert!(person.said().contains("the check failed: no response"), "{}", person.said());
    person.keys("P");
    assert!(matches!(person.model.sending.screens.last(), Some(SendScreen::Check(check)) if check.report.is_some()));
}

#[test]
fn escape_from_an_answer_that_was_written_at_once_opens_nothing() {
    let mut person = Person::new(1);
    person.keys("N").press(KeyCode::Esc, KeyModifiers::NONE);
    assert!(person.model.overlay.is_none());
    person.keys("an").press(KeyCode::Esc, KeyModifiers::NONE);
    assert!(
        matches!(&person.model.overlay, Some(Overlay::Answers(window)) if matches!(**window, AnswerOverlay::Picker(_)))
    );
}

#[test]
fn a_digit_in_the_picker_goes_to_its_statuses() {
    let mut person = Person::new(1);
    person.keys("a5\n");
    assert_eq!(person.model.answers.words().0, "answers 500");
    person.keys("a55");
    let Some(Overlay::Answers(window)) = &person.model.overlay else { panic!() };
    let AnswerOverlay::Picker(picker) = &**window else { panic!() };
    let choices = person.model.answers.choices(false);
    assert_eq!(choices[picker.cursor].status().map(|status| status / 100), Some(5));
}

#[test]
fn the_pane_in_focus_is_zoomed_and_esc_shares_the_screen_again() {
    let mut person = Person::new(1);
    person.keys("\nZ");
    assert!(person.model.is_zoomed && person.model.focus == Focus::Detail);
    person.press(KeyCode::Esc, KeyModifiers::NONE);
    assert!(!person.model.is_zoomed && person.model.focus == Focus::Detail);
    person.keys("+++-");
    assert_eq!(person.model.split, 2);
    assert_eq!(person.model.tab, Tab::Overview);
}
