//! `whyhook suite list`, `whyhook suite show NAME`.

use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};

use super::files::FolderArgs;
use super::save::case_line;
use crate::cli::{CliError, OutputFormat, output};
use crate::config::shown;
use crate::suite::{SuiteCase, SuiteSigning};
use crate::text::{grouped, visible, visible_bytes};

#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  whyhook suite list\n  whyhook suite list --format json | jq -r '.[].path'")]
pub(super) struct ListSuitesArgs {
    /// Output: text for people, or JSON
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: OutputFormat,
    #[command(flatten)]
    folder: FolderArgs,
}

#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  whyhook suite show bugs\n  whyhook suite show bugs screenshot-12\n  \
    whyhook suite show ./bugs.json --format json | jq '.cases[].name'")]
pub(super) struct ShowSuiteArgs {
    /// Name of the suite, or the path of its file
    #[arg(value_name = "NAME")]
    name: String,
    /// Only this case, by name
    #[arg(value_name = "CASE")]
    case: Option<String>,
    /// Output: text for people, or JSON
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: OutputFormat,
    #[command(flatten)]
    folder: FolderArgs,
}

/// Exit code 1 when there are none, or one cannot be used, which its line says.
pub(super) fn list(args: &ListSuitesArgs) -> Result<ExitCode, CliError> {
    let names = args.folder.names()?;
    let (mut lines, mut rows, mut is_whole) = (String::new(), Vec::new(), true);
    for name in &names {
        let path = args.folder.of_name(name);
        let path_name = path.to_string_lossy().into_owned();
        match args.folder.read(&path_name) {
            Ok(file) => {
                let count = file.suite.cases.len();
                let cases = if count == 1 { "case" } else { "cases" };
                lines.push_str(&format!(
                    "{:<24}  {:>5} {cases:<5}  {}\n",
                    visible(name),
                    grouped(count as u64),
                    shown(&path)
                ));
                rows.push(json!({"name": name, "path": path_name, "cases": count, "error": null}));
            }
            Err(error) => {
                is_whole = false;
                lines.push_str(&format!("{:<24}  cannot be used: {error}\n", visible(name)));
                rows.push(json!({"name": name, "path": path_name, "cases": null, "error": error.to_string()}));
            }
        }
    }
    match args.format {
        OutputFormat::Json => output::print_json_pretty(&Value::Array(rows))?,
        OutputFormat::Text => output::print(&output::fitted(lines))?,
    }
    if names.is_empty() {
        output::log(&format!("no suites in {}: `whyhook suite save NAME` makes one", shown(args.folder.path())));
    }
    Ok(if is_whole && !names.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Exit code 1 when there is no such case.
pub(super) fn run(args: &ShowSuiteArgs) -> Result<ExitCode, CliError> {
    let file = args.folder.read(&args.name)?;
    let is_asked = |case: &&SuiteCase| args.case.as_ref().is_none_or(|name| case.name == *name);
    let cases: Vec<&SuiteCase> = file.suite.cases.iter().filter(is_asked).collect();
    if let (Some(name), true) = (&args.case, cases.is_empty()) {
        output::log(&format!("no case '{}' in {}", visible(name), shown(&file.path)));
        return Ok(ExitCode::FAILURE);
    }
    match args.format {
        OutputFormat::Json => {
            let cases: Vec<Value> = cases.into_iter().map(case_json).collect();
            output::print_json_pretty(
                &json!({"name": file.name, "path": file.path.to_string_lossy(), "cases": cases}),
            )?;
        }
        OutputFormat::Text => {
            let is_one = args.case.is_some();
            let lines: String =
                cases.into_iter().map(|case| if is_one { whole(case) } else { case_line(case) }).collect();
            output::print(&output::fitted(lines))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Everything about one case.
fn whole(case: &SuiteCase) -> String {
    let request = &case.request;
    let mut lines = case_line(case).trim_start().to_owned();
    let mut row = |name: &str, words: &str| lines.push_str(&format!("  {name:<10}  {words}\n"));
    if let Some(moment) = case.received_at {
        row("captured", &format!("{moment:.3}"));
    }
    if let SuiteSigning::Resign(with) = &case.signing {
        let parts = [("webhook", &with.webhook), ("scheme", &with.scheme), ("secret", &with.secret)];
        let parts: Vec<String> = parts
            .into_iter()
            .filter_map(|(name, value)| Some(format!("{name} {}", visible(value.as_deref()?))))
            .collect();
        row("signed", &if parts.is_empty() { "by the scheme of its webhook".to_owned() } else { parts.join(", ") });
    }
    row("request", &format!("{} {}", visible(&request.method), visible_bytes(&request.target)));
    for line in &request.headers {
        row("", &visible_bytes(line.bytes()));
    }
    row("body", &format!("{} bytes", grouped(request.body.len() as u64)));
    for words in case.expect.words() {
        row("expects", &words);
    }
    lines
}

fn case_json(case: &SuiteCase) -> Value {
    let request = &case.request;
    let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (signature, with) = match &case.signing {
        SuiteSigning::AsReceived => ("as_received", None),
        SuiteSigning::Resign(with) => ("resign", Some(with)),
    };
    json!({
        "name": case.name,
        "received_at": case.received_at.map(|moment| format!("{moment:.3}")),
        "signature": signature,
        "webhook": with.and_then(|with| with.webhook.clone()),
        "scheme": with.and_then(|with| with.scheme.clone()),
        "method": request.method,
        "target": lossy(&request.target),
        "headers": request.headers.iter().map(|line| json!([lossy(line.name()), lossy(line.value())])).collect::<Vec<_>>(),
        "body_bytes": request.body.len(),
        "expects": case.expect.words(),
    })
}
