//! `whyhook sign`: the two headers for a body.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use jiff::Timestamp;

use super::verify::read_body;
use super::{CliError, OutputFormat, SettingsArgs, output};
use crate::config::consent::Scope;
use crate::config::unnamed;
use crate::signature::{self, SigningKind};
use crate::text;

#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  whyhook sign --body body.json > headers.txt\n  \
    curl -H @headers.txt --data-binary @body.json http://127.0.0.1:3000/webhooks/trackpilots")]
pub(super) struct SignArgs {
    /// Body: a file, or - for stdin
    #[arg(long, value_name = "FILE")]
    body: PathBuf,
    /// Kind of webhook: developer webhooks sign seconds, reseller webhooks milliseconds
    #[arg(long, value_enum, default_value_t, value_name = "KIND")]
    kind: SignKind,
    /// Timestamp, used verbatim [default: now, in the kind's unit]
    #[arg(long, value_name = "TIMESTAMP")]
    timestamp: Option<String>,
    /// Label of the secret to sign with, if there are several [default: the first]
    #[arg(long, value_name = "LABEL")]
    secret: Option<String>,
    /// The two header lines, or one JSON object
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: OutputFormat,
}

/// The kinds of webhook, as the command line names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum SignKind {
    /// Unix seconds
    #[default]
    Developer,
    /// Unix milliseconds
    Reseller,
}

impl From<SignKind> for SigningKind {
    fn from(kind: SignKind) -> Self {
        match kind {
            SignKind::Developer => Self::Developer,
            SignKind::Reseller => Self::Reseller,
        }
    }
}

pub(super) fn run(settings: &SettingsArgs, args: &SignArgs) -> Result<ExitCode, CliError> {
    let loaded = settings.load_quietly(Scope::Secrets)?;
    let keyring = loaded.registry.keyring();
    let secret = match &args.secret {
        Some(label) => keyring.get(label).ok_or_else(|| {
            let known: Vec<&str> = keyring.secrets().iter().map(signature::Secret::label).collect();
            CliError::Usage(format!("unknown secret label {}; known labels: {}", unnamed(label), known.join(", ")))
        })?,
        None => keyring.secrets().first().ok_or_else(|| {
            CliError::Usage(
                "no secret to sign with: set TRACKPILOTS_WEBHOOKS_SECRET_KEY, or use --secret-env or --secret-file"
                    .to_owned(),
            )
        })?,
    };
    let kind = SigningKind::from(args.kind);
    let timestamp = args.timestamp.clone().unwrap_or_else(|| kind.timestamp_text(Timestamp::now()));
    if timestamp.contains(|character: char| character.is_control()) || timestamp.trim() != timestamp {
        return Err(CliError::Usage(format!(
            "invalid --timestamp '{}': expected text without control characters and \
            surrounding space",
            text::visible(&timestamp)
        )));
    }
    let body = read_body(&args.body)?;
    let scheme = loaded.registry.scheme();
    let value = signature::sign(secret, timestamp.as_bytes(), &body);
    output::print(&match args.format {
        OutputFormat::Text => {
            format!("{}: {value}\n{}: {timestamp}\n", scheme.signature_header(), scheme.timestamp_header())
        }
        OutputFormat::Json => {
            let headers: serde_json::Map<String, serde_json::Value> =
                [(scheme.signature_header(), &value), (scheme.timestamp_header(), &timestamp)]
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value.clone().into()))
                    .collect();
            let object = serde_json::json!({
                "headers": headers,
                "secret": secret.label(),
                "body_bytes": body.len(),
            });
            format!("{}\n", text::safe_json(&object.to_string()))
        }
    })?;
    Ok(ExitCode::SUCCESS)
}
