//! What is known of a delivery when it is answered.

use std::borrow::Cow;

use super::answer::AnswerChoice;
use super::automatic::HandshakeReply;
use super::request::{AnsweredRequest, RequestValues, USAGE, UnreadRequest};
use crate::delivery::{Captured, Delivery, Verdict};

/// What a template can say of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fact {
    Id,
    Event,
    Verdict,
    Path,
    Method,
    Webhook,
    Timestamp,
    Simulation,
    Items,
    Received,
}

/// Every fact by its name, in the order in which help lists them.
const NAMES: [(&str, Fact); 10] = [
    ("id", Fact::Id),
    ("event", Fact::Event),
    ("verdict", Fact::Verdict),
    ("path", Fact::Path),
    ("method", Fact::Method),
    ("webhook", Fact::Webhook),
    ("timestamp", Fact::Timestamp),
    ("simulation", Fact::Simulation),
    ("items", Fact::Items),
    ("received", Fact::Received),
];

impl Fact {
    pub(super) fn named(name: &str) -> Option<Self> {
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, fact)| *fact)
    }

    /// Every name, joined by commas.
    pub(super) fn names() -> String {
        NAMES.map(|(name, _)| name).into_iter().chain([USAGE]).collect::<Vec<_>>().join(", ")
    }
}

/// The facts of one delivery; what is absent is written as nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    /// The number in the store.
    pub id: i64,
    /// The event's name.
    pub event: Option<String>,
    /// The signature's verdict.
    pub verdict: Option<Verdict>,
    /// The request's target.
    pub path: String,
    /// The request's method.
    pub method: String,
    /// The webhook's name.
    pub webhook: Option<String>,
    /// The timestamp header, verbatim.
    pub timestamp: Option<String>,
    /// Whether the payload marks itself as a simulation.
    pub simulation: bool,
    /// How many items it holds.
    pub items: Option<u64>,
    /// When it came, RFC 3339.
    pub received: String,
    /// What an answer asks of the request itself.
    pub request: RequestValues,
    /// What the automatic answer is, where the request is a handshake of its sender.
    pub handshake: Option<HandshakeReply>,
}

impl Facts {
    /// Of a delivery that is about to be kept; its number is not known yet.
    #[must_use]
    pub fn of(captured: &Captured) -> Self {
        Self {
            id: 0,
            event: captured.event.event.clone(),
            verdict: Some(captured.judgement.verdict),
            path: captured.path.clone(),
            method: captured.method.clone(),
            webhook: captured.webhook.clone(),
            timestamp: captured.judgement.timestamp.as_ref().map(|timestamp| timestamp.raw.clone()),
            simulation: captured.event.is_simulation(),
            items: captured.event.items,
            received: format!("{:.3}", captured.received_at),
            request: RequestValues::default(),
            handshake: None,
        }
    }

    /// Of a delivery that was kept: for a picture of what would be sent.
    #[must_use]
    pub fn of_kept(delivery: &Delivery) -> Self {
        let summary = &delivery.summary;
        Self {
            id: summary.id.0,
            event: summary.event.event.clone(),
            verdict: Some(summary.judgement.verdict),
            path: summary.path.clone(),
            method: summary.method.clone(),
            webhook: summary.webhook.clone(),
            timestamp: summary.judgement.timestamp.as_ref().map(|timestamp| timestamp.raw.clone()),
            simulation: summary.event.is_simulation(),
            items: summary.event.items,
            received: format!("{:.3}", summary.received_at),
            request: RequestValues::default(),
            handshake: None,
        }
    }

    /// The same, with what these answers ask of the request itself.
    #[must_use]
    pub fn with_request<'a>(
        self,
        answers: impl IntoIterator<Item = &'a AnswerChoice>,
        request: &AnsweredRequest<'_>,
    ) -> Self {
        Self { request: RequestValues::read(answers, request), ..self }
    }

    /// The same with what the automatic answer is to a handshake.
    #[must_use]
    pub fn with_handshake(self, handshake: Option<HandshakeReply>) -> Self {
        Self { handshake, ..self }
    }

    /// The same where what these answers ask of the request could not be read again.
    #[must_use]
    pub fn without_request<'a>(self, answers: impl IntoIterator<Item = &'a AnswerChoice>, why: UnreadRequest) -> Self {
        Self { request: RequestValues::unread(answers, why), ..self }
    }

    pub(super) fn value(&self, fact: Fact) -> Cow<'_, str> {
        let text = |text: &'_ Option<String>| Cow::Owned(text.clone().unwrap_or_default());
        match fact {
            Fact::Id => self.id.to_string().into(),
            Fact::Event => text(&self.event),
            Fact::Verdict => self.verdict.map_or("", Verdict::code).into(),
            Fact::Path => self.path.as_str().into(),
            Fact::Method => self.method.as_str().into(),
            Fact::Webhook => text(&self.webhook),
            Fact::Timestamp => text(&self.timestamp),
            Fact::Simulation => if self.simulation { "true" } else { "false" }.into(),
            Fact::Items => self.items.map_or_else(String::new, |items| items.to_string()).into(),
            Fact::Received => self.received.as_str().into(),
        }
    }
}
