//! Sessions replayed from their messages: no terminal, no disk, no clock.

mod answers;
mod large;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;

use crate::config::{Keyring, Registry};
use crate::delivery::{
    Answer, AnswerFacts, Delivery, DeliveryId, EventFacts, Intake, Judgement, Outcome, Summary, Verdict,
};
use crate::http::WireFraming;
use crate::query::Query;
use crate::server::listener::StatsSnapshot;
use crate::server::tunnel::TunnelState;
use crate::signature::diagnose::{Budget, Depth, Diagnosis, History};
use crate::signature::{Scheme, Secret, SecretOrigin};
use crate::tui::app::action::{Action, Tab};
use crate::tui::app::effect::Effect;
use crate::tui::app::message::Message;
use crate::tui::app::model::{Focus, Model, Setup};
use crate::tui::app::overlay::state::Overlay;
use crate::tui::app::step::Step;
use crate::tui::app::update::update;
use crate::tui::app::viewport::Viewport;
use crate::tui::screens::answers::state::Answers;
use crate::tui::screens::details::state::LoadedDelivery;
use crate::tui::screens::list::page::{Edge, PageRequest, PageResult};
use crate::tui::screens::signature::state::{InquiryFinding, InquiryReport, Question};

mod saving;
mod sending;

fn setup() -> Setup {
    Setup {
        url: "http://127.0.0.1:3000".to_owned(),
        store: "/store.db".into(),
        ephemeral: false,
        webhooks: Vec::new(),
        events: Vec::new(),
    }
}

fn row(id: i64) -> Summary {
    Summary {
        id: DeliveryId(id),
        received_at: Timestamp::from_second(1_746_123_456 + id).unwrap(),
        remote: "127.0.0.1:50000".to_owned(),
        method: "POST".to_owned(),
        path: format!("/webhooks/trackpilots?n={id}"),
        webhook: None,
        intake: Intake::Complete,
        event: EventFacts::default(),
        judgement: Judgement::bare(Verdict::NoSecret),
        body_bytes: 2,
        framing_bytes: 0,
        image: None,
        answer: Some(AnswerFacts {
            outcome: Outcome::Sent,
            status: 401,
            rule: "auto".to_owned(),
            latency: Duration::from_millis(1),
        }),
    }
}

/// A person at an interface whose store holds deliveries 1 to `stored`.
struct Person {
    model: Model,
    stored: i64,
    effects: Vec<Effect>,
    /// Questions about deliveries, in the order in which they were asked.
    asked: Vec<(i64, Question)>,
}

impl Person {
    fn new(stored: i64) -> Self {
        let mut model = Model::new(setup(), Answers::default(), Vec::new(), Query::default(), String::new());
        model.viewport = Viewport { list_rows: 10, detail_rows: 20, detail_columns: 60, ..Viewport::default() };
        let mut person = Self { model, stored, effects: Vec::new(), asked: Vec::new() };
        let first = person.model.list_reload();
        person.effects.extend(first);
        person.settle();
        person
    }

    fn tell(&mut self, message: Message) -> &mut Self {
        for effect in update(&mut self.model, message) {
            match effect {
                Effect::Inquire(id, question) => self.asked.push((id.0, question)),
                other => self.effects.push(other),
            }
        }
        self
    }

    fn act(&mut self, action: Action) -> &mut Self {
        self.tell(Message::Act(action));
        self.settle()
    }

    fn type_in(&mut self, text: &str) -> &mut Self {
        for character in text.chars() {
            self.tell(Message::Edit(tui_input::InputRequest::InsertChar(character)));
        }
        self.settle()
    }

    fn deliveries_arrive(&mut self, count: i64) -> &mut Self {
        self.stored += count;
        let last = DeliveryId(self.stored);
        self.tell(Message::Stored { last, stats: StatsSnapshot::default() });
        self.settle()
    }

