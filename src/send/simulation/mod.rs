//! From a recipe and a choice of receiver to requests that can be sent: what the command line and the
//! interface have in common. Nothing here sends.
//!
//! A [`Choice`] is what a person picked; [`Destination::find`] looks it up in the settings. A
//! [`Simulation`] then makes each [`Outgoing`] of its burst, and [`Client`](crate::http::Client) sends it.

use bytes::Bytes;
use jiff::Timestamp;

use super::{Destination, DocumentedError};
use crate::config::{MissingSecret, named, unnamed};
use crate::http::{HeaderLine, InvalidHeader, InvalidTarget, Outgoing};
use crate::payload::event;
use crate::signature::{Scheme, SignError, Signing, sign_request};
use crate::simulate::{
    self, Burst, BurstSending, Circumstances, EditError, InvalidBurst, Recipe, RecipeError, SIGNATURE_MARK,
    SampleEvent, SimulatedEvent,
};
use crate::text::visible;

/// Why nothing was sent: what is wrong before there is a request.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum NotSent {
    /// No webhook of that name.
    #[error("{}: unknown webhook {}; {}", heading(DocumentedError::WebhookNotFound), named(.name), known_names(.known))]
    WebhookNotFound {
        /// The name.
        name: String,
        /// Every name that there is.
        known: Vec<String>,
    },
    /// The webhook does not subscribe to the event.
    #[error(
        "{}: the webhook does not subscribe to '{}', only to {}",
        heading(DocumentedError::EventNotRegistered), visible(.event), visible(&.subscribed.join(", "))
    )]
    EventNotRegistered {
        /// The event's full name.
        event: String,
        /// What the webhook subscribes to.
        subscribed: Vec<String>,
    },
    /// The simulator itself cannot work.
    #[error("{heading}: {reason}", heading = heading(DocumentedError::ServiceUnavailable))]
    ServiceUnavailable {
        /// Why.
        reason: String,
    },
    /// A URL that cannot be sent to.
    #[error("{whose}: {reason}")]
    Url {
        /// `--to`, or whose URL it is.
        whose: String,
        /// Why.
        reason: InvalidTarget,
    },
    /// No secret of that label.
    #[error("unknown secret label {}; {}", unnamed(.label), known_names(.known))]
    UnknownSecret {
        /// The label.
        label: String,
        /// Every label that there is.
        known: Vec<String>,
    },
    /// Nothing to sign with.
    #[error("{}", .0.to_sign())]
    NoSecret(MissingSecret),
    /// An event of Trackpilots, and the scheme of somebody else.
    #[error(
        "{event} is an event of Trackpilots, and requests are signed here as by {}: leave the event out to send a \
        sample event of that sender, or give a body with --body", visible(.sender)
    )]
    OtherSender {
        /// The event.
        event: SimulatedEvent,
        /// The scheme's name.
        sender: String,
    },
    /// A header was given that signing makes.
    #[error(
        "cannot set the header '{}': signing the request makes it; `whyhook check` sends forged signatures",
        visible(.0)
    )]
    SignedHeader(String),
    /// The recipe makes no payload.
    #[error(transparent)]
    Recipe(#[from] RecipeError),
    /// A change of given bytes that cannot be made.
    #[error(transparent)]
    Edit(#[from] EditError),
    /// The burst cannot be sent.
    #[error(transparent)]
    Burst(#[from] InvalidBurst),
    /// A header that cannot be sent.
    #[error(transparent)]
    Header(#[from] InvalidHeader),
    /// The secret or the request does not fit the scheme.
    #[error(transparent)]
    Sign(#[from] SignError),
}

impl NotSent {
    /// The error of the documentation's table, where it is one of them.
    #[must_use]
    pub fn term(&self) -> Option<DocumentedError> {
        match self {
            Self::WebhookNotFound { .. } => Some(DocumentedError::WebhookNotFound),
            Self::EventNotRegistered { .. } => Some(DocumentedError::EventNotRegistered),
            Self::ServiceUnavailable { .. } => Some(DocumentedError::ServiceUnavailable),
            _ => None,
        }
    }
}

/// `Webhook not found (404)`.
fn heading(term: DocumentedError) -> String {
    term.status().map_or_else(|| term.title().to_owned(), |status| format!("{} ({status})", term.title()))
}

fn known_names(names: &[String]) -> String {
    if names.is_empty() {
        return "none is configured".to_owned();
    }
    format!("configured: {}", visible(&names.join(", ")))
}

/// What a simulation's body is made of. The recipe's edits are applied to each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SimulatedBody {
    /// The recipe's event.
    Event,
    /// These bytes.
    Given(Bytes),
    /// A sample event of the scheme's sender.
    Sample(SampleEvent),
}

impl SimulatedBody {
    /// What is sent under `scheme` when a person named this event of Trackpilots, or none.
    ///
    /// # Errors
    ///
    /// [`NotSent::OtherSender`] for an event under the scheme of another sender.
    pub fn choose(event: Option<SimulatedEvent>, scheme: &Scheme) -> Result<Self, NotSent> {
        match event {
            Some(event) if !scheme.name.is_empty() => Err(NotSent::OtherSender { event, sender: scheme.name.clone() }),
            // Whoever describes a scheme of their own may send Trackpilots' events under it.
            Some(_) => Ok(Self::Event),
            None if scheme.is_trackpilots() => Ok(Self::Event),
            None => Ok(Self::Sample(SampleEvent::of(&scheme.name))),
        }
    }

    /// What is sent under `scheme` where only Trackpilots' events can be chosen: the sample of another sender instead.
    #[must_use]
    pub fn usual(scheme: &Scheme) -> Self {
        if scheme.name.is_empty() { Self::Event } else { Self::Sample(SampleEvent::of(&scheme.name)) }
    }
}

/// A simulation that is ready: nothing of it depends on anything but the clock any more.
#[derive(Debug, Clone)]
pub struct Simulation {
    /// What is made.
    pub recipe: Recipe,
    /// How often.
    pub burst: Burst,
    /// What the body is made of.
    pub body: SimulatedBody,
    /// Headers that are added before it is signed, or stand in for others of their names.
    pub headers: Vec<(String, String)>,
    /// For whom.
    pub destination: Destination,
    /// What decides everything that varies; see [`fresh_seed`](crate::simulate::fresh_seed).
    pub seed: u64,
}

impl Simulation {
    /// Every sending in its order, once it is certain that the webhook takes the event.
    ///
    /// # Errors
    ///
    /// [`NotSent`].
    pub fn sendings(&self) -> Result<Vec<BurstSending>, NotSent> {
        let event = match &self.body {
            SimulatedBody::Event => Some(self.recipe.event.name().to_owned()),
            SimulatedBody::Given(body) => Some(event::facts(body).event.unwrap_or_default()),
            // Webhooks subscribe to Trackpilots' events alone.
            SimulatedBody::Sample(_) => None,
        };
        let subscribed = &self.destination.events;
        if let Some(event) = event.filter(|event| !subscribed.is_empty() && !subscribed.contains(event)) {
            return Err(NotSent::EventNotRegistered { event, subscribed: subscribed.clone() });
        }
        Ok(self.burst.sendings(self.seed)?)
    }

    /// The request of one delivery of the burst as of `now`: what a preview shows, and what is sent. It
    /// has no signature when there is no secret.
    ///
    /// # Errors
    ///
    /// [`NotSent`].
    pub fn request(&self, delivery: u32, now: Timestamp) -> Result<Outgoing, NotSent> {
        let seed = self.seed.wrapping_add(u64::from(delivery));
        let circumstances = Circumstances { moment: self.burst.moment(delivery, now), seed };
        let Destination { target, kind, scheme, secret, .. } = &self.destination;
        let mut request = match &self.body {
            SimulatedBody::Event => Outgoing::post(target, self.recipe.build(&circumstances)?)?,
            SimulatedBody::Given(body) => Outgoing::post(target, simulate::edited(body.to_vec(), &self.recipe.edits)?)?,
            SimulatedBody::Sample(sample) => {
                let built = sample.build(&circumstances);
                let body = simulate::edited(built.body.into_bytes(), &self.recipe.edits)?;
                let mut request = Outgoing::post(target, body)?;
                request.set("Content-Type", built.content_type)?;
                built.headers.iter().try_for_each(|(name, value)| request.set(name, value))?;
                request
            }
        };
        self.add_headers(&mut request, &circumstances)?;
        let Some(secret) = secret else { return Ok(request) };
        let scheme = &scheme.sent_to(target);
        let place = memchr::memmem::find(&request.body, SIGNATURE_MARK.as_bytes());
        match place.filter(|_| matches!(self.body, SimulatedBody::Sample(_))) {
            Some(at) => {
                let stamp = scheme.timestamp_text(*kind, now);
                let signature = sign_request(scheme, secret, &request.head(), &stamp, &request.body)?;
                let rest = &request.body[at + SIGNATURE_MARK.len()..];
                let body = [&request.body[..at], signature.as_bytes(), rest].concat();
                request.set_body(body.into());
            }
            None => Signing { kind: *kind, scheme, secret }.apply(&mut request, now)?,
        }
        let is_there = |(name, value): &&(String, String)| {
            request.lines.iter().any(|line| {
                line.name().eq_ignore_ascii_case(name.as_bytes()) && line.value() == value.trim().as_bytes()
            })
        };
        match self.headers.iter().find(|given| !is_there(given)) {
            Some((name, _)) => Err(NotSent::SignedHeader(name.clone())),
            None => Ok(request),
        }
    }

    /// The headers that were asked for, and those that the scheme signs and nobody gave.
    fn add_headers(&self, request: &mut Outgoing, circumstances: &Circumstances) -> Result<(), NotSent> {
        for (name, _) in &self.headers {
            request.remove(name);
        }
        for (name, value) in &self.headers {
            request.lines.push(HeaderLine::new(name, value)?);
        }
        Ok(add_signed_headers(request, &self.destination.scheme, circumstances)?)
    }
}

/// Adds the headers that the scheme signs and nobody gave: an id, a nonce, a date.
pub(super) fn add_signed_headers(
    request: &mut Outgoing,
    scheme: &Scheme,
    circumstances: &Circumstances,
) -> Result<(), InvalidHeader> {
    if let Some(name) = scheme.id_header().filter(|name| request.line(name).is_none()) {
        request.set(name, format!("msg_{:016x}", circumstances.seed))?;
    }
    for name in scheme.signed_headers() {
        if request.line(name).is_none() {
            request.set(name, simulate::fresh_header(name, circumstances))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
