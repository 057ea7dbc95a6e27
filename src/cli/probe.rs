//! `whyhook probe ID`: does the upstream server check the signature?

use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};

use super::scheme::SchemeArgs;
use super::select::delivery_name;
use super::sending::{SendingArgs, SentThing, block_on, cancelled_by_signals};
use super::show::find;
use super::{CliError, OutputFormat, SettingsArgs, output, sending};
use crate::config::Settings;
use crate::config::consent::Scope;
use crate::delivery::{Attempt, AttemptId, AttemptKind, Delivery, DeliveryId};
use crate::http::Target;
use crate::send::probe::{ProbeQuestion, ProbeResult, stored};
use crate::send::{replay, status_words, url_of};
use crate::simulate;
use crate::store::{AttemptKeeper, Reader};
use crate::text::{capitalised, visible};

#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Examples:\n  whyhook probe latest\n  whyhook probe 7 --to http://localhost:4000 --format json\n\n\
    A forged copy has a fresh timestamp and a signature that no secret makes. Where the server refuses what verifies \
    here, or was not asked before, a freshly signed copy goes first. Both are stored as attempts of the kind probe.\n\n\
    Exit code 0: it refuses forged copies and accepts signed ones; 1: it does not check, or by another secret; 2: its \
    answers prove nothing."
)]
pub(super) struct ProbeArgs {
    /// Number of a delivery, or `latest`
    #[arg(value_name = "ID", value_parser = delivery_name)]
    id: String,
    /// The upstream server [default: where the delivery was forwarded to, else the url of its webhook]
    #[arg(long, value_name = "URL")]
    to: Option<String>,
    /// Output: text for people, or JSON
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: OutputFormat,
    #[command(flatten)]
    sending: SendingArgs,
    #[command(flatten)]
    pub(super) scheme: SchemeArgs,
}

/// Exit code 0 when the server checks signatures as whyhook does, 1 when it does not, 2 when that stays open.
pub(super) fn run(settings: &SettingsArgs, args: &ProbeArgs) -> Result<ExitCode, CliError> {
    let loaded = settings.load_quietly(Scope::Network)?;
    let client = args.sending.client(&loaded)?;
    let limits = args.sending.limits()?;
    let location = settings.location()?;
    let reader = Reader::open(&location)?;
    let Some(delivery) = find(&reader, &args.id)? else {
        output::log(&format!("no delivery {}: `whyhook list` shows the captured deliveries", visible(&args.id)));
        return Ok(ExitCode::FAILURE);
    };
    let id = delivery.summary.id;
    let known = stored(&reader, id)?;
    let target = target(&loaded, args, &delivery, &known)?;
    let seed =
        simulate::fresh_seed().map_err(|error| CliError::Usage(format!("cannot get random numbers: {error}")))?;
    let question = ProbeQuestion::new(&delivery, &target, &known, &loaded.registry, seed);
    let what = match question.copies().len() {
        1 => format!("a forged copy of delivery {id}"),
        _ => format!("a signed and a forged copy of delivery {id}"),
    };
    if !args.sending.may_send(settings.yes(), &SentThing::Captured(&what), [&target])? {
        output::log("nothing was sent");
        return Ok(ExitCode::FAILURE);
    }
    let cancel = cancelled_by_signals();
    let attempts = block_on(question.ask(&client, &limits, &cancel))??;
    let kept = keep(&location, &attempts);
    let Some(result) = question.result(&attempts) else {
        output::log("cancelled before the forged copy was sent");
        return Ok(ExitCode::from(2));
    };
    match args.format {
        OutputFormat::Json => output::print_json_pretty(&result_json(id, &target, &attempts, &kept, &result))?,
        OutputFormat::Text => output::print(&result_text(&attempts, &result))?,
    }
    Ok(match result.finding.is_good() {
        Some(true) => ExitCode::SUCCESS,
        Some(false) => ExitCode::FAILURE,
        None => ExitCode::from(2),
    })
}

/// Where the copies go: what was asked for, the newest forward's target, or the webhook's URL.
fn target(settings: &Settings, args: &ProbeArgs, delivery: &Delivery, known: &[Attempt]) -> Result<Target, CliError> {
    let invalid = |error: crate::http::InvalidTarget| CliError::Usage(format!("--to: {error}"));
    if let Some(url) = &args.to {
        sending::check_url(url)?;
        let target: Target = url.parse().map_err(invalid)?;
        return url_of(&target, delivery.head.target()).parse().map_err(invalid);
    }
    let forwarded = known.iter().rfind(|attempt| attempt.kind == AttemptKind::Forward);
    match forwarded.and_then(|attempt| attempt.target.parse().ok()) {
        Some(target) => Ok(target),
        None => Ok(replay::default_target(&settings.registry, &delivery.summary)?),
    }
}

/// Keeps the copies with their delivery, so that `show` can tell them from deliveries.
fn keep(location: &crate::store::Location, attempts: &[Attempt]) -> Vec<Option<AttemptId>> {
    let failed = |error: crate::store::StoreError| {
        output::log(&format!("warning: the probe is not stored: {error}"));
        None
    };
    match AttemptKeeper::open(location) {
        Ok(keeper) => attempts.iter().map(|attempt| keeper.keep(attempt).map_or_else(failed, Some)).collect(),
        Err(error) => {
            failed(error);
            vec![None; attempts.len()]
        }
    }
}

fn result_text(attempts: &[Attempt], result: &ProbeResult) -> String {
    let mut text = String::new();
    for attempt in attempts {
        let came = match &attempt.result {
            Ok(_) => status_words(attempt),
            Err(failure) => failure.message.clone(),
        };
        let line = format!("{}, to {}: {came}", attempt.mode.words(), attempt.target);
        text.push_str(&visible(&line));
        text.push('\n');
    }
    text.push_str(&format!("\n{}.\n", visible(&capitalised(&result.words))));
    text
}

fn result_json(
    id: DeliveryId,
    target: &Target,
    attempts: &[Attempt],
    kept: &[Option<AttemptId>],
    result: &ProbeResult,
) -> Value {
    let rows = attempts.iter().zip(kept).map(|(attempt, kept)| {
        json!({
            "attempt": kept.map(|id| id.0),
            "mode": attempt.mode.code(),
            "status": attempt.status(),
            "error": attempt.result.as_ref().err().map(|failure| failure.message.as_str()),
            "latency_ms": attempt.latency.total.as_secs_f64() * 1000.0,
        })
    });
    json!({
        "delivery": id.0,
        "target": target.to_string(),
        "copies": rows.collect::<Value>(),
        "finding": result.finding.code(),
        "checks": result.finding.checks(),
        "meaning": result.words,
    })
}
