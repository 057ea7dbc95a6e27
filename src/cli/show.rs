//! `whyhook show ID`.

use std::process::ExitCode;

use clap::{Args, ValueEnum};
use serde_json::Value;

use super::{CliError, SettingsArgs, output};
use crate::delivery::{Delivery, DeliveryId, Outcome, detail_json};
use crate::diagnosis::{self, Subject};
use crate::payload::json::pretty;
use crate::signature::diagnose::Budget;
use crate::store::{Page, Reader};
use crate::text;

#[derive(Debug, Clone, Args)]
pub(super) struct ShowArgs {
    /// The delivery's number, or `latest`
    #[arg(value_name = "ID")]
    id: String,
    /// For people, as JSON, or only the bytes of the body or of the whole request
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: ShowFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum ShowFormat {
    /// For people: everything unprintable is shown as a symbol
    #[default]
    Text,
    /// Documented, stable JSON
    Json,
    /// The body's bytes and nothing else
    Body,
    /// Head and body as they came (chunk framing removed)
    Raw,
}

/// Exit code 1 when there is no such delivery.
pub(super) fn run(settings: &SettingsArgs, args: &ShowArgs) -> Result<ExitCode, CliError> {
    let reader = Reader::open(&settings.location()?)?;
    let Some(delivery) = find(&reader, &args.id)? else {
        output::log(&format!("there is no delivery {}; `whyhook list` shows what there is", args.id));
        return Ok(ExitCode::FAILURE);
    };
    match args.format {
        ShowFormat::Json => {
            let diagnosis = diagnosis_of(settings, &reader, &delivery)?;
            output::print_json_pretty(&detail_json(&delivery, diagnosis))?;
        }
        ShowFormat::Body => output::print_bytes(&delivery.body)?,
        ShowFormat::Raw => output::print_bytes(&[&delivery.head[..], &delivery.body[..]].concat())?,
        ShowFormat::Text => output::print(&for_people(&delivery))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// What was found out about a delivery's signature: what was kept, else what a search finds now with
/// the secrets of now. `None` when there is nothing to explain.
fn diagnosis_of(settings: &SettingsArgs, reader: &Reader, delivery: &Delivery) -> Result<Option<Value>, CliError> {
    let id = delivery.summary.id;
    if let Some(kept) = reader.diagnosis(id)?.and_then(|json| serde_json::from_str(&json).ok()) {
        return Ok(Some(kept));
    }
    // Who only looks at a delivery need not have its secret at hand.
    let Ok(loaded) = settings.load_quietly() else { return Ok(None) };
    if loaded.registry.keyring().is_empty() {
        return Ok(None);
    }
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(2);
    let go_on = || std::time::Instant::now() < deadline;
    let budget = Budget { go_on: &go_on, ..Budget::default() };
    let found = Subject::of(delivery, &loaded.registry).why(&diagnosis::history(reader, delivery), &budget);
    Ok(if found.causes.is_empty() { None } else { serde_json::to_value(found).ok() })
}

/// Reads the delivery that `id` names; `latest` is the newest.
pub(super) fn find(reader: &Reader, id: &str) -> Result<Option<Delivery>, CliError> {
    let id = if id == "latest" {
        match reader.page(Page::Newest, 1)?.first() {
            Some(summary) => summary.id,
            None => return Ok(None),
        }
    } else {
        id.parse::<DeliveryId>().map_err(|error| CliError::Usage(error.to_string()))?
    };
    Ok(reader.load(id)?)
}

fn for_people(delivery: &Delivery) -> String {
    let summary = &delivery.summary;
    let judgement = &summary.judgement;
    let mut lines = vec![format!("#{}  {:.3}  from {}", summary.id, summary.received_at, summary.remote)];
    let secret = judgement.secret.as_ref().map_or(String::new(), |label| format!(" with the secret {label}"));
    let note = judgement.note.as_ref().map_or(String::new(), |note| format!(": {note}"));
    lines.push(format!("verdict   {}{secret}{note}", judgement.verdict.words()));
    if let Some(timestamp) = &judgement.timestamp {
        let age =
            timestamp.age_seconds().map_or_else(|| "age unknown".to_owned(), |age| format!("{age} s old on arrival"));
        let stale = if timestamp.fresh == Some(false) { ", stale" } else { "" };
        lines.push(format!("timestamp {} ({}, {age}{stale})", timestamp.raw, timestamp.unit.code()));
    }
    if !summary.intake.is_complete() {
        lines.push(format!("intake    {}: {}", summary.intake.name(), summary.intake.reason()));
    }
    if let Some(answer) = &delivery.answer {
        let milliseconds = answer.latency.as_secs_f64() * 1000.0;
        lines.push(match answer.outcome {
            Outcome::Sent => format!("answer    {} by {} after {milliseconds:.1} ms", answer.status, answer.rule),
            Outcome::SenderGone => "answer    none: the sender hung up".to_owned(),
        });
    }
    let mut shown: String = lines.iter().map(|line| format!("{}\n", text::visible(line))).collect();
    shown.push('\n');
    for line in delivery.head.split(|byte| *byte == b'\n') {
        shown.push_str(&text::visible_bytes(line.strip_suffix(b"\r").unwrap_or(line)));
        shown.push('\n');
    }
    push_body(&mut shown, &delivery.body);
    shown
}

fn push_body(shown: &mut String, body: &[u8]) {
    match pretty(body) {
        Ok(pretty) => {
            for index in 0..pretty.line_count() {
                shown.push_str(&pretty.line_within(index, usize::MAX).to_string());
                shown.push('\n');
            }
        }
        Err(_) => {
            for line in body.split(|byte| *byte == b'\n') {
                shown.push_str(&text::visible_bytes(line));
                shown.push('\n');
            }
        }
    }
}
