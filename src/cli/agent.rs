//! ngrok's agent, as a command asks it.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};

use super::sending::block_on;
use super::{CliError, ListenArgs, SettingsArgs};
use crate::archive::agent;
use crate::archive::import::captures;
use crate::archive::tunnel::compare;
use crate::config::consent::Scope;
use crate::config::parse_ngrok_api;
use crate::delivery::Delivery;
use crate::text::visible;

/// How long a command may wait for an agent that it was not told to ask.
const BRIEF: Duration = Duration::from_millis(500);

/// Whether a delivery that came through a tunnel is what the agent has captured: `same`, and `offset`, the first byte of
/// the body that differs. `None` where no agent answers at once, or holds it no more.
pub(super) fn tunnel_capture(settings: &SettingsArgs, delivery: &Delivery) -> Option<Value> {
    if delivery.head.value("X-Forwarded-Host").is_none() || delivery.summary.is_imported() {
        return None;
    }
    let address = settings.load(&ListenArgs::default(), Scope::Network).ok()?.settings.ngrok_api?;
    let text = block_on(agent::requests(address, BRIEF)).ok()?.ok()?;
    let found = compare(delivery, &captures(&text).ok()?)?;
    Some(json!({"same": found.is_same(), "offset": found.offset()}))
}

/// What the agent holds, and where it was asked: at `given`, else at the address of the configuration.
pub(super) fn requests(settings: &SettingsArgs, given: Option<&str>) -> Result<(SocketAddr, Bytes), CliError> {
    let address = match given {
        Some(text) => {
            let plain = text.strip_prefix("http://").unwrap_or(text).trim_end_matches('/');
            let invalid = || {
                let text = visible(text);
                CliError::Usage(format!("invalid --agent '{text}': expected an address such as 127.0.0.1:4040"))
            };
            parse_ngrok_api(plain).ok().flatten().ok_or_else(invalid)?
        }
        None => {
            let loaded = settings.load(&ListenArgs::default(), Scope::Network)?.settings;
            let off =
                || CliError::Usage("ngrok_api is off in the configuration: name the agent with --agent".to_owned());
            loaded.ngrok_api.ok_or_else(off)?
        }
    };
    let asked = block_on(agent::requests(address, agent::AGENT_PATIENCE))?;
    Ok((address, asked.map_err(|error| CliError::Usage(visible(&error.to_string()).into_owned()))?))
}
