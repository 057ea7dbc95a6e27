//! ngrok's agent, as a command asks it.

use std::net::SocketAddr;

use bytes::Bytes;

use super::sending::block_on;
use super::{CliError, ListenArgs, SettingsArgs};
use crate::archive::agent;
use crate::config::consent::Scope;
use crate::config::parse_ngrok_api;
use crate::text::visible;

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
    let asked = block_on(agent::requests(address))?;
    Ok((address, asked.map_err(|error| CliError::Usage(visible(&error.to_string()).into_owned()))?))
}
