//! Sending, by keys and news.

use super::*;
use crate::delivery::{Attempt, AttemptKind, AttemptMode};
use crate::diff::{ComparedMessage, MessageComparison};
use crate::http::{Failure, Head, HttpResponse, Latency};
use crate::server::{JobKind, JobProgress};
use crate::tui::app::action::{Action, Tab};
use crate::tui::app::effect::Effect;
use crate::tui::app::message::Message;
use crate::tui::app::overlay::state::Overlay;
use crate::tui::app::step::Step;
use crate::tui::screens::send::action::SendAction;
use crate::tui::screens::send::form::FieldKey;
use crate::tui::screens::send::forms::SendForm;
use crate::tui::screens::send::panel::{BodyRows, Panel};
use crate::tui::screens::send::state::{ComparisonView, Receiver, SendProgress, SendScreen, SentOfMany};
use crate::tui::screens::send::task::{Again, News, Preview, ReplayTask, SendTask, SimulateTask, Which};

pub(super) fn panel(result: Result<u16, &str>) -> Box<Panel> {
    let result = match result {
        Ok(status) => Ok(HttpResponse {
            status,
            interim: Bytes::new(),
            head: Head::from(format!("HTTP/1.1 {status} X\r\nX-A: 1\r\n\r\n")),
            body: Bytes::from_static(b"said"),
            body_bytes: 4,
            end: crate::http::BodyEnd::Complete,
        }),
        Err(code) => Err(Failure { code: code.to_owned(), message: "no way".to_owned(), advice: "go".to_owned() }),
    };
    let attempt = Attempt {
        delivery: None,
        kind: AttemptKind::Simulation,
        mode: AttemptMode::Made,
        at: Timestamp::UNIX_EPOCH,
        target: "http://127.0.0.1:3000/x".to_owned(),
        peer: None,
        head: Head::from("POST /x HTTP/1.1\r\nX-Webhook-Signature: aa\r\n\r\n"),
        body: Some(Bytes::from_static(b"{}")),
        body_bytes: 2,
        latency: Latency { total: Duration::from_micros(1500), ..Latency::default() },
        result,
    };
    Box::new(Panel::new(attempt, Bytes::from_static(b"{}"), &Scheme::default(), Vec::new()))
}

fn notice(person: &Person) -> (String, bool) {
    person.model.notice.as_ref().map(|notice| (notice.text.clone(), notice.is_error)).unwrap_or_default()
}

#[test]
fn a_test_event_goes_to_our_own_path_and_its_result_can_be_seen_again() {
    let mut person = Person::new(0);
    person.act(Action::Send(SendAction::Last));
    assert!(notice(&person).1 && person.model.overlay.is_none(), "nothing was sent yet");
    person.act(Action::Send(SendAction::Test));
    assert_eq!(person.effects.pop(), Some(Effect::Send(SendTask::Test("/webhooks/trackpilots".to_owned()))));
    let progress =
        SendProgress { what: "a test event".to_owned(), total: 1, is_quiet: true, ..SendProgress::default() };
    person.tell(Message::Sending(News::Began(progress)));
    person.act(Action::Send(SendAction::Test));
    assert!(person.effects.is_empty() && notice(&person).0.contains("already"), "one at a time");

    person.tell(Message::Sending(News::Tested(panel(Ok(200)), true)));
    let (said, is_error) = notice(&person);
    assert!(said.contains("200 in 1.5 ms; signed with a temporary secret") && !is_error, "{said}");
    person.act(Action::Send(SendAction::Last));
    assert!(matches!(person.model.overlay, Some(Overlay::Sending)));
    person.model.viewport.overlay_lines = 30;
    person.model.viewport.overlay_rows = 10;
    person.act(Action::Move(Step::Last));
    assert_eq!(person.model.sending.last.as_ref().unwrap().scroll, 20);
    person.act(Action::Back);
    assert!(person.model.overlay.is_none() && person.model.sending.screens.is_empty());
}

#[test]
fn a_test_event_that_is_refused_is_said_so() {
    let mut person = Person::new(1);
    person.act(Action::Send(SendAction::Test));
    person.tell(Message::Sending(News::Tested(panel(Ok(503)), false)));
    let (said, is_error) = notice(&person);
    assert!(said.starts_with("test event sent, but not accepted: 503") && is_error, "{said}");
    person.tell(Message::Sending(News::NotSent("no secret".to_owned())));
    assert_eq!(notice(&person), ("no secret".to_owned(), true));
    assert_eq!(person.model.sending.progress, None);
}

