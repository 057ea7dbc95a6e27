//! Choosing what goes back, by keys.

use super::*;
use crate::rules::{Held, Override, RuleAction, RuleReader, RuleSet};
use crate::tui::app::action::{Action, Tab};
use crate::tui::app::effect::Effect;
use crate::tui::app::message::Message;
use crate::tui::app::overlay::state::Overlay;
use crate::tui::app::step::Step;
use crate::tui::screens::answer::state::AnswerStory;
use crate::tui::screens::answers::action::AnswerAction;
use crate::tui::screens::answers::choice::{PickerGroup, PickerRow};
use crate::tui::screens::answers::state::{AnswersEffect, AnswersNews, AnswersState};
use crate::tui::screens::answers::window::AnswerOverlay;

pub(super) fn state(rules: &[&str], held: &[i64]) -> AnswersState {
    let rules: Vec<_> = rules.iter().map(|text| RuleReader::default().rule(text).unwrap()).collect();
    let now = Timestamp::from_second(1_746_123_456).unwrap();
    AnswersState {
        counts: (1..).take(rules.len()).collect(),
        rules: Arc::new(RuleSet::new(rules, Duration::from_secs(10))),
        chosen: None,
        held: held
            .iter()
            .map(|id| Held {
                id: DeliveryId(*id),
                since: now,
                until: now + jiff::SignedDuration::from_millis(9_200),
                default: "auto".to_owned(),
            })
            .collect(),
        now,
    }
}

impl Person {
    fn answering(stored: i64, rules: &[&str], held: &[i64]) -> Self {
        let mut person = Self::new(stored);
        person.tell(Message::Answers(AnswersNews::State(Box::new(state(rules, held)))));
        person.effects.clear();
        person
    }

    fn does(&mut self, action: AnswerAction) -> &mut Self {
        self.act(Action::Answer(action))
    }

    /// The effects on answers since the last time.
    fn answers(&mut self) -> Vec<AnswersEffect> {
        let of_answers = |effect| match effect {
            Effect::Answers(AnswersEffect::Tell(_)) => None,
            Effect::Answers(effect) => Some(effect),
            _ => None,
        };
        std::mem::take(&mut self.effects).into_iter().filter_map(of_answers).collect()
    }

    fn pick(&mut self, words: &str) -> &mut Self {
        let Some(Overlay::Answers(window)) = &mut self.model.overlay else { panic!("{:?}", self.model.overlay) };
        let AnswerOverlay::Picker(picker) = &mut **window else { panic!() };
        let choices = self.model.answers.choices(!picker.deciding.is_empty());
        let named = |choice: &PickerRow| choice.words(&self.model.answers).starts_with(words);
        picker.cursor = choices.iter().position(named).unwrap_or_else(|| panic!("no {words} in {choices:?}"));
        self
    }

    fn rules(&self) -> Vec<String> {
        self.model.answers.rules.iter().map(|row| format!("{}{}", if row.on { "" } else { "off " }, row.rule)).collect()
    }
}

fn action(text: &str) -> RuleAction {
    RuleReader::default().action(text).unwrap()
}

#[test]
fn an_answer_is_picked_and_holds_until_it_is_cleared() {
    let mut person = Person::new(1);
    person.act(Action::PickAnswer).pick("503").act(Action::Accept);
    let [AnswersEffect::Choose(Some(chosen))] = &person.answers()[..] else { panic!() };
    assert!(!chosen.once);
    assert_eq!(chosen.action.plain().unwrap().status, 503);
    assert_eq!(person.model.answers.words().0, "answers 503");
    person.does(AnswerAction::Clear);
    assert_eq!(person.answers(), [AnswersEffect::Choose(None)]);
    assert_eq!(person.model.answers.words().0, "answers auto");
    person.act(Action::PickAnswer);
    assert_eq!(person.model.answers.choices(false)[1].group, PickerGroup::Recent, "the last used is at hand");
}

