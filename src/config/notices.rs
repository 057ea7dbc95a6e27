//! What else happens when a delivery has been answered: a notification in the terminal, a command.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de::Error as _};
use toml::Spanned;

use crate::query::{Query, SavedFilters};
use crate::text::units;

/// Commands that run at once unless another number is given.
const JOBS: usize = 2;
/// The most that may.
const JOBS_LIMIT: usize = 16;
/// How long a command may take unless told otherwise, and at most.
const TIMEOUT: Duration = Duration::from_secs(10);
const TIMEOUT_LIMIT: Duration = Duration::from_secs(3600);

/// How the terminal notifies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum NotifyManner {
    /// The bell, which terminals turn into a sound or a mark.
    #[default]
    Bell,
    /// A desktop notification by OSC 9 (iTerm2, Windows Terminal, WezTerm, Ghostty).
    Osc9,
    /// A desktop notification by OSC 777 (urxvt, foot, VTE, WezTerm).
    Osc777,
}

/// `[notify]`, or `bell`: which deliveries the terminal notifies of.
#[derive(Debug, Clone)]
pub struct NotifySettings {
    /// Which.
    pub filter: Query,
    /// How.
    pub how: NotifyManner,
}

/// `[notify]` as it is written.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Notification")]
pub(super) struct RawNotify {
    /// A filter; without it, every delivery.
    #[schemars(with = "Option<String>", extend("examples" = ["verdict:bad"]))]
    filter: Option<Spanned<String>>,
    /// How the terminal notifies.
    #[serde(default)]
    #[schemars(extend("default" = "bell"))]
    how: NotifyManner,
}

impl RawNotify {
    /// `bell = "FILTER"` is `[notify]` in brief.
    pub(super) fn bell(filter: Spanned<String>) -> Self {
        Self { filter: Some(filter), how: NotifyManner::Bell }
    }

    /// An error carries the byte offset in the file.
    pub(super) fn read(self, saved: &SavedFilters) -> Result<NotifySettings, (usize, String)> {
        Ok(NotifySettings { filter: filter(self.filter, saved)?, how: self.how })
    }
}

/// `[on_delivery]`: a command that runs for each delivery that matches.
#[derive(Debug, Clone)]
pub struct HookSettings {
    /// Which deliveries.
    pub filter: Query,
    /// The program and its arguments. Nothing of a delivery is among them.
    pub command: Vec<String>,
    /// How long it may take.
    pub timeout: Duration,
    /// How many run at once.
    pub jobs: usize,
}

/// `[on_delivery]` as it is written.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Hook")]
pub(super) struct RawHook {
    /// A filter; without it, every delivery.
    #[schemars(with = "Option<String>", extend("examples" = ["verdict:bad"]))]
    filter: Option<Spanned<String>>,
    /// The program and its arguments. Nothing of a delivery is among them.
    #[serde(deserialize_with = "command")]
    #[schemars(with = "Vec<String>", length(min = 1))]
    command: Vec<String>,
    /// How long it may take, up to 1h.
    #[serde(default = "default_timeout", deserialize_with = "timeout")]
    #[schemars(with = "Option<String>", extend("default" = "10s"))]
    timeout: Duration,
    /// How many run at once.
    #[serde(default = "default_jobs", deserialize_with = "jobs")]
    #[schemars(with = "Option<u8>", range(min = 1, max = 16), extend("default" = 2))]
    jobs: usize,
}

impl RawHook {
    /// An error carries the byte offset in the file.
    pub(super) fn read(self, saved: &SavedFilters) -> Result<HookSettings, (usize, String)> {
        let Self { filter: written, command, timeout, jobs } = self;
        Ok(HookSettings { filter: filter(written, saved)?, command, timeout, jobs })
    }
}

fn filter(written: Option<Spanned<String>>, saved: &SavedFilters) -> Result<Query, (usize, String)> {
    let Some(written) = written else { return Ok(Query::default()) };
    let read = Query::parse_with(written.get_ref(), saved);
    read.map_err(|error| (written.span().start, format!("invalid filter: {error}")))
}

