//! What chose an answer, in the words that are kept with it.

use std::fmt::{self, Display};

use super::Intake;

/// What chose an answer: `auto`, `fixed 503`, `rule 2: later (decided: 503)`. It is kept, searched and shown as its text,
/// which is written and read here alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChosenBy(String);

const AUTO: &str = "auto";
const HANDSHAKE: &str = "handshake: ";
const PERSON: &str = "chosen: ";

impl ChosenBy {
    /// The verdict alone.
    #[must_use]
    pub fn auto() -> Self {
        Self(AUTO.to_owned())
    }

    /// A handshake of the sender, without a rule.
    #[must_use]
    pub fn handshake(sender: &str, name: &str) -> Self {
        Self(format!("{HANDSHAKE}{sender} {name}"))
    }

    /// One answer for everything, with this status.
    #[must_use]
    pub fn fixed(status: u16) -> Self {
        Self(format!("fixed {status}"))
    }

    /// The rule at this position, from 0, and its action.
    #[must_use]
    pub fn rule(position: usize, action: impl Display) -> Self {
        Self(format!("rule {}: {action}", position + 1))
    }

    /// A person, over all rules.
    #[must_use]
    pub fn person(action: impl Display) -> Self {
        Self(format!("{PERSON}{action}"))
    }

    /// A bound that the request or the listener has reached.
    #[must_use]
    pub fn limit() -> Self {
        Self("limit".to_owned())
    }

    /// What arrived, which is not a whole request.
    #[must_use]
    pub fn unfit(intake: &Intake) -> Self {
        Self(intake.name().to_owned())
    }

    /// Another program, whose answer a file tells of.
    #[must_use]
    pub fn imported() -> Self {
        Self("imported".to_owned())
    }

    /// What was kept with an answer, or stands for what chose it.
    #[must_use]
    pub fn kept(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// What chose the answer, with what came of it.
    #[must_use]
    pub fn noting(self, what: impl Display) -> Self {
        Self(format!("{} ({what})", self.0))
    }

    /// The text that is kept.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the verdict alone chose it.
    #[must_use]
    pub fn is_auto(&self) -> bool {
        self.0 == AUTO
    }

    /// Whether it completed, or refused, a handshake of the sender without a rule.
    #[must_use]
    pub fn is_handshake(&self) -> bool {
        self.0.starts_with(HANDSHAKE)
    }

    /// What a person has chosen over all rules, where one has.
    #[must_use]
    pub fn action_of_person(&self) -> Option<&str> {
        self.0.strip_prefix(PERSON)
    }
}

impl Display for ChosenBy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_says_the_same_as_what_was_made() {
        let noted = |chosen: ChosenBy| [chosen.clone(), chosen.noting("decided: auto")];
        for chosen in [
            ChosenBy::auto(),
            ChosenBy::fixed(503),
            ChosenBy::rule(1, "auto"),
            ChosenBy::person("handshake: Slack url_verification"),
            ChosenBy::handshake("Slack", "url_verification"),
            ChosenBy::limit(),
            ChosenBy::imported(),
        ]
        .into_iter()
        .flat_map(noted)
        {
            assert_eq!(ChosenBy::kept(chosen.as_str()), chosen);
        }
        assert!(ChosenBy::handshake("Slack", "url_verification").noting("auto: no secret").is_handshake());
        assert_eq!(ChosenBy::person("hold").noting("released: auto").action_of_person(), Some("hold (released: auto)"));
        assert!(ChosenBy::auto().is_auto() && !ChosenBy::auto().noting("auto: no secret").is_auto());
        assert!(!ChosenBy::rule(0, "handshake:slack").is_handshake());
    }

    #[test]
    fn the_text_is_what_filters_and_older_stores_have() {
        assert_eq!(ChosenBy::rule(1, "later").noting("decided: 503").to_string(), "rule 2: later (decided: 503)");
        assert_eq!(ChosenBy::handshake("Slack", "url_verification").as_str(), "handshake: Slack url_verification");
        assert_eq!(ChosenBy::person("later").as_str(), "chosen: later");
        assert_eq!(ChosenBy::fixed(503).as_str(), "fixed 503");
    }
}
