//! A delivery prepared for its tabs. The preparing is done off the interface's thread.

use bytes::Bytes;

use super::LoadedImage;
use crate::config::Registry;
use crate::delivery::{Delivery, Judgement, RequestHead, Verdict};
use crate::diagnosis::Subject;
use crate::payload::body::Kind;
use crate::payload::json::{Fault, Pretty};
use crate::reading::Reading;
use crate::signature;
use crate::signature::{Scheme, Secret};

/// A delivery with all that its tabs show.
#[derive(Debug)]
pub struct Loaded {
    /// The delivery as kept.
    pub delivery: Delivery,
    /// Its head, read.
    pub head: RequestHead,
    /// Its body for the Payload tab.
    pub payload: Payload,
    /// What its body is, and its event in the documentation's terms.
    pub reading: Reading,
    /// Its images, in the order in which they stand in the payload.
    pub images: Vec<LoadedImage>,
    /// The verdict under the secrets of today, when it differs from the one at capture.
    pub rejudged: Option<Judgement>,
    /// The digests that would be right, one for each secret of the delivery's path.
    pub expected: Vec<Expected>,
    /// The scheme of the delivery's path.
    pub scheme: Scheme,
    /// The secrets of the delivery's path, to try changes with.
    pub(super) secrets: Vec<Secret>,
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
    /// Anything else, inflated and decoded, with the place where it stops being JSON, if it does.
    Other(Option<Fault>, Bytes),
}

impl Loaded {
    /// Prepares a delivery under the secrets of today. Takes time in proportion to the body.
    #[must_use]
    pub fn prepare(delivery: Delivery, registry: &Registry) -> Self {
        let head = delivery.request_head();
        let (reading, rows) = Reading::of(&delivery, &head, registry);
        let payload = match (&reading.body.kind, rows) {
            (Kind::Empty, _) => Payload::Empty,
            (Kind::Json, Ok(pretty)) => Payload::Json(pretty),
            (_, Err(fault)) => Payload::Other(Some(fault), reading.body.bytes.clone()),
            (_, Ok(_)) => Payload::Other(None, reading.body.bytes.clone()),
        };
        let subject = Subject::of(&delivery, registry);
        let rejudged = rejudge(&delivery, &subject);
        Self {
            images: reading.body.images().into_iter().map(LoadedImage::new).collect(),
            rejudged,
            expected: expected(&subject),
            scheme: subject.scheme().clone(),
            secrets: subject.secrets().to_vec(),
            payload,
            reading,
            head,
            delivery,
        }
    }

    /// Whether it is right under the secrets of today.
    #[must_use]
    pub fn is_verified(&self) -> bool {
        self.rejudged.as_ref().unwrap_or_else(|| self.judgement()).verdict == Verdict::Verified
    }

    /// The verdict with its evidence, as judged at capture.
    #[must_use]
    pub fn judgement(&self) -> &Judgement {
        &self.delivery.summary.judgement
    }
}

/// Age stays what it was at capture; only the secrets may have changed since.
fn rejudge(delivery: &Delivery, subject: &Subject<'_>) -> Option<Judgement> {
    let judged = &delivery.summary.judgement;
    if judged.verdict == Verdict::NotJudged {
        return None;
    }
    let now = signature::judge(subject.scheme(), subject.secrets(), &subject.head, subject.body, subject.received_at);
    ((now.verdict, &now.secret) != (judged.verdict, &judged.secret)).then_some(now)
}

fn expected(subject: &Subject<'_>) -> Vec<Expected> {
    let scheme = subject.scheme();
    let Some(timestamp) = subject.head.value(&scheme.timestamp_header).filter(|_| scheme.is_plain()) else {
        return Vec::new();
    };
    subject
        .secrets()
        .iter()
        .map(|secret| Expected {
            label: secret.label().to_owned(),
            digest: signature::digest(secret, timestamp, subject.body),
        })
        .collect()
}
