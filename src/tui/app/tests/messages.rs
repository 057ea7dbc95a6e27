//! What a person is told: messages, secrets that come later, and where the list is.

use super::*;
use crate::delivery::Verdict;
use crate::server::GivenSecret;
use crate::tui::app::model::Focus;
use crate::tui::app::overlay::state::Overlay;
use crate::tui::app::step::Step;
use crate::tui::app::view::tests::screen;
use crate::tui::screens::signature::state::{EnteredSecret, RejudgeReport};

fn said(person: &Person) -> String {
    person.model.notice.as_ref().map_or(String::new(), |notice| notice.text.clone())
}

#[test]
fn a_message_goes_with_the_next_key_or_by_itself_and_can_be_read_again() {
    let mut person = Person::new(1);
    person.act(Action::CopyPublicUrl);
    assert!(said(&person).contains("no tunnel"));
    person.act(Action::Move(Step::Down));
    assert!(person.model.notice.is_none(), "the next key");
    // One that no key has asked for is there a little longer.
    person.tell(Message::Warn("the disk is nearly full".to_owned()));
    for _ in 0..3 {
        person.act(Action::Move(Step::Down));
        assert_eq!(said(&person), "the disk is nearly full");
    }
    person.act(Action::Move(Step::Down));
    assert!(person.model.notice.is_none());
    person.tell(Message::Warn("again".to_owned())).tell(Message::Warn("again".to_owned()));
    let number = person.model.notice.as_ref().unwrap().number;
    person.tell(Message::Shown(number - 1));
    assert_eq!(said(&person), "again", "the time of another message is up");
    person.tell(Message::Shown(number));
    assert!(person.model.notice.is_none());
    person.act(Action::Messages);
    assert!(matches!(person.model.overlay, Some(Overlay::Messages(0))));
    let log: Vec<(&str, u32)> = person.model.notices.iter().map(|notice| (&notice.text[..], notice.times)).collect();
    assert!(log[0].0.contains("no tunnel") && log[1..] == [("the disk is nearly full", 1), ("again", 2)], "{log:?}");
}

#[test]
fn stored_deliveries_are_judged_again_when_a_secret_is_entered() {
    let mut person = Person::new(12);
    person.act(Action::TypeSecret).type_in("a secret that is long enough").act(Action::Accept);
    assert!(matches!(&person.effects[..], [Effect::UseSecret(_)]));
    person.effects.clear();
    let secret = EnteredSecret { replaces: false, remarks: Vec::new() };
    person.tell(Message::SecretEntered(secret));
    assert_eq!(person.effects, [Effect::Rejudge(1, "typed".to_owned())]);
    let report = |number, verdicts: &[i64], verified, is_done| RejudgeReport {
        number,
        verdicts: verdicts.iter().map(|id| (DeliveryId(*id), Verdict::Verified)).collect(),
        judged: 12,
        verified,
        is_done,
        is_all: true,
    };
    person.tell(Message::Rejudged(report(1, &[12, 11], 2, false)));
    assert_eq!(person.model.rejudged.verdicts.len(), 2, "as they come");
    person.tell(Message::Rejudged(report(1, &[3], 3, true)));
    assert_eq!(said(&person), "secret entered; 3 of 12 unverified deliveries verify with it");
    assert_eq!(person.model.rejudged.verdicts.len(), 3);
    // Another one takes its place; what was found for the first is neither shown nor taken in.
    let secret = EnteredSecret { replaces: true, remarks: vec!["is unusually short"] };
    person.tell(Message::SecretEntered(secret));
    assert!(person.model.rejudged.verdicts.is_empty());
    person.tell(Message::Rejudged(report(1, &[3], 3, true)));
    assert!(person.model.rejudged.verdicts.is_empty());
    person.tell(Message::Rejudged(report(2, &[], 0, true)));
    let words = said(&person);
    assert!(
        words.starts_with("secret entered in place of the one before; check it: it is unusually short;"),
        "{words}"
    );
    assert!(words.contains("none of 12"), "{words}");
}

