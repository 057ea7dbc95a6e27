//! A check of a receiver.

use std::time::Duration;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::{Halt, Worker};
use crate::http::Client;
use crate::send::conformance::{self, CheckEvent, CheckPlan, Fixture};
use crate::send::{Destination, DestinationChoice};
use crate::simulate;
use crate::text::units;
use crate::tui::screens::send::task::{CheckTask, News};

/// How long one delivery may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// An answer later than this is too slow.
const SLOW: Duration = Duration::from_secs(3);
/// Deliveries under way at once.
const JOBS: usize = 4;

impl Worker {
    pub(super) async fn check(
        &self,
        task: &CheckTask,
        is_agreed: bool,
        client: &Client,
        cancel: &CancellationToken,
    ) -> Result<(), Halt> {
        let plan = self.plan(task)?;
        self.may_send([plan.target()], is_agreed)?;
        let tell = |event: CheckEvent<'_>| match event {
            CheckEvent::Row(row, total) => self.tell(News::CheckRow(Box::new(row.clone()), total)),
            CheckEvent::Waiting { status, wait } => {
                let seconds = wait.as_secs_f64();
                self.tell(News::CheckNote(format!("the receiver answered {status}: waiting for {seconds:.1} s")));
            }
            CheckEvent::Probing(count) => {
                self.tell(News::CheckNote(format!("trying out up to {count} known mistakes")));
            }
        };
        let report = conformance::run(&plan, client, cancel, tell).await;
        self.tell(News::Checked(report.map(Box::new).map_err(|error| error.to_string())));
        Ok(())
    }

    fn plan(&self, task: &CheckTask) -> Result<CheckPlan, Halt> {
        let settings = self.settings();
        let max_age = match &task.max_age[..] {
            "" => None,
            text => Some(units::parse_duration(text)?),
        };
        // What is configured for that URL is what its receiver has.
        let webhooks = settings.registry.webhooks();
        let named = webhooks.iter().find(|webhook| webhook.url.as_deref() == Some(&task.to[..]));
        let choice = DestinationChoice {
            to: Some(task.to.clone()),
            webhook: named.map(|webhook| webhook.name.clone()),
            kind: Some(task.kind),
            secret: None,
        };
        let destination = Destination::find(&settings, &choice)?;
        let fixture = Fixture {
            secret: destination.signing_secret()?.clone(),
            scheme: destination.scheme.sent_to(&destination.target),
            target: destination.target,
            kind: destination.kind,
            stale: conformance::stale_by(max_age),
            seed: simulate::fresh_seed()?,
        };
        let (cases, left_out) = conformance::applicable(&fixture, Timestamp::now())?;
        let interval = Duration::ZERO;
        Ok(CheckPlan { fixture, cases, left_out, max_age, timeout: TIMEOUT, slow: SLOW, jobs: JOBS, interval })
    }
}
