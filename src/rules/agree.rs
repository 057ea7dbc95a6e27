//! Whether the upstream server agrees with our verdict, and what it means when it does not.

use crate::delivery::Verdict;

/// How a server's answer to a forwarded delivery stands to our verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Agreement {
    /// Both take it for right.
    BothAccept,
    /// Both take it for wrong.
    BothRefuse,
    /// Right here, and refused there for its signature.
    OnlyHere,
    /// Wrong here, and accepted there.
    OnlyThere,
    /// No secret is at hand here: nothing can be compared.
    NotJudged,
    /// The server's answer says nothing of the signature.
    Other,
}

impl Agreement {
    /// Sets a server's status against our verdict.
    ///
    /// 2xx accepts. 400, 401 and 403 refuse: the documented receiver answers 400 to a missing and 401 to a
    /// wrong signature, and frameworks like 403. Any other status (a redirect, 404, 500) speaks of something
    /// else than the signature.
    ///
    /// ```
    /// use whyhook::rules::Agreement;
    /// use whyhook::delivery::Verdict;
    /// assert_eq!(Agreement::of(Verdict::Verified, 401), Agreement::OnlyHere);
    /// assert_eq!(Agreement::of(Verdict::Mismatch, 200), Agreement::OnlyThere);
    /// ```
    #[must_use]
    pub fn of(verdict: Verdict, status: u16) -> Self {
        let accepts = match status {
            200..=299 => true,
            400 | 401 | 403 => false,
            _ => return Self::Other,
        };
        match (verdict, accepts) {
            (Verdict::NoSecret | Verdict::NotJudged, _) => Self::NotJudged,
            (Verdict::Verified, true) => Self::BothAccept,
            (Verdict::Verified, false) => Self::OnlyHere,
            (_, true) => Self::OnlyThere,
            (_, false) => Self::BothRefuse,
        }
    }

    /// The stable name that JSON output uses.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::BothAccept => "both_accept",
            Self::BothRefuse => "both_refuse",
            Self::OnlyHere => "only_here",
            Self::OnlyThere => "only_there",
            Self::NotJudged => "not_judged",
            Self::Other => "other",
        }
    }

    /// Whether the two contradict each other.
    #[must_use]
    pub fn is_conflict(self) -> bool {
        matches!(self, Self::OnlyHere | Self::OnlyThere)
    }

    /// What it means, for a person: of two possible meanings the likelier first, and neither beside a proof.
    #[must_use]
    pub fn words(self, verdict: Verdict, status: u16, facts: &AgreementFacts) -> String {
        let here = verdict.words();
        match self {
            Self::BothAccept => format!("verified here, the upstream server answered {status}: both accept it"),
            Self::BothRefuse => format!("{here} here, the upstream server answered {status}: both refuse it"),
            Self::OnlyHere => format!(
                "verified here, the upstream server answered {status}: it hashes different bytes or has another \
                secret; let it hash the raw body before parsing, and pass its digest to whyhook verify --computed \
                    DIGEST"
            ),
            Self::OnlyThere => {
                format!("{here} here, the upstream server answered {status}: {}", facts.only_there(verdict))
            }
            Self::NotJudged => {
                format!("no secret here, the upstream server answered {status}: configure the secret to compare")
            }
            Self::Other => {
                format!("{here} here, the upstream server answered {status}: this says nothing about the signature")
            }
        }
    }
}

/// What is known beside the two verdicts, and says which of their meanings is the likelier.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AgreementFacts {
    /// The proved cause of a signature that does not match, in a sentence.
    pub cause: Option<String>,
    /// How many earlier deliveries of the same webhook verified.
    pub verified_before: u64,
}

/// What may be the reason that a server accepts what does not verify here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AcceptanceReason {
    /// The server does not check the signature.
    ServerDoesNotCheck,
    /// The secret or the scheme that is configured here is not the sender's.
    SettingsHere,
}

impl AcceptanceReason {
    /// The stable name that JSON output uses.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::ServerDoesNotCheck => "server_does_not_check",
            Self::SettingsHere => "settings_here",
        }
    }
}

