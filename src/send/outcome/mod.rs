//! The result of an attempt: the facts that are stored, their classes and their words.

mod report;

use std::fmt::Write as _;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;

pub use self::report::{attempt_json, attempt_text, opened_response, summary_json};

use crate::delivery::{Attempt, AttemptKind, AttemptMode, DeliveryId};
use crate::http::{Failure, Head, HeaderField, Latency, Outgoing, Sent, Target};
use crate::signature::{Scheme, hashed_url};
use crate::text::units::milliseconds;
use crate::text::{visible, visible_bytes};

/// Where a request came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// The delivery that it was made from.
    pub delivery: Option<DeliveryId>,
    /// Why it is sent.
    pub kind: AttemptKind,
    /// How it came about.
    pub mode: AttemptMode,
}

/// The facts of a sending, to be kept and shown. `original` is the body of the delivery that it was
/// made from: one that was sent unchanged is not kept twice.
#[must_use]
pub fn attempt(origin: Origin, target: &Target, request: &Outgoing, original: Option<&Bytes>, sent: Sent) -> Attempt {
    Attempt {
        delivery: origin.delivery,
        kind: origin.kind,
        mode: origin.mode,
        at: sent.at,
        target: url_of(target, &request.target),
        peer: sent.peer.map(|peer| peer.to_string()),
        head: request.head(),
        body: (original != Some(&request.body)).then(|| request.body.clone()),
        body_bytes: request.body.len() as u64,
        latency: sent.latency,
        result: sent.result.map_err(|error| error.failure()),
    }
}

/// The facts of a sending whose body was the `length` bytes of the delivery that it was made from.
#[must_use]
pub fn attempt_of_stored(origin: Origin, target: &Target, request: &Outgoing, length: u64, sent: Sent) -> Attempt {
    Attempt { body: None, body_bytes: length, ..attempt(origin, target, request, None, sent) }
}

/// What was not sent to `target`, and why.
#[must_use]
pub fn attempt_not_made(origin: Origin, target: &str, failure: Failure) -> Attempt {
    Attempt {
        delivery: origin.delivery,
        kind: origin.kind,
        mode: origin.mode,
        at: Timestamp::now(),
        target: visible(target).into_owned(),
        peer: None,
        head: Head::default(),
        body: None,
        body_bytes: 0,
        latency: Latency::default(),
        result: Err(failure),
    }
}

/// The URL that a request with the target `path` goes to, made visible: a target without a path leaves it to the request.
#[must_use]
pub fn url_of(target: &Target, path: &[u8]) -> String {
    if target.has_path() || !path.starts_with(b"/") {
        return target.to_string();
    }
    format!("{target}{}", visible_bytes(path))
}

/// What a status means, for its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StatusClass {
    /// 2xx.
    Success,
    /// 3xx; not followed.
    Redirect,
    /// 4xx.
    ClientError,
    /// 5xx.
    ServerError,
    /// Anything else.
    Other,
}

impl StatusClass {
    /// The class of `status`.
    #[must_use]
    pub fn of(status: u16) -> Self {
        match status {
            200..=299 => Self::Success,
            300..=399 => Self::Redirect,
            400..=499 => Self::ClientError,
            500..=599 => Self::ServerError,
            _ => Self::Other,
        }
    }

    /// The stable name that JSON output uses.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Redirect => "redirect",
            Self::ClientError => "client_error",
            Self::ServerError => "server_error",
            Self::Other => "other",
        }
    }
}

/// The documented errors of a simulation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DocumentedError {
    /// The webhook was taken away after it was picked.
    WebhookNotFound,
    /// The webhook does not subscribe to the event.
    EventNotRegistered,
    /// The simulator itself cannot work.
    ServiceUnavailable,
    /// The endpoint cannot be reached.
    NetworkError,
    /// Anything else.
    SimulationFailed,
}

