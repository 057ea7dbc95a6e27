//! The screens of sendings, at every size that is common.

use ratatui::style::Modifier;

use super::*;
use crate::delivery::{Attempt, AttemptKind, AttemptMode};
use crate::diff::{ComparedMessage, MessageComparison};
use crate::http::{Failure, HttpResponse, Latency};
use crate::send::conformance::{
    CheckFinding, CheckReport, CheckRow, MATRIX, NoVerdict, Observed, ReceiverFault, Remedy, case_named,
};
use crate::signature::SigningKind;
use crate::tui::app::update::update;
use crate::tui::screens::send::action::SendAction;
use crate::tui::screens::send::panel::{BodyRows, Panel};
use crate::tui::screens::send::state::{CheckView, ComparisonView, Receiver, SendProgress, SentOfMany};
use crate::tui::screens::send::task::{News, Preview, SendTask};

fn attempt(result: Result<HttpResponse, Failure>) -> Panel {
    let head = b"POST /in HTTP/1.1\r\nX-Webhook-Signature: aa\x1b\r\nX-Webhook-Timestamp: 1746123456\r\n\r\n";
    let attempt = Attempt {
        delivery: Some(DeliveryId(3)),
        kind: AttemptKind::Simulation,
        mode: AttemptMode::Resigned,
        at: Timestamp::from_second(1_746_123_456).unwrap(),
        target: "http://localhost:4000/in".to_owned(),
        peer: None,
        head: Head::read(Bytes::from_static(head)),
        body: None,
        body_bytes: SIMULATION.len() as u64,
        latency: Latency {
            connect: Some(Duration::from_micros(300)),
            total: Duration::from_micros(4500),
            ..Latency::default()
        },
        result,
    };
    let remarks = vec![("Earlier", "200: the same response as the previous attempt".to_owned())];
    Panel::new(attempt, Bytes::from_static(SIMULATION), &Scheme::default(), remarks)
}

fn refused() -> Panel {
    attempt(Err(Failure {
        code: "refused".to_owned(),
        message: "cannot connect to 127.0.0.1:4000: connection refused".to_owned(),
        advice: "start the server, or look at the port".to_owned(),
    }))
}

fn answered() -> Panel {
    attempt(Ok(HttpResponse {
        status: 503,
        interim: Bytes::new(),
        head: Head::from("HTTP/1.1 503 Service Unavailable\r\nX-A: \x1b[31m\r\n\r\n"),
        body: Bytes::from_static(b"no\x1b[2J"),
        body_bytes: 3_000_000,
        end: crate::http::BodyEnd::Complete,
    }))
}

fn tell(model: &mut Model, news: News) {
    update(model, Message::Sending(news));
}

fn shown(name: &str, model: &mut Model) {
    for (columns, rows) in [(60, 20), (80, 24), (120, 36), (200, 50)] {
        let screen = screen(model, columns, rows);
        assert!(!screen.chars().any(|character| character != '\n' && is_hidden(character)), "{screen}");
        insta::assert_snapshot!(format!("sending_{name}_{columns}x{rows}"), screen);
    }
}

#[test]
fn results() {
    for (name, panel) in [("refused", refused()), ("answered", answered())] {
        let mut model = model(&three(), secrets());
        tell(&mut model, News::Tested(Box::new(panel), false));
        update(&mut model, Message::Act(Action::Send(SendAction::Last)));
        shown(name, &mut model);
    }
}

#[test]
fn forms() {
    let mut model = model(&three(), secrets());
    update(&mut model, Message::Act(Action::Send(SendAction::Replay)));
    shown("replay", &mut model);
    update(&mut model, Message::Act(Action::Back));
    model.sending.receivers = vec![Receiver {
        name: "hr".to_owned(),
        url: Some("https://hooks.example.com/in".to_owned()),
        path: "/in".to_owned(),
        kind: "reseller",
        events: Vec::new(),
    }];
    update(&mut model, Message::Act(Action::Send(SendAction::Simulate)));
    let effects = update(&mut model, Message::Act(Action::Send(SendAction::Right)));
    let Some(Effect::Send(SendTask::Preview(number, _))) = effects.into_iter().next() else { panic!() };
    let preview = Preview {
        seed: 1,
        target: "https://hooks.example.com/in".to_owned(),
        signed: "the secret dev, in milliseconds".to_owned(),
        body: BodyRows::of(Bytes::from_static(SIMULATION)),
    };
    tell(&mut model, News::Preview(number, Ok(preview)));
    shown("simulate", &mut model);
}

#[test]
fn progress_of_many() {
    let mut model = model(&three(), secrets());
    tell(
        &mut model,
        News::Began(SendProgress { what: "3 deliveries".to_owned(), total: 3, ..SendProgress::default() }),
    );
    for (status, words) in [(Some(200), "3.2 ms"), (None, "connection refused\u{1b}")] {
        let sent = SentOfMany {
            what: "#7".to_owned(),
            target: "http://localhost:4000/in".to_owned(),
            status,
            words: words.to_owned(),
            is_delivered: status.is_some(),
        };
        tell(&mut model, News::Sent(sent));
    }
    shown("progress", &mut model);
}

