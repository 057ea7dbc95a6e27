//! `POST /prune` and the jobs that come of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;

use super::Shared;
use crate::api::ApiProblem;
use crate::api::extract::{Members, Params, SafeJson};
use crate::api::jobs::JobEnd;
use crate::api::state::ApiState;
use crate::delivery::DeliveryId;
use crate::query::Query;
use crate::server::JobTicket;
use crate::store::{Freed, Page, Reader, Retention};
use crate::text::units;

/// Ranges of a million deliveries of which every second goes.
pub(super) const BODY_BYTES: usize = 32 * 1024 * 1024;
/// How long a client may wait for a job's end at a time.
const WAIT: Duration = Duration::from_secs(20);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PruneMembers {
    ids: Option<Vec<IdsMember>>,
    filter: Option<String>,
    older_than: Option<String>,
    keep: Option<u64>,
    max_size: Option<String>,
    #[serde(default)]
    pinned: bool,
    #[serde(default)]
    dry_run: bool,
}

/// A number, or both ends of a range.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum IdsMember {
    One(i64),
    Range(String),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct JobParams {
    #[serde(default)]
    wait: bool,
}

/// What is to be deleted.
#[derive(Debug, PartialEq)]
enum Doomed {
    Ranges(Vec<(i64, i64)>),
    Matching(Query, Retention),
}

impl PruneMembers {
    fn doomed(&self) -> Result<Doomed, ApiProblem> {
        let duration = |text: &String| units::parse_duration(text).map_err(ApiProblem::bad);
        let size = |text: &String| units::parse_size(text).map_err(ApiProblem::bad);
        let retention = Retention {
            older_than: self.older_than.as_ref().map(duration).transpose()?,
            keep: self.keep,
            max_bytes: self.max_size.as_ref().map(size).transpose()?,
            pinned: self.pinned,
        };
        match &self.ids {
            Some(_) if self.filter.is_some() || !retention.is_empty() => {
                Err(ApiProblem::bad("ids cannot be combined with filter, older_than, keep or max_size"))
            }
            Some(ids) => Ok(Doomed::Ranges(ids.iter().map(IdsMember::range).collect::<Result<_, _>>()?)),
            None => {
                let query = Query::parse(self.filter.as_deref().unwrap_or_default())?;
                if query.is_empty() && retention.is_empty() {
                    return Err(ApiProblem::bad(
                        "nothing selected: expected ids, filter, older_than, keep or max_size",
                    ));
                }
                Ok(Doomed::Matching(query, retention))
            }
        }
    }
}

impl IdsMember {
    fn range(&self) -> Result<(i64, i64), ApiProblem> {
        match self {
            Self::One(id) => Ok((*id, *id)),
            Self::Range(text) => {
                let (from, to) = text.split_once('-').unwrap_or((text, text));
                let read = |text: &str| text.parse::<DeliveryId>().map(|id| id.0).map_err(ApiProblem::bad);
                let (from, to) = (read(from)?, read(to)?);
                Ok((from.min(to), from.max(to)))
            }
        }
    }
}

impl Doomed {
    /// The numbers; those of ranges need not exist.
    fn ids(&self, reader: &Reader) -> Result<Vec<DeliveryId>, ApiProblem> {
        match self {
            Self::Matching(query, retention) => Ok(retention.plan(reader, query, Timestamp::now())?.doomed),
            Self::Ranges(ranges) => {
                let newest = reader.page(Page::Newest, 1)?.first().map_or(0, |summary| summary.id.0);
                let mut ids: Vec<DeliveryId> = Vec::new();
                let mut ranges = ranges.clone();
                ranges.sort_unstable();
                // Ranges that overlap hold no number twice, so that there are no more than deliveries.
                let mut next = 1;
                for (from, to) in ranges {
                    let (from, to) = (from.max(next), to.min(newest));
                    ids.extend((from..=to).map(DeliveryId));
                    next = next.max(to.saturating_add(1));
                }
                Ok(ids)
            }
        }
    }
}

