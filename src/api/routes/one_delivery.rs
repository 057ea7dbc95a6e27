//! What a person adds to one delivery that its path names: as [`super::marks`], and done when the response comes.

use axum::extract::State;
use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::Shared;
use crate::api::ApiProblem;
use crate::api::extract::{Members, Named, Params, SafeJson};
use crate::api::state::ApiState;
use crate::delivery::{DeliveryId, MarksEdit};
use crate::server::{MarkedElsewhere, ServerEvent};

/// The note of a delivery.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NoteRequest")]
pub(super) struct NoteMembers {
    /// The note; an empty one removes it.
    text: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DeletionParams {
    /// Whether it goes also when it is pinned.
    #[serde(default)]
    pinned: bool,
}

pub(super) async fn note(
    State(state): Shared,
    named: Named,
    Members(members): Members<NoteMembers>,
) -> Result<SafeJson, ApiProblem> {
    let id = found(&state, named).await?;
    mark(&state, id, MarksEdit::Note(members.text)).await
}

pub(super) async fn pin(State(state): Shared, named: Named) -> Result<SafeJson, ApiProblem> {
    let id = found(&state, named).await?;
    mark(&state, id, MarksEdit::Pin(true)).await
}

pub(super) async fn unpin(State(state): Shared, named: Named) -> Result<SafeJson, ApiProblem> {
    let id = found(&state, named).await?;
    mark(&state, id, MarksEdit::Pin(false)).await
}

pub(super) async fn delete(
    State(state): Shared,
    named: Named,
    Params(params): Params<DeletionParams>,
) -> Result<SafeJson, ApiProblem> {
    let id = found(&state, named).await?;
    if !params.pinned && state.readers.read(|reader| Ok(reader.pinned()?)).await?.contains(&id) {
        let words = format!("delivery {id} is pinned: unpin it, or add ?pinned=true");
        return Err(ApiProblem::new(StatusCode::CONFLICT, words));
    }
    mark(&state, id, MarksEdit::Delete(true)).await
}

async fn found(state: &ApiState, named: Named) -> Result<DeliveryId, ApiProblem> {
    state.readers.read(move |reader| named.resolve(reader)).await
}

/// Has the writer change it, and tells the interface.
async fn mark(state: &ApiState, id: DeliveryId, edit: MarksEdit) -> Result<SafeJson, ApiProblem> {
    edit.check().map_err(ApiProblem::bad)?;
    let outcome = state.feed.control().mark(vec![id], edit.clone()).await;
    let outcome = outcome.map_err(|_| ApiProblem::busy("the listener is stopping"))?;
    let changed = outcome.map_err(|error| ApiProblem::new(StatusCode::INTERNAL_SERVER_ERROR, error))?;
    if changed > 0 {
        let _ = state.events.send(ServerEvent::Marked(MarkedElsewhere { ids: vec![id], edit, changed }));
    }
    Ok(SafeJson(json!({"id": id.0, "changed": changed > 0})))
}