    /// Plays the store: answers reads until none is left.
    fn settle(&mut self) -> &mut Self {
        for _ in 0..100 {
            let Some(at) = self.effects.iter().position(|effect| {
                matches!(effect, Effect::LoadPage(_) | Effect::Load(_) | Effect::LoadAnswer(_) | Effect::Reread(_))
            }) else {
                return self;
            };
            let message = match self.effects.remove(at) {
                Effect::LoadPage(request) => Message::Page(self.page(&request)),
                Effect::Load(id) => Message::Loaded(id, Ok(Box::new(loaded(id, &registry())))),
                Effect::LoadAnswer(id) => {
                    Message::Answered(Box::new(row(id.0)), loaded(id, &registry()).delivery.answer)
                }
                Effect::Reread(ids) => Message::Reread(ids.into_iter().map(|id| row(id.0)).collect()),
                other => panic!("{other:?}"),
            };
            self.tell(message);
        }
        panic!("reads never end");
    }

    fn page(&self, request: &PageRequest) -> PageResult {
        let matching = |id: &i64| request.query.matches(&row(*id), None, Timestamp::UNIX_EPOCH);
        let newest = DeliveryId(self.stored);
        let (ids, more): (Vec<i64>, bool) = match request.edge {
            Edge::Newest => take(request, (1..=self.stored).rev().filter(matching)),
            Edge::Before(id) => take(request, (1..id.0).rev().filter(matching)),
            Edge::After(id) => take(request, (id.0 + 1..=self.stored).filter(matching)),
            Edge::Oldest => take(request, (1..=self.stored).filter(matching)),
        };
        let mut ids = ids;
        ids.sort_unstable_by(|a, b| b.cmp(a));
        let stopped = if more { ids.first().map(|id| DeliveryId(*id)) } else { None };
        PageResult {
            generation: request.generation,
            newest: if matches!(request.edge, Edge::After(_)) { stopped.or(Some(newest)) } else { Some(newest) },
            reached: None,
            more_follows: false,
            at_end: !more,
            rows: ids.into_iter().map(row).collect(),
            error: None,
        }
    }

    fn selected(&self) -> i64 {
        self.model.list.selected().map_or(0, |id| id.0)
    }

    /// The row at the top of the screen.
    fn top(&self) -> i64 {
        self.model.list.rows().get(self.model.list.top()).map_or(0, |row| row.id.0)
    }

    fn shown(&self) -> i64 {
        self.model.detail.as_ref().map_or(0, |detail| detail.id.0)
    }
}

fn take(request: &PageRequest, ids: impl Iterator<Item = i64>) -> (Vec<i64>, bool) {
    let mut ids: Vec<i64> = ids.take(request.limit + 1).collect();
    let more = ids.len() > request.limit;
    ids.truncate(request.limit);
    (ids, more)
}

fn registry() -> Registry {
    let secret = Secret::new("dev", b"a webhook secret".to_vec(), SecretOrigin::Typed);
    Registry::new(Vec::new(), Keyring::new(vec![secret]).unwrap(), Scheme::default())
}

fn loaded(id: DeliveryId, registry: &Registry) -> LoadedDelivery {
    let head =
        "POST /webhooks/trackpilots HTTP/1.1\r\nX-Webhook-Signature: aa\r\nX-Webhook-Timestamp: 1746123456\r\n\r\n";
    let delivery = Delivery {
        summary: row(id.0),
        head: head.into(),
        body: Bytes::from_static(b"{}"),
        framing: WireFraming::NONE,
        answer: Some(Answer {
            outcome: Outcome::Sent,
            status: 401,
            interim: Bytes::new(),
            headers: Vec::new(),
            body_bytes: 0,
            body: Bytes::new(),
            rule: "auto".to_owned(),
            latency: Duration::from_millis(1),
        }),
    };
    LoadedDelivery::prepare(delivery, registry)
}