#[test]
fn the_next_delivery_alone_can_be_answered_so() {
    let mut person = Person::answering(1, &["is:sim → 503", "hold"], &[]);
    assert_eq!(person.model.answers.words().0, "answers by 2 rules");
    person.act(Action::PickAnswer).pick("drop").does(AnswerAction::Once);
    let chosen = Override { action: action("drop"), once: true };
    assert_eq!(person.answers(), [AnswersEffect::Choose(Some(Box::new(chosen)))]);
    assert_eq!(person.model.answers.words().0, "drops (next one)");
    // It was used.
    person.tell(Message::Answers(AnswersNews::State(Box::new(state(&["is:sim → 503", "hold"], &[])))));
    assert_eq!(person.model.answers.words().0, "answers by 2 rules");
}

#[test]
fn what_is_said_on_top_is_true() {
    let words = |rules: &[&str]| Person::answering(1, rules, &[]).model.answers.words().0;
    assert_eq!(words(&["hold 30s"]), "holds 30s");
    assert_eq!(words(&["hold"]), "holds 10s");
    assert_eq!(words(&["event:a → 503"]), "answers by 1 rule");
    assert_eq!(words(&["forward http://a http://b"]), "forwards to http://a and 1");
    assert_eq!(words(&["wait 2s 503"]), "answers wait 2s 503");
}

#[test]
fn a_held_delivery_is_decided_about() {
    let mut person = Person::answering(2, &["hold"], &[1, 2]);
    assert_eq!(person.model.answers.seconds_left(&person.model.answers.held[0]), 10);
    assert!(person.model.notice.as_ref().unwrap().text.starts_with("2 deliveries are held"));
    person.act(Action::Show(Tab::Answer)).does(AnswerAction::Decide).pick("429").act(Action::Accept);
    let [AnswersEffect::Decide(ids, _)] = &person.answers()[..] else { panic!() };
    assert_eq!(ids[..], [DeliveryId(2)], "the shown one");
    person.does(AnswerAction::LetGo);
    assert_eq!(person.answers(), [AnswersEffect::LetGo(vec![DeliveryId(2)])]);
    person.does(AnswerAction::DecideAll).pick("the default answer").act(Action::Accept);
    assert_eq!(person.answers(), [AnswersEffect::LetGo(vec![DeliveryId(1), DeliveryId(2)])]);
    person.does(AnswerAction::Forward);
    assert_eq!(person.answers(), [], "no server behind is known");
    assert!(person.model.notice.as_ref().unwrap().is_error);
}

#[test]
fn a_window_about_what_is_gone_closes() {
    let mut person = Person::answering(2, &["hold"], &[1, 2]);
    person.does(AnswerAction::DecideAll);
    person.tell(Message::Answers(AnswersNews::State(Box::new(state(&["hold"], &[])))));
    assert!(person.model.overlay.is_none());
    assert!(person.model.notice.as_ref().unwrap().text.contains("too late"));
}

#[test]
fn rules_are_added_moved_switched_and_deleted() {
    let mut person = Person::answering(1, &["event:a → 503", "event:b → 429"], &[]);
    person.does(AnswerAction::Rules).does(AnswerAction::AddRule).type_in("is:sim -> drop").act(Action::Accept);
    assert_eq!(person.rules(), ["event:a → 503", "is:sim → drop", "event:b → 429"]);
    let [AnswersEffect::SetRules(set)] = &person.answers()[..] else { panic!() };
    assert_eq!(set.rules().len(), 3);
    person.does(AnswerAction::RaiseRule).does(AnswerAction::SwitchRule);
    assert_eq!(person.rules(), ["off is:sim → drop", "event:a → 503", "event:b → 429"]);
    // What the listener says of those in force does not forget the one that is off.
    let mut said = state(&["event:a → 503", "event:b → 429"], &[]);
    said.counts = vec![7, 8];
    person.tell(Message::Answers(AnswersNews::State(Box::new(said))));
    assert_eq!(person.model.answers.rules.iter().map(|row| row.answered).collect::<Vec<_>>(), [0, 7, 8]);
    person.does(AnswerAction::DeleteRule);
    assert_eq!(person.rules(), ["event:a → 503", "event:b → 429"]);
    // What was deleted comes back where it was, switched off as it was.
    person.does(AnswerAction::UndoRule);
    assert_eq!(person.rules(), ["off is:sim → drop", "event:a → 503", "event:b → 429"]);
    person.does(AnswerAction::UndoRule);
    assert_eq!(person.rules().len(), 3);
    person.does(AnswerAction::DeleteRule);
    assert_eq!(person.rules(), ["event:a → 503", "event:b → 429"]);
    person.effects.clear();
    person.does(AnswerAction::CopyRules);
    let [Effect::Copy { text, .. }] = &person.effects[..] else { panic!("{:?}", person.effects) };
    assert!(text.starts_with("[[rules]]\nwhen = \"event:a\"\nthen = \"503\"\n"), "{text}");
}

