//! The signature's verdict and the facts it rests on.

use super::Intake;

/// What is said of a delivery's signature. Only the exact configured scheme is ever
/// [`Verdict::Verified`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// The signature is the HMAC of exactly these bytes under a configured secret.
    Verified,
    /// A well-formed signature that no configured secret produces for these bytes.
    Mismatch,
    /// The signature header is absent or empty.
    MissingSignature,
    /// The timestamp header is absent or empty.
    MissingTimestamp,
    /// The signature is not 64 lower-case hexadecimal digits.
    MalformedSignature,
    /// The signature or timestamp header was sent more than once: receivers may read either.
    AmbiguousHeaders,
    /// No secret is configured for this path, so nothing can be said.
    NoSecret,
    /// The request was not complete HTTP, or its bytes are not known, so there is nothing to judge.
    NotJudged,
}

impl Verdict {
    /// Every verdict, in the order in which documentation lists them.
    pub const ALL: [Self; 8] = [
        Self::Verified,
        Self::Mismatch,
        Self::MissingSignature,
        Self::MissingTimestamp,
        Self::MalformedSignature,
        Self::AmbiguousHeaders,
        Self::NoSecret,
        Self::NotJudged,
    ];

    /// The stable identifier of the command line's JSON and of the store.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Mismatch => "mismatch",
            Self::MissingSignature => "missing_signature",
            Self::MissingTimestamp => "missing_timestamp",
            Self::MalformedSignature => "malformed_signature",
            Self::AmbiguousHeaders => "ambiguous_headers",
            Self::NoSecret => "no_secret",
            Self::NotJudged => "not_judged",
        }
    }

    /// The verdict that [`Verdict::code`] names.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verdict| verdict.code() == code)
    }

    /// The short word that lists show. The filter takes it too.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Mismatch => "mismatch",
            Self::MissingSignature => "unsigned",
            Self::MissingTimestamp => "no time",
            Self::MalformedSignature => "malformed",
            Self::AmbiguousHeaders => "ambiguous",
            Self::NoSecret => "no secret",
            Self::NotJudged => "broken",
        }
    }

    /// The verdict that a person names by its label, its code or its words, in any letter case. Spaces, `-` and `_`
    /// are the same.
    ///
    /// ```
    /// use whyhook::delivery::Verdict;
    /// for name in ["no time", "no-time", "missing_timestamp", "Missing timestamp"] {
    ///     assert_eq!(Verdict::from_name(name), Some(Verdict::MissingTimestamp));
    /// }
    /// ```
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let plain = |text: &str| text.to_ascii_lowercase().replace(['-', '_'], " ");
        let name = plain(name);
        let names = |verdict: Self| [verdict.label(), verdict.code(), verdict.words()];
        Self::ALL.into_iter().find(|verdict| names(*verdict).into_iter().any(|known| plain(known) == name))
    }

    /// The verdict in words for a person.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Mismatch => "signature mismatch",
            Self::MissingSignature => "missing signature",
            Self::MissingTimestamp => "missing timestamp",
            Self::MalformedSignature => "malformed signature",
            Self::AmbiguousHeaders => "ambiguous headers",
            Self::NoSecret => "no secret",
            Self::NotJudged => "not judged",
        }
    }
}

/// The unit of a timestamp header, recognised by its magnitude.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TimestampUnit {
    /// Unix seconds.
    Seconds,
    /// Unix milliseconds.
    Milliseconds,
    /// Neither: not a plain integer, or of a magnitude that is not a date of this era.
    Other,
}

impl TimestampUnit {
    /// The stable identifier of the command line's JSON and of the store.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Seconds => "seconds",
            Self::Milliseconds => "milliseconds",
            Self::Other => "other",
        }
    }

    /// The unit that [`TimestampUnit::code`] names.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Seconds, Self::Milliseconds, Self::Other].into_iter().find(|unit| unit.code() == code)
    }
}

