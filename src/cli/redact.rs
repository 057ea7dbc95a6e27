//! `--redact`: what goes, what stays, and what came of it.

use std::process::ExitCode;

use clap::Args;

use super::{CliError, SettingsArgs, output};
use crate::archive::redaction::{KeptCause, RedactedDelivery, Redaction};
use crate::config::RedactSettings;
use crate::config::consent::Scope;
use crate::delivery::{Delivery, DeliveryId};
use crate::payload::grouped;
use crate::redact::{RedactRules, RedactSelector, Tally};
use crate::store::{Reader, StoreError};
use crate::text::visible_bytes;

/// Bytes of the key that placeholders are drawn from.
const KEY_BYTES: usize = 32;
/// Deliveries whose lost cause is named; the rest are counted.
const NAMED: usize = 5;

#[derive(Debug, Clone, Args)]
pub(super) struct RedactArgs {
    /// Replace private values by placeholders of the same shape, screenshots by other pictures, and sign with throw-away
    /// secrets so that the signature fails as before
    #[arg(long)]
    redact: bool,
    #[command(flatten)]
    rules: RedactRuleArgs,
    /// Show what would be replaced, by place, and write nothing
    #[arg(long, requires = "redact")]
    dry_run: bool,
}

/// What goes and what stays beyond the usual.
#[derive(Debug, Clone, Args)]
pub(super) struct RedactRuleArgs {
    /// When redacting, also use the rules of [redact.profiles.NAME]
    #[arg(long = "redact-profile", alias = "profile", value_name = "NAME")]
    profile: Option<String>,
    /// When redacting, replace this as well: header:NAME, query:NAME, text:WORDS, a member's name, or a path such as
    /// data[].title; may be repeated
    #[arg(long, value_name = "RULE")]
    replace: Vec<RedactSelector>,
    /// When redacting, keep this, which would be replaced; may be repeated
    #[arg(long, value_name = "RULE")]
    keep: Vec<RedactSelector>,
}

impl RedactRuleArgs {
    pub(super) fn is_given(&self) -> bool {
        self.profile.is_some() || !self.replace.is_empty() || !self.keep.is_empty()
    }

    /// The configured rules with these.
    pub(super) fn rules(&self, settings: &RedactSettings) -> Result<RedactRules, CliError> {
        let profile = self.profile.as_deref();
        let Some(mut rules) = settings.rules(profile) else {
            let name = crate::text::visible(profile.unwrap_or_default()).into_owned();
            let known: Vec<&str> = settings.profiles.keys().map(String::as_str).collect();
            let known =
                if known.is_empty() { "there is none".to_owned() } else { format!("known: {}", known.join(", ")) };
            return Err(CliError::Usage(format!("no [redact.profiles.{name}] in the configuration ({known})")));
        };
        rules.keep.extend(self.keep.iter().cloned());
        rules.replace.extend(self.replace.iter().cloned());
        Ok(rules)
    }
}

/// Bytes that nobody can foretell.
pub(super) fn fresh_key() -> Result<Vec<u8>, CliError> {
    let mut key = vec![0; KEY_BYTES];
    getrandom::fill(&mut key)
        .map_err(|error| CliError::Usage(format!("cannot get random numbers for placeholders: {error}")))?;
    Ok(key)
}

impl RedactArgs {
    pub(super) fn is_asked(&self) -> bool {
        self.redact
    }

    pub(super) fn is_dry_run(&self) -> bool {
        self.dry_run
    }

    /// One export's redaction, where it is asked for.
    pub(super) fn start(&self, settings: &SettingsArgs) -> Result<Option<Redacting>, CliError> {
        if !self.redact {
            let is_given = self.rules.is_given();
            let words = "--redact-profile, --replace and --keep say what is redacted: give --redact as well";
            return if is_given { Err(CliError::Usage(words.to_owned())) } else { Ok(None) };
        }
        let loaded = settings.load_quietly(Scope::Secrets)?;
        let (rules, key) = (self.rules.rules(&loaded.redact)?, fresh_key()?);
        let redaction = Redaction::new(rules, key, &loaded.registry);
        Ok(Some(Redacting { redaction, tally: Tally::default(), deliveries: 0, kept: 0, lost: Vec::new() }))
    }
}

/// A redacted export, as far as it has got.
pub(super) struct Redacting {
    redaction: Redaction,
    tally: Tally,
    deliveries: u64,
    /// Deliveries that fail as before.
    kept: u64,
    /// Those that do not, with the codes of then and of now.
    lost: Vec<(DeliveryId, String, String)>,
}

impl Redacting {
    pub(super) fn apply(&mut self, delivery: &Delivery) -> RedactedDelivery {
        let redacted = self.redaction.apply(delivery, &mut self.tally);
        self.deliveries += 1;
        match &redacted.cause {
            KeptCause::None => {}
            KeptCause::Kept => self.kept += 1,
            KeptCause::Lost { was, now } => self.lost.push((delivery.summary.id, was.clone(), now.clone())),
        }
        redacted
    }

    /// What would be replaced, by place, on stdout.
    pub(super) fn preview(self, reader: &Reader, ids: &[DeliveryId]) -> Result<ExitCode, CliError> {
        let mut redacting = self;
        for id in ids {
            match reader.load(*id) {
                Ok(Some(delivery)) => drop(redacting.apply(&delivery)),
                Ok(None) => {}
                Err(lost @ StoreError::RecordLost { .. }) => output::log(&format!("warning: {lost}; it is left out")),
                Err(error) => return Err(error.into()),
            }
        }
        let mut text = format!("{}:\n", redacting.summary("would be"));
        for (kind, place, count) in redacting.tally.places() {
            text.push_str(&format!("  {:>7}  {:<8} {place}\n", grouped(count as u64), kind.code()));
        }
        output::print(&text)?;
        redacting.report_causes();
        output::log("nothing was written (--dry-run)");
        Ok(ExitCode::SUCCESS)
    }

    fn summary(&self, verb: &str) -> String {
        let deliveries = match self.deliveries {
            1 => "1 delivery".to_owned(),
            count => format!("{} deliveries", grouped(count)),
        };
        format!("{} {verb} replaced in {deliveries}", self.tally)
    }

    /// What was replaced, and with which secrets whoever gets it finds the same causes; on stderr.
    pub(super) fn report(&self) {
        output::log(&format!("redacted: {}", self.summary("were")));
        self.report_causes();
        for secret in self.redaction.secrets() {
            let label = crate::text::visible(secret.label());
            output::log(&format!("throw-away secret {label}: {}", visible_bytes(secret.expose())));
        }
    }

    fn report_causes(&self) {
        let failing = self.kept + self.lost.len() as u64;
        if failing > 0 {
            output::log(&format!("{} of {} fail for the same reason as before", grouped(self.kept), grouped(failing)));
        }
        for (id, was, now) in self.lost.iter().take(NAMED) {
            let now = if now.is_empty() { "nothing" } else { now };
            output::log(&format!("warning: delivery {id} was {was}, and is {now} once it is redacted"));
        }
        if let Some(more @ 1..) = self.lost.len().checked_sub(NAMED) {
            output::log(&format!("warning: so are {more} more"));
        }
    }
}