impl AgreementFacts {
    /// Why a server may accept what does not verify here, the likelier reason first; none where a proved cause explains
    /// it.
    #[must_use]
    pub fn reasons(&self) -> &'static [AcceptanceReason] {
        use AcceptanceReason::{ServerDoesNotCheck, SettingsHere};
        match (&self.cause, self.verified_before) {
            (Some(_), _) => &[],
            (None, 0) => &[SettingsHere, ServerDoesNotCheck],
            (None, _) => &[ServerDoesNotCheck, SettingsHere],
        }
    }

    fn only_there(&self, verdict: Verdict) -> String {
        if let Some(cause) = &self.cause {
            let cause = cause.trim_end_matches('.');
            return format!("the cause is proved ({cause}), and a server that verifies it this way accepts it");
        }
        let here = match verdict {
            Verdict::Mismatch => "the secret configured here is not the one that signed it",
            _ => "the scheme configured here is not the sender's",
        };
        match self.verified_before {
            0 => format!("probably {here}: no earlier delivery verified; or the server does not check the signature"),
            count => {
                let verified = match count {
                    1 => "1 earlier delivery".to_owned(),
                    _ => format!("{} earlier deliveries", crate::text::grouped(count)),
                };
                format!("probably it does not check the signature: {verified} verified here; or {here}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(Verdict::Verified, 204, Agreement::BothAccept)]
    #[case(Verdict::Verified, 401, Agreement::OnlyHere)]
    #[case(Verdict::Verified, 400, Agreement::OnlyHere)]
    #[case(Verdict::Verified, 500, Agreement::Other)]
    #[case(Verdict::Mismatch, 200, Agreement::OnlyThere)]
    #[case(Verdict::MissingSignature, 201, Agreement::OnlyThere)]
    #[case(Verdict::Mismatch, 403, Agreement::BothRefuse)]
    #[case(Verdict::Mismatch, 302, Agreement::Other)]
    #[case(Verdict::NoSecret, 200, Agreement::NotJudged)]
    fn verdicts_are_compared(#[case] verdict: Verdict, #[case] status: u16, #[case] expected: Agreement) {
        let agreement = Agreement::of(verdict, status);
        assert_eq!(agreement, expected);
        let words = agreement.words(verdict, status, &AgreementFacts::default());
        assert!(words.contains(&format!("the upstream server answered {status}")));
        assert_eq!(agreement.is_conflict(), matches!(agreement, Agreement::OnlyHere | Agreement::OnlyThere));
    }

    #[test]
    fn the_likelier_reason_comes_first_and_none_beside_a_proof() {
        let words = |verdict, facts: &AgreementFacts| Agreement::OnlyThere.words(verdict, 200, facts);
        let unverified = AgreementFacts::default();
        assert_eq!(
            words(Verdict::Mismatch, &unverified),
            "signature mismatch here, the upstream server answered 200: probably the secret configured here is not the one that \
             signed it: no earlier delivery verified; or the server does not check the signature"
        );
        assert_eq!(unverified.reasons()[0], AcceptanceReason::SettingsHere);
        let verified = AgreementFacts { verified_before: 1200, ..AgreementFacts::default() };
        assert!(
            words(Verdict::Mismatch, &verified)
                .ends_with("probably it does not check the signature: 1,200 earlier deliveries verified here; or the secret configured here is not the one that signed it")
        );
        assert!(
            words(Verdict::MissingSignature, &verified).ends_with("the scheme configured here is not the sender's")
        );
        assert_eq!(verified.reasons()[0], AcceptanceReason::ServerDoesNotCheck);
        let proved = AgreementFacts { cause: Some("The body was signed before compression.".to_owned()), ..verified };
        let said = words(Verdict::Mismatch, &proved);
        assert!(said.contains("the cause is proved (The body was signed before compression)"), "{said}");
        assert!(!said.contains("does not check"), "{said}");
        assert!(proved.reasons().is_empty());
    }
}
