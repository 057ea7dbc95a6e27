//! The windows about answers, and the Answer tab.

use std::sync::Arc;

use super::*;
use crate::delivery::{Attempt, AttemptKind, AttemptMode, Sameness, schedule};
use crate::http::{BodyEnd, Failure, HttpResponse, Latency};
use crate::rules::{Held, RuleReader, RuleSet, named};
use crate::tui::app::update::update;
use crate::tui::screens::answer::state::AnswerStory;
use crate::tui::screens::answers::action::AnswerAction;
use crate::tui::screens::answers::state::{AnswersNews, AnswersState};
use crate::tui::screens::send::task::SendTask;

const SIZES: [(u16, u16); 4] = [(60, 20), (80, 24), (120, 36), (200, 50)];

fn state(held: &[i64]) -> AnswersState {
    let later = named("later", 503, &[("X-Id".to_owned(), "{{id}}".to_owned())], Some("not now, {{event}}")).unwrap();
    let own = vec![later];
    let texts = ["is:sim → hold 30s else 401", "event:screenshot → fail 3 per body with later then 200"];
    let rules = texts.map(|text| RuleReader::new(&own).rule(text).unwrap()).to_vec();
    let since = Timestamp::from_second(1_746_123_459).unwrap();
    AnswersState {
        rules: Arc::new(RuleSet::new(rules, Duration::from_secs(10)).with_answers(own)),
        counts: vec![2, 1],
        chosen: None,
        held: held
            .iter()
            .map(|id| Held {
                id: DeliveryId(*id),
                since,
                until: since + jiff::SignedDuration::from_secs(30),
                default: "401".to_owned(),
            })
            .collect(),
        now: since + jiff::SignedDuration::from_secs(12),
    }
}

/// Three deliveries, of which the `held` ones have no answer yet.
fn answering(held: &[i64]) -> Model {
    let deliveries: Vec<Delivery> = [3, 2, 1]
        .into_iter()
        .map(|id| {
            let mut delivery = delivery(id, SCREENSHOT, "a webhook secret", "");
            if held.contains(&id) {
                delivery.answer = None;
                delivery.summary.answer = None;
            }
            delivery
        })
        .collect();
    let mut model = model(&deliveries, Vec::new());
    update(&mut model, Message::Answers(AnswersNews::State(Box::new(state(held)))));
    model.notice = None;
    model
}

fn does(model: &mut Model, action: AnswerAction) {
    update(model, Message::Act(Action::Answer(action)));
}

fn story(model: &mut Model, sent: Vec<Attempt>) {
    let rows = model.list.rows().iter().cloned().map(|row| (row, Sameness::Body)).collect();
    let story = AnswerStory { sent, verified_before: 0, retries: schedule(rows) };
    update(model, Message::Answers(AnswersNews::Story(DeliveryId(3), Ok(Box::new(story)))));
}

fn attempt(result: Result<HttpResponse, Failure>) -> Attempt {
    Attempt {
        delivery: Some(DeliveryId(3)),
        kind: AttemptKind::Forward,
        mode: AttemptMode::AsCaptured,
        at: Timestamp::from_second(1_746_123_459).unwrap(),
        target: "http://localhost:8080/hook".to_owned(),
        peer: None,
        head: Head::default(),
        body: None,
        body_bytes: 2,
        latency: Latency { total: Duration::from_millis(7), ..Latency::default() },
        result,
    }
}

fn snapshots(name: &str, model: &mut Model) {
    for (columns, rows) in SIZES {
        insta::assert_snapshot!(format!("{name}_{columns}x{rows}"), screen(model, columns, rows));
    }
}

#[test]
fn the_picker_shows_what_would_be_sent() {
    let mut model = answering(&[]);
    update(&mut model, Message::Act(Action::PickAnswer));
    snapshots("answers_picker_rules", &mut model);
    for _ in 0..2 {
        update(&mut model, Message::Act(Action::Move(Step::Down)));
    }
    snapshots("answers_picker_own", &mut model);
}

