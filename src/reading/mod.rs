//! A captured delivery, read: its body opened, its event by the contract, and where its ids stood
//! before.

mod recall;

pub use recall::{Recall, Seen, Sightings};

use crate::config::Registry;
use crate::delivery::{Delivery, RequestHead, TimestampUnit};
use crate::payload::body::{Body, Kind, Opened};
use crate::payload::contract::{self, Circumstances, EventReport};
use crate::payload::json::{Fault, Pretty};
use crate::signature::SigningKind;

/// What is understood of a delivery's body.
#[derive(Debug, Clone)]
pub struct Reading {
    /// What the body is, inflated and decoded.
    pub body: Body,
    /// The event in the documentation's terms; `None` when it is none, or its webhook is signed
    /// otherwise than Trackpilots signs.
    pub event: Option<EventReport>,
}

impl Reading {
    /// Whether the body is shown as the lines that it is.
    #[must_use]
    pub fn is_lines(&self) -> bool {
        matches!(self.body.kind, Kind::Text | Kind::JsonLines(_))
    }

    /// Reads a delivery, and its JSON in rows. Takes time in proportion to the inflated body.
    pub fn of(delivery: &Delivery, head: &RequestHead, registry: &Registry) -> (Self, Result<Pretty, Fault>) {
        let opened = Opened::of(head, delivery.body.clone());
        let pretty = Pretty::new(opened.bytes.clone());
        let body = opened.describe(pretty.as_ref().err());
        let route = registry.route(&head.target);
        let webhook = route.webhook;
        let about = Circumstances {
            header: delivery.summary.judgement.timestamp.as_ref(),
            received_at: Some(delivery.summary.received_at),
            content_type: Some(head.value("content-type").map(|value| &value[..])),
            header_unit: webhook.map(|webhook| match webhook.kind {
                SigningKind::Developer => TimestampUnit::Seconds,
                SigningKind::Reseller => TimestampUnit::Milliseconds,
            }),
            events: webhook.map_or(&[], |webhook| &webhook.events),
        };
        let event = if route.scheme.is_plain() { contract::report(&body.bytes, &about) } else { None };
        (Self { body, event }, pretty)
    }
}
