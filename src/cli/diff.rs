//! `whyhook diff A B`.

use std::process::ExitCode;

use clap::Args;

use super::select::delivery_name;
use super::show::find;
use super::{CliError, OutputFormat, SettingsArgs, agent, output};
use crate::archive::import::captures;
use crate::archive::tunnel::compare;
use crate::delivery::{AttemptId, Delivery};
use crate::diff::{ComparedMessage, MessageComparison};
use crate::store::Reader;

#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  whyhook diff 41 latest\n  \
    whyhook diff --attempts 3 4\n  \
    whyhook diff --tunnel latest")]
pub(super) struct DiffArgs {
    /// Two deliveries, each a number or `latest`
    #[arg(value_name = "ID", num_args = 2, value_parser = delivery_name)]
    #[arg(required_unless_present_any = ["attempts", "tunnel"])]
    ids: Vec<String>,
    /// Compare a delivery with what ngrok's agent holds of it: is the body the same, and which headers were changed?
    #[arg(long, value_name = "ID", value_parser = delivery_name, conflicts_with_all = ["ids", "attempts"])]
    tunnel: Option<String>,
    /// Address of ngrok's agent [default: ngrok_api of the configuration, else 127.0.0.1:4040]
    #[arg(long, value_name = "ADDRESS", requires = "tunnel", conflicts_with_all = ["ids", "attempts"])]
    agent: Option<String>,
    /// Compare the responses of two stored attempts instead, by the numbers that `show` lists
    #[arg(long, value_names = ["NUMBER", "NUMBER"], num_args = 2, conflicts_with = "ids")]
    attempts: Vec<i64>,
    /// Output: text for people, or JSON
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: OutputFormat,
}

/// Exit code 0 when nothing differs, 1 when anything does, 2 when they cannot be compared: as diff(1).
pub(super) fn run(settings: &SettingsArgs, args: &DiffArgs) -> Result<ExitCode, CliError> {
    let reader = Reader::open(&settings.location()?)?;
    if let Some(id) = &args.tunnel {
        return tunnel(settings, args, &reader, id);
    }
    let (from, to) = match (&args.ids[..], &args.attempts[..]) {
        ([from, to], _) => (delivery(&reader, from)?, delivery(&reader, to)?),
        (_, [from, to]) => (response(&reader, AttemptId(*from))?, response(&reader, AttemptId(*to))?),
        _ => return Err(CliError::Usage("expected two deliveries: give two numbers".to_owned())),
    };
    let comparison = MessageComparison::of(&from, &to);
    match args.format {
        OutputFormat::Json => output::print_json_pretty(&comparison.to_json())?,
        OutputFormat::Text => output::print(&comparison.to_text())?,
    }
    Ok(if comparison.is_same() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Exit code 0 when the body is the same and no header differs but as tunnels change them.
fn tunnel(settings: &SettingsArgs, args: &DiffArgs, reader: &Reader, id: &str) -> Result<ExitCode, CliError> {
    let delivery = whole(reader, id)?;
    let (address, text) = agent::requests(settings, args.agent.as_deref())?;
    let captures = captures(&text).map_err(|reason| CliError::Usage(format!("{address}: {reason}")))?;
    let Some(comparison) = compare(&delivery, &captures) else {
        let words = "holds no request that is this delivery: it keeps the last ones only, and none after a restart";
        return Err(CliError::Usage(format!("ngrok's agent at {address} {words}")));
    };
    match args.format {
        OutputFormat::Json => output::print_json_pretty(&comparison.to_json())?,
        OutputFormat::Text => output::print(&comparison.to_text())?,
    }
    Ok(if comparison.is_same() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn delivery(reader: &Reader, id: &str) -> Result<ComparedMessage, CliError> {
    Ok(ComparedMessage::from(&whole(reader, id)?))
}

fn whole(reader: &Reader, id: &str) -> Result<Delivery, CliError> {
    let missing = || CliError::Usage(format!("no delivery {id}: `whyhook list` shows the captured deliveries"));
    find(reader, id)?.ok_or_else(missing)
}

fn response(reader: &Reader, id: AttemptId) -> Result<ComparedMessage, CliError> {
    let attempt = reader.attempt(id)?;
    let attempt = attempt.ok_or_else(|| {
        CliError::Usage(format!("no attempt {id}: `whyhook show ID` lists the attempts of a delivery"))
    })?;
    match attempt.result {
        Ok(reply) => Ok(ComparedMessage::from(&reply)),
        Err(failure) => Err(CliError::Usage(format!("attempt {id} has no response: {}", failure.message))),
    }
}