/// What everybody's rules are now, as another process has made them.
fn others_make_them(person: &mut Person, rules: &[&str]) {
    person.tell(Message::Answers(AnswersNews::State(Box::new(state(rules, &[])))));
}

#[test]
fn an_edit_is_of_its_rule_whatever_others_do_meanwhile() {
    let mut person = Person::answering(1, &["event:a → 503", "event:b → 429", "event:c → 418"], &[]);
    person.does(AnswerAction::Rules).act(Action::Move(Step::Down)).does(AnswerAction::EditRule);
    others_make_them(&mut person, &["event:b → 429", "event:c → 418"]);
    person.type_in(" \"edited\"").act(Action::Accept);
    assert_eq!(person.rules(), ["event:b → 429 \"edited\"", "event:c → 418"]);
    // The cursor is still on it, wherever it stands.
    others_make_them(&mut person, &["event:z → 500", "event:c → 418", "event:b → 429 \"edited\""]);
    person.does(AnswerAction::DeleteRule);
    assert_eq!(person.rules(), ["event:z → 500", "event:c → 418"]);
    // One that is gone is nobody else's place: what was typed stays, and can be added.
    person.act(Action::Move(Step::First)).does(AnswerAction::EditRule);
    others_make_them(&mut person, &["event:c → 418"]);
    person.effects.clear();
    person.type_in(" \"mine\"").act(Action::Accept);
    assert_eq!((person.rules(), person.answers()), (vec!["event:c → 418".to_owned()], vec![]));
    person.act(Action::Accept);
    assert_eq!(person.rules(), ["event:c → 418", "event:z → 500 \"mine\""]);
}

#[test]
fn a_rule_that_is_off_outlives_what_others_change() {
    let mut person = Person::answering(1, &["event:a → 503", "event:b → 429"], &[]);
    person.does(AnswerAction::Rules).does(AnswerAction::SwitchRule);
    others_make_them(&mut person, &["event:b → 429", "event:c → 500"]);
    assert_eq!(person.rules(), ["off event:a → 503", "event:b → 429", "event:c → 500"]);
    // And so does what was deleted here.
    person.does(AnswerAction::DeleteRule);
    others_make_them(&mut person, &["event:b → 429"]);
    person.does(AnswerAction::UndoRule);
    assert_eq!(person.rules(), ["off event:a → 503", "event:b → 429"]);
}

#[test]
fn a_rule_that_cannot_be_is_refused_where_it_is_wrong() {
    let mut person = Person::answering(1, &["503"], &[]);
    person.does(AnswerAction::Rules).does(AnswerAction::AddRule).type_in("event:a -> 700");
    let line = |person: &Person| {
        let Some(Overlay::Answers(window)) = &person.model.overlay else { panic!() };
        let AnswerOverlay::Rules(rules) = &**window else { panic!() };
        rules.line.as_ref().unwrap().problem.clone().unwrap()
    };
    assert_eq!(line(&person).0, 11);
    person.act(Action::Accept);
    assert_eq!(person.answers(), []);
    for _ in 0..3 {
        person.tell(Message::Edit(tui_input::InputRequest::DeletePrevChar));
    }
    person.type_in("200").act(Action::Accept);
    let Some(Overlay::Answers(window)) = &person.model.overlay else { panic!() };
    let AnswerOverlay::Rules(rules) = &**window else { panic!() };
    let remark = rules.problem.as_deref().unwrap();
    assert!(rules.line.is_none() && remark.contains("can never match"), "503 for everything is before it: {remark}");
    assert_eq!(person.rules().len(), 2);
    person.act(Action::Back).act(Action::Back);
    assert!(person.model.overlay.is_none());
}

