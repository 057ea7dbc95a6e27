//! `whyhook replay ID…`.

use std::collections::HashMap;
use std::io::IsTerminal as _;
use std::process::ExitCode;
use std::sync::Arc;

use bytes::Bytes;
use clap::{ArgGroup, Args};
use jiff::Timestamp;

use super::scheme::SchemeArgs;
use super::select::{DeliveryNumbers, delivery_names};
use super::sending::{SendingArgs, SentThing, block_on, cancelled_by_signals};
use super::show::find_summary;
use super::sign::SignKind;
use super::{CliError, OutputFormat, SettingsArgs, output, sending};
use crate::config::Settings;
use crate::config::consent::Scope;
use crate::delivery::{Attempt, AttemptId, AttemptKind, DeliveryId, Summary};
use crate::http::{Client, ClientLimits, RequestChange, Target};
use crate::send::replay::{self, How, ReplayError};
use crate::send::{BatchPace, Origin, run_all};
use crate::signature::SigningKind;
use crate::store::{AttemptKeeper, Page, Reader};
use crate::tui::terminal::editor;

mod report;

#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  whyhook replay latest --to http://localhost:4000 --resign\n  \
    whyhook replay --filter 'verdict:bad since:1h' --to http://localhost:4000 --rate 5/s")]
#[command(group(ArgGroup::new("signs").args(["resign", "edit"]).multiple(true)))]
pub(super) struct ReplayArgs {
    /// Numbers of deliveries (7, 12-40), or `latest`; sent in this order, a range from its lowest number on
    #[arg(value_name = "ID", value_parser = delivery_names, required_unless_present = "filter")]
    ids: Vec<String>,
    /// Every delivery that matches, the oldest first, such as: verdict:bad since:1h
    #[arg(long, value_name = "FILTER", conflicts_with = "ids")]
    filter: Option<String>,
    /// Target URL, such as http://localhost:4000; may be repeated. Without a path, a delivery keeps its own
    /// [default: the url of its [[webhook]]]
    #[arg(long, value_name = "URL")]
    to: Vec<String>,
    /// Re-sign: a fresh timestamp and signature with the webhook's secret
    #[arg(long)]
    resign: bool,
    /// Edit the body in $EDITOR first, and re-sign it
    #[arg(long, conflicts_with = "filter")]
    edit: bool,
    /// With --edit: keep the captured signature, which then does not match
    #[arg(long, requires = "edit", conflicts_with = "resign")]
    keep_signature: bool,
    /// Send every byte as received, including target, Host and chunk sizes; also works for malformed and
    /// incomplete requests
    #[arg(long, conflicts_with_all = ["resign", "edit"])]
    exact: bool,
    /// Label of the secret to sign with [default: the one it was verified with, else its webhook's]
    #[arg(long, value_name = "LABEL", requires = "signs", conflicts_with_all = ["exact", "keep_signature"])]
    secret: Option<String>,
    /// Timestamp unit when re-signing [default: the webhook's, else as received]
    #[arg(long, value_enum, value_name = "KIND", requires = "signs", conflicts_with_all = ["exact", "keep_signature"])]
    kind: Option<SignKind>,
    /// Rate per second (5/s) or minute (30/m) [default: each after the previous one]
    #[arg(long, value_name = "RATE")]
    rate: Option<String>,
    /// Output: the result panel for people, or one JSON object per attempt
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: OutputFormat,
    #[command(flatten)]
    sending: SendingArgs,
    #[command(flatten)]
    pub(super) scheme: SchemeArgs,
}

/// One sending to come.
struct Job {
    id: DeliveryId,
    target: Arc<Target>,
}

/// A sending that has ended, or could not begin.
struct Ended {
    job: Job,
    result: Result<Done, String>,
}

struct Done {
    attempt: Attempt,
    /// What was sent.
    body: Bytes,
    changes: Vec<RequestChange>,
}

