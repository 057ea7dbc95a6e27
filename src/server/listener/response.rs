//! A reply as it goes over the wire.

use std::time::SystemTime;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode};
use tokio::time::Instant;

use crate::delivery::{Answer, ChosenBy, Outcome};
use crate::http::framing::RequestFraming;
use crate::rules::{Reply, is_bodyless};

/// A header's name, and its value as its bytes go out.
pub(super) type ResponseHeader = (String, Bytes);

/// How a response ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ending {
    /// No more requests are taken from the connection.
    pub(super) close: bool,
    /// HTTP/1.0 must be told that the connection stays (RFC 9112, section 9.3).
    tell_to_stay: bool,
    /// The request was HEAD: the headers of a body, without the body (RFC 9110, section 9.3.2).
    without_body: bool,
    /// The sender knows chunks, as HTTP/1.1 does.
    pub(super) knows_chunks: bool,
}

impl Ending {
    /// Closes the connection.
    pub(super) const CLOSE: Self = Self { close: true, tell_to_stay: false, without_body: false, knows_chunks: false };

    /// As the request asks for, or closing when `close` demands it.
    pub(super) fn of(request: &RequestFraming, close: bool) -> Self {
        let close = close || !request.keep_alive;
        Self {
            close,
            tell_to_stay: !close && request.version == 0,
            without_body: request.is_head,
            knows_chunks: request.version > 0,
        }
    }

    /// What `Connection` has to say; nothing in the usual case.
    pub(super) fn option(self) -> Option<ResponseHeader> {
        let option = match self {
            Self { close: true, .. } => "close",
            Self { tell_to_stay: true, .. } => "keep-alive",
            _ => return None,
        };
        Some(("connection".to_owned(), Bytes::from_static(option.as_bytes())))
    }
}

/// A response that is ready to be written.
#[derive(Debug)]
pub(super) struct Response {
    /// Head and body.
    pub(super) wire: Bytes,
    /// The headers as they are kept with the delivery.
    pub(super) headers: Vec<ResponseHeader>,
}

/// Makes a reply's response.
pub(super) fn response(reply: &Reply, ending: Ending) -> Response {
    let headers = headers(reply, ending);
    let mut wire = head(reply.status, &headers);
    wire.extend_from_slice(&sent_body(reply, ending));
    Response { wire: wire.into(), headers }
}

/// What is sent after the head.
pub(super) fn sent_body(reply: &Reply, ending: Ending) -> Bytes {
    if ending.without_body || is_bodyless(reply.status) { Bytes::new() } else { reply.body.clone() }
}

/// A reply's headers as they are sent now, and kept.
pub(super) fn headers(reply: &Reply, ending: Ending) -> Vec<ResponseHeader> {
    let mut headers = Vec::with_capacity(4 + reply.headers.len());
    headers.push(("date".to_owned(), httpdate::fmt_http_date(SystemTime::now()).into()));
    // Both halves were checked where the reply was made; an impossible one is left out.
    let own = reply.sent_headers().into_iter().map(|(name, value)| (name, Bytes::from(value)));
    headers.extend(own.filter(|(name, value)| is_header(name, value)));
    headers.extend(ending.option());
    headers
}

/// Whether this can be sent as a header.
pub(super) fn is_header(name: &str, value: &[u8]) -> bool {
    HeaderName::try_from(name).is_ok() && HeaderValue::from_bytes(value).is_ok()
}

fn status_code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// What a status means, in the words of its registry: `Bad Request`.
pub(super) fn reason_phrase(status: u16) -> &'static str {
    status_code(status).canonical_reason().unwrap_or("Error")
}

/// A response's head.
pub(super) fn head(status: u16, headers: &[ResponseHeader]) -> Vec<u8> {
    let code = status_code(status);
    let mut wire = Vec::with_capacity(512);
    let reason = code.canonical_reason().unwrap_or_default();
    wire.extend_from_slice(format!("HTTP/1.1 {} {reason}\r\n", code.as_str()).as_bytes());
    push_fields(&mut wire, headers);
    wire
}

/// Writes header lines, and the empty one after them.
pub(super) fn push_fields(wire: &mut Vec<u8>, headers: &[ResponseHeader]) {
    for (name, value) in headers {
        wire.extend_from_slice(name.as_bytes());
        wire.extend_from_slice(b": ");
        wire.extend_from_slice(value);
        wire.extend_from_slice(b"\r\n");
    }
    wire.extend_from_slice(b"\r\n");
}

/// The record of an answer with this body, should all of it reach the sender.
pub(super) fn answered(
    status: u16,
    headers: Vec<ResponseHeader>,
    body: Bytes,
    rule: ChosenBy,
    since: Instant,
) -> Answer {
    Answer {
        outcome: Outcome::Sent,
        status,
        interim: Bytes::new(),
        headers,
        body_bytes: body.len() as u64,
        body,
        rule,
        latency: since.elapsed(),
    }
}

/// The record of an answer that nobody was there for.
pub(super) fn unanswered(rule: ChosenBy, since: Instant) -> Answer {
    Answer { outcome: Outcome::SenderGone, ..answered(0, Vec::new(), Bytes::new(), rule, since) }
}
