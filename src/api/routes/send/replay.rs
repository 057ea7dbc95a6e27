//! `POST /replay`: captured deliveries, sent again.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use bytes::Bytes;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::super::Shared;
use super::super::jobs::{self, JobParams};
use super::{Keeping, SendingBody, SendingMembers, SentTally, cancelled_with, named, row_json, settings};
use crate::api::ApiProblem;
use crate::api::extract::{Named, Params, SafeJson};
use crate::api::selection::IdsMember;
use crate::api::state::ApiState;
use crate::config::{Registry, Settings};
use crate::delivery::{AttemptKind, Delivery, DeliveryId, Summary};
use crate::http::{Client, ClientLimits, Target};
use crate::query::{Query, SavedFilters};
use crate::send::replay::{self, How, Replay, ReplayError};
use crate::send::{self, BatchPace, Origin, attempt_json, run_all};
use crate::server::{JobKind, JobTicket};
use crate::signature::SigningKind;
use crate::store::{Page, Reader};
use crate::system::panic::catch_panic_in_future;
use crate::text::grouped;

/// Requests that one job sends, at most: their rows are in memory until its end, some hundred bytes each.
const SENDINGS_LIMIT: usize = 20_000;
/// Rows that are read between two looks at whether to go on.
const PAGE_ROWS: usize = 256;

/// Which deliveries are sent again, where, and how.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "ReplayRequest")]
pub(in crate::api::routes) struct ReplayMembers {
    /// Which deliveries, by number; either this or `filter`.
    ids: Option<Vec<ReplayedIds>>,
    /// Which deliveries, as `list` takes it.
    filter: Option<String>,
    /// URLs; where the webhook says without.
    to: Vec<String>,
    /// Whether the timestamp and the signature are made again.
    resign: bool,
    /// Whether every byte is sent as received.
    exact: bool,
    /// In place of the delivery's own body.
    body: Option<String>,
    /// The same in Base64.
    body_base64: Option<String>,
    /// With another body: the captured signature, which does not match then.
    keep_signature: bool,
    /// The label of the secret that signs.
    secret: Option<String>,
    /// The unit of the timestamp, where no webhook tells.
    kind: Option<SigningKind>,
    /// How many a second: `10/s`.
    rate: Option<String>,
}

/// A number, both ends of a range, or `latest`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected a delivery's number, a range such as \"12-40\", or \"latest\"")]
enum ReplayedIds {
    One(i64),
    Text(String),
}

impl ReplayMembers {
    fn how(&self) -> Result<How, ApiProblem> {
        let body = other_body(self.body.as_deref(), self.body_base64.as_deref())?;
        let signs = self.resign || (body.is_some() && !self.keep_signature);
        if !signs && (self.secret.is_some() || self.kind.is_some()) {
            return Err(ApiProblem::bad("secret and kind are for what is signed: give resign, or another body"));
        }
        match (body, self.exact, self.resign, self.keep_signature) {
            (Some(_), true, ..) | (None, true, true, _) => {
                Err(ApiProblem::bad("exact cannot be combined with resign or another body"))
            }
            (Some(_), _, true, true) => Err(ApiProblem::bad("keep_signature cannot be combined with resign")),
            (None, _, _, true) => Err(ApiProblem::bad("keep_signature is for another body: give body or body_base64")),
            (Some(body), _, _, keep) => Ok(How::Edited { body, resign: !keep }),
            (None, true, ..) => Ok(How::Exact),
            (None, _, true, _) => Ok(How::Resigned),
            (None, ..) => Ok(How::AsCaptured),
        }
    }

    fn pace(&self) -> Result<BatchPace, ApiProblem> {
        self.rate.as_deref().map_or(Ok(BatchPace::InOrder), |rate| rate.parse().map_err(named("rate")))
    }