/// Exit code 0 when all were delivered, 1 when not, or when there is nothing to send.
pub(super) fn run(settings: &SettingsArgs, args: &ReplayArgs) -> Result<ExitCode, CliError> {
    let loaded = settings.load_quietly(Scope::Network)?;
    let limits = args.sending.limits()?;
    let pace = match &args.rate {
        Some(rate) => rate.parse().map_err(|error| CliError::Usage(format!("--rate: {error}")))?,
        None => BatchPace::InOrder,
    };
    let client = args.sending.client(&loaded)?;
    let location = settings.location()?;
    let reader = Reader::open(&location)?;
    let Some(summaries) = selected(&reader, args, settings)? else { return Ok(ExitCode::FAILURE) };
    let jobs = jobs(&loaded, args, &summaries)?;
    let what = if summaries.len() == 1 {
        format!("delivery {}", summaries[0].id)
    } else {
        format!("{} deliveries", summaries.len())
    };
    if !args.sending.may_send(settings.yes(), &SentThing::Captured(&what), jobs.iter().map(|job| &*job.target))? {
        output::log("nothing was sent");
        return Ok(ExitCode::FAILURE);
    }
    let edited = edited(&loaded, &reader, args, &summaries)?;
    if args.edit && edited.is_empty() {
        output::log("the body was not changed, so nothing was sent: --resign sends the same body, re-signed");
        return Ok(ExitCode::FAILURE);
    }
    let keeper = match AttemptKeeper::open(&location) {
        Ok(keeper) => Some(keeper),
        Err(error) => {
            output::log(&format!("warning: attempts are not stored: {error}"));
            None
        }
    };
    let sender = Sender { settings: &loaded, args, reader: &reader, client, limits, pace, edited };
    let report = report::ReplayReport::new(&loaded, args.format, &reader, jobs.len());
    sender.send_all(jobs, keeper, report)
}

/// What to send, as far as it is told in rows; `None` when there is nothing, which was said.
fn selected(reader: &Reader, args: &ReplayArgs, settings: &SettingsArgs) -> Result<Option<Vec<Summary>>, CliError> {
    if let Some(filter) = &args.filter {
        let query = settings.filter(std::slice::from_ref(filter))?;
        let now = Timestamp::now();
        let mut found = reader.search(&query, now, Page::Newest, usize::MAX, usize::MAX)?;
        found.rows.retain(|summary| summary.intake.is_whole());
        if found.rows.is_empty() {
            output::log("no delivery that can be replayed matches the filter");
            return Ok(None);
        }
        return Ok(Some(found.rows.into_iter().rev().collect()));
    }
    let mut summaries = Vec::with_capacity(args.ids.len());
    for id in &args.ids {
        if let Some(numbers @ DeliveryNumbers::Range(..)) = DeliveryNumbers::parse(id) {
            match numbers.resolve(reader)? {
                Ok(ids) => {
                    for id in ids.into_iter().rev() {
                        summaries.extend(reader.summary(id)?);
                    }
                }
                Err(missing) => {
                    output::log(&format!("nothing was sent: {missing}"));
                    return Ok(None);
                }
            }
            continue;
        }
        let Some(summary) = find_summary(reader, id)? else {
            output::log(&format!("no delivery {id}: nothing was sent; `whyhook list` shows the captured deliveries"));
            return Ok(None);
        };
        summaries.push(summary);
    }
    Ok(Some(summaries))
}

/// Each delivery to each of its targets. Whatever would fail for want of a setting fails here, before
/// anything is sent.
fn jobs(settings: &Settings, args: &ReplayArgs, summaries: &[Summary]) -> Result<Vec<Job>, CliError> {
    let read = |url: &String| {
        sending::check_url(url)?;
        url.parse().map(Arc::new).map_err(|error| CliError::Usage(format!("--to: {error}")))
    };
    let given: Vec<Arc<Target>> = args.to.iter().map(read).collect::<Result<_, _>>()?;
    let signs = args.resign || (args.edit && !args.keep_signature);
    let mut jobs = Vec::with_capacity(summaries.len() * given.len().max(1));
    for summary in summaries {
        if signs {
            replay::signing(&settings.registry, summary, args.secret.as_deref(), None)?;
        }
        let targets = match given.is_empty() {
            true => vec![Arc::new(default_target(settings, summary)?)],
            false => given.clone(),
        };
        jobs.extend(targets.into_iter().map(|target| Job { id: summary.id, target }));
    }
    Ok(jobs)
}

/// The webhook's URL. Where it has none, the error names the listener of the store, which a person may mean.
fn default_target(settings: &Settings, summary: &Summary) -> Result<Target, CliError> {
    let found = replay::default_target(&settings.registry, summary);
    #[cfg(unix)]
    if let Err(error @ replay::ReplayError::NoTarget { .. }) = &found
        && let Some(address) = super::running::running_address(settings)
    {
        return Err(CliError::Usage(format!("{error}; the listener on this store is at http://{address}")));
    }
    Ok(found?)
}

