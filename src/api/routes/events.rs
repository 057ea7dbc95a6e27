//! `GET /events`: what happens, as server-sent events.
//!
//! Nothing is queued for a client: it is a place in the store from which is read as fast as it takes. So a slow client
//! holds up nobody, takes no memory, and loses only what was deleted meanwhile, which it is told.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::{FromRequestParts, State};
use axum::http::HeaderMap;
use axum::http::header;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::{Notify, OwnedSemaphorePermit, mpsc};

use super::Shared;
use super::run_changes::RunChanges;
use super::status::chosen_json;
use crate::api::ApiProblem;
use crate::api::extract::Params;
use crate::api::following::{AnsweringListener, FollowLook, FollowNews, Following, NoResumePoint, ResumePoint};
use crate::api::openapi::{DocumentedExtractor, RequestShape};
use crate::api::sending::{ChannelStream, PIECE_PATIENCE};
use crate::api::sse::EventText;
use crate::api::state::ApiState;
use crate::delivery::{DeliveryId, summary_text};
use crate::query::Query;
use crate::rules::Override;
use crate::server::{SessionWatch, Watcher};
use crate::store::Page;
use crate::text;

/// Pieces of the stream that are ready for a client at most.
const READY: usize = 2;
/// Bytes from which on a piece is sent.
const PIECE: usize = 32 * 1024;
/// How many times as long as a look took the next one waits: events may take a tenth of a processor while senders wait.
const REST: u32 = 9;
/// However long the looking took.
const LONGEST_REST: Duration = Duration::from_millis(100);
/// Deliveries a second above which the stream rests after every read of the store, not only once it has caught up: the
/// senders come first, and nobody reads that many live. The client gets them later.
const POURING: f64 = 1000.0;
/// It is looked so often how many come.
const PACE_WINDOW: Duration = Duration::from_millis(100);
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
    after: Option<u64>,
    /// Whether a delivery is told with its answer: two seconds later at most, and at once when it is held. One that matches by
    /// its answer alone is told when that comes.
    #[serde(default)]
    answered: bool,
}