#[test]
fn the_editor_stands_beside_its_preview() {
    let mut model = answering(&[]);
    does(&mut model, AnswerAction::Write);
    update(&mut model, Message::Act(Action::NextField));
    update(&mut model, Message::Paste("X-Event: {{event}}".to_owned().into()));
    snapshots("answers_editor", &mut model);
    update(&mut model, Message::Paste("\nno header".to_owned().into()));
    assert!(screen(&mut model, 120, 36).contains("invalid header 'no header'"));
}

#[test]
fn the_rules_show_how_often_they_answered() {
    let mut model = answering(&[]);
    does(&mut model, AnswerAction::Rules);
    snapshots("answers_rules", &mut model);
    does(&mut model, AnswerAction::AddRule);
    update(&mut model, Message::Paste("is:live → 700".to_owned().into()));
    snapshots("answers_rule_wrong", &mut model);
}

#[test]
fn a_held_delivery_counts_down() {
    let mut model = answering(&[3, 2]);
    update(&mut model, Message::Act(Action::Show(Tab::Answer)));
    snapshots("answers_held", &mut model);
    update(&mut model, Message::Act(Action::Open));
    assert!(screen(&mut model, 120, 36).contains("Answer held delivery 3 with"));
    update(&mut model, Message::Act(Action::Back));
    does(&mut model, AnswerAction::DecideAll);
    assert!(screen(&mut model, 120, 36).contains("Answer all 2 held deliveries with"));
}

#[test]
fn a_server_behind_that_hashes_other_bytes_is_said_first() {
    let mut model = answering(&[]);
    update(&mut model, Message::Act(Action::Show(Tab::Answer)));
    let head = Head::from("HTTP/1.1 401 Unauthorized\r\nContent-Type: application/json\r\n\r\n");
    let body = Bytes::from_static(b"{\"error\":\"Invalid \x1b[31msignature\"}");
    let refused = HttpResponse {
        status: 401,
        interim: Bytes::new(),
        head,
        body_bytes: body.len() as u64,
        body,
        end: BodyEnd::Complete,
    };
    story(&mut model, vec![attempt(Ok(refused))]);
    snapshots("answers_only_here", &mut model);
}

