//! A captured delivery, read: its body opened, its event by the contract, and where its ids were seen
//! before.

pub mod agreement;
mod candidates;
pub mod diagnosis;
pub mod history;
mod rejudge;
mod sightings;
pub use candidates::{SchemeCandidate, candidates};
pub use rejudge::{JudgedAgain, REJUDGED_ROWS, judge_again};
pub use sightings::{Recall, Seen, Sightings};

use std::sync::Arc;

use crate::config::Registry;
use crate::delivery::{Delivery, TimestampUnit};
use crate::payload::body::Body;
use crate::payload::contract::{self, EventReport, SchemaContext};
use crate::signature::SigningKind;

/// What is understood of a delivery's body.
#[derive(Debug, Clone)]
pub struct Reading {
    /// What the body is, inflated and decoded.
    pub body: Arc<Body>,
    /// The event in the documentation's terms; `None` when it is none, or its webhook is signed
    /// otherwise than Trackpilots signs.
    pub event: Option<EventReport>,
}

impl Reading {
    /// Reads a delivery. Takes time in proportion to the inflated body.
    #[must_use]
    pub fn of(delivery: &Delivery, registry: &Registry) -> Self {
        let body = Body::open(&delivery.head, delivery.body.clone());
        Self { event: event(&body, delivery, registry), body: Arc::new(body) }
    }
}

/// Reads a delivery's event by the contract. Takes time in proportion to the inflated body.
#[must_use]
pub fn event(body: &Body, delivery: &Delivery, registry: &Registry) -> Option<EventReport> {
    let route = registry.route(delivery.head.target());
    let webhook = route.webhook;
    let about = SchemaContext {
        header: delivery.summary.judgement.timestamp.as_ref(),
        received_at: Some(delivery.summary.received_at),
        content_type: Some(delivery.head.value("content-type")),
        header_unit: webhook.map(|webhook| match webhook.kind {
            SigningKind::Developer => TimestampUnit::Seconds,
            SigningKind::Reseller => TimestampUnit::Milliseconds,
        }),
        events: webhook.map_or(&[], |webhook| &webhook.events),
    };
    let scheme = route.schemes.of_request(&delivery.head, &delivery.body);
    if scheme.is_plain() { contract::report(&body.bytes, &about) } else { None }
}
