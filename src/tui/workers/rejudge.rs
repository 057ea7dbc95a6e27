//! The thread that judges stored deliveries again once a secret was entered.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::latest_wins::{LatestWins, Rest};
use crate::inspect::{JudgedAgain, judge_again};
use crate::server::ShownListener;
use crate::store::{Location, Reader};
use crate::tui::app::message::Message;
use crate::tui::error::TuiError;
use crate::tui::screens::signature::state::RejudgeReport;

/// Results are told this often.
const TOLD: Duration = Duration::from_millis(250);

/// Takes the number of a request, with the label of the secret; the verdicts come back as messages.
pub(crate) struct RejudgeWorker(LatestWins<(u64, String)>);

impl RejudgeWorker {
    /// Starts the thread.
    pub(crate) fn start(
        location: &Location,
        listener: Arc<dyn ShownListener>,
        send: impl Fn(Message) + Send + 'static,
    ) -> Result<Self, TuiError> {
        let reader = Reader::open(location)?;
        let judge = move |(number, label): (u64, String), is_wanted: &dyn Fn() -> bool| {
            let registry = listener.registry();
            let tell = |so_far: &mut JudgedAgain, is_done| send(Message::Rejudged(report(number, so_far, is_done)));
            let mut told = Instant::now();
            let mut go_on = |so_far: &mut JudgedAgain| {
                if told.elapsed() >= TOLD {
                    tell(so_far, false);
                    told = Instant::now();
                }
                is_wanted()
            };
            match judge_again(&reader, &registry, &label, &mut go_on) {
                Ok(Some(mut all)) => tell(&mut all, true),
                Ok(None) => {}
                Err(error) => send(Message::Warn(format!("stored deliveries cannot be judged again: {error}"))),
            }
        };
        Ok(Self(LatestWins::start_giving_way("whyhook-rejudge", Rest::No, judge)?))
    }

    /// Judges again, and gives up what was being judged before.
    pub(crate) fn ask(&self, number: u64, label: String) {
        self.0.ask((number, label));
    }
}

/// The verdicts since the last report.
fn report(number: u64, so_far: &mut JudgedAgain, is_done: bool) -> RejudgeReport {
    let verdicts = std::mem::take(&mut so_far.verdicts);
    let JudgedAgain { judged, verified, is_all, .. } = *so_far;
    RejudgeReport { number, verdicts, judged, verified, is_done, is_all }
}
