//! `whyhook suite run NAME… --to URL`.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Args;
use tokio_util::sync::CancellationToken;

use super::files::{FolderArgs, SuiteFile};
use crate::cli::counter::Counter;
use crate::cli::output::ReportFormat;
use crate::cli::scheme::SchemeArgs;
use crate::cli::sending::{self, SendingArgs, SentThing, block_on, cancelled_by_signals};
use crate::cli::{CliError, SettingsArgs, output};
use crate::config::Webhook;
use crate::config::consent::Scope;
use crate::config::file::ConfigFile;
use crate::http::{Client, ClientLimits, Target};
use crate::suite::{
    self, CaseResult, PreparedCase, SuiteCase, SuiteReport, SuiteRun, SuiteSigning, suite_json, suite_junit, suite_text,
};
use crate::text::{did_you_mean, grouped, nearest, units, visible};

/// How long one case may take, unless told otherwise.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The longest that a server may be waited for, and the pause between two looks.
const LONGEST_WAIT: Duration = Duration::from_secs(60 * 60);
const PAUSE: Duration = Duration::from_millis(100);

/// What is sent, and where.
#[derive(Debug, Clone, Args)]
pub(super) struct CasesArgs {
    /// The server; without a path, each case goes to the path that it came to
    #[arg(long, value_name = "URL")]
    to: String,
    /// Only these cases, by name; may be repeated
    #[arg(long, value_name = "CASE", num_args = 1..)]
    only: Vec<String>,
    /// Wait until the server accepts connections, for at most this long; then the cases are sent all the same
    #[arg(long, value_name = "DURATION")]
    wait: Option<String>,
    /// Label of the secret to sign with [default: that of the case or its webhook]
    #[arg(long, value_name = "LABEL")]
    secret: Option<String>,
    #[command(flatten)]
    pub(super) folder: FolderArgs,
    #[command(flatten)]
    sending: SendingArgs,
    #[command(flatten)]
    pub(super) scheme: SchemeArgs,
}

#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  whyhook suite run bugs --to http://localhost:8080\n  \
    whyhook suite run bugs --to http://localhost:8080/hook --only screenshot-12\n  \
    whyhook suite run bugs payments --to http://localhost:8080 --wait 30s --format junit > suite.xml\n\n\
    Cases are sent one after the other, in the order of the file. Exit code 0: every response is as expected; 1: one is not, or there \
    is none, as without a server; 2: nothing was judged (no secret, an invalid suite, cancelled).")]
pub(super) struct RunArgs {
    /// Names of suites, or paths of their files
    #[arg(value_name = "NAME", required = true)]
    names: Vec<String>,
    /// End with the first case that fails
    #[arg(long)]
    fail_fast: bool,
    /// Output: text for people, documented JSON, or JUnit XML for CI
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: ReportFormat,
    #[command(flatten)]
    pub(super) cases: CasesArgs,
}

/// See the help of the command.
pub(super) fn run(settings: &SettingsArgs, args: &RunArgs) -> Result<ExitCode, CliError> {
    let files = args.names.iter().map(|name| args.cases.folder.read(name)).collect::<Result<Vec<_>, _>>()?;
    let Some(report) = send(settings, &files, &args.cases, args.fail_fast)? else { return Ok(ExitCode::FAILURE) };
    match args.format {
        ReportFormat::Text => output::print(&suite_text(&report, output::palette(), output::columns()))?,
        ReportFormat::Json => output::print_json_pretty(&suite_json(&report))?,
        ReportFormat::Junit => output::print(&suite_junit(&report))?,
    }
    let (_, failed, _) = report.counts();
    Ok(match (failed, report.is_as_expected()) {
        (0, true) => ExitCode::SUCCESS,
        // Cancelled before anything failed.
        (0, false) => ExitCode::from(2),
        _ => ExitCode::FAILURE,
    })
}

