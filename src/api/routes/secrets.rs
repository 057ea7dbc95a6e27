//! The secrets of the run: by their labels; given for it, and taken back.

use std::sync::Arc;

use axum::extract::{Extension, FromRequest, Request, State};
use axum::http::{StatusCode, header};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use zeroize::{Zeroize as _, Zeroizing};

use super::Shared;
use super::jobs::{self, JobParams};
use crate::api::ApiProblem;
use crate::api::extract::{InPath, JsonObject, Params, PathValue, SafeJson};
use crate::api::openapi::{DocumentedExtractor, RequestShape};
use crate::api::serve::Transport;
use crate::api::state::ApiState;
use crate::config::{Registry, SecretNotRemoved, SecretScope, TYPED_LABEL};
use crate::delivery::{DeliveryId, Verdict};
use crate::http::MediaType;
use crate::inspect::{JudgedAgain, REJUDGED_ROWS, judge_again};
use crate::server::{GivenSecret, JobKind, JobTicket, ServerEvent};
use crate::signature::{Secret, SecretOrigin, SecretRemark};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SecretsParams {
    /// Whether the secrets themselves are asked for: over the Unix socket alone.
    #[serde(default)]
    values: bool,
}

/// Text that is wiped when it is dropped.
struct WipedText(Zeroizing<String>);

impl<'de> Deserialize<'de> for WipedText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Zeroizing::new).map(Self)
    }
}

/// A secret for the run of the listener: either secret or secret_base64.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "SecretRequest")]
struct SecretMembers {
    /// Its label; `typed` unless given. One that is configured is replaced for the run.
    label: Option<String>,
    /// The secret, as text.
    #[schemars(with = "Option<String>")]
    secret: Option<WipedText>,
    /// The secret, in Base64.
    #[schemars(with = "Option<String>")]
    secret_base64: Option<WipedText>,
}

/// A secret in a request's body. No error repeats anything of it.
pub(super) struct SentSecret {
    label: String,
    bytes: Zeroizing<Vec<u8>>,
}

impl<S: Send + Sync> FromRequest<S> for SentSecret {
    type Rejection = ApiProblem;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiProblem> {
        let kind = request.headers().get(header::CONTENT_TYPE);
        if !kind.is_some_and(|kind| MediaType::new(kind).is("application/json")) {
            let words = "expected a JSON body with content-type: application/json";
            return Err(ApiProblem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, words));
        }
        let body = Bytes::from_request(request, state)
            .await
            .map_err(|error| ApiProblem::new(error.status(), format!("body: {}", error.body_text().to_lowercase())))?;
        let sent = Self::read(&body);
        // As far as nobody else holds it: the connection's own buffer goes when the connection does.
        if let Ok(mut body) = body.try_into_mut() {
            body.as_mut().zeroize();
        }
        sent
    }
}

impl DocumentedExtractor for SentSecret {
    fn document(shape: &mut RequestShape<'_>) {
        shape.json_body::<SecretMembers>();
    }
}

impl SentSecret {
    fn read(body: &[u8]) -> Result<Self, ApiProblem> {
        let wrong = |words: &str| ApiProblem::bad(format!("body: {words}"));
        let JsonObject(members) = serde_json::from_slice::<JsonObject<SecretMembers>>(body).map_err(|error| {
            let at = format!("line {}, column {}", error.line(), error.column());
            wrong(&format!("expected the members secret or secret_base64, and label or nothing; invalid at {at}"))
        })?;
        let bytes = match (members.secret, members.secret_base64) {
            (Some(text), None) => Zeroizing::new(text.0.as_bytes().to_vec()),
            (None, Some(text)) => {
                let decoded = BASE64_STANDARD.decode(text.0.as_bytes());
                Zeroizing::new(decoded.map_err(|_| wrong("secret_base64: invalid Base64"))?)
            }
            _ => return Err(wrong("expected either secret or secret_base64")),
        };
        Ok(Self { label: members.label.unwrap_or_else(|| TYPED_LABEL.to_owned()), bytes })
    }
}

