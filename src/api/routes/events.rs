//! `GET /events`: what happens, as server-sent events.
//!
//! Nothing is queued for a client: it is a place in the store from which is read as fast as it takes. So a slow client
//! holds up nobody, takes no memory, and loses only what was deleted meanwhile, which it is told.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRequestParts, State};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use axum::response::sse::{Event, KeepAlive, Sse};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::{Notify, OwnedSemaphorePermit, mpsc};

use super::Shared;
use super::run_changes::RunChanges;
use super::status::chosen_json;
use crate::api::ApiProblem;
use crate::api::extract::Params;
use crate::api::following::{FollowLook, FollowNews, Following};
use crate::api::openapi::{DocumentedExtractor, RequestShape};
use crate::api::sending::{ChannelStream, PIECE_PATIENCE};
use crate::api::state::ApiState;
use crate::delivery::{DeliveryId, summary_text};
use crate::query::Query;
use crate::rules::Override;
use crate::server::{SessionWatch, Watcher};
use crate::store::Page;
use crate::text;

/// Events that are ready for a client at most.
const READY: usize = 64;
/// A comment is sent so often when nothing happens, so that a connection that has died is noticed.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// When a client that lost its connection should come again.
const RETRY: Duration = Duration::from_secs(1);

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EventParams {
    /// Which deliveries are told, as `list` takes it.
    #[serde(default)]
    filter: String,
    /// The stream begins after the delivery with this number; with the next that comes unless given.
    after: Option<i64>,
    /// Whether a delivery is told with its answer: two seconds later at most, and at once when it is held.
    #[serde(default)]
    answered: bool,
}

type SseFrames = Sse<axum::response::sse::KeepAliveStream<ChannelStream<Result<Event, Infallible>>>>;

