//! Which rules are active: those of the command line, and after them those of the file.

use std::time::Duration;

use super::file::ConfigFile;
use super::{BadSetting, ConfigError};
use crate::query::SavedFilters;
use crate::rules::{
    ActionKind, DEFAULT_HOLD, Rule, RuleAction, RuleError, RuleReader, RuleResponse, RuleSet, check_count, target,
};
use crate::text::units;

/// What the command line says of answers. With the file as it is now it makes the active rules.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct AnswerFlags {
    /// `--respond`, each a rule.
    pub respond: Vec<String>,
    /// `--forward-to`, each a URL.
    pub forward_to: Vec<String>,
    /// `--hold-for`: how long a held delivery waits.
    pub hold_for: Option<String>,
    /// `--no-handshakes`: no handshake is answered without a rule.
    pub no_handshakes: bool,
}

impl AnswerFlags {
    /// The active rules with this file. A flag's rule for every delivery takes the place of all of the
    /// file's; other rules of flags come before the file's.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Rule`] for a flag that cannot be.
    pub fn rules(&self, file: Option<&ConfigFile>) -> Result<RuleSet, ConfigError> {
        let none = SavedFilters::default();
        let answers = file.map_or(&[][..], |file| &file.answers);
        let filters = file.map_or(&none, |file| &file.filters);
        let mut rules = self.own_rules(RuleReader::new(answers).with_filters(filters))?;
        if !rules.iter().any(Rule::is_for_all) {
            rules.extend(file.into_iter().flat_map(|file| file.rules.iter().cloned()));
        }
        let hold_for = self.hold_for.as_deref().map(hold_for).transpose()?.or_else(|| file?.hold_for);
        let handshakes = !self.no_handshakes && file.and_then(|file| file.handshakes).unwrap_or(true);
        let set = RuleSet::new(rules, hold_for.unwrap_or(DEFAULT_HOLD));
        Ok(set.with_answers(answers.to_vec()).with_filters(filters.clone()).with_handshakes(handshakes))
    }

    /// What of the active rules a file has to say, so that with these flags it makes them again: all but the
    /// flags' own, where these come first. `None` when a flag's rule answers everything, and nothing else is there.
    #[must_use]
    pub fn rules_for_file(&self, set: &RuleSet) -> Option<Vec<Rule>> {
        let own = self.own_rules(set.reader()).unwrap_or_default();
        match set.rules().strip_prefix(&own[..]) {
            // Those of the file, if it has any, are not active.
            Some([]) if own.iter().any(Rule::is_for_all) => None,
            Some(others) => Some(others.to_vec()),
            None => Some(set.rules().to_vec()),
        }
    }

    /// The flags' rules.
    fn own_rules(&self, reader: RuleReader<'_>) -> Result<Vec<Rule>, ConfigError> {
        let mut rules = Vec::new();
        for (at, text) in self.respond.iter().enumerate() {
            rules.push(reader.rule(text).map_err(|reason| ConfigError::Rule { origin: self.origin(at), reason })?);
        }
        let refused =
            |problem| ConfigError::Rule { origin: "--forward-to".to_owned(), reason: RuleError { at: 0, problem } };
        if !self.forward_to.is_empty() {
            let targets = self.forward_to.iter().map(|url| target(url)).collect::<Result<_, _>>().map_err(refused)?;
            rules.push(Rule::always(RuleAction { wait: None, kind: ActionKind::Do(RuleResponse::Forward(targets)) }));
        }
        check_count(&rules.iter().collect::<Vec<_>>()).map_err(|(at, problem)| ConfigError::Rule {
            origin: self.origin(at),
            reason: RuleError { at: 0, problem },
        })?;
        Ok(rules)
    }

    /// The flag at this position of the rules.
    fn origin(&self, at: usize) -> String {
        match self.respond.len() {
            1 if at == 0 => "--respond".to_owned(),
            count if at < count => format!("--respond, number {}", at + 1),
            _ => "--forward-to".to_owned(),
        }
    }
}

fn hold_for(text: &str) -> Result<Duration, ConfigError> {
    parse_hold_for(text).map_err(|reason| ConfigError::Setting { origin: "--hold-for", reason })
}

/// Reads how long a held delivery waits.
pub(super) fn parse_hold_for(text: &str) -> Result<Duration, BadSetting> {
    sane(text)?.ok_or_else(|| BadSetting::HoldFor(text.to_owned()))
}

/// Reads how long an upstream server may take.
pub(super) fn parse_forward_timeout(text: &str) -> Result<Duration, BadSetting> {
    sane(text)?.ok_or_else(|| BadSetting::ForwardTimeout(text.to_owned()))
}

/// A time that a sender may be kept waiting; `None` beyond an hour, and for none at all.
fn sane(text: &str) -> Result<Option<Duration>, BadSetting> {
    let time = units::parse_duration(text)?;
    Ok((Duration::from_millis(1)..=Duration::from_secs(3600)).contains(&time).then_some(time))
}
