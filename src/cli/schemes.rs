//! `whyhook schemes`: lists the senders' schemes, and explains one.

use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};

use super::scheme::SCHEME_NAMES;
use super::{CliError, OutputFormat, output};
use crate::signature::catalogue::{self, CatalogueEntry, HandshakeDescription, TokenDescription};
use crate::signature::{Proof, Scheme, SignaturePlace, ToleranceDirection};
use crate::text;

#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  whyhook schemes\n  whyhook schemes shop\n  whyhook schemes github")]
pub(super) struct SchemesArgs {
    /// A scheme to explain, or a part of senders' names or of the signature's header to look for [default: list all]
    #[arg(value_name = "NAME", value_parser = SCHEME_NAMES, hide_possible_values = true)]
    name: Option<String>,
    /// Output: text for people, or documented JSON
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: OutputFormat,
}

/// Exit code 1 when nothing has the name.
pub(super) fn run(args: &SchemesArgs) -> Result<ExitCode, CliError> {
    let exact = args.name.as_deref().and_then(|name| catalogue::entry(name).ok());
    if let Some(entry) = exact {
        match args.format {
            OutputFormat::Text => output::print(&explained(&entry))?,
            OutputFormat::Json => output::print_json(&as_json(&entry))?,
        }
        return Ok(ExitCode::SUCCESS);
    }
    let wanted = args.name.clone().unwrap_or_default().to_lowercase();
    let found: Vec<CatalogueEntry> = catalogue::all().into_iter().filter(|entry| is_meant(entry, &wanted)).collect();
    if found.is_empty() {
        let error = catalogue::entry(&wanted).err().map(|error| error.to_string()).unwrap_or_default();
        output::log(&error);
        return Ok(ExitCode::FAILURE);
    }
    match args.format {
        OutputFormat::Text => output::print(&listed(&found))?,
        OutputFormat::Json => output::print_json(&found.iter().map(as_json).collect::<Vec<_>>().into())?,
    }
    Ok(ExitCode::SUCCESS)
}

fn is_meant(entry: &CatalogueEntry, wanted: &str) -> bool {
    let places = entry.scheme().map(|scheme| places(&scheme).to_lowercase()).unwrap_or_default();
    places.contains(wanted)
        || [&entry.name, &entry.sender, &entry.title].into_iter().any(|text| text.to_lowercase().contains(wanted))
}

fn listed(entries: &[CatalogueEntry]) -> String {
    let name = entries.iter().map(|entry| entry.name.len()).max().unwrap_or_default();
    let sender = entries.iter().map(|entry| entry.sender.chars().count()).max().unwrap_or_default();
    entries.iter().map(|entry| format!("{:name$}  {:sender$}  {}\n", entry.name, entry.sender, entry.title)).collect()
}

/// Where the signature is, in words.
fn places(scheme: &Scheme) -> String {
    scheme.signature.places.iter().map(SignaturePlace::words).collect::<Vec<_>>().join(", or ")
}

/// The whole of what is known, a fact a line.
fn explained(entry: &CatalogueEntry) -> String {
    let Ok(scheme) = entry.scheme() else { return String::new() };
    let mut lines = format!("{}: {}, {}\n\n", entry.name, entry.sender, entry.title);
    let mut say = |what: &str, text: String| {
        if !text.is_empty() {
            lines.push_str(&format!("  {what:<11}{}\n", text::visible(&text)));
        }
    };
    say("signature", places(&scheme));
    let form = scheme.form();
    let form = if form.is_empty() { String::new() } else { format!("{form}, ") };
    if scheme.algorithm().is_some() || matches!(scheme.proof, Proof::PublicKey(_)) {
        say("form", format!("{form}as {}", scheme.encoding.words()));
    }
    say("algorithm", scheme.proof.to_string());
    say("signed", signed(&scheme));
    for bind in &scheme.binds {
        say("", format!("and {} must be {}", bind.is, bind.equals));
    }
    say("timestamp", timestamp(&scheme));
    say("id", scheme.id.as_ref().map(ToString::to_string).unwrap_or_default());
    say("key", key(&scheme));
    say("key from", entry.key_from.clone());
    say(
        "needs",
        scheme.missing_settings().iter().map(|name| format!("--param {name}=VALUE")).collect::<Vec<_>>().join(", "),
    );
    say("protects", entry.covers.words().to_owned());
    say("known", entry.certainty.words().to_owned());
    for handshake in &entry.handshakes {
        say("handshake", format!("{}: {}", handshake.name, handshake.asked));
        handshake_lines(handshake).into_iter().for_each(|line| say("", line));
    }
    for note in &entry.notes {
        say("note", note.clone());
    }
    lines.push_str(&format!("\n  whyhook listen --scheme {}\n", entry.name));
    lines
}