    /// The deliveries in the order in which they are sent: that of the numbers, or the oldest first.
    fn summaries(
        &self,
        reader: &Reader,
        saved: &SavedFilters,
        limit: ReadLimit<'_>,
    ) -> Result<Vec<Summary>, ApiProblem> {
        match (&self.ids, &self.filter) {
            (Some(ids), None) if ids.is_empty() => Err(ApiProblem::bad("nothing selected: ids is empty")),
            (Some(ids), None) => by_number(reader, ids, limit),
            (None, Some(filter)) => matching(reader, &Query::parse_with(filter, saved)?, limit),
            (Some(_), Some(_)) => Err(ApiProblem::bad("ids cannot be combined with filter")),
            (None, None) => Err(ApiProblem::bad("nothing selected: expected ids or filter")),
        }
    }
}

/// Another body than the delivery's own, as text or in Base64.
pub(super) fn other_body(text: Option<&str>, base64: Option<&str>) -> Result<Option<Bytes>, ApiProblem> {
    use base64::Engine as _;
    match (text, base64) {
        (None, None) => Ok(None),
        (Some(text), None) => Ok(Some(Bytes::copy_from_slice(text.as_bytes()))),
        (None, Some(encoded)) => {
            let decoded = base64::prelude::BASE64_STANDARD.decode(encoded);
            decoded.map(|bytes| Some(bytes.into())).map_err(|_| ApiProblem::bad("body_base64: invalid Base64"))
        }
        (Some(_), Some(_)) => Err(ApiProblem::bad("body cannot be combined with body_base64")),
    }
}

/// Where its webhook says.
fn default_target(registry: &Registry, summary: &Summary) -> Result<Target, ApiProblem> {
    replay::default_target(registry, summary).map_err(|error| match error {
        ReplayError::NoTarget { id } => {
            ApiProblem::bad(format!("to: expected a URL, since no webhook says where delivery {id} goes"))
        }
        error => ApiProblem::bad(error),
    })
}

/// How much one request reads.
#[derive(Clone, Copy)]
struct ReadLimit<'a> {
    /// Deliveries, at most.
    most: usize,
    /// Whether somebody still waits for it.
    go_on: &'a dyn Fn() -> bool,
}

impl ReadLimit<'_> {
    /// Asked after each page.
    fn check(self, found: &[Summary]) -> Result<(), ApiProblem> {
        if !(self.go_on)() {
            return Err(ApiProblem::busy("the listener is stopping"));
        }
        if found.len() > self.most {
            let most = grouped(self.most as u64);
            return Err(ApiProblem::bad(format!(
                "too many deliveries: expected at most {most} here; send them in parts"
            )));
        }
        Ok(())
    }
}

/// The oldest first; those that did not arrive whole are left out.
fn matching(reader: &Reader, query: &Query, limit: ReadLimit<'_>) -> Result<Vec<Summary>, ApiProblem> {
    let (now, mut found, mut page) = (Timestamp::now(), Vec::new(), Page::Newest);
    loop {
        let scan = reader.search(query, now, page, PAGE_ROWS, PAGE_ROWS)?;
        found.extend(scan.rows.into_iter().filter(|summary| summary.intake.is_whole()));
        limit.check(&found)?;
        match scan.next {
            Some(next) => page = Page::Before(next),
            None => break,
        }
    }
    found.reverse();
    Ok(found)
}

fn by_number(reader: &Reader, ids: &[ReplayedIds], limit: ReadLimit<'_>) -> Result<Vec<Summary>, ApiProblem> {
    let mut summaries = Vec::new();
    for ids in ids {
        let ids = match ids {
            ReplayedIds::One(id) => IdsMember::One(*id),
            ReplayedIds::Text(text) if text == "latest" => IdsMember::One(Named::Latest.resolve(reader)?.0),
            ReplayedIds::Text(text) => IdsMember::Range(text.clone()),
        };
        let (from, to) = ids.range()?;
        let before = summaries.len();
        let mut next = from.saturating_sub(1);
        loop {
            // Pages after a delivery have the newest first.
            let page = reader.page(Page::After(DeliveryId(next)), PAGE_ROWS)?;
            let Some(last) = page.first().map(|summary| summary.id.0) else { break };
            summaries.extend(page.into_iter().rev().filter(|summary| summary.id.0 <= to));
            limit.check(&summaries)?;
            if last >= to {
                break;
            }
            next = last;
        }
        if summaries.len() == before {
            return Err(ApiProblem::missing(match from == to {
                true => format!("no delivery {from}: nothing was sent"),
                false => format!("no delivery of {from}-{to}: nothing was sent"),
            }));
        }
    }
    Ok(summaries)
}

