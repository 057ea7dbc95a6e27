//! Why there is no response: what was tried, on what, and what to do next.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

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

impl Failure {
    /// Whether it happened before a byte of the request was sent.
    #[must_use]
    pub fn is_before_sending(&self) -> bool {
        const BEFORE: [&str; 6] =
            ["name_not_resolved", "refused", "unreachable", "tls", "timeout_connect", "timeout_tls"];
        BEFORE.contains(&self.code.as_str())
    }
}

/// The part of a sending that time ran out in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SendStage {
    /// Finding the host's addresses and connecting to one.
    Connect,
    /// The TLS handshake.
    Tls,
    /// Writing the request.
    Request,
    /// Waiting for the response's first byte.
    FirstByte,
    /// Reading the response's head.
    Head,
}

impl SendStage {
    /// The stable name, after `timeout_`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Request => "request",
            Self::FirstByte => "first_byte",
            Self::Head => "head",
        }
    }
}

impl fmt::Display for SendStage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Connect => "no connection",
            Self::Tls => "no TLS handshake",
            Self::Request => "the endpoint did not read the whole request",
            Self::FirstByte => "the endpoint read the request but did not respond",
            Self::Head => "the response's head did not end",
        })
    }
}

/// Why TLS failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TlsFault {
    /// No trusted authority has signed the certificate.
    #[error("its certificate is self-signed, or signed by an untrusted authority")]
    UnknownIssuer,
    /// The certificate has expired.
    #[error("its certificate has expired")]
    Expired,
    /// The certificate is not valid yet.
    #[error("its certificate is not valid yet")]
    NotYetValid,
    /// The certificate is for another name.
    #[error("its certificate is for another name")]
    WrongName,
    /// Any other fault of the certificate.
    #[error("its certificate is invalid: {0}")]
    Certificate(String),
    /// The peer does not speak TLS.
    #[error("it does not speak TLS")]
    NotTls,
    /// The connection ended in the handshake.
    #[error("it closed the connection during the handshake")]
    Closed,
    /// The endpoint refused, or anything else.
    #[error("{0}")]
    Other(String),
}

impl TlsFault {
    fn advice(&self) -> &'static str {
        match self {
            Self::UnknownIssuer => {
                "give its authority's certificate with --ca-file FILE (for a self-signed one, the certificate \
                itself); --insecure disables verification"
            }
            Self::Expired => "renew the certificate; --insecure disables verification",
            Self::NotYetValid => "check the clocks of both machines",
            Self::WrongName => "use the name that the certificate is for; --insecure disables verification",
            Self::Certificate(_) => "check the certificate; --insecure disables verification",
            Self::NotTls => "use http:// instead of https://, or the port that speaks TLS",
            Self::Closed | Self::Other(_) => "check the endpoint's logs and the TLS versions that it accepts",
        }
    }
}

/// Why there is no response. Its text says what was tried and what happened; [`SendError::advice`]
/// what to do next. Both are visible text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The name does not resolve.
    #[error("cannot resolve {host}: {reason}")]
    NameNotResolved {
        /// The name.
        host: String,
        /// The system's reason.
        reason: String,
    },
    /// The connection was refused.
    #[error("cannot connect to {peer}: connection refused")]
    Refused {
        /// The address.
        peer: SocketAddr,
    },
    /// The address is unreachable.
    #[error("cannot connect to {peer}: {reason}")]
    Unreachable {
        /// The address.
        peer: SocketAddr,
        /// The system's reason.
        reason: String,
    },
    /// TLS failed.
    #[error("TLS handshake with {host} failed: {fault}")]
    Tls {
        /// The host.
        host: String,
        /// Why.
        fault: TlsFault,
    },
    /// A timeout.
    #[error("{stage} within {} ms", after.as_millis())]
    Timeout {
        /// In which part.
        stage: SendStage,
        /// The limit of that part.
        after: Duration,
    },
    /// What came back is not an HTTP/1 response.
    #[error("not an HTTP/1 response: {reason}")]
    NotHttp {
        /// What is wrong with it.
        reason: String,
    },
    /// The head of the response is ambiguous or malformed.
    #[error("the response's head is malformed: {reason}")]
    MalformedHead {
        /// What is wrong with it.
        reason: String,
    },
    /// The head of the response is too long.
    #[error("the response's head is longer than {limit} bytes")]
    HeadTooLong {
        /// The limit.
        limit: usize,
    },
    /// The connection ended before there was a response.
    #[error("the endpoint closed the connection without a response{}",
        if *.written { "" } else { ", before it had the whole request" })]
    ClosedEarly {
        /// Whether the whole request had been written.
        written: bool,
    },
    /// The body that was to be sent cannot be read any more.
    #[error("cannot read the body to send: {reason}")]
    Unreadable {
        /// The system's reason.
        reason: String,
    },
    /// The person cancelled it.
    #[error("cancelled")]
    Cancelled,
}

impl SendError {
    /// The stable name that the store and JSON output use.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NameNotResolved { .. } => "name_not_resolved",
            Self::Refused { .. } => "refused",
            Self::Unreachable { .. } => "unreachable",
            Self::Tls { .. } => "tls",
            Self::Timeout { stage: SendStage::Connect, .. } => "timeout_connect",
            Self::Timeout { stage: SendStage::Tls, .. } => "timeout_tls",
            Self::Timeout { stage: SendStage::Request, .. } => "timeout_request",
            Self::Timeout { stage: SendStage::FirstByte, .. } => "timeout_first_byte",
            Self::Timeout { stage: SendStage::Head, .. } => "timeout_head",
            Self::NotHttp { .. } => "not_http",
            Self::MalformedHead { .. } => "malformed_head",
            Self::HeadTooLong { .. } => "head_too_long",
            Self::ClosedEarly { .. } => "closed_early",
            Self::Unreadable { .. } => "unreadable",
            Self::Cancelled => "cancelled",
        }
    }

    /// What to do next.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        match self {
            Self::NameNotResolved { .. } => "check the host name; a free tunnel's name changes with each run",
            Self::Refused { .. } => "start the server, or check the port",
            Self::Unreachable { .. } => "check the address and the network",
            Self::Tls { fault, .. } => fault.advice(),
            Self::Timeout { stage: SendStage::Connect | SendStage::Tls, .. } => {
                "check the address, the port and firewalls"
            }
            Self::Timeout { .. } => "let the endpoint answer before it does its work, or wait longer with --timeout",
            Self::NotHttp { .. } | Self::HeadTooLong { .. } => "check which program listens on that port",
            Self::MalformedHead { .. } => "fix what writes that head: other clients may read a different response",
            Self::ClosedEarly { .. } => "check the endpoint's logs: it may have crashed, or it limits the body size",
            Self::Unreadable { .. } => "check the store's folder and its disk",
            Self::Cancelled => "send it again at any time",
        }
    }

    /// The facts of it that are kept.
    #[must_use]
    pub fn failure(&self) -> Failure {
        Failure { code: self.code().to_owned(), message: self.to_string(), advice: self.advice().to_owned() }
    }
}
