//! Screens as text, and what must hold for all of them.

use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use rstest::rstest;

use super::*;
use crate::config::TunnelName;
use crate::config::{Keyring, Registry};
use crate::delivery::{Answer, Delivery, DeliveryId, Intake, Outcome, Summary};
use crate::http::{Head, WireFraming};
use crate::inspect::diagnosis::Subject;
use crate::inspect::{Seen, Sightings};
use crate::query::Query;
use crate::rules::AnswerPolicy;
use crate::server::listener::StatsSnapshot;
use crate::server::tunnel::{FoundTunnel, SourceAnswer, TunnelEnd, Tunnels};
use crate::signature::diagnose::{Budget, Depth, History};
use crate::signature::{Scheme, Secret, SecretOrigin, judge, sign};
use crate::text::is_hidden;
use crate::tui::app::action::{Action, Tab};
use crate::tui::app::effect::Effect;
use crate::tui::app::message::Message;
use crate::tui::app::model::Setup;
use crate::tui::app::step::Step;
use crate::tui::app::update::update;
use crate::tui::screens::answers::state::Answers;
use crate::tui::screens::details::state::LoadedDelivery;
use crate::tui::screens::list::action::ListAction;
use crate::tui::screens::list::page::{PageResult, SortedPlace};
use crate::tui::screens::signature::state::{InquiryFinding, InquiryReport};
use crate::tui::screens::tour::state::{Tour, TourStep};
use crate::tui::theme::palette::ThemePalette;
use crate::tui::theme::{Face, Theme};

mod adopt;
mod answers;
mod attached;
mod colours;
mod drift;
mod extents;
mod help;
mod hostile;
mod images;
mod pointer;
mod redact;
mod sending;
mod status;
mod tunnels;

const SCREENSHOT: &[u8] = include_bytes!("../../../../../assets/samples/screenshot-live.json");
const SIMULATION: &[u8] = include_bytes!("../../../../../assets/samples/app.json");

pub(crate) fn registry() -> Registry {
    let secret = Secret::new("dev", b"a webhook secret".to_vec(), SecretOrigin::Environment("SECRET".to_owned()));
    Registry::new(Vec::new(), Keyring::new(vec![secret]).unwrap(), Scheme::default())
}

fn look() -> Look {
    Look { theme: Theme::new(ThemePalette::Dark), zone: TimeZone::UTC, face: Face::Screen }
}

/// A delivery of `body`, signed with `secret`, 3 seconds old on arrival.
pub(crate) fn delivery(id: i64, body: &[u8], secret: &str, more: &str) -> Delivery {
    let signing = Secret::new("s", secret.as_bytes().to_vec(), SecretOrigin::Typed);
    let signature = sign(&signing, b"1746123456", body);
    let head = Head::from(format!(
        "POST /webhooks/trackpilots HTTP/1.1\r\nHost: localhost:3000\r\nContent-Type: application/json\r\n\
         X-Webhook-Signature: {signature}\r\nX-Webhook-Timestamp: 1746123456\r\n{more}\r\n"
    ));
    let received_at = Timestamp::from_second(1_746_123_459).unwrap();
    let registry = registry();
    let judgement =
        judge(registry.signing_scheme(None), registry.route(head.target()).secrets, &head, body, received_at);
    let (event, image) = crate::payload::capture_facts(body);
    let (reply, rule) = AnswerPolicy::Auto.choose(&Intake::Complete, judgement.verdict);
    let answer = Answer {
        outcome: Outcome::Sent,
        status: reply.status,
        interim: Bytes::new(),
        headers: vec![("content-type".to_owned(), "text/plain; charset=utf-8".into())],
        body_bytes: reply.body.len() as u64,
        body: reply.body,
        rule,
        latency: Duration::from_micros(1234),
    };
    let summary = Summary {
        id: DeliveryId(id),
        received_at,
        remote: "127.0.0.1:50000".to_owned(),
        method: String::from_utf8_lossy(head.method()).into_owned(),
        path: String::from_utf8_lossy(head.target()).into_owned(),
        webhook: None,
        intake: Intake::Complete,
        event,
        judgement,
        body_bytes: body.len() as u64,
        framing_bytes: 0,
        cause: None,
        marks: crate::delivery::Marks::default(),
        image,
        answer: Some(answer.facts()),
    };
    Delivery { summary, head, body: Bytes::copy_from_slice(body), framing: WireFraming::NONE, answer: Some(answer) }
}

