//! What came back, and whether that is right.

use std::sync::Arc;
use std::time::Duration;

use super::case::{Case, Expect};
use crate::delivery::Attempt;
use crate::http::{BodyEnd, Head, HttpResponse};
use crate::signature::Scheme;

/// Bytes of an answer's body that are kept.
pub(super) const SAID_BYTES: usize = 4096;

/// The result of one case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Observed {
    /// A response.
    Answer {
        /// Its status.
        status: u16,
        /// Until it had ended.
        latency: Duration,
        /// The beginning of its body.
        said: Vec<u8>,
        /// Its headers.
        head: Head,
    },
    /// None.
    Nothing {
        /// A stable name of the reason, such as `refused` or `timeout_first_byte`.
        code: String,
        /// The reason in words.
        reason: String,
        /// Until it was given up.
        latency: Duration,
    },
    /// A response that says nothing about the case: too many deliveries (429), or none at the moment (503).
    Limited {
        /// Its status.
        status: u16,
    },
    /// It was not sent, for nothing could be learnt from it any more.
    NotSent,
}

impl Observed {
    /// What came of a kept attempt.
    pub(in crate::send) fn of(attempt: &Attempt) -> Self {
        let latency = attempt.latency.total;
        match &attempt.result {
            Ok(reply) => Self::of_reply(reply, latency),
            Err(failure) => Self::Nothing { code: failure.code.clone(), reason: failure.message.clone(), latency },
        }
    }

    /// What a response is. One of success that did not come whole is an error to its sender, who tries again.
    pub(super) fn of_reply(reply: &HttpResponse, latency: Duration) -> Self {
        if let Some(fault) = reply.fault().filter(|_| reply.is_success()) {
            let code = match reply.end {
                BodyEnd::TimedOut => "timeout_body",
                end => end.code(),
            };
            let reason = format!("{fault} ({})", reply.status);
            return Self::Nothing { code: code.to_owned(), reason, latency };
        }
        let said = reply.body[..reply.body.len().min(SAID_BYTES)].to_vec();
        Self::Answer { status: reply.status, latency, said, head: reply.head.clone() }
    }

    /// A response without headers.
    #[must_use]
    pub fn answer(status: u16, latency: Duration, said: &[u8]) -> Self {
        Self::Answer { status, latency, said: said.to_vec(), head: Head::default() }
    }

    /// The status of the response, if one came.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Answer { status, .. } | Self::Limited { status } => Some(*status),
            Self::Nothing { .. } | Self::NotSent => None,
        }
    }

    /// How long it took.
    #[must_use]
    pub fn latency(&self) -> Option<Duration> {
        match self {
            Self::Answer { latency, .. } | Self::Nothing { latency, .. } => Some(*latency),
            Self::Limited { .. } | Self::NotSent => None,
        }
    }

    /// Whether the receiver took too long to answer at all.
    #[must_use]
    pub fn timed_out(&self) -> bool {
        matches!(self, Self::Nothing { code, .. } if code.starts_with("timeout_"))
    }

    /// Whether it says nothing about the case.
    #[must_use]
    pub fn is_no_verdict(&self) -> bool {
        matches!(self, Self::Limited { .. } | Self::NotSent)
    }

    /// Whether it was let through.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        matches!(self, Self::Answer { status: 200..=299, .. })
    }

    /// The body of the response as text, as far as it is kept.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Answer { said, .. } => String::from_utf8_lossy(said).into_owned(),
            _ => String::new(),
        }
    }

    /// A header of the response as text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<String> {
        match self {
            Self::Answer { head, .. } => head.value(name).map(|value| String::from_utf8_lossy(value).into_owned()),
            _ => None,
        }
    }

    /// Whether the receiver said the same both times: the same status and the same words, whatever numbers and ids
    /// are among them.
    #[must_use]
    pub fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Answer { status: one, said: first, .. }, Self::Answer { status: two, said: second, .. }) => {
                one == two && (first == second || without_numbers(first) == without_numbers(second))
            }
            (Self::Nothing { code: one, .. }, Self::Nothing { code: two, .. }) => one == two,
            _ => false,
        }
    }

    /// Whether it began to say the same: validators name the field first, and then repeat what they were given.
    #[must_use]
    pub fn begins_like(&self, other: &Self) -> bool {
        const BEGINNING: usize = 48;
        let beginning = |said: &[u8]| said.get(..BEGINNING).map(without_numbers);
        match (self, other) {
            (Self::Answer { status: one, said: first, .. }, Self::Answer { status: two, said: second, .. }) => {
                one == two && beginning(first).is_some_and(|first| beginning(second) == Some(first))
            }
            _ => false,
        }
    }

    /// In a few words: `401`, `no answer: …`.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Answer { status, .. } => status.to_string(),
            Self::Nothing { code, reason, .. } if code == "timeout_body" || BodyEnd::from_code(code).is_some() => {
                format!("no whole answer: {reason}")
            }
            Self::Nothing { reason, .. } => format!("no answer: {reason}"),
            Self::Limited { status } => format!("{status}, rate-limited: no verdict"),
            Self::NotSent => "not sent".to_owned(),
        }
    }
}

