//! The automatic answer, and the choices of the picker.

use std::fmt;

use super::action::RuleAction;
use super::reply::{DOCUMENTED_INVALID, DOCUMENTED_MISSING, DOCUMENTED_OK, Reply};
use crate::delivery::{ChosenBy, Intake, Verdict};

/// What the picker of ready-made answers chooses, over all rules and until it is changed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum AnswerPolicy {
    /// As the documented receiver does: by the verdict.
    #[default]
    Auto,
    /// Always the same.
    Fixed(Reply),
}

impl AnswerPolicy {
    /// The answer to a delivery, with what chose it.
    #[must_use]
    pub fn choose(&self, intake: &Intake, verdict: Verdict) -> (Reply, ChosenBy) {
        if let Some(refusal) = refusal(intake) {
            return refusal;
        }
        match self {
            Self::Auto => (auto(verdict), ChosenBy::auto()),
            Self::Fixed(reply) => (reply.clone(), ChosenBy::fixed(reply.status)),
        }
    }

    /// The same as an action.
    #[must_use]
    pub fn action(&self) -> RuleAction {
        match self {
            Self::Auto => RuleAction::auto(),
            Self::Fixed(reply) => RuleAction::reply(reply),
        }
    }
}

/// What is not a whole request is answered so under every rule.
#[must_use]
pub fn refusal(intake: &Intake) -> Option<(Reply, ChosenBy)> {
    match intake {
        Intake::Complete | Intake::Rebuilt(_) => None,
        Intake::TooLarge(reason) => Some((Reply::text(413, format!("Content Too Large: {reason}")), ChosenBy::limit())),
        Intake::Truncated(reason) | Intake::Incomplete(reason) | Intake::Malformed(reason) => {
            Some((Reply::text(400, format!("Bad Request: {reason}")), ChosenBy::unfit(intake)))
        }
    }
}

/// Without a secret nothing can be verified, so nothing is called right: the sender gets what the
/// documented receiver gives to a signature that it cannot confirm. Nothing of the diagnosis ever
/// reaches the sender.
#[must_use]
pub fn auto(verdict: Verdict) -> Reply {
    match verdict {
        Verdict::Verified => Reply::text(200, DOCUMENTED_OK),
        Verdict::MissingSignature | Verdict::MissingTimestamp => Reply::text(400, DOCUMENTED_MISSING),
        Verdict::Mismatch
        | Verdict::MalformedSignature
        | Verdict::AmbiguousHeaders
        | Verdict::NoSecret
        | Verdict::NotJudged => Reply::text(401, DOCUMENTED_INVALID),
    }
}

impl fmt::Display for AnswerPolicy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => formatter.write_str("auto"),
            Self::Fixed(reply) => write!(formatter, "{}", reply.status),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(Verdict::Verified, 200, DOCUMENTED_OK)]
    #[case(Verdict::MissingSignature, 400, DOCUMENTED_MISSING)]
    #[case(Verdict::MissingTimestamp, 400, DOCUMENTED_MISSING)]
    #[case(Verdict::Mismatch, 401, DOCUMENTED_INVALID)]
    #[case(Verdict::MalformedSignature, 401, DOCUMENTED_INVALID)]
    #[case(Verdict::AmbiguousHeaders, 401, DOCUMENTED_INVALID)]
    #[case(Verdict::NoSecret, 401, DOCUMENTED_INVALID)]
    fn auto_is_the_documented_receiver(#[case] verdict: Verdict, #[case] status: u16, #[case] body: &str) {
        let (reply, rule) = AnswerPolicy::Auto.choose(&Intake::Complete, verdict);
        assert_eq!((reply.status, &reply.body[..], rule.as_str()), (status, body.as_bytes(), "auto"));
    }

    #[test]
    fn a_fixed_answer_ignores_the_verdict_but_not_a_broken_request() {
        let policy = AnswerPolicy::Fixed(Reply::text(503, ""));
        let (reply, rule) = policy.choose(&Intake::Complete, Verdict::Verified);
        assert_eq!((reply.status, rule.as_str()), (503, "fixed 503"));
        let (reply, rule) = policy.choose(&Intake::TooLarge("over 1 MiB".to_owned()), Verdict::NotJudged);
        assert_eq!((reply.status, rule.as_str()), (413, "limit"));
    }
}