/// A model that shows `deliveries` (newest first) with the first selected.
pub(crate) fn model(deliveries: &[Delivery], secrets: Vec<String>) -> Model {
    let setup = Setup {
        url: "http://127.0.0.1:3000".to_owned(),
        store: "/store.db".into(),
        ephemeral: false,
        has_tour: false,
        webhooks: Vec::new(),
        events: Vec::new(),
    };
    let mut model = Model::new(setup, Answers::default(), secrets, Query::default(), String::new());
    let Some(Effect::LoadPage(request)) = model.list_reload() else { panic!() };
    let newest = deliveries.first().map(|delivery| delivery.summary.id);
    let page = PageResult {
        generation: request.generation,
        rows: deliveries.iter().map(|delivery| delivery.summary.clone()).collect(),
        newest,
        at_end: true,
        ..PageResult::default()
    };
    update(&mut model, Message::Page(page));
    let total = deliveries.len() as u64;
    update(&mut model, Message::Counted { total, last: newest.unwrap_or(DeliveryId(0)) });
    if let Some(first) = deliveries.first() {
        select(&mut model, first);
    }
    model
}

fn select(model: &mut Model, delivery: &Delivery) {
    let loaded = LoadedDelivery::prepare(delivery.clone(), &registry());
    update(model, Message::Loaded(delivery.summary.id, Ok(Box::new(loaded))));
}

/// Draws as the interface does: once to learn the sizes, and again with what they need.
pub(crate) fn screen(model: &mut Model, columns: u16, rows: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
    for _ in 0..2 {
        let mut viewport = Viewport::default();
        let mut areas = ScreenAreas::default();
        terminal.draw(|frame| (viewport, areas) = draw_with_areas(frame, model, &look())).unwrap();
        model.areas = areas;
        update(model, Message::Drawn(viewport));
    }
    let buffer = terminal.backend().buffer();
    let line = |row: u16| -> String { (0..columns).map(|column| buffer[(column, row)].symbol()).collect() };
    (0..rows).map(|row| format!("{}\n", line(row).trim_end())).collect()
}

fn three() -> Vec<Delivery> {
    vec![
        delivery(3, SCREENSHOT, "a webhook secret", ""),
        delivery(2, SIMULATION, "another secret", ""),
        delivery(1, b"not json\r\n", "a webhook secret", "Origin: https://evil.example\r\n"),
    ]
}

pub(crate) fn secrets() -> Vec<String> {
    vec!["dev (environment variable SECRET, 16 bytes)".to_owned()]
}

#[rstest]
#[case::overview(Tab::Overview)]
#[case::signature(Tab::Signature)]
#[case::payload(Tab::Payload)]
#[case::image(Tab::Image)]
#[case::headers(Tab::Headers)]
#[case::answer(Tab::Answer)]
#[case::raw(Tab::Raw)]
fn tabs(#[case] tab: Tab) {
    let mut model = model(&three(), secrets());
    update(&mut model, Message::Act(Action::Show(tab)));
    insta::assert_snapshot!(format!("tab_{}", tab.title().to_lowercase()), screen(&mut model, 120, 36));
}

#[rstest]
#[case(40, 10)]
#[case(60, 20)]
#[case(80, 24)]
#[case(120, 36)]
#[case(200, 50)]
fn sizes(#[case] columns: u16, #[case] rows: u16) {
    let mut model = model(&three(), secrets());
    insta::assert_snapshot!(format!("size_{columns}x{rows}"), screen(&mut model, columns, rows));
}

#[rstest]
#[case(40, 10)]
#[case(80, 24)]
#[case(120, 36)]
#[case(200, 50)]
fn the_tour(#[case] columns: u16, #[case] rows: u16) {
    let mut model = model(&three(), secrets());
    model.tour = Some(Tour::default());
    insta::assert_snapshot!(format!("tour_{columns}x{rows}"), screen(&mut model, columns, rows));
    update(&mut model, Message::Act(Action::PickAnswer));
    insta::assert_snapshot!(format!("tour_answer_{columns}x{rows}"), screen(&mut model, columns, rows));
}

