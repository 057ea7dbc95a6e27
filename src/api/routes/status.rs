//! What runs here, and its end.

use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::Shared;
use crate::api::ApiProblem;
use crate::api::extract::SafeJson;
use crate::config::{Registry, TunnelName, Webhook};
use crate::rules::{Held, Override};
use crate::server::tunnel::{FoundTunnel, TunnelEnd, Tunnels};
use crate::server::{ServerEvent, StopReason};
use crate::store::Page;

pub(super) async fn status(State(state): Shared) -> Result<SafeJson, ApiProblem> {
    let (newest, counts) = state
        .readers
        .read(|reader| {
            let newest = reader.page(Page::Newest, 1)?.first().map(|summary| summary.id.0);
            Ok((newest, reader.verdict_counts()?))
        })
        .await?;
    let control = state.feed.control();
    let registry = control.registry();
    let labels: Vec<&str> = registry.keyring().secrets().iter().map(|secret| secret.label()).collect();
    Ok(SafeJson(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "process": std::process::id(),
        "uptime_seconds": state.started.elapsed().as_secs(),
        "listening": format!("http://{}", state.address),
        "public_urls": public_urls(&state.feed.tunnel(), state.address.port()),
        "webhooks": registry.webhooks().iter().map(|webhook| webhook_json(webhook, &registry)).collect::<Value>(),
        "secrets": labels,
        "answer": chosen_json(control.chosen().as_ref()),
        "held": control.held().iter().map(held_json).collect::<Value>(),
        "newest": newest,
        "jobs": state.jobs.running(),
        "counts": counts.into_iter().map(|(verdict, count)| (verdict, json!(count))).collect::<Map<_, _>>(),
    })))
}

/// As a signal that ends the program.
pub(super) async fn stop(State(state): Shared) -> (StatusCode, SafeJson) {
    let _ = state.events.send(ServerEvent::Stop(StopReason::ControlInterface));
    (StatusCode::ACCEPTED, SafeJson(json!({"stopping": true})))
}

/// Every tunnel, those that lead here first.
fn public_urls(tunnels: &Tunnels, our_port: u16) -> Value {
    let one = |found: &FoundTunnel| {
        let port = match found.end {
            TunnelEnd::Here => Some(our_port),
            TunnelEnd::Elsewhere { port, .. } => port,
            TunnelEnd::Unknown => None,
        };
        json!({
            "url": found.public_url,
            "tunnel": found.name.code(),
            "port": port,
            "here": found.may_lead_here(),
            "learnt": found.name == TunnelName::Learnt,
        })
    };
    tunnels.found().iter().map(one).collect()
}

fn webhook_json(webhook: &Webhook, registry: &Registry) -> Value {
    json!({
        "name": webhook.name,
        "path": webhook.path,
        "kind": webhook.kind.name(),
        "scheme": registry.signing_scheme(Some(webhook)).name,
        "secrets": webhook.secrets,
        "events": webhook.events,
    })
}

/// What was chosen over the rules; null when they decide.
pub(super) fn chosen_json(chosen: Option<&Override>) -> Value {
    chosen.map_or(Value::Null, |chosen| json!({"rule": chosen.action.to_string(), "once": chosen.once}))
}

/// A delivery that waits for a decision.
pub(super) fn held_json(held: &Held) -> Value {
    json!({
        "id": held.id.0,
        "since": format!("{:.3}", held.since),
        "until": format!("{:.3}", held.until),
        "default": held.default,
    })
}
