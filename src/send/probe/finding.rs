//! From the answers to copies of a delivery to what they prove.

use crate::delivery::{Attempt, AttemptKind, AttemptMode, Verdict};
use crate::http::Target;
use crate::send::conformance::{Observed, is_login_page, outside, reads_as_refusal};

/// What a probe proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProbeFinding {
    /// A forged copy is accepted.
    DoesNotCheck,
    /// A forged copy is accepted for later (202): a queue may check it.
    ChecksLater,
    /// A forged copy is answered with a status of success and words of refusal.
    RefusesInWords,
    /// A forged copy is refused, and the delivery that does not verify here was accepted.
    ChecksOtherwise,
    /// A forged copy is refused, and a freshly signed one accepted.
    Checks,
    /// The same, after the delivery that verifies here was refused.
    RefusedForAnotherReason,
    /// A forged copy is refused, and no other one could be asked about.
    RefusesForged,
    /// A freshly signed copy is refused exactly as a forged one.
    RefusesSignature,
    /// A freshly signed copy is refused, but not as a forged one.
    RefusesSomethingElse,
    /// The answers prove nothing.
    Inconclusive,
}

impl ProbeFinding {
    /// The stable name that JSON output uses.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::DoesNotCheck => "does_not_check",
            Self::ChecksLater => "checks_later",
            Self::RefusesInWords => "refuses_in_words",
            Self::ChecksOtherwise => "checks_otherwise",
            Self::Checks => "checks",
            Self::RefusedForAnotherReason => "refused_for_another_reason",
            Self::RefusesForged => "refuses_forged",
            Self::RefusesSignature => "refuses_signature",
            Self::RefusesSomethingElse => "refuses_something_else",
            Self::Inconclusive => "inconclusive",
        }
    }

    /// Whether the server checks signatures, as far as this says so.
    #[must_use]
    pub fn checks(self) -> Option<bool> {
        match self {
            Self::DoesNotCheck => Some(false),
            Self::RefusesInWords | Self::ChecksOtherwise | Self::Checks | Self::RefusedForAnotherReason => Some(true),
            // What refuses everything refuses a forged copy as well.
            Self::ChecksLater
            | Self::RefusesForged
            | Self::RefusesSignature
            | Self::RefusesSomethingElse
            | Self::Inconclusive => None,
        }
    }

    /// Whether the server does what it should with this delivery's signature: accept the right one alone.
    #[must_use]
    pub fn is_good(self) -> Option<bool> {
        match self {
            Self::Checks | Self::RefusedForAnotherReason => Some(true),
            Self::DoesNotCheck | Self::RefusesInWords | Self::ChecksOtherwise | Self::RefusesSignature => Some(false),
            Self::ChecksLater | Self::RefusesForged | Self::RefusesSomethingElse | Self::Inconclusive => None,
        }
    }
}

/// What a probe proves, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeResult {
    /// What.
    pub finding: ProbeFinding,
    /// In a sentence.
    pub words: String,
}

/// What an upstream server answered to a delivery and to its copies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeAnswers {
    verdict: Verdict,
    before: Option<Observed>,
    resigned: Option<Observed>,
    forged: Observed,
    target: Target,
}

impl ProbeAnswers {
    /// Those of the newest probe of `target` among `attempts`, which are in the order in which they were made; `None`
    /// when there was none. `before` is what came of the delivery itself.
    #[must_use]
    pub fn of(verdict: Verdict, before: Option<&Attempt>, attempts: &[Attempt], target: &str) -> Option<Self> {
        let probes: Vec<&Attempt> =
            attempts.iter().filter(|attempt| attempt.kind == AttemptKind::Probe && attempt.target == target).collect();
        let newest = probes.iter().rposition(|attempt| attempt.mode == AttemptMode::Forged)?;
        let resigned = newest.checked_sub(1).map(|at| probes[at]);
        let resigned = resigned.filter(|attempt| attempt.mode == AttemptMode::Resigned);
        Some(Self {
            verdict,
            before: before.map(Observed::of),
            resigned: resigned.map(Observed::of),
            forged: Observed::of(probes[newest]),
            target: target.parse().ok()?,
        })
    }