pub(super) async fn events(
    State(state): Shared,
    Params(params): Params<EventParams>,
    last_event: LastEventId,
) -> Result<Response, ApiProblem> {
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
    let newest = state.readers.read(|reader| Ok(newest(reader.page(Page::Newest, 1)?))).await?;
    let after = params.after.map(|after| DeliveryId(i64::try_from(after).unwrap_or(i64::MAX)));
    let last = last_event.0.as_ref().map(|point| point.last).or(after).unwrap_or(newest);
    // What was deleted counts as well.
    if last > newest.max(state.feed.newest()) {
        return Err(ApiProblem::bad(format!(
            "no delivery {last} yet: {newest} is the newest, so this is of another store"
        )));
    }
    let control = state.feed.control();
    let (held, chosen) = (held_ids(&state), control.chosen());
    let (events, incoming) = mpsc::channel(READY);
    let mut following = Following::new(query, last, params.answered);
    if let Some(point) = &last_event.0 {
        following.resume(point);
    }
    let ready = EventText::default();
    let sent = Instant::now();
    let pace = Pace::new(state.feed.newest(), Instant::now());
    let stream = EventStream { state, watch, marks, run, wake, events, ready, pace, sent, held, chosen, _place: place };
    let followers = Arc::clone(&stream.state.followers);
    followers.spawn(stream.run(following));
    let headers = [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-cache")];
    Ok((headers, Body::from_stream(ChannelStream(incoming))).into_response())
}

fn newest(page: Vec<crate::delivery::Summary>) -> DeliveryId {
    page.first().map_or(DeliveryId(0), |summary| summary.id)
}

/// Where a client that was cut off goes on.
pub(super) struct LastEventId(Option<ResumePoint>);

impl LastEventId {
    fn read(headers: &HeaderMap) -> Result<Self, ApiProblem> {
        let Some(value) = headers.get("last-event-id") else { return Ok(Self(None)) };
        let id = value.to_str().ok().map(str::trim);
        match id.map(str::parse) {
            _ if id == Some("") => Ok(Self(None)),
            Some(Ok(point)) => Ok(Self(Some(point))),
            _ => Err(ApiProblem::bad(format!("invalid Last-Event-ID: {NoResumePoint}"))),
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
        let schema = json!({"type": "string", "pattern": "^[0-9]+(;[0-9]+(,[0-9]+)*)?$"});
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
    events: mpsc::Sender<Result<Bytes, Infallible>>,
    /// Written, and not sent yet.
    ready: EventText,
    pace: Pace,
    /// When something was sent last.
    sent: Instant,
    held: BTreeSet<DeliveryId>,
    chosen: Option<Override>,
    _place: OwnedSemaphorePermit,
}

/// The client is gone, or takes nothing.
struct Ended;

/// How fast deliveries come.
struct Pace {
    since: Instant,
    newest: DeliveryId,
    pours: bool,
}

impl Pace {
    fn new(newest: DeliveryId, now: Instant) -> Self {
        Self { since: now, newest, pours: false }
    }

    /// Whether they pour in, the newest being this one.
    fn pours(&mut self, newest: DeliveryId, now: Instant) -> bool {
        let passed = now.saturating_duration_since(self.since);
        if passed >= PACE_WINDOW {
            let came = newest.0.saturating_sub(self.newest.0);
            self.pours = came as f64 > POURING * passed.as_secs_f64();
            (self.since, self.newest) = (now, newest);
        }
        self.pours
    }
}

/// How long to look away after a look at the store that took so long.
fn rest_after(look: Duration) -> Duration {
    look.saturating_mul(REST).min(LONGEST_REST)
}

impl EventStream {
    async fn run(mut self, mut following: Following) {
        let _ = self.tell(&mut following).await;
        tracing::debug!(last = following.resume_point().last.0, "event stream ended");
    }

    async fn tell(&mut self, following: &mut Following) -> Result<(), Ended> {
        self.ready.retry_after(RETRY);
        self.flush().await?;
        let mut closing = self.state.closing.clone();
        loop {
            let begun = Instant::now();
            let patience = self.look(following).await?;
            let rest = rest_after(begun.elapsed());
            let patience = async {
                match patience {
                    Some(patience) => tokio::time::sleep(patience).await,
                    None => std::future::pending().await,
                }
            };
            let keep_alive = tokio::time::sleep_until((self.sent + KEEP_ALIVE).into());
            // What comes meanwhile is told together.
            let wake = async {
                tokio::time::sleep(rest).await;
                self.wake.notified().await;
            };
            tokio::select! {
                () = wake => {}
                () = patience => {}
                () = keep_alive => {}
                () = self.events.closed() => return Err(Ended),
                _ = closing.wait_for(|closing| *closing) => return Ok(()),
            }
        }
    }

    /// Tells all that there is. Returns how long an answer is waited for at most, where one is.
    async fn look(&mut self, following: &mut Following) -> Result<Option<Duration>, Ended> {
        loop {
            self.watch.stored.look();
            self.watch.held.look();
            self.watch.answers.look();
            self.changes();
            let begun = Instant::now();
            let look = self.read(following).await?;
            for news in &look.news {
                write_news(&mut self.ready, news);
                if self.ready.len() >= PIECE {
                    self.flush().await?;
                }
            }
            if look.more {
                if self.pace.pours(self.state.feed.newest(), Instant::now()) {
                    self.rest(rest_after(begun.elapsed())).await?;
                }
                continue;
            }
            if self.ready.is_empty() && self.sent.elapsed() >= KEEP_ALIVE {
                self.ready.comment();
            }
            self.flush().await?;
            return Ok(look.patience);
        }
    }

    /// Sends what is ready and looks at nothing for a while, unless the client goes or the listener ends.
    async fn rest(&mut self, rest: Duration) -> Result<(), Ended> {
        self.flush().await?;
        let mut closing = self.state.closing.clone();
        tokio::select! {
            () = tokio::time::sleep(rest) => Ok(()),
            () = self.events.closed() => Err(Ended),
            _ = closing.wait_for(|closing| *closing) => Err(Ended),
        }
    }

    /// What was done with the listener since the last look.
    fn changes(&mut self) {
        let held = held_ids(&self.state);
        let (added, gone) = (&held - &self.held, &self.held - &held);
        self.held = held;
        // In the order in which it mostly happens: what is seen at one look has come since the one before.
        for id in gone {
            self.change(&json!({"what": "released", "id": id.0}));
        }
        for id in added {
            self.change(&json!({"what": "held", "id": id.0}));
        }
        // Which they are is not told: a client reads again what it shows.
        if self.marks.look() {
            self.change(&json!({"what": "marks"}));
        }
        let chosen = self.state.feed.control().chosen();
        for news in self.run.news(&self.state) {
            self.change(&news);
        }
        if chosen != self.chosen {
            self.change(&json!({"what": "answer", "answer": chosen_json(chosen.as_ref())}));
            self.chosen = chosen;
        }
    }

    fn change(&mut self, what: &Value) {
        self.ready.event("change", None, &text::safe_json(&what.to_string()));
    }

    /// Reads on a thread that may block.
    async fn read(&self, following: &mut Following) -> Result<FollowLook, Ended> {
        let answering = AnsweringListener::running(self.state.feed.last_before_run(), self.held.clone());
        let mut moved = std::mem::replace(following, Following::new(Query::default(), DeliveryId(0), false));
        let looked = self.state.readers.read(move |reader| Ok((moved.look(reader, &answering)?, moved))).await;
        // A store that cannot be read ends the stream: the client comes again, and hears why.
        let (look, moved) = looked.map_err(|_| Ended)?;
        *following = moved;
        Ok(look)
    }

    /// Sends what is written.
    async fn flush(&mut self) -> Result<(), Ended> {
        if self.ready.is_empty() {
            return Ok(());
        }
        let piece = self.ready.take();
        match tokio::time::timeout(PIECE_PATIENCE, self.events.send(Ok(piece))).await {
            Ok(Ok(())) => {
                self.sent = Instant::now();
                Ok(())
            }
            _ => Err(Ended),
        }
    }
}

fn write_news(ready: &mut EventText, news: &FollowNews) {
    match news {
        FollowNews::Delivery(summary, point) | FollowNews::Late(summary, point) => {
            ready.event("delivery", Some(point), &text::safe_json(&summary_text(summary)));
        }
        FollowNews::Answered(summary) => ready.event("answered", None, &text::safe_json(&summary_text(summary))),
        FollowNews::Missed(from, to) => {
            ready.event("missed", None, &json!({"from": from.0, "to": to.0}).to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deliveries_pour_in_by_how_many_came_in_a_tenth_of_a_second() {
        let begin = Instant::now();
        let after = |ms| begin + Duration::from_millis(ms);
        let mut pace = Pace::new(DeliveryId(5), begin);
        assert!(!pace.pours(DeliveryId(5000), after(99)), "too short to say");
        assert!(pace.pours(DeliveryId(5000), after(100)));
        assert!(pace.pours(DeliveryId(5000), after(199)), "until it is looked again");
        assert!(!pace.pours(DeliveryId(5000), after(200)));
        assert!(!pace.pours(DeliveryId(5100), after(300)), "a thousand a second can be read");
        assert!(pace.pours(DeliveryId(5201), after(400)));
    }
}
