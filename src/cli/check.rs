//! `whyhook check`: is a receiver right?

use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::destination::DestinationArgs;
use super::scheme::SchemeArgs;
use super::sending::{SendingArgs, block_on, cancelled_by_signals};
use super::{CliError, SettingsArgs, output};
use crate::config::Settings;
use crate::config::consent::Scope;
use crate::http::ClientLimits;
use crate::send::conformance::{self, Case, CheckPlan, CheckReport, Fixture, JOBS_LIMIT, MATRIX, Palette};
use crate::send::{Destination, NotSent};
use crate::simulate;
use crate::text::{self, units};

/// How long one delivery may take, unless told otherwise.
const TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  whyhook check --to http://localhost:8080/webhooks/trackpilots\n  \
    whyhook check --webhook developer --format junit > whyhook.xml\n\nExit code 0: every required case passed; 1: a \
        required case failed, and the last line names it; 2: nothing could be checked. Age and repeated deliveries \
            are advisory unless --max-age is given.")]
pub(super) struct CheckArgs {
    #[command(flatten)]
    destination: DestinationArgs,
    /// Require the receiver to refuse deliveries older than this [default: advisory only]
    #[arg(long, value_name = "DURATION")]
    max_age: Option<String>,
    /// Report answers that take longer than this as too slow
    #[arg(long, value_name = "DURATION", default_value = "5s")]
    slow: String,
    /// Run only this case, by name; may be repeated
    #[arg(long, value_name = "NAME", num_args = 1..)]
    only: Vec<String>,
    /// Print the matrix and send nothing
    #[arg(long)]
    list: bool,
    /// Number of deliveries in flight at once, 1 to 16
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    jobs: usize,
    /// Output: text for people, documented JSON, or JUnit XML for CI
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: ReportFormat,
    #[command(flatten)]
    sending: SendingArgs,
    #[command(flatten)]
    pub(super) scheme: SchemeArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum ReportFormat {
    /// For people
    #[default]
    Text,
    /// Documented, stable JSON
    Json,
    /// JUnit XML, for CI
    Junit,
}

/// Exit code 0 when nothing required failed, 1 when something did, 2 when nothing could be checked.
pub(super) fn run(settings: &SettingsArgs, args: &CheckArgs) -> Result<ExitCode, CliError> {
    let cases = selected(&args.only)?;
    if args.list {
        output::print(&conformance::list_text(&cases))?;
        return Ok(ExitCode::SUCCESS);
    }
    let loaded = settings.load_quietly(Scope::Network)?;
    let plan = plan(&loaded, args, cases)?;
    let client = args.sending.client(&loaded)?;
    let what = match plan.cases.len() {
        1 => "1 test delivery".to_owned(),
        count => format!("{count} test deliveries"),
    };
    if !args.sending.may_send(settings.yes(), &what, [&plan.target])? {
        output::log("nothing was sent");
        return Ok(ExitCode::FAILURE);
    }
    let cancel = cancelled_by_signals();
    let progress = Progress::new();
    let report = block_on(conformance::run(&plan, &client, &cancel, |_, all| progress.step(all)))?;
    progress.end();
    let report = report.map_err(|error| CliError::Usage(error.to_string()))?;
    if cancel.is_cancelled() {
        output::log("stopped early: cases that were not sent are marked 'not sent'");
    }
    print(&report, args.format)?;
    let passed = report.is_pass() && !cancel.is_cancelled();
    Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn selected(only: &[String]) -> Result<Vec<Case>, CliError> {
    if only.is_empty() {
        return Ok(MATRIX.to_vec());
    }
    for name in only.iter().flat_map(|names| names.split(',')) {
        if conformance::case_named(name).is_none() {
            let name = text::visible(name);
            return Err(CliError::Usage(format!(
                "--only: unknown case '{name}': `whyhook check --list` shows all cases"
            )));
        }
    }
    let is_asked = |case: &&Case| only.iter().flat_map(|names| names.split(',')).any(|name| name == case.name);
    Ok(MATRIX.iter().filter(is_asked).copied().collect())
}

fn plan(settings: &Settings, args: &CheckArgs, cases: Vec<Case>) -> Result<CheckPlan, CliError> {
    let duration = |name: &str, text: &str| {
        units::parse_duration(text).map_err(|error| CliError::Usage(format!("{name}: {error}")))
    };
    if args.destination.to.is_none() && args.destination.webhook.is_none() {
        return Err(CliError::Usage(
            "no receiver to check: give its URL, as in whyhook check --to http://localhost:8080/webhooks/trackpilots"
                .to_owned(),
        ));
    }
    if !(1..=JOBS_LIMIT).contains(&args.jobs) {
        return Err(CliError::Usage(format!("--jobs {}: expected 1 to {JOBS_LIMIT}", args.jobs)));
    }
    let max_age = args.max_age.as_deref().map(|text| duration("--max-age", text)).transpose()?;
    let slow = duration("--slow", &args.slow)?;
    let timeout = args.sending.asked_limits()?.map_or(TIMEOUT, |limits: ClientLimits| limits.whole);
    let destination = Destination::find(settings, &args.destination.choice())?;
    if !destination.scheme.is_plain() {
        return Err(CliError::Usage(
            "cannot check this webhook: only receivers of Trackpilots signatures can be checked, and it has another \
            scheme"
                .to_owned(),
        ));
    }
    let seed = simulate::fresh_seed()
        .map_err(|error| NotSent::ServiceUnavailable { reason: format!("cannot get random numbers: {error}") })?;
    let secret = destination.signing_secret()?.clone();
    Ok(CheckPlan {
        ground: Fixture {
            secret,
            kind: destination.kind,
            names: (destination.scheme.signature_header().to_owned(), destination.scheme.timestamp_header().to_owned()),
            stale: conformance::stale_by(max_age),
            seed,
        },
        target: destination.target,
        cases,
        max_age,
        timeout,
        slow,
        jobs: args.jobs,
    })
}

fn print(report: &CheckReport, format: ReportFormat) -> Result<(), CliError> {
    match format {
        ReportFormat::Json => output::print_json_pretty(&conformance::report_json(report)),
        ReportFormat::Junit => output::print(&conformance::junit(report)),
        ReportFormat::Text => {
            let colours = std::io::stdout().is_terminal()
                && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
                && std::env::var_os("TERM").is_none_or(|term| term != "dumb");
            let palette = if colours { Palette::Colours } else { Palette::Plain };
            output::print(&conformance::report_text(report, palette))
        }
    }
}

/// A counter on the terminal's last line, while a person waits.
struct Progress {
    shown: bool,
    done: std::cell::Cell<usize>,
}

impl Progress {
    fn new() -> Self {
        Self { shown: std::io::stderr().is_terminal(), done: std::cell::Cell::new(0) }
    }

    fn step(&self, all: usize) {
        self.done.set(self.done.get() + 1);
        if self.shown {
            let _ = write!(std::io::stderr(), "\r{} of {all} ", self.done.get());
        }
    }

    fn end(&self) {
        if self.shown {
            let _ = write!(std::io::stderr(), "\r{:20}\r", "");
        }
    }
}
