//! The options that say which scheme a request is signed by.

use std::path::PathBuf;

use clap::Args;

use super::suggested::Suggested;
use crate::config::SchemeChoice;
use crate::signature::catalogue;

/// Names of schemes, for shells that complete them.
pub(super) const SCHEME_NAMES: Suggested = Suggested(|| catalogue::names().collect());

#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Scheme")]
pub(super) struct SchemeArgs {
    /// Sender's scheme, such as github or stripe, for requests that no configured webhook has one for; `whyhook
    /// schemes` lists them. Its secret is read from NAME_WEBHOOK_SECRET unless told otherwise. May be repeated: any of
    /// them verifies, the first one signs [default: trackpilots]
    #[arg(long, value_name = "NAME", value_parser = SCHEME_NAMES, hide_possible_values = true)]
    scheme: Vec<String>,
    /// A scheme of your own: a TOML table, as in the configuration; may be repeated
    #[arg(long, value_name = "FILE")]
    scheme_file: Vec<PathBuf>,
    /// The URL as the sender knows it, for schemes that sign it [default: https, the Host header, the request's path]
    #[arg(long, value_name = "URL")]
    pub(super) url: Option<String>,
    /// The sender's public key, for schemes that have one: PEM, JWK, a certificate or base64
    #[arg(long, value_name = "FILE")]
    pub(super) public_key: Option<PathBuf>,
    /// What the receiver knows besides the secret, such as webhook_id=…; may be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    param: Vec<String>,
}

impl SchemeArgs {
    /// What was asked for.
    pub(super) fn choice(&self) -> SchemeChoice {
        SchemeChoice {
            names: self.scheme.clone(),
            files: self.scheme_file.clone(),
            url: self.url.clone(),
            settings: self.param.clone(),
        }
    }

    /// These choices, with these names where no scheme was named.
    pub(super) fn or_named(&self, names: Vec<String>) -> Self {
        if self.is_named() { self.clone() } else { Self { scheme: names, ..self.clone() } }
    }

    /// Whether a scheme was named.
    pub(super) fn is_named(&self) -> bool {
        !self.scheme.is_empty() || !self.scheme_file.is_empty()
    }
}
