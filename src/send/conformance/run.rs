//! Sends a matrix: first whether anything gets through at all, then everything, then what explains it.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::applicable::NotApplicable;
use super::case::{Case, CasePayload};
use super::courier::{Courier, Parcel, Returned};
use super::craft::{Crafted, Fixture};
use super::explain;
use super::findings::{CheckEvidence, findings};
use super::judge::{CaseVerdict, CheckRow, Observed};
use super::{CheckReport, NoVerdict, ReceiverFault};
use crate::http::{Client, SendError, Target};

/// The most deliveries in flight at once.
pub const JOBS_LIMIT: usize = 16;
/// After this many cases in a row without an answer, the rest is not sent.
const GIVE_UP_AFTER: usize = 3;

/// What is to be checked, and how.
#[derive(Debug, Clone)]
pub struct CheckPlan {
    /// What the cases are made from, and where they go.
    pub fixture: Fixture,
    /// The cases, in their order.
    pub cases: Vec<Case>,
    /// The cases that mean nothing under the scheme.
    pub left_out: Vec<NotApplicable>,
    /// The receiver must refuse what is older.
    pub max_age: Option<Duration>,
    /// How long one delivery may take.
    pub timeout: Duration,
    /// Answers that take longer than this are too slow.
    pub slow: Duration,
    /// Number of deliveries in flight at once, 1 to [`JOBS_LIMIT`].
    pub jobs: usize,
    /// The least time between two deliveries.
    pub interval: Duration,
}

impl CheckPlan {
    /// The receiver.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.fixture.target
    }
}

/// The receiver cannot be reached.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot check {target}: {error}; {}", error.advice())]
pub struct Unreachable {
    /// The receiver.
    pub target: String,
    /// Why.
    pub error: SendError,
}

/// What happens during a check.
#[derive(Debug)]
pub enum CheckEvent<'a> {
    /// A case has come back; how many there will be.
    Row(&'a CheckRow, usize),
    /// The receiver limits the rate, and is waited for.
    Waiting {
        /// The status that said so.
        status: u16,
        /// How long.
        wait: Duration,
    },
    /// The number of suspected mistakes that are tried out.
    Probing(usize),
}

/// A check under way.
pub(super) struct RunningCheck<'a> {
    pub(super) plan: &'a CheckPlan,
    pub(super) courier: Courier<'a>,
    pub(super) rows: Vec<CheckRow>,
    /// What was sent for each row.
    pub(super) crafted: Vec<Option<Arc<Crafted>>>,
    /// How many mistakes may still be tried out.
    pub(super) probes: usize,
    /// Whether those were that do not agree with everything that was seen.
    pub(super) has_tried_unlikely: bool,
    /// What was tried out: signatures, and whether each is a header's whole value.
    pub(super) tried: HashSet<(String, bool)>,
    /// Whether a forged delivery came through among the mistakes that were tried out.
    pub(super) is_fickle: bool,
}

