//! `GET /diff` and `GET /attempts/{number}`: deliveries and responses beside each other, and what was sent.

use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Shared;
use crate::api::ApiProblem;
use crate::api::extract::{InPath, Named, Params, PathValue, SafeJson};
use crate::delivery::AttemptId;
use crate::diff::{ComparedMessage, MessageComparison};
use crate::send::{attempt_json, replay};
use crate::store::Reader;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DiffParams {
    /// A delivery's number, or `latest`.
    left: String,
    /// The other's.
    right: String,
    /// Whether the two numbers are of stored attempts, whose responses are compared.
    #[serde(default)]
    attempts: bool,
}

pub(super) async fn diff(State(state): Shared, Params(params): Params<DiffParams>) -> Result<SafeJson, ApiProblem> {
    let read = move |reader: &Reader| {
        let message = |name: &str| if params.attempts { response(reader, name) } else { delivery(reader, name) };
        Ok(MessageComparison::of(&message(&params.left)?, &message(&params.right)?).to_json())
    };
    Ok(SafeJson(state.readers.read(read).await?))
}

fn delivery(reader: &Reader, name: &str) -> Result<ComparedMessage, ApiProblem> {
    let id = Named::parse(name)?.resolve(reader)?;
    let delivery = reader.load(id)?.ok_or_else(|| ApiProblem::missing(format!("no delivery {id}")))?;
    Ok(ComparedMessage::from(&delivery))
}

fn response(reader: &Reader, number: &str) -> Result<ComparedMessage, ApiProblem> {
    let id = AttemptId::parse(number.to_owned())?;
    let attempt = reader.attempt(id)?.ok_or_else(|| ApiProblem::missing(format!("no attempt {id}")))?;
    match attempt.result {
        Ok(reply) => Ok(ComparedMessage::from(&reply)),
        Err(failure) => Err(ApiProblem::bad(format!("attempt {id} has no response: {}", failure.message))),
    }
}

impl PathValue for AttemptId {
    const DESCRIPTION: &'static str = "The number of a stored attempt";

    fn parse(text: String) -> Result<Self, ApiProblem> {
        text.parse().map(Self).map_err(|_| ApiProblem::bad("expected the number of an attempt"))
    }
}

pub(super) async fn attempt(State(state): Shared, InPath(id): InPath<AttemptId>) -> Result<SafeJson, ApiProblem> {
    let registry = state.feed.control().registry();
    let read = move |reader: &Reader| {
        let attempt = reader.attempt(id)?.ok_or_else(|| ApiProblem::missing(format!("no attempt {id}")))?;
        let summary = attempt.delivery.map(|delivery| reader.summary(delivery)).transpose()?.flatten();
        let body = match (&attempt.body, attempt.delivery) {
            (Some(body), _) => body.clone(),
            (None, Some(delivery)) => reader.load(delivery)?.map(|delivery| delivery.body).unwrap_or_default(),
            (None, None) => bytes::Bytes::new(),
        };
        let webhook = summary.as_ref().and_then(|summary| replay::webhook_of(&registry, summary));
        let mut json: Value = attempt_json(&attempt, &body, registry.signing_scheme(webhook));
        json["attempt"] = json!(id.0);
        Ok(json)
    };
    Ok(SafeJson(state.readers.read(read).await?))
}
