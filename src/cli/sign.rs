//! `whyhook sign`: the headers that sign a body.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use jiff::Timestamp;

use super::scheme::SchemeArgs;
use super::{CliError, OutputFormat, SettingsArgs, output, request};
use crate::config::consent::Scope;
use crate::config::{MissingSecret, Registry, Webhook, unnamed};
use crate::http::Head;
use crate::signature::{
    Scheme, Secret, SignError, Signing, SigningKind, StampUnit, hashed_url, unix_moment, unsignable,
};
use crate::text;

#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  whyhook sign --body body.json > headers.txt\n  \
    curl -H @headers.txt --data-binary @body.json http://127.0.0.1:3000/webhooks/trackpilots\n  \
    whyhook verify --body body.json -H @headers.txt\n  \
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
    /// Timestamp: a number is signed as it is; an RFC 3339 time, or `now`, is written in the unit of the scheme or the
    /// kind [default: now]
    #[arg(long, value_name = "TIMESTAMP")]
    timestamp: Option<String>,
    /// Label of the secret to sign with, if there are several [default: the webhook's, else the first]
    #[arg(long, value_name = "LABEL")]
    secret: Option<String>,
    /// Method of the request, for schemes that sign it
    #[arg(long, value_name = "METHOD", default_value = "POST")]
    method: String,
    /// Header that the request will have, as 'Name: value' or @FILE for a file of such lines, for schemes that sign it;
    /// may be repeated
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
    check_kind(args, scheme)?;
    let kind = args.kind.map(SigningKind::from).or_else(|| webhook.map(|webhook| webhook.kind)).unwrap_or_default();
    let timestamp = match &args.timestamp {
        Some(text) => timestamp_of(text, scheme, kind, Timestamp::now()).map_err(CliError::Usage)?,
        None => scheme.timestamp_text(kind, Timestamp::now()),
    };
    request::check_stdin(Some(&args.body), &args.header)?;
    let head = head_of(args, scheme)?;
    request::check_url(scheme, &head)?;
    let body = request::read_body(&args.body)?;
    let headers = Signing { kind, scheme, secret }
        .headers(&head, &body, &timestamp)
        .map_err(|error| CliError::Usage(sign_words(&error)))?;
    if let Some(url) = hashed_url(scheme, &head) {
        output::log(&format!("URL signed: {}", text::clip(&text::visible(&url), URL_COLUMNS)));
    }
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

/// The columns of a URL that are printed.
const URL_COLUMNS: usize = 1000;

/// Refuses a kind that changes nothing.
fn check_kind(args: &SignArgs, scheme: &Scheme) -> Result<(), CliError> {
    let why = match scheme.timestamp_unit {
        _ if args.kind.is_none() => return Ok(()),
        _ if scheme.timestamp.is_none() => "signs no timestamp".to_owned(),
        None => return Ok(()),
        Some(unit) => format!("writes its timestamp as {}", unit.words()),
    };
    Err(CliError::Usage(format!("--kind has no effect: {} {why}", named(scheme))))
}

fn named(scheme: &Scheme) -> String {
    if scheme.name.is_empty() {
        "this scheme".to_owned()
    } else {
        format!("the scheme {}", text::visible(&scheme.name))
    }
}

/// The timestamp that `given` asks for, as the scheme writes it. A number may be in any unit: receivers are tried with
/// wrong ones too.
fn timestamp_of(given: &str, scheme: &Scheme, kind: SigningKind, now: Timestamp) -> Result<String, String> {
    if !scheme.has_timestamp() {
        return Err(format!("--timestamp has no effect: {} signs no timestamp", named(scheme)));
    }
    let is_number = !given.is_empty() && given.bytes().all(|byte| byte.is_ascii_digit());
    let is_date = |unit: StampUnit| unit.reads(given);
    let (is_written_so, is_of_numbers) = match scheme.timestamp_unit {
        Some(unit @ (StampUnit::Iso8601 | StampUnit::HttpDate)) => (is_date(unit), false),
        _ => (is_number, true),
    };
    if is_written_so {
        return Ok(given.to_owned());
    }
    let moment = match given {
        "now" => Some(now),
        _ => given.parse().ok().or_else(|| unix_moment(given)),
    };
    moment.map(|moment| scheme.timestamp_text(kind, moment)).ok_or_else(|| {
        let usual = scheme.timestamp_text(kind, Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_secs(EXAMPLE));
        let noun = if is_of_numbers { "a number" } else { "a date" };
        format!(
            "invalid --timestamp '{}': expected {noun} such as {usual}, an RFC 3339 time such as \
             2026-05-04T09:10:00Z, or now",
            text::visible(given)
        )
    })
}

