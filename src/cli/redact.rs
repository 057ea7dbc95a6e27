//! `--redact`: what goes, what stays, and what came of it.

use std::process::ExitCode;

use clap::Args;

use super::select::unless_lost;
use super::{CliError, SettingsArgs, output};
use crate::archive::redaction::{LostCause, RedactionRun};
use crate::config::RedactSettings;
use crate::config::consent::Scope;
use crate::delivery::DeliveryId;
use crate::redact::{RedactRules, RedactSelector};
use crate::store::Reader;
use crate::text::{counted, grouped, visible_bytes};

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

impl RedactArgs {
    pub(super) fn is_asked(&self) -> bool {
        self.redact
    }

    pub(super) fn is_dry_run(&self) -> bool {
        self.dry_run
    }

    /// One export's redaction, where it is asked for.
    pub(super) fn start(&self, settings: &SettingsArgs) -> Result<Option<RedactionRun>, CliError> {
        if !self.redact {
            let is_given = self.rules.is_given();
            let words = "--redact-profile, --replace and --keep say what is redacted: give --redact as well";
            return if is_given { Err(CliError::Usage(words.to_owned())) } else { Ok(None) };
        }
        let loaded = settings.load_quietly(Scope::Secrets)?;
        let rules = self.rules.rules(&loaded.redact)?;
        RedactionRun::begin(rules, &loaded.registry).map(Some).map_err(CliError::Usage)
    }
}

/// What would be replaced, by place, on stdout.
pub(super) fn preview(mut run: RedactionRun, reader: &Reader, ids: &[DeliveryId]) -> Result<ExitCode, CliError> {
    for outcome in reader.deliveries(ids) {
        if let Some(one) = unless_lost(outcome)? {
            drop(run.apply(&one.delivery));
        }
    }
    let mut text = format!("{}:\n", summary(&run, "would be"));
    for (kind, place, count) in run.tally().places() {
        text.push_str(&format!("  {:>7}  {:<8} {place}\n", grouped(count as u64), kind.code()));
    }
    output::print(&text)?;
    report_causes(&run);
    output::log("nothing was written (--dry-run)");
    Ok(ExitCode::SUCCESS)
}

/// What was replaced, and with which secrets whoever gets it finds the same causes; on stderr.
pub(super) fn report(run: &RedactionRun) {
    output::log(&format!("redacted: {}", summary(run, "were")));
    report_causes(run);
    for secret in run.secrets() {
        let label = crate::text::visible(secret.label());
        output::log(&format!("throw-away secret {label}: {}", visible_bytes(secret.expose())));
    }
}

fn summary(run: &RedactionRun, verb: &str) -> String {
    format!("{} {verb} replaced in {}", run.tally(), counted(run.deliveries(), "delivery"))
}

fn report_causes(run: &RedactionRun) {
    let lost = run.lost();
    let failing = run.kept() + lost.len() as u64;
    if failing > 0 {
        output::log(&format!("{} of {} fail for the same reason as before", grouped(run.kept()), grouped(failing)));
    }
    for LostCause { id, was, now } in lost.iter().take(NAMED) {
        let now = if now.is_empty() { "nothing" } else { now };
        output::log(&format!("warning: delivery {id} was {was}, and is {now} once it is redacted"));
    }
    if let Some(more @ 1..) = lost.len().checked_sub(NAMED) {
        output::log(&format!("warning: so are {more} more"));
    }
}
