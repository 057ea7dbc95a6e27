//! A response before it is written, and the ready-made ones.

use bytes::Bytes;

/// A response before it is written: status, headers of its own, body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// Headers besides `content-length`, `date` and `connection`. Without a `content-type` here, a body
    /// is sent as plain text.
    pub headers: Vec<(String, String)>,
    /// The body.
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

    /// The headers as they are sent, but for the `date` before them: those that frame the answer, then its own.
    #[must_use]
    pub fn sent_headers(&self) -> Vec<(String, String)> {
        let mut headers = Vec::with_capacity(self.headers.len() + 2);
        if !self.body.is_empty() && self.header("content-type").is_none() {
            headers.push(("content-type".to_owned(), "text/plain; charset=utf-8".to_owned()));
        }
        // RFC 9110, section 8.6: none with 204, and with 304 only that of the answer with 200, which nobody knows.
        if !matches!(self.status, 204 | 304) {
            headers.push(("content-length".to_owned(), self.body.len().to_string()));
        }
        headers.extend(self.headers.iter().cloned());
        headers
    }

    /// The first value of the header `name`, in any letter case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(held, _)| held.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
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

/// The ready-made answer of this status; an empty one where there is none.
#[must_use]
pub fn preset(status: u16) -> Reply {
    presets().into_iter().find(|preset| preset.status == status).unwrap_or_else(|| Reply::text(status, ""))
}

/// Whether HTTP allows no body with this status (RFC 9110, section 6.4.1).
#[must_use]
pub const fn is_bodyless(status: u16) -> bool {
    matches!(status, 204 | 205 | 304)
}
