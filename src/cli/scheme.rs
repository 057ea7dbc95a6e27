//! The options that say which scheme a request is signed by.

use std::ffi::OsStr;
use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};

use crate::config::SchemeChoice;
use crate::signature::catalogue;

/// Any text; shells complete it with the names of schemes, and a mistake is explained where it is looked up.
#[derive(Debug, Clone, Copy)]
pub(super) struct SchemeNameParser;

impl TypedValueParser for SchemeNameParser {
    type Value = String;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<String, clap::Error> {
        StringValueParser::new().parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(catalogue::names().map(PossibleValue::new)))
    }
}

#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Scheme")]
pub(super) struct SchemeArgs {
    /// Sender's scheme, such as github or stripe, for requests that no configured webhook has one for; `whyhook
    /// schemes` lists them. Its secret is read from NAME_WEBHOOK_SECRET unless told otherwise. May be repeated: any of
    /// them verifies, the first one signs [default: trackpilots]
    #[arg(long, value_name = "NAME", value_parser = SchemeNameParser, hide_possible_values = true)]
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

    /// The same, with these names where no scheme was named.
    pub(super) fn or_named(&self, names: Vec<String>) -> Self {
        if self.is_named() { self.clone() } else { Self { scheme: names, ..self.clone() } }
    }

    /// Whether a scheme was named.
    pub(super) fn is_named(&self) -> bool {
        !self.scheme.is_empty() || !self.scheme_file.is_empty()
    }
}
