//! Simulated events: one or many.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::{Halt, Tally, Worker, end, is_unsent, row};
use crate::config::Settings;
use crate::delivery::{Attempt, AttemptKind, AttemptMode};
use crate::http::{Client, ClientLimits};
use crate::send::{
    BatchPace, Destination, DestinationChoice, NotSent, Origin, SimulatedBody, Simulation, attempt, run_all,
};
use crate::simulate;
use crate::tui::screens::send::panel::Panel;
use crate::tui::screens::send::state::{SendProgress, SentOfMany};
use crate::tui::screens::send::task::{News, SimulateTask};

impl Worker {
    pub(super) async fn simulate(
        &self,
        task: &SimulateTask,
        is_agreed: bool,
        client: &Client,
        cancel: &CancellationToken,
    ) -> Result<(), Halt> {
        let made = Arc::new(simulation(&self.settings(), task)?);
        made.destination.signing_secret()?;
        let sendings = made.sendings()?;
        self.may_send([&made.destination.target], is_agreed)?;
        let total = sendings.len();
        let what = match &made.body {
            SimulatedBody::Sample(_) => "a sample event".to_owned(),
            _ => made.recipe.event.name().to_owned(),
        };
        self.tell(News::Began(SendProgress { what, total, ..SendProgress::default() }));
        let pace = match made.burst.rate {
            Some(rate) => BatchPace::Every(Duration::from_secs_f64(1.0 / rate)),
            None => BatchPace::InOrder,
        };
        let target = Arc::new(made.destination.target.clone());
        let last = RefCell::new(None);
        let (mut delivered, mut unsent, mut number) = (0, 0, 0);
        let begin = |sending: simulate::BurstSending| {
            let request = made.request(sending.delivery, Timestamp::now());
            let (client, cancel, target) = (client.clone(), cancel.clone(), Arc::clone(&target));
            async move {
                let request = request?;
                let sent = client.send(&target, &request, &ClientLimits::default(), &cancel).await;
                let origin = Origin { delivery: None, kind: AttemptKind::Simulation, mode: AttemptMode::Made };
                Ok::<_, NotSent>((attempt(origin, &target, &request, None, sent), request.body))
            }
        };
        let done = |ended: Result<(Attempt, Bytes), NotSent>| {
            number += 1;
            match ended {
                Ok((attempt, body)) => {
                    delivered += usize::from(attempt.is_delivered());
                    unsent += usize::from(is_unsent(&attempt));
                    self.listener.keep_attempt(attempt.clone());
                    self.tell(News::Sent(row(format!("{number}."), &attempt)));
                    let remarks = vec![("Signed with", signed(&made.destination))];
                    let panel = Panel::new(attempt, body, &made.destination.scheme, remarks);
                    last.replace(Some(Box::new(panel)));
                }
                Err(error) => {
                    unsent += 1;
                    let (what, target, words) = (format!("{number}."), target.to_string(), error.to_string());
                    self.tell(News::Sent(SentOfMany { what, target, status: None, words, is_delivered: false }));
                }
            }
        };
        let begun = run_all(sendings, pace, cancel, begin, done).await;
        self.tell(News::Finished(last.into_inner(), end(Tally { total, begun, delivered, unsent })));
        Ok(())
    }
}

/// With what a destination's deliveries are signed, in words.
pub(super) fn signed(destination: &Destination) -> String {
    match &destination.secret {
        Some(secret) => {
            let unit = match destination.kind {
                crate::signature::SigningKind::Developer => "seconds",
                crate::signature::SigningKind::Reseller => "milliseconds",
            };
            format!("the secret {}, in {unit}", crate::text::visible(secret.label()))
        }
        None => "nothing: no secret is configured".to_owned(),
    }
}

/// The simulation that a form describes.
pub(super) fn simulation(settings: &Settings, task: &SimulateTask) -> Result<Simulation, NotSent> {
    let saved = &task.saved;
    let no_recipe = |error: simulate::InvalidSaved| NotSent::ServiceUnavailable { reason: error.to_string() };
    let recipe = saved.recipe().map_err(no_recipe)?;
    let choice =
        DestinationChoice { to: saved.to.clone(), webhook: saved.webhook.clone(), kind: saved.kind, secret: None };
    let destination = Destination::find(settings, &choice)?;
    let seed = match task.seed {
        Some(seed) => seed,
        None => simulate::fresh_seed()
            .map_err(|error| NotSent::ServiceUnavailable { reason: format!("no random numbers: {error}") })?,
    };
    // The form offers Trackpilots' events alone: where another sender is expected, its sample is shown and sent.
    let body = SimulatedBody::usual(&destination.scheme);
    let headers = saved.headers().map_err(no_recipe)?;
    Ok(Simulation { recipe, burst: saved.burst(), body, headers, destination, seed })
}
