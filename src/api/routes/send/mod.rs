//! Requests that send: replays, simulations and checks, as jobs. The same options and the same question before anything
//! goes to another machine as the commands have.

mod check;
mod replay;
mod simulate;

pub(super) use check::check;
pub(super) use replay::replay;
pub(super) use simulate::simulate;

use std::borrow::Cow;
use std::fmt::Display;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use tokio::sync::Notify;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::api::ApiProblem;
use crate::api::extract::Members;
use crate::api::openapi::{DocumentedExtractor, RequestShape, merged_schema};
use crate::api::state::ApiState;
use crate::config::Settings;
use crate::delivery::{Attempt, AttemptId};
use crate::http::{Client, ClientLimits, Target, TlsOptions};
use crate::send::other_machines;
use crate::server::JobTicket;
use crate::store::AttemptKeeper;
use crate::text::units;

/// The longest that a response may be waited for.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
/// Attempts that a result lists.
const LISTED: usize = 1000;

/// Members that every request which sends may have.
#[derive(Debug, Default, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct SendingMembers {
    /// How long a response is waited for: `30s`.
    timeout: Option<String>,
    /// A PEM file of the listener's machine, whose certificates are trusted in addition.
    ca_file: Option<PathBuf>,
    /// Whether certificates are not verified.
    insecure: bool,
    /// Whether it may go to another machine: captures may contain screenshots of real people.
    yes: bool,
}

/// The body of a request that sends: its own members, and those that every such request may have.
pub(in crate::api::routes) struct SendingBody<T> {
    own: T,
    sending: SendingMembers,
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for SendingBody<T> {
    type Rejection = ApiProblem;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiProblem> {
        let Members(mut members) = Members::<Map<String, Value>>::from_request(request, state).await?;
        let sending = taken(&mut members, &SENDING_NAMES)?;
        let own = serde_json::from_value(Value::Object(members)).map_err(wrong_body)?;
        Ok(Self { own, sending })
    }
}

impl<T: JsonSchema> JsonSchema for SendingBody<T> {
    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (own, sending) = (T::json_schema(generator), SendingMembers::json_schema(generator));
        let description = own.get("description").and_then(Value::as_str).unwrap_or_default().to_owned();
        merged_schema([own, sending], &description)
    }
}

impl<T: JsonSchema> DocumentedExtractor for SendingBody<T> {
    fn document(shape: &mut RequestShape<'_>) {
        shape.json_body::<Self>();
    }
}

impl SendingMembers {
    /// The timeout of one request, if one was given.
    fn timeout(&self) -> Result<Option<Duration>, ApiProblem> {
        let Some(text) = &self.timeout else { return Ok(None) };
        let whole = units::parse_duration(text).map_err(named("timeout"))?;
        if whole.is_zero() || whole > LONGEST {
            return Err(ApiProblem::bad("timeout: expected more than 0 and at most 24h"));
        }
        Ok(Some(whole))
    }

    fn limits(&self) -> Result<ClientLimits, ApiProblem> {
        Ok(self.timeout()?.map(ClientLimits::within).unwrap_or_default())
    }

    /// The client, which trusts whom the request, the command line or the configuration names.
    fn client(&self, settings: &Settings) -> Result<Client, ApiProblem> {
        let options = settings.tls_options();
        let ca_file = self.ca_file.clone().or(options.ca_file);
        Client::new(&TlsOptions { ca_file, insecure: self.insecure }).map_err(ApiProblem::bad)
    }

    /// Refuses to send `what` to another machine unless that was agreed to: captures may hold screenshots of real people.
    fn may_send<'a>(&self, what: &str, targets: impl IntoIterator<Item = &'a Target>) -> Result<(), ApiProblem> {
        let hosts = other_machines(targets);
        if hosts.is_empty() || self.yes {
            return Ok(());
        }
        let hosts = hosts.join(", ");
        let words = format!(
            "cannot send {what} to {hosts} without confirmation, since captures may contain screenshots of real people: \
             confirm with \"yes\": true"
        );
        Err(ApiProblem::new(StatusCode::FORBIDDEN, words))
    }
}

/// The members of [`SendingMembers`].
const SENDING_NAMES: [&str; 4] = ["timeout", "ca_file", "insecure", "yes"];

/// Takes the members with these names out of a body, as a struct.
fn taken<T: DeserializeOwned>(members: &mut Map<String, Value>, names: &[&str]) -> Result<T, ApiProblem> {
    let taken = names.iter().filter_map(|name| Some(((*name).to_owned(), members.shift_remove(*name)?))).collect();
    serde_json::from_value(Value::Object(taken)).map_err(wrong_body)
}

fn wrong_body(error: serde_json::Error) -> ApiProblem {
    ApiProblem::bad(format!("body: {}", crate::api::extract::without_values(&error.to_string())))
}

/// An error under the name of what was wrong.
fn named<E: Display>(name: &str) -> impl Fn(E) -> ApiProblem {
    move |error| ApiProblem::bad(format!("{name}: {error}"))
}

/// The settings with the secrets, schemes and webhooks of this moment.
fn settings(state: &ApiState) -> Settings {
    Settings { registry: (*state.feed.control().registry()).clone(), ..state.settings.clone() }
}

/// A token that is cancelled with the job, and when the listener ends; until the guard is dropped.
fn cancelled_with(state: &Arc<ApiState>, ticket: &JobTicket) -> (CancellationToken, DropGuard) {
    let token = CancellationToken::new();
    let wake = Arc::new(Notify::new());
    let woken = Arc::clone(&wake);
    let watcher = state.feed.control().jobs().changes().subscribe(move || woken.notify_one());
    let (record, mut closing, watched) = (ticket.record(), state.closing.clone(), token.clone());
    tokio::spawn(async move {
        loop {
            watcher.look();
            if record.is_cancelled() {
                return watched.cancel();
            }
            tokio::select! {
                () = wake.notified() => {}
                () = watched.cancelled() => return,
                _ = closing.wait_for(|closing| *closing) => return watched.cancel(),
            }
        }
    });
    let guard = token.clone().drop_guard();
    (token, guard)
}

