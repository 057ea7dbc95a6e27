//! The tabs of the details, and the signature in them: its digest, its diagnosis and trying other values.

use super::*;
use crate::inspect::diagnosis::Subject;
use crate::signature::diagnose::{Budget, Depth, Diagnosis, History};
use crate::signature::sign;
use crate::tui::app::action::Tab;
use crate::tui::app::model::Focus;
use crate::tui::app::overlay::state::Overlay;
use crate::tui::app::step::Step;
use crate::tui::screens::signature::state::{InquiryFinding, InquiryReport};
use crate::tui::screens::signature::trial::{Trial, TrialField};

#[test]
fn tabs_scroll_each_on_its_own_and_stop_at_their_ends() {
    let mut person = Person::new(2);
    person.act(Action::Open).act(Action::Show(Tab::Headers));
    person.model.viewport.detail_lines = 50;
    person.act(Action::Move(Step::Last));
    assert_eq!(person.model.detail.as_ref().unwrap().scroll[Tab::Headers.index()], 30);
    assert_eq!(person.model.detail.as_ref().unwrap().scroll[Tab::Raw.index()], 0);
    person.act(Action::Back);
    assert_eq!(person.model.focus, Focus::List);
}

#[test]
fn the_end_is_that_of_the_tab_which_is_drawn_next() {
    let mut person = Person::new(2);
    person.act(Action::Open).act(Action::Show(Tab::Headers)).act(Action::Move(Step::Last));
    let drawn = |lines| Viewport { detail_lines: lines, ..Person::new(1).model.viewport };
    let scroll = |person: &Person| person.model.detail.as_ref().unwrap().scroll[Tab::Headers.index()];
    let rows = person.model.viewport.detail_rows;
    person.tell(Message::Drawn(drawn(50)));
    assert_eq!(scroll(&person), 50 - rows);
    // Once: what grows afterwards does not move what is looked at.
    person.tell(Message::Drawn(drawn(60)));
    assert_eq!(scroll(&person), 50 - rows);
}

#[test]
fn the_expected_digest_is_hidden_again_with_the_next_delivery() {
    let mut person = Person::new(2);
    person.act(Action::Reveal);
    assert!(person.model.revealed && person.model.tab == Tab::Signature);
    person.act(Action::Move(Step::Down));
    assert!(!person.model.revealed);
}

fn diagnosis(loaded: &LoadedDelivery) -> Arc<Diagnosis> {
    let registry = registry();
    let subject = Subject::of(&loaded.delivery, &registry);
    Arc::new(subject.why(&History::default(), &Budget::default()))
}

#[test]
fn a_mismatch_is_looked_into_by_itself_once() {
    let mut person = Person::new(2);
    assert_eq!(person.asked, [(2, Question::Why(Depth::Pairs))]);
    let found = diagnosis(person.model.loaded().unwrap());
    let id = DeliveryId(2);
    person.tell(Message::Inquiry(id, InquiryReport::Found(InquiryFinding::Why(Depth::Pairs, Arc::clone(&found)))));
    assert_eq!(person.model.detail.as_ref().unwrap().inquiry.why, Some((Depth::Pairs, found)));
    person.act(Action::Move(Step::Down)).act(Action::Move(Step::Up));
    let asked: Vec<i64> = person.asked.iter().map(|(id, _)| *id).collect();
    assert_eq!(asked, [2, 1], "what was found is remembered");
    assert!(person.model.detail.as_ref().unwrap().inquiry.why.is_some());
}

