//! What the secrets of today say of a delivery: computed once, and kept for when it is looked at again.
//!
//! A body is hashed once for each secret, which is what makes a large delivery slow to select. Neither its bytes nor,
//! mostly, the secrets have changed when it is selected again, or read again since its answer came.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::config::Registry;
use crate::delivery::{Delivery, DeliveryId, Judgement, Verdict};
use crate::inspect::diagnosis::Subject;
use crate::signature;

/// Deliveries whose digests are kept: those between which a person goes back and forth.
const KEPT: usize = 64;

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

/// What the secrets of today say of one delivery.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Digests {
    /// The verdict, when it differs from the one at capture.
    pub rejudged: Option<Judgement>,
    /// The digests that would be right, one for each secret of the delivery's path.
    pub expected: Vec<Expected>,
}

impl Digests {
    /// Computes them. Takes time in proportion to the body, and to the number of secrets.
    #[must_use]
    pub fn of(delivery: &Delivery, subject: &Subject<'_>) -> Self {
        Self { rejudged: rejudge(delivery, subject), expected: expected(subject) }
    }
}

/// The digests of the deliveries that were looked at last, under one set of secrets.
#[derive(Debug, Default)]
pub struct KnownDigests {
    /// By which they were computed. Another registry is another generation of secrets; this one is held, so that no
    /// other can have its address.
    registry: Option<Arc<Registry>>,
    /// The one used last comes last.
    known: VecDeque<(DeliveryId, Digests)>,
}

impl KnownDigests {
    /// The digests of a delivery under `registry`, computed by `compute` where they are not known.
    pub fn get(&mut self, id: DeliveryId, registry: &Arc<Registry>, compute: impl FnOnce() -> Digests) -> Digests {
        if !self.registry.as_ref().is_some_and(|known| Arc::ptr_eq(known, registry)) {
            self.registry = Some(Arc::clone(registry));
            self.known.clear();
        }
        let at = self.known.iter().position(|(known, _)| *known == id);
        let digests = at.and_then(|at| self.known.remove(at)).map_or_else(compute, |(_, digests)| digests);
        if self.known.len() == KEPT {
            self.known.pop_front();
        }
        self.known.push_back((id, digests.clone()));
        digests
    }
}

/// Age stays what it was at capture; only the secrets may have changed since.
fn rejudge(delivery: &Delivery, subject: &Subject<'_>) -> Option<Judgement> {
    let judged = &delivery.summary.judgement;
    if judged.verdict == Verdict::NotJudged {
        return None;
    }
    let now = subject.judge();
    ((now.verdict, &now.secret) != (judged.verdict, &judged.secret)).then_some(now)
}

fn expected(subject: &Subject<'_>) -> Vec<Expected> {
    let scheme = subject.scheme();
    let Some(timestamp) = subject.head.value(scheme.timestamp_header()).filter(|_| scheme.is_plain()) else {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// How often the digests of these deliveries, one after another, are computed.
    fn computed(known: &mut KnownDigests, registry: &Arc<Registry>, ids: impl IntoIterator<Item = i64>) -> usize {
        let mut count = 0;
        for id in ids {
            let label = format!("secret of {id}");
            let compute = || {
                count += 1;
                Digests { expected: vec![Expected { label: label.clone(), digest: [0; 32] }], ..Digests::default() }
            };
            assert_eq!(known.get(DeliveryId(id), registry, compute).expected[0].label, label);
        }
        count
    }

    #[test]
    fn a_delivery_is_hashed_once_as_long_as_the_secrets_stay() {
        let (mut known, registry) = (KnownDigests::default(), Arc::new(Registry::default()));
        assert_eq!(computed(&mut known, &registry, [1, 1, 2, 1, 2]), 2);
        assert_eq!(computed(&mut known, &Arc::clone(&registry), [1, 2]), 0);
        let changed = Arc::new(Registry::default());
        assert_eq!(computed(&mut known, &changed, [1, 2, 1]), 2);
        assert_eq!(computed(&mut known, &registry, [1]), 1, "the secrets of before are other secrets");
    }

    #[test]
    fn what_was_used_longest_ago_is_given_up() {
        let (mut known, registry) = (KnownDigests::default(), Arc::new(Registry::default()));
        let kept = i64::try_from(KEPT).unwrap();
        assert_eq!(computed(&mut known, &registry, 1..=kept), KEPT);
        assert_eq!(computed(&mut known, &registry, [1, kept + 1]), 1);
        assert_eq!(computed(&mut known, &registry, [1]), 0);
        assert_eq!(computed(&mut known, &registry, [2]), 1);
        assert_eq!(known.known.len(), KEPT);
    }
}
