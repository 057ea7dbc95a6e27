//! Work that takes longer than a request: begun by one, waited for by others.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::Value;

use super::Shared;
use crate::api::ApiProblem;
use crate::api::extract::{Params, SafeJson};
use crate::api::jobs::JobProgress;
use crate::api::state::ApiState;

/// How long a client may wait for a job's end at a time.
const WAIT: Duration = Duration::from_secs(20);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct JobParams {
    #[serde(default)]
    wait: bool,
}

impl JobParams {
    pub(super) fn waiting(wait: bool) -> Self {
        Self { wait }
    }
}

/// Begins a job. With `wait`, the response comes at its end where that is soon.
pub(super) async fn begin(
    state: &Arc<ApiState>,
    kind: &'static str,
    params: &JobParams,
    work: impl Future<Output = Result<Value, String>> + Send + 'static,
) -> Result<(StatusCode, SafeJson), ApiProblem> {
    begin_with(state, kind, params, |_| work).await
}

/// The same for a job that says how far it is.
pub(super) async fn begin_with<F: Future<Output = Result<Value, String>> + Send + 'static>(
    state: &Arc<ApiState>,
    kind: &'static str,
    params: &JobParams,
    work: impl FnOnce(JobProgress) -> F,
) -> Result<(StatusCode, SafeJson), ApiProblem> {
    let (number, progress) = state.jobs.begin(kind)?;
    let work = work(progress);
    let shared = Arc::clone(state);
    tokio::spawn(async move {
        let end = work.await;
        shared.jobs.end(number, end);
    });
    let json = look(state, number, params.wait).await?;
    let status = if json["state"] == "running" { StatusCode::ACCEPTED } else { StatusCode::OK };
    Ok((status, SafeJson(json)))
}

pub(super) async fn job(
    State(state): Shared,
    Path(number): Path<String>,
    Params(params): Params<JobParams>,
) -> Result<SafeJson, ApiProblem> {
    let number = number.parse::<u64>().map_err(|_| ApiProblem::missing("no such job"))?;
    Ok(SafeJson(look(&state, number, params.wait).await?))
}

/// A job as it is, or as it is at its end.
async fn look(state: &ApiState, number: u64, wait: bool) -> Result<Value, ApiProblem> {
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