/// Each step is read at once where a terminal is as small as most are.
#[test]
fn each_step_of_the_tour_fits_a_small_terminal() {
    for step in TourStep::ALL {
        for is_open in [false, true] {
            let mut model = model(&three(), secrets());
            if is_open {
                update(&mut model, Message::Act(Action::PickAnswer));
            }
            model.tour = Some(Tour { step });
            let screen = screen(&mut model, 80, 24);
            let step = if is_open { step.max(TourStep::Answer) } else { step };
            assert!(screen.contains(&format!("Tour {} of 5  {}", step.number(), step.title())), "{screen}");
            assert_eq!(screen.contains("Esc leaves the tour"), !is_open, "{screen}");
        }
    }
}

#[rstest]
#[case(60, 20)]
#[case(80, 24)]
#[case(120, 36)]
#[case(200, 50)]
fn a_sorted_list(#[case] columns: u16, #[case] rows: u16) {
    let mut model = model(&three(), secrets());
    update(&mut model, Message::Act(Action::List(ListAction::Sort)));
    let effects = update(&mut model, Message::Choose('s'));
    let Some(Effect::LoadPage(request)) = effects.first() else { panic!("{effects:?}") };
    let mut rows_of: Vec<Summary> = three().into_iter().map(|delivery| delivery.summary).collect();
    rows_of.sort_by_key(|row| std::cmp::Reverse(row.body_bytes));
    let page = PageResult {
        generation: request.generation,
        newest: Some(DeliveryId(3)),
        rows: rows_of,
        place: Some(SortedPlace { first: 0, all: 3, is_cut: false }),
        ..PageResult::default()
    };
    update(&mut model, Message::Page(page));
    insta::assert_snapshot!(format!("sorted_{columns}x{rows}"), screen(&mut model, columns, rows));
    update(&mut model, Message::Act(Action::List(ListAction::Sort)));
    insta::assert_snapshot!(format!("sort_menu_{columns}x{rows}"), screen(&mut model, columns, rows));
}

#[rstest]
#[case("form", "application/x-www-form-urlencoded", b"event=a&note=caf%C3%A9+au+lait&bad=%zz&event=again&flag".to_vec())]
#[case("xml", "application/json", b"<?xml version=\"1.0\"?><event id=\"1\"><name>desktop</name><data><item k=\"v\"/></data></event>".to_vec())]
#[case("binary", "application/octet-stream", [b"\0\x01\xff".repeat(9), b"text".to_vec()].concat())]
#[case("multipart", "multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data; name=\"event\"\r\n\r\n{\"a\":\n1}\r\n--x\r\nContent-Disposition: form-data; name=i; filename=shot.jpg\r\n\r\n\xff\xd8\xff\xdb\0\x43\0\x03\x02\x02\x03\x02\x02\x03\x03\x03\r\n".to_vec())]
fn bodies_that_are_no_json(#[case] name: &str, #[case] media: &str, #[case] body: Vec<u8>) {
    let mut delivery = delivery(1, &body, "a webhook secret", "");
    let head = String::from_utf8_lossy(&delivery.head).replace("application/json", media);
    delivery.head = Head::from(head);
    let mut model = model(&[delivery], secrets());
    update(&mut model, Message::Act(Action::Show(Tab::Payload)));
    insta::assert_snapshot!(format!("body_{name}"), screen(&mut model, 120, 30));
}

#[test]
fn a_compressed_event_is_a_tree() {
    use std::io::Write as _;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(SCREENSHOT).unwrap();
    let delivery = delivery(1, &gzip.finish().unwrap(), "a webhook secret", "Content-Encoding: gzip\r\n");
    let mut model = model(&[delivery], secrets());
    assert_eq!(model.loaded().unwrap().images.len(), 1);
    let overview = screen(&mut model, 120, 36);
    assert!(overview.contains("desktop.screenshot_tracking.captured"), "{overview}");
    update(&mut model, Message::Act(Action::Show(Tab::Payload)));
    insta::assert_snapshot!("body_gzip", screen(&mut model, 120, 36));
}