fn command<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let command = Vec::<String>::deserialize(deserializer)?;
    if command.first().is_none_or(|program| program.trim().is_empty()) {
        return Err(D::Error::custom(
            "the command is empty: expected a program and its arguments, such as ['notify-send', 'whyhook']",
        ));
    }
    Ok(command)
}

fn default_timeout() -> Duration {
    TIMEOUT
}

fn timeout<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    let timeout = units::parse_duration(&text).map_err(D::Error::custom)?;
    if timeout.is_zero() || timeout > TIMEOUT_LIMIT {
        return Err(D::Error::custom("invalid timeout: expected more than nothing and at most 1h"));
    }
    Ok(timeout)
}

fn default_jobs() -> usize {
    JOBS
}

fn jobs<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    let jobs = usize::deserialize(deserializer)?;
    if (1..=JOBS_LIMIT).contains(&jobs) {
        return Ok(jobs);
    }
    Err(D::Error::custom(format!("invalid jobs: expected 1 to {JOBS_LIMIT}")))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::config::file::ConfigFile;

    fn read(text: &str) -> Result<ConfigFile, String> {
        ConfigFile::parse(std::path::Path::new("/x/whyhook.toml"), text).map_err(|error| error.to_string())
    }

    #[test]
    fn both_are_read_with_their_defaults() {
        let file = read("bell = 'verdict:bad'\n[on_delivery]\ncommand = ['a', 'b']").unwrap();
        let notify = file.notify.unwrap();
        assert_eq!((notify.filter.to_string().as_str(), notify.how), ("verdict:bad", NotifyManner::Bell));
        let hook = file.on_delivery.unwrap();
        assert_eq!((hook.command, hook.timeout, hook.jobs), (vec!["a".to_owned(), "b".to_owned()], TIMEOUT, JOBS));
        assert!(hook.filter.is_empty());
        let file = read("notify = { filter = 'is:live', how = 'osc777' }").unwrap();
        assert_eq!(file.notify.unwrap().how, NotifyManner::Osc777);
        let file = read("[on_delivery]\nfilter = 'verdict:bad'\ncommand = ['a']\ntimeout = '1s'\njobs = 16").unwrap();
        assert_eq!((file.on_delivery.unwrap().jobs), 16);
    }

    #[test]
    fn a_saved_filter_is_known_by_its_name() {
        let file = read(
            "bell = '@broken'\n[on_delivery]\nfilter = '!@broken'\ncommand = ['a']\n[filters]\nbroken = 'verdict:bad'\n\
             [[rules]]\nwhen = '@broken path:/a'\nthen = '503'",
        )
        .unwrap();
        assert_eq!(file.notify.unwrap().filter.to_string(), "verdict:bad");
        assert_eq!(file.on_delivery.unwrap().filter.to_string(), "!verdict:bad");
        assert_eq!(file.rules[0].when.to_string(), "verdict:bad path:/a");
    }

    #[rstest]
    #[case("bell = '@brokn'\n[filters]\nbroken = 'sim'", "unknown saved filter '@brokn'; did you mean '@broken'?")]
    #[case("[on_delivery]\ncommand = ['a']\nfilter = '@a'", "unknown saved filter '@a'")]
    #[case("[[rules]]\nwhen = '@a'\nthen = '503'", "unknown saved filter '@a'")]
    #[case("bell = 'verdict:nonsense'", "unknown verdict 'nonsense'")]
    #[case("notify = { how = 'flag' }", "unknown value `flag`")]
    #[case("bell = 'is:live'\nnotify = {}", "'bell' and 'notify' conflict")]
    #[case("[on_delivery]", "missing field `command`")]
    #[case("on_delivery = { command = [] }", "the command is empty")]
    #[case("on_delivery = { command = ['a'], jobs = 0 }", "invalid jobs: expected 1 to 16")]
    #[case("on_delivery = { command = ['a'], timeout = '2h' }", "at most 1h")]
    #[case("on_delivery = { command = 'a b' }", "invalid type")]
    #[case("on_delivery = { command = ['a'], shell = true }", "unknown field `shell`")]
    fn a_mistake_has_its_place_and_its_reason(#[case] text: &str, #[case] reason: &str) {
        let error = read(text).unwrap_err();
        assert!(error.contains(reason) && error.starts_with("/x/whyhook.toml:"), "{error}");
    }
}
