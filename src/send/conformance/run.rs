//! Sends a matrix: first whether anything gets through at all, then everything, bounded.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::case::{Case, Expect};
use super::craft::{Crafted, Fixture};
use super::findings::{CheckFinding, findings};
use super::judge::{CheckRow, Observed};
use super::matrix::PROBES;
use super::{CheckReport, ReceiverFault};
use crate::delivery::{Attempt, AttemptKind, AttemptMode};
use crate::http::{Client, ClientLimits, Outgoing, SendError, Sent, Target};
use crate::send::{Origin, attempt};

/// The most deliveries in flight at once.
pub const JOBS_LIMIT: usize = 16;
/// After this many cases in a row without an answer, the rest is not sent.
const GIVE_UP_AFTER: usize = 3;
/// Bytes of an answer's body that are kept.
const SAID_BYTES: usize = 200;
/// The most bytes of an answer's body that are read.
const BODY_BYTES: u64 = 1024 * 1024;

/// What is to be checked, and how.
#[derive(Debug, Clone)]
pub struct CheckPlan {
    /// The receiver.
    pub target: Target,
    /// What the cases are made from.
    pub ground: Fixture,
    /// The cases, in their order.
    pub cases: Vec<Case>,
    /// The receiver must refuse what is older.
    pub max_age: Option<Duration>,
    /// How long one delivery may take.
    pub timeout: Duration,
    /// Answers that take longer than this are too slow.
    pub slow: Duration,
    /// Number of deliveries in flight at once, 1 to [`JOBS_LIMIT`].
    pub jobs: usize,
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

/// Sends every case of `plan` and reports. `progress` is told of each row as it comes, with the number
/// of rows there will be.
///
/// # Errors
///
/// [`Unreachable`] when the receiver cannot even be connected to.
pub async fn run(
    plan: &CheckPlan,
    client: &Client,
    cancel: &CancellationToken,
    mut progress: impl FnMut(&CheckRow, usize),
) -> Result<CheckReport, Unreachable> {
    let mut rows: Vec<CheckRow> = Vec::with_capacity(plan.cases.len());
    let mut silent = 0;
    let mut accepts = None;
    for batch in batches(&plan.cases, plan.jobs) {
        let gone = silent >= GIVE_UP_AFTER || accepts == Some(false) || cancel.is_cancelled();
        let came = if gone {
            vec![(Observed::NotSent, None); batch.len()]
        } else {
            send_all(plan, client, cancel, batch, rows.is_empty()).await?
        };
        for (case, (came, exchange)) in batch.iter().zip(came) {
            let row = CheckRow { exchange, ..CheckRow::judge(*case, came, plan.max_age.is_some()) };
            silent = match row.came {
                Observed::Nothing { .. } => silent + 1,
                Observed::Answer { .. } => 0,
                Observed::NotSent => silent,
            };
            progress(&row, plan.cases.len());
            rows.push(row);
        }
        if accepts.is_none() && rows.iter().filter(|row| is_plain(&row.case)).count() >= plain_count(&plan.cases) {
            let plain: Vec<&CheckRow> = rows.iter().filter(|row| is_plain(&row.case)).collect();
            accepts = Some(plain.is_empty() || plain.iter().any(|row| row.is_accepted()));
        }
    }
    let found = match accepts {
        Some(false) => refuses_valid(plan, client, cancel, &rows).await,
        _ => findings(&rows, plan.slow),
    };
    Ok(CheckReport {
        target: plan.target.to_string(),
        kind: plan.ground.kind,
        max_age: plan.max_age,
        rows,
        findings: found,
    })
}

/// The plain valid deliveries: when none of them gets through, nothing else says anything.
fn is_plain(case: &Case) -> bool {
    case.expect == Expect::Accept
        && matches!(
            case.fault,
            ReceiverFault::RejectsEvent | ReceiverFault::RejectsLive | ReceiverFault::ThrowsOnPlaceholder
        )
        && !case.name.starts_with("image-")
}

fn plain_count(cases: &[Case]) -> usize {
    cases.iter().filter(|case| is_plain(case)).count()
}

/// The plain deliveries one by one, so that their times are the receiver's own; the others as many at
/// once as asked for.
fn batches(cases: &[Case], jobs: usize) -> Vec<&[Case]> {
    let plain = cases.iter().take_while(|case| is_plain(case)).count();
    let (first, rest) = cases.split_at(plain);
    first.chunks(1).chain(rest.chunks(jobs.clamp(1, JOBS_LIMIT))).collect()
}

async fn send_all(
    plan: &CheckPlan,
    client: &Client,
    cancel: &CancellationToken,
    batch: &[Case],
    first: bool,
) -> Result<Vec<Exchange>, Unreachable> {
    let mut tasks = JoinSet::new();
    for (index, case) in batch.iter().enumerate() {
        // The table's own cases are known to make a payload; see the tests.
        let Ok(crafted) = case.craft(&plan.ground, Timestamp::now()) else { continue };
        let (client, target, cancel, timeout) = (client.clone(), plan.target.clone(), cancel.clone(), plan.timeout);
        tasks.spawn(async move { (index, send(&client, &target, &crafted, timeout, &cancel).await) });
    }
    let mut came = vec![(Observed::NotSent, None); batch.len()];
    while let Some(done) = tasks.join_next().await {
        if let Ok((index, Some((sent, attempt)))) = done {
            came[index] = (came_of(plan, sent, first)?, Some(Arc::new(attempt)));
        }
    }
    Ok(came)
}

/// What came, beside all that is known of the sending.
type Exchange = (Observed, Option<Arc<Attempt>>);

/// Sends a crafted request as often as it says; the last sending counts.
async fn send(
    client: &Client,
    target: &Target,
    crafted: &Crafted,
    timeout: Duration,
    cancel: &CancellationToken,
) -> Option<(Sent, Attempt)> {
    let mut request = Outgoing::post(target, crafted.body.clone()).ok()?;
    for (name, value) in &crafted.headers {
        if name == "Content-Type" {
            request.set(name, value).ok()?;
        } else {
            request.lines.push(crate::http::HeaderLine::new(name, value).ok()?);
        }
    }
    let limits = ClientLimits { body_bytes: BODY_BYTES, ..ClientLimits::within(timeout) };
    let mut sent = None;
    for _ in 0..crafted.times {
        sent = Some(client.send(target, &request, &limits, cancel).await);
    }
    let sent = sent?;
    // No simulation: that a case is refused may be what was wanted, and needs no advice.
    let origin = Origin { delivery: None, kind: AttemptKind::Replay, mode: AttemptMode::Made };
    let attempt = attempt(origin, target, &request, None, sent.clone());
    Some((sent, attempt))
}

/// A receiver that cannot be connected to at `first` cannot be checked; later on, it has gone down.
fn came_of(plan: &CheckPlan, sent: Sent, first: bool) -> Result<Observed, Unreachable> {
    let latency = sent.latency.total;
    match sent.result {
        Ok(reply) => {
            let said = reply.body[..reply.body.len().min(SAID_BYTES)].to_vec();
            Ok(Observed::Answer { status: reply.status, latency, said })
        }
        Err(SendError::Cancelled) => Ok(Observed::NotSent),
        Err(error) if first && never_connected(&error) => Err(Unreachable { target: plan.target.to_string(), error }),
        Err(error) => Ok(Observed::Nothing { code: error.code().to_owned(), reason: error.to_string(), latency }),
    }
}

fn never_connected(error: &SendError) -> bool {
    matches!(
        error.code(),
        "name_not_resolved"
            | "refused"
            | "unreachable"
            | "tls"
            | "timeout_connect"
            | "timeout_tls"
            | "not_http"
            | "malformed_head"
    )
}

/// What is wrong when no valid delivery gets through: one sentence instead of forty failures.
async fn refuses_valid(
    plan: &CheckPlan,
    client: &Client,
    cancel: &CancellationToken,
    rows: &[CheckRow],
) -> Vec<CheckFinding> {
    let plain: Vec<&CheckRow> = rows.iter().filter(|row| is_plain(&row.case)).collect();
    if plain.iter().all(|row| row.came.timed_out() || row.came == Observed::NotSent) {
        return findings(rows, plan.slow);
    }
    let proof: Vec<&'static str> = plain.iter().map(|row| row.case.name).collect();
    for probe in PROBES {
        let Ok(came) = send_all(plan, client, cancel, std::slice::from_ref(probe), false).await else { break };
        let (came, _) = came.into_iter().next().unwrap_or((Observed::NotSent, None));
        let row = CheckRow::judge(*probe, came, plan.max_age.is_some());
        if row.is_accepted() {
            let detail = format!("valid deliveries are refused, but {} is accepted", probe.sends);
            return vec![CheckFinding { fault: probe.fault, required: true, proof, detail }];
        }
    }
    let first = plain.first().map(|row| &row.came);
    let detail = format!("{}: {}", first.map(Observed::words).unwrap_or_default(), first.map_or("", hint_by_status));
    vec![CheckFinding { fault: ReceiverFault::RefusesValid, required: true, proof, detail }]
}

/// What the first answer suggests.
fn hint_by_status(came: &Observed) -> &'static str {
    match came.status() {
        Some(400) => "does your server read both headers, or does it refuse the payload?",
        Some(401 | 403) => "does your server have this secret, and does it verify the raw body?",
        Some(404) => "is the URL's path correct?",
        Some(405) => "does your server accept POST at this path?",
        Some(413) => "is your server's body limit too small?",
        Some(415) => "does your server accept application/json?",
        Some(300..=399) => "redirects are not followed: give the final URL",
        Some(500..=599) => "your server fails: check its logs",
        _ => "check your server's logs",
    }
}
