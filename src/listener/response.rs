//! A reply as it goes over the wire.

use std::time::SystemTime;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode};
use tokio::time::Instant;

use super::framing::RequestFraming;
use crate::answer::{Reply, is_bodyless};
use crate::delivery::{Answer, Outcome};

/// How a response ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ending {
    /// No more requests are taken from the connection.
    pub(super) close: bool,
    /// HTTP/1.0 must be told that the connection stays (RFC 9112, section 9.3).
    tell_to_stay: bool,
    /// The request was HEAD: the headers of a body, without the body (RFC 9110, section 9.3.2).
    without_body: bool,
}

impl Ending {
    /// Closes the connection.
    pub(super) const CLOSE: Self = Self { close: true, tell_to_stay: false, without_body: false };

    /// As the request asks for, or closing when `close` demands it.
    pub(super) fn of(request: &RequestFraming, close: bool) -> Self {
        let close = close || !request.keep_alive;
        Self { close, tell_to_stay: !close && request.version == 0, without_body: request.is_head }
    }

    /// What `Connection` has to say; nothing in the usual case.
    pub(super) fn option(self) -> Option<(String, String)> {
        let option = match self {
            Self { close: true, .. } => "close",
            Self { tell_to_stay: true, .. } => "keep-alive",
            _ => return None,
        };
        Some(("connection".to_owned(), option.to_owned()))
    }
}

/// A response that is ready to be written.
#[derive(Debug)]
pub(super) struct Response {
    /// Head and body.
    pub(super) wire: Bytes,
    /// The headers as they are kept with the delivery.
    pub(super) headers: Vec<(String, String)>,
}

/// Makes a reply's response.
pub(super) fn response(reply: &Reply, ending: Ending) -> Response {
    with_headers(reply.status, headers(reply, ending), &reply.body, ending)
}

/// Makes a response with these headers and no others.
pub(super) fn with_headers(status: u16, headers: Vec<(String, String)>, body: &[u8], ending: Ending) -> Response {
    let mut wire = head(status, &headers);
    if !ending.without_body && !is_bodyless(status) {
        wire.extend_from_slice(body);
    }
    Response { wire: wire.into(), headers }
}

/// A reply's headers as they are sent now, and kept.
pub(super) fn headers(reply: &Reply, ending: Ending) -> Vec<(String, String)> {
    let mut headers = Vec::with_capacity(4 + reply.headers.len());
    headers.push(("date".to_owned(), httpdate::fmt_http_date(SystemTime::now())));
    // Both halves were checked where the reply was made; an impossible one is left out.
    headers.extend(reply.sent_headers().into_iter().filter(|(name, value)| is_header(name, value)));
    headers.extend(ending.option());
    headers
}

/// Whether this can be sent as a header.
pub(super) fn is_header(name: &str, value: &str) -> bool {
    HeaderName::try_from(name).is_ok() && HeaderValue::from_bytes(value.as_bytes()).is_ok()
}

/// A response's head.
pub(super) fn head(status: u16, headers: &[(String, String)]) -> Vec<u8> {
    let code = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut wire = Vec::with_capacity(512);
    let mut push = |parts: &[&str]| parts.iter().for_each(|part| wire.extend_from_slice(part.as_bytes()));
    push(&["HTTP/1.1 ", code.as_str(), " ", code.canonical_reason().unwrap_or_default(), "\r\n"]);
    for (name, value) in headers {
        push(&[name, ": ", value, "\r\n"]);
    }
    push(&["\r\n"]);
    wire
}

/// The record of an answer, should all of it reach the sender.
pub(super) fn answered(reply: &Reply, headers: Vec<(String, String)>, rule: String, since: Instant) -> Answer {
    Answer {
        outcome: Outcome::Sent,
        status: reply.status,
        interim: Bytes::new(),
        headers,
        body: reply.body.clone(),
        rule,
        latency: since.elapsed(),
    }
}

/// The record of an answer that nobody was there for.
pub(super) fn unanswered(rule: String, since: Instant) -> Answer {
    Answer { outcome: Outcome::SenderGone, ..answered(&Reply::text(0, ""), Vec::new(), rule, since) }
}