#[test]
fn what_is_not_known_yet_of_a_large_delivery_is_being_read() {
    let rows = [delivery(2, SIMULATION, "a webhook secret", ""), delivery(1, SCREENSHOT, "a webhook secret", "")];
    let mut model = model(&rows, secrets());
    update(&mut model, Message::Act(Action::Move(Step::Down)));
    let (loaded, unread) = LoadedDelivery::begin(rows[1].clone(), &registry());
    update(&mut model, Message::Loaded(DeliveryId(1), Ok(Box::new(loaded))));
    let shown = |model: &mut Model, tab| {
        update(model, Message::Act(Action::Show(tab)));
        screen(model, 120, 36)
    };
    let payload = shown(&mut model, Tab::Payload);
    assert!(payload.contains("reading the event …") && payload.contains("\"imageBuffer\""), "{payload}");
    assert!(shown(&mut model, Tab::Overview).contains("reading what is in it …"));
    assert!(shown(&mut model, Tab::Image).contains("reading the images …"));
    update(&mut model, Message::Read(DeliveryId(1), Box::new(unread.read(&registry()))));
    for tab in [Tab::Payload, Tab::Overview, Tab::Image] {
        let shown = shown(&mut model, tab);
        assert!(!shown.contains("reading"), "{shown}");
    }
    assert!(shown(&mut model, Tab::Image).contains("data[0].screenshot.imageBuffer"));
}

#[test]
fn the_narrowest_line_still_says_where_it_listens() {
    for secrets in [Vec::new(), secrets()] {
        let shown = screen(&mut model(&three(), secrets), 40, 10);
        let line = shown.lines().next().unwrap();
        assert!(line.contains(":3000") && line.contains("secret") && line.contains("auto"), "{line}");
    }
}

#[test]
fn with_a_filter_the_count_is_of_what_matches() {
    let setup = model(&[], secrets()).setup;
    let query = Query::parse("verdict:bad").unwrap();
    let mut model = Model::new(setup, Answers::default(), secrets(), query, "verdict:bad".to_owned());
    update(&mut model, Message::Counted { total: 3, last: DeliveryId(3) });
    let Some(Effect::LoadPage(request)) = model.list_reload() else { panic!() };
    assert!(screen(&mut model, 120, 36).contains("Deliveries  / verdict:bad  3 in all"), "not known while it is read");
    let rows = vec![three()[1].summary.clone()];
    let page = PageResult {
        generation: request.generation,
        newest: Some(DeliveryId(3)),
        rows,
        at_end: true,
        ..PageResult::default()
    };
    update(&mut model, Message::Page(page));
    let shown = screen(&mut model, 120, 36);
    assert!(shown.contains("Deliveries  / verdict:bad  1 of 3 match"), "{shown}");
    update(&mut model, Message::Act(Action::Pause));
    update(&mut model, Message::Stored { last: DeliveryId(5), stats: StatsSnapshot::default() });
    let shown = screen(&mut model, 200, 50);
    assert!(shown.contains("/ verdict:bad  5 in all  ‖ paused, ≤ 2 new"), "{shown}");
}

#[test]
fn a_mismatch_is_explained_at_a_glance() {
    let signed_with_a_line_end = [delivery(1, SIMULATION, "a webhook secret\n", "")];
    let mut model = model(&signed_with_a_line_end, secrets());
    let registry = registry();
    let found = Subject::of(&signed_with_a_line_end[0], &registry).why(&History::default(), &Budget::default());
    assert!(found.is_proved());
    let finding = InquiryFinding::Why(Depth::Pairs, std::sync::Arc::new(found));
    update(&mut model, Message::Inquiry(DeliveryId(1), InquiryReport::Found(finding)));
    insta::assert_snapshot!(screen(&mut model, 80, 24));
}