/// What the timestamp header says. Freshness is a fact of its own: it never changes the verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimestampFacts {
    /// The header's text, verbatim (bytes outside UTF-8 replaced).
    pub raw: String,
    /// Its unit by magnitude.
    pub unit: TimestampUnit,
    /// Capture time less header time in milliseconds; negative when the header is from the future.
    /// `None` when the unit is [`TimestampUnit::Other`].
    pub age_ms: Option<i64>,
    /// Whether the age is within the tolerance in either direction; `None` as for `age_ms`.
    pub fresh: Option<bool>,
}

impl TimestampFacts {
    /// The age in whole seconds, rounded towards zero.
    #[must_use]
    pub fn age_seconds(&self) -> Option<i64> {
        self.age_ms.map(|age| age / 1000)
    }
}

/// A verdict with what it rests on, as judged at the moment of capture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// The label of the secret that matched; set only with [`Verdict::Verified`].
    pub secret: Option<String>,
    /// The timestamp header, when there is exactly one.
    pub timestamp: Option<TimestampFacts>,
    /// One more sentence for a person, such as what makes the signature malformed.
    pub note: Option<String>,
}

impl Judgement {
    /// A verdict with nothing else known.
    #[must_use]
    pub fn bare(verdict: Verdict) -> Self {
        Self { verdict, secret: None, timestamp: None, note: None }
    }

    /// What this judgement says of a request that came in as `intake` says. Of one that was rebuilt only two things can
    /// be said: that a signature proves its bytes, or nothing. What was refused as no HTTP is not judged.
    #[must_use]
    pub fn of_intake(self, intake: &Intake) -> Self {
        match (intake, self.verdict) {
            (_, Verdict::Verified | Verdict::NoSecret | Verdict::NotJudged) => self,
            // What receivers make of its bytes is not known.
            (Intake::Malformed(reason) | Intake::Incomplete(reason), _) => {
                Self { verdict: Verdict::NotJudged, note: Some(reason.clone()), ..self }
            }
            (Intake::Rebuilt(reason), _) => Self { verdict: Verdict::NotJudged, note: Some(reason.clone()), ..self },
            _ => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_back() {
        for verdict in Verdict::ALL {
            assert_eq!(Verdict::from_code(verdict.code()), Some(verdict));
        }
        assert_eq!(Verdict::from_code("Verified"), None);
    }

    #[test]
    fn every_name_means_one_verdict() {
        for verdict in Verdict::ALL {
            for name in [verdict.label(), verdict.code(), verdict.words()] {
                assert_eq!(Verdict::from_name(name), Some(verdict), "{name}");
                assert_eq!(Verdict::from_name(&name.replace(' ', "-").to_uppercase()), Some(verdict), "{name}");
            }
        }
        assert_eq!(Verdict::from_name("time"), None);
    }

    #[test]
    fn a_rebuilt_request_is_proved_or_not_judged() {
        let rebuilt = Intake::Rebuilt("its fields were given".to_owned());
        let of = |verdict, intake: &Intake| Judgement::bare(verdict).of_intake(intake);
        for verdict in Verdict::ALL {
            assert_eq!(of(verdict, &Intake::Complete), Judgement::bare(verdict));
            let expected = match verdict {
                Verdict::Verified | Verdict::NoSecret => verdict,
                _ => Verdict::NotJudged,
            };
            assert_eq!(of(verdict, &rebuilt).verdict, expected);
        }
        assert_eq!(of(Verdict::Mismatch, &rebuilt).note.as_deref(), Some("its fields were given"));
    }

    #[test]
    fn what_never_became_a_request_is_not_judged() {
        for intake in [Intake::Malformed("a folded line".to_owned()), Intake::Incomplete("it hung up".to_owned())] {
            for verdict in [Verdict::Mismatch, Verdict::MissingSignature, Verdict::MalformedSignature] {
                let judged = Judgement::bare(verdict).of_intake(&intake);
                assert_eq!((judged.verdict, judged.note.as_deref()), (Verdict::NotJudged, Some(intake.reason())));
            }
        }
    }

    #[test]
    fn ages_round_towards_zero() {
        let facts = |age_ms| TimestampFacts {
            raw: String::new(),
            unit: TimestampUnit::Seconds,
            age_ms: Some(age_ms),
            fresh: None,
        };
        assert_eq!(facts(3999).age_seconds(), Some(3));
        assert_eq!(facts(-999).age_seconds(), Some(0));
    }
}
