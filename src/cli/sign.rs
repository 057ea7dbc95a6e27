//! `whyhook sign`: the headers that sign a body.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use jiff::Timestamp;

use super::scheme::SchemeArgs;
use super::verify::{header_lines, read_body};
use super::{CliError, OutputFormat, SettingsArgs, output};
use crate::config::consent::Scope;
use crate::config::{MissingSecret, Registry, Webhook, unnamed};
use crate::http::Head;
use crate::signature::{Scheme, Secret, Signing, SigningKind, unsignable};
use crate::text;

#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  whyhook sign --body body.json > headers.txt\n  \
    curl -H @headers.txt --data-binary @body.json http://127.0.0.1:3000/webhooks/trackpilots\n  \
    whyhook sign --scheme github --body ping.json")]
pub(super) struct SignArgs {
    /// Body: a file, or - for stdin
    #[arg(long, value_name = "FILE")]
    body: PathBuf,
    /// A configured webhook: its scheme, kind and secret
    #[arg(long, value_name = "NAME", conflicts_with_all = ["scheme", "scheme_file"])]
    webhook: Option<String>,
    /// Kind of webhook: developer webhooks sign seconds, reseller webhooks milliseconds [default: the webhook's, else
    /// developer]
    #[arg(long, value_enum, value_name = "KIND")]
    kind: Option<SignKind>,
    /// Timestamp, used verbatim [default: now, in the unit of the scheme or the kind]
    #[arg(long, value_name = "TIMESTAMP")]
    timestamp: Option<String>,
    /// Label of the secret to sign with, if there are several [default: the webhook's, else the first]
    #[arg(long, value_name = "LABEL")]
    secret: Option<String>,
    /// Method of the request, for schemes that sign it
    #[arg(long, value_name = "METHOD", default_value = "POST")]
    method: String,
    /// Header that the request will have, as 'Name: value', for schemes that sign it; may be repeated
    #[arg(long, short = 'H', value_name = "HEADER")]
    header: Vec<String>,
    /// The header lines, or one JSON object
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: OutputFormat,
    #[command(flatten)]
    pub(super) scheme: SchemeArgs,
}

/// The kinds of webhook, as the command line names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum SignKind {
    /// Unix seconds
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
    let registry = &loaded.registry;
    let webhook = args.webhook.as_deref().map(|name| webhook_named(registry, name)).transpose()?;
    check_chosen(registry, args)?;
    let scheme = registry.signing_scheme(webhook);
    unsignable(scheme).map_or(Ok(()), |error| Err(CliError::Usage(error.to_string())))?;
    let secret = secret_of(registry, webhook, args.secret.as_deref(), scheme)?;
    let kind = args.kind.map(SigningKind::from).or_else(|| webhook.map(|webhook| webhook.kind)).unwrap_or_default();
    let timestamp = args.timestamp.clone().unwrap_or_else(|| scheme.timestamp_text(kind, Timestamp::now()));
    if timestamp.contains(|character: char| character.is_control()) || timestamp.trim() != timestamp {
        return Err(CliError::Usage(format!(
            "invalid --timestamp '{}': expected text without control characters and \
            surrounding space",
            text::visible(&timestamp)
        )));
    }
    let body = read_body(&args.body)?;
    let head = head_of(args, scheme)?;
    let headers = Signing { kind, scheme, secret }
        .headers(&head, &body, &timestamp)
        .map_err(|error| CliError::Usage(error.to_string()))?;
    output::print(&match args.format {
        OutputFormat::Text => headers.iter().map(|(name, value)| format!("{name}: {value}\n")).collect(),
        OutputFormat::Json => {
            let headers: serde_json::Map<String, serde_json::Value> =
                headers.into_iter().map(|(name, value)| (name, value.into())).collect();
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

/// Refuses to sign as Trackpilots where every configured webhook is somebody else's, and nobody asked for it.
fn check_chosen(registry: &Registry, args: &SignArgs) -> Result<(), CliError> {
    let is_chosen = args.webhook.is_some() || args.scheme.is_named();
    let is_other =
        |webhook: &Webhook| webhook.schemes.as_ref().is_some_and(|schemes| !schemes.first().is_trackpilots());
    let webhooks = registry.webhooks();
    if is_chosen || webhooks.is_empty() || !webhooks.iter().all(is_other) {
        return Ok(());
    }
    let names: Vec<String> = webhooks.iter().map(|webhook| format!("--webhook {}", webhook.name)).collect();
    Err(CliError::Usage(format!(
        "no configured webhook is signed as by Trackpilots: choose one with {}, or name a scheme with --scheme",
        text::visible(&names.join(" or "))
    )))
}

/// The configured webhook of this name.
pub(super) fn webhook_named<'a>(registry: &'a Registry, name: &str) -> Result<&'a Webhook, CliError> {
    registry.webhook(name).ok_or_else(|| {
        let known: Vec<&str> = registry.webhooks().iter().map(|webhook| webhook.name.as_str()).collect();
        let known = if known.is_empty() { "none is configured".to_owned() } else { known.join(", ") };
        CliError::Usage(format!("no webhook '{}'; known webhooks: {known}", text::visible(name)))
    })
}

fn secret_of<'a>(
    registry: &'a Registry,
    webhook: Option<&'a Webhook>,
    label: Option<&str>,
    scheme: &Scheme,
) -> Result<&'a Secret, CliError> {
    let keyring = registry.keyring();
    if let Some(label) = label {
        return keyring.get(label).ok_or_else(|| {
            let known: Vec<&str> = keyring.secrets().iter().map(Secret::label).collect();
            CliError::Usage(format!("unknown secret label {}; known labels: {}", unnamed(label), known.join(", ")))
        });
    }
    registry.secrets_for(webhook).next().ok_or_else(|| CliError::Usage(MissingSecret::of(scheme).to_sign()))
}

/// The head of the request that is to be signed, as far as a scheme may sign it.
fn head_of(args: &SignArgs, scheme: &Scheme) -> Result<Head, CliError> {
    let is_method = !args.method.is_empty() && args.method.bytes().all(|byte| byte.is_ascii_alphabetic());
    if !is_method {
        return Err(CliError::Usage(format!(
            "invalid --method '{}': expected one such as POST",
            text::visible(&args.method)
        )));
    }
    let url = scheme.url.as_deref().unwrap_or_default();
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    let (host, target) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let slash = if target.starts_with('/') { "" } else { "/" };
    let host = if host.is_empty() { "localhost" } else { host };
    let mut head = format!("{} {slash}{target} HTTP/1.1\r\nHost: {host}\r\n", args.method).into_bytes();
    head.extend(header_lines(&args.header)?);
    head.extend_from_slice(b"\r\n");
    Ok(Head::from(head))
}
