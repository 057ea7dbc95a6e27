//! One sending of a request by this program, and its result: a replay, a forward, a simulation.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;

use super::{DeliveryId, ResponseHead};

/// An attempt's number in its store: ascending in the order in which attempts were kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttemptId(pub i64);

impl fmt::Display for AttemptId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // With the width that is asked for, unlike write!.
        self.0.fmt(formatter)
    }
}

/// Why a request was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AttemptKind {
    /// A captured delivery, sent again.
    Replay,
    /// A delivery forwarded to the upstream server, while its sender waits.
    Forward,
    /// A made-up event.
    Simulation,
}

impl AttemptKind {
    const ALL: [Self; 3] = [Self::Replay, Self::Forward, Self::Simulation];

    /// The stable name that the store and JSON output use.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Replay => "replay",
            Self::Forward => "forward",
            Self::Simulation => "simulation",
        }
    }

    /// The kind that [`AttemptKind::code`] names.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// How the request was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AttemptMode {
    /// The captured bytes and signature headers.
    AsCaptured,
    /// Every byte as received, whatever it was.
    Exact,
    /// The captured body under a fresh timestamp and signature.
    Resigned,
    /// Another body, re-signed.
    Edited,
    /// Another body under the captured signature headers, which no longer fit.
    EditedUnsigned,
    /// Made by this program.
    Made,
}

impl AttemptMode {
    const ALL: [Self; 6] =
        [Self::AsCaptured, Self::Exact, Self::Resigned, Self::Edited, Self::EditedUnsigned, Self::Made];

    /// The stable name that the store and JSON output use.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::AsCaptured => "as_captured",
            Self::Exact => "exact",
            Self::Resigned => "resigned",
            Self::Edited => "edited",
            Self::EditedUnsigned => "edited_unsigned",
            Self::Made => "made",
        }
    }

    /// The mode that [`AttemptMode::code`] names.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.code() == code)
    }

    /// In words for people.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::AsCaptured => "as captured",
            Self::Exact => "byte for byte",
            Self::Resigned => "re-signed",
            Self::Edited => "edited, re-signed",
            Self::EditedUnsigned => "edited, signature kept",
            Self::Made => "created here",
        }
    }
}

/// How long each part took. What was not reached, or not needed, is `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Latency {
    /// Until connected, the name's resolution included.
    pub connect: Option<Duration>,
    /// The TLS handshake.
    pub tls: Option<Duration>,
    /// From the request's first byte going out to the final response's first byte coming in.
    pub first_byte: Option<Duration>,
    /// From the beginning until the response had ended, or the attempt had failed.
    pub total: Duration,
}

/// How a response's body ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BodyEnd {
    /// Where its framing says.
    Complete,
    /// At the limit of what is kept; the connection was closed then.
    Limit,
    /// The connection ended before it.
    ClosedEarly,
    /// Time was up before it.
    TimedOut,
    /// Its chunks are malformed.
    Malformed,
    /// Whoever it was passed on to took no more of it; the connection was closed then.
    Abandoned,
}

impl BodyEnd {
    const ALL: [Self; 6] =
        [Self::Complete, Self::Limit, Self::ClosedEarly, Self::TimedOut, Self::Malformed, Self::Abandoned];

    /// The stable name that the store and JSON output use.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Limit => "limit",
            Self::ClosedEarly => "closed_early",
            Self::TimedOut => "timed_out",
            Self::Malformed => "malformed",
            Self::Abandoned => "abandoned",
        }
    }

    /// The end that [`BodyEnd::code`] names.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|end| end.code() == code)
    }

    /// In words for people, to follow "the response's body"; empty when it is whole.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Complete => "",
            Self::Limit => "exceeds the limit; only its beginning was read",
            Self::ClosedEarly => "is incomplete: the connection was closed early",
            Self::TimedOut => "timed out; the connection was closed",
            Self::Malformed => "is incomplete: its chunks are malformed",
            Self::Abandoned => "is incomplete: nobody was waiting for it any more",
        }
    }

    /// Whether the kept body is only the beginning of what was to come.
    #[must_use]
    pub fn is_truncated(self) -> bool {
        self != Self::Complete
    }
}

/// What an endpoint responded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The interim answers (1xx) before it, exactly as received; empty when there were none.
    pub interim: Bytes,
    /// Status line and headers exactly as received, the final empty line included.
    pub head: Bytes,
    /// The body after transfer decoding, as far as it is kept.
    pub body: Bytes,
    /// Bytes of the body received, kept or not.
    pub body_bytes: u64,
    /// How the body ended.
    pub end: BodyEnd,
}

impl Reply {
    /// Reads the kept head.
    #[must_use]
    pub fn response_head(&self) -> ResponseHead {
        ResponseHead::parse(&self.head)
    }

    /// Whether the status is one of success, 200 to 299.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// Why there was no response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// A stable name: `refused`, `timeout_connect` …
    pub code: String,
    /// What was tried, on what, and what happened.
    pub message: String,
    /// What to do next.
    pub advice: String,
}

/// A request that was sent, or could not be, and what was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The delivery that it was made from; `None` for a made-up event.
    pub delivery: Option<DeliveryId>,
    /// Why it was sent.
    pub kind: AttemptKind,
    /// How it was made.
    pub mode: AttemptMode,
    /// When it began.
    pub at: Timestamp,
    /// The URL.
    pub target: String,
    /// The address that it was sent to, once connected.
    pub peer: Option<String>,
    /// Request line and headers exactly as sent, the final empty line included.
    pub head: Bytes,
    /// The body as sent; `None` when it is the delivery's own.
    pub body: Option<Bytes>,
    /// Bytes in the body that was sent.
    pub body_bytes: u64,
    /// How long it took.
    pub latency: Latency,
    /// What was received, or why nothing did.
    pub result: Result<Reply, Failure>,
}

impl Attempt {
    /// The status, if there was a response.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.result.as_ref().ok().map(|reply| reply.status)
    }

    /// Whether it was answered with a status of success.
    #[must_use]
    pub fn is_delivered(&self) -> bool {
        self.result.as_ref().is_ok_and(Reply::is_success)
    }
}

/// The part of a kept [`Attempt`] that a row shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptSummary {
    /// Its number.
    pub id: AttemptId,
    /// The delivery that it was made from.
    pub delivery: Option<DeliveryId>,
    /// Why it was sent.
    pub kind: AttemptKind,
    /// How it was made.
    pub mode: AttemptMode,
    /// When it began.
    pub at: Timestamp,
    /// The URL.
    pub target: String,
    /// As [`Latency::total`].
    pub latency: Duration,
    /// The status, or why there is none.
    pub result: Result<u16, Failure>,
}

impl AttemptSummary {
    /// Whether it was answered with a status of success.
    #[must_use]
    pub fn is_delivered(&self) -> bool {
        self.result.as_ref().is_ok_and(|status| (200..300).contains(status))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_back() {
        for kind in AttemptKind::ALL {
            assert_eq!(AttemptKind::from_code(kind.code()), Some(kind));
        }
        for mode in AttemptMode::ALL {
            assert_eq!(AttemptMode::from_code(mode.code()), Some(mode));
        }
        for end in BodyEnd::ALL {
            assert_eq!(BodyEnd::from_code(end.code()), Some(end));
        }
        assert_eq!(AttemptMode::from_code("other"), None);
    }
}