pub(super) async fn events(
    State(state): Shared,
    Params(params): Params<EventParams>,
    last_event: LastEventId,
) -> Result<SseFrames, ApiProblem> {
    let query = state.query(&params.filter)?;
    let place = Arc::clone(&state.streams)
        .try_acquire_owned()
        .map_err(|_| ApiProblem::busy(format!("{} event streams are open", ApiState::STREAMS)))?;
    // Watched before the store is read.
    let wake = Arc::new(Notify::new());
    let woken = Arc::clone(&wake);
    let marks_woken = Arc::clone(&wake);
    let marks = state.feed.mark_changes().subscribe(move || marks_woken.notify_one());
    let run = RunChanges::watch(&state, &wake);
    let watch = state.feed.watch(move |_| woken.notify_one());
    let last = match last_event.0.or(params.after) {
        Some(id) => DeliveryId(id),
        None => state.readers.read(|reader| Ok(newest(reader.page(Page::Newest, 1)?))).await?,
    };
    let control = state.feed.control();
    let (held, chosen) = (held_ids(&state), control.chosen());
    let (events, incoming) = mpsc::channel(READY);
    let following = Following::new(query, last, params.answered);
    let stream = EventStream { state, watch, marks, run, wake, events, held, chosen, _place: place };
    tokio::spawn(stream.run(following));
    Ok(Sse::new(ChannelStream(incoming)).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

fn newest(page: Vec<crate::delivery::Summary>) -> DeliveryId {
    page.first().map_or(DeliveryId(0), |summary| summary.id)
}

/// Where a client that was cut off goes on.
pub(super) struct LastEventId(Option<i64>);

impl LastEventId {
    fn read(headers: &HeaderMap) -> Result<Self, ApiProblem> {
        let Some(value) = headers.get("last-event-id") else { return Ok(Self(None)) };
        let id = value.to_str().ok().map(str::trim);
        match id.map(str::parse) {
            _ if id == Some("") => Ok(Self(None)),
            Some(Ok(id)) => Ok(Self(Some(id))),
            _ => Err(ApiProblem::bad("invalid Last-Event-ID: expected a delivery's number")),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for LastEventId {
    type Rejection = ApiProblem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiProblem> {
        Self::read(&parts.headers)
    }
}

impl DocumentedExtractor for LastEventId {
    fn document(shape: &mut RequestShape<'_>) {
        let schema = json!({"type": "integer", "format": "int64"});
        shape.header(
            "Last-Event-ID",
            &schema,
            "The id of the last event that was received: the stream goes on after it",
        );
    }
}

fn held_ids(state: &ApiState) -> BTreeSet<DeliveryId> {
    state.feed.control().held().iter().map(|held| held.id).collect()
}

/// One client's stream.
struct EventStream {
    state: Arc<ApiState>,
    watch: SessionWatch,
    marks: Watcher,
    run: RunChanges,
    wake: Arc<Notify>,
    events: mpsc::Sender<Result<Event, Infallible>>,
    held: BTreeSet<DeliveryId>,
    chosen: Option<Override>,
    _place: OwnedSemaphorePermit,
}

/// The client is gone, or takes nothing.
struct Ended;

impl EventStream {
    async fn run(mut self, mut following: Following) {
        let _ = self.tell(&mut following).await;
        tracing::debug!(last = following.last().0, "event stream ended");
    }

    async fn tell(&mut self, following: &mut Following) -> Result<(), Ended> {
        self.send(Event::default().retry(RETRY).comment("whyhook")).await?;
        let mut closing = self.state.closing.clone();
        loop {
            self.watch.stored.look();
            self.watch.held.look();
            self.watch.answers.look();
            self.changes().await?;
            let look = self.look(following).await?;
            for news in &look.news {
                self.send(event_of(news)).await?;
            }
            if look.more {
                continue;
            }
            let patience = async {
                match look.patience {
                    Some(patience) => tokio::time::sleep(patience).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = self.wake.notified() => {}
                () = patience => {}
                () = self.events.closed() => return Err(Ended),
                _ = closing.wait_for(|closing| *closing) => return Ok(()),
            }
        }
    }

    /// What was done with the listener since the last look.
    async fn changes(&mut self) -> Result<(), Ended> {
        let held = held_ids(&self.state);
        let (added, gone) = (&held - &self.held, &self.held - &held);
        self.held = held;
        for id in added {
            self.send(change(&json!({"what": "held", "id": id.0}))).await?;
        }
        for id in gone {
            self.send(change(&json!({"what": "released", "id": id.0}))).await?;
        }
        // Which they are is not told: a client reads again what it shows.
        if self.marks.look() {
            self.send(change(&json!({"what": "marks"}))).await?;
        }
        let chosen = self.state.feed.control().chosen();
        for news in self.run.news(&self.state) {
            self.send(change(&news)).await?;
        }
        if chosen != self.chosen {
            self.send(change(&json!({"what": "answer", "answer": chosen_json(chosen.as_ref())}))).await?;
            self.chosen = chosen;
        }
        Ok(())
    }

    /// Looks on a thread that may block.
    async fn look(&self, following: &mut Following) -> Result<FollowLook, Ended> {
        let held = self.held.clone();
        let mut moved = std::mem::replace(following, Following::new(Query::default(), DeliveryId(0), false));
        let looked = self.state.readers.read(move |reader| Ok((moved.look(reader, &held)?, moved))).await;
        // A store that cannot be read ends the stream: the client comes again, and hears why.
        let (look, moved) = looked.map_err(|_| Ended)?;
        *following = moved;
        Ok(look)
    }

    async fn send(&self, event: Event) -> Result<(), Ended> {
        match tokio::time::timeout(PIECE_PATIENCE, self.events.send(Ok(event))).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(Ended),
        }
    }
}

fn event_of(news: &FollowNews) -> Event {
    let row = |summary| text::safe_json(&summary_text(summary)).into_owned();
    match news {
        FollowNews::Delivery(summary) => {
            Event::default().event("delivery").id(summary.id.to_string()).data(row(summary))
        }
        FollowNews::Answered(summary) => Event::default().event("answered").data(row(summary)),
        FollowNews::Missed(from, to) => {
            Event::default().event("missed").data(json!({"from": from.0, "to": to.0}).to_string())
        }
    }
}

fn change(what: &Value) -> Event {
    Event::default().event("change").data(text::safe_json(&what.to_string()))
}
