//! `whyhook secret`: the secrets of the running listener, given for its run and taken back.

use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::running::RunningListener;
use super::{CliError, OutputFormat, SettingsArgs, output};
use crate::config::{ProcessEnvironment, TYPED_LABEL, secret_from_file, secret_from_variable};
use crate::http::percent::PercentEncoding;
use crate::system::typing::HiddenTyping;
use crate::text::{self, counted, grouped};

/// A longer one is refused by the listener.
const SECRET_LIMIT: usize = 64 * 1024;

#[derive(Debug, Clone, Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = "Examples:\n  whyhook secret\n  pass show webhook | whyhook secret --label dev\n  \
    whyhook secret --env STRIPE_WEBHOOK_SECRET\n  whyhook secret list\n  whyhook secret remove dev\n  whyhook secret --clear\n\nThe secret is typed \
    unseen, or comes from a pipe, a file or a variable; never from an argument, which other users could read. One line end \
    after it is not part of it. The listener keeps it in memory, until it ends.")]
pub(super) struct SecretArgs {
    /// The secret's label; one with this label is replaced for this run [default: typed, or the name of the file or variable]
    #[arg(long, value_name = "LABEL")]
    label: Option<String>,
    /// Read it from a file that holds nothing else; - for stdin
    #[arg(long, value_name = "PATH", conflicts_with = "env")]
    file: Option<String>,
    /// Read it from an environment variable, or from .env
    #[arg(long, value_name = "VARIABLE")]
    env: Option<String>,
    /// Take back all secrets of this run, as `remove` does each; the configured ones are in use again
    #[arg(long, conflicts_with_all = ["label", "file", "env"])]
    clear: bool,
    /// Output: text for people, or JSON
    #[arg(long, value_enum, default_value_t, global = true, value_name = "FORMAT")]
    format: OutputFormat,
    #[command(subcommand)]
    command: Option<SecretCommand>,
}

#[derive(Debug, Clone, Subcommand)]
enum SecretCommand {
    /// List the secrets by their labels, without the secrets themselves
    List,
    /// Take back a secret that was given for this run
    Remove {
        /// Its label
        #[arg(value_name = "LABEL")]
        label: String,
    },
}

pub(super) fn run(settings: &SettingsArgs, args: &SecretArgs) -> Result<ExitCode, CliError> {
    // Before anything is typed.
    let running = RunningListener::find(settings)?;
    match &args.command {
        None if args.clear => clear(&running, args.format),
        None => give(&running, args),
        Some(SecretCommand::List) => list(&running, args.format),
        Some(SecretCommand::Remove { label }) => remove(&running, label, args.format),
    }
}

fn give(running: &RunningListener, args: &SecretArgs) -> Result<ExitCode, CliError> {
    let (bytes, name) = read(args)?;
    let label = args.label.clone().unwrap_or(name);
    let given = match running.ask_secretly("POST", "/secrets", members(&label, &bytes))? {
        Ok(given) => given,
        Err(code) => return Ok(code),
    };
    let (mut given, job) = (given.clone(), given["job"].clone());
    let judged = if job.is_null() { Value::Null } else { running.result(job)? };
    if args.format == OutputFormat::Json {
        if let Some(members) = given.as_object_mut() {
            members.remove("job");
            members.insert("judged".to_owned(), judged);
        }
        output::print_json(&given)?;
        return Ok(ExitCode::SUCCESS);
    }
    for remark in given["remarks"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        output::log(&format!("warning: the secret {remark}, and is used exactly as it is"));
    }
    let replaced = if given["replaced"] == true { " in place of the one before" } else { "" };
    let bytes = counted(given["bytes"].as_u64().unwrap_or_default(), "byte");
    let line = format!("{} is in use for this run{replaced} ({bytes})", words_of(&given));
    output::print(&format!("{}\n{}\n", text::visible(&line), judged_words(&judged)))?;
    Ok(ExitCode::SUCCESS)
}

/// The request's body, which is wiped; a secret that is not UTF-8 goes as Base64.
fn members(label: &str, bytes: &[u8]) -> Zeroizing<String> {
    use base64::Engine as _;
    let label = json!(label);
    let (name, value) = match std::str::from_utf8(bytes) {
        Ok(text) => ("secret", Zeroizing::new(json!(text).to_string())),
        Err(_) => {
            let encoded = Zeroizing::new(base64::prelude::BASE64_STANDARD.encode(bytes));
            ("secret_base64", Zeroizing::new(format!("\"{}\"", *encoded)))
        }
    };
    Zeroizing::new(format!("{{\"label\":{label},\"{name}\":{}}}", *value))
}