pub(super) async fn list(
    State(state): Shared,
    Extension(transport): Extension<Transport>,
    Params(params): Params<SecretsParams>,
) -> Result<SafeJson, ApiProblem> {
    if params.values && transport != Transport::UnixSocket {
        let words = "values: the secrets themselves are given over the Unix socket only";
        return Err(ApiProblem::new(StatusCode::FORBIDDEN, words));
    }
    let registry = state.feed.control().registry();
    if params.values {
        tracing::info!(secrets = registry.keyring().secrets().len(), "secrets read over the control socket");
    }
    Ok(SafeJson(json!({"secrets": secrets_json(&registry, params.values)})))
}

/// Those of the keyring in their order, then those of handshakes.
fn secrets_json(registry: &Registry, values: bool) -> Value {
    let configured = registry.keyring().secrets().iter().map(|secret| (secret, registry.scope_of(secret.label())));
    let received = registry.received_secrets().map(|(webhook, secret)| {
        (secret, SecretScope { webhooks: webhook.into_iter().collect(), others: webhook.is_none() })
    });
    configured.chain(received).map(|(secret, scope)| secret_json(secret, &scope, values)).collect()
}

fn secret_json(secret: &Secret, scope: &SecretScope<'_>, values: bool) -> Value {
    let (origin, variable, file) = match secret.origin() {
        SecretOrigin::Environment(variable) => ("environment", Some(variable), None),
        SecretOrigin::Dotenv { file, variable } => ("dotenv", Some(variable), Some(file)),
        SecretOrigin::File(file) => ("file", None, Some(file)),
        SecretOrigin::Config(file) => ("config", None, Some(file)),
        SecretOrigin::Typed => ("given", None, None),
        SecretOrigin::MadeUp => ("temporary", None, None),
        SecretOrigin::Handshake => ("handshake", None, None),
    };
    let mut json = json!({
        "label": secret.label(),
        "origin": origin,
        "variable": variable,
        "file": file.map(|file| file.to_string_lossy()),
        "source": secret.origin().to_string(),
        "bytes": secret.expose().len(),
        "remarks": remarks_json(&secret.remarks()),
        "webhooks": scope.webhooks,
        "other_requests": scope.others,
    });
    if values {
        match std::str::from_utf8(secret.expose()) {
            Ok(text) => json["secret"] = json!(text),
            Err(_) => json["secret_base64"] = json!(BASE64_STANDARD.encode(secret.expose())),
        }
    }
    json
}

fn remarks_json(remarks: &[SecretRemark]) -> Value {
    remarks.iter().map(|remark| remark.words()).collect()
}

/// Gives a secret for this run, and begins to judge what is stored again.
pub(super) async fn give(
    State(state): Shared,
    Params(params): Params<JobParams>,
    sent: SentSecret,
) -> Result<SafeJson, ApiProblem> {
    let SentSecret { label, bytes } = sent;
    let change = |registry: &Registry| {
        let replaces = registry.keyring().get(&label).is_some();
        let changed = registry.with_given_secret(&label, &bytes)?;
        let remarks = changed.keyring().get(&label).map(Secret::remarks).unwrap_or_default();
        Ok((changed, GivenSecret { label: label.clone(), replaces, remarks }))
    };
    let given = state
        .feed
        .control()
        .try_change_registry(change)
        .map_err(|error: crate::config::GivenSecretError| ApiProblem::bad(error))?;
    let mut json = json!({
        "label": given.label,
        "replaced": given.replaces,
        "bytes": bytes.len(),
        "remarks": remarks_json(&given.remarks),
    });
    let _ = state.events.send(ServerEvent::SecretGiven(given));
    let shared = Arc::clone(&state);
    let judged =
        jobs::begin(&state, JobKind::Verify, &params, |ticket| async move { rejudge(&shared, label, ticket).await });
    // Where too many jobs are in progress, the secret is in use all the same.
    json["job"] = judged.await.map_or(Value::Null, |(_, SafeJson(job))| job);
    Ok(SafeJson(json))
}