/// The bodies that were changed in the editor.
fn edited(
    settings: &Settings,
    reader: &Reader,
    args: &ReplayArgs,
    summaries: &[Summary],
) -> Result<HashMap<DeliveryId, Bytes>, CliError> {
    let mut edited = HashMap::new();
    let failed = |error: editor::EditorError| CliError::Usage(error.to_string());
    if args.edit {
        #[cfg(unix)]
        let _clearing = crate::system::scratch::ClearOnSignals::start_lending_terminal();
        for summary in summaries {
            let Some(delivery) = reader.load(summary.id)? else { continue };
            if let Some(body) =
                editor::edit(&summary.id.to_string(), &delivery.body, settings.registry.keyring()).map_err(failed)?
            {
                edited.insert(summary.id, body);
            }
        }
    }
    Ok(edited)
}

struct Sender<'a> {
    settings: &'a Settings,
    args: &'a ReplayArgs,
    reader: &'a Reader,
    client: Client,
    limits: ClientLimits,
    pace: BatchPace,
    edited: HashMap<DeliveryId, Bytes>,
}

impl Sender<'_> {
    fn send_all(
        &self,
        mut jobs: Vec<Job>,
        keeper: Option<AttemptKeeper>,
        mut report: report::ReplayReport<'_>,
    ) -> Result<ExitCode, CliError> {
        if self.args.edit {
            // What was left as it was in the editor is not sent.
            jobs.retain(|job| self.edited.contains_key(&job.id));
        }
        let cancel = cancelled_by_signals();
        let mut failure = None;
        let begin = |job| self.begin(job, &cancel);
        let done = |ended: Ended| {
            let kept = ended.result.as_ref().ok().and_then(|done| keep(keeper.as_ref(), &done.attempt));
            if let Err(error) = report.ended(&ended, kept) {
                // Stdout takes no more, such as on a full disk.
                cancel.cancel();
                failure.get_or_insert(error);
            }
        };
        let total = jobs.len();
        let begun = block_on(run_all(jobs, self.pace, &cancel, begin, done))?;
        match failure {
            Some(error) => Err(error),
            None => Ok(report.finish(begun, total)),
        }
    }

    /// Makes the request just before it goes out, so that its timestamp is of that moment.
    fn begin(&self, job: Job, cancel: &tokio_util::sync::CancellationToken) -> impl Future<Output = Ended> + use<> {
        let prepared = self.prepare(&job);
        let (client, limits, cancel) = (self.client.clone(), self.limits, cancel.clone());
        async move {
            let (replay, original) = match prepared {
                Ok(prepared) => prepared,
                Err(reason) => return Ended { job, result: Err(reason) },
            };
            let sent = client.send(&job.target, &replay.request, &limits, &cancel).await;
            let origin = Origin { delivery: Some(job.id), kind: AttemptKind::Replay, mode: replay.mode };
            let attempt = crate::send::attempt(origin, &job.target, &replay.request, Some(&original), sent);
            let done = Done { attempt, body: replay.request.body, changes: replay.changes };
            Ended { job, result: Ok(done) }
        }
    }

    fn prepare(&self, job: &Job) -> Result<(replay::Replay, Bytes), String> {
        let delivery = self.reader.load(job.id).map_err(|error| error.to_string())?;
        let delivery = delivery.ok_or_else(|| format!("delivery {} no longer exists", job.id))?;
        let how = match self.edited.get(&job.id) {
            Some(body) => How::Edited { body: body.clone(), resign: !self.args.keep_signature },
            None if self.args.exact => How::Exact,
            None if self.args.resign => How::Resigned,
            None => How::AsCaptured,
        };
        let registry = &self.settings.registry;
        let kind = self.args.kind.map(SigningKind::from);
        let signing = || replay::signing(registry, &delivery.summary, self.args.secret.as_deref(), kind);
        let replay = replay::prepare(&delivery, &job.target, &how, signing, Timestamp::now());
        replay.map(|replay| (replay, delivery.body.clone())).map_err(|error: ReplayError| error.to_string())
    }
}

fn keep(keeper: Option<&AttemptKeeper>, attempt: &Attempt) -> Option<AttemptId> {
    match keeper?.keep(attempt) {
        Ok(id) => Some(id),
        Err(error) => {
            output::log(&format!("warning: this attempt is not stored: {error}"));
            None
        }
    }
}

/// Whether a progress line would be seen and would not mix with other output.
fn shows_progress() -> bool {
    std::io::stderr().is_terminal() && !std::io::stdout().is_terminal()
}
