//! A check of a receiver.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{Halt, Worker};
use crate::http::Client;
use crate::send::conformance::{self, CheckPlan, Fixture, MATRIX};
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
        self.may_send([&plan.target], is_agreed)?;
        let row = |row: &conformance::CheckRow, total: usize| self.tell(News::CheckRow(Box::new(row.clone()), total));
        let report = conformance::run(&plan, client, cancel, row).await;
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
        if !destination.scheme.is_plain() {
            let reason =
                "only receivers of Trackpilots' own signatures can be checked, but this webhook has another scheme";
            return Err(Halt::Because(reason.to_owned()));
        }
        let ground = Fixture {
            secret: destination.signing_secret()?.clone(),
            kind: destination.kind,
            names: (destination.scheme.signature_header().to_owned(), destination.scheme.timestamp_header().to_owned()),
            stale: conformance::stale_by(max_age),
            seed: simulate::fresh_seed()?,
        };
        Ok(CheckPlan {
            target: destination.target,
            ground,
            cases: MATRIX.to_vec(),
            max_age,
            timeout: TIMEOUT,
            slow: SLOW,
            jobs: JOBS,
        })
    }
}