    /// What they prove.
    #[must_use]
    pub fn result(&self) -> ProbeResult {
        let result = |finding, words: String| ProbeResult { finding, words };
        let forged = &self.forged;
        if let Some(why) = self.says_nothing(forged) {
            return result(
                ProbeFinding::Inconclusive,
                format!("the probe settles nothing: the answer to the forged copy was {why}"),
            );
        }
        if forged.is_accepted() {
            return self.accepted_forged();
        }
        let status = forged.words();
        match (&self.resigned, &self.before) {
            (Some(fresh), _) => self.after_refusal(fresh, &status),
            (None, Some(before)) if before.is_accepted() && self.verdict != Verdict::Verified => result(
                ProbeFinding::ChecksOtherwise,
                format!(
                    "your server checks the signature: it refused a forged copy with {status}, and accepted this \
                     delivery, so its secret or what it hashes differs from whyhook's"
                ),
            ),
            _ => result(
                ProbeFinding::RefusesForged,
                format!(
                    "your server refused a forged copy with {status}: it checks the signature, or refuses everything \
                     that is sent to this URL"
                ),
            ),
        }
    }

    /// A forged copy came through.
    fn accepted_forged(&self) -> ProbeResult {
        let (forged, status) = (&self.forged, self.forged.words());
        let is_usual = self.before.iter().chain(&self.resigned).any(|other| other.is_like(forged));
        if forged.status() == Some(202) {
            let words = format!(
                "your server answered {status} to a forged copy: it does not check the signature before it answers; if \
                 it checks later, in a queue, answers cannot show it"
            );
            return ProbeResult { finding: ProbeFinding::ChecksLater, words };
        }
        if !is_usual && reads_as_refusal(forged) {
            let words = format!(
                "your server answered {status} to a forged copy, with words of refusal{}: senders take {status} for \
                 accepted. Answer 401 instead",
                crate::send::conformance::quoted(forged)
            );
            return ProbeResult { finding: ProbeFinding::RefusesInWords, words };
        }
        let words = format!("your server does not check the signature: it accepted a forged copy with {status}");
        ProbeResult { finding: ProbeFinding::DoesNotCheck, words }
    }

    /// A forged copy was refused, and a freshly signed one was sent as well.
    fn after_refusal(&self, fresh: &Observed, status: &str) -> ProbeResult {
        let result = |finding, words: String| ProbeResult { finding, words };
        if let Some(why) = self.says_nothing(fresh) {
            return result(
                ProbeFinding::Inconclusive,
                format!("the probe settles nothing: the answer to the freshly signed copy was {why}"),
            );
        }
        let came = fresh.words();
        let was_refused = self.before.as_ref().is_some_and(|before| !before.is_accepted());
        if fresh.is_accepted() && was_refused && self.verdict == Verdict::Verified {
            return result(
                ProbeFinding::RefusedForAnotherReason,
                format!(
                    "your server has this secret and hashes these bytes: it accepted a freshly signed copy with {came} \
                     and refused a forged one with {status}. It refused this delivery for another reason, such as its \
                     age, or was changed since"
                ),
            );
        }
        if fresh.is_accepted() {
            return result(
                ProbeFinding::Checks,
                format!(
                    "your server checks the signature as whyhook does: it accepted a freshly signed copy with {came}, \
                     and refused a forged one with {status}"
                ),
            );
        }
        if fresh.is_like(&self.forged) {
            return result(
                ProbeFinding::RefusesSignature,
                format!(
                    "your server answers a freshly signed copy with {came}, exactly as a forged one: its secret or what \
                     it hashes differs from whyhook's, or it refuses everything that is sent to this URL"
                ),
            );
        }
        result(
            ProbeFinding::RefusesSomethingElse,
            format!(
                "your server answers a freshly signed copy with {came}{} and a forged one with {status}{}: it refuses \
                 something else than the signature",
                crate::send::conformance::quoted(fresh),
                crate::send::conformance::quoted(&self.forged)
            ),
        )
    }

    /// Why an answer says nothing about a signature; `None` where it does.
    fn says_nothing(&self, answer: &Observed) -> Option<String> {
        let words = answer.words();
        if is_login_page(answer) {
            return Some(format!("{words}, a page that asks for a password"));
        }
        match answer.status() {
            None => Some(words),
            Some(429 | 503) => Some(format!("{words}: it limits the rate, or is not ready")),
            Some(status @ 500..=599) => Some(format!("{status}: it fails, whatever the signature is")),
            Some(_) if answer.is_accepted() => None,
            Some(_) => outside(answer, &self.target)
                .map(|seen| seen.detail.trim_start_matches("answered ").to_owned())
                .or_else(|| (!matches!(answer.status(), Some(400 | 401 | 403 | 422))).then_some(words)),
        }
    }
}
