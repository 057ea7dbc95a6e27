//! `[redact]`: what redacted exports replace beyond the usual, and what they keep.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use crate::redact::{RedactRules, RedactSelector};

/// `[redact]`, and `[redact.profiles.NAME]`, as they are written.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Redaction")]
pub(super) struct RawRedact {
    /// What stays as it is, such as plan or data[].title.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    keep: Vec<Spanned<String>>,
    /// What is replaced too, such as header:X-Team, query:ref or text:acme.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    replace: Vec<Spanned<String>>,
    /// More of both, for `export --redact-profile NAME`.
    #[serde(default)]
    profiles: BTreeMap<String, RawProfile>,
}

/// What a profile keeps and replaces in addition.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "RedactionProfile")]
struct RawProfile {
    /// What stays as it is.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    keep: Vec<Spanned<String>>,
    /// What is replaced too.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    replace: Vec<Spanned<String>>,
}

/// The rules of redacted exports.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RedactSettings {
    /// Those of every redacted export.
    pub usual: RedactRules,
    /// Those of `[redact.profiles.NAME]`, in addition.
    pub profiles: BTreeMap<String, RedactRules>,
}

impl RawRedact {
    /// An error carries the byte offset in the file.
    pub(super) fn read(self) -> Result<RedactSettings, (usize, String)> {
        let usual = rules(self.keep, self.replace)?;
        let profiles =
            self.profiles.into_iter().map(|(name, raw)| rules(raw.keep, raw.replace).map(|rules| (name, rules)));
        Ok(RedactSettings { usual, profiles: profiles.collect::<Result<_, _>>()? })
    }
}

fn rules(keep: Vec<Spanned<String>>, replace: Vec<Spanned<String>>) -> Result<RedactRules, (usize, String)> {
    let selector = |text: Spanned<String>| {
        text.get_ref().parse::<RedactSelector>().map_err(|error| (text.span().start, error.to_string()))
    };
    let all = |texts: Vec<Spanned<String>>| texts.into_iter().map(selector).collect::<Result<Vec<_>, _>>();
    Ok(RedactRules { keep: all(keep)?, replace: all(replace)? })
}

impl RedactSettings {
    /// The rules of an export, with those of a profile where one is named; `None` when there is no such profile.
    #[must_use]
    pub fn rules(&self, profile: Option<&str>) -> Option<RedactRules> {
        let mut rules = self.usual.clone();
        if let Some(name) = profile {
            let more = self.profiles.get(name)?;
            rules.keep.extend(more.keep.iter().cloned());
            rules.replace.extend(more.replace.iter().cloned());
        }
        Some(rules)
    }

    /// Whether something stays that would usually go.
    #[must_use]
    pub fn keeps_more(&self) -> bool {
        !self.usual.keep.is_empty() || self.profiles.values().any(|rules| !rules.keep.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<RedactSettings, (usize, String)> {
        toml::from_str::<RawRedact>(text).unwrap().read()
    }

    #[test]
    fn a_profile_is_added_to_the_usual_rules() {
        let settings = read("keep = ['plan']\n[profiles.public]\nreplace = ['data[].title', 'header:X-Team']").unwrap();
        assert_eq!(settings.rules(None).unwrap().keep.len(), 1);
        let public = settings.rules(Some("public")).unwrap();
        assert_eq!((public.keep.len(), public.replace.len()), (1, 2));
        assert!(settings.rules(Some("private")).is_none() && settings.keeps_more());
        assert!(!read("replace = ['plan']").unwrap().keeps_more());
    }

    #[test]
    fn what_is_no_rule_is_told_with_its_place() {
        let (at, words) = read("keep = ['plan', 'a..b']").unwrap_err();
        assert_eq!(at, 16);
        assert!(words.contains("invalid rule 'a..b'"), "{words}");
    }
}
