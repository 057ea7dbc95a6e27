//! From a recipe and a choice of receiver to requests that can be sent: what the command line and the
//! interface have in common. Nothing here sends.
//!
//! A [`Choice`] is what a person picked; [`Destination::find`] looks it up in the settings. A
//! [`Simulation`] then makes each [`Outgoing`] of its burst, and [`Client`](crate::http::Client) sends it.

use bytes::Bytes;
use jiff::Timestamp;

use super::{Destination, DocumentedError};
use crate::config::{named, unnamed};
use crate::http::{InvalidHeader, InvalidTarget, Outgoing};
use crate::payload::event;
use crate::signature::{SignError, Signing};
use crate::simulate::{self, Burst, BurstSending, Circumstances, EditError, InvalidBurst, Recipe, RecipeError};
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
    #[error("no secret to sign with: set TRACKPILOTS_WEBHOOKS_SECRET_KEY, or use --secret-env or --secret-file")]
    NoSecret,
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

/// A simulation that is ready: nothing of it depends on anything but the clock any more.
#[derive(Debug, Clone)]
pub struct Simulation {
    /// What is made.
    pub recipe: Recipe,
    /// How often.
    pub burst: Burst,
    /// The body, when it is not made by the recipe; the recipe's changes are made to it too.
    pub given: Option<Bytes>,
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
        let event = match &self.given {
            None => self.recipe.event.name().to_owned(),
            Some(body) => event::facts(body).event.unwrap_or_default(),
        };
        let subscribed = &self.destination.events;
        if !subscribed.is_empty() && !subscribed.contains(&event) {
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
        let body = match &self.given {
            Some(body) => simulate::edited(body.to_vec(), &self.recipe.edits)?,
            None => self.recipe.build(&Circumstances { moment: self.burst.moment(delivery, now), seed })?,
        };
        let Destination { target, kind, scheme, secret, .. } = &self.destination;
        let mut request = Outgoing::post(target, body)?;
        if let Some(name) = scheme.id_header() {
            request.set(name, format!("msg_{seed:016x}"))?;
        }
        if let Some(secret) = secret {
            Signing { kind: *kind, scheme, secret }.apply(&mut request, now)?;
        }
        Ok(request)
    }
}

#[cfg(test)]
mod tests;