/// What came of the stored deliveries.
fn judged_words(judged: &Value) -> String {
    let newest = if judged["all"] == true { "" } else { "newest " };
    match (judged["judged"].as_u64(), judged["verified"].as_u64().unwrap_or_default()) {
        (None, _) => "stored deliveries were not judged again: too many jobs are in progress".to_owned(),
        (Some(0), _) => "it verifies deliveries from now on".to_owned(),
        (Some(1), 0) => format!("the {newest}unverified delivery does not verify with it either"),
        (Some(judged), 0) => format!("none of {} {newest}unverified deliveries verifies with it", grouped(judged)),
        (Some(judged), verified) => {
            let verb = if verified == 1 { "verifies" } else { "verify" };
            format!("{} of {} {newest}unverified deliveries {verb} with it", grouped(verified), grouped(judged))
        }
    }
}

/// The secret, and what it is called unless told.
fn read(args: &SecretArgs) -> Result<(Zeroizing<Vec<u8>>, String), CliError> {
    let failed = |error: crate::config::KeyringError| CliError::Usage(error.to_string());
    let (found, name) = match (&args.env, &args.file) {
        (Some(variable), _) => {
            (secret_from_variable(variable, "--env", &ProcessEnvironment).map_err(failed)?, variable.clone())
        }
        (_, Some(path)) if path == "-" => return Ok((piped(&mut io::stdin().lock())?, TYPED_LABEL.to_owned())),
        (_, Some(path)) => {
            let stem = std::path::Path::new(path).file_stem().unwrap_or_default().to_string_lossy().into_owned();
            (secret_from_file(path, "--file", &ProcessEnvironment).map_err(failed)?, stem)
        }
        (None, None) => {
            let bytes = if io::stdin().is_terminal() { typed()? } else { piped(&mut io::stdin().lock())? };
            return Ok((bytes, TYPED_LABEL.to_owned()));
        }
    };
    let (bytes, warnings) = found;
    warnings.iter().for_each(|warning| output::log(&format!("warning: {warning}")));
    Ok((bytes, name))
}

/// A line of the terminal, which does not show it.
fn typed() -> Result<Zeroizing<Vec<u8>>, CliError> {
    let hidden = HiddenTyping::begin_alone().ok_or_else(|| {
        CliError::Usage("the terminal cannot hide what is typed: give the secret with --file or --env".to_owned())
    })?;
    let mut stderr = io::stderr().lock();
    let _ = stderr.write_all(b"whyhook: secret (not shown): ").and_then(|()| stderr.flush());
    let line = piped(&mut Line(io::stdin().lock()));
    drop(hidden);
    let _ = stderr.write_all(b"\n");
    line
}

/// What comes to its end, without one line end.
fn piped(from: &mut dyn io::Read) -> Result<Zeroizing<Vec<u8>>, CliError> {
    // Reserved at once, so that growing leaves no copies of the secret behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(SECRET_LIMIT + 3));
    from.take(SECRET_LIMIT as u64 + 3)
        .read_to_end(&mut bytes)
        .map_err(|source| CliError::Read { path: "stdin".into(), source })?;
    for end in [&b"\r\n"[..], b"\n"] {
        if bytes.ends_with(end) {
            let length = bytes.len() - end.len();
            bytes.truncate(length);
            break;
        }
    }
    match bytes.len() {
        0 => Err(CliError::Usage("no secret was given: nothing was changed".to_owned())),
        1..=SECRET_LIMIT => Ok(bytes),
        _ => Err(CliError::Usage("the secret is longer than 64 KiB: nothing was changed".to_owned())),
    }
}

/// One line, as what comes to an end.
struct Line<R>(R);

impl<R: io::BufRead> io::Read for Line<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let ready = self.0.fill_buf()?;
        let end = memchr::memchr(b'\n', ready);
        let length = end.unwrap_or(ready.len()).min(into.len());
        into[..length].copy_from_slice(&ready[..length]);
        // The line end stays: nothing more is read.
        self.0.consume(length);
        Ok(length)
    }
}