/// What a handshake's requests are, and what answers them.
fn handshake_lines(handshake: &HandshakeDescription) -> Vec<String> {
    let HandshakeDescription { when, further, answer, token, refused, secret, .. } = handshake;
    let (Some(when), Some(answer)) = (when, answer) else { return Vec::new() };
    let requests = [Some(when.as_str()), further.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(" ");
    let mut lines = vec![format!("{requests} → {answer}")];
    if let (Some(token), Some(refused)) = (token, refused) {
        let TokenDescription { place, param } = token;
        lines.push(format!(
            "with --param {param}=VALUE, another {place} is answered {}",
            refused.trim_end_matches(" \"\"")
        ));
    }
    if let Some(place) = secret {
        lines.push(format!("{place} is the secret, and is used for the run"));
    }
    lines
}

fn handshake_json(handshake: &HandshakeDescription) -> Value {
    json!({
        "name": handshake.name,
        "asked": handshake.asked,
        "requests": handshake.when,
        "further": handshake.further,
        "answer": handshake.answer,
        "param": handshake.token.as_ref().map(|token| &token.param),
        "secret": handshake.secret,
    })
}

fn signed(scheme: &Scheme) -> String {
    match scheme.proof {
        Proof::Jwt { detached: false, .. } => "the token's own head and claims".to_owned(),
        Proof::Sns => "the body's members, each as its name and value on a line".to_owned(),
        Proof::MessageSignature => "the parts that Signature-Input lists, content-digest among them".to_owned(),
        Proof::Token => "nothing: the value must be that of the secret".to_owned(),
        _ => scheme.content.to_string(),
    }
}

fn timestamp(scheme: &Scheme) -> String {
    let Some(place) = &scheme.timestamp else { return String::new() };
    let unit = scheme.timestamp_unit.map_or("", |unit| unit.words());
    let side = match scheme.tolerance_direction {
        ToleranceDirection::Both => "",
        ToleranceDirection::Past => "; a time in the future is never refused",
    };
    let tolerance = format!("{} s at most{side}", scheme.tolerance.as_secs());
    [place.to_string(), unit.to_owned(), tolerance]
        .into_iter()
        .filter(|text| !text.is_empty())
        .collect::<Vec<_>>()
        .join(", ")
}

fn key(scheme: &Scheme) -> String {
    match &scheme.proof {
        proof if proof.has_public_key() => "the sender's public key: --public-key FILE".to_owned(),
        _ if scheme.key == crate::signature::SignedContent::secret() => "the secret's text".to_owned(),
        _ => scheme.key.to_string(),
    }
}

fn as_json(entry: &CatalogueEntry) -> Value {
    let scheme = entry.scheme().unwrap_or_default();
    json!({
        "name": entry.name,
        "sender": entry.sender,
        "title": entry.title,
        "signature": scheme.signature.places.iter().map(|place| match place {
            SignaturePlace::Header(name) | SignaturePlace::Headers(name) => format!("header:{name}"),
            SignaturePlace::Numbered(name) => format!("headers-numbered:{name}"),
            SignaturePlace::Part(part) => part.to_string(),
        }).collect::<Vec<_>>(),
        "timestamp": scheme.timestamp.as_ref().map(ToString::to_string),
        "tolerance_seconds": scheme.timestamp.as_ref().map(|_| scheme.tolerance.as_secs()),
        "tolerance_direction": scheme.timestamp.as_ref().map(|_| match scheme.tolerance_direction {
            ToleranceDirection::Both => "both",
            ToleranceDirection::Past => "past",
        }),
        "id": scheme.id.as_ref().map(ToString::to_string),
        "form": scheme.form(),
        "algorithm": scheme.proof.to_string(),
        "encoding": scheme.encoding.words(),
        "content": scheme.content.to_string(),
        "key": scheme.key.to_string(),
        "key_from": entry.key_from,
        "needs": scheme.missing_settings(),
        "protects": entry.covers.words(),
        "known": entry.certainty.words(),
        "handshake": !entry.handshakes.is_empty(),
        "handshakes": entry.handshakes.iter().map(handshake_json).collect::<Vec<_>>(),
        "notes": entry.notes,
    })
}