#[test]
fn a_compressed_response_is_shown_readable() {
    use std::io::Read as _;
    let mut body = Vec::new();
    let words = &b"<h1>No such \x1bevent</h1>\nsecond line"[..];
    flate2::read::GzEncoder::new(words, flate2::Compression::fast()).read_to_end(&mut body).unwrap();
    let mut model = answering(&[]);
    update(&mut model, Message::Act(Action::Show(Tab::Answer)));
    let reply = HttpResponse {
        status: 422,
        interim: Bytes::new(),
        head: Head::from(b"HTTP/1.1 422 x\r\nContent-Encoding: gzip\r\nX-Latin: caf\xe9\r\n\r\n".to_vec()),
        body_bytes: body.len() as u64,
        body: body.clone().into(),
        end: BodyEnd::Complete,
    };
    story(&mut model, vec![attempt(Ok(reply))]);
    let shown = screen(&mut model, 200, 50);
    for words in ["gzip: ", "<h1>No such ␛event</h1>", "second line", "X-Latin: caf⟨e9⟩"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    assert!(!shown.contains("signature is over"), "{shown}");
    // What went back to the sender, too.
    if let Some(detail) = &mut model.detail
        && let Ok(loaded) = &mut detail.content
        && let Some(answer) = &mut loaded.delivery.answer
    {
        answer.headers = vec![("content-encoding".to_owned(), Bytes::from_static(b"gzip"))];
        answer.body = body.into();
    }
    story(&mut model, Vec::new());
    let shown = screen(&mut model, 200, 50);
    assert!(shown.contains("second line") && shown.contains("gzip: "), "{shown}");
}

/// What a server answered with this status to an attempt of this kind.
fn answered(kind: AttemptKind, mode: AttemptMode, status: u16) -> Attempt {
    let reply = HttpResponse {
        status,
        interim: Bytes::new(),
        head: Head::from(format!("HTTP/1.1 {status} x\r\n\r\n")),
        body_bytes: 2,
        body: Bytes::from_static(b"ok"),
        end: BodyEnd::Complete,
    };
    Attempt { kind, mode, ..attempt(Ok(reply)) }
}

#[test]
fn a_server_that_accepts_what_does_not_verify_has_two_meanings_until_it_is_probed() {
    let mut wrong = delivery(3, SCREENSHOT, "a webhook secret", "");
    wrong.summary.judgement = crate::delivery::Judgement::bare(crate::delivery::Verdict::Mismatch);
    let mut model = model(&[wrong], Vec::new());
    update(&mut model, Message::Act(Action::Show(Tab::Answer)));
    if let Some(detail) = &mut model.detail
        && let Ok(loaded) = &mut detail.content
    {
        loaded.rejudged = None;
    }
    let forward = answered(AttemptKind::Forward, AttemptMode::AsCaptured, 200);
    story(&mut model, vec![forward.clone()]);
    snapshots("answers_only_there", &mut model);
    let asked = update(&mut model, Message::Act(Action::Answer(AnswerAction::Probe)));
    let url = forward.target.clone();
    assert_eq!(asked, vec![crate::tui::app::effect::Effect::Send(SendTask::Probe(DeliveryId(3), url))]);
    // The answer to the forged copy settles it.
    for (status, words) in [(200, "does not check the signature"), (401, "differs from whyhook's")] {
        story(&mut model, vec![forward.clone(), answered(AttemptKind::Probe, AttemptMode::Forged, status)]);
        let shown = screen(&mut model, 200, 50);
        assert!(shown.contains("Probe: your server") && shown.contains(words), "{shown}");
        assert!(!shown.contains("probably"), "{shown}");
    }
    snapshots("answers_probed", &mut model);
}

#[test]
fn a_server_that_cannot_be_reached_has_advice() {
    let mut model = answering(&[]);
    update(&mut model, Message::Act(Action::Show(Tab::Answer)));
    let failure = Failure {
        code: "refused".to_owned(),
        message: "nothing listens on 127.0.0.1:8080".to_owned(),
        advice: "start the server".to_owned(),
    };
    story(&mut model, vec![attempt(Err(failure))]);
    update(&mut model, Message::Act(Action::Scroll(Step::Last)));
    let shown = screen(&mut model, 120, 50);
    for words in ["nothing listens on", "start the server", "S forwards it again", "3 attempts by the sender"] {
        assert!(shown.contains(words), "{words} in\n{shown}");
    }
}

#[test]
fn what_saving_would_write() {
    use crate::config::file::{ConfigChange, ConfigPart};
    use crate::tui::app::message::Message;
    use crate::tui::screens::saving::state::ConfigNews;
    let file = std::path::PathBuf::from("/home/me/hooks/whyhook.toml");
    let place = std::path::PathBuf::from("/home/me/dotfiles/whyhook/the one for hooks.toml");
    let before = "# ours\nrespond = \"503\" # for now\n\n[[rules]]\nwhen = \"is:sim\"\nthen = \"hold 30s else 401\"\n";
    let rules = state(&[]).rules.rules()[..1].to_vec();
    let part = ConfigPart::Rules(rules);
    let mut model = answering(&[]);
    for (name, place, before) in [("new", &file, None), ("changed", &file, Some(before)), ("linked", &place, Some(""))]
    {
        let before = before.map(|text| zeroize::Zeroizing::new(text.to_owned()));
        let change = ConfigChange::of(file.clone(), place.clone(), before, &part).unwrap();
        update(&mut model, Message::Act(Action::Answer(AnswerAction::Rules)));
        update(&mut model, Message::Config(ConfigNews::Made(Ok(Arc::new(change)))));
        for (columns, rows) in SIZES {
            insta::assert_snapshot!(format!("saving_{name}_{columns}x{rows}"), screen(&mut model, columns, rows));
        }
        update(&mut model, Message::Act(Action::Back));
    }
}
