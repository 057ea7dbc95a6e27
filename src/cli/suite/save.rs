//! `whyhook suite save NAME [ID|FILTER]`.

use std::cell::RefCell;
use std::process::ExitCode;

use clap::Args;

use super::files::{self, FolderArgs};
use crate::archive::redaction::{Redaction, RedactionRun};
use crate::cli::redact::RedactRuleArgs;
use crate::cli::scheme::SchemeArgs;
use crate::cli::select::{Selection, unless_lost};
use crate::cli::{CliError, SettingsArgs, output};
use crate::config::consent::Scope;
use crate::config::{Settings, shown};
use crate::delivery::{AttemptKind, Delivery, DeliveryId};
use crate::http::HttpResponse;
use crate::redact::Tally;
use crate::store::{DeliveryAndDiagnosis, Reader};
use crate::suite::file::{self, CASE_LIMIT};
use crate::suite::{
    CaseMaker, Expectations, SigningChoice, Suite, SuiteCase, SuiteSigning, kept_response, without_credentials,
};
use crate::text::{grouped, visible};

/// The newest attempts of a delivery among which its forward is looked for.
const ATTEMPTS: usize = 100;

#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  whyhook suite save bugs 'event:screenshot since:1h'\n  \
    whyhook suite save bugs 12 15-17 --expect status=2xx --expect 'header:Content-Type~json'\n  \
    whyhook suite save bugs latest --add --expect 'body:result.id=7' --expect '!body:error'\n\n\
    What verified is re-signed when the suite runs; everything else is sent as it was received, and stays as wrong as it was. \
    Expected is the status that each delivery was answered with: by the upstream server if it was forwarded, else by whyhook.")]
pub(super) struct SaveArgs {
    /// Name of the suite, for suites/NAME.json; or a path with a slash or .json
    #[arg(value_name = "NAME")]
    name: String,
    /// Numbers (7, 12-40, latest), or a filter such as: verdict:verified since:1h [default: everything]
    #[arg(value_name = "ID|FILTER")]
    what: Vec<String>,
    /// Add the deliveries to a suite that is there; its other cases stay as they are
    #[arg(long)]
    add: bool,
    /// Replace a suite that is there
    #[arg(long, conflicts_with = "add")]
    force: bool,
    /// Re-sign every case when the suite runs
    #[arg(long, conflicts_with = "as_received")]
    resign: bool,
    /// Send every case with the signature and timestamp that it came with
    #[arg(long)]
    as_received: bool,
    /// What every response must be, instead of the kept status: status=2xx, header:NAME=TEXT, body:PATH=VALUE, body=TEXT; with ~ for
    /// a pattern, without a value for what must be there, with ! before it for what must not; may be repeated
    #[arg(long, value_name = "EXPECTATION")]
    expect: Vec<String>,
    /// Also expect what the kept response has there: header:NAME, body:PATH or body; may be repeated
    #[arg(long, value_name = "PLACE")]
    expect_kept: Vec<String>,
    /// Keep everything: names, addresses, screenshots, credentials. Otherwise private values become placeholders of the same
    /// shape, and credentials are left out
    #[arg(long)]
    no_redact: bool,
    #[command(flatten)]
    redact: RedactRuleArgs,
    /// Maximum number of deliveries; the newest are taken
    #[arg(long, short = 'n', value_name = "COUNT")]
    limit: Option<usize>,
    #[command(flatten)]
    folder: FolderArgs,
    #[command(flatten)]
    pub(super) scheme: SchemeArgs,
}

/// What deliveries go through before they are written. The one place that decides.
struct SaveRedaction {
    /// `None` where all is kept.
    redaction: Option<Redaction>,
    tally: RefCell<Tally>,
}

