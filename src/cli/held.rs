//! `whyhook held` and `whyhook release ID [RULE]`: deliveries whose senders wait for a decision.

use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};

use super::running::RunningListener;
use super::{CliError, OutputFormat, SettingsArgs, output};
use crate::delivery::DeliveryId;
use crate::text;

#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  whyhook held\n  whyhook held --format json | jq .id")]
pub(super) struct HeldArgs {
    /// Output per delivery: one line for people, or one JSON object
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: OutputFormat,
}

#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Examples:\n  whyhook release 7\n  whyhook release latest 503\n  whyhook release 7 drop\n  whyhook release all 200"
)]
pub(super) struct ReleaseArgs {
    /// Number of a held delivery, `latest`, or `all`
    #[arg(value_name = "ID")]
    id: String,
    /// What to answer, such as 200, 503 or drop [default: what its rule says for the end of the time]
    #[arg(value_name = "RULE")]
    rule: Option<String>,
    /// Output: text for people, or one JSON object
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: OutputFormat,
}

/// Exit code 1 when none is held.
pub(super) fn run(settings: &SettingsArgs, args: &HeldArgs) -> Result<ExitCode, CliError> {
    let held = match RunningListener::find(settings)?.ask("GET", "/held", None)? {
        Ok(held) => held,
        Err(code) => return Ok(code),
    };
    let held = held.as_array().map_or(&[][..], Vec::as_slice);
    for held in held {
        match args.format {
            OutputFormat::Json => output::print_json(held)?,
            OutputFormat::Text => {
                let text = |name: &str| held[name].as_str().unwrap_or_default().to_owned();
                let line = format!("#{} until {}, then {}", held["id"], text("until"), text("default"));
                output::print(&format!("{}\n", text::visible(&line)))?;
            }
        }
    }
    if held.is_empty() && args.format == OutputFormat::Text {
        output::log("no delivery is held");
    }
    Ok(if held.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Exit code 1 when it is not held, or no longer.
pub(super) fn release(settings: &SettingsArgs, args: &ReleaseArgs) -> Result<ExitCode, CliError> {
    let id = match args.id.as_str() {
        "all" => return release_all(settings, args),
        "latest" => "latest".to_owned(),
        id => id.parse::<DeliveryId>().map_err(|error| CliError::Usage(error.to_string()))?.to_string(),
    };
    match decide(&RunningListener::find(settings)?, &id, args)? {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(code) => Ok(code),
    }
}

/// Releases everything that is held now. What is answered meanwhile is said, and changes nothing for the others.
fn release_all(settings: &SettingsArgs, args: &ReleaseArgs) -> Result<ExitCode, CliError> {
    let listener = RunningListener::find(settings)?;
    let held = match listener.ask("GET", "/held", None)? {
        Ok(held) => held,
        Err(code) => return Ok(code),
    };
    let held = held.as_array().map_or(&[][..], Vec::as_slice);
    if held.is_empty() {
        output::log("no delivery is held");
        return Ok(ExitCode::FAILURE);
    }
    let mut code = ExitCode::SUCCESS;
    for id in held.iter().filter_map(|held| held["id"].as_i64()) {
        if let Err(refused) = decide(&listener, &id.to_string(), args)? {
            code = refused;
        }
    }
    Ok(code)
}

/// Releases one and says so; the exit code where it is not held.
fn decide(listener: &RunningListener, id: &str, args: &ReleaseArgs) -> Result<Result<(), ExitCode>, CliError> {
    let decision = match &args.rule {
        Some(rule) => json!({"rule": rule}),
        None => json!({"default": true}),
    };
    let released = match listener.ask("POST", &format!("/held/{id}"), Some(&decision))? {
        Ok(released) => released,
        Err(code) => return Ok(Err(code)),
    };
    match args.format {
        OutputFormat::Json => output::print_json(&released)?,
        OutputFormat::Text => output::print(&format!("{}\n", text::visible(&words(&released))))?,
    }
    Ok(Ok(()))
}

fn words(released: &Value) -> String {
    format!("released #{}: {}", released["id"], released["answer"].as_str().unwrap_or_default())
}