impl DocumentedError {
    /// The error of an attempt; `None` when it was delivered, or cancelled.
    #[must_use]
    pub fn of(attempt: &Attempt) -> Option<Self> {
        match &attempt.result {
            Ok(reply) if reply.is_whole_success() => None,
            Ok(_) => Some(Self::SimulationFailed),
            Err(failure) if failure.code == "cancelled" => None,
            Err(_) => Some(Self::NetworkError),
        }
    }

    /// As the documentation shows it.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::WebhookNotFound => "Webhook not found",
            Self::EventNotRegistered => "Event type not registered",
            Self::ServiceUnavailable => "Service unavailable",
            Self::NetworkError => "Network error",
            Self::SimulationFailed => "Simulation failed",
        }
    }

    /// The status that the documentation gives it.
    #[must_use]
    pub fn status(self) -> Option<u16> {
        match self {
            Self::WebhookNotFound => Some(404),
            Self::EventNotRegistered => Some(400),
            Self::ServiceUnavailable => Some(503),
            Self::NetworkError | Self::SimulationFailed => None,
        }
    }

    /// What it means.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::WebhookNotFound => "no webhook of that name is configured (any more)",
            Self::EventNotRegistered => "the webhook does not subscribe to this event",
            Self::ServiceUnavailable => "the simulator is unavailable; try again",
            Self::NetworkError => "the endpoint cannot be reached",
            Self::SimulationFailed => "check the endpoint's logs",
        }
    }
}

/// The signature and timestamp headers as sent.
#[must_use]
pub fn delivery_headers(attempt: &Attempt, scheme: &Scheme) -> Vec<HeaderField> {
    let names = [Some(scheme.timestamp_header()), scheme.id_header()];
    let is_one = |field: &HeaderField| {
        scheme.signature.is_header(&field.name)
            || names.iter().flatten().any(|name| field.name.eq_ignore_ascii_case(name.as_bytes()))
    };
    attempt.head.fields().filter(is_one).collect()
}

/// The URL in what this program has signed of an attempt; `None` where it has signed none.
#[must_use]
fn signed_url(attempt: &Attempt, scheme: &Scheme) -> Option<String> {
    use AttemptMode::{Edited, Forged, Made, Resigned};
    let is_signed = matches!(attempt.mode, Edited | Forged | Made | Resigned);
    let target: Target = attempt.target.parse().ok().filter(|_| is_signed)?;
    hashed_url(&scheme.sent_to(&target), &attempt.head)
}

/// `404 Not Found`, `302 Found, not followed: https://…`, `–`. Visible text.
#[must_use]
pub fn status_words(attempt: &Attempt) -> String {
    let Ok(reply) = &attempt.result else { return "–".to_owned() };
    let head = &reply.head;
    let mut words = reply.status.to_string();
    if !head.reason().is_empty() {
        let _ = write!(words, " {}", visible_bytes(head.reason()));
    }
    if StatusClass::of(reply.status) == StatusClass::Redirect {
        words.push_str(", not followed");
        if let Some(location) = head.values("Location").next() {
            let _ = write!(words, ": {}", visible_bytes(location));
        }
    }
    words
}

/// The whole latency in milliseconds, and its parts.
#[must_use]
pub fn latency_words(latency: &Latency) -> String {
    let part = |name: &str, time: Option<Duration>| time.map(|time| format!("{name} {:.1}", milliseconds(time)));
    let parts: Vec<String> =
        [part("connect", latency.connect), part("TLS", latency.tls), part("first byte", latency.first_byte)]
            .into_iter()
            .flatten()
            .collect();
    let total = format!("{:.1} ms", milliseconds(latency.total));
    if parts.is_empty() { total } else { format!("{total} ({})", parts.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_a_class() {
        for (status, class) in
            [(200, "success"), (302, "redirect"), (404, "client_error"), (599, "server_error"), (700, "other")]
        {
            assert_eq!(StatusClass::of(status).code(), class);
        }
    }
}
