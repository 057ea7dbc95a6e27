//! `whyhook show ID`.

mod answering;
mod attempt;

use std::cell::Cell;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use jiff::tz::TimeZone;
use serde_json::Value;

use super::select::delivery_name;
use super::{CliError, ListenArgs, SettingsArgs, agent, output, understanding};
use crate::archive::detail;
use crate::archive::forwards::Forwards;
use crate::config::Registry;
use crate::config::consent::Scope;
use crate::delivery::{Answer, AttemptId, Delivery, DeliveryId, Outcome, Summary, TimestampFacts, Verdict};
use crate::inspect::{Reading, Sightings};
use crate::store::{Page, Reader};
use crate::text;
use crate::text::units;

#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  whyhook show latest\n  whyhook show 7 --format body > body.bin\n  \
    whyhook show latest --format json | jq .diagnosis")]
pub(super) struct ShowArgs {
    /// Number of a delivery, or `latest`
    #[arg(value_name = "ID", value_parser = delivery_name, required_unless_present = "attempt")]
    id: Option<String>,
    /// Show a stored attempt instead, by the number that its delivery lists: as text, as JSON, or the response's bytes
    #[arg(long, value_name = "NUMBER", conflicts_with = "id")]
    attempt: Option<i64>,
    /// Output: text for people, JSON, or only the bytes of the body or of the whole request
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: ShowFormat,
    /// Also write the formats body and raw to a terminal
    #[arg(long)]
    force: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum ShowFormat {
    /// Text for people: unprintable characters are shown as symbols
    #[default]
    Text,
    /// Documented, stable JSON
    Json,
    /// The body's bytes and nothing else
    Body,
    /// Head and body section as received, chunk framing included
    Raw,
}

/// Exit code 1 when the delivery does not exist.
pub(super) fn run(settings: &SettingsArgs, args: &ShowArgs) -> Result<ExitCode, CliError> {
    if matches!(args.format, ShowFormat::Body | ShowFormat::Raw) {
        output::check_raw(args.force)?;
    }
    let reader = Reader::open(&settings.location()?)?;
    if let Some(number) = args.attempt {
        return attempt::show(settings, &reader, AttemptId(number), args.format);
    }
    let id = args.id.as_deref().unwrap_or_default();
    let Some(delivery) = find(&reader, id)? else {
        output::log(&format!("no delivery {id}: `whyhook list` shows the captured deliveries"));
        return Ok(ExitCode::FAILURE);
    };
    let configured = Configured::load(settings);
    match args.format {
        ShowFormat::Json => {
            let diagnosis = diagnosis_of(&configured, &reader, &delivery)?;
            let registry = configured.registry.clone().unwrap_or_default();
            let mut json = detail::known_json(&reader, &delivery, diagnosis.as_ref(), &registry)?;
            if let Some(compared) = agent::tunnel_capture(settings, &delivery) {
                json["tunnel_capture"] = compared;
            }
            output::print_json_pretty(&json)?;
        }
        ShowFormat::Body => output::print_bytes(&delivery.body)?,
        ShowFormat::Raw => {
            output::print_bytes(&delivery.head)?;
            output::print_bytes(&delivery.body_section())?;
        }
        ShowFormat::Text => {
            let reading = Reading::of(&delivery, &configured.registry.clone().unwrap_or_default());
            let seen = detail::seen(&reader, &delivery, &reading);
            let attempts = reader.attempts(delivery.summary.id, detail::ATTEMPTS)?;
            let mut facts = cause_lines(&configured, &reader, &delivery)?;
            facts.extend(forwards_of(&configured, &reader, &delivery)?.lines());
            facts.extend(answering::retry_lines(&reader, &delivery)?);
            facts.extend(attempt::lines(&attempts));
            let shown = output::fitted(for_people(&delivery, facts, &reading, seen.as_ref()));
            output::stream(|out| {
                out.write_all(shown.as_bytes())?;
                understanding::write_body(out, &reading.body)
            })?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// What was found out about a delivery's signature: what was kept, else what a search finds now with
/// the current secrets. `None` when there is nothing to explain.
fn diagnosis_of(configured: &Configured, reader: &Reader, delivery: &Delivery) -> Result<Option<Value>, CliError> {
    if let Some(kept) = detail::kept_diagnosis(reader, delivery)? {
        return Ok(Some(kept));
    }
    Ok(configured.secrets().and_then(|registry| detail::found_diagnosis(reader, delivery, registry, &|| true)))
}

/// The likeliest cause of a signature that does not verify, and what to do about it.
fn cause_lines(configured: &Configured, reader: &Reader, delivery: &Delivery) -> Result<Vec<String>, CliError> {
    let verdict = delivery.summary.judgement.verdict;
    if matches!(verdict, Verdict::Verified | Verdict::NoSecret | Verdict::NotJudged) {
        return Ok(Vec::new());
    }
    let found = diagnosis_of(configured, reader, delivery)?;
    let Some(cause) = found.as_ref().and_then(|found| found["causes"].get(0)) else { return Ok(Vec::new()) };
    let text = |name: &str| cause[name].as_str().unwrap_or_default();
    let id = delivery.summary.id;
    let mut lines = vec![format!("cause     {}", text("summary"))];
    lines.extend(Some(text("fix")).filter(|fix| !fix.is_empty()).map(|fix| format!("fix       {fix}")));
    lines.push(format!("          more: `whyhook verify {id}`"));
    Ok(lines)
}

/// The answers of upstream servers; the secrets are read only where they explain a disagreement.
fn forwards_of(configured: &Configured, reader: &Reader, delivery: &Delivery) -> Result<Forwards, CliError> {
    Ok(Forwards::read(reader, delivery, &|| configured.secrets().cloned())?)
}

/// The configuration, as far as it can be read: who only looks at a delivery need not have its secret at hand.
struct Configured {
    registry: Option<Registry>,
    warnings: Cell<Vec<String>>,
}

impl Configured {
    fn load(settings: &SettingsArgs) -> Self {
        let loaded = settings.load(&ListenArgs::default(), Scope::Secrets).ok();
        let (registry, warnings) = loaded.map(|loaded| (loaded.settings.registry, loaded.warnings)).unzip();
        Self { registry, warnings: Cell::new(warnings.unwrap_or_default()) }
    }

    /// The secrets, for what they explain. What is odd about them is told then, and once.
    fn secrets(&self) -> Option<&Registry> {
        self.warnings.take().iter().for_each(|warning| output::log(&format!("warning: {warning}")));
        self.registry.as_ref()
    }
}

/// Reads the delivery that `id` names; `latest` is the newest.
pub(super) fn find(reader: &Reader, id: &str) -> Result<Option<Delivery>, CliError> {
    Ok(match find_summary(reader, id)? {
        Some(summary) => reader.load(summary.id)?,
        None => None,
    })
}

/// What [`find`] finds, without its bytes.
pub(super) fn find_summary(reader: &Reader, id: &str) -> Result<Option<Summary>, CliError> {
    if id == "latest" {
        return Ok(reader.page(Page::Newest, 1)?.into_iter().next());
    }
    let id = id.parse::<DeliveryId>().map_err(|error| CliError::Usage(error.to_string()))?;
    Ok(reader.summary(id)?)
}

/// All that is shown before the body.
fn for_people(delivery: &Delivery, facts: Vec<String>, reading: &Reading, seen: Option<&Sightings>) -> String {
    let summary = &delivery.summary;
    let time = units::time_words(summary.received_at, &TimeZone::system());
    let mut lines = vec![format!("#{}  {time}  from {}", summary.id, summary.remote)];
    lines.push(verdict_line(summary));
    lines.extend(summary.judgement.timestamp.as_ref().map(timestamp_line));
    if !summary.intake.is_complete() {
        lines.push(format!("intake    {}: {}", summary.intake.name(), summary.intake.reason()));
    }
    lines.extend(
        delivery
            .framing
            .trailers()
            .map(|(name, value)| format!("trailer   {}: {}", text::visible_bytes(name), text::visible_bytes(value))),
    );
    lines.extend(delivery.framing_words().map(|words| format!("unframed  {words}")));
    if let Some(answer) = &delivery.answer {
        lines.extend(answer.interim_words().map(|words| format!("interim   {words}")));
        lines.push(answer_line(answer));
    }
    lines.extend(facts);
    let mut shown: String = lines.iter().map(|line| format!("{}\n", text::visible(line))).collect();
    for line in understanding::lines(reading, seen) {
        shown.push_str(&line);
        shown.push('\n');
    }
    shown.push('\n');
    for line in delivery.head.lines() {
        shown.push_str(&text::visible_bytes(line.text));
        shown.push('\n');
    }
    // What follows a whole head begins a line of its own.
    if delivery.head.last().is_none_or(|byte| *byte == b'\n') {
        shown.push('\n');
    }
    shown
}

fn verdict_line(summary: &Summary) -> String {
    let judgement = &summary.judgement;
    let secret = judgement.secret.as_ref().map_or(String::new(), |label| format!(" with the secret {label}"));
    let note = judgement.note.as_ref().map_or(String::new(), |note| format!(": {note}"));
    // A digest that matches the part that arrived is shown, but does not verify the delivery.
    let verdict = match judgement.verdict {
        Verdict::Verified if !summary.is_verified() => {
            format!(
                "not verified: the signature matches the part that arrived, but the request is {}",
                summary.intake.name()
            )
        }
        verdict => verdict.words().to_owned(),
    };
    format!("verdict   {verdict}{secret}{note}")
}

fn timestamp_line(timestamp: &TimestampFacts) -> String {
    let age = match timestamp.age_ms {
        None => "age unknown".to_owned(),
        Some(age) if age < 0 => format!("{} ahead of our clock", units::age_words(age)),
        Some(age) => format!("{} old on arrival", units::age_words(age)),
    };
    let stale = if timestamp.fresh == Some(false) { ", stale" } else { "" };
    format!("timestamp {} ({}, {age}{stale})", timestamp.raw, timestamp.unit.code())
}

fn answer_line(answer: &Answer) -> String {
    let Answer { status, rule, .. } = answer;
    let milliseconds = answer.latency.as_secs_f64() * 1000.0;
    match answer.outcome {
        Outcome::Sent => format!("answer    {status} by {rule} after {milliseconds:.1} ms"),
        Outcome::SenderGone => format!("answer    none by {rule}: the sender hung up"),
        outcome if *status == 0 => format!("answer    none by {rule}: {}", outcome.words()),
        outcome => format!("answer    {status} by {rule} after {milliseconds:.1} ms: {}", outcome.words()),
    }
}
