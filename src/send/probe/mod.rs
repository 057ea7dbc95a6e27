//! Asking an upstream server whether it checks signatures, with copies of a delivery that it already knows.
//!
//! A forged copy, whose signature no secret in use makes, shows whether the server checks at all. Where it refuses what
//! verifies here, a freshly signed copy shows whether the signature is what it refuses. Both are kept as attempts of the
//! kind probe, so that nobody takes one for a delivery. What the answers prove is a pure function of them.

mod finding;
mod forge;

pub use finding::{ProbeAnswers, ProbeFinding, ProbeResult};
pub use forge::forged;
pub(super) use forge::nobodys_secret;

use bytes::Bytes;
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::replay::{How, Replay, ReplayError, prepare, signing};
use super::{Origin, attempt};
use crate::config::Registry;
use crate::delivery::{Attempt, AttemptKind, AttemptMode, AttemptSummary, Delivery, DeliveryId, Verdict};
use crate::http::{Client, ClientLimits, Target};
use crate::inspect::diagnosis::Subject;
use crate::store::{Reader, StoreError};

/// One question to an upstream server.
#[derive(Debug, Clone, Copy)]
pub struct ProbeQuestion<'a> {
    /// The delivery that is copied.
    pub delivery: &'a Delivery,
    /// Its verdict with the current secrets, which also sign the copies: at capture there may have been others.
    pub verdict: Verdict,
    /// The server.
    pub target: &'a Target,
    /// What the server answered to the delivery itself, where it was sent there.
    pub before: Option<&'a Attempt>,
    /// What signs.
    pub registry: &'a Registry,
    /// What no secret in use can be derived from.
    pub seed: u64,
}

/// The most attempts at a delivery that are looked through.
const STORED: usize = 100;

/// A delivery's attempts in the order in which they were made, as they are stored: the newest forwards, captured replays
/// and probes.
///
/// # Errors
///
/// [`StoreError`] when they cannot be read.
pub fn stored(reader: &Reader, id: DeliveryId) -> Result<Vec<Attempt>, StoreError> {
    let mut attempts = Vec::new();
    let is_of_use = |attempt: &AttemptSummary| match attempt.kind {
        AttemptKind::Forward | AttemptKind::Probe => true,
        AttemptKind::Replay => attempt.mode == AttemptMode::AsCaptured,
        AttemptKind::Simulation => false,
    };
    for summary in reader.attempts(id, STORED)?.iter().rev().filter(|attempt| is_of_use(attempt)) {
        attempts.extend(reader.attempt(summary.id)?);
    }
    Ok(attempts)
}

/// What a server at `target` answered to the delivery itself, among its attempts in the order in which they were made:
/// to the newest forward, else to the newest replay of the captured bytes.
#[must_use]
pub fn answered_before<'a>(attempts: &'a [Attempt], target: &str) -> Option<&'a Attempt> {
    let newest = |kind: AttemptKind| {
        let is_one = move |attempt: &&Attempt| {
            attempt.kind == kind && attempt.mode == AttemptMode::AsCaptured && attempt.target == target
        };
        attempts.iter().rfind(is_one)
    };
    newest(AttemptKind::Forward).or_else(|| newest(AttemptKind::Replay))
}

impl<'a> ProbeQuestion<'a> {
    /// The question about `delivery` to the server at `target`; `known` are the delivery's attempts, as
    /// [`stored`] returns them.
    #[must_use]
    pub fn new(
        delivery: &'a Delivery,
        target: &'a Target,
        known: &'a [Attempt],
        registry: &'a Registry,
        seed: u64,
    ) -> Self {
        let verdict = Subject::of(delivery, registry).judge().verdict;
        Self { delivery, verdict, target, before: answered_before(known, &target.to_string()), registry, seed }
    }

    /// The copies that are sent, in this order. One is enough where the server accepted what does not verify here; where
    /// it refused, or has not been asked, a copy that verifies goes first, if one can be signed.
    #[must_use]
    pub fn copies(&self) -> Vec<AttemptMode> {
        let is_accepted = self.before.is_some_and(Attempt::is_delivered);
        let needs_one = is_accepted && self.verdict != Verdict::Verified;
        if needs_one || signing(self.registry, &self.delivery.summary, None, None).is_err() {
            return vec![AttemptMode::Forged];
        }
        vec![AttemptMode::Resigned, AttemptMode::Forged]
    }

    /// The request of one of them, whose timestamp is that of `now`.
    ///
    /// # Errors
    ///
    /// [`ReplayError`] when the delivery was not a whole request, or cannot be signed.
    pub fn prepare(&self, copy: AttemptMode, now: Timestamp) -> Result<Replay, ReplayError> {
        if copy == AttemptMode::Forged {
            return forged(self.delivery, self.target, self.registry, self.seed, now);
        }
        let signing = || signing(self.registry, &self.delivery.summary, None, None);
        prepare(self.delivery, self.target, &How::Resigned, signing, now)
    }

    /// Sends the copies, each when the one before is answered.
    ///
    /// # Errors
    ///
    /// [`ReplayError`] before anything is sent, when a copy cannot be made.
    pub async fn ask(
        &self,
        client: &Client,
        limits: &ClientLimits,
        cancel: &CancellationToken,
    ) -> Result<Vec<Attempt>, ReplayError> {
        let copies = self.copies();
        for copy in &copies {
            self.prepare(*copy, Timestamp::now())?;
        }
        let body: &Bytes = &self.delivery.body;
        let mut attempts = Vec::new();
        for copy in copies {
            let made = self.prepare(copy, Timestamp::now())?;
            let sent = client.send(self.target, &made.request, limits, cancel).await;
            let origin = Origin { delivery: Some(self.delivery.summary.id), kind: AttemptKind::Probe, mode: made.mode };
            attempts.push(attempt(origin, self.target, &made.request, Some(body), sent));
            // What is not answered once need not be asked the next.
            if cancel.is_cancelled() {
                break;
            }
        }
        Ok(attempts)
    }

    /// What the answers to the copies prove.
    #[must_use]
    pub fn result(&self, attempts: &[Attempt]) -> Option<ProbeResult> {
        Some(ProbeAnswers::of(self.verdict, self.before, attempts, &self.target.to_string())?.result())
    }
}

#[cfg(test)]
mod tests;