/// One sending to come.
#[derive(Clone)]
struct Sending {
    summary: Arc<Summary>,
    target: Arc<Target>,
}

/// Everything that is known before the first is sent.
struct Plan {
    settings: Settings,
    sendings: Vec<Sending>,
    how: How,
    secret: Option<String>,
    kind: Option<SigningKind>,
    pace: BatchPace,
    client: Client,
    limits: ClientLimits,
}

impl Plan {
    /// Whatever would fail for want of a setting fails here.
    async fn of(state: &Arc<ApiState>, members: ReplayMembers, sending: &SendingMembers) -> Result<Self, ApiProblem> {
        let (how, pace, settings) = (members.how()?, members.pace()?, settings(state));
        let to = members.to.iter().map(|url| url.parse::<Target>().map(Arc::new).map_err(named("to")));
        let to = to.collect::<Result<Vec<_>, _>>()?;
        let (secret, kind) = (members.secret.clone(), members.kind);
        let rules = state.feed.control().rules();
        let (most, closing) = (SENDINGS_LIMIT / to.len().max(1), Arc::clone(state));
        let read = move |reader: &Reader| {
            let limit = ReadLimit { most, go_on: &|| !closing.is_closing() };
            members.summaries(reader, rules.filters(), limit)
        };
        let summaries = state.readers.read(read).await?;
        if summaries.is_empty() {
            return Err(ApiProblem::missing("no delivery that can be replayed matches the filter"));
        }
        if matches!(how, How::Edited { .. }) && summaries.len() > 1 {
            return Err(ApiProblem::bad("another body is for one delivery: give its number"));
        }
        let mut sendings = Vec::with_capacity(summaries.len() * to.len().max(1));
        for summary in summaries.into_iter().map(Arc::new) {
            if how.signs() {
                replay::signing(&settings.registry, &summary, secret.as_deref(), None).map_err(ApiProblem::bad)?;
            }
            let targets = match to.is_empty() {
                true => vec![Arc::new(default_target(&settings.registry, &summary)?)],
                false => to.clone(),
            };
            sendings.extend(targets.into_iter().map(|target| Sending { summary: Arc::clone(&summary), target }));
        }
        let what = match &sendings[..] {
            [one] => format!("delivery {}", one.summary.id),
            many => format!("{} deliveries", many.len()),
        };
        sending.may_send(&what, sendings.iter().map(|sending| &*sending.target))?;
        let (client, limits) = (sending.client(&settings)?, sending.limits()?);
        Ok(Self { settings, sendings, how, secret, kind, pace, client, limits })
    }

    /// Makes the request just before it goes out, so that its timestamp is of that moment.
    fn prepare(&self, delivery: &Delivery, target: &Target) -> Result<Replay, String> {
        let registry = &self.settings.registry;
        let signing = || replay::signing(registry, &delivery.summary, self.secret.as_deref(), self.kind);
        replay::prepare(delivery, target, &self.how, signing, Timestamp::now()).map_err(|error| error.to_string())
    }

    /// Sends one; whether it was delivered, and its JSON.
    async fn send(
        &self,
        state: &ApiState,
        keeping: &Keeping,
        sending: &Sending,
        cancel: &CancellationToken,
    ) -> (bool, Value) {
        let id = sending.summary.id;
        let loaded = state.readers.read(move |reader| Ok(reader.load(id)?)).await;
        let prepared = match loaded {
            Ok(Some(delivery)) => self.prepare(&delivery, &sending.target).map(|replay| (replay, delivery.body)),
            Ok(None) => Err(format!("delivery {id} no longer exists")),
            Err(problem) => Err(problem.to_string()),
        };
        let (replay, original) = match prepared {
            Ok(prepared) => prepared,
            Err(reason) => return not_sent(sending, &reason),
        };
        let sent = self.client.send(&sending.target, &replay.request, &self.limits, cancel).await;
        let origin = Origin { delivery: Some(id), kind: AttemptKind::Replay, mode: replay.mode };
        let attempt = send::attempt(origin, &sending.target, &replay.request, Some(&original), sent);
        let kept = keeping.keep(&attempt).await;
        let webhook = replay::webhook_of(&self.settings.registry, &sending.summary);
        let scheme = self.settings.registry.signing_scheme(webhook);
        let mut json = attempt_json(&attempt, &replay.request.body, scheme);
        json["attempt"] = json!(kept.map(|id| id.0));
        json["changes"] =
            replay.changes.iter().map(|change| json!({"code": change.code(), "detail": change.words()})).collect();
        (attempt.is_delivered(), json)
    }
}

