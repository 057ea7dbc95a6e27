//! `POST /simulate`: made deliveries, signed like real ones.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use bytes::Bytes;
use jiff::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;
use serde_json::{Map, Value};
use tokio::sync::OnceCell;
use tokio::time::Instant;

use super::super::Shared;
use super::super::jobs::{self, JobParams};
use super::replay::other_body;
use super::{SendingBody, SendingMembers, SentTally, cancelled_with, named, row_json, settings, taken, wrong_body};
use crate::api::ApiProblem;
use crate::api::extract::{Named, Params, SafeJson};
use crate::api::openapi::merged_schema;
use crate::api::state::ApiState;
use crate::config::Settings;
use crate::delivery::{Attempt, AttemptKind, AttemptMode};
use crate::http::{Client, ClientLimits, Outgoing};
use crate::send::{
    BatchPace, Destination, DestinationChoice, Origin, SimulatedBody, Simulation, attempt, attempt_json, run_all,
};
use crate::server::{JobKind, JobTicket};
use crate::simulate::{self, BurstSending, SavedSimulation};
use crate::system::panic::catch_panic_in_future;

/// Members that are not those of a saved simulation.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct SimulateMembers {
    /// A simulation of the configuration, under the other members.
    saved: Option<String>,
    /// The delivery whose body is sent: its number, or `latest`.
    #[schemars(extend("type" = ["integer", "string", "null"]))]
    from: Option<String>,
    /// The body that is sent.
    body: Option<String>,
    /// The same in Base64.
    body_base64: Option<String>,
    /// The label of the secret that signs.
    secret: Option<String>,
    /// The same seed makes the same deliveries.
    seed: Option<u64>,
}

/// The members of [`SimulateMembers`].
const OWN_NAMES: [&str; 6] = ["saved", "from", "body", "body_base64", "secret", "seed"];

/// Members of both kinds. Which of them are new and which stand in for those of a saved simulation is seen when that is
/// known.
#[derive(Deserialize)]
#[serde(transparent)]
pub(in crate::api::routes) struct SimulationBody(Map<String, Value>);

impl JsonSchema for SimulationBody {
    fn schema_name() -> Cow<'static, str> {
        "SimulateRequest".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let parts = [SavedSimulation::json_schema(generator), SimulateMembers::json_schema(generator)];
        merged_schema(parts, "What is made and sent, and where: event, saved, from, body or body_base64.")
    }
}

/// Takes the members apart: the others, and what is made.
fn apart(
    members: &mut Map<String, Value>,
    settings: &Settings,
) -> Result<(SimulateMembers, SavedSimulation), ApiProblem> {
    // A delivery's number need not be a text.
    if let Some(Value::Number(number)) = members.get("from") {
        let number = number.to_string();
        members.insert("from".to_owned(), Value::String(number));
    }
    let own: SimulateMembers = taken(members, &OWN_NAMES)?;
    let saved = match &own.saved {
        Some(name) => {
            let saved = settings.simulations.get(name);
            saved.ok_or_else(|| ApiProblem::missing("saved: the configuration has no simulation of this name"))?.clone()
        }
        None => SavedSimulation::default(),
    };
    let made = over(&saved, std::mem::take(members))?;
    Ok((own, made))
}

/// A saved simulation with other members over it: lists are added to, everything else is replaced.
fn over(saved: &SavedSimulation, members: Map<String, Value>) -> Result<SavedSimulation, ApiProblem> {
    let Value::Object(mut all) = serde_json::to_value(saved).map_err(wrong_body)? else {
        return Err(ApiProblem::bad("body: expected an object"));
    };
    if members.contains_key("to") || members.contains_key("webhook") {
        all.shift_remove("to");
        all.shift_remove("webhook");
    }
    for (name, value) in members {
        match (all.get_mut(&name), value) {
            (Some(Value::Array(before)), Value::Array(more)) => before.extend(more),
            (_, value) => drop(all.insert(name, value)),
        }
    }
    serde_json::from_value(Value::Object(all)).map_err(wrong_body)
}

/// Everything that is known before the first is sent.
struct Plan {
    simulation: Simulation,
    sendings: Vec<BurstSending>,
    client: Client,
    limits: ClientLimits,
}

