//! The answers of upstream servers to one delivery, and what bears on their meaning.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::config::Registry;
use crate::delivery::{Attempt, AttemptKind, Delivery, DeliveryId, Verdict};
use crate::inspect::agreement;
use crate::inspect::diagnosis::Subject;
use crate::rules::{AcceptanceReason, Agreement, AgreementFacts};
use crate::send::probe::{self, ProbeAnswers, ProbeResult};
use crate::signature::diagnose::Budget;
use crate::store::{Reader, StoreError};

/// See the module's page.
#[derive(Debug)]
pub struct Forwards {
    /// All that was sent of it, in order.
    attempts: Vec<Attempt>,
    verdict: Verdict,
    /// The verdict with the current secrets, as a probe uses them.
    verdict_now: Verdict,
    facts: AgreementFacts,
    id: DeliveryId,
}

impl Forwards {
    /// Reads them; what explains a disagreement is looked for only where there is one.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn read(
        reader: &Reader,
        delivery: &Delivery,
        registry: &dyn Fn() -> Option<Registry>,
    ) -> Result<Self, StoreError> {
        let (id, verdict) = (delivery.summary.id, delivery.summary.judgement.verdict);
        let attempts = probe::stored(reader, id)?;
        let disagrees = |attempt: &Attempt| {
            attempt.kind == AttemptKind::Forward
                && attempt.status().is_some_and(|status| Agreement::of(verdict, status) == Agreement::OnlyThere)
        };
        let is_probe = |attempt: &Attempt| attempt.kind == AttemptKind::Probe;
        let (mut verdict_now, mut facts) = (verdict, AgreementFacts::default());
        if attempts.iter().any(|attempt| is_probe(attempt) || disagrees(attempt))
            && let Some(registry) = registry()
        {
            verdict_now = Subject::of(delivery, &registry).judge().verdict;
            if attempts.iter().any(disagrees) {
                let deadline = Instant::now() + Duration::from_secs(2);
                let go_on = || Instant::now() < deadline;
                let budget = Budget { go_on: &go_on, ..Budget::default() };
                facts = agreement::facts(reader, delivery, &registry, &budget);
            }
        }
        Ok(Self { attempts, verdict, verdict_now, facts, id })
    }

    fn rows(&self) -> impl Iterator<Item = &Attempt> {
        self.attempts.iter().filter(|attempt| attempt.kind == AttemptKind::Forward)
    }

    /// What a probe of the same server showed.
    fn probe(&self, forward: &Attempt) -> Option<ProbeResult> {
        let before = probe::answered_before(&self.attempts, &forward.target);
        Some(ProbeAnswers::of(self.verdict_now, before, &self.attempts, &forward.target)?.result())
    }

    /// Each forward as stable JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        let rows = self.rows().map(|attempt| {
            let status = attempt.status();
            let agreement = status.map(|status| (Agreement::of(self.verdict, status), status));
            let is_only_there = agreement.is_some_and(|(agreement, _)| agreement == Agreement::OnlyThere);
            let reasons: &[AcceptanceReason] = if is_only_there { self.facts.reasons() } else { &[] };
            json!({
                "target": attempt.target,
                "status": status,
                "error": attempt.result.as_ref().err().map(|failure| failure.message.as_str()),
                "latency_ms": attempt.latency.total.as_secs_f64() * 1000.0,
                "agreement": agreement.map(|(agreement, _)| agreement.code()),
                "meaning": agreement.map(|(agreement, status)| agreement.words(self.verdict, status, &self.facts)),
                "reasons": reasons.iter().map(|reason| reason.code()).collect::<Vec<_>>(),
                "proved_cause": self.facts.cause.as_deref().filter(|_| is_only_there),
                "probe": self.probe(attempt).map(|probe| json!({
                    "finding": probe.finding.code(),
                    "checks": probe.finding.checks(),
                    "meaning": probe.words,
                })),
            })
        });
        rows.collect()
    }

    /// What the upstream servers said: where a probe settled what it means, that.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for attempt in self.rows() {
            let target = &attempt.target;
            match &attempt.result {
                Ok(reply) => {
                    let agreement = Agreement::of(self.verdict, reply.status);
                    let meaning = agreement.words(self.verdict, reply.status, &self.facts);
                    match self.probe(attempt) {
                        Some(probe) => {
                            let here = self.verdict.words();
                            lines.push(format!("forward   {target}: {here} here, {} there", reply.status));
                            lines.push(format!("probe     {}", probe.words));
                        }
                        None if agreement.is_conflict() && self.facts.cause.is_none() => {
                            lines.push(format!("forward   {target}: {meaning}"));
                            lines.push(format!("          a forged copy settles it: `whyhook probe {}`", self.id));
                        }
                        None => lines.push(format!("forward   {target}: {meaning}")),
                    }
                }
                Err(failure) => lines.push(format!("forward   {target}: {}; {}", failure.message, failure.advice)),
            }
        }
        lines
    }
}