/// Sends every case of `plan` and reports; `tell` is told of what happens meanwhile.
///
/// # Errors
///
/// [`Unreachable`] when the receiver cannot even be connected to.
pub async fn run(
    plan: &CheckPlan,
    client: &Client,
    cancel: &CancellationToken,
    mut tell: impl FnMut(CheckEvent<'_>),
) -> Result<CheckReport, Unreachable> {
    let courier = Courier::new(plan, client, cancel);
    let mut running = RunningCheck {
        plan,
        courier,
        rows: Vec::new(),
        crafted: Vec::new(),
        probes: explain::MOST_PROBES,
        has_tried_unlikely: false,
        tried: HashSet::new(),
        is_fickle: false,
    };
    let accepts = running.send_matrix(&mut tell).await?;
    let mut blocked = None;
    let mut found = if cancel.is_cancelled() {
        Vec::new()
    } else if accepts == Some(false) {
        explain::nothing_accepted(&mut running, &mut tell).await
    } else {
        if accepts == Some(true) && !running.courier.has_ended() {
            blocked = running.blocked(&mut tell).await;
        }
        let evidence = if blocked.is_some() {
            CheckEvidence::bare(plan, &running.rows)
        } else {
            explain::evidence(&mut running, &mut tell).await
        };
        findings(&evidence)
    };
    let limit = running.courier.limit().map(str::to_owned);
    if let Some(detail) = &limit {
        let evidence = CheckEvidence::bare(plan, &running.rows);
        let limited = running.rows.iter().filter(|row| matches!(row.came, Observed::Limited { .. }));
        let proof = limited.map(|row| row.case.name).collect();
        found.insert(0, evidence.named(ReceiverFault::RateLimited, proof, detail.clone()));
    }
    if let Some(detail) = &blocked {
        let evidence = CheckEvidence::bare(plan, &running.rows);
        let skipped = running.rows.iter().filter(|row| row.mark == CaseVerdict::Skipped);
        let proof = skipped.map(|row| row.case.name).collect();
        found.insert(0, evidence.named(ReceiverFault::BlocksSender, proof, detail.clone()));
    }
    let answers_later = found.iter().any(|finding| finding.fault == ReceiverFault::ChecksLater);
    let why = match (limit, blocked) {
        (Some(reason), _) => Some(NoVerdict::RateLimited { reason }),
        (None, Some(reason)) => Some(NoVerdict::Blocked { reason }),
        (None, None) => answers_later.then_some(NoVerdict::AnswersLater),
    };
    let no_verdict = no_verdict(&running, cancel, why, found.iter().any(|finding| finding.required));
    Ok(CheckReport {
        target: plan.target().to_string(),
        scheme: plan.fixture.scheme.clone(),
        kind: plan.fixture.kind,
        max_age: plan.max_age,
        rows: running.rows,
        left_out: plan.left_out.clone(),
        findings: found,
        no_verdict,
    })
}

/// Why a check says nothing about its receiver.
fn no_verdict(
    running: &RunningCheck<'_>,
    cancel: &CancellationToken,
    why: Option<NoVerdict>,
    has_faults: bool,
) -> Option<NoVerdict> {
    let max_age = running.plan.max_age.is_some();
    let missing = running
        .rows
        .iter()
        .filter(|row| row.mark == CaseVerdict::Skipped && row.case.weight.is_required(max_age))
        .count();
    let is_cancelled = cancel.is_cancelled() && running.rows.iter().any(|row| row.mark == CaseVerdict::Skipped);
    match why {
        _ if is_cancelled => Some(NoVerdict::Cancelled),
        Some(why) => Some(why),
        None if missing > 0 && !has_faults => Some(NoVerdict::Incomplete { missing }),
        None => None,
    }
}

impl RunningCheck<'_> {
    /// Sends every case; whether any plain valid delivery was accepted, where there was one.
    async fn send_matrix(&mut self, tell: &mut dyn FnMut(CheckEvent<'_>)) -> Result<Option<bool>, Unreachable> {
        let plan = self.plan;
        let (mut silent, mut accepts) = (0, None);
        let mut cases = &plan.cases[..];
        while !cases.is_empty() {
            // The plain deliveries one by one, so that their times are the receiver's own.
            let count = if is_plain(&cases[0]) { 1 } else { self.courier.jobs().min(cases.len()) };
            let (batch, rest) = cases.split_at(count);
            cases = rest;
            let gone = silent >= GIVE_UP_AFTER || accepts == Some(false) || self.courier.has_ended();
            let returned = if gone {
                batch.iter().map(|_| Returned { came: Observed::NotSent, exchange: None, crafted: None }).collect()
            } else {
                self.courier.all(batch.iter().copied().map(Parcel::of).collect(), tell).await?
            };
            for (case, returned) in batch.iter().zip(returned) {
                let row = CheckRow::judge(*case, &plan.fixture.scheme, returned.came, plan.max_age.is_some());
                let row = CheckRow { exchange: returned.exchange, ..row };
                silent = match row.came {
                    Observed::Nothing { .. } => silent + 1,
                    Observed::Answer { .. } => 0,
                    Observed::NotSent | Observed::Limited { .. } => silent,
                };
                tell(CheckEvent::Row(&row, plan.cases.len()));
                self.rows.push(row);
                self.crafted.push(returned.crafted);
            }
            if accepts.is_none() && !cases.first().is_some_and(is_plain) {
                accepts = self.accepts_plain();
            }
        }
        Ok(accepts)
    }

    /// Whether a plain delivery was accepted; unknown where none was answered.
    fn accepts_plain(&self) -> Option<bool> {
        let plain: Vec<&CheckRow> =
            self.rows.iter().filter(|row| is_plain(&row.case) && !row.came.is_no_verdict()).collect();
        if plain.is_empty() { None } else { Some(plain.iter().any(|row| row.is_accepted())) }
    }
}

/// The plain valid deliveries: when none of them gets through, nothing else says anything.
pub(super) fn is_plain(case: &Case) -> bool {
    case.is_valid()
        && matches!(
            case.fault,
            ReceiverFault::RejectsEvent | ReceiverFault::RejectsLive | ReceiverFault::ThrowsOnPlaceholder
        )
        && !matches!(case.body, CasePayload::Image(_))
}