fn form(person: &Person) -> &SendForm {
    match person.model.sending.screens.last() {
        Some(SendScreen::Form(form)) => form,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_delivery_of_a_saved_filter_is_sent_again() {
    let mut person = Person::new(3);
    person.model.filters = crate::query::SavedFilters::new([("mine".to_owned(), "id:2..3".to_owned())]).unwrap();
    person.act(Action::Filter).type_in("@mine").act(Action::Accept).act(Action::Send(SendAction::Replay));
    match person.model.sending.screens.last_mut() {
        Some(SendScreen::Form(form)) => form.fields.go_to(FieldKey::Which),
        other => panic!("{other:?}"),
    }
    person.act(Action::Send(SendAction::Right)).act(Action::Accept);
    let Some(Effect::Send(SendTask::Replay(task))) = person.effects.pop() else { panic!("{:?}", person.model.overlay) };
    assert_eq!(task.which, Which::Matching(Query::parse("id:2..3").unwrap()));
}

#[test]
fn a_delivery_is_sent_again_as_the_form_says() {
    let mut person = Person::new(3);
    person.act(Action::Send(SendAction::Replay));
    person.act(Action::Send(SendAction::Right)).act(Action::NextField).type_in("localhost:1/a  localhost:2/b");
    person.act(Action::Accept);
    let task = ReplayTask {
        which: Which::One(DeliveryId(3)),
        how: Again::Resigned,
        body: None,
        to: vec!["localhost:1/a".to_owned(), "localhost:2/b".to_owned()],
        pace: crate::send::BatchPace::InOrder,
    };
    assert_eq!(person.effects.pop(), Some(Effect::Send(SendTask::Replay(task.clone()))));
    // Another machine is asked about first, and yes sends just that.
    person.tell(Message::Sending(News::Consent("example.com".to_owned(), SendTask::Replay(task.clone()))));
    assert!(matches!(&person.model.overlay, Some(Overlay::Confirm(asked)) if asked.question.contains("example.com")));
    person.tell(Message::Choose('y'));
    let agreed = SendTask::Consented(Box::new(SendTask::Replay(task)));
    assert_eq!(person.effects.pop(), Some(Effect::Send(agreed)));

    let progress = SendProgress { what: "#3".to_owned(), total: 2, ..SendProgress::default() };
    person.tell(Message::Sending(News::Began(progress)));
    for is_delivered in [true, false] {
        let sent = SentOfMany {
            what: "#3".to_owned(),
            target: String::new(),
            status: None,
            words: String::new(),
            is_delivered,
        };
        person.tell(Message::Sending(News::Sent(sent)));
    }
    let progress = person.model.sending.progress.as_ref().unwrap();
    assert_eq!((progress.delivered, progress.failed), (1, 1));
    person.act(Action::Send(SendAction::Cancel));
    assert_eq!(person.effects.pop(), Some(Effect::Send(SendTask::Cancel)));
    person.tell(Message::Sending(News::Finished(Some(panel(Ok(200))), "2 sent".to_owned())));
    assert!(matches!(person.model.sending.screens.last(), Some(SendScreen::Progress(_))), "many stay a list");
    person.act(Action::Back);
    // The target is remembered, and many at once may have a rate.
    person.act(Action::Send(SendAction::Replay)).act(Action::PreviousField).act(Action::Send(SendAction::Right));
    assert_eq!(form(&person).fields.typed(FieldKey::To), "localhost:1/a  localhost:2/b".replace("  ", " "));
    person.act(Action::PreviousField).type_in("nonsense").act(Action::Accept);
    assert!(form(&person).error.as_ref().unwrap().contains("rate"));
}

#[test]
fn an_edit_begins_with_the_captured_body() {
    let mut person = Person::new(1);
    person.act(Action::Send(SendAction::Replay));
    person.act(Action::Send(SendAction::Left)).act(Action::Accept);
    assert!(form(&person).error.as_ref().unwrap().contains("enter the URL"), "{:?}", form(&person).error);
    // The cursor is where that is to be mended.
    person.type_in("http://127.0.0.1:1/x").act(Action::Accept);
    let Some(Effect::Send(SendTask::Edit(task))) = person.effects.pop() else { panic!() };
    assert_eq!((task.how, task.body.as_deref()), (Again::EditedUnsigned, Some(&b"{}"[..])));
}

#[test]
fn a_url_that_is_typed_on_a_choice_is_not_lost() {
    let mut person = Person::new(1);
    person.act(Action::Send(SendAction::Replay)).type_in("http://127.0.0.1:1/x");
    assert_eq!(form(&person).fields.typed(FieldKey::To), "http://127.0.0.1:1/x");
    // Where no text is empty, it is said that this is a choice.
    person.act(Action::PreviousField).type_in("x");
    assert_eq!(form(&person).fields.typed(FieldKey::To), "http://127.0.0.1:1/x");
    assert!(form(&person).error.as_ref().unwrap().starts_with("this field is a choice: ← and → change it"));
}

#[test]
fn one_result_takes_the_place_of_its_progress() {
    let mut person = Person::new(1);
    person.tell(Message::Sending(News::Began(SendProgress { total: 1, ..SendProgress::default() })));
    person.tell(Message::Sending(News::Finished(Some(panel(Err("refused"))), "sent".to_owned())));
    assert!(matches!(person.model.sending.screens[..], [SendScreen::Panel]));
    person.act(Action::Back);
    // Who has closed it meanwhile is told in a line.
    person.tell(Message::Sending(News::Began(SendProgress { total: 1, ..SendProgress::default() })));
    person.act(Action::Back);
    person.tell(Message::Sending(News::Finished(Some(panel(Ok(200))), "sent and delivered".to_owned())));
    assert!(person.model.overlay.is_none() && notice(&person).0.starts_with("sent and delivered"));
}

#[test]
fn a_simulation_follows_its_form_and_offers_what_is_subscribed() {
    let mut person = Person::new(0);
    person.model.sending.receivers = vec![Receiver {
        name: "hr".to_owned(),
        url: Some("http://localhost:4000/in".to_owned()),
        path: "/in".to_owned(),
        kind: "reseller",
        events: vec!["desktop.activity_tracking.captured".to_owned()],
    }];
    let asked = |person: &mut Person| match person.effects.pop() {
        Some(Effect::Send(SendTask::Preview(number, task))) => (number, task.saved),
        other => panic!("{other:?}"),
    };
    person.act(Action::Send(SendAction::Simulate));
    let (_, saved) = asked(&mut person);
    assert_eq!((saved.event.unwrap().short(), saved.webhook), ("screenshot", None));
    person.act(Action::Send(SendAction::Right));
    let (number, saved) = asked(&mut person);
    assert_eq!((saved.event.unwrap().short(), saved.webhook.as_deref()), ("activity", Some("hr")));
    assert!(form(&person).fields.get(FieldKey::Items).is_none(), "an activity has no items");
    let preview = |seed| Preview {
        seed,
        target: "http://localhost:4000/in".to_owned(),
        signed: String::new(),
        body: BodyRows::of(Bytes::from_static(b"{}")),
    };
    person.tell(Message::Sending(News::Preview(number - 1, Ok(preview(1)))));
    assert!(form(&person).preview.is_none(), "an answer to what was asked before");
    person.tell(Message::Sending(News::Preview(number, Ok(preview(7)))));
    person.act(Action::Accept);
    assert!(matches!(person.effects.pop(), Some(Effect::Send(SendTask::Simulate(SimulateTask { seed: Some(7), .. })))));
    person.tell(Message::Sending(News::NotSent("Event type not registered (400): …".to_owned())));
    assert!(form(&person).error.as_ref().unwrap().starts_with("Event type not registered"));
}

#[test]
fn two_are_compared_and_attempts_opened() {
    let mut person = Person::new(3);
    person.act(Action::Send(SendAction::Compare));
    assert!(notice(&person).0.contains("mark a delivery with m"));
    person.act(Action::Send(SendAction::Mark)).act(Action::Move(Step::Down)).act(Action::Send(SendAction::Compare));
    assert_eq!(person.effects.pop(), Some(Effect::Send(SendTask::Compare(DeliveryId(3), DeliveryId(2)))));
    let message = ComparedMessage { start: "POST / HTTP/1.1".into(), fields: Vec::new(), body: "{}".into() };
    let same = MessageComparison::of(&message, &message);
    person.tell(Message::Sending(News::Compared(Box::new(ComparisonView::of("two".to_owned(), &same)))));
    assert!(
        matches!(&person.model.sending.screens[..], [SendScreen::Comparison(view)] if view.lines == ["no differences"])
    );
    person.act(Action::Back);
    person.act(Action::Send(SendAction::Attempts));
    assert_eq!(person.effects.pop(), Some(Effect::Send(SendTask::Attempts(DeliveryId(2)))));
    person.tell(Message::Sending(News::Attempts(DeliveryId(2), Vec::new())));
    assert!(notice(&person).0.contains("no replays of #2 yet"));
}

#[test]
fn a_check_grows_row_by_row() {
    let mut person = Person::new(0);
    person.act(Action::Send(SendAction::Check)).act(Action::Accept);
    assert!(form(&person).error.is_some(), "no URL yet");
    person.type_in("localhost:4000").act(Action::Accept);
    assert!(matches!(person.effects.pop(), Some(Effect::Send(SendTask::Check(_)))));
    let came = crate::send::conformance::Observed::answer(200, Duration::from_millis(3), b"\x1b[31m");
    for case in &crate::send::conformance::MATRIX[..2] {
        let scheme = crate::signature::Scheme::default();
        let row = crate::send::conformance::CheckRow::judge(*case, &scheme, came.clone(), false);
        person.tell(Message::Sending(News::CheckRow(Box::new(row), 2)));
    }
    let Some(SendScreen::Check(check)) = person.model.sending.screens.last() else { panic!() };
    assert_eq!((check.rows.len(), check.total), (2, 2));
    person.tell(Message::Sending(News::Checked(Err("gone".to_owned()))));
    assert!(!person.model.sending.is_busy());
    person.effects.clear();
    person.act(Action::Move(Step::Down)).act(Action::Accept).act(Action::Accept);
    assert!(person.effects.is_empty(), "of what was not sent there is no more to show");
    let Some(SendScreen::Check(check)) = person.model.sending.screens.last_mut() else { panic!() };
    let exchange = Arc::new(panel(Ok(401)).attempt.clone());
    check.rows[1].exchange = Some(Arc::clone(&exchange));
    person.act(Action::Accept);
    let Some(Effect::Send(SendTask::Case(shown, words))) = person.effects.pop() else { panic!() };
    assert_eq!(shown, exchange);
    assert!(words.starts_with("✓ pass: ") && words.contains("expected 2xx"), "{words}");
    person.act(Action::Back);
    assert!(
        matches!(&person.model.sending.screens[..], [SendScreen::Form(_), SendScreen::Check(check)] if !check.is_open)
    );
}

#[test]
fn long_work_of_others_is_seen_and_cancelled_from_anywhere() {
    let job = |number, done| JobProgress { number, kind: JobKind::Prune, done, total: 3_400, is_cancelled: false };
    let mut nothing = Person::new(0);
    nothing.act(Action::StopLooking);
    assert!(notice(&nothing).0.starts_with("nothing to stop"));
    // A search of a tab that is not looked at goes on.
    let mut person = Person::new(1);
    person.tell(Message::Jobs(vec![job(1, 200)]));
    let shown = crate::tui::app::view::tests::screen(&mut person.model, 120, 36);
    assert!(shown.lines().next().unwrap().contains("↻ prune 200/3,400"), "{shown}");
    assert!(shown.contains("x cancel"), "{shown}");
    for tab in [Tab::Overview, Tab::Raw] {
        person.act(Action::Show(tab)).act(Action::StopLooking);
        assert_eq!(person.effects.pop(), Some(Effect::CancelJobs(vec![1])));
    }
    assert!(notice(&person).0.starts_with("cancelling prune"));
    // Several are counted together, and quitting asks.
    person.tell(Message::Jobs(vec![job(1, 200), JobProgress { is_cancelled: true, ..job(2, 0) }]));
    let shown = crate::tui::app::view::tests::screen(&mut person.model, 60, 20);
    assert!(shown.lines().next().unwrap().contains("200/6,800"), "{shown}");
    person.act(Action::Quit);
    let Some(Overlay::Confirm(confirm)) = &person.model.overlay else { panic!("it asks") };
    assert_eq!(confirm.question, "2 jobs are still running: they are cut off.");
    person.act(Action::Back);
    person.tell(Message::Jobs(Vec::new())).act(Action::Quit);
    assert_eq!(person.effects.pop(), Some(Effect::Quit));
}

#[test]
fn a_url_that_was_typed_is_there_when_the_form_opens_again() {
    use crate::tui::screens::send::form::FieldKey;
    let mut person = Person::new(1);
    let to = |person: &Person| match person.model.sending.screens.last() {
        Some(SendScreen::Form(form)) => form.fields.typed(FieldKey::To).to_owned(),
        _ => panic!(),
    };
    person.act(Action::Send(SendAction::Replay)).act(Action::NextField);
    person.type_in("http://localhost:8080/hook").act(Action::Back);
    person.act(Action::Send(SendAction::Replay));
    assert_eq!(to(&person), "http://localhost:8080/hook");
    person.act(Action::Back);
    assert!(person.model.overlay.is_none());
}
