//! Sending one delivery or many, and what is printed of each.

use std::process::ExitCode;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::super::sending::{block_on, cancelled_by_signals};
use super::super::{CliError, OutputFormat, output};
use super::SimulateArgs;
use crate::config::Settings;
use crate::delivery::{Attempt, AttemptKind, AttemptMode};
use crate::http::{Client, ClientLimits, Outgoing, Target};
use crate::send::{NotSent, Origin, Simulation, attempt, attempt_json, attempt_text};
use crate::simulate::BurstSending;
use crate::text::visible;

/// Deliveries of a rate that are in flight at once; the next one waits for a place.
const UNDER_WAY: usize = 64;

/// One sending that has ended.
struct Ended {
    number: usize,
    sending: BurstSending,
    attempt: Attempt,
    request: Arc<Outgoing>,
}

/// Sends everything in its order. What has ended is printed at once.
pub(super) fn send_all(
    settings: &Settings,
    simulation: &Simulation,
    sendings: &[BurstSending],
    args: &SimulateArgs,
) -> Result<ExitCode, CliError> {
    let run = Run {
        simulation,
        sendings,
        format: args.format,
        client: args.sending.client(settings)?,
        limits: args.sending.limits()?,
        cancel: cancelled_by_signals(),
    };
    let summary =
        block_on(run.send_each()).map_err(|error| NotSent::ServiceUnavailable { reason: error.to_string() })??;
    let left = sendings.len() - summary.sent;
    if sendings.len() > 1 && args.format == OutputFormat::Text {
        let unsent = left + summary.unsent;
        let more = if unsent > 0 { format!(", {unsent} not sent") } else { String::new() };
        let failed = summary.sent - summary.delivered - summary.unsent;
        output::print(&format!("{} delivered, {failed} failed{more}\n", summary.delivered))?;
    }
    Ok(if summary.delivered == sendings.len() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A burst in progress.
struct Run<'a> {
    simulation: &'a Simulation,
    sendings: &'a [BurstSending],
    format: OutputFormat,
    client: Client,
    limits: ClientLimits,
    cancel: CancellationToken,
}

impl Run<'_> {
    async fn send_each(&self) -> Result<Summary, CliError> {
        let begun = Instant::now();
        let (ended, mut results) = mpsc::channel(UNDER_WAY);
        let mut tasks = JoinSet::new();
        let mut summary = Summary::default();
        let mut last: Option<Arc<Outgoing>> = None;
        for (index, sending) in self.sendings.iter().enumerate() {
            let request = match last.take().filter(|_| sending.again) {
                Some(request) => request,
                None => Arc::new(self.simulation.request(sending.delivery, Timestamp::now())?),
            };
            last = Some(Arc::clone(&request));
            if let Some(after) = sending.after {
                tokio::select! {
                    () = self.cancel.cancelled() => {}
                    () = tokio::time::sleep_until(begun + after) => {}
                }
            }
            // As many as may be in progress; without a rate, one.
            let places = if sending.after.is_some() { UNDER_WAY } else { 1 };
            while summary.begun - summary.sent >= places {
                let Some(done) = results.recv().await else { break };
                self.show(&mut summary, &done)?;
            }
            if self.cancel.is_cancelled() {
                break;
            }
            summary.begun += 1;
            let (job, ended, sending) = (self.job(), ended.clone(), *sending);
            tasks.spawn(async move {
                let attempt = job.send(&request).await;
                let _ = ended.send(Ended { number: index + 1, sending, attempt, request }).await;
            });
        }
        drop(ended);
        while let Some(done) = results.recv().await {
            self.show(&mut summary, &done)?;
        }
        Ok(summary)
    }

    fn job(&self) -> Job {
        let target = self.simulation.destination.target.clone();
        Job { client: self.client.clone(), target, limits: self.limits, cancel: self.cancel.clone() }
    }

    fn show(&self, summary: &mut Summary, ended: &Ended) -> Result<(), CliError> {
        let Ended { number, sending, attempt, request } = ended;
        summary.sent += 1;
        summary.delivered += usize::from(attempt.is_delivered());
        summary.unsent += usize::from(attempt.is_unsent());
        let (scheme, all) = (&self.simulation.destination.scheme, self.sendings.len());
        match self.format {
            OutputFormat::Json => output::print_json(&attempt_json(attempt, &request.body, scheme)),
            OutputFormat::Text if all == 1 => output::print(&attempt_text(attempt, &request.body, scheme)),
            OutputFormat::Text => {
                let what = match (&attempt.result, attempt.is_delivered()) {
                    (Ok(reply), true) => format!("✓ {} Delivered", reply.status),
                    (Ok(reply), false) => {
                        let fault = reply.fault().map_or_else(String::new, |fault| format!(": {fault}"));
                        format!("✗ {} Failed{fault}", reply.status)
                    }
                    (Err(failure), _) if attempt.is_unsent() => format!("✗ Not sent: {}", failure.message),
                    (Err(failure), _) => format!("✗ Failed: {}", failure.message),
                };
                let again = if sending.again { ", again" } else { "" };
                let (event, milliseconds) = (sending.delivery + 1, attempt.latency.total.as_millis());
                let line = format!("{number} of {all}: {what}, {milliseconds} ms (event {event}{again})");
                output::print(&format!("{}\n", visible(&line)))
            }
        }
    }
}

#[derive(Default)]
struct Summary {
    begun: usize,
    sent: usize,
    delivered: usize,
    /// Of `sent`: what could not be connected for.
    unsent: usize,
}

struct Job {
    client: Client,
    target: Target,
    limits: ClientLimits,
    cancel: CancellationToken,
}

impl Job {
    async fn send(&self, request: &Outgoing) -> Attempt {
        let sent = self.client.send(&self.target, request, &self.limits, &self.cancel).await;
        let origin = Origin { delivery: None, kind: AttemptKind::Simulation, mode: AttemptMode::Made };
        attempt(origin, &self.target, request, None, sent)
    }
}
