//! `whyhook verify`: is this signature right, and if not, why?

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use bytes::Bytes;
use clap::Args;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::request::{self, DeclaredBody, RawRequest};
use super::scheme::SchemeArgs;
use super::select::delivery_name;
use super::sign::webhook_named;
use super::{CliError, OutputFormat, SettingsArgs, explain, output, show};
use crate::config::consent::Scope;
use crate::config::{MissingSecret, ProcessEnvironment, Registry};
use crate::delivery::{Intake, Judgement, TimestampUnit, Verdict};
use crate::http::{Head, WireFraming};
use crate::inspect::diagnosis::{self, Subject};
use crate::inspect::history::history;
use crate::signature::diagnose::{Budget, Depth, Diagnosis, History};
use crate::store::Reader;
use crate::text::units::age_words;
use crate::{signature, text};

/// How long the search may take; `--deep` may take longer.
const PATIENCE: Duration = Duration::from_secs(10);
const DEEP_PATIENCE: Duration = Duration::from_secs(600);

#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  whyhook verify latest\n  \
    whyhook verify --request request.http\n  \
    whyhook verify 17 --computed '<Buffer 0b 1f 2c …>'")]
pub(super) struct VerifyArgs {
    /// Number of a captured delivery, or `latest`; verified with the current secrets
    #[arg(value_name = "ID", conflicts_with_all = ["body", "request", "header", "at", "path"])]
    #[arg(required_unless_present_any = ["body", "request"], value_parser = captured_delivery)]
    id: Option<String>,
    /// Body: a file, or - for stdin
    #[arg(long, value_name = "FILE")]
    body: Option<PathBuf>,
    /// Raw HTTP request, head and body: a file, or - for stdin
    #[arg(long, value_name = "FILE", conflicts_with_all = ["body", "path"])]
    request: Option<PathBuf>,
    /// Request header, as 'Name: value', or @FILE for a file of such lines; may be repeated
    #[arg(long, short = 'H', value_name = "HEADER")]
    header: Vec<String>,
    /// Compute the age at this time (RFC 3339, or Unix seconds or milliseconds) rather than now
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// Path of the request, if several webhooks are configured, or the scheme signs it [default: the webhook's, else
    /// that of --url, else /]
    #[arg(long, value_name = "PATH")]
    path: Option<String>,
    /// A configured webhook: its path, scheme and secrets
    #[arg(long, value_name = "NAME", conflicts_with_all = ["id", "request", "path"])]
    webhook: Option<String>,
    /// Method of the request, for schemes that sign it
    #[arg(long, value_name = "METHOD", default_value = "POST", conflicts_with_all = ["id", "request"])]
    method: String,
    /// Digest that your own server computed, in any form it prints (hex, base64, <Buffer …>, a list of bytes), or its
    /// log line: shows which mistake produces it
    #[arg(long, value_name = "DIGEST")]
    computed: Option<String>,
    /// Try three changes at once and every timestamp nearby; may take minutes
    #[arg(long)]
    deep: bool,
    /// Also print the digests that would be valid (they are credentials)
    #[arg(long)]
    reveal: bool,
    /// Output: text for people, or documented JSON
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: OutputFormat,
    #[command(flatten)]
    pub(super) scheme: SchemeArgs,
}

/// What is to be verified, and what the store knows of it.
struct Given {
    head: Head,
    body: Bytes,
    at: Timestamp,
    intake: Intake,
    history: History,
    framing: WireFraming,
    /// The file's bytes after the head, where they are more than the head declares.
    all: Option<Bytes>,
}

/// Reads the name of a delivery, with a hint for who names a file, as other tools take it.
fn captured_delivery(text: &str) -> Result<String, String> {
    let is_file = || Path::new(text).is_file();
    delivery_name(text).map_err(|error| match is_file() {
        true => format!("{error}; a file is given with --body (the body alone) or --request (head and body)"),
        false => error,
    })
}