pub(super) async fn prune(
    State(state): Shared,
    Members(members): Members<PruneMembers>,
) -> Result<(StatusCode, SafeJson), ApiProblem> {
    let doomed = members.doomed()?;
    let (number, ticket) = state.jobs.begin("prune", state.feed.control().jobs())?;
    let shared = Arc::clone(&state);
    tokio::spawn(async move {
        let end = run(&shared, doomed, members.dry_run, ticket).await;
        shared.jobs.end(number, end.unwrap_or_else(JobEnd::Failed));
    });
    Ok((StatusCode::ACCEPTED, SafeJson(state.jobs.find(number)?.0)))
}

async fn run(state: &ApiState, doomed: Doomed, dry_run: bool, ticket: JobTicket) -> Result<JobEnd, String> {
    let ids = state.readers.read(move |reader| doomed.ids(reader)).await.map_err(|problem| problem.to_string())?;
    let matched = ids.len();
    let is_going_on = ticket.advance(0, matched as u64);
    let report = |deleted: u64, freed_bytes: u64| json!({"matched": matched, "deleted": deleted, "freed_bytes": freed_bytes, "dry_run": dry_run});
    if dry_run || ids.is_empty() {
        return Ok(JobEnd::Done(report(0, 0)));
    }
    if !is_going_on {
        return Ok(JobEnd::Cancelled(report(0, 0)));
    }
    let is_cut_off = Arc::new(AtomicBool::new(false));
    let ends = Arc::clone(&is_cut_off);
    let watch = Box::new(move |freed: Freed| {
        let goes_on = ticket.advance(freed.deliveries, matched as u64);
        ends.store(!goes_on, Ordering::Relaxed);
        goes_on
    });
    let pruned = state.feed.control().prune(ids, watch).await.map_err(|_| "the listener is stopping".to_owned())?;
    let freed = pruned.map_err(|error| error.to_string())?;
    let report = report(freed.deliveries, freed.bytes);
    Ok(if is_cut_off.load(Ordering::Relaxed) { JobEnd::Cancelled(report) } else { JobEnd::Done(report) })
}

/// Asks a job to end; its state as it is now.
pub(super) async fn cancel(State(state): Shared, Path(number): Path<String>) -> Result<SafeJson, ApiProblem> {
    let number = number.parse::<u64>().map_err(|_| ApiProblem::missing("no such job"))?;
    state.jobs.cancel(number, state.feed.control().jobs());
    Ok(SafeJson(state.jobs.find(number)?.0))
}

pub(super) async fn job(
    State(state): Shared,
    Path(number): Path<String>,
    Params(params): Params<JobParams>,
) -> Result<SafeJson, ApiProblem> {
    let number = number.parse::<u64>().map_err(|_| ApiProblem::missing("no such job"))?;
    let (json, mut ended) = state.jobs.find(number)?;
    if !params.wait || json["state"] != "running" {
        return Ok(SafeJson(json));
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
    Ok(SafeJson(state.jobs.find(number)?.0))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn read(json: &Value) -> Result<Doomed, ApiProblem> {
        serde_json::from_value::<PruneMembers>(json.clone()).unwrap().doomed()
    }

    #[test]
    fn what_is_to_go_is_said_by_number_or_by_what_it_is() {
        let ranges = read(&json!({"ids": [7, "12-9", "#3"]}));
        assert_eq!(ranges, Ok(Doomed::Ranges(vec![(7, 7), (9, 12), (3, 3)])));
        let matching = read(&json!({"filter": "is:sim", "keep": 3})).unwrap();
        let retention = Retention { keep: Some(3), ..Retention::default() };
        assert_eq!(matching, Doomed::Matching(Query::parse("is:sim").unwrap(), retention));
        for wrong in [
            json!({}),
            json!({"filter": ""}),
            json!({"ids": [1], "keep": 0}),
            json!({"ids": ["x"]}),
            json!({"older_than": "5 parsecs"}),
            json!({"filter": "evnt:a"}),
        ] {
            assert!(read(&wrong).is_err(), "{wrong}");
        }
    }
}