/// A text in which every run of hexadecimal digits that holds a number is one and the same.
fn without_numbers(said: &[u8]) -> Vec<u8> {
    let is_part = |byte: &u8| byte.is_ascii_hexdigit() || *byte == b'-';
    let mut plain = Vec::with_capacity(said.len());
    for run in said.chunk_by(|one, two| is_part(one) == is_part(two)) {
        if is_part(&run[0]) && run.iter().any(u8::is_ascii_digit) {
            plain.push(b'0')
        } else {
            plain.extend_from_slice(run)
        }
    }
    plain
}

/// Whether what came is what a correct receiver does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CaseVerdict {
    /// It is not.
    Fail,
    /// It is not, and the documentation does not ask for it.
    Advice,
    /// Not sent, or without a verdict.
    Skipped,
    /// It is.
    Pass,
}

impl CaseVerdict {
    /// In the order in which they are reported.
    pub const ALL: [Self; 4] = [Self::Fail, Self::Advice, Self::Skipped, Self::Pass];

    /// The stable name in JSON output.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Advice => "advice",
            Self::Skipped => "skipped",
        }
    }

    /// A glyph and a word, so that neither colour nor glyph is needed to tell.
    #[must_use]
    pub fn glyph(self) -> &'static str {
        match self {
            Self::Pass => "✓",
            Self::Fail => "✗",
            Self::Advice => "!",
            Self::Skipped => "·",
        }
    }

    /// The heading over the cases that have it.
    #[must_use]
    pub fn heading(self) -> &'static str {
        match self {
            Self::Pass => "Passed",
            Self::Fail => "Failed",
            Self::Advice => "Advisory",
            Self::Skipped => "Not sent",
        }
    }
}

/// One case and its result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckRow {
    /// The case.
    pub case: Case,
    /// What was sent, in words.
    pub sends: String,
    /// What came back.
    pub came: Observed,
    /// Whether that is right.
    pub mark: CaseVerdict,
    /// The request as it was sent, and what came back; `None` for what was not sent.
    pub exchange: Option<Arc<Attempt>>,
}

impl CheckRow {
    /// Judges what came; with a maximal age, cases about it count.
    #[must_use]
    pub fn judge(case: Case, scheme: &Scheme, came: Observed, max_age: bool) -> Self {
        let is_right = match (&came, case.expect) {
            (Observed::Answer { status, .. }, Expect::Accept) => (200..300).contains(status),
            (Observed::Answer { status, .. }, Expect::Refuse(_)) => (400..500).contains(status),
            _ => false,
        };
        let mark = match (is_right, case.weight.is_required(max_age)) {
            _ if came.is_no_verdict() => CaseVerdict::Skipped,
            (true, _) => CaseVerdict::Pass,
            (false, true) => CaseVerdict::Fail,
            (false, false) => CaseVerdict::Advice,
        };
        Self { case, sends: case.words(scheme), came, mark, exchange: None }
    }

    /// Whether it was let through.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        self.came.is_accepted()
    }

    /// Whether it was sent and not let through.
    #[must_use]
    pub fn is_rejected(&self) -> bool {
        !self.came.is_no_verdict() && !self.is_accepted()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_words_with_other_numbers_are_the_same_answer() {
        let answer = |text: &str| Observed::answer(401, Duration::ZERO, text.as_bytes());
        let one = answer(r#"{"error":"Invalid signature","requestId":"7f3a-11","at":1746123456}"#);
        assert!(one.is_like(&answer(r#"{"error":"Invalid signature","requestId":"00b2-94","at":1746123999}"#)));
        assert!(!one.is_like(&answer(r#"{"error":"Unknown field","requestId":"00b2-94","at":1746123999}"#)));
        assert!(!one.is_like(&Observed::answer(400, Duration::ZERO, b"")));
        assert!(!Observed::NotSent.is_like(&Observed::NotSent));
    }
}
