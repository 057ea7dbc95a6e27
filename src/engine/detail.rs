//! A delivery prepared for its tabs. The preparing is done off the interface's thread.

use bytes::Bytes;

use crate::config::Registry;
use crate::delivery::{Delivery, Judgement, RequestHead, Verdict};
use crate::payload::binary::Found;
use crate::payload::json::{Fault, Pretty};
use crate::{payload, signature};

/// A delivery with all that its tabs show.
#[derive(Debug)]
pub struct Loaded {
    /// The delivery as kept.
    pub delivery: Delivery,
    /// Its head, read.
    pub head: RequestHead,
    /// Its body for the Payload tab.
    pub payload: Payload,
    /// Its images, in the order in which they stand in the payload.
    pub images: Vec<Found>,
    /// The verdict under the secrets of today, when it differs from the one at capture.
    pub rejudged: Option<Judgement>,
    /// The digests that would be right, one for each secret of the delivery's path.
    pub expected: Vec<Expected>,
}

/// The digest that one secret gives for a delivery's bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Expected {
    /// The secret's label.
    pub label: String,
    /// The digest; a credential, shown only when asked for.
    pub digest: [u8; signature::DIGEST_BYTES],
}

impl std::fmt::Debug for Expected {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Expected({:?})", self.label)
    }
}

/// How a body is shown.
#[derive(Debug)]
pub enum Payload {
    /// There is none.
    Empty,
    /// JSON, in rows made from its own tokens.
    Json(Pretty),
    /// Anything else, as it is, with the place where it stops being JSON.
    Other(Fault, Bytes),
}

impl Loaded {
    /// Prepares a delivery under the secrets of today. Takes time in proportion to the body.
    #[must_use]
    pub fn prepare(delivery: Delivery, registry: &Registry) -> Self {
        let head = delivery.request_head();
        let payload = if delivery.body.is_empty() {
            Payload::Empty
        } else {
            match Pretty::new(delivery.body.clone()) {
                Ok(pretty) => Payload::Json(pretty),
                Err(fault) => Payload::Other(fault, delivery.body.clone()),
            }
        };
        Self {
            images: payload::binary::find_all(&delivery.body),
            rejudged: rejudge(&delivery, &head, registry),
            expected: expected(&delivery, &head, registry),
            payload,
            head,
            delivery,
        }
    }

    /// The verdict with its evidence, as judged at capture.
    #[must_use]
    pub fn judgement(&self) -> &Judgement {
        &self.delivery.summary.judgement
    }
}

/// Age stays what it was at capture; only the secrets may have changed since.
fn rejudge(delivery: &Delivery, head: &RequestHead, registry: &Registry) -> Option<Judgement> {
    let judged = &delivery.summary.judgement;
    if judged.verdict == Verdict::NotJudged {
        return None;
    }
    let secrets = registry.route(&head.target).secrets;
    let now = signature::judge(registry.scheme(), secrets, head, &delivery.body, delivery.summary.received_at);
    ((now.verdict, &now.secret) != (judged.verdict, &judged.secret)).then_some(now)
}

fn expected(delivery: &Delivery, head: &RequestHead, registry: &Registry) -> Vec<Expected> {
    let Some(timestamp) = head.value(&registry.scheme().timestamp_header) else {
        return Vec::new();
    };
    registry
        .route(&head.target)
        .secrets
        .map(|secret| Expected {
            label: secret.label().to_owned(),
            digest: signature::digest(secret, timestamp, &delivery.body),
        })
        .collect()
}
