//! `whyhook reload`: the running listener reads its configuration again.

use std::process::ExitCode;

use clap::Args;
use serde_json::Value;

use super::running::RunningListener;
use super::{CliError, OutputFormat, SettingsArgs, output};
use crate::config::ConfigError;
use crate::text;

#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Examples:\n  whyhook reload\n  whyhook reload --format json | jq .changed\n\nThe listener reads a file \
    that has changed by itself; this reads it at once, also when it has not, and says what is wrong with it. Rules that were \
    changed in the run are those of the file again."
)]
pub(super) struct ReloadArgs {
    /// Output: text for people, or JSON
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: OutputFormat,
}

/// Exit code 1 when it is not used.
pub(super) fn run(settings: &SettingsArgs, args: &ReloadArgs) -> Result<ExitCode, CliError> {
    let running = match RunningListener::find(settings) {
        // The listener would not use it either.
        Err(CliError::Config(error @ ConfigError::File(_))) => {
            output::log(&format!("unchanged: {error}"));
            return Ok(ExitCode::FAILURE);
        }
        found => found?,
    };
    let reloaded = match running.ask("POST", "/reload", None)? {
        Ok(reloaded) => reloaded,
        Err(code) => return Ok(code),
    };
    match args.format {
        OutputFormat::Json => output::print_json(&reloaded)?,
        OutputFormat::Text => {
            output::print(&lines(&reloaded))?;
            for remark in reloaded["remarks"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                output::log(&format!("warning: {remark}"));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn lines(reloaded: &Value) -> String {
    let keys = |name: &str| {
        let keys = reloaded[name].as_array().into_iter().flatten().filter_map(Value::as_str);
        keys.collect::<Vec<_>>().join(", ")
    };
    let rules = match reloaded["rules"].as_u64().unwrap_or_default() {
        1 => "1 rule is active".to_owned(),
        count => format!("{count} rules are active"),
    };
    let mut lines = vec![format!("reloaded {}: {rules}", reloaded["file"].as_str().unwrap_or_default())];
    let (changed, later) = (keys("changed"), keys("at_next_start"));
    if !changed.is_empty() {
        lines.push(format!("changed: {changed}"));
    }
    if !later.is_empty() {
        lines.push(format!("not in force before the next start: {later}"));
    }
    if lines.len() == 1 && reloaded["changed"].is_array() {
        lines.push("nothing has changed in it".to_owned());
    }
    lines.iter().map(|line| format!("{}\n", text::visible(line))).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_has_changed_is_said_with_when_it_counts() {
        let words = |changed: Value, later: Value| {
            lines(&json!({"file": "a.toml", "changed": changed, "at_next_start": later, "rules": 1}))
        };
        assert_eq!(words(json!([]), json!([])), "reloaded a.toml: 1 rule is active\nnothing has changed in it\n");
        assert_eq!(words(json!(null), json!([])), "reloaded a.toml: 1 rule is active\n");
        assert_eq!(
            words(json!(["rules", "hold_for"]), json!(["bind"])),
            "reloaded a.toml: 1 rule is active\nchanged: rules, hold_for\nnot in force before the next start: bind\n"
        );
    }
}