impl SaveRedaction {
    fn start(args: &SaveArgs, loaded: &Settings) -> Result<Self, CliError> {
        let rules = args.redact.rules(&loaded.redact)?;
        let redaction = if args.no_redact {
            None
        } else {
            let key = Redaction::stable_key(&loaded.registry)
                .map_or_else(RedactionRun::fresh_key, Ok)
                .map_err(CliError::Usage)?;
            Some(Redaction::new(rules, key, &loaded.registry))
        };
        Ok(Self { redaction, tally: RefCell::default() })
    }

    fn apply(&self, delivery: &Delivery) -> Delivery {
        match &self.redaction {
            None => delivery.clone(),
            Some(redaction) => without_credentials(&redaction.apply(delivery, &mut self.tally.borrow_mut()).delivery),
        }
    }

    /// What a person should know before the file is committed.
    fn words(&self) -> String {
        match &self.redaction {
            None => "nothing was redacted (--no-redact): look for credentials and personal data before you commit the \
                     file"
                .to_owned(),
            Some(_) => {
                format!("redacted: {} were replaced; --keep RULE keeps what your server needs", self.tally.borrow())
            }
        }
    }
}

/// Exit code 1 when there is nothing to save.
pub(super) fn run(settings: &SettingsArgs, args: &SaveArgs) -> Result<ExitCode, CliError> {
    let (expect, kept) = expectations(args)?;
    let path = args.folder.file(&args.name)?;
    let exists = FolderArgs::exists(&path);
    if exists && !args.add && !args.force {
        return Err(CliError::Usage(format!(
            "{} already exists: add to it with --add, replace it with --force, or choose another name",
            shown(&path)
        )));
    }
    let before = if exists && args.add { Some(args.folder.read(&args.name)?) } else { None };
    let loaded = settings.load_quietly(Scope::Secrets)?;
    let reader = Reader::open(&settings.location()?)?;
    let there = before.as_ref().map_or(0, |before| before.suite.cases.len());
    let Some(ids) = chosen(settings, args, &reader, there)? else { return Ok(ExitCode::FAILURE) };
    let redaction = SaveRedaction::start(args, &loaded)?;
    let redact = |delivery: &Delivery| redaction.apply(delivery);
    let maker = CaseMaker { registry: &loaded.registry, signing: signing(args), expect, kept, redact: &redact };
    let mut suite = before.as_ref().map(|before| before.suite.clone()).unwrap_or_default();
    make(&maker, &reader, &ids, &mut suite)?;
    let new = &suite.cases[there..];
    if new.is_empty() {
        output::log("nothing was saved");
        return Ok(ExitCode::FAILURE);
    }
    files::write(&path, &file::write(&suite), exists)?;
    output::log(&redaction.words());
    let cases = if new.len() == 1 { "case" } else { "cases" };
    let verb = if before.is_some() { "added to" } else { "saved in" };
    let mut lines = format!("{} {cases} {verb} {}\n", grouped(new.len() as u64), shown(&path));
    new.iter().for_each(|case| lines.push_str(&case_line(case)));
    output::print(&output::fitted(lines))?;
    Ok(ExitCode::SUCCESS)
}

/// The deliveries, the oldest first, as they came; `None` when there is none, which was said. `there` cases are in the suite
/// already.
fn chosen(
    settings: &SettingsArgs,
    args: &SaveArgs,
    reader: &Reader,
    there: usize,
) -> Result<Option<Vec<DeliveryId>>, CliError> {
    let selection = Selection::parse(&args.what, settings)?;
    let mut ids = match selection.resolve(reader, args.limit.unwrap_or(usize::MAX))? {
        Ok(ids) => ids,
        Err(missing) => {
            output::log(&missing);
            return Ok(None);
        }
    };
    if ids.is_empty() {
        output::log("no delivery matches; nothing was saved");
        return Ok(None);
    }
    let count = ids.len() + there;
    if count > CASE_LIMIT {
        let (count, limit) = (grouped(count as u64), grouped(CASE_LIMIT as u64));
        return Err(CliError::Usage(format!(
            "{count} deliveries: a suite has at most {limit}; choose fewer with a filter or -n"
        )));
    }
    ids.reverse();
    Ok(Some(ids))
}