/// Keeps attempts beside their deliveries, on threads that may block.
#[derive(Clone)]
struct Keeping(Option<Arc<Mutex<AttemptKeeper>>>);

impl Keeping {
    async fn open(state: &Arc<ApiState>) -> Self {
        let location = state.readers.location().clone();
        let opened = tokio::task::spawn_blocking(move || AttemptKeeper::open(&location)).await;
        Self(match opened {
            Ok(Ok(keeper)) => Some(Arc::new(Mutex::new(keeper))),
            Ok(Err(error)) => {
                tracing::warn!(reason = %error, "attempts are not stored");
                None
            }
            Err(_) => None,
        })
    }

    async fn keep(&self, attempt: &Attempt) -> Option<AttemptId> {
        let (keeper, attempt) = (Arc::clone(self.0.as_ref()?), attempt.clone());
        let keep = move || keeper.lock().unwrap_or_else(PoisonError::into_inner).keep(&attempt);
        match tokio::task::spawn_blocking(keep).await.ok()? {
            Ok(id) => Some(id),
            Err(error) => {
                tracing::warn!(reason = %error, "an attempt is not stored");
                None
            }
        }
    }
}

/// What has been sent so far.
#[derive(Debug, Default)]
struct SentTally {
    sent: usize,
    delivered: usize,
    attempts: Vec<Value>,
}

impl SentTally {
    fn add(&mut self, is_delivered: bool, attempt: Value) {
        self.sent += 1;
        self.delivered += usize::from(is_delivered);
        if self.attempts.len() < LISTED {
            self.attempts.push(attempt);
        }
    }

    fn json(self, total: usize) -> Value {
        let Self { sent, delivered, attempts } = self;
        let omitted = sent - attempts.len();
        json!({
            "total": total,
            "sent": sent,
            "delivered": delivered,
            "failed": sent - delivered,
            "attempts": attempts,
            "attempts_omitted": omitted,
        })
    }
}

/// One of many attempts: what became of it, without what was sent and received.
fn row_json(json: &Value) -> Value {
    const KEPT: [&str; 9] = ["attempt", "delivery", "kind", "mode", "at", "target", "result", "status", "latency_ms"];
    let mut row: serde_json::Map<String, Value> =
        KEPT.iter().filter_map(|name| Some(((*name).to_owned(), json.get(*name)?.clone()))).collect();
    row.insert("error".to_owned(), json["error"].clone());
    Value::Object(row)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_members_that_are_taken_out_of_a_body_are_those_of_the_struct() {
        let schema = SendingMembers::json_schema(&mut SchemaGenerator::default()).to_value();
        let names: Vec<&String> = schema["properties"].as_object().unwrap().keys().collect();
        assert_eq!(names, SENDING_NAMES);
    }

    fn sending(yes: bool) -> SendingMembers {
        SendingMembers { yes, ..SendingMembers::default() }
    }

    #[test]
    fn another_machine_gets_nothing_without_a_yes() {
        let targets: Vec<Target> =
            ["http://127.0.0.1:1/", "https://b.example/", "https://a.example/x"].map(|url| url.parse().unwrap()).into();
        assert!(sending(false).may_send("delivery 7", &targets[..1]).is_ok());
        assert!(sending(true).may_send("delivery 7", &targets).is_ok());
        let problem = sending(false).may_send("delivery 7", &targets).unwrap_err().to_string();
        assert!(problem.contains("cannot send delivery 7 to a.example, b.example without"), "{problem}");
    }

    #[test]
    fn timeouts_are_bounded() {
        let timeout =
            |text: &str| SendingMembers { timeout: Some(text.to_owned()), ..SendingMembers::default() }.timeout();
        assert_eq!(timeout("5s"), Ok(Some(Duration::from_secs(5))));
        for wrong in ["0s", "25h", "soon"] {
            assert!(timeout(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_every_sending_may_have_is_taken_out_of_the_body() {
        let Value::Object(mut members) = json!({"to": "x", "yes": true, "timeout": "5s"}) else { unreachable!() };
        let taken: SendingMembers = taken(&mut members, &SENDING_NAMES).unwrap();
        assert_eq!((taken.yes, taken.timeout.as_deref(), taken.insecure), (true, Some("5s"), false));
        assert_eq!(Value::Object(members), json!({"to": "x"}));
        let Value::Object(mut wrong) = json!({"yes": "hunter2"}) else { unreachable!() };
        let words = super::taken::<SendingMembers>(&mut wrong, &SENDING_NAMES).unwrap_err().to_string();
        assert!(words.contains("invalid type") && !words.contains("hunter2"), "{words}");
    }

    #[test]
    fn a_long_result_says_how_many_it_leaves_out() {
        let mut tally = SentTally::default();
        (0..LISTED + 3).for_each(|number| tally.add(number % 2 == 0, json!(number)));
        let json = tally.json(LISTED + 5);
        assert_eq!((&json["sent"], &json["total"]), (&json!(LISTED + 3), &json!(LISTED + 5)));
        assert_eq!((&json["delivered"], &json["failed"]), (&json!(502), &json!(501)));
        assert_eq!((json["attempts"].as_array().unwrap().len(), &json["attempts_omitted"]), (LISTED, &json!(3)));
    }
}
