//! What comes back for a request: how long it took, and the response as far as it is kept.

use std::time::Duration;

use bytes::Bytes;

use super::Head;
use crate::text::grouped;

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
    /// Every end.
    pub const ALL: [Self; 6] =
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

    /// Whether the endpoint, or time, ended it before its end: no whole response came, whatever its status is.
    #[must_use]
    pub fn is_broken_off(self) -> bool {
        matches!(self, Self::ClosedEarly | Self::TimedOut | Self::Malformed)
    }
}

/// What an endpoint responded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpResponse {
    /// The HTTP status.
    pub status: u16,
    /// The interim answers (1xx) before it, exactly as received; empty when there were none.
    pub interim: Bytes,
    /// Status line and headers exactly as received, the final empty line included.
    pub head: Head,
    /// The body after transfer decoding, as far as it is kept.
    pub body: Bytes,
    /// Bytes of the body received, kept or not.
    pub body_bytes: u64,
    /// How the body ended.
    pub end: BodyEnd,
}

impl HttpResponse {
    /// Whether the status is one of success, 200 to 299.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Whether it is one of success, and came whole as far as it was read.
    #[must_use]
    pub fn is_whole_success(&self) -> bool {
        self.is_success() && !self.end.is_broken_off()
    }

    /// What is wrong with its body, as a sentence: `the response was cut off after 3 of 10 bytes`; `None` when nothing is.
    #[must_use]
    pub fn fault(&self) -> Option<String> {
        let came = grouped(self.body_bytes);
        let length = self.head.value("content-length").and_then(|length| std::str::from_utf8(length).ok());
        let announced = length.and_then(|length| length.trim().parse::<u64>().ok());
        let is_chunked = self.head.value("transfer-encoding").is_some();
        let of = match announced.filter(|announced| !is_chunked && *announced > self.body_bytes) {
            Some(announced) => format!("{came} of {} bytes", grouped(announced)),
            None if self.body_bytes == 1 => "1 byte".to_owned(),
            None => format!("{came} bytes"),
        };
        match self.end {
            BodyEnd::ClosedEarly if is_chunked => {
                Some(format!("the response was cut off after {of}, before its last chunk"))
            }
            BodyEnd::ClosedEarly => Some(format!("the response was cut off after {of}")),
            BodyEnd::TimedOut => Some(format!("the response stalled: time ran out after {of} of its body")),
            BodyEnd::Malformed => Some(format!("the response's chunks are malformed after {of}")),
            BodyEnd::Complete | BodyEnd::Limit | BodyEnd::Abandoned => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_back() {
        for end in BodyEnd::ALL {
            assert_eq!(BodyEnd::from_code(end.code()), Some(end));
        }
        assert_eq!(BodyEnd::from_code("other"), None);
    }

    #[test]
    fn a_response_that_did_not_come_whole_says_why() {
        let fault = |fields: &str, body_bytes: u64, end: BodyEnd| {
            let head = Head::from(format!("HTTP/1.1 200 OK\r\n{fields}\r\n"));
            let reply = HttpResponse { status: 200, interim: Bytes::new(), head, body: Bytes::new(), body_bytes, end };
            assert_eq!(reply.is_whole_success(), reply.fault().is_none());
            reply.fault().unwrap_or_default()
        };
        let length = "Content-Length: 1000\r\n";
        let chunked = "Transfer-Encoding: chunked\r\n";
        assert_eq!(fault(length, 3, BodyEnd::ClosedEarly), "the response was cut off after 3 of 1,000 bytes");
        assert_eq!(
            fault(chunked, 1, BodyEnd::ClosedEarly),
            "the response was cut off after 1 byte, before its last chunk"
        );
        assert_eq!(
            fault(length, 0, BodyEnd::TimedOut),
            "the response stalled: time ran out after 0 of 1,000 bytes of its body"
        );
        assert_eq!(fault(chunked, 12, BodyEnd::Malformed), "the response's chunks are malformed after 12 bytes");
        for end in [BodyEnd::Complete, BodyEnd::Limit, BodyEnd::Abandoned] {
            assert_eq!(fault(length, 3, end), "");
        }
    }
}