#[test]
fn the_newest_delivery_is_followed_until_the_person_moves() {
    let mut person = Person::new(0);
    assert_eq!(person.selected(), 0);
    person.deliveries_arrive(1);
    assert_eq!((person.selected(), person.shown()), (1, 1));
    person.deliveries_arrive(2);
    assert_eq!((person.selected(), person.shown()), (3, 3));
    person.act(Action::Move(Step::Down));
    assert_eq!((person.selected(), person.shown()), (2, 2));
    person.deliveries_arrive(5);
    assert_eq!((person.selected(), person.shown()), (2, 2), "new deliveries do not steal the selection");
    assert_eq!(person.model.list.rows()[0].id, DeliveryId(8), "but they are in the list");
    person.act(Action::Follow);
    assert_eq!((person.selected(), person.shown()), (8, 8));
}

#[test]
fn a_scrolled_screen_holds_still_while_deliveries_arrive() {
    let mut person = Person::new(100);
    for _ in 0..20 {
        person.act(Action::Move(Step::Down));
    }
    let (top, selected) = (person.top(), person.selected());
    person.deliveries_arrive(7);
    assert_eq!((person.top(), person.selected()), (top, selected));
}

#[test]
fn a_pause_holds_the_list_and_counts_what_comes() {
    let mut person = Person::new(3);
    person.act(Action::Pause).deliveries_arrive(4);
    assert_eq!((person.model.list.rows().len(), person.model.list.unseen()), (3, 4));
    person.act(Action::Pause);
    assert_eq!((person.model.list.rows().len(), person.model.list.unseen()), (7, 0));
    assert_eq!(person.selected(), 7);
}

#[test]
fn a_store_of_any_size_costs_a_window() {
    let mut person = Person::new(1_000_000);
    for _ in 0..300 {
        person.act(Action::Move(Step::PageDown));
    }
    assert_eq!(person.selected(), 1_000_000 - 300 * 9);
    assert!(person.model.list.rows().len() <= 600, "{}", person.model.list.rows().len());
    person.act(Action::Move(Step::Last));
    assert_eq!(person.selected(), 1);
    person.act(Action::Move(Step::Up));
    assert_eq!(person.selected(), 2);
    for _ in 0..100 {
        person.act(Action::Move(Step::PageUp));
    }
    assert_eq!(person.selected(), 902);
    person.act(Action::Move(Step::First));
    assert_eq!(person.selected(), 1_000_000);
}

#[test]
fn rows_are_each_there_once_and_in_order_however_one_moves() {
    let mut person = Person::new(3_000);
    person.act(Action::Move(Step::Down));
    let moves = [Step::PageDown, Step::Last, Step::PageUp, Step::HalfUp, Step::First, Step::PageDown, Step::PageDown];
    for round in 0..80 {
        person.act(Action::Move(moves[round % moves.len()]));
        person.deliveries_arrive(i64::try_from(round).unwrap() * 9 % 400);
        let ids: Vec<i64> = person.model.list.rows().iter().map(|row| row.id.0).collect();
        assert!(ids.windows(2).all(|pair| pair[0] == pair[1] + 1), "round {round}: {ids:?}");
        assert!(ids.contains(&person.selected()), "round {round}");
    }
}

#[test]
fn a_flood_is_followed_to_its_newest() {
    let mut person = Person::new(10);
    person.deliveries_arrive(5_000);
    assert_eq!(person.selected(), 5_010);
    assert_eq!(person.model.list.unseen(), 0);
}

#[test]
fn a_filter_narrows_while_typing_and_esc_takes_it_back() {
    let mut person = Person::new(50);
    person.act(Action::Filter).type_in("id:10..12");
    let ids: Vec<i64> = person.model.list.rows().iter().map(|row| row.id.0).collect();
    assert_eq!(ids, [12, 11, 10]);
    assert!(ids.contains(&person.selected()));
    person.act(Action::Back);
    assert_eq!(person.model.list.rows().len(), 50);

    person.act(Action::Filter).type_in("id:10..12").act(Action::Accept);
    assert!(person.model.overlay.is_none());
    assert_eq!(person.model.list.filter(), "id:10..12");
    person.deliveries_arrive(3);
    assert_eq!(person.model.list.rows().len(), 3, "what does not match stays out");
    person.act(Action::Back);
    assert_eq!(person.model.list.rows().len(), 53);
}