#[test]
fn a_secret_that_another_process_gives_judges_again_and_one_that_it_takes_back_too() {
    let mut person = Person::new(12);
    let given = GivenSecret { label: "dev".to_owned(), replaces: true, remarks: Vec::new() };
    person.tell(Message::SecretElsewhere(Ok(given)));
    assert_eq!(person.effects, [Effect::Rejudge(1, "dev".to_owned())]);
    let report = |number, verified| RejudgeReport {
        number,
        verdicts: vec![(DeliveryId(3), Verdict::Verified)],
        judged: 12,
        verified,
        is_done: true,
        is_all: true,
    };
    person.tell(Message::Rejudged(report(1, 3)));
    let words =
        "another process gave the secret dev in place of the one before; 3 of 12 unverified deliveries verify with it";
    assert_eq!(said(&person), words);
    person.effects.clear();
    person.tell(Message::SecretElsewhere(Err("dev".to_owned())));
    assert!(person.model.rejudged.verdicts.is_empty());
    assert_eq!(person.effects, [Effect::Rejudge(2, "dev".to_owned())]);
    person.tell(Message::Rejudged(report(2, 0)));
    assert_eq!(said(&person), "another process took back the secret dev");
    assert_eq!(person.model.rejudged.verdicts.len(), 1);
}

#[test]
fn a_prompt_that_cannot_be_accepted_keeps_its_text() {
    let mut person = Person::new(1);
    person.act(Action::Compare).type_in("401 invalid signature").act(Action::Accept);
    let Some(Overlay::Prompt(prompt)) = &person.model.overlay else { panic!("it has closed") };
    assert_eq!(prompt.text(), "401 invalid signature");
    assert!(prompt.error.is_some());
    person.act(Action::Back).act(Action::TypeSecret).act(Action::Accept);
    assert!(matches!(&person.model.overlay, Some(Overlay::Prompt(prompt)) if prompt.error.is_some()));
    person.act(Action::Back).act(Action::Commands).type_in("xyzzy").act(Action::Accept);
    assert!(matches!(&person.model.overlay, Some(Overlay::Prompt(prompt)) if prompt.error.is_some()));
}

#[test]
fn a_digest_s_explanation_is_where_the_person_looks() {
    let mut person = Person::new(1);
    let digest = "ab".repeat(32);
    person.model.detail.as_mut().unwrap().scroll = [9; 7];
    person.act(Action::Compare).type_in(&digest).act(Action::Accept);
    assert!(person.asked.iter().any(|(_, question)| *question == Question::ExplainDigest(digest.clone())));
    assert_eq!(person.model.detail.as_ref().unwrap().scroll[1], 0);
    assert_eq!(person.model.focus, Focus::Detail);
}

#[test]
fn the_selected_row_stays_in_sight_when_the_list_gets_smaller() {
    let mut person = Person::new(35);
    for _ in 0..8 {
        person.act(Action::Move(Step::Down));
    }
    for rows in [4, 10, 1, 30, 3] {
        let viewport = Viewport { list_rows: rows, ..person.model.viewport };
        person.tell(Message::Drawn(viewport));
        let at = (person.top() - person.selected()).unsigned_abs();
        assert!(
            person.top() >= person.selected() && at < rows as u64,
            "{rows}: {} of {}",
            person.selected(),
            person.top()
        );
    }
}

#[test]
fn the_list_says_where_one_is_and_what_has_come() {
    let mut person = Person::new(700);
    let position = |person: &Person| person.model.list.position(Some(700));
    assert_eq!(position(&person), Some(1));
    for _ in 0..20 {
        person.act(Action::Move(Step::PageDown));
    }
    let at = 701 - person.selected();
    assert_eq!(position(&person), Some(at.unsigned_abs()));
    person.act(Action::Move(Step::Last));
    assert_eq!((person.selected(), position(&person)), (1, Some(700)));
    // To the newest is to what comes next.
    person.act(Action::Move(Step::First));
    assert_eq!((person.selected(), position(&person)), (700, Some(1)));
    assert!(person.model.list.is_following());
    for _ in 0..20 {
        person.act(Action::Move(Step::Down));
    }
    assert!(!person.model.list.is_following());
    person.deliveries_arrive(5);
    assert_eq!(person.model.list.news(), 5);
    assert!(screen(&mut person.model, 120, 36).contains("↑ 5 new: g "));
    // In the details, that key is about those.
    person.act(Action::Open);
    assert!(screen(&mut person.model, 120, 36).contains("↑ 5 new: f "));
    person.act(Action::Back);
    person.act(Action::Move(Step::First));
    assert_eq!((person.selected(), person.model.list.news()), (705, 0));
    person.deliveries_arrive(1);
    assert_eq!(person.selected(), 706);
}
