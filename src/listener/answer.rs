//! What goes back to the sender, and by which rule.

use std::fmt;
use std::str::FromStr;

use bytes::Bytes;

use crate::delivery::{Intake, Verdict};

/// A response before it is written: status, headers of its own, body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// Headers besides `content-type`, `content-length` and `date`.
    pub headers: Vec<(String, String)>,
    /// A text body.
    pub body: Bytes,
}

impl Reply {
    /// A reply with a plain-text body and no headers of its own.
    #[must_use]
    pub fn text(status: u16, body: impl Into<Bytes>) -> Self {
        Self { status, headers: Vec::new(), body: body.into() }
    }

    /// Adds a header.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }
}

/// What the receiver in Trackpilots' documentation answers to a right signature.
pub const DOCUMENTED_OK: &str = "Webhook received and processed successfully";
/// … when either header is absent (400).
pub const DOCUMENTED_MISSING: &str = "Missing signature";
/// … when the signature is wrong (401).
pub const DOCUMENTED_INVALID: &str = "Invalid signature";

/// The ready-made answers of the interface's picker, in its order.
#[must_use]
pub fn presets() -> Vec<Reply> {
    vec![
        Reply::text(200, DOCUMENTED_OK),
        Reply::text(201, "Created"),
        Reply::text(204, ""),
        Reply::text(400, DOCUMENTED_MISSING),
        Reply::text(401, DOCUMENTED_INVALID),
        Reply::text(404, "Not Found"),
        Reply::text(409, "Conflict"),
        Reply::text(410, "Gone"),
        Reply::text(429, "Too Many Requests").with_header("retry-after", "30"),
        Reply::text(500, "Internal Server Error"),
        Reply::text(502, "Bad Gateway"),
        Reply::text(503, "Service Unavailable"),
    ]
}

/// How the next deliveries are answered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum AnswerPolicy {
    /// As the documented receiver does: by the verdict.
    #[default]
    Auto,
    /// Always the same.
    Fixed(Reply),
}

impl AnswerPolicy {
    /// The answer to a delivery, with the name of the rule that chose it.
    #[must_use]
    pub fn choose(&self, intake: &Intake, verdict: Verdict) -> (Reply, String) {
        if let Some(refusal) = refusal(intake) {
            return refusal;
        }
        match self {
            Self::Auto => (auto(verdict), "auto".to_owned()),
            Self::Fixed(reply) => (reply.clone(), format!("fixed {}", reply.status)),
        }
    }
}

/// What is not a whole request is answered so under every policy.
fn refusal(intake: &Intake) -> Option<(Reply, String)> {
    match intake {
        Intake::Complete => None,
        Intake::TooLarge(reason) => {
            Some((Reply::text(413, format!("Content Too Large: {reason}")), "limit".to_owned()))
        }
        Intake::Truncated(reason) | Intake::Incomplete(reason) | Intake::Malformed(reason) => {
            Some((Reply::text(400, format!("Bad Request: {reason}")), intake.name().to_owned()))
        }
    }
}

/// Without a secret nothing can be verified, so nothing is called right: the sender gets what the
/// documented receiver gives to a signature that it cannot confirm. Nothing of the diagnosis ever
/// reaches the sender.
fn auto(verdict: Verdict) -> Reply {
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

/// The text is no answer rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPolicy {
    /// Neither `auto` nor a status.
    #[error(
        "'{0}' is no answer: expected auto, or a status such as 503, or a status and a body such as '503 try later'"
    )]
    Unknown(String),
    /// A number that HTTP does not allow as a final status.
    #[error("{0} is no status that can be answered: expected 200 to 599")]
    Status(u16),
    /// A body where HTTP forbids one.
    #[error("a {0} answer has no body (RFC 9110, section 6.4.1)")]
    Bodyless(u16),
}

impl FromStr for AnswerPolicy {
    type Err = InvalidPolicy;

    /// Reads `auto`, `503`, or `503 a body`. A status without a body gets the body of the preset of
    /// that status, and its headers.
    fn from_str(text: &str) -> Result<Self, InvalidPolicy> {
        let text = text.trim();
        if text.eq_ignore_ascii_case("auto") {
            return Ok(Self::Auto);
        }
        let (number, body) = text.split_once(' ').map_or((text, None), |(number, body)| (number, Some(body)));
        let unknown = || InvalidPolicy::Unknown(crate::text::visible(text).into_owned());
        if number.len() != 3 {
            return Err(unknown());
        }
        let status: u16 = number.parse().map_err(|_| unknown())?;
        if !(200..=599).contains(&status) {
            return Err(InvalidPolicy::Status(status));
        }
        let preset = presets().into_iter().find(|preset| preset.status == status);
        let mut reply = preset.unwrap_or_else(|| Reply::text(status, ""));
        if let Some(body) = body {
            if matches!(status, 204 | 205 | 304) {
                return Err(InvalidPolicy::Bodyless(status));
            }
            reply.body = Bytes::from(body.trim().to_owned());
        }
        Ok(Self::Fixed(reply))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

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
        let policy: AnswerPolicy = "503".parse().unwrap();
        let (reply, rule) = policy.choose(&Intake::Complete, Verdict::Verified);
        assert_eq!((reply.status, rule.as_str()), (503, "fixed 503"));
        let (reply, rule) = policy.choose(&Intake::TooLarge("over 1 MiB".to_owned()), Verdict::NotJudged);
        assert_eq!((reply.status, rule.as_str()), (413, "limit"));
    }

    #[test]
    fn rules_are_read() {
        assert_eq!("auto".parse(), Ok(AnswerPolicy::Auto));
        let Ok(AnswerPolicy::Fixed(reply)) = "429".parse() else { panic!() };
        assert_eq!(reply.headers, [("retry-after".to_owned(), "30".to_owned())]);
        let Ok(AnswerPolicy::Fixed(reply)) = "503 come back later".parse() else { panic!() };
        assert_eq!(reply.body, "come back later");
        let Ok(AnswerPolicy::Fixed(reply)) = "418".parse() else { panic!() };
        assert_eq!(reply.body, "");
    }

    #[rstest]
    #[case("", InvalidPolicy::Unknown(String::new()))]
    #[case("ok", InvalidPolicy::Unknown("ok".to_owned()))]
    #[case("+50", InvalidPolicy::Status(50))]
    #[case("100", InvalidPolicy::Status(100))]
    #[case("600", InvalidPolicy::Status(600))]
    #[case("204 body", InvalidPolicy::Bodyless(204))]
    fn impossible_rules_are_refused(#[case] text: &str, #[case] error: InvalidPolicy) {
        assert_eq!(text.parse::<AnswerPolicy>(), Err(error));
    }
}