/// Sends the cases that are asked for; `None` when the person would rather not, which was said.
pub(super) fn send(
    settings: &SettingsArgs,
    files: &[SuiteFile],
    args: &CasesArgs,
    fail_fast: bool,
) -> Result<Option<SuiteReport>, CliError> {
    sending::check_url(&args.to)?;
    let target: Target = args.to.parse().map_err(|error| CliError::Usage(format!("--to: {error}")))?;
    let patience = args.wait.as_deref().map(patience).transpose()?;
    let limits = args.sending.asked_limits()?.unwrap_or_else(|| ClientLimits::within(TIMEOUT));
    let cases = selected(files, &args.only)?;
    let settings = &with_schemes(settings, &cases)?;
    let loaded = settings.load_quietly(Scope::Network)?;
    let mut prepared: Vec<(&str, PreparedCase<'_>)> = Vec::with_capacity(cases.len());
    for (file, case) in cases {
        let ready = suite::prepare(case, &target, &loaded.registry, args.secret.as_deref());
        let ready = ready.map_err(|error| CliError::Usage(format!("{}: {error}", visible(&file.name))))?;
        prepared.push((&file.name, ready));
    }
    let client = args.sending.client(&loaded)?;
    let what = match prepared.len() {
        1 => "1 captured delivery".to_owned(),
        count => format!("{} captured deliveries", grouped(count as u64)),
    };
    if !args.sending.may_send(settings.yes(), &SentThing::Captured(&what), [&target])? {
        output::log("nothing was sent");
        return Ok(None);
    }
    let cancel = cancelled_by_signals();
    let how = SuiteRun { target: &target, limits: &limits, fail_fast };
    let results = block_on(async {
        if let Some(patience) = patience {
            wait(&client, &target, patience, &cancel).await;
        }
        let mut progress = Counter::new();
        let results =
            suite::run(&prepared, how, &client, &cancel, |_: &CaseResult| progress.step(prepared.len())).await;
        progress.end();
        results
    })?;
    let suites = files.iter().map(|file| file.name.clone()).collect();
    Ok(Some(SuiteReport { target: target.to_string(), suites, results, is_cancelled: cancel.is_cancelled() }))
}

/// The cases of `--only`, or all of them; each with its file.
fn selected<'a>(files: &'a [SuiteFile], only: &[String]) -> Result<Vec<(&'a SuiteFile, &'a SuiteCase)>, CliError> {
    let all = || files.iter().flat_map(|file| file.suite.cases.iter().map(move |case| (file, case)));
    if let Some(unknown) = only.iter().find(|name| !all().any(|(_, case)| case.name == **name)) {
        let near = nearest(unknown, all().map(|(_, case)| case.name.as_str()));
        let near = near.map(|near| did_you_mean(visible(near))).unwrap_or_default();
        let words = format!("--only: no case '{}': `whyhook suite show NAME` lists them{near}", visible(unknown));
        return Err(CliError::Usage(words));
    }
    let is_asked = |case: &SuiteCase| only.is_empty() || only.contains(&case.name);
    let cases: Vec<_> = all().filter(|(_, case)| is_asked(case)).collect();
    if cases.is_empty() {
        return Err(CliError::Usage(
            "the suite has no cases: add some with `whyhook suite save NAME --add`".to_owned(),
        ));
    }
    Ok(cases)
}

/// The settings with the schemes that the cases name, for those whose webhook is not configured here: so a suite needs
/// nothing but its secrets.
fn with_schemes(settings: &SettingsArgs, cases: &[(&SuiteFile, &SuiteCase)]) -> Result<SettingsArgs, CliError> {
    let source = settings.source()?;
    let webhooks: &[Webhook] = source.file.as_ref().map_or(&[], |file: &ConfigFile| &file.webhooks);
    let mut names: Vec<String> = Vec::new();
    for (_, case) in cases {
        let SuiteSigning::Resign(with) = &case.signing else { continue };
        let path = case.request.target.split(|byte| *byte == b'?').next().unwrap_or_default();
        let is_its_own = |webhook: &&Webhook| Some(&webhook.name) == with.webhook.as_ref() || webhook.answers_to(path);
        let has_scheme = webhooks.iter().find(is_its_own).is_some_and(|webhook| webhook.schemes.is_some());
        if let Some(scheme) = with.scheme.as_ref().filter(|scheme| !has_scheme && !names.contains(scheme)) {
            names.push(scheme.clone());
        }
    }
    Ok(settings.with_schemes(names))
}

fn patience(text: &str) -> Result<Duration, CliError> {
    let patience = units::parse_duration(text).map_err(|error| CliError::Usage(format!("--wait: {error}")))?;
    if patience > LONGEST_WAIT {
        return Err(CliError::Usage("--wait: expected at most 1h".to_owned()));
    }
    Ok(patience)
}

/// Waits until the server accepts a connection. One that does not is a failure of the cases.
async fn wait(client: &Client, target: &Target, patience: Duration, cancel: &CancellationToken) {
    let begun = Instant::now();
    loop {
        let left = patience.saturating_sub(begun.elapsed());
        let limits = ClientLimits::within(left.max(PAUSE));
        match client.reach(target, &limits, cancel).await {
            Ok(()) => return,
            Err(_) if cancel.is_cancelled() || left.is_zero() => return,
            Err(_) => tokio::time::sleep(PAUSE.min(left)).await,
        }
    }
}
