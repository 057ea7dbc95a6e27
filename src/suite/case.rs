//! What a suite holds: requests, how each is signed, and what is expected of the response.

use bytes::Bytes;
use jiff::Timestamp;

use super::expect::Expectations;
use crate::http::{Head, HeaderLine, NoRequest, Outgoing, Target};
use crate::signature::SigningKind;

/// Captured deliveries as tests of a server, in their order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Suite {
    /// The cases; no two have one name.
    pub cases: Vec<SuiteCase>,
}

/// One delivery, and what a server must respond to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuiteCase {
    /// Its name: a line of visible text.
    pub name: String,
    /// When the delivery was captured.
    pub received_at: Option<Timestamp>,
    /// How it is signed when it is sent.
    pub signing: SuiteSigning,
    /// What is sent.
    pub request: SuiteRequest,
    /// What must come back.
    pub expect: Expectations,
}

/// How a case is signed when it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SuiteSigning {
    /// Under the timestamp of that moment, with a secret of whoever runs it.
    Resign(ResignAs),
    /// With the headers of the capture, and so its timestamp: what was wrong with it stays wrong.
    AsReceived,
}

/// As what a case is re-signed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ResignAs {
    /// The webhook that it came to, by its configured name.
    pub webhook: Option<String>,
    /// The scheme by its name; `None` for the webhook's own, which has none.
    pub scheme: Option<String>,
    /// The unit of the timestamp, where the scheme has none of its own.
    pub kind: SigningKind,
    /// The label of the secret, where it is not the webhook's first.
    pub secret: Option<String>,
}

/// A request as it is kept in a suite: what of a capture goes out again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuiteRequest {
    /// The method, a token (RFC 9110, section 9.1).
    pub method: String,
    /// The request target as received.
    pub target: Bytes,
    /// The header lines as received, in their order.
    pub headers: Vec<HeaderLine>,
    /// The body after transfer decoding.
    pub body: Bytes,
}

impl Suite {
    /// The case of this name.
    #[must_use]
    pub fn case(&self, name: &str) -> Option<&SuiteCase> {
        self.cases.iter().find(|case| case.name == name)
    }
}

impl SuiteRequest {
    /// Request line and header lines, the final empty line included.
    #[must_use]
    pub fn head(&self) -> Head {
        let mut head = Vec::with_capacity(256);
        for part in [self.method.as_bytes(), b" ", &self.target, b" HTTP/1.1\r\n"] {
            head.extend_from_slice(part);
        }
        for line in &self.headers {
            head.extend_from_slice(line.bytes());
            head.extend_from_slice(b"\r\n");
        }
        head.extend_from_slice(b"\r\n");
        Head::from(head)
    }

    /// The request for `target`, as a replay of the capture makes it; one that came in chunks has its length instead.
    ///
    /// # Errors
    ///
    /// [`NoRequest`] when no server can be asked for it.
    pub fn outgoing(&self, target: &Target) -> Result<Outgoing, NoRequest> {
        Outgoing::of_capture(&self.head(), self.body.clone(), None, target).map(|(request, _)| request)
    }
}