impl Plan {
    async fn of(
        state: &Arc<ApiState>,
        mut members: Map<String, Value>,
        sending: &SendingMembers,
    ) -> Result<Self, ApiProblem> {
        let settings = settings(state);
        let (own, made) = apart(&mut members, &settings)?;
        let recipe = made.recipe().map_err(ApiProblem::bad)?;
        let headers = made.headers().map_err(ApiProblem::bad)?;
        let seed = match own.seed {
            Some(seed) => seed,
            None => simulate::fresh_seed().map_err(|error| {
                ApiProblem::new(StatusCode::INTERNAL_SERVER_ERROR, format!("cannot get random numbers: {error}"))
            })?,
        };
        let choice = DestinationChoice {
            to: made.to.clone(),
            webhook: made.webhook.clone(),
            kind: made.kind,
            secret: own.secret.clone(),
        };
        let destination = Destination::find(&settings, &choice).map_err(ApiProblem::bad)?;
        let body = match given(state, &own).await? {
            Some(_) if made.event.is_some() => {
                return Err(ApiProblem::bad("event cannot be combined with a body of its own"));
            }
            Some(bytes) => SimulatedBody::Given(bytes),
            None => chosen_body(&own, &made, &destination)?,
        };
        let simulation = Simulation { recipe, burst: made.burst(), body, headers, destination, seed };
        let sendings = simulation.sendings().map_err(ApiProblem::bad)?;
        simulation.destination.signing_secret().map_err(ApiProblem::bad)?;
        // Each is made when its time has come; that one can be made is known now.
        simulation.request(0, Timestamp::now()).map_err(ApiProblem::bad)?;
        let what = match sendings.len() {
            1 => "this delivery".to_owned(),
            count => format!("{count} deliveries"),
        };
        sending.may_send(&what, [&simulation.destination.target])?;
        let (client, limits) = (sending.client(&settings)?, sending.limits()?);
        Ok(Self { simulation, sendings, client, limits })
    }

    async fn send(&self, request: &Outgoing, cancel: &tokio_util::sync::CancellationToken) -> Attempt {
        let target = &self.simulation.destination.target;
        let sent = self.client.send(target, request, &self.limits, cancel).await;
        let origin = Origin { delivery: None, kind: AttemptKind::Simulation, mode: AttemptMode::Made };
        attempt(origin, target, request, None, sent)
    }
}

/// The body that was given, or that of a captured delivery.
async fn given(state: &Arc<ApiState>, own: &SimulateMembers) -> Result<Option<Bytes>, ApiProblem> {
    let body = other_body(own.body.as_deref(), own.body_base64.as_deref())?;
    match (&own.from, body) {
        (Some(_), Some(_)) => Err(ApiProblem::bad("from cannot be combined with body or body_base64")),
        (None, body) => Ok(body),
        (Some(id), None) => {
            let named = Named::parse(id).map_err(named("from"))?;
            let read = move |reader: &crate::store::Reader| {
                let id = named.resolve(reader)?;
                Ok(reader.load(id)?.map(|delivery| delivery.body))
            };
            state.readers.read(read).await
        }
    }
}

/// What is sent when no bytes were given.
fn chosen_body(
    own: &SimulateMembers,
    made: &SavedSimulation,
    destination: &Destination,
) -> Result<SimulatedBody, ApiProblem> {
    let body = SimulatedBody::choose(made.event, &destination.scheme).map_err(ApiProblem::bad)?;
    match &body {
        // A saved simulation is of a screenshot unless it says otherwise.
        SimulatedBody::Event if made.event.is_none() && own.saved.is_none() => {
            Err(ApiProblem::bad("no event: expected event, saved, from, body or body_base64"))
        }
        SimulatedBody::Sample(_)
            if made.live || made.image.is_some() || made.image_size.is_some() || made.items.is_some() =>
        {
            Err(ApiProblem::bad("live, image, image_size and items are for Trackpilots' events: leave them out"))
        }
        _ => Ok(body),
    }
}

pub(in crate::api::routes) async fn simulate(
    State(state): Shared,
    Params(params): Params<JobParams>,
    SendingBody { own: SimulationBody(members), sending }: SendingBody<SimulationBody>,
) -> Result<(StatusCode, SafeJson), ApiProblem> {
    let plan = jobs::planned(Plan::of(&state, members, &sending)).await?;
    let shared = Arc::clone(&state);
    jobs::begin(&state, JobKind::Simulate, &params, |ticket| run(shared, plan, ticket)).await
}

/// What a sending came to: `None` when it was cancelled before, an error when its request cannot be made.
type Ended = Option<Result<(Attempt, Arc<Outgoing>), String>>;