async fn rejudge(state: &Arc<ApiState>, label: String, ticket: Arc<JobTicket>) -> Result<Value, String> {
    let closing = Arc::clone(state);
    let registry = state.feed.control().registry();
    let work = move |reader: &crate::store::Reader| {
        let total = reader.count()?.min(REJUDGED_ROWS as u64);
        let mut kept = JudgedAgain::default();
        let mut go_on = |so_far: &mut JudgedAgain| {
            let goes_on = ticket.advance(so_far.looked_at, total) && !closing.is_closing();
            if !goes_on {
                kept = std::mem::take(so_far);
            }
            goes_on
        };
        let all = judge_again(reader, &registry, &label, &mut go_on)?;
        if let Some(all) = &all {
            ticket.advance(all.looked_at, all.looked_at.max(1));
        }
        Ok(judged_json(&all.unwrap_or(kept)))
    };
    state.readers.read(work).await.map_err(|problem| problem.to_string())
}

fn judged_json(judged: &JudgedAgain) -> Value {
    let verdict = |(id, verdict): &(DeliveryId, Verdict)| json!({"id": id.0, "verdict": verdict.code()});
    json!({
        "judged": judged.judged,
        "verified": judged.verified,
        "all": judged.is_all,
        "verdicts": judged.verdicts.iter().map(verdict).collect::<Value>(),
    })
}

/// The label of a secret.
pub(super) struct SecretLabel(String);

impl PathValue for SecretLabel {
    const DESCRIPTION: &'static str = "The label of a secret";

    fn parse(text: String) -> Result<Self, ApiProblem> {
        Ok(Self(text))
    }

    fn schema() -> Value {
        json!({"type": "string"})
    }
}

/// Takes back a secret of this run.
pub(super) async fn take_back(
    State(state): Shared,
    InPath(SecretLabel(label)): InPath<SecretLabel>,
) -> Result<SafeJson, ApiProblem> {
    let taken = state.feed.control().try_change_registry(|registry| {
        let changed = registry.without_secret(&label)?;
        let is_restored = changed.keyring().get(&label).is_some();
        Ok((changed, is_restored))
    });
    let is_restored = taken.map_err(|error| match error {
        SecretNotRemoved::Unknown => ApiProblem::missing(error),
        SecretNotRemoved::Configured { .. } => ApiProblem::new(StatusCode::CONFLICT, error),
    })?;
    let json = json!({"label": label, "restored": is_restored});
    let _ = state.events.send(ServerEvent::SecretRemoved(label));
    Ok(SafeJson(json))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<(String, Vec<u8>), String> {
        let sent = SentSecret::read(body.as_bytes()).map_err(|problem| problem.to_string())?;
        Ok((sent.label, sent.bytes.to_vec()))
    }

    #[test]
    fn a_secret_is_text_or_bytes_in_base64() {
        assert_eq!(read(r#"{"secret": "a\nb"}"#), Ok(("typed".to_owned(), b"a\nb".to_vec())));
        assert_eq!(read(r#"{"label": "dev", "secret_base64": "/wA="}"#), Ok(("dev".to_owned(), vec![255, 0])));
    }

    #[test]
    fn a_mistake_repeats_nothing_of_the_body() {
        for body in [
            "{}",
            r#"{"secret": "hunter2", "secret_base64": "hunter2="}"#,
            r#"{"secret_base64": "hunter2!"}"#,
            r#"{"secret": ["hunter2"]}"#,
            r#"{"hunter2": "a"}"#,
            r#"{"secret": "hunter2"#,
            "hunter2",
        ] {
            let words = read(body).unwrap_err();
            assert!(words.starts_with("body: ") && !words.contains("hunter2"), "{words}");
        }
    }

    #[test]
    fn values_are_there_only_when_asked_for() {
        let secret = |bytes: &[u8]| Secret::new("dev", bytes.to_vec(), SecretOrigin::Environment("DEV".to_owned()));
        let shown = |bytes: &[u8], values| secret_json(&secret(bytes), &SecretScope::default(), values);
        let json = shown(b"hunter2", false);
        assert!(!json.to_string().contains("hunter2"));
        assert_eq!((&json["origin"], &json["variable"]), (&json!("environment"), &json!("DEV")));
        assert_eq!((&json["bytes"], &json["remarks"]), (&json!(7), &json!(["is unusually short"])));
        assert_eq!(shown(b"hunter2", true)["secret"], "hunter2");
        assert_eq!(shown(b"\xff\x00", true)["secret_base64"], "/wA=");
    }
}