#[test]
fn one_looks_deeper_step_by_step_and_stops() {
    let mut person = Person::new(1);
    let found = diagnosis(person.model.loaded().unwrap());
    for depth in [Depth::Pairs, Depth::Triples, Depth::Deep] {
        assert_eq!(person.asked.last(), Some(&(1, Question::Why(depth))));
        person.act(Action::Deeper);
        assert_eq!(person.asked.last(), Some(&(1, Question::Why(depth))), "one search at a time");
        person.tell(Message::Inquiry(
            DeliveryId(1),
            InquiryReport::Found(InquiryFinding::Why(depth, Arc::clone(&found))),
        ));
        person.act(Action::Deeper);
    }
    assert_eq!(person.asked.len(), 3);
    assert!(person.model.notice.is_some(), "this is the deepest search");
    let digest = format!("digest: {}", "ab".repeat(32));
    person.act(Action::Compare).type_in(&digest).act(Action::Accept);
    assert_eq!(person.asked.last(), Some(&(1, Question::ExplainDigest(digest.clone()))));
    person.act(Action::StopLooking);
    assert_eq!(person.effects, [Effect::StopInquiry]);
    assert!(person.model.detail.as_ref().unwrap().inquiry.running.is_none());
}

#[test]
fn news_of_another_delivery_is_not_taken_for_this_one() {
    let mut person = Person::new(2);
    let found = diagnosis(person.model.loaded().unwrap());
    person.tell(Message::Inquiry(DeliveryId(1), InquiryReport::Found(InquiryFinding::Why(Depth::Pairs, found))));
    assert!(person.model.detail.as_ref().unwrap().inquiry.why.is_none());
}

#[test]
fn trying_follows_what_is_typed_and_changes_nothing() {
    let mut person = Person::new(1);
    let secret = Secret::new("x", b"tried".to_vec(), SecretOrigin::Typed);
    let right = sign(&secret, b"1746123456", b"{}");
    person.act(Action::Try);
    let verdict = |person: &Person| match &person.model.overlay {
        Some(Overlay::Try(trial)) => trial.verdict.as_ref().ok().map(|judgement| judgement.verdict),
        _ => None,
    };
    assert_eq!(verdict(&person), Some(Verdict::MalformedSignature));
    person.type_in("tried").act(Action::NextField);
    person.tell(Message::Edit(tui_input::InputRequest::DeleteLine));
    person.tell(Message::Paste(zeroize::Zeroizing::new(right)));
    assert_eq!(verdict(&person), Some(Verdict::Verified));
    person.act(Action::TurnUnit);
    assert_eq!(verdict(&person), Some(Verdict::Mismatch));
    person.act(Action::TurnUnit);
    assert_eq!(verdict(&person), Some(Verdict::Verified));
    assert!(!format!("{:?}", person.model).contains("tried"));
    person.act(Action::Back);
    assert!(person.model.overlay.is_none());
    assert_eq!(person.effects, []);
}

#[test]
fn a_template_that_holds_a_line_end_is_tried_as_it_is() {
    let secret = Secret::new("dev", b"a webhook secret".to_vec(), SecretOrigin::Typed);
    let mut loaded = loaded(DeliveryId(1), &registry());
    loaded.scheme.content = "{timestamp}.\n{body}".parse().unwrap();
    let signature = sign(&secret, b"1746123456", b"\n{}");
    let head =
        format!("POST / HTTP/1.1\r\nX-Webhook-Signature: {signature}\r\nX-Webhook-Timestamp: 1746123456\r\n\r\n");
    loaded.delivery.head = crate::http::Head::from(head);
    let trial = Trial::of(&loaded);
    assert_eq!(trial.text(TrialField::Template), "{timestamp}.␊{body}");
    assert_eq!(trial.verdict.as_ref().unwrap().verdict, Verdict::Verified);
}

#[test]
fn a_placeholder_that_does_not_exist_is_named_and_not_blamed_on_the_signature() {
    let mut person = Person::new(1);
    person.act(Action::Try);
    for _ in 0..3 {
        person.act(Action::NextField);
    }
    for (typed, expected) in
        [("{nope}", "unknown placeholder {nope}: expected {timestamp} "), ("{nope|hex}", "unknown placeholder {nope}")]
    {
        person.tell(Message::Edit(tui_input::InputRequest::DeleteLine));
        person.tell(Message::Paste(zeroize::Zeroizing::new(format!("{{timestamp}}.{{body}}{typed}"))));
        let Some(Overlay::Try(trial)) = &person.model.overlay else { panic!() };
        let words = trial.verdict.as_ref().err().cloned().unwrap_or_default();
        assert!(words.starts_with(expected), "{words}");
    }
}
