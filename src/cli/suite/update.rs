//! `whyhook suite update NAME --to URL`.

use std::fmt::Write as _;
use std::process::ExitCode;

use clap::Args;

use super::files;
use super::run::{CasesArgs, send};
use crate::cli::{CliError, SettingsArgs, output};
use crate::config::shown;
use crate::suite::file;
use crate::suite::{CaseOutcome, CaseResult, SuiteReport, expecting};
use crate::text::{grouped, visible};

#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  whyhook suite update bugs --to http://localhost:8080 --dry-run\n  \
    whyhook suite update bugs --to http://localhost:8080 --only screenshot-12\n\nOnly expectations that differ are \
    changed. Nothing is written unless every case has a response.")]
pub(super) struct UpdateArgs {
    /// Name of the suite, or the path of its file
    #[arg(value_name = "NAME")]
    name: String,
    /// Show what would change, and write nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    pub(super) cases: CasesArgs,
}

/// Exit code 1 when a case has no response, so that nothing is changed.
pub(super) fn run(settings: &SettingsArgs, args: &UpdateArgs) -> Result<ExitCode, CliError> {
    let files = [args.cases.folder.read(&args.name)?];
    let Some(report) = send(settings, &files, &args.cases, false)? else { return Ok(ExitCode::FAILURE) };
    let [file] = &files;
    let silent: Vec<&CaseResult> = report.results.iter().filter(|result| result.reply.is_none()).collect();
    if let [first, ..] = &silent[..] {
        let cases = if silent.len() == 1 { "case has" } else { "cases have" };
        let why = match &first.outcome {
            CaseOutcome::NoAnswer(failure) | CaseOutcome::NoServer(failure) => {
                format!(" ({})", visible(&failure.message))
            }
            _ => String::new(),
        };
        output::log(&format!("{} {cases} no response{why}: nothing was changed", grouped(silent.len() as u64)));
        return Ok(ExitCode::FAILURE);
    }
    let (mut suite, mut count) = (file.suite.clone(), 0);
    for case in &mut suite.cases {
        let reply =
            report.results.iter().find(|result| result.name == case.name).and_then(|result| result.reply.as_ref());
        if let Some(expect) = reply.and_then(|reply| expecting(&case.expect, reply)) {
            case.expect = expect;
            count += 1;
        }
    }
    output::print(&output::fitted(changes(&report, count)))?;
    if count == 0 || args.dry_run {
        output::log(if count == 0 { "nothing to change" } else { "nothing was changed (--dry-run)" });
        return Ok(ExitCode::SUCCESS);
    }
    // Whatever was edited while the cases were sent is not lost.
    if args.cases.folder.read(&args.name)?.suite != file.suite {
        let path = shown(&file.path);
        return Err(CliError::Usage(format!(
            "{path} has changed meanwhile, and was left as it is: run the update again"
        )));
    }
    files::write(&file.path, &file::write(&suite), true)?;
    output::log(&format!("changed {}: `git diff` shows it", shown(&file.path)));
    Ok(ExitCode::SUCCESS)
}

/// Each difference, by its case.
fn changes(report: &SuiteReport, count: usize) -> String {
    let mut text = String::new();
    for result in &report.results {
        let CaseOutcome::Differs(differences) = &result.outcome else { continue };
        let _ = writeln!(text, "{}", visible(&result.name));
        for difference in differences {
            let _ = writeln!(text, "  {}: {} → {}", difference.place, difference.expected, difference.came);
        }
    }
    let _ = writeln!(text, "{} of {} cases differ", grouped(count as u64), grouped(report.results.len() as u64));
    text
}
