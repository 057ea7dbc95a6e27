//! Sending one delivery or many, and what is printed of each.

use std::process::ExitCode;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::super::sending::block_on;
use super::super::{CliError, Format, output};
use super::{Simulation, not_sent};
use crate::delivery::{Attempt, AttemptKind, AttemptMode};
use crate::sender::{Client, Limits, Origin, Outgoing, Target, Term, attempt, attempt_json, attempt_text};
use crate::simulation::Sending;
use crate::text::visible;

/// Deliveries of a rate that are under way at once; the next one waits for a place.
const UNDER_WAY: usize = 64;

/// One sending that has ended.
struct Ended {
    number: usize,
    sending: Sending,
    attempt: Attempt,
    request: Arc<Outgoing>,
}

impl Simulation<'_> {
    /// Sends everything in its order. What has ended is printed at once.
    pub(super) fn send_all(&self, sendings: &[Sending], cancel: &CancellationToken) -> Result<ExitCode, CliError> {
        let client = self.args.sending.client()?;
        let limits = self.args.sending.limits()?;
        let summary = block_on(self.send_each(sendings, &client, limits, cancel))
            .map_err(|error| not_sent(Term::ServiceUnavailable, &error.to_string()))??;
        let left = sendings.len() - summary.sent;
        if sendings.len() > 1 && self.args.format == Format::Text {
            let more = if left > 0 { format!(", {left} not sent") } else { String::new() };
            output::print(&format!(
                "{} delivered, {} failed{more}\n",
                summary.delivered,
                summary.sent - summary.delivered
            ))?;
        }
        Ok(if summary.delivered == sendings.len() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    async fn send_each(
        &self,
        sendings: &[Sending],
        client: &Client,
        limits: Limits,
        cancel: &CancellationToken,
    ) -> Result<Summary, CliError> {
        let begun = Instant::now();
        let (ended, mut results) = mpsc::channel(UNDER_WAY);
        let mut tasks = JoinSet::new();
        let mut summary = Summary::default();
        let mut last: Option<Arc<Outgoing>> = None;
        for (index, sending) in sendings.iter().enumerate() {
            let request = match last.take().filter(|_| sending.again) {
                Some(request) => request,
                None => Arc::new(self.request(sending.delivery)?),
            };
            last = Some(Arc::clone(&request));
            if let Some(after) = sending.after {
                tokio::select! {
                    () = cancel.cancelled() => {}
                    () = tokio::time::sleep_until(begun + after) => {}
                }
            }
            // As many as may be under way; without a rate, one.
            let places = if sending.after.is_some() { UNDER_WAY } else { 1 };
            while summary.begun - summary.sent >= places {
                let Some(done) = results.recv().await else { break };
                self.show(&mut summary, sendings.len(), &done)?;
            }
            if cancel.is_cancelled() {
                break;
            }
            summary.begun += 1;
            let job =
                Job { client: client.clone(), target: self.destination.target.clone(), limits, cancel: cancel.clone() };
            let (ended, sending) = (ended.clone(), *sending);
            tasks.spawn(async move {
                let attempt = job.send(&request).await;
                let _ = ended.send(Ended { number: index + 1, sending, attempt, request }).await;
            });
        }
        drop(ended);
        while let Some(done) = results.recv().await {
            self.show(&mut summary, sendings.len(), &done)?;
        }
        Ok(summary)
    }

    fn show(&self, summary: &mut Summary, all: usize, ended: &Ended) -> Result<(), CliError> {
        let Ended { number, sending, attempt, request } = ended;
        summary.sent += 1;
        summary.delivered += usize::from(attempt.is_delivered());
        let scheme = &self.destination.scheme;
        match self.args.format {
            Format::Json => output::print_json(&attempt_json(attempt, &request.body, scheme)),
            Format::Text if all == 1 => output::print(&attempt_text(attempt, &request.body, scheme)),
            Format::Text => {
                let what = match (&attempt.result, attempt.is_delivered()) {
                    (Ok(reply), true) => format!("✓ {} Delivered", reply.status),
                    (Ok(reply), false) => format!("✗ {} Failed", reply.status),
                    (Err(failure), _) => format!("✗ Failed: {}", failure.message),
                };
                let again = if sending.again { ", again" } else { "" };
                let line = format!(
                    "{number} of {all}: {what}, {} ms (event {}{again})",
                    attempt.latency.total.as_millis(),
                    sending.delivery + 1
                );
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
}

struct Job {
    client: Client,
    target: Target,
    limits: Limits,
    cancel: CancellationToken,
}

impl Job {
    async fn send(&self, request: &Outgoing) -> Attempt {
        let sent = self.client.send(&self.target, request, &self.limits, &self.cancel).await;
        let origin = Origin { delivery: None, kind: AttemptKind::Simulation, mode: AttemptMode::Made };
        attempt(origin, &self.target, request, None, sent)
    }
}
