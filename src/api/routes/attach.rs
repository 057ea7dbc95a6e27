//! `GET` and `POST /attach`: the state for interfaces in other processes, and what they ask.

use std::convert::Infallible;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use serde::Deserialize;
use tokio::sync::{Notify, mpsc};

use super::Shared;
use crate::api::ApiProblem;
use crate::api::attach::{AskedPart, FORMAT, ReplyPart, SNAPSHOT_EVENT, SnapshotFeed};
use crate::api::extract::{AnyJson, Params, json_response};
use crate::api::sending::{ChannelStream, PIECE_PATIENCE};
use crate::api::state::ApiState;
use crate::server::{
    InterfaceNumber, ListenerRequest, MarkedElsewhere, Performed, RequestOutcome, RequestReply, ServerEvent, marked,
};

/// Snapshots that are ready for an interface at most: what it does not take in time becomes one of a later moment.
const READY: usize = 2;
/// A comment is sent so often when nothing happens, so that a connection that has died is noticed.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// Between two snapshots, however much is going on.
const PAUSE: Duration = Duration::from_millis(50);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AttachParams {
    format: u32,
    interface: u64,
}

impl AttachParams {
    /// Who asks, where it speaks as this end does.
    fn interface(&self) -> Result<InterfaceNumber, ApiProblem> {
        if self.format != FORMAT {
            let words = "this listener is another release of whyhook than the interface: stop it and start it again";
            return Err(ApiProblem::new(StatusCode::CONFLICT, words));
        }
        Ok(InterfaceNumber(self.interface))
    }
}

pub(super) async fn follow(
    State(state): Shared,
    Params(params): Params<AttachParams>,
) -> Result<impl IntoResponse, ApiProblem> {
    let interface = params.interface()?;
    let place = Arc::clone(&state.streams)
        .try_acquire_owned()
        .map_err(|_| ApiProblem::busy(format!("{} event streams are open", ApiState::STREAMS)))?;
    let (events, incoming) = mpsc::channel(READY);
    tokio::spawn(async move {
        tracing::info!("interface attached");
        let _ = tell(&state, interface, &events).await;
        tracing::info!("interface detached");
        drop(place);
    });
    Ok(Sse::new(ChannelStream(incoming)).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

/// The interface is gone, or takes nothing.
struct Detached;

/// Tells an interface the state, and each change of it.
async fn tell(
    state: &ApiState,
    interface: InterfaceNumber,
    events: &mpsc::Sender<Result<Event, Infallible>>,
) -> Result<(), Detached> {
    let feed = &state.feed;
    let wake = Arc::new(Notify::new());
    let [woken, of_news, of_tunnel] = [(); 3].map(|()| Arc::clone(&wake));
    // Watched before anything is read.
    let watch = feed.watch(move |_| woken.notify_one());
    let news = feed.news().changes().subscribe(move || of_news.notify_one());
    let tunnel = feed.tunnel_changes().subscribe(move || of_tunnel.notify_one());
    let mut closing = state.closing.clone();
    let mut snapshots = SnapshotFeed::new(feed, interface);
    loop {
        let watchers = [&watch.stored, &watch.held, &watch.refused, &watch.secrets, &watch.answers, &watch.jobs];
        watchers.into_iter().chain([&news, &tunnel]).for_each(|watcher| _ = watcher.look());
        if let Some(snapshot) = snapshots.next(feed) {
            let data = serde_json::to_string(&snapshot).map_err(|_| Detached)?;
            let event = Event::default().event(SNAPSHOT_EVENT).data(data);
            match tokio::time::timeout(PIECE_PATIENCE, events.send(Ok(event))).await {
                Ok(Ok(())) => {}
                _ => return Err(Detached),
            }
        }
        tokio::select! {
            () = wake.notified() => {}
            () = events.closed() => return Err(Detached),
            _ = closing.wait_for(|closing| *closing) => return Ok(()),
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            _ = closing.wait_for(|closing| *closing) => return Ok(()),
        }
    }
}

pub(super) async fn ask(
    State(state): Shared,
    Params(params): Params<AttachParams>,
    AnyJson(part): AnyJson<AskedPart>,
) -> Result<impl IntoResponse, ApiProblem> {
    let interface = params.interface()?;
    let changes = part.changes_state();
    let feed = &state.feed;
    let request = part.request(&feed.control().rules()).map_err(ApiProblem::bad)?;
    let outcome = perform(&state, interface, request).await;
    let snapshot = if changes { SnapshotFeed::of_state(feed, interface).next(feed) } else { None };
    let reply = serde_json::to_string(&ReplyPart::new(outcome, snapshot));
    reply
        .map(json_response)
        .map_err(|_| ApiProblem::new(StatusCode::INTERNAL_SERVER_ERROR, "the reply cannot be written"))
}

async fn perform(state: &ApiState, interface: InterfaceNumber, request: ListenerRequest) -> RequestOutcome {
    let marks = match &request {
        ListenerRequest::Mark(ids, edit) => Some((ids.clone(), edit.clone())),
        _ => None,
    };
    let given = state.feed.given_by(&request);
    let performed = {
        // Rules that another client changes at the same time come before or after.
        let _editing = state.editing.lock().unwrap_or_else(PoisonError::into_inner);
        state.feed.perform(request)
    };
    let marking = match performed {
        Performed::Done(outcome) => {
            if let (Some(given), true) = (given, outcome.is_ok()) {
                let _ = state.events.send_by(ServerEvent::SecretGiven(given), Some(interface));
            }
            return outcome;
        }
        Performed::Marking(marking) => marking,
    };
    let changed = marked(marking.await)?;
    if let Some((ids, edit)) = marks {
        let event = ServerEvent::Marked(MarkedElsewhere { ids, edit, changed });
        let _ = state.events.send_by(event, Some(interface));
    }
    Ok(RequestReply::Done(changed))
}