/// Exit code 0 only when verified.
pub(super) fn run(settings: &SettingsArgs, args: &VerifyArgs) -> Result<ExitCode, CliError> {
    let loaded = settings.load_quietly(Scope::Secrets)?;
    let given = match &args.id {
        Some(id) => {
            let reader = Reader::open(&settings.location()?)?;
            let Some(delivery) = show::find(&reader, id)? else {
                output::log(&format!("no delivery {id}: `whyhook list` shows the captured deliveries"));
                return Ok(ExitCode::FAILURE);
            };
            let history = history(&reader, &delivery, &loaded.registry);
            let at = delivery.summary.received_at;
            let (head, body, framing) = (delivery.head, delivery.body, delivery.framing);
            Given { head, body, at, intake: delivery.summary.intake, history, framing, all: None }
        }
        None => given(args, &loaded.registry)?,
    };
    let Given { head, body, at, intake, history, framing, all } = given;
    let of = |body| Subject::new(head.clone(), body, at, intake.clone(), &loaded.registry).with_framing(&framing);
    let mut subject = of(&body);
    request::check_url(subject.scheme(), &subject.head)?;
    let mut judgement = subject.judge();
    let mut report = Report::of(args, &subject, &judgement, &history)?;
    // A declared length may be that of another body: one that was pretty-printed since, for example.
    if let Some(all) = all.as_ref().filter(|_| !report.explains(&judgement)) {
        let whole = of(all);
        let of_whole = whole.judge();
        let found = Report::of(args, &whole, &of_whole, &history)?;
        if found.explains(&of_whole) {
            output::log("warning: judged with all bytes of the file, since those explain the signature");
            (subject, judgement, report) = (whole, of_whole, found);
        }
    }
    match args.format {
        OutputFormat::Json => output::print_json(&report.as_json(&judgement, &subject))?,
        OutputFormat::Text => output::print(&output::fitted(report.for_people(&judgement, args, &subject)))?,
    }
    // A digest that fits the part of a body that arrived says nothing of the request that was sent.
    let is_verified = judgement.verdict == Verdict::Verified && subject.intake.is_whole();
    Ok(if is_verified { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What was found out beside the verdict.
struct Report {
    why: Option<Diagnosis>,
    explain_digest: Option<Diagnosis>,
    expected: Vec<(String, String)>,
}

impl Report {
    /// Whether the signature is right, or it is proved why not.
    fn explains(&self, judgement: &Judgement) -> bool {
        judgement.verdict == Verdict::Verified || self.why.as_ref().is_some_and(Diagnosis::is_proved)
    }

    fn of(
        args: &VerifyArgs,
        subject: &Subject<'_>,
        judgement: &Judgement,
        history: &History,
    ) -> Result<Self, CliError> {
        let patience = if args.deep { DEEP_PATIENCE } else { PATIENCE };
        let deadline = Instant::now() + patience;
        let go_on = || Instant::now() < deadline;
        let depth = if args.deep { Depth::Deep } else { Depth::Pairs };
        let budget = Budget { depth, go_on: &go_on, ..Budget::default() };
        let is_silent = matches!(judgement.verdict, Verdict::NoSecret | Verdict::NotJudged);
        let explain_digest = args.computed.as_ref().map(|text| subject.explain_digest(text, &budget)).transpose();
        Ok(Self {
            why: (!is_silent).then(|| subject.why(history, &budget)),
            explain_digest: explain_digest.map_err(|error| CliError::Usage(format!("--computed: {error}")))?,
            expected: if args.reveal { expected(subject) } else { Vec::new() },
        })
    }

    fn as_json(&self, judgement: &Judgement, subject: &Subject<'_>) -> Value {
        let intake = &subject.intake;
        let mut report = json!({
            "verdict": judgement.verdict.code(),
            "secret": judgement.secret,
            "timestamp": judgement.timestamp.as_ref().map(|timestamp| json!({
                "raw": timestamp.raw,
                "unit": timestamp.unit.code(),
                "age_seconds": timestamp.age_seconds(),
                "fresh": timestamp.fresh,
            })),
            "note": judgement.note,
            "url": signature::hashed_url(subject.scheme(), &subject.head),
            "intake": intake.name(),
            "intake_reason": (!intake.is_complete()).then(|| intake.reason()),
            "diagnosis": self.why,
        });
        if let Some(explain_digest) = &self.explain_digest {
            report["computed"] = json!(explain_digest);
        }
        if !self.expected.is_empty() {
            let digests = self.expected.iter().map(|(label, digest)| json!({"secret": label, "digest": digest}));
            report["expected"] = digests.collect();
        }
        report
    }

    fn for_people(&self, judgement: &Judgement, args: &VerifyArgs, subject: &Subject<'_>) -> String {
        let mut lines = verdict_lines(judgement, &subject.intake);
        lines.push_str(&secret_line(judgement, subject));
        lines.push_str(&url_line(subject));
        for (label, digest) in &self.expected {
            lines.push_str(&format!("   expected {digest} (secret {})\n", text::visible(label)));
        }
        if let Some(why) = &self.why {
            lines.push_str(&explain::findings(why));
        }
        match &self.explain_digest {
            Some(explain_digest) => {
                lines.push_str("What your server hashed:\n");
                lines.push_str(&explain::findings(explain_digest));
            }
            None if judgement.verdict == Verdict::Verified => {
                let refused = self.why.as_ref().and_then(explain::RefusedTime::of);
                let is_small = subject.body.len() <= diagnosis::REWRITTEN_BODY_BYTES;
                let rewritings = if is_small && refused.is_none() { subject.rewritings() } else { Vec::new() };
                lines.push_str(&explain::other_direction(&rewritings, is_small, args.reveal, refused));
            }
            None => {}
        }
        lines
    }
}

/// What to do where no secret is known.
fn secret_line(judgement: &Judgement, subject: &Subject<'_>) -> String {
    if judgement.verdict != Verdict::NoSecret {
        return String::new();
    }
    let missing = MissingSecret::of(subject.scheme());
    let fix = match missing.of_another(&ProcessEnvironment) {
        Some(other) => other,
        None if !subject.others().is_empty() => {
            "the configured secrets belong to other webhooks: choose one with --webhook or --path".to_owned()
        }
        None => missing.fix(),
    };
    format!("   fix: {}\n", text::visible(&fix))
}

/// Which URL was hashed, where the scheme signs it, and how to give another.
fn url_line(subject: &Subject<'_>) -> String {
    let Some(url) = signature::hashed_url(subject.scheme(), &subject.head) else { return String::new() };
    let (url, limit) = (text::visible(&url), 1000);
    let from = match &subject.scheme().url {
        Some(_) => "as given",
        None => "from the request; --url URL if the sender calls another",
    };
    format!("   URL hashed: {} ({from})\n", text::clip(&url, limit))
}

/// The right digest under each secret, where the scheme is Trackpilots'.
fn expected(subject: &Subject<'_>) -> Vec<(String, String)> {
    if !subject.scheme().is_plain() {
        return Vec::new();
    }
    let timestamp = subject.head.value(subject.scheme().timestamp_header()).unwrap_or_default();
    let secrets = subject.secrets().iter();
    secrets.map(|secret| (secret.label().to_owned(), signature::sign(secret, timestamp, subject.body))).collect()
}

fn given(args: &VerifyArgs, registry: &Registry) -> Result<Given, CliError> {
    let webhook = args.webhook.as_deref().map(|name| webhook_named(registry, name)).transpose()?;
    args.path.as_deref().map_or(Ok(()), request::check_path)?;
    request::check_method(&args.method)?;
    request::check_stdin(args.request.as_deref().or(args.body.as_deref()), &args.header)?;
    let at = args.at.as_deref().map_or_else(|| Ok(Timestamp::now()), |text| request::moment("--at", text))?;
    let (mut head, rest) = match &args.request {
        Some(path) => {
            let RawRequest { head, rest } = RawRequest::cut(&request::read_body(path)?)?;
            (head, rest)
        }
        None => {
            let body = request::read_body(args.body.as_deref().unwrap_or(Path::new("-")))?;
            let own = args.path.clone().or_else(|| webhook.map(|webhook| webhook.path.clone()));
            let path = own.unwrap_or_else(|| request::url_parts(args.scheme.url.as_deref().unwrap_or_default()).1);
            (format!("{} {path} HTTP/1.1\r\n", args.method).into_bytes(), body)
        }
    };
    head.extend(request::header_lines(&args.header)?);
    let head = Head::from(head);
    let declared = DeclaredBody::of(&head, rest);
    declared.say_excess();
    let DeclaredBody { body, intake, all } = declared;
    Ok(Given { head, body, at, intake, history: History::default(), framing: WireFraming::NONE, all })
}

fn verdict_lines(judgement: &Judgement, intake: &Intake) -> String {
    let is_whole = intake.is_whole();
    let mark = if judgement.verdict == Verdict::Verified && is_whole { "✅" } else { "❌" };
    let mut lines = vec![match (&judgement.secret, &judgement.note) {
        (Some(label), _) if !is_whole => format!(
            "{mark} not verified: the signature matches the part that arrived (secret {label}), but the request is \
            {}: {}",
            intake.name(),
            intake.reason()
        ),
        (Some(label), Some(note)) => format!("{mark} verified with the secret {label}: {note}"),
        (Some(label), None) => format!("{mark} verified with the secret {label}"),
        (None, Some(note)) => format!("{mark} {}: {note}", judgement.verdict.words()),
        (None, None) => format!("{mark} {}", judgement.verdict.words()),
    }];
    if let Some(timestamp) = &judgement.timestamp {
        let age = match timestamp.age_ms {
            None => "neither seconds nor milliseconds".to_owned(),
            Some(age) => {
                let side = if age < 0 { "from the future" } else { "old" };
                let fresh = if timestamp.fresh == Some(true) { "fresh" } else { "beyond the tolerance" };
                // A date has no unit.
                let unit = match timestamp.unit {
                    TimestampUnit::Other => String::new(),
                    unit => format!("{}, ", unit.code()),
                };
                format!("{unit}{} {side}, {fresh}", age_words(age))
            }
        };
        lines.push(format!("   timestamp {}: {age}", timestamp.raw));
    }
    lines.iter().map(|line| format!("{}\n", text::visible(line))).collect()
}