fn signing(args: &SaveArgs) -> SigningChoice {
    match (args.resign, args.as_received) {
        (true, _) => SigningChoice::Resign,
        (_, true) => SigningChoice::AsReceived,
        _ => SigningChoice::ByVerdict,
    }
}

/// What is expected, and the places whose kept values are.
fn expectations(args: &SaveArgs) -> Result<(Expectations, Expectations), CliError> {
    let read = |flag: &str, typed: &[String]| {
        let mut expectations = Expectations::default();
        for typed in typed {
            expectations.add(typed).map_err(|error| CliError::Usage(format!("{flag}: {error}")))?;
        }
        Ok::<_, CliError>(expectations)
    };
    let expect = read("--expect", &args.expect)?;
    if let Some(place) = args.expect_kept.iter().find(|place| place.starts_with('!') || place.contains(['=', '~'])) {
        let place = visible(place);
        return Err(CliError::Usage(format!("--expect-kept {place}: expected header:NAME, body:PATH or body")));
    }
    Ok((expect, read("--expect-kept", &args.expect_kept)?))
}

/// Adds a case for each delivery that can be one; what is left out, and why, is said.
fn make(maker: &CaseMaker<'_>, reader: &Reader, ids: &[DeliveryId], suite: &mut Suite) -> Result<(), CliError> {
    for outcome in reader.deliveries(ids) {
        let Some(DeliveryAndDiagnosis { delivery, .. }) = unless_lost(outcome)? else { continue };
        let mut made = match maker.make(&delivery, kept(reader, &delivery)?.as_ref()) {
            Ok(made) => made,
            Err(error) => {
                output::log(&format!("warning: {error}"));
                continue;
            }
        };
        if let Some(same) = suite.cases.iter().find(|case| is_same(case, &made.case)) {
            output::log(&format!(
                "delivery {} is in the suite already, as {}",
                delivery.summary.id,
                visible(&same.name)
            ));
            continue;
        }
        made.case.name = free_name(suite, &made.case.name);
        for remark in &made.remarks {
            output::log(&format!("warning: {} {remark}", visible(&made.case.name)));
        }
        suite.cases.push(made.case);
    }
    Ok(())
}

fn is_same(case: &SuiteCase, other: &SuiteCase) -> bool {
    (case.received_at, &case.request) == (other.received_at, &other.request)
}

/// The name, or the same with the least number that no case has: numbers of two stores may be the same.
fn free_name(suite: &Suite, name: &str) -> String {
    let mut names = std::iter::once(name.to_owned()).chain((2..).map(|number: usize| format!("{name}-{number}")));
    names.find(|name| suite.case(name).is_none()).unwrap_or_default()
}

/// The response that is kept: that of the upstream server, else our own.
fn kept(reader: &Reader, delivery: &Delivery) -> Result<Option<HttpResponse>, CliError> {
    let attempts = reader.attempts(delivery.summary.id, ATTEMPTS)?;
    let forwarded =
        |attempt: &&crate::delivery::AttemptSummary| attempt.kind == AttemptKind::Forward && attempt.result.is_ok();
    // The first one, which the sender was answered by.
    let Some(first) = attempts.iter().rev().find(forwarded) else {
        return Ok(delivery.answer.as_ref().and_then(kept_response));
    };
    Ok(reader.attempt(first.id)?.and_then(|attempt| attempt.result.ok()))
}

/// A case in a line.
pub(super) fn case_line(case: &SuiteCase) -> String {
    let sent = match &case.signing {
        SuiteSigning::Resign(_) => "re-signed",
        SuiteSigning::AsReceived => "as received",
    };
    let status = case.expect.status.map_or_else(|| "any status".to_owned(), |status| status.to_string());
    let more = match case.expect.headers.len() + case.expect.body.len() {
        0 => String::new(),
        count => format!(" and {count} more"),
    };
    format!("  {:<28}  {sent:<11}  expects {status}{more}\n", visible(&case.name))
}
