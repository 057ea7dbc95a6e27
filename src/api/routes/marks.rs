//! What a person adds to deliveries: pins, notes and tags; deletions that can be undone.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Shared;
use super::jobs::{self, JobParams};
use crate::api::ApiProblem;
use crate::api::extract::{Members, Params, SafeJson};
use crate::api::selection::{ApiSelection, IdsMember, is_in, merged};
use crate::api::state::ApiState;
use crate::delivery::{DeliveryId, MarksEdit, TAG_BYTES, tag_of};
use crate::server::{JobKind, JobTicket, MarkedElsewhere, ServerEvent};
use crate::store::Reader;

/// Deliveries that are changed in one go. What is received meanwhile is kept between two of them.
const AT_ONCE: usize = 256;

/// Which deliveries are marked, and how.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "MarksRequest")]
pub(super) struct MarksMembers {
    /// Which deliveries, by number; either this or `filter`.
    ids: Option<Vec<IdsMember>>,
    /// Which deliveries, as `list` takes it.
    filter: Option<String>,
    /// Whether they are pinned from now on.
    pinned: Option<bool>,
    /// Their note; an empty one removes it.
    note: Option<String>,
    /// Tags that they get.
    #[serde(default)]
    add_tags: Vec<String>,
    /// Tags that they lose.
    #[serde(default)]
    remove_tags: Vec<String>,
}

/// Which deliveries are hidden.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "DeleteRequest")]
pub(super) struct DeleteMembers {
    /// Which deliveries, by number; either this or `filter`.
    ids: Option<Vec<IdsMember>>,
    /// Which deliveries, as `list` takes it.
    filter: Option<String>,
    /// Whether pinned ones go as well.
    #[serde(default)]
    pinned: bool,
}

/// Which deliveries are brought back.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "UndeleteRequest")]
pub(super) struct UndeleteMembers {
    /// Which deliveries; all that were deleted without.
    ids: Option<Vec<IdsMember>>,
}

impl MarksMembers {
    fn edit(&self) -> Result<MarksEdit, ApiProblem> {
        let tag = |text: &String| {
            tag_of(text).ok_or_else(|| {
                ApiProblem::bad(format!("invalid tag: expected up to {TAG_BYTES} letters, digits and . _ - / :"))
            })
        };
        let tags = |texts: &[String]| texts.iter().map(tag).collect::<Result<Vec<_>, _>>();
        let (add, remove) = (tags(&self.add_tags)?, tags(&self.remove_tags)?);
        let mut edits = Vec::new();
        if !(add.is_empty() && remove.is_empty()) {
            edits.push(MarksEdit::Retag { remove, add });
        }
        edits.extend(self.pinned.map(MarksEdit::Pin));
        edits.extend(self.note.clone().map(MarksEdit::Note));
        let edit = match <[MarksEdit; 1]>::try_from(edits) {
            Ok([edit]) => edit,
            Err(none) if none.is_empty() => {
                return Err(ApiProblem::bad("nothing to do: expected pinned, note, add_tags or remove_tags"));
            }
            Err(several) => MarksEdit::Several(several),
        };
        edit.check().map_err(ApiProblem::bad)?;
        Ok(edit)
    }
}

pub(super) async fn mark(
    State(state): Shared,
    Params(params): Params<JobParams>,
    Members(members): Members<MarksMembers>,
) -> Result<(StatusCode, SafeJson), ApiProblem> {
    let edit = members.edit()?;
    let selection =
        ApiSelection::of(members.ids.as_deref(), members.filter.as_deref(), state.feed.control().rules().filters())?;
    let shared = Arc::clone(&state);
    jobs::begin_short(&state, JobKind::Marks, &params, |ticket| async move {
        let ids = resolved(&shared, move |reader, go_on| selection.resolve(reader, go_on)).await?;
        let changed = apply(&shared, &ids, edit, &ticket).await?;
        Ok(json!({"matched": ids.len(), "changed": changed}))
    })
    .await
}

pub(super) async fn delete(
    State(state): Shared,
    Params(params): Params<JobParams>,
    Members(members): Members<DeleteMembers>,
) -> Result<(StatusCode, SafeJson), ApiProblem> {
    let selection =
        ApiSelection::of(members.ids.as_deref(), members.filter.as_deref(), state.feed.control().rules().filters())?;
    let shared = Arc::clone(&state);
    jobs::begin_short(&state, JobKind::Delete, &params, |ticket| async move {
        let (ids, kept) = resolved(&shared, move |reader, go_on| {
            let ids = selection.resolve(reader, go_on)?;
            let all = ids.len();
            let doomed = if members.pinned { ids } else { unpinned(reader, ids)? };
            let kept = all - doomed.len();
            Ok((doomed, kept))
        })
        .await?;
        let deleted = apply(&shared, &ids, MarksEdit::Delete(true), &ticket).await?;
        Ok(json!({"matched": ids.len(), "deleted": deleted, "pinned_kept": kept}))
    })
    .await
}

