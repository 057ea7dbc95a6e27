//! `whyhook check`: is a receiver right?

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use jiff::Timestamp;

use super::counter::Counter;
use super::destination::{self, DestinationArgs};
use super::output::ReportFormat;
use super::scheme::SchemeArgs;
use super::sending::{SendingArgs, SentThing, block_on, cancelled_by_signals};
use super::suggested::Suggested;
use super::{CliError, SettingsArgs, output};
use crate::config::Settings;
use crate::config::consent::Scope;
use crate::http::{ClientLimits, Target};
use crate::send::conformance::{
    self, Case, CheckEvent, CheckOutcome, CheckPlan, CheckReport, Fixture, JOBS_LIMIT, NotApplicable,
};
use crate::send::{BatchPace, Destination, NotSent};
use crate::signature::{Proof, Scheme, Secret, SecretOrigin, SigningKind};
use crate::simulate;
use crate::text::{self, units};

/// How long one delivery may take, unless told otherwise.
const TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  whyhook check http://localhost:8080/webhooks/trackpilots\n  \
    whyhook check --webhook developer --format junit > whyhook.xml\n  \
    whyhook check --scheme github http://localhost:8080/webhooks/github\n\nExit code 0: every required case \
        passed; 1: a required case failed, and the last line names the faults; 2: no verdict (cancelled, rate-limited, \
            blocked, unreachable). Age and repeated deliveries are advisory unless --max-age is given.")]
pub(super) struct CheckArgs {
    /// The receiver's URL; the same as --to
    #[arg(value_name = "URL", conflicts_with = "to")]
    receiver: Option<String>,
    #[command(flatten)]
    destination: DestinationArgs,
    /// Require the receiver to refuse deliveries older than this [default: advisory only]
    #[arg(long, value_name = "DURATION")]
    max_age: Option<String>,
    /// Report answers that take longer than this as too slow
    #[arg(long, value_name = "DURATION", default_value = "5s")]
    slow: String,
    /// Run only this case, by name; may be repeated
    #[arg(long, value_name = "NAME", num_args = 1.., hide_possible_values = true,
        value_parser = Suggested(|| conformance::MATRIX.iter().map(|case| case.name).collect()))]
    only: Vec<String>,
    /// Print the matrix of the scheme and send nothing
    #[arg(long)]
    list: bool,
    /// Maximum rate of deliveries, such as 2/s or 30/m [default: as fast as they are answered]
    #[arg(long, value_name = "RATE")]
    rate: Option<BatchPace>,
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

impl CheckArgs {
    /// The URL is where to send, however it was given.
    fn with_its_url(mut self) -> Self {
        self.destination.to = self.destination.to.or(self.receiver.take());
        self
    }
}

/// Exit code 0 when nothing required failed, 1 when something did, 2 without a verdict.
pub(super) fn run(settings: &SettingsArgs, args: &CheckArgs) -> Result<ExitCode, CliError> {
    let args = &args.clone().with_its_url();
    args.destination.check()?;
    known_cases(&args.only)?;
    if args.list {
        return list(settings, args);
    }
    let loaded = settings.load_quietly(Scope::Network)?;
    let plan = plan(&loaded, args)?;
    let client = args.sending.client(&loaded)?;
    let what = match plan.cases.len() {
        1 => "1 test delivery".to_owned(),
        count => format!("{count} test deliveries"),
    };
    if !args.sending.may_send(settings.yes(), &SentThing::Made(&what), [plan.target()])? {
        output::log("nothing was sent");
        return Ok(ExitCode::FAILURE);
    }
    let cancel = cancelled_by_signals();
    let mut progress = Counter::new();
    let report = block_on(conformance::run(&plan, &client, &cancel, |event| tell(&mut progress, &event)))?;
    progress.end();
    let report = report.map_err(|error| CliError::Usage(error.to_string()))?;
    print(&report, args.format)?;
    // The text ends with it.
    if let Some(why) = report.no_verdict.as_ref().filter(|_| args.format != ReportFormat::Text) {
        output::log(&text::visible(&why.words()));
    }
    Ok(match report.outcome() {
        CheckOutcome::Pass => ExitCode::SUCCESS,
        CheckOutcome::Fail => ExitCode::FAILURE,
        CheckOutcome::NoVerdict => ExitCode::from(2),
    })
}

/// The names of `--only`.
fn names(only: &[String]) -> impl Iterator<Item = &str> {
    only.iter().flat_map(|names| names.split(','))
}

fn known_cases(only: &[String]) -> Result<(), CliError> {
    match names(only).find(|name| conformance::case_named(name).is_none()) {
        None => Ok(()),
        Some(name) => {
            let name = text::visible(name);
            Err(CliError::Usage(format!("--only: unknown case '{name}': `whyhook check --list` shows all cases")))
        }
    }
}

/// The cases that are asked for, and those of them that mean nothing under the scheme.
fn selected(fixture: &Fixture, only: &[String]) -> Result<(Vec<Case>, Vec<NotApplicable>), CliError> {
    let (mut cases, mut left_out) =
        conformance::applicable(fixture, Timestamp::now()).map_err(|error| CliError::Usage(error.to_string()))?;
    if only.is_empty() {
        return Ok((cases, left_out));
    }
    if let Some(name) = names(only).find(|name| !cases.iter().any(|case| case.name == *name)) {
        let left = left_out.iter().find(|left| left.name == name);
        let reason = left.map_or("it is a case of other senders", |left| left.reason);
        return Err(CliError::Usage(format!("--only: the case '{name}' does not apply: {reason}")));
    }
    cases.retain(|case| names(only).any(|name| name == case.name));
    left_out.clear();
    Ok((cases, left_out))
}

