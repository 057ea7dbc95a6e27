//! One sending of a request by this program, and its result: a replay, a forward, a simulation.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;

use super::DeliveryId;
use crate::http::{BodyEnd, Failure, Head, HttpResponse, Latency};

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
    /// A question to the upstream server: a copy of a delivery that nobody is to take for one.
    Probe,
}

impl AttemptKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Replay, Self::Forward, Self::Simulation, Self::Probe];

    /// The stable name that the store and JSON output use.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Replay => "replay",
            Self::Forward => "forward",
            Self::Simulation => "simulation",
            Self::Probe => "probe",
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
    /// The captured body under a signature that no secret in use makes.
    Forged,
}

impl AttemptMode {
    /// Every mode.
    pub const ALL: [Self; 7] =
        [Self::AsCaptured, Self::Exact, Self::Resigned, Self::Edited, Self::EditedUnsigned, Self::Made, Self::Forged];

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
            Self::Forged => "forged",
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
            Self::Forged => "with a forged signature",
        }
    }
}

/// A request that was sent, or could not be, and what came back.
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
    pub head: Head,
    /// The body as sent; `None` when it is the delivery's own.
    pub body: Option<Bytes>,
    /// Bytes in the body that was sent.
    pub body_bytes: u64,
    /// How long it took.
    pub latency: Latency,
    /// What was received, or why nothing did.
    pub result: Result<HttpResponse, Failure>,
}

impl Attempt {
    /// The status, if there was a response.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.result.as_ref().ok().map(|reply| reply.status)
    }

    /// Whether it was answered with a status of success, in a response that came whole.
    #[must_use]
    pub fn is_delivered(&self) -> bool {
        self.result.as_ref().is_ok_and(HttpResponse::is_whole_success)
    }

    /// Whether nothing of the request went out, so that nothing was sent.
    #[must_use]
    pub fn is_unsent(&self) -> bool {
        self.result.as_ref().is_err_and(Failure::is_before_sending)
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
    /// How the response's body ended, if there was a response.
    pub end: Option<BodyEnd>,
}

impl AttemptSummary {
    /// As [`Attempt::is_delivered`].
    #[must_use]
    pub fn is_delivered(&self) -> bool {
        let came_whole = !self.end.is_some_and(BodyEnd::is_broken_off);
        came_whole && self.result.as_ref().is_ok_and(|status| (200..300).contains(status))
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
        assert_eq!(AttemptMode::from_code("other"), None);
    }
}
