//! Where a made delivery goes, and how it is signed: a configured webhook, or a URL.

use clap::Args;

use super::CliError;
use super::sign::Kind;
use crate::config::{Settings, Webhook};
use crate::sender::{Target, Term};
use crate::signature::{Scheme, Secret, SigningKind};
use crate::text::visible;

/// The path that the documentation's receivers listen on.
const DOCUMENTED_PATH: &str = "/webhooks/trackpilots";

#[derive(Debug, Clone, Default, Args)]
pub(super) struct DestinationArgs {
    /// The URL to send to, such as http://localhost:8080/webhooks/trackpilots
    #[arg(long, value_name = "URL")]
    pub(super) to: Option<String>,
    /// A configured webhook: its URL, kind, secret and events
    #[arg(long, value_name = "NAME")]
    pub(super) webhook: Option<String>,
    /// Developer webhooks sign seconds, reseller webhooks milliseconds [default: the webhook's, else developer]
    #[arg(long, value_enum, value_name = "KIND")]
    pub(super) kind: Option<Kind>,
    /// The label of the secret to sign with, where there are several [default: the webhook's, else the first]
    #[arg(long, value_name = "LABEL")]
    pub(super) secret: Option<String>,
}

/// A receiver, and what it expects.
#[derive(Debug, Clone)]
pub(super) struct Destination {
    pub(super) target: Target,
    pub(super) kind: SigningKind,
    pub(super) scheme: Scheme,
    pub(super) secret: Option<Secret>,
    /// The full names of the events that the webhook subscribes to; empty when any may be sent.
    pub(super) events: Vec<String>,
}

impl DestinationArgs {
    /// Finds the receiver. Without a URL or webhook it is this program's own listener.
    pub(super) fn find(&self, settings: &Settings) -> Result<Destination, CliError> {
        let registry = &settings.registry;
        let named = self.webhook.as_deref().map(|name| webhook(settings, name)).transpose()?;
        let target = match (&self.to, named) {
            (Some(url), _) => read_target(url, "--to")?,
            (None, Some(Webhook { url: Some(url), name, .. })) => {
                read_target(url, &format!("the webhook '{}'", visible(name)))?
            }
            (None, Some(webhook)) => own_listener(settings, &webhook.path)?,
            (None, None) => own_listener(settings, DOCUMENTED_PATH)?,
        };
        // Our own listener judges by path; whoever sends to it signs as it expects.
        let routed = if self.to.is_none() { registry.route(target.request_target().as_bytes()).webhook } else { None };
        let webhook = named.or(routed);
        let secret = match &self.secret {
            Some(label) => Some(registry.keyring().get(label).cloned().ok_or_else(|| unknown_secret(settings, label))?),
            None => match webhook {
                Some(webhook) => registry.secrets_of(webhook).next().cloned(),
                None => registry.keyring().secrets().first().cloned(),
            },
        };
        Ok(Destination {
            target,
            kind: self
                .kind
                .map_or_else(|| webhook.map_or(SigningKind::Developer, |webhook| webhook.kind), SigningKind::from),
            scheme: webhook.and_then(|webhook| webhook.scheme.as_ref()).unwrap_or(registry.scheme()).clone(),
            secret,
            events: webhook.map(|webhook| webhook.events.clone()).unwrap_or_default(),
        })
    }
}

impl Destination {
    /// The secret to sign with.
    pub(super) fn signing_secret(&self) -> Result<&Secret, CliError> {
        self.secret.as_ref().ok_or_else(|| {
            CliError::Usage(
                "no secret to sign with: set TRACKPILOTS_WEBHOOKS_SECRET_KEY, or use --secret-env or --secret-file"
                    .to_owned(),
            )
        })
    }
}

/// An error of the documentation's table, before anything was sent.
pub(super) fn not_sent(term: Term, detail: &str) -> CliError {
    let status = term.status().map(|status| format!(" ({status})")).unwrap_or_default();
    CliError::Usage(format!("{}{status}: {detail}", term.title()))
}

fn webhook<'a>(settings: &'a Settings, name: &str) -> Result<&'a Webhook, CliError> {
    settings.registry.webhook(name).ok_or_else(|| {
        let known: Vec<_> = settings.registry.webhooks().iter().map(|webhook| visible(&webhook.name)).collect();
        let known =
            if known.is_empty() { "none is configured".to_owned() } else { format!("known are: {}", known.join(", ")) };
        not_sent(Term::WebhookNotFound, &format!("no webhook is called '{}'; {known}", visible(name)))
    })
}

fn unknown_secret(settings: &Settings, label: &str) -> CliError {
    let known: Vec<&str> = settings.registry.keyring().secrets().iter().map(Secret::label).collect();
    CliError::Usage(format!("no secret is labelled '{}'; known are: {}", visible(label), known.join(", ")))
}

fn read_target(url: &str, whose: &str) -> Result<Target, CliError> {
    let target: Target = url.parse().map_err(|error| CliError::Usage(format!("{whose}: {error}")))?;
    Ok(target)
}

/// `path` on this program's own listener.
fn own_listener(settings: &Settings, path: &str) -> Result<Target, CliError> {
    let mut bind = settings.bind;
    if bind.ip().is_unspecified() {
        bind.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    }
    read_target(&format!("http://{bind}{path}"), "the listener's address")
}