/// Prints the matrix. Neither a receiver nor a secret is needed for it.
fn list(settings: &SettingsArgs, args: &CheckArgs) -> Result<ExitCode, CliError> {
    if args.format != ReportFormat::Text {
        return Err(CliError::Usage("--list prints text: leave out --format".to_owned()));
    }
    let choice = args.destination.choice();
    let scheme = match choice.webhook {
        Some(_) => Destination::find(&settings.load_quietly(Scope::Secrets)?, &choice)?.scheme,
        // A configuration says nothing of it.
        None => settings.asked_scheme()?,
    };
    let kind = choice.kind.unwrap_or_default();
    let (cases, left_out) = match any_fixture(scheme.clone(), kind) {
        Some(fixture) => selected(&fixture, &args.only)?,
        None => {
            return Err(CliError::Usage(
                "--list: the matrix of this scheme needs its key: leave out --list".to_owned(),
            ));
        }
    };
    output::print(&conformance::list_text(&cases, &left_out, &scheme))?;
    Ok(ExitCode::SUCCESS)
}

/// What a matrix can be made from without a receiver; `None` under a scheme whose key nobody can make up.
fn any_fixture(scheme: Scheme, kind: SigningKind) -> Option<Fixture> {
    if matches!(scheme.proof, Proof::PublicKey(_)) {
        return None;
    }
    // A key in base64, in hexadecimal digits and as text.
    let secret = Secret::new("listed", b"0123456789abcdef0123456789abcdef".to_vec(), SecretOrigin::MadeUp);
    let target: Target = "http://localhost:8080/webhooks".parse().ok()?;
    let mut scheme = scheme;
    for name in scheme.missing_settings() {
        scheme.settings.insert(name, "value".to_owned());
    }
    Some(Fixture { target, scheme, secret, kind, stale: conformance::stale_by(None), seed: 0 })
}

fn plan(settings: &Settings, args: &CheckArgs) -> Result<CheckPlan, CliError> {
    let duration = |name: &str, text: &str| {
        units::parse_duration(text).map_err(|error| CliError::Usage(format!("{name}: {error}")))
    };
    if args.destination.to.is_none() && args.destination.webhook.is_none() {
        return Err(CliError::Usage(
            "no receiver to check: give its URL, as in whyhook check http://localhost:8080/webhooks/trackpilots"
                .to_owned(),
        ));
    }
    if !(1..=JOBS_LIMIT).contains(&args.jobs) {
        return Err(CliError::Usage(format!("--jobs {}: expected 1 to {JOBS_LIMIT}", args.jobs)));
    }
    let max_age = args.max_age.as_deref().map(|text| duration("--max-age", text)).transpose()?;
    let slow = duration("--slow", &args.slow)?;
    let timeout = args.sending.asked_limits()?.map_or(TIMEOUT, |limits: ClientLimits| limits.whole);
    let destination = destination::find(settings, &args.destination.choice())?;
    if args.scheme.is_named() && destination.scheme != *settings.registry.signing_scheme(None) {
        let words = "this webhook has a scheme in the configuration: leave out --scheme, or give its URL with --to";
        return Err(CliError::Usage(words.to_owned()));
    }
    let seed = simulate::fresh_seed()
        .map_err(|error| NotSent::ServiceUnavailable { reason: format!("cannot get random numbers: {error}") })?;
    let secret = destination.signing_secret()?.clone();
    let fixture = Fixture {
        scheme: destination.scheme.sent_to(&destination.target),
        target: destination.target,
        secret,
        kind: destination.kind,
        stale: conformance::stale_by(max_age),
        seed,
    };
    let (cases, left_out) = selected(&fixture, &args.only)?;
    let interval = match args.rate {
        Some(BatchPace::Every(interval)) => interval,
        Some(BatchPace::InOrder) | None => Duration::ZERO,
    };
    Ok(CheckPlan { fixture, cases, left_out, max_age, timeout, slow, jobs: args.jobs, interval })
}

fn print(report: &CheckReport, format: ReportFormat) -> Result<(), CliError> {
    match format {
        ReportFormat::Json => output::print_json_pretty(&conformance::report_json(report)),
        ReportFormat::Junit => output::print(&conformance::junit(report)),
        ReportFormat::Text => output::print(&conformance::report_text(report, output::palette(), output::columns())),
    }
}

/// What a person sees while waiting: a counter, and a line for what takes long.
fn tell(progress: &mut Counter, event: &CheckEvent<'_>) {
    let log = |words: String| {
        progress.end();
        output::log(&words);
    };
    match event {
        CheckEvent::Row(_, all) => progress.step(*all),
        CheckEvent::Waiting { status, wait } => {
            log(format!("the receiver answered {status}: waiting for {:.1} s", wait.as_secs_f64()));
        }
        CheckEvent::Probing(count) => {
            log(format!("valid deliveries are refused: trying out up to {count} known mistakes"));
        }
    }
}
