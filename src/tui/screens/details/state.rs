//! A delivery prepared for its tabs. The preparing is done off the interface's thread.

use std::sync::Arc;

use bytes::Bytes;

use crate::config::Registry;
use crate::delivery::{Delivery, Judgement, Verdict};
use crate::http::Head;
use crate::inspect::diagnosis::Subject;
use crate::inspect::{self, Reading};
use crate::payload::body::Body;
use crate::payload::contract::EventReport;
use crate::query::SearchedContent;
use crate::rules::{AnsweredRequest, AutomaticHandshakes, KnownHandshake, handshake_secret};
use crate::signature::{Scheme, Secret};
use crate::tui::screens::details::digests::{Digests, Expected};
use crate::tui::screens::image::state::LoadedImage;

/// Bodies up to this length are read whole before any of it is shown: a moment later there is more to see
/// would only be a flicker.
const AT_ONCE: usize = 256 * 1024;

/// A delivery with all that its tabs show.
#[derive(Debug)]
pub struct LoadedDelivery {
    /// The delivery as kept.
    pub delivery: Delivery,
    /// What its body is, and its event in the documentation's terms.
    pub reading: Reading,
    /// Its images, in the order of the payload.
    pub images: Vec<LoadedImage>,
    /// Whether the event and the images have been read. Until then both are empty.
    pub is_read: bool,
    /// The verdict under the secrets of today, when it differs from the one at capture.
    pub rejudged: Option<Judgement>,
    /// The digests that would be right, one for each secret of the delivery's path.
    pub expected: Vec<Expected>,
    /// The scheme of the delivery's path.
    pub scheme: Scheme,
    /// The webhook of the delivery's path.
    pub(crate) webhook: Option<String>,
    /// What the scheme's sender asks for.
    pub(crate) handshakes: AutomaticHandshakes,
    /// The secrets of the delivery's path, to try changes with.
    pub(crate) secrets: Vec<Secret>,
}

impl LoadedDelivery {
    /// Prepares a delivery under the secrets of today. Takes time in proportion to the body.
    #[must_use]
    pub fn prepare(delivery: Delivery, registry: &Registry) -> Self {
        let (mut loaded, unread) = Self::begin(delivery, registry);
        loaded.take(unread.read(registry));
        loaded
    }

    /// Prepares what is looked at first: the rows of the body, and the verdict. The rest is left to be
    /// read.
    #[must_use]
    pub fn begin(delivery: Delivery, registry: &Registry) -> (Self, Unread) {
        Self::begin_with(delivery, registry, Digests::of)
    }

    /// Prepares as [`LoadedDelivery::begin`] does, with digests from `digests`.
    pub(crate) fn begin_with(
        delivery: Delivery,
        registry: &Registry,
        digests: impl FnOnce(&Delivery, &Subject<'_>) -> Digests,
    ) -> (Self, Unread) {
        let body = Arc::new(Body::open(&delivery.head, delivery.body.clone()));
        let unread = Unread { delivery: delivery.clone(), body: Arc::clone(&body) };
        let subject = Subject::of(&delivery, registry);
        let Digests { rejudged, expected } = digests(&delivery, &subject);
        let loaded = Self {
            images: Vec::new(),
            rejudged,
            expected,
            scheme: subject.scheme().clone(),
            secrets: subject.secrets().to_vec(),
            webhook: registry.route(delivery.head.target()).webhook.map(|webhook| webhook.name.clone()),
            handshakes: registry.route(delivery.head.target()).handshakes.clone(),
            reading: Reading { body, event: None },
            is_read: false,
            delivery,
        };
        (loaded, unread)
    }

    /// Takes what was read after its rows, and gives back what was there.
    pub fn take(&mut self, contents: Contents) -> Contents {
        self.is_read = true;
        Contents {
            event: std::mem::replace(&mut self.reading.event, contents.event),
            images: std::mem::replace(&mut self.images, contents.images),
        }
    }

    /// Takes over what was read of the same delivery before, so that it does not go from the screen while
    /// it is read again.
    pub(crate) fn keep(&mut self, before: &mut Self) {
        if before.is_read && !self.is_read {
            let event = before.reading.event.take();
            self.take(Contents { event, images: std::mem::take(&mut before.images) });
        }
    }

    /// What it is, if it is a handshake of the scheme's sender, under the secrets of today.
    #[must_use]
    pub fn handshake(&self) -> Option<KnownHandshake> {
        let Delivery { summary, head, body, .. } = &self.delivery;
        let secret = handshake_secret(self.secrets.iter(), summary.judgement.secret.as_deref());
        let request = AnsweredRequest { head, body, scheme: &self.scheme, secret };
        self.handshakes.recognise(summary, &Kept(&self.delivery), &request)
    }

    /// What its body is.
    #[must_use]
    pub fn body(&self) -> &Body {
        &self.reading.body
    }

    /// Whether it is right under the secrets of today.
    #[must_use]
    pub fn is_verified(&self) -> bool {
        self.delivery.summary.intake.is_whole() && self.current_verdict() == Verdict::Verified
    }

    /// The verdict under the secrets of today.
    #[must_use]
    pub fn current_verdict(&self) -> Verdict {
        self.rejudged.as_ref().unwrap_or_else(|| self.judgement()).verdict
    }

    /// The verdict with its evidence, as judged at capture.
    #[must_use]
    pub fn judgement(&self) -> &Judgement {
        &self.delivery.summary.judgement
    }
}

/// What a condition asks of a delivery that was read whole.
pub(crate) struct Kept<'a>(pub(crate) &'a Delivery);

impl SearchedContent for Kept<'_> {
    fn head(&self) -> Option<Head> {
        Some(self.0.head.clone())
    }

    fn body(&self) -> Option<Bytes> {
        Some(self.0.body.clone())
    }
}

/// What a delivery's body holds.
#[derive(Debug)]
pub struct Contents {
    event: Option<EventReport>,
    images: Vec<LoadedImage>,
}

/// A delivery whose rows are found, and whose event and images are to be.
#[derive(Debug)]
pub struct Unread {
    delivery: Delivery,
    body: Arc<Body>,
}

impl Unread {
    /// Whether it is read before a person could notice.
    #[must_use]
    pub fn is_short(&self) -> bool {
        self.body.bytes.len() <= AT_ONCE
    }

    /// Reads it. Takes time in proportion to the body.
    #[must_use]
    pub fn read(&self, registry: &Registry) -> Contents {
        Contents { event: self.event(registry), images: self.images() }
    }

    /// Reads it, but stops with `None` once `is_wanted` is false.
    #[must_use]
    pub fn read_while(&self, registry: &Registry, is_wanted: impl Fn() -> bool) -> Option<Contents> {
        let event = is_wanted().then(|| self.event(registry))?;
        let images = is_wanted().then(|| self.images())?;
        Some(Contents { event, images })
    }

    fn event(&self, registry: &Registry) -> Option<EventReport> {
        inspect::event(&self.body, &self.delivery, registry)
    }

    fn images(&self) -> Vec<LoadedImage> {
        self.body.images().into_iter().map(LoadedImage::new).collect()
    }
}