#[test]
fn a_wrong_filter_says_so_and_changes_nothing() {
    let mut person = Person::new(5);
    person.act(Action::Filter).type_in("status:abc");
    let Some(Overlay::Prompt(prompt)) = &person.model.overlay else { panic!() };
    assert!(prompt.error.is_some());
    person.act(Action::Accept);
    assert!(person.model.overlay.is_some(), "a wrong filter is not accepted");
}

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
    person.tell(Message::Tunnel(TunnelState::Ours {
        public_url: "https://a1.ngrok-free.app".to_owned(),
        others: Vec::new(),
    }));
    person.act(Action::CopyPublicUrl);
    let [Effect::Copy { text, .. }] = &person.effects[..] else { panic!() };
    assert_eq!(text, "https://a1.ngrok-free.app/webhooks/trackpilots");
}

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
fn the_expected_digest_is_hidden_again_with_the_next_delivery() {
    let mut person = Person::new(2);
    person.act(Action::Reveal);
    assert!(person.model.revealed && person.model.tab == Tab::Signature);
    person.act(Action::Move(Step::Down));
    assert!(!person.model.revealed);
}

#[test]
fn an_answer_that_comes_later_is_shown() {
    let mut person = Person::new(0);
    person.stored = 1;
    let unanswered = Summary { answer: None, ..row(1) };
    person.tell(Message::Stored { last: DeliveryId(1), stats: StatsSnapshot::default() });
    let Some(Effect::LoadPage(request)) = person.effects.pop() else { panic!() };
    let page = PageResult { rows: vec![unanswered], ..person.page(&request) };
    person.tell(Message::Page(page)).settle();
    assert!(person.model.list.rows()[0].answer.is_none());
    person.tell(Message::Stored { last: DeliveryId(1), stats: StatsSnapshot::default() }).settle();
    assert!(person.model.list.rows()[0].answer.is_some());
}

#[test]
fn a_store_fault_stays_until_a_delivery_is_kept() {
    let mut person = Person::new(1);
    person.tell(Message::StoreFault("disk full".to_owned()));
    assert!(person.model.fault.is_some());
    person.deliveries_arrive(1);
    assert!(person.model.fault.is_none());
}

#[test]
fn the_total_is_counted_once_and_then_kept() {
    let mut person = Person::new(7);
    assert_eq!(person.model.total(), None);
    person.tell(Message::Counted { total: 5, last: DeliveryId(7) });
    person.deliveries_arrive(2);
    assert_eq!(person.model.total(), Some(7));
}

#[test]
fn commands_are_found_by_their_words() {
    let mut person = Person::new(1);
    person.act(Action::Commands).type_in("tab hea").act(Action::Accept);
    assert_eq!(person.model.tab, Tab::Headers);
}

fn diagnosis(loaded: &LoadedDelivery) -> Arc<Diagnosis> {
    let registry = registry();
    let subject = crate::inspect::diagnosis::Subject::of(&loaded.delivery, &registry);
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
    person.act(Action::Compare).type_in("digest: abc").act(Action::Accept);
    assert_eq!(person.asked.last(), Some(&(1, Question::ExplainDigest("digest: abc".to_owned()))));
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
    let right = crate::signature::sign(&secret, b"1746123456", b"{}");
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
    let signature = crate::signature::sign(&secret, b"1746123456", b"\n{}");
    let head =
        format!("POST / HTTP/1.1\r\nX-Webhook-Signature: {signature}\r\nX-Webhook-Timestamp: 1746123456\r\n\r\n");
    loaded.delivery.head = crate::http::Head::from(head);
    let trial = crate::tui::screens::signature::trial::Trial::of(&loaded);
    assert_eq!(trial.text(crate::tui::screens::signature::trial::TrialField::Template), "{timestamp}.␊{body}");
    assert_eq!(trial.verdict.as_ref().unwrap().verdict, crate::delivery::Verdict::Verified);
}