#[test]
fn a_check() {
    let mut model = model(&three(), secrets());
    let rows = MATRIX.iter().take(30).enumerate().map(|(index, case)| {
        let status = if index % 7 == 3 { 500 } else { 200 };
        let came = Observed::answer(status, Duration::from_millis(3), b"\x1b[31mno");
        CheckRow::judge(*case, &Scheme::default(), came, false)
    });
    let view = CheckView {
        to: "http://localhost:4000/in".to_owned(),
        rows: rows.collect(),
        total: 64,
        ..CheckView::default()
    };
    model.sending.screens.push(crate::tui::screens::send::state::SendScreen::Check(Box::new(view)));
    model.overlay = Some(crate::tui::app::overlay::state::Overlay::Sending);
    shown("check", &mut model);
    update(&mut model, Message::Act(Action::Move(Step::Last)));
    update(&mut model, Message::Act(Action::Accept));
    shown("check_row", &mut model);
}

/// A report of a check, with what is given instead.
fn report(rows: Vec<CheckRow>, findings: Vec<CheckFinding>, no_verdict: Option<NoVerdict>) -> CheckReport {
    CheckReport {
        target: "http://localhost:4000/in".to_owned(),
        scheme: Scheme::default(),
        kind: SigningKind::Developer,
        max_age: None,
        rows,
        left_out: Vec::new(),
        findings,
        no_verdict,
    }
}

#[test]
fn a_finished_check() {
    let answered = |name: &str, status: u16| {
        let came = Observed::answer(status, Duration::from_millis(3), b"Invalid \x1b[31msignature");
        CheckRow::judge(*case_named(name).unwrap(), &Scheme::default(), came, false)
    };
    let rows = vec![answered("app-live", 200), answered("json-spaced", 401), answered("wrong-secret", 401)];
    let remedy = Remedy {
        means: "A valid delivery is refused.".to_owned(),
        fix: "Verify the raw bytes, and parse them afterwards.".to_owned(),
        // Longer than a small terminal is wide, and still all of it.
        code: "app.post('/webhooks/trackpilots', express.raw({ type: '*/*', limit: '20mb' }), (req, res) => verify(req.body) /* END */)".to_owned(),
    };
    let finding = CheckFinding {
        fault: ReceiverFault::HashesReserialisedBody,
        title: "hashes a re-serialised body".to_owned(),
        required: true,
        proof: vec!["json-spaced"],
        detail: "answered 401 “Invalid \x1b[31msignature”".to_owned(),
        remedy,
        mistake: None,
    };
    for (name, report) in [
        ("check_report", report(rows.clone(), vec![finding], None)),
        ("check_cancelled", report(rows[..1].to_vec(), Vec::new(), Some(NoVerdict::Cancelled))),
    ] {
        let mut model = model(&three(), secrets());
        let view = CheckView { to: report.target.clone(), total: 3, ..CheckView::default() };
        model.sending.screens.push(crate::tui::screens::send::state::SendScreen::Check(Box::new(view)));
        model.overlay = Some(crate::tui::app::overlay::state::Overlay::Sending);
        tell(&mut model, News::Checked(Ok(Box::new(report))));
        shown(name, &mut model);
        update(&mut model, Message::Act(Action::Accept));
        shown(&format!("{name}_row"), &mut model);
    }
}

#[test]
fn a_comparison() {
    let mut model = model(&three(), secrets());
    let message = |head: &str, body: &str| {
        ComparedMessage::of(&Head::from(head.to_owned()), &Bytes::copy_from_slice(body.as_bytes()))
    };
    let from = message(
        "POST /webhooks/trackpilots HTTP/1.1\r\nHost: localhost:3000\r\nX-Webhook-Timestamp: 1746123456\r\n\r\n",
        r#"{"event":"desktop.app_tracking.captured","count":1.0,"gone":true,"of":[1,2]}"#,
    );
    let long = "0123456789abcdef".repeat(8);
    let to = message(
        &format!(
            "POST /webhooks/other HTTP/1.1\r\nHost: localhost:3000\r\nX-Webhook-Timestamp: 1746123499\r\nX-Long: {long}\r\nX-Odd: \u{1b}[31m\r\n\r\n"
        ),
        "{\"event\":\"desktop.screenshot_tracking.captured\",\"count\":1.00,\"of\":[1,true]}",
    );
    let view = ComparisonView::of("- #3   + #2".to_owned(), &MessageComparison::of(&from, &to));
    tell(&mut model, News::Compared(Box::new(view)));
    for (columns, rows) in [(60, 20), (80, 24), (120, 36), (159, 40), (160, 40), (200, 50)] {
        insta::assert_snapshot!(format!("sending_comparison_{columns}x{rows}"), screen(&mut model, columns, rows));
    }
    // Marked in its own way on the right and on the left; what is the same is not marked.
    let mut terminal = Terminal::new(TestBackend::new(200, 50)).unwrap();
    terminal.draw(|frame| _ = draw(frame, &model, &look())).unwrap();
    let cells = terminal.backend().buffer().content();
    let text: Vec<&str> = cells.iter().map(ratatui::buffer::Cell::symbol).collect();
    let is_marked = |part: &str| {
        let part: Vec<String> = part.chars().map(String::from).collect();
        let at = text.windows(part.len()).rposition(|window| window == part).unwrap();
        cells[at..at + part.len()].iter().all(|cell| cell.modifier.contains(Modifier::UNDERLINED))
    };
    assert!(is_marked("trackpilots") && is_marked("other") && is_marked("99") && is_marked("gone: true"));
    assert!(!is_marked("POST") && !is_marked("17461234") && !is_marked("X-Webhook-Timestamp"));
}