/// The moment of the examples, in Unix seconds: 2026-05-04T09:10:00Z.
const EXAMPLE: i64 = 1_777_885_800;

/// Why it cannot be signed, with the option that gives what is missing.
fn sign_words(error: &SignError) -> String {
    let name = match error {
        SignError::NoId(name) => Some(name.as_str()),
        SignError::NoPart(part) => part.strip_prefix("header:"),
        _ => None,
    };
    let is_name = |name: &str| !name.is_empty() && name.bytes().all(crate::http::is_token);
    match name.filter(|name| is_name(name)) {
        Some(name) => {
            let is_of_svix = ["svix-id", "webhook-id"].iter().any(|id| name.eq_ignore_ascii_case(id));
            let example = if is_of_svix { "msg_…" } else { "…" };
            format!("{error} with -H '{name}: {example}'")
        }
        None => error.to_string(),
    }
}

/// The head of the request that is to be signed, as far as a scheme may sign it.
fn head_of(args: &SignArgs, scheme: &Scheme) -> Result<Head, CliError> {
    request::check_method(&args.method)?;
    let (host, target) = request::url_parts(scheme.url.as_deref().unwrap_or_default());
    let given = request::header_lines(&args.header)?;
    let mut head = format!("{} {target} HTTP/1.1\r\n", args.method).into_bytes();
    let names_host = |line: &[u8]| line.get(..5).is_some_and(|name| name.eq_ignore_ascii_case(b"host:"));
    if !host.is_empty() && !given.split(|byte| *byte == b'\n').any(names_host) {
        head.extend_from_slice(format!("Host: {host}\r\n").as_bytes());
    }
    head.extend(given);
    head.extend_from_slice(b"\r\n");
    Ok(Head::from(head))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::signature::catalogue;

    fn timestamp(scheme: &str, given: &str) -> Result<String, String> {
        let now = Timestamp::from_second(EXAMPLE).unwrap();
        timestamp_of(given, &catalogue::named(scheme).unwrap(), SigningKind::Developer, now)
    }

    #[rstest]
    #[case("slack", "now", "1777885800")]
    #[case("slack", "2026-05-04T09:10:00Z", "1777885800")]
    #[case("slack", "17", "17")]
    #[case("slack", "1777885800000", "1777885800000")]
    #[case("workos", "2026-05-04T09:10:00Z", "1777885800000")]
    #[case("trackpilots", "2026-05-04T11:10:00+02:00", "1777885800")]
    #[case("twitch", "1777885800", "2026-05-04T09:10:00Z")]
    #[case("twitch", "2026-05-04T09:10:00.123456789Z", "2026-05-04T09:10:00.123456789Z")]
    fn a_timestamp_is_written_as_the_scheme_writes_it(
        #[case] scheme: &str,
        #[case] given: &str,
        #[case] expected: &str,
    ) {
        assert_eq!(timestamp(scheme, given).as_deref(), Ok(expected));
    }

    #[test]
    fn what_is_no_timestamp_is_refused() {
        for given in ["2026-01-01", "", "yesterday", " 1", "1\n2", "-5", "1.5"] {
            for scheme in ["slack", "twitch", "trackpilots"] {
                let said = timestamp(scheme, given).unwrap_err();
                assert!(said.starts_with("invalid --timestamp '") && said.ends_with(", or now"), "{scheme}: {said}");
            }
        }
        let said = timestamp("github", "123").unwrap_err();
        assert_eq!(said, "--timestamp has no effect: the scheme github signs no timestamp");
    }

    #[test]
    fn a_missing_part_names_the_option() {
        let words = sign_words(&SignError::NoId("svix-id".to_owned()));
        assert!(words.ends_with("add it with -H 'svix-id: msg_…'"), "{words}");
        let words = sign_words(&SignError::NoPart("header:X-A".to_owned()));
        assert!(words.ends_with("add it with -H 'X-A: …'"), "{words}");
        let words = sign_words(&SignError::NoPart("json:/a".to_owned()));
        assert!(!words.contains("-H"), "{words}");
    }
}
