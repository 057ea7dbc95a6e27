//! `whyhook jobs`: the long work of the running listener.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::Value;

use super::running::RunningListener;
use super::{CliError, OutputFormat, SettingsArgs, output};
use crate::text::{self, grouped};

#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  whyhook jobs\n  whyhook jobs cancel 4")]
pub(super) struct JobsArgs {
    /// Output per job: one line for people, or one JSON object
    #[arg(long, value_enum, default_value_t, global = true, value_name = "FORMAT")]
    format: OutputFormat,
    #[command(subcommand)]
    command: Option<JobsCommand>,
}

#[derive(Debug, Clone, Subcommand)]
enum JobsCommand {
    /// Ask a job to end; what it has done by then stays done
    Cancel {
        /// Its number
        #[arg(value_name = "NUMBER")]
        number: u64,
    },
}

/// Exit code 1 when there is no such job, or none at all.
pub(super) fn run(settings: &SettingsArgs, args: &JobsArgs) -> Result<ExitCode, CliError> {
    let running = RunningListener::find(settings)?;
    let jobs = match &args.command {
        None => running.ask("GET", "/jobs", None)?.map(|mut listed| listed["jobs"].take()),
        Some(JobsCommand::Cancel { number }) => {
            running.ask("DELETE", &format!("/jobs/{number}"), None)?.map(|job| Value::Array(vec![job]))
        }
    };
    let jobs = match jobs {
        Ok(Value::Array(jobs)) => jobs,
        Ok(_) => Vec::new(),
        Err(code) => return Ok(code),
    };
    for job in &jobs {
        match args.format {
            OutputFormat::Json => output::print_json(job)?,
            OutputFormat::Text => output::print(&format!("{}\n", text::visible(&line(job))))?,
        }
    }
    if jobs.is_empty() && args.format == OutputFormat::Text {
        output::log("no jobs");
    }
    Ok(if jobs.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// `4  prune  running, 200 of 3,400`
fn line(job: &Value) -> String {
    let text = |name: &str| job[name].as_str().unwrap_or_default();
    let mut line = format!("{:>3}  {}  {}", job["job"].as_u64().unwrap_or_default(), text("kind"), text("state"));
    if let (Some(done), Some(total)) = (job["progress"]["done"].as_u64(), job["progress"]["total"].as_u64()) {
        line.push_str(&format!(", {} of {}", grouped(done), grouped(total)));
    }
    if let Some(error) = job["error"].as_str() {
        line.push_str(&format!(": {error}"));
    }
    line
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_job_is_a_line() {
        let job = json!({"job": 4, "kind": "prune", "state": "running", "progress": {"done": 200, "total": 3400}});
        assert_eq!(line(&job), "  4  prune  running, 200 of 3,400");
        let failed = json!({"job": 12, "kind": "replay", "state": "failed", "progress": null, "error": "no room"});
        assert_eq!(line(&failed), " 12  replay  failed: no room");
    }
}
