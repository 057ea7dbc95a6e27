//! `whyhook rules`: the rules of the running listener.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::running::RunningListener;
use super::{CliError, OutputFormat, SettingsArgs, output};
use crate::text;

#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  whyhook rules\n  whyhook rules add 'is:sim → fail 3 with 503 then 200'\n  \
    whyhook rules add --at 1 'verdict:bad → hold'\n  whyhook rules move 2 1\n  whyhook rules remove 1\n\nThe configuration \
    file is not changed; when it changes, its rules take their place.")]
pub(super) struct RulesArgs {
    /// Output: text for people, or JSON
    #[arg(long, value_enum, default_value_t, global = true, value_name = "FORMAT")]
    format: OutputFormat,
    #[command(subcommand)]
    change: Option<RulesChange>,
}

#[derive(Debug, Clone, Subcommand)]
enum RulesChange {
    /// Add a rule
    Add {
        /// The rule, such as 'is:sim → 503'
        #[arg(value_name = "RULE")]
        rule: String,
        /// Its number among the others [default: the last]
        #[arg(long, value_name = "NUMBER")]
        at: Option<usize>,
    },
    /// Move a rule
    Move {
        /// Its number
        #[arg(value_name = "NUMBER")]
        from: usize,
        /// Its new number
        #[arg(value_name = "TO")]
        to: usize,
    },
    /// Remove a rule
    #[command(alias = "delete")]
    Remove {
        /// Its number
        #[arg(value_name = "NUMBER")]
        number: usize,
    },
}

/// Prints the rules, as they are after the change.
pub(super) fn run(settings: &SettingsArgs, args: &RulesArgs) -> Result<ExitCode, CliError> {
    let running = RunningListener::find(settings)?;
    let said = match &args.change {
        None => running.ask("GET", "/rules", None)?,
        Some(RulesChange::Add { rule, at: None }) => running.ask("POST", "/rules", Some(&json!({"rule": rule})))?,
        Some(RulesChange::Add { rule, at }) => running.ask("POST", "/rules", Some(&json!({"rule": rule, "at": at})))?,
        Some(RulesChange::Move { from, to }) => {
            running.ask("POST", &format!("/rules/{from}/move"), Some(&json!({"to": to})))?
        }
        Some(RulesChange::Remove { number }) => running.ask("DELETE", &format!("/rules/{number}"), None)?,
    };
    let rules = match said {
        Ok(rules) => rules,
        Err(code) => return Ok(code),
    };
    let list = |name: &str| rules[name].as_array().cloned().unwrap_or_default();
    if args.format == OutputFormat::Json {
        output::print_json(&rules)?;
    } else {
        if list("rules").is_empty() {
            output::log("no rules: deliveries are answered by their signature");
        }
        list("rules").iter().try_for_each(|rule| output::print(&format!("{}\n", text::visible(&line(rule)))))?;
        list("remarks").iter().filter_map(Value::as_str).for_each(|remark| output::log(&format!("warning: {remark}")));
    }
    Ok(ExitCode::SUCCESS)
}

fn line(rule: &Value) -> String {
    format!("{:>3}  {}", rule["number"].as_u64().unwrap_or_default(), rule["rule"].as_str().unwrap_or_default())
}