/// Requests are made just before they go out; one that is sent again is the same to the byte.
async fn run(state: Arc<ApiState>, mut plan: Plan, ticket: Arc<JobTicket>) -> Result<Value, String> {
    let sendings = std::mem::take(&mut plan.sendings);
    let (total, plan) = (sendings.len(), Arc::new(plan));
    let (cancel, _guard) = cancelled_with(&state, &ticket);
    ticket.advance(0, total as u64);
    // Those of a rate have their moments, whether or not the ones before have ended; the others follow each other.
    let pace = match sendings.iter().any(|sending| sending.after.is_some()) {
        true => BatchPace::Every(Duration::ZERO),
        false => BatchPace::InOrder,
    };
    let begun = Instant::now();
    let (mut tally, mut failure) = (SentTally::default(), None);
    let mut made: HashMap<u32, Arc<OnceCell<Arc<Outgoing>>>> = HashMap::new();
    let begin = |sending: BurstSending| {
        let request = Arc::clone(made.entry(sending.delivery).or_default());
        let (plan, cancel) = (Arc::clone(&plan), cancel.clone());
        let work = async move {
            if let Some(after) = sending.after {
                tokio::select! {
                    () = cancel.cancelled() => return None,
                    () = tokio::time::sleep_until(begun + after) => {}
                }
            }
            let make = || async { plan.simulation.request(sending.delivery, Timestamp::now()).map(Arc::new) };
            match request.get_or_try_init(make).await {
                Ok(request) => Some(Ok((plan.send(request, &cancel).await, Arc::clone(request)))),
                Err(error) => Some(Err(error.to_string())),
            }
        };
        // Each has a task of its own.
        async { catch_panic_in_future(work).await.unwrap_or_else(|panic| Some(Err(panic.to_string()))) }
    };
    let done = |ended: Ended| match ended {
        None => {}
        Some(Ok((attempt, request))) => {
            let json = attempt_json(&attempt, &request.body, &plan.simulation.destination.scheme);
            tally.add(attempt.is_delivered(), if total == 1 { json } else { row_json(&json) });
            ticket.advance(tally.sent as u64, total as u64);
        }
        Some(Err(error)) => {
            failure.get_or_insert(error);
            cancel.cancel();
        }
    };
    run_all(sendings, pace, &cancel, begin, done).await;
    ticket.advance(tally.sent as u64, total as u64);
    match failure {
        Some(error) if tally.sent == 0 => Err(error),
        Some(error) => Err(format!("{error}; {} of {total} were sent before", tally.sent)),
        None => Ok(tally.json(total)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::simulate::SimulatedEvent;

    #[test]
    fn the_members_of_both_kinds_are_told_apart() {
        let names = |schema: Schema| -> Vec<String> {
            schema.to_value()["properties"].as_object().unwrap().keys().cloned().collect()
        };
        let mut generator = SchemaGenerator::default();
        let own = names(SimulateMembers::json_schema(&mut generator));
        assert_eq!(own, OWN_NAMES);
        let saved = names(SavedSimulation::json_schema(&mut generator));
        assert!(saved.len() > 10 && saved.iter().all(|name| !own.contains(name)), "{saved:?}");
        assert_eq!(names(SimulationBody::json_schema(&mut generator)).len(), own.len() + saved.len());
    }

    fn made(saved: &SavedSimulation, members: Value) -> Result<SavedSimulation, ApiProblem> {
        let Value::Object(members) = members else { unreachable!() };
        over(saved, members)
    }

    #[test]
    fn members_go_over_a_saved_simulation() {
        let saved = SavedSimulation {
            event: Some(SimulatedEvent::Screenshot),
            webhook: Some("dev".to_owned()),
            set: vec!["a=1".to_owned()],
            count: Some(3),
            ..SavedSimulation::default()
        };
        let over = made(&saved, json!({"event": "app", "to": "http://localhost:1/", "set": ["b=2"]})).unwrap();
        assert_eq!((over.event, over.webhook, over.count), (Some(SimulatedEvent::App), None, Some(3)));
        assert_eq!(over.set, ["a=1", "b=2"]);
        assert_eq!(made(&saved, json!({})).unwrap(), saved);
        for wrong in [json!({"evnt": "app"}), json!({"event": "nothing"}), json!({"count": "many"})] {
            assert!(made(&saved, wrong.clone()).is_err(), "{wrong}");
        }
    }
}