#[test]
fn an_answer_of_ones_own_is_written_used_and_saved() {
    let mut person = Person::answering(1, &[], &[]);
    person.act(Action::PickAnswer).pick("503").does(AnswerAction::Write);
    person.act(Action::NextField).type_in("X-Id: {{id}}");
    person.act(Action::NextField).type_in("!");
    person.does(AnswerAction::Save);
    let saved = |person: &Person| {
        let Some(Overlay::Answers(window)) = &person.model.overlay else { panic!() };
        let AnswerOverlay::Editor(editor) = &**window else { panic!() };
        editor.saved.clone()
    };
    assert!(saved(&person).unwrap().unwrap_err().contains("a name"));
    person.act(Action::NextField).type_in("later").does(AnswerAction::Save);
    let [AnswersEffect::Save(path, named)] = &person.answers()[..] else { panic!() };
    assert_eq!((path.to_str(), named.name.as_str(), named.written.status), (Some("whyhook.toml"), "later", 503));
    let named = Arc::clone(named);
    person.tell(Message::Answers(AnswersNews::Saved(Arc::clone(&named), Ok("/whyhook.toml".to_owned()))));
    assert_eq!(saved(&person).unwrap().unwrap(), "saved later in /whyhook.toml");
    let [AnswersEffect::SetRules(set)] = &person.answers()[..] else { panic!() };
    assert_eq!(set.answers(), [Arc::clone(&named)]);
    person.does(AnswerAction::Use);
    let [AnswersEffect::Choose(Some(chosen))] = &person.answers()[..] else { panic!() };
    assert_eq!(chosen.action.to_string(), "later");
    assert_eq!(person.model.answers.words().0, "answers later (503)");
}

#[test]
fn an_attempt_before_is_gone_to() {
    let mut person = Person::new(300);
    person.act(Action::Show(Tab::Answer));
    let Some(Effect::Answers(AnswersEffect::Tell(id))) = person.effects.pop() else { panic!("{:?}", person.effects) };
    // What it was sent to is not known yet.
    let is_early = |person: &Person, action| person.model.is_early(Action::Answer(action));
    assert!(is_early(&person, AnswerAction::Probe) && is_early(&person, AnswerAction::NextAttempt));
    assert!(!is_early(&person, AnswerAction::Decide));
    let same = crate::delivery::Sameness::Body;
    let retries = crate::delivery::schedule(vec![(row(3), same), (row(300), same)]);
    let story = AnswerStory { retries, ..AnswerStory::default() };
    person.tell(Message::Answers(AnswersNews::Story(id, Ok(Box::new(story)))));
    assert!(!is_early(&person, AnswerAction::Probe));
    person.does(AnswerAction::NextAttempt).does(AnswerAction::Decide);
    assert_eq!(person.model.list.selected(), Some(DeliveryId(3)));
    assert_eq!(person.model.detail.as_ref().unwrap().id, DeliveryId(3));
}

#[test]
fn what_was_typed_into_an_answer_is_not_thrown_away_by_one_key() {
    let mut person = Person::new(1);
    let is_editing = |person: &Person| matches!(&person.model.overlay, Some(Overlay::Answers(window)) if matches!(**window, AnswerOverlay::Editor(_)));
    let open = |person: &mut Person| {
        person.act(Action::PickAnswer).does(AnswerAction::Write);
    };
    // Nothing typed: one key is enough.
    open(&mut person);
    person.act(Action::Back);
    assert!(!is_editing(&person));
    person.act(Action::Back);
    open(&mut person);
    person.type_in("0").act(Action::Back);
    assert!(is_editing(&person));
    // Typing on means staying.
    person.type_in("1").act(Action::Back);
    assert!(is_editing(&person));
    person.act(Action::Back);
    assert!(!is_editing(&person));
}
