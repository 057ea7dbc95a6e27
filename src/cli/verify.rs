//! `whyhook verify`: is this signature right?

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use bytes::Bytes;
use clap::Args;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{CliError, Format, SettingsArgs, output, show};
use crate::delivery::{Judgement, RequestHead, Verdict};
use crate::signature;
use crate::store::Reader;
use crate::text;

#[derive(Debug, Clone, Args)]
pub(super) struct VerifyArgs {
    /// A captured delivery's number, or `latest`; judged with the secrets of now
    #[arg(value_name = "ID", conflicts_with_all = ["body", "header", "at", "path"], required_unless_present = "body")]
    id: Option<String>,
    /// The body's bytes: a file, or - for stdin
    #[arg(long, value_name = "FILE")]
    body: Option<PathBuf>,
    /// A request header, as 'Name: value'; may be repeated
    #[arg(long, short = 'H', value_name = "HEADER")]
    header: Vec<String>,
    /// Judge the age at this moment (RFC 3339) instead of now
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// The request's path, where several webhooks are configured
    #[arg(long, value_name = "PATH", default_value = "/")]
    path: String,
    /// For people, or documented JSON
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

struct Subject {
    head: RequestHead,
    body: Bytes,
    at: Timestamp,
}

/// Exit code 0 only when verified.
pub(super) fn run(settings: &SettingsArgs, args: &VerifyArgs) -> Result<ExitCode, CliError> {
    let loaded = settings.load_quietly()?;
    let subject = match &args.id {
        Some(id) => {
            let Some(delivery) = show::find(&Reader::open(&settings.location()?)?, id)? else {
                output::log(&format!("there is no delivery {id}; `whyhook list` shows what there is"));
                return Ok(ExitCode::FAILURE);
            };
            Subject { head: delivery.request_head(), body: delivery.body, at: delivery.summary.received_at }
        }
        None => given(args)?,
    };
    let registry = &loaded.registry;
    let secrets = registry.route(&subject.head.target).secrets;
    let judgement = signature::judge(registry.scheme(), secrets, &subject.head, &subject.body, subject.at);
    match args.format {
        Format::Json => output::print_json(&as_json(&judgement))?,
        Format::Text => output::print(&for_people(&judgement))?,
    }
    Ok(if judgement.verdict == Verdict::Verified { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn given(args: &VerifyArgs) -> Result<Subject, CliError> {
    let body = read_body(args.body.as_deref().unwrap_or(Path::new("-")))?;
    let at = match &args.at {
        None => Timestamp::now(),
        Some(text) => text.parse().map_err(|error| {
            CliError::Usage(format!(
                "--at '{}' is no RFC 3339 time such as 2026-05-04T09:10:00Z: {error}",
                text::visible(text)
            ))
        })?,
    };
    let mut head = format!("POST {} HTTP/1.1\r\n", args.path).into_bytes();
    for header in &args.header {
        let is_field = header.split_once(':').is_some_and(|(name, _)| !name.trim().is_empty());
        if !is_field || header.contains(['\r', '\n']) {
            return Err(CliError::Usage(format!(
                "--header '{}' is not of the form 'Name: value'",
                text::visible(header)
            )));
        }
        head.extend_from_slice(header.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    Ok(Subject { head: RequestHead::parse(&Bytes::from(head)), body, at })
}

/// Reads a file, or stdin for `-`, byte for byte.
pub(super) fn read_body(path: &Path) -> Result<Bytes, CliError> {
    let mut body = Vec::new();
    let read = if path == Path::new("-") {
        std::io::stdin().lock().read_to_end(&mut body).map(drop)
    } else {
        std::fs::read(path).map(|bytes| body = bytes)
    };
    read.map_err(|source| CliError::Read { path: path.to_owned(), source })?;
    Ok(Bytes::from(body))
}

fn as_json(judgement: &Judgement) -> Value {
    json!({
        "verdict": judgement.verdict.code(),
        "secret": judgement.secret,
        "timestamp": judgement.timestamp.as_ref().map(|timestamp| json!({
            "raw": timestamp.raw,
            "unit": timestamp.unit.code(),
            "age_seconds": timestamp.age_seconds(),
            "fresh": timestamp.fresh,
        })),
        "note": judgement.note,
    })
}

fn for_people(judgement: &Judgement) -> String {
    let mark = if judgement.verdict == Verdict::Verified { "✅" } else { "❌" };
    let mut lines = vec![match (&judgement.secret, &judgement.note) {
        (Some(label), _) => format!("{mark} verified with the secret {label}"),
        (None, Some(note)) => format!("{mark} {}: {note}", judgement.verdict.words()),
        (None, None) => format!("{mark} {}", judgement.verdict.words()),
    }];
    if let Some(timestamp) = &judgement.timestamp {
        let age = match timestamp.age_seconds() {
            None => "neither seconds nor milliseconds".to_owned(),
            Some(age) => {
                let side = if age < 0 { "from the future" } else { "old" };
                let fresh = if timestamp.fresh == Some(true) { "fresh" } else { "beyond the tolerance" };
                format!("{}, {} s {side}, {fresh}", timestamp.unit.code(), age.abs())
            }
        };
        lines.push(format!("   timestamp {}: {age}", timestamp.raw));
    }
    lines.iter().map(|line| format!("{}\n", text::visible(line))).collect()
}
