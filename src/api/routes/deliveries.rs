//! Deliveries: pages of them, and one as `show` prints it.

use std::time::{Duration, Instant};

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use bytes::{Bytes, BytesMut};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Shared;
use crate::api::ApiProblem;
use crate::api::extract::{Named, Params, SafeJson, json_response};
use crate::api::sending::in_pieces;
use crate::api::state::ApiState;
use crate::archive::detail;
use crate::delivery::{Delivery, DeliveryId, summary_text};
use crate::query::Query;
use crate::store::{Page, Reader};
use crate::text;

/// Deliveries of a page, unless told.
const PAGE: usize = 100;
/// The most that a page may have.
const PAGE_LIMIT: usize = 1000;
/// Rows looked at between two looks at the clock.
const LOOK_ROWS: usize = 5000;
/// How long is searched for a page. What is found until then is returned, with where to go on.
const SEARCHING: Duration = Duration::from_secs(5);

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ListParams {
    /// Which deliveries, as `list` takes it; `@name` is a saved filter of the listener's configuration.
    #[serde(default)]
    filter: String,
    /// How many at most; 100 unless given.
    #[schemars(range(min = 1, max = PAGE_LIMIT))]
    limit: Option<usize>,
    /// Only those with lower numbers: the next of the page before.
    before: Option<i64>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FilterParams {
    /// As `list` takes it.
    filter: String,
}

pub(super) async fn list(State(state): Shared, Params(params): Params<ListParams>) -> Result<Response, ApiProblem> {
    let query = state.query(&params.filter)?;
    let limit = match params.limit {
        None => PAGE,
        Some(limit) if (1..=PAGE_LIMIT).contains(&limit) => limit,
        Some(limit) => return Err(ApiProblem::bad(format!("invalid limit {limit}: expected 1 to {PAGE_LIMIT}"))),
    };
    let before = params.before.map(DeliveryId);
    let closing = state.clone();
    let body = state.readers.read(move |reader| page(reader, &query, before, limit, &|| !closing.is_closing())).await?;
    Ok(json_response(body))
}

/// A page as JSON: rows are many, and go from their form to text at once.
fn page(
    reader: &Reader,
    query: &Query,
    before: Option<DeliveryId>,
    limit: usize,
    go_on: &dyn Fn() -> bool,
) -> Result<String, ApiProblem> {
    let (now, deadline) = (Timestamp::now(), Instant::now() + SEARCHING);
    let (mut rows, mut next) = (String::new(), before);
    let mut left = limit;
    loop {
        let page = next.map_or(Page::Newest, Page::Before);
        let scan = reader.search(query, now, page, left, LOOK_ROWS)?;
        for summary in &scan.rows {
            if !rows.is_empty() {
                rows.push(',');
            }
            rows.push_str(&text::safe_json(&summary_text(summary)));
        }
        left -= scan.rows.len();
        next = scan.next;
        if left == 0 || next.is_none() || Instant::now() >= deadline || !go_on() {
            let next = next.map_or_else(|| "null".to_owned(), |next| next.0.to_string());
            return Ok(format!("{{\"deliveries\":[{rows}],\"next\":{next}}}"));
        }
    }
}

pub(super) async fn check_filter(State(state): Shared, Params(params): Params<FilterParams>) -> SafeJson {
    SafeJson(match state.query(&params.filter) {
        Ok(query) => json!({"valid": true, "filter": query.to_string(), "needs_content": query.needs_content()}),
        Err(error) => json!({"valid": false, "at": error.at, "problem": error.problem.to_string()}),
    })
}

pub(super) async fn show(State(state): Shared, named: Named) -> Result<Response, ApiProblem> {
    let shared = state.clone();
    let (json, place) = state
        .readers
        .read_large(move |reader| {
            let delivery = load(reader, named)?;
            let diagnosis = explained(reader, &delivery, &shared)?;
            let registry = shared.feed.control().registry();
            let json = detail::known_json(reader, &delivery, diagnosis.as_ref(), &registry)?;
            Ok(text::safe_json(&json.to_string()).into_owned())
        })
        .await?;
    Ok(in_pieces(json, place, "application/json"))
}

pub(super) async fn body(State(state): Shared, named: Named) -> Result<Response, ApiProblem> {
    bytes_of(&state, named, |delivery| delivery.body.clone()).await
}

pub(super) async fn raw(State(state): Shared, named: Named) -> Result<Response, ApiProblem> {
    let whole = |delivery: &Delivery| {
        let section = delivery.body_section();
        let mut whole = BytesMut::with_capacity(delivery.head.len() + section.len());
        whole.extend_from_slice(&delivery.head);
        whole.extend_from_slice(&section);
        whole.freeze()
    };
    bytes_of(&state, named, whole).await
}

/// Bytes from the network: nothing that takes them may run them or show them as a page.
async fn bytes_of(
    state: &ApiState,
    named: Named,
    of: impl FnOnce(&Delivery) -> Bytes + Send + 'static,
) -> Result<Response, ApiProblem> {
    let (bytes, place) = state.readers.read_large(move |reader| Ok(of(&load(reader, named)?))).await?;
    let mut response = in_pieces(bytes, place, "application/octet-stream");
    response.headers_mut().insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment"));
    Ok(response)
}

pub(super) async fn diagnosis(State(state): Shared, named: Named) -> Result<SafeJson, ApiProblem> {
    let shared = state.clone();
    let found = state.readers.read(move |reader| explained(reader, &load(reader, named)?, &shared)).await?;
    Ok(SafeJson(found.unwrap_or(Value::Null)))
}

pub(super) async fn attempts(State(state): Shared, named: Named) -> Result<SafeJson, ApiProblem> {
    let read = state.readers.read(move |reader| Ok(detail::attempts_json(reader, named.resolve(reader)?)?)).await?;
    Ok(SafeJson(read))
}

pub(super) fn load(reader: &Reader, named: Named) -> Result<Delivery, ApiProblem> {
    let id = named.resolve(reader)?;
    reader.load(id)?.ok_or_else(|| ApiProblem::missing(format!("no delivery {id}")))
}

/// What was found out when it came, else what is found now.
fn explained(reader: &Reader, delivery: &Delivery, state: &ApiState) -> Result<Option<Value>, ApiProblem> {
    if let Some(kept) = detail::kept_diagnosis(reader, delivery)? {
        return Ok(Some(kept));
    }
    let registry = state.feed.control().registry();
    Ok(detail::found_diagnosis(reader, delivery, &registry, &|| !state.is_closing()))
}
