//! Sending, by keys and news.

use super::*;
use crate::delivery::{Attempt, AttemptKind, AttemptMode, Failure, Latency, Reply};

pub(super) fn panel(result: Result<u16, &str>) -> Box<Panel> {
    let result = match result {
        Ok(status) => Ok(Reply {
            status,
            head: Bytes::from(format!("HTTP/1.1 {status} X\r\nX-A: 1\r\n\r\n")),
            body: Bytes::from_static(b"said"),
            end: crate::delivery::BodyEnd::Complete,
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
        head: Bytes::from_static(b"POST /x HTTP/1.1\r\nX-Webhook-Signature: aa\r\n\r\n"),
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
    let progress = Progress { what: "a test event".to_owned(), total: 1, ..Progress::default() };
    person.tell(Message::Sending(News::Began(progress)));
    person.act(Action::Send(SendAction::Test));
    assert!(person.effects.is_empty() && notice(&person).0.contains("already"), "one at a time");

    person.tell(Message::Sending(News::Tested(panel(Ok(200)), true)));
    let (said, is_error) = notice(&person);
    assert!(said.contains("200 in 1.5 ms; signed with a secret made up for this run") && !is_error, "{said}");
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
    assert!(said.starts_with("test event sent, and not accepted: 503") && is_error, "{said}");
    person.tell(Message::Sending(News::NotSent("no secret".to_owned())));
    assert_eq!(notice(&person), ("no secret".to_owned(), true));
    assert_eq!(person.model.sending.progress, None);
}
