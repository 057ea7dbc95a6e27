//! `POST /check`: is a receiver correct?

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::super::Shared;
use super::super::jobs::{self, JobParams};
use super::{SendingBody, SendingMembers, cancelled_with, named, settings};
use crate::api::ApiProblem;
use crate::api::extract::{Params, SafeJson};
use crate::api::state::ApiState;
use crate::config::Settings;
use crate::http::Client;
use crate::send::conformance::{self, Case, CheckEvent, CheckPlan, Fixture, JOBS_LIMIT, NotApplicable};
use crate::send::{BatchPace, Destination, DestinationChoice};
use crate::server::{JobKind, JobTicket};
use crate::signature::SigningKind;
use crate::simulate;
use crate::system::panic::catch_panic_in_future;
use crate::system::thread;
use crate::text::{units, visible};

/// How long one delivery may take, unless told otherwise.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Answers that take longer are too slow, unless told otherwise.
const SLOW: Duration = Duration::from_secs(5);

/// Which receiver is checked, and how: `to` or `webhook`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "CheckRequest")]
pub(in crate::api::routes) struct CheckMembers {
    /// Its URL.
    to: Option<String>,
    /// The name of a configured webhook.
    webhook: Option<String>,
    /// The unit of the timestamp, where no webhook tells.
    kind: Option<SigningKind>,
    /// The label of the secret that signs.
    secret: Option<String>,
    /// Deliveries that are older have to be refused: `5m`.
    max_age: Option<String>,
    /// Answers that take longer are too slow; `5s` unless given.
    slow: Option<String>,
    /// The names of the cases that are tried; all without.
    only: Vec<String>,
    /// How many a second: `10/s`.
    rate: Option<String>,
    /// How many at a time.
    #[schemars(range(min = 1, max = JOBS_LIMIT))]
    jobs: Option<usize>,
}

impl CheckMembers {
    fn plan(&self, settings: &Settings, sending: &SendingMembers) -> Result<CheckPlan, ApiProblem> {
        let duration = |name: &str, text: &Option<String>| {
            text.as_deref().map(|text| units::parse_duration(text).map_err(named(name))).transpose()
        };
        if self.to.is_none() && self.webhook.is_none() {
            return Err(ApiProblem::bad("no receiver to check: expected to or webhook"));
        }
        let jobs = self.jobs.unwrap_or(1);
        if !(1..=JOBS_LIMIT).contains(&jobs) {
            return Err(ApiProblem::bad(format!("invalid jobs {jobs}: expected 1 to {JOBS_LIMIT}")));
        }
        let (max_age, slow) = (duration("max_age", &self.max_age)?, duration("slow", &self.slow)?);
        let pace = self.rate.as_deref().map(|rate| rate.parse::<BatchPace>().map_err(named("rate"))).transpose()?;
        let choice = DestinationChoice {
            to: self.to.clone(),
            webhook: self.webhook.clone(),
            kind: self.kind,
            secret: self.secret.clone(),
        };
        let destination = Destination::find(settings, &choice).map_err(ApiProblem::bad)?;
        let seed = simulate::fresh_seed().map_err(|error| {
            ApiProblem::new(StatusCode::INTERNAL_SERVER_ERROR, format!("cannot get random numbers: {error}"))
        })?;
        let fixture = Fixture {
            secret: destination.signing_secret().map_err(ApiProblem::bad)?.clone(),
            scheme: destination.scheme.sent_to(&destination.target),
            target: destination.target,
            kind: destination.kind,
            stale: conformance::stale_by(max_age),
            seed,
        };
        let (cases, left_out) = selected(&fixture, &self.only)?;
        let interval = match pace {
            Some(BatchPace::Every(interval)) => interval,
            Some(BatchPace::InOrder) | None => Duration::ZERO,
        };
        let timeout = sending.timeout()?.unwrap_or(TIMEOUT);
        Ok(CheckPlan { fixture, cases, left_out, max_age, timeout, slow: slow.unwrap_or(SLOW), jobs, interval })
    }
}

/// The cases that are asked for, and those of them that mean nothing under the scheme.
fn selected(fixture: &Fixture, only: &[String]) -> Result<(Vec<Case>, Vec<NotApplicable>), ApiProblem> {
    let (mut cases, left_out) = conformance::applicable(fixture, Timestamp::now()).map_err(ApiProblem::bad)?;
    if only.is_empty() {
        return Ok((cases, left_out));
    }
    for name in only {
        if conformance::case_named(name).is_none() {
            return Err(ApiProblem::bad(format!("only: unknown case '{}'", visible(name))));
        }
        if !cases.iter().any(|case| case.name == *name) {
            let left = left_out.iter().find(|left| left.name == *name);
            let reason = left.map_or("it is a case of other senders", |left| left.reason);
            return Err(ApiProblem::bad(format!("only: the case '{name}' does not apply: {reason}")));
        }
    }
    cases.retain(|case| only.iter().any(|name| name == case.name));
    Ok((cases, Vec::new()))
}

pub(in crate::api::routes) async fn check(
    State(state): Shared,
    Params(params): Params<JobParams>,
    SendingBody { own: members, sending }: SendingBody<CheckMembers>,
) -> Result<(StatusCode, SafeJson), ApiProblem> {
    let settings = settings(&state);
    let plan = jobs::planned(async { members.plan(&settings, &sending) }).await?;
    let what = match plan.cases.len() {
        1 => "1 test delivery".to_owned(),
        count => format!("{count} test deliveries"),
    };
    sending.may_send(&what, [plan.target()])?;
    let client = sending.client(&settings)?;
    let shared = Arc::clone(&state);
    jobs::begin(&state, JobKind::Check, &params, |ticket| run(shared, plan, client, ticket)).await
}

async fn run(state: Arc<ApiState>, plan: CheckPlan, client: Client, ticket: Arc<JobTicket>) -> Result<Value, String> {
    let (cancel, _guard) = cancelled_with(&state, &ticket);
    ticket.advance(0, plan.cases.len() as u64);
    let (told, result) = oneshot::channel();
    // Measured on a thread of its own: other requests take no time from it.
    let checking = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let work = async {
            crate::system::panic::panic_for_test("check");
            checked(&plan, &client, &cancel, &ticket).await
        };
        let _ = told.send(match runtime {
            Ok(runtime) => runtime.block_on(catch_panic_in_future(work)).unwrap_or_else(|panic| Err(panic.to_string())),
            Err(error) => Err(format!("cannot start a thread for the check: {error}")),
        });
    };
    thread::spawn("whyhook-check", checking).map_err(|error| error.to_string())?;
    result.await.map_err(|_| "the check was not done".to_owned())?
}

async fn checked(
    plan: &CheckPlan,
    client: &Client,
    cancel: &CancellationToken,
    ticket: &JobTicket,
) -> Result<Value, String> {
    let mut done = 0;
    let tell = |event: CheckEvent<'_>| {
        if let CheckEvent::Row(_, all) = event {
            done += 1;
            ticket.advance(done, all as u64);
        }
    };
    let report = conformance::run(plan, client, cancel, tell).await.map_err(|error| error.to_string())?;
    // Whether it was cut off shows here.
    ticket.advance(done, plan.cases.len().max(usize::try_from(done).unwrap_or(0)) as u64);
    Ok(conformance::report_json(&report))
}
