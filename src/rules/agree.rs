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

    /// What it means, for a person.
    #[must_use]
    pub fn words(self, verdict: Verdict, status: u16) -> String {
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
                format!("{here} here, the upstream server answered {status}: it does not check the signature")
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
        assert!(agreement.words(verdict, status).contains(&format!("the upstream server answered {status}")));
        assert_eq!(agreement.is_conflict(), matches!(agreement, Agreement::OnlyHere | Agreement::OnlyThere));
    }
}
