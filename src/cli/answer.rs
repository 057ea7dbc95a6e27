//! `whyhook answer [RULE|clear]`: the answer of the running listener, chosen over its rules.

use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};

use super::running::RunningListener;
use super::{CliError, OutputFormat, SettingsArgs, output};
use crate::text;

#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Examples:\n  whyhook answer 503\n  whyhook answer --once 'wait 15s auto'\n  whyhook answer clear\n  \
    whyhook answer"
)]
pub(super) struct AnswerArgs {
    /// What to answer every delivery with, such as 503, auto or 'fail 3 with 503 then 200'; `clear` lets the rules
    /// decide again; without it, print the chosen answer
    #[arg(value_name = "RULE")]
    rule: Option<String>,
    /// Let the rules decide again, as `clear`
    #[arg(long, conflicts_with_all = ["rule", "once"])]
    clear: bool,
    /// Only for the next delivery
    #[arg(long, requires = "rule")]
    once: bool,
    /// Output: text for people, or JSON
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: OutputFormat,
}

pub(super) fn run(settings: &SettingsArgs, args: &AnswerArgs) -> Result<ExitCode, CliError> {
    let running = RunningListener::find(settings)?;
    let rule = if args.clear { Some("clear") } else { args.rule.as_deref() };
    let said = match rule {
        None => running.ask("GET", "/answer", None)?,
        Some("clear") if args.once => return Err(CliError::Usage("--once cannot be used with clear".to_owned())),
        Some("clear") => running.ask("DELETE", "/answer", None)?,
        Some(rule) => running.ask("PUT", "/answer", Some(&json!({"rule": rule, "once": args.once})))?,
    };
    let chosen = match said {
        Ok(chosen) => chosen,
        Err(code) => return Ok(code),
    };
    match args.format {
        OutputFormat::Json => output::print_json(&chosen)?,
        OutputFormat::Text => output::print(&format!("{}\n", text::visible(&words(&chosen))))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The chosen answer in words.
pub(super) fn words(chosen: &Value) -> String {
    match (chosen["rule"].as_str(), chosen["once"] == true) {
        (Some(rule), true) => format!("{rule} (for the next delivery)"),
        (Some(rule), false) => rule.to_owned(),
        (None, _) => "by the rules".to_owned(),
    }
}