pub(super) async fn undelete(
    State(state): Shared,
    Params(params): Params<JobParams>,
    Members(members): Members<UndeleteMembers>,
) -> Result<(StatusCode, SafeJson), ApiProblem> {
    let ranges = members.ids.as_deref().map(IdsMember::ranges).transpose()?.map(|ranges| merged(&ranges));
    restore(&state, &params, ranges).await
}

/// Brings back everything that can be, and waits for it.
pub(super) async fn undo(State(state): Shared) -> Result<(StatusCode, SafeJson), ApiProblem> {
    restore(&state, &JobParams::waiting(true), None).await
}

/// Brings back those of `ranges`; all without.
async fn restore(
    state: &Arc<ApiState>,
    params: &JobParams,
    ranges: Option<Vec<(i64, i64)>>,
) -> Result<(StatusCode, SafeJson), ApiProblem> {
    let shared = Arc::clone(state);
    jobs::begin_short(state, JobKind::Undelete, params, |ticket| async move {
        let ids = resolved(&shared, move |reader, _| {
            let is_meant = |id: &DeliveryId| ranges.as_ref().is_none_or(|ranges| is_in(ranges, *id));
            Ok(reader.deleted()?.into_iter().filter(is_meant).collect::<Vec<_>>())
        })
        .await?;
        let restored = apply(&shared, &ids, MarksEdit::Delete(false), &ticket).await?;
        Ok(json!({"matched": ids.len(), "restored": restored}))
    })
    .await
}

/// What can still be brought back.
pub(super) async fn deleted(State(state): Shared) -> Result<SafeJson, ApiProblem> {
    let ids = state.readers.read(|reader| Ok(reader.deleted()?)).await?;
    Ok(SafeJson(json!({"ids": ids.iter().map(|id| id.0).collect::<Value>()})))
}

pub(super) fn unpinned(reader: &Reader, ids: Vec<DeliveryId>) -> Result<Vec<DeliveryId>, ApiProblem> {
    let pinned: BTreeSet<DeliveryId> = reader.pinned()?.into_iter().collect();
    Ok(ids.into_iter().filter(|id| !pinned.contains(id)).collect())
}

pub(super) async fn resolved<T: Send + 'static>(
    state: &Arc<ApiState>,
    work: impl FnOnce(&Reader, &dyn Fn() -> bool) -> Result<T, ApiProblem> + Send + 'static,
) -> Result<T, String> {
    let closing = Arc::clone(state);
    let read = state.readers.read(move |reader| work(reader, &|| !closing.is_closing())).await;
    read.map_err(|problem| problem.to_string())
}

/// Has the writer change them, a part at a time until somebody cancels it, and tells the interface; how many are different
/// now.
async fn apply(state: &ApiState, ids: &[DeliveryId], edit: MarksEdit, ticket: &JobTicket) -> Result<usize, String> {
    let (mut done, mut changed) = (0, 0);
    let mut failure = None;
    for part in ids.chunks(AT_ONCE) {
        if !ticket.advance(done as u64, ids.len() as u64) {
            break;
        }
        let marked = match state.feed.control().mark(part.to_vec(), edit.clone()).await {
            Ok(outcome) => outcome.map_err(|error| error.to_string()),
            Err(_) => Err("the listener is stopping".to_owned()),
        };
        match marked {
            Ok(count) => (done, changed) = (done + part.len(), changed + count),
            Err(error) => {
                failure = Some(error);
                break;
            }
        }
    }
    ticket.advance(done as u64, ids.len() as u64);
    if changed > 0 {
        let marked = MarkedElsewhere { ids: ids[..done].to_vec(), edit, changed };
        let _ = state.events.send(ServerEvent::Marked(marked));
    }
    match failure {
        None => Ok(changed),
        Some(error) if changed == 0 => Err(error),
        Some(error) => Err(format!("{error}; {changed} of {} deliveries were changed before", ids.len())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(json: &Value) -> Result<MarksEdit, ApiProblem> {
        serde_json::from_value::<MarksMembers>(json.clone()).unwrap().edit()
    }

    #[test]
    fn several_changes_are_made_in_one_request() {
        let all = json!({"pinned": false, "note": "a", "add_tags": ["#Odd"], "remove_tags": ["x"]});
        let expected = vec![
            MarksEdit::Retag { remove: vec!["x".to_owned()], add: vec!["odd".to_owned()] },
            MarksEdit::Pin(false),
            MarksEdit::Note("a".to_owned()),
        ];
        assert_eq!(edit(&all).unwrap(), MarksEdit::Several(expected));
        assert_eq!(edit(&json!({"pinned": true})).unwrap(), MarksEdit::Pin(true));
        for wrong in [
            json!({}),
            json!({"ids": [1]}),
            json!({"add_tags": ["a b"]}),
            json!({"remove_tags": [""]}),
            json!({"note": "x".repeat(2001)}),
            json!({"add_tags": (0..17).map(|number| format!("t{number}")).collect::<Vec<_>>()}),
        ] {
            assert!(edit(&wrong).is_err(), "{wrong}");
        }
    }
}
