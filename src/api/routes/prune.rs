//! `POST /prune`: deletes for good.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Shared;
use super::jobs::{self, JobParams};
use super::marks::{resolved, unpinned};
use crate::api::ApiProblem;
use crate::api::extract::{Members, Params, SafeJson};
use crate::api::selection::{ApiSelection, IdsMember};
use crate::api::state::ApiState;
use crate::delivery::DeliveryId;
use crate::query::{Query, SavedFilters};
use crate::server::{JobKind, JobTicket};
use crate::store::{DoomedDeliveries, Freed, Reader, Retention};
use crate::text::units;

/// Which deliveries are deleted for good.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "PruneRequest")]
pub(super) struct PruneMembers {
    /// Which deliveries, by number, pinned ones too unless `pinned` is false; without the other members that choose.
    ids: Option<Vec<IdsMember>>,
    /// Which deliveries, as `list` takes it.
    filter: Option<String>,
    /// Those that are older: `30d`.
    older_than: Option<String>,
    /// All but this many of the newest.
    keep: Option<u64>,
    /// The oldest beyond this size of the log: `2GiB`.
    max_size: Option<String>,
    /// Whether pinned ones go as well: by number unless this is false, otherwise only if it is true.
    pinned: Option<bool>,
    /// Whether they are only counted.
    #[serde(default)]
    dry_run: bool,
}

/// What is to be deleted.
#[derive(Debug, PartialEq)]
enum Doomed {
    /// By number, with or without pinned ones.
    Ranges(Vec<(i64, i64)>, bool),
    Matching(Query, Retention),
}

impl PruneMembers {
    fn doomed(&self, saved: &SavedFilters) -> Result<Doomed, ApiProblem> {
        let duration = |text: &String| units::parse_duration(text).map_err(ApiProblem::bad);
        let size = |text: &String| units::parse_size(text).map_err(ApiProblem::bad);
        let retention = Retention {
            older_than: self.older_than.as_ref().map(duration).transpose()?,
            keep: self.keep,
            max_bytes: self.max_size.as_ref().map(size).transpose()?,
            pinned: self.pinned.unwrap_or(false),
        };
        match &self.ids {
            Some(_) if self.filter.is_some() || !retention.is_empty() => {
                Err(ApiProblem::bad("ids cannot be combined with filter, older_than, keep or max_size"))
            }
            Some(ids) => Ok(Doomed::Ranges(IdsMember::ranges(ids)?, self.pinned.unwrap_or(true))),
            None => {
                let query = Query::parse_with(self.filter.as_deref().unwrap_or_default(), saved)?;
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

impl Doomed {
    /// Whether those go as well that are pinned when it comes to them.
    fn takes_pinned(&self) -> bool {
        match self {
            Self::Ranges(_, pinned) => *pinned,
            Self::Matching(_, retention) => retention.pinned,
        }
    }

    /// The deliveries of the store that are meant, unless `go_on` says no.
    fn ids(&self, reader: &Reader, go_on: &dyn Fn() -> bool) -> Result<Vec<DeliveryId>, ApiProblem> {
        match self {
            Self::Matching(query, retention) => Ok(retention.plan(reader, query, Timestamp::now())?.doomed),
            Self::Ranges(ranges, pinned) => {
                let ids = ApiSelection::Ranges(ranges.clone()).resolve(reader, go_on)?;
                if *pinned { Ok(ids) } else { unpinned(reader, ids) }
            }
        }
    }
}

pub(super) async fn prune(
    State(state): Shared,
    Params(params): Params<JobParams>,
    Members(members): Members<PruneMembers>,
) -> Result<(StatusCode, SafeJson), ApiProblem> {
    let doomed = members.doomed(state.feed.control().rules().filters())?;
    let shared = Arc::clone(&state);
    jobs::begin(&state, JobKind::Prune, &params, |ticket| async move {
        run(&shared, doomed, members.dry_run, &ticket).await
    })
    .await
}

async fn run(state: &Arc<ApiState>, doomed: Doomed, dry_run: bool, ticket: &Arc<JobTicket>) -> Result<Value, String> {
    let pinned = doomed.takes_pinned();
    let ids = resolved(state, move |reader, go_on| doomed.ids(reader, go_on)).await?;
    let matched = ids.len();
    let goes_on = ticket.advance(0, matched as u64);
    if dry_run || ids.is_empty() || !goes_on {
        return Ok(json!({"matched": matched, "deleted": 0, "freed_bytes": 0, "dry_run": dry_run}));
    }
    let watching = Arc::clone(ticket);
    let watch = Box::new(move |freed: Freed| watching.advance(freed.deliveries, matched as u64));
    let doomed = DoomedDeliveries { ids, pinned };
    let pruned = state.feed.control().prune(doomed, watch).await.map_err(|_| "the listener is stopping".to_owned())?;
    let freed = pruned.map_err(|error| error.to_string())?;
    ticket.advance(freed.deliveries, matched as u64);
    Ok(json!({"matched": matched, "deleted": freed.deliveries, "freed_bytes": freed.bytes, "dry_run": false}))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &Value) -> Result<Doomed, ApiProblem> {
        serde_json::from_value::<PruneMembers>(json.clone()).unwrap().doomed(&SavedFilters::default())
    }

    #[test]
    fn what_is_to_go_is_said_by_number_or_by_what_it_is() {
        let ranges = read(&json!({"ids": [7, "12-9", "#3"]}));
        assert_eq!(ranges, Ok(Doomed::Ranges(vec![(7, 7), (9, 12), (3, 3)], true)));
        let unpinned = read(&json!({"ids": [7], "pinned": false})).unwrap();
        assert!(!unpinned.takes_pinned() && !read(&json!({"keep": 3})).unwrap().takes_pinned());
        assert!(read(&json!({"keep": 3, "pinned": true})).unwrap().takes_pinned());
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
