//! What was sent back to the sender.

use std::time::Duration;

use bytes::Bytes;

use super::ChosenBy;

/// How the exchange ended from our side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The response was handed to the connection.
    Sent,
    /// The sender hung up before there was a whole answer.
    SenderGone,
    /// The connection was closed on purpose before the first byte.
    Dropped,
    /// It was closed on purpose within the answer.
    Cut,
    /// It was reset (RST) on purpose.
    Reset,
    /// The body was sent in pieces, slowly, on purpose.
    Trickled,
    /// The `Content-Length` was wrong on purpose.
    WrongLength,
    /// The upstream server stopped within its answer, or went on past the limit: what was passed on of it
    /// ends there as well.
    CutUpstream,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 8] = [
        Self::Sent,
        Self::SenderGone,
        Self::Dropped,
        Self::Cut,
        Self::Reset,
        Self::Trickled,
        Self::WrongLength,
        Self::CutUpstream,
    ];

    /// Whether the answer failed on purpose.
    #[must_use]
    pub fn is_on_purpose(self) -> bool {
        !matches!(self, Self::Sent | Self::SenderGone | Self::CutUpstream)
    }

    /// What a person reads.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::SenderGone => "the sender hung up",
            Self::Dropped => "closed before the first byte, on purpose",
            Self::Cut => "closed in the middle of the answer, on purpose",
            Self::Reset => "reset, on purpose",
            Self::Trickled => "sent slowly, on purpose",
            Self::WrongLength => "sent with a wrong length, on purpose",
            Self::CutUpstream => "cut off: the upstream server stopped early, or the limit was reached",
        }
    }

    /// The stable name that the store uses.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::SenderGone => "sender_gone",
            Self::Dropped => "dropped",
            Self::Cut => "cut",
            Self::Reset => "reset",
            Self::Trickled => "trickled",
            Self::WrongLength => "wrong_length",
            Self::CutUpstream => "cut_upstream",
        }
    }

    /// The outcome that [`Outcome::code`] names.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.code() == code)
    }
}

/// An answer as kept with its delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// How the exchange ended.
    pub outcome: Outcome,
    /// The HTTP status; 0 when no whole status was sent.
    pub status: u16,
    /// The interim answers (1xx) that were sent before this one, exactly as written; empty when there
    /// were none.
    pub interim: Bytes,
    /// The response headers in the order in which they were sent, each value as its bytes went out.
    pub headers: Vec<(String, Bytes)>,
    /// The response body; of one that was passed on from an upstream server, as far as it is kept.
    pub body: Bytes,
    /// Bytes of the body that were sent, kept or not.
    pub body_bytes: u64,
    /// What chose it.
    pub rule: ChosenBy,
    /// From the head's last byte to the response being handed to the connection.
    pub latency: Duration,
}

impl Answer {
    /// The part that a list row shows.
    #[must_use]
    pub fn facts(&self) -> AnswerFacts {
        AnswerFacts { outcome: self.outcome, status: self.status, rule: self.rule.clone(), latency: self.latency }
    }

    /// The interim answers before it in words, such as `100 Continue`; `None` when there were none.
    #[must_use]
    pub fn interim_words(&self) -> Option<String> {
        let text = String::from_utf8_lossy(&self.interim);
        let statuses: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("HTTP/1.1 ")).collect();
        (!statuses.is_empty()).then(|| statuses.join(", "))
    }
}

/// The part of an [`Answer`] that a list row shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerFacts {
    /// How the exchange ended.
    pub outcome: Outcome,
    /// The HTTP status; 0 when nothing was sent.
    pub status: u16,
    /// What chose it.
    pub rule: ChosenBy,
    /// As in [`Answer::latency`].
    pub latency: Duration,
}