#[test]
fn another_senders_headers_are_told_on_the_overview() {
    let more = format!("X-Hub-Signature-256: sha256={}\r\nX-GitHub-Event: push\r\n", "0".repeat(64));
    let deliveries = [delivery(1, SIMULATION, "another secret", &more)];
    let mut model = model(&deliveries, secrets());
    let found = Subject::of(&deliveries[0], &registry()).why(&History::default(), &Budget::default());
    let finding = InquiryFinding::Why(Depth::Pairs, std::sync::Arc::new(found));
    update(&mut model, Message::Inquiry(DeliveryId(1), InquiryReport::Found(finding)));
    for tab in [Tab::Overview, Tab::Signature] {
        update(&mut model, Message::Act(Action::Show(tab)));
        let shown = screen(&mut model, 260, 50);
        assert!(shown.contains("try --scheme github"), "{shown}");
    }
}

#[test]
fn a_mismatch_hides_the_expected_digest_until_asked() {
    let deliveries = [delivery(1, SIMULATION, "another secret", "")];
    let mut model = model(&deliveries, secrets());
    update(&mut model, Message::Act(Action::Show(Tab::Signature)));
    let right = sign(registry().keyring().get("dev").unwrap(), b"1746123456", SIMULATION);
    let hidden = screen(&mut model, 120, 40);
    assert!(hidden.contains("signature mismatch") && hidden.contains("e reveals it"), "{hidden}");
    assert!(!hidden.contains(&right[..32]), "{hidden}");
    update(&mut model, Message::Act(Action::Reveal));
    assert!(screen(&mut model, 120, 40).contains(&right[..32]));
}

#[test]
fn nothing_yet_says_what_to_do() {
    let mut model = model(&[], Vec::new());
    insta::assert_snapshot!("welcome", screen(&mut model, 120, 36));
    update(&mut model, Message::Tunnel(Tunnels::decide(Vec::new(), Some("https://a1.ngrok-free.app"), None)));
    let shown = screen(&mut model, 120, 36);
    assert!(shown.contains("https://a1.ngrok-free.app/webhooks/trackpilots"), "{shown}");
}

#[test]
fn overlays() {
    let mut model = model(&three(), secrets());
    update(&mut model, Message::Act(Action::PickAnswer));
    insta::assert_snapshot!("answers", screen(&mut model, 100, 24));
    update(&mut model, Message::Act(Action::Back));
    update(&mut model, Message::Act(Action::CopyMenu));
    insta::assert_snapshot!("copy", screen(&mut model, 100, 24));
}

#[test]
fn a_secret_being_typed_is_dots() {
    let mut model = model(&[], Vec::new());
    update(&mut model, Message::Act(Action::TypeSecret));
    for character in "hunter2".chars() {
        update(&mut model, Message::Edit(tui_input::InputRequest::InsertChar(character)));
    }
    let shown = screen(&mut model, 80, 24);
    assert!(shown.contains("•••••••  7 characters"), "{shown}");
    assert!(!shown.contains("hunter"), "{shown}");
}

#[test]
fn refusals_and_faults_are_counted_in_sight() {
    let mut model = model(&three(), secrets());
    let stats = StatsSnapshot { refused: 7, ..StatsSnapshot::default() };
    update(&mut model, Message::Stored { last: DeliveryId(3), stats });
    assert!(screen(&mut model, 80, 24).contains("7 requests rejected with 503"));
    update(&mut model, Message::StoreFault("disk full".to_owned()));
    assert!(screen(&mut model, 80, 24).contains("not stored: disk full"));
}

#[test]
fn hints_say_what_a_key_does_now() {
    let mut model = model(&three(), secrets());
    let has = |model: &Model, word: &str| crate::tui::keymap::hints(model).iter().any(|(_, hint)| *hint == word);
    update(&mut model, Message::Act(Action::Show(Tab::Signature)));
    assert!(has(&model, "reveal") && !has(&model, "hide"));
    update(&mut model, Message::Act(Action::Reveal));
    assert!(has(&model, "hide") && !has(&model, "reveal"));
    assert!(model.notice.as_ref().is_some_and(|notice| notice.text.starts_with("expected digest revealed")));
    update(&mut model, Message::Act(Action::Show(Tab::Payload)));
    update(&mut model, Message::Act(Action::Open));
    let as_sent = Action::Payload(crate::tui::screens::payload::action::PayloadAction::AsSent);
    assert!(has(&model, "as sent"));
    update(&mut model, Message::Act(as_sent));
    assert!(has(&model, "decoded") && !has(&model, "as sent"));
}
