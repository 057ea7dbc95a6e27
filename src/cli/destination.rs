//! The options that say where a made delivery goes, and how it is signed.

use clap::Args;

use super::sign::SignKind;
use super::{CliError, sending};
use crate::config::Settings;
use crate::send::{Destination, DestinationChoice};

#[derive(Debug, Clone, Default, Args)]
pub(super) struct DestinationArgs {
    /// The URL to send to, such as http://localhost:8080/webhooks/trackpilots; without a path, that of the webhook
    /// [default: the webhook's, else the listener of this store; check needs it, or --webhook]
    #[arg(long, value_name = "URL")]
    pub(super) to: Option<String>,
    /// A configured webhook: its URL, kind, secret and events
    #[arg(long, value_name = "NAME")]
    pub(super) webhook: Option<String>,
    /// Kind of webhook: developer webhooks sign seconds, reseller webhooks milliseconds [default: the
    /// webhook's, else developer]
    #[arg(long, value_enum, value_name = "KIND")]
    pub(super) kind: Option<SignKind>,
    /// Label of the secret to sign with, if there are several [default: the webhook's, else the first]
    #[arg(long, value_name = "LABEL")]
    pub(super) secret: Option<String>,
}

/// Finds the receiver that was picked; this program's own listener is the one that runs on the store, if any does.
pub(super) fn find(settings: &Settings, choice: &DestinationChoice) -> Result<Destination, CliError> {
    if choice.to.is_some() {
        return Ok(Destination::find(settings, choice)?);
    }
    #[cfg(unix)]
    let settings = &super::running::at_running_listener(settings.clone());
    Ok(Destination::find(settings, choice)?)
}

impl DestinationArgs {
    /// Refuses a --to that is not a URL.
    pub(super) fn check(&self) -> Result<(), CliError> {
        self.to.as_deref().map_or(Ok(()), sending::check_url)
    }

    pub(super) fn choice(&self) -> DestinationChoice {
        DestinationChoice {
            to: self.to.clone(),
            webhook: self.webhook.clone(),
            kind: self.kind.map(Into::into),
            secret: self.secret.clone(),
        }
    }
}
