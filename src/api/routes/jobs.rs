//! Work that takes longer than a request: begun by one, waited for by others.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::Shared;
use crate::api::ApiProblem;
use crate::api::extract::{InPath, Params, PathValue, SafeJson};
use crate::api::jobs::{JobEnd, running_json};
use crate::api::state::ApiState;
use crate::server::{JobKind, JobTicket};
use crate::system::panic::{CaughtPanic, catch_panic_in_future};

/// How long a client may wait for a job's end at a time.
const WAIT: Duration = Duration::from_secs(20);

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct JobParams {
    /// Whether the response comes at the job's end, or after twenty seconds.
    #[serde(default)]
    wait: bool,
}

impl JobParams {
    pub(super) fn waiting(wait: bool) -> Self {
        Self { wait }
    }
}

/// What a job is made of, from what a client sent. A panic in it is a problem of this request, and the listener goes on.
pub(super) async fn planned<T>(plan: impl Future<Output = Result<T, ApiProblem>>) -> Result<T, ApiProblem> {
    catch_panic_in_future(plan).await.unwrap_or_else(|panic: CaughtPanic| Err(panic.into()))
}

/// Begins a job. With `wait`, the response comes at its end where that is soon. The work says by its ticket how far it is,
/// and hears from it whether somebody has cancelled it. A panic in it fails the job, and the listener goes on: what changes the
/// store has threads of its own, whose panics end the program.
pub(super) async fn begin<F: Future<Output = Result<Value, String>> + Send + 'static>(
    state: &Arc<ApiState>,
    kind: JobKind,
    params: &JobParams,
    work: impl FnOnce(Arc<JobTicket>) -> F,
) -> Result<(StatusCode, SafeJson), ApiProblem> {
    let begun = state.jobs.begin(kind, state.feed.control().jobs())?;
    follow(state, begun, params, work).await
}

/// Begins a job of some milliseconds, which waits while too many are in progress.
pub(super) async fn begin_short<F: Future<Output = Result<Value, String>> + Send + 'static>(
    state: &Arc<ApiState>,
    kind: JobKind,
    params: &JobParams,
    work: impl FnOnce(Arc<JobTicket>) -> F,
) -> Result<(StatusCode, SafeJson), ApiProblem> {
    let begun = state.jobs.begin_short(kind, state.feed.control().jobs()).await?;
    follow(state, begun, params, work).await
}

/// Does the work of a job that has begun.
async fn follow<F: Future<Output = Result<Value, String>> + Send + 'static>(
    state: &Arc<ApiState>,
    (number, ticket): (u64, JobTicket),
    params: &JobParams,
    work: impl FnOnce(Arc<JobTicket>) -> F,
) -> Result<(StatusCode, SafeJson), ApiProblem> {
    let (record, ticket) = (ticket.record(), Arc::new(ticket));
    let work = work(Arc::clone(&ticket));
    let shared = Arc::clone(state);
    tokio::spawn(async move {
        let end = match catch_panic_in_future(work).await {
            Ok(Ok(result)) if record.is_cut_off() => JobEnd::Cancelled(result),
            Ok(Ok(result)) => JobEnd::Done(result),
            Ok(Err(error)) => JobEnd::Failed(error),
            Err(panic) => JobEnd::Failed(panic.to_string()),
        };
        // Whoever is told that it has ended finds out how.
        shared.jobs.end(number, end);
        drop(ticket);
    });
    let json = look(state, number, params.wait).await?;
    // Whoever does not wait is told the same, however soon it has ended.
    let has_waited = params.wait && json["state"] != "running";
    let status = if has_waited { StatusCode::OK } else { StatusCode::ACCEPTED };
    Ok((status, SafeJson(json)))
}

/// The number of a job.
pub(super) struct JobNumber(u64);

impl PathValue for JobNumber {
    const DESCRIPTION: &'static str = "The number of a job";

    fn parse(text: String) -> Result<Self, ApiProblem> {
        text.parse().map(Self).map_err(|_| ApiProblem::missing("no such job"))
    }
}

/// Asks a job to end; its state as it is now.
pub(super) async fn cancel(
    State(state): Shared,
    InPath(JobNumber(number)): InPath<JobNumber>,
) -> Result<SafeJson, ApiProblem> {
    let running = state.feed.control().jobs();
    if running.cancel(number)
        && let Some(other) = other(&state, number)
    {
        return Ok(SafeJson(other));
    }
    Ok(SafeJson(state.jobs.find(number)?.0))
}

pub(super) async fn job(
    State(state): Shared,
    InPath(JobNumber(number)): InPath<JobNumber>,
    Params(params): Params<JobParams>,
) -> Result<SafeJson, ApiProblem> {
    Ok(SafeJson(look(&state, number, params.wait).await?))
}

/// The state of a job of an interface that runs no more: how it ended is known there alone.
pub(super) const ENDED: &str = "ended";

/// Those that run and those that have ended, the oldest first.
pub(super) async fn list(State(state): Shared) -> SafeJson {
    SafeJson(json!({"jobs": state.jobs.list(state.feed.control().jobs())}))
}

/// A job that was not begun over the control interface, while it runs.
fn other(state: &ApiState, number: u64) -> Option<Value> {
    if state.jobs.find(number).is_ok() {
        return None;
    }
    let running = state.feed.control().jobs().running();
    running.iter().find(|job| job.number == number).map(running_json)
}

/// A job of the interface at its end, or as it is after a while. Of its result nothing is known here.
async fn other_ended(state: &ApiState, mut job: Value, number: u64) -> Value {
    let wake = Arc::new(Notify::new());
    let woken = Arc::clone(&wake);
    let watcher = state.feed.control().jobs().begun_or_ended().subscribe(move || woken.notify_one());
    let (mut closing, deadline) = (state.closing.clone(), Instant::now() + WAIT);
    loop {
        watcher.look();
        match other(state, number) {
            Some(running) => job = running,
            None => {
                job["state"] = json!(ENDED);
                return job;
            }
        }
        tokio::select! {
            () = wake.notified() => {}
            () = tokio::time::sleep_until(deadline) => return job,
            _ = closing.wait_for(|closing| *closing) => return job,
        }
    }
}

/// A job as it is, or as it is at its end.
async fn look(state: &ApiState, number: u64, wait: bool) -> Result<Value, ApiProblem> {
    if let Some(running) = other(state, number) {
        return Ok(if wait { other_ended(state, running, number).await } else { running });
    }
    let (json, mut ended) = state.jobs.find(number)?;
    if !wait || json["state"] != "running" {
        return Ok(json);
    }
    let mut closing = state.closing.clone();
    let over = async {
        let _ = ended.wait_for(Option::is_some).await;
    };
    tokio::select! {
        () = over => {}
        () = tokio::time::sleep(WAIT) => {}
        _ = closing.wait_for(|closing| *closing) => {}
    }
    Ok(state.jobs.find(number)?.0)
}