/// What a sending came to whose request was not made.
fn not_sent(sending: &Sending, reason: &dyn std::fmt::Display) -> (bool, Value) {
    let error = json!({"code": "not_sent", "message": reason.to_string()});
    let (id, target) = (sending.summary.id.0, sending.target.to_string());
    (false, json!({"attempt": null, "delivery": id, "target": target, "result": "failed", "error": error}))
}

pub(in crate::api::routes) async fn replay(
    State(state): Shared,
    Params(params): Params<JobParams>,
    SendingBody { own: members, sending }: SendingBody<ReplayMembers>,
) -> Result<(StatusCode, SafeJson), ApiProblem> {
    let plan = jobs::planned(Plan::of(&state, members, &sending)).await?;
    let shared = Arc::clone(&state);
    jobs::begin(&state, JobKind::Replay, &params, |ticket| run(shared, plan, ticket)).await
}

async fn run(state: Arc<ApiState>, mut plan: Plan, ticket: Arc<JobTicket>) -> Result<Value, String> {
    let sendings = std::mem::take(&mut plan.sendings);
    let (total, pace, plan) = (sendings.len(), plan.pace, Arc::new(plan));
    let (cancel, _guard) = cancelled_with(&state, &ticket);
    ticket.advance(0, total as u64);
    let keeping = Keeping::open(&state).await;
    let mut tally = SentTally::default();
    let begin = |sending: Sending| {
        let (state, plan, keeping, cancel) = (Arc::clone(&state), Arc::clone(&plan), keeping.clone(), cancel.clone());
        // Each has a task of its own.
        async move {
            let sent = catch_panic_in_future(plan.send(&state, &keeping, &sending, &cancel)).await;
            sent.unwrap_or_else(|panic| not_sent(&sending, &panic))
        }
    };
    let done = |(is_delivered, json): (bool, Value)| {
        tally.add(is_delivered, if total == 1 { json } else { row_json(&json) });
        ticket.advance(tally.sent as u64, total as u64);
    };
    run_all(sendings, pace, &cancel, begin, done).await;
    ticket.advance(tally.sent as u64, total as u64);
    Ok(tally.json(total))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn how(json: Value) -> Result<How, String> {
        let members: ReplayMembers = serde_json::from_value(json).map_err(|error| error.to_string())?;
        members.how().map_err(|problem| problem.to_string())
    }

    #[test]
    fn how_a_delivery_is_sent_is_said_without_contradiction() {
        assert!(matches!(how(json!({})), Ok(How::AsCaptured)));
        assert!(matches!(how(json!({"exact": true})), Ok(How::Exact)));
        assert!(matches!(how(json!({"resign": true})), Ok(How::Resigned)));
        assert!(matches!(how(json!({"body": "a"})), Ok(How::Edited { resign: true, .. })));
        let unsigned = json!({"body_base64": "/w==", "keep_signature": true});
        assert!(matches!(how(unsigned), Ok(How::Edited { resign: false, body }) if body == b"\xff"[..]));
        for wrong in [
            json!({"exact": true, "resign": true}),
            json!({"exact": true, "body": "a"}),
            json!({"keep_signature": true}),
            json!({"body": "a", "resign": true, "keep_signature": true}),
            json!({"body": "a", "body_base64": "YQ=="}),
            json!({"body_base64": "!"}),
            json!({"bodies": "a"}),
        ] {
            assert!(how(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
