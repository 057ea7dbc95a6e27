//! Sessions replayed from their messages: no terminal, no disk, no clock.

mod answers;
mod attachment;
mod details;
mod filter;
mod keys;
mod large;
mod list;
mod marks;
mod messages;
mod overlays;
mod redact;
mod saving;
mod sending;
mod sorted;
mod tour;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;

use crate::config::{Keyring, Registry};
use crate::delivery::{
    Answer, AnswerFacts, ChosenBy, Delivery, DeliveryId, EventFacts, Intake, Judgement, Outcome, Summary, Verdict,
};
use crate::http::WireFraming;
use crate::query::{ListOrder, Query, Sorting};
use crate::server::listener::StatsSnapshot;
use crate::signature::{Scheme, Secret, SecretOrigin};
use crate::tui::app::action::Action;
use crate::tui::app::effect::Effect;
use crate::tui::app::message::Message;
use crate::tui::app::model::{Model, Setup};
use crate::tui::app::update::update;
use crate::tui::app::viewport::Viewport;
use crate::tui::screens::answers::state::Answers;
use crate::tui::screens::details::state::LoadedDelivery;
use crate::tui::screens::list::page::{Edge, PageRequest, PageResult, SortedPlace};
use crate::tui::screens::signature::state::Question;
use crate::tui::workers::sorted::first_row;

fn setup() -> Setup {
    Setup {
        url: "http://127.0.0.1:3000".to_owned(),
        store: "/store.db".into(),
        ephemeral: false,
        has_tour: false,
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
        // Each of a hundred sizes comes again and again.
        body_bytes: 2 + (id * 37 % 100).unsigned_abs(),
        framing_bytes: 0,
        cause: None,
        marks: crate::delivery::Marks::default(),
        image: None,
        answer: Some(AnswerFacts {
            outcome: Outcome::Sent,
            status: 401,
            rule: ChosenBy::auto(),
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
        if let Some(sorted) = request.sorted {
            return self.sorted_page(request, sorted.sorting);
        }
        let matching = |id: &i64| request.query.matches(&row(*id), None, Timestamp::UNIX_EPOCH);
        let newest = DeliveryId(self.stored);
        let (ids, more): (Vec<i64>, bool) = match request.edge {
            Edge::Newest => take(request, (1..=self.stored).rev().filter(matching)),
            Edge::Before(id) => take(request, (1..id.0).rev().filter(matching)),
            Edge::After(id) => take(request, (id.0 + 1..=self.stored).filter(matching)),
            Edge::Oldest => take(request, (1..=self.stored).filter(matching)),
            Edge::Around(..) => panic!("not sorted"),
        };
        let mut ids = ids;
        ids.sort_unstable_by(|a, b| b.cmp(a));
        let stopped = if more { ids.first().map(|id| DeliveryId(*id)) } else { None };
        PageResult {
            generation: request.generation,
            newest: if matches!(request.edge, Edge::After(_)) { stopped.or(Some(newest)) } else { Some(newest) },
            at_end: !more,
            rows: ids.into_iter().map(row).collect(),
            ..PageResult::default()
        }
    }

    fn sorted_page(&self, request: &PageRequest, sorting: Sorting) -> PageResult {
        let matching = |id: &i64| request.query.matches(&row(*id), None, Timestamp::UNIX_EPOCH);
        let mut all: Vec<Summary> = (1..=self.stored).filter(matching).map(row).collect();
        all.sort_by_key(|row| match sorting.order {
            ListOrder::Oldest => (0, row.id.0),
            ListOrder::Size => (if sorting.reversed { 1 } else { -1 } * row.body_bytes as i64, -row.id.0),
            order => panic!("{order:?}"),
        });
        let ids: Vec<DeliveryId> = all.iter().map(|row| row.id).collect();
        let first = first_row(&ids, request.edge, request.limit);
        PageResult {
            generation: request.generation,
            newest: Some(DeliveryId(self.stored)),
            rows: all.iter().skip(first).take(request.limit).cloned().collect(),
            place: Some(SortedPlace { first: first as u64, all: all.len() as u64, is_cut: false }),
            ..PageResult::default()
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
            rule: ChosenBy::auto(),
            latency: Duration::from_millis(1),
        }),
    };
    LoadedDelivery::prepare(delivery, registry)
}