fn list(running: &RunningListener, format: OutputFormat) -> Result<ExitCode, CliError> {
    let listed = match running.ask("GET", "/secrets", None)? {
        Ok(listed) => listed,
        Err(code) => return Ok(code),
    };
    for secret in listed["secrets"].as_array().into_iter().flatten() {
        match format {
            OutputFormat::Json => output::print_json(secret)?,
            OutputFormat::Text => output::print(&format!("{}\n", text::visible(&line(secret))))?,
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// `dev (file dev.key, 24 bytes, ends in a newline): orders, other requests`
fn line(secret: &Value) -> String {
    let strings = |name: &str| {
        let texts = secret[name].as_array().into_iter().flatten().filter_map(Value::as_str);
        texts.map(ToOwned::to_owned).collect::<Vec<_>>()
    };
    let source = secret["source"].as_str().unwrap_or_default().to_owned();
    let bytes = counted(secret["bytes"].as_u64().unwrap_or_default(), "byte");
    let facts = [vec![source, bytes], strings("remarks")].concat().join(", ");
    let mut scope = strings("webhooks");
    match (secret["other_requests"] == true, scope.is_empty()) {
        (true, true) => scope.push("all requests".to_owned()),
        (true, false) => scope.push("other requests".to_owned()),
        (false, _) => {}
    }
    format!("{} ({facts}): {}", label_of(secret), scope.join(", "))
}

fn remove(running: &RunningListener, label: &str, format: OutputFormat) -> Result<ExitCode, CliError> {
    let removed =
        match running.ask("DELETE", &format!("/secrets/{}", PercentEncoding::UNRESERVED.encode_text(label)), None)? {
            Ok(removed) => removed,
            Err(code) => return Ok(code),
        };
    match format {
        OutputFormat::Json => output::print_json(&removed)?,
        OutputFormat::Text => {
            let restored = if removed["restored"] == true { "; the configured one is in use again" } else { "" };
            output::print(&format!("{}\n", text::visible(&format!("took back {}{restored}", words_of(&removed)))))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Takes back each of this run, those that senders have told in a handshake too.
fn clear(running: &RunningListener, format: OutputFormat) -> Result<ExitCode, CliError> {
    let listed = match running.ask("GET", "/secrets", None)? {
        Ok(listed) => listed,
        Err(code) => return Ok(code),
    };
    let labels = labels_of_the_run(&listed);
    if labels.is_empty() {
        output::log("no secret was given for this run");
    }
    for label in labels {
        let code = remove(running, label, format)?;
        if code != ExitCode::SUCCESS {
            return Ok(code);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Each label once.
fn labels_of_the_run(listed: &Value) -> std::collections::BTreeSet<&str> {
    let is_of_the_run =
        |secret: &&Value| matches!(secret["origin"].as_str(), Some("given" | "temporary" | "handshake"));
    listed["secrets"].as_array().into_iter().flatten().filter(is_of_the_run).map(label_of).collect()
}

/// The secret in a sentence; one without a label of its own needs none.
fn words_of(secret: &Value) -> String {
    match label_of(secret) {
        TYPED_LABEL => "the secret".to_owned(),
        label => format!("the secret {label}"),
    }
}

fn label_of(secret: &Value) -> &str {
    secret["label"].as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_end_after_a_secret_is_not_part_of_it() {
        let read = |text: &[u8]| piped(&mut &text[..]).map(|bytes| bytes.to_vec()).map_err(|error| error.to_string());
        assert_eq!(read(b"abc\n"), Ok(b"abc".to_vec()));
        assert_eq!(read(b"abc\r\n"), Ok(b"abc".to_vec()));
        assert_eq!(read(b"abc\n\n"), Ok(b"abc\n".to_vec()));
        assert_eq!(read(b" a\xff"), Ok(b" a\xff".to_vec()));
        for (empty, _) in [(&b""[..], 0), (b"\n", 0), (b"\r\n", 0)] {
            assert!(read(empty).unwrap_err().contains("no secret was given"));
        }
        assert_eq!(read(&[b'a'; SECRET_LIMIT]).unwrap().len(), SECRET_LIMIT);
        assert!(read(&[b'a'; SECRET_LIMIT + 1]).unwrap_err().contains("64 KiB"));
    }

    #[test]
    fn a_line_ends_where_it_ends() {
        let mut typed = Vec::new();
        Line(&b"abc\ndef"[..]).read_to_end(&mut typed).unwrap();
        assert_eq!(typed, b"abc");
    }

    #[test]
    fn only_what_was_given_for_the_run_is_cleared() {
        let secret = |label: &str, origin: &str| json!({"label": label, "origin": origin});
        let listed = json!({"secrets": [
            secret("a", "environment"), secret("b", "given"), secret("c", "config"), secret("d", "file"),
            secret("e", "dotenv"), secret("h", "handshake"), secret("h", "handshake"), secret("t", "temporary"),
        ]});
        assert_eq!(labels_of_the_run(&listed).into_iter().collect::<Vec<_>>(), ["b", "h", "t"]);
    }

    #[test]
    fn any_bytes_are_sent() {
        let sent = |bytes: &[u8]| serde_json::from_str::<Value>(&members("d\"v", bytes)).unwrap();
        assert_eq!(sent(b"a\"\n\\"), json!({"label": "d\"v", "secret": "a\"\n\\"}));
        assert_eq!(sent(b"\xff\x00"), json!({"label": "d\"v", "secret_base64": "/wA="}));
    }

    #[test]
    fn lists_and_results_are_lines() {
        let secret = json!({"label": "dev", "source": "file dev.key", "bytes": 24, "remarks": ["ends in a newline"],
            "webhooks": ["orders"], "other_requests": true});
        assert_eq!(line(&secret), "dev (file dev.key, 24 bytes, ends in a newline): orders, other requests");
        let words =
            |judged: u64, verified: u64| judged_words(&json!({"judged": judged, "verified": verified, "all": true}));
        assert_eq!(words(12, 3), "3 of 12 unverified deliveries verify with it");
        assert_eq!(words(12, 1), "1 of 12 unverified deliveries verifies with it");
        assert_eq!(words(1200, 0), "none of 1,200 unverified deliveries verifies with it");
        assert_eq!(words(0, 0), "it verifies deliveries from now on");
        assert!(judged_words(&Value::Null).contains("not judged again"));
    }
}
