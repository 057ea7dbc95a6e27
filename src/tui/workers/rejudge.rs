//! The thread that judges stored deliveries again once a secret was entered.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::latest_wins::{LatestWins, Rest};
use crate::config::TYPED_LABEL;
use crate::delivery::{Summary, Verdict};
use crate::inspect::diagnosis::Subject;
use crate::server::ShownListener;
use crate::store::{Location, Page, Reader, StoreError};
use crate::tui::app::message::Message;
use crate::tui::screens::signature::state::RejudgeReport;

/// Rows read at once.
const PAGE: usize = 200;
/// Rows looked at, and bytes of bodies hashed, the newest first: what a person may scroll to, in a few seconds.
const MOST_ROWS: usize = 20_000;
const MOST_BYTES: u64 = 512 * 1024 * 1024;
/// Results are told this often.
const TOLD: Duration = Duration::from_millis(250);

/// Takes the number of a request; the verdicts come back as messages.
pub(crate) struct RejudgeWorker(LatestWins<u64>);

impl RejudgeWorker {
    /// Starts the thread.
    pub(crate) fn start(
        location: &Location,
        listener: Arc<dyn ShownListener>,
        send: impl Fn(Message) + Send + 'static,
    ) -> Result<Self, StoreError> {
        let reader = Reader::open(location)?;
        let judge = move |number, is_wanted: &dyn Fn() -> bool| {
            let registry = listener.registry();
            let mut pass = Pass { reader: &reader, number, send: &send, report: empty(number), told: Instant::now() };
            match pass.run(&registry, is_wanted) {
                Ok(Some(is_all)) => pass.tell(true, is_all),
                Ok(None) => {}
                Err(error) => send(Message::Warn(format!("stored deliveries cannot be judged again: {error}"))),
            }
        };
        LatestWins::start_giving_way("whyhook-rejudge", Rest::No, judge).map(Self).map_err(|source| StoreError::Io {
            action: "start the reader of",
            path: location.file().to_owned(),
            source,
        })
    }

    /// Judges again, and gives up what was being judged before.
    pub(crate) fn ask(&self, number: u64) {
        self.0.ask(number);
    }
}

fn empty(number: u64) -> RejudgeReport {
    RejudgeReport { number, verdicts: Vec::new(), judged: 0, verified: 0, is_done: false, is_all: false }
}

/// One pass through the store.
struct Pass<'a, S> {
    reader: &'a Reader,
    number: u64,
    send: &'a S,
    report: RejudgeReport,
    told: Instant,
}

impl<S: Fn(Message)> Pass<'_, S> {
    /// Judges what did not verify at capture, the newest first. Says whether that was all; `None` once unwanted.
    fn run(
        &mut self,
        registry: &crate::config::Registry,
        is_wanted: &dyn Fn() -> bool,
    ) -> Result<Option<bool>, StoreError> {
        let (mut page, mut rows_left, mut bytes_left) = (Page::Newest, MOST_ROWS, MOST_BYTES);
        loop {
            let rows = self.reader.page(page, PAGE)?;
            for row in &rows {
                if !is_wanted() {
                    return Ok(None);
                }
                if matches!(row.judgement.verdict, Verdict::Verified | Verdict::NotJudged) {
                    continue;
                }
                let Some(left) = bytes_left.checked_sub(row.body_bytes) else { return Ok(Some(false)) };
                bytes_left = left;
                self.judge(row, registry)?;
            }
            rows_left = rows_left.saturating_sub(rows.len());
            match rows.last() {
                Some(last) if rows.len() == PAGE && rows_left > 0 => page = Page::Before(last.id),
                _ => return Ok(Some(rows.len() < PAGE)),
            }
            if self.told.elapsed() >= TOLD {
                self.tell(false, false);
            }
        }
    }

    fn judge(&mut self, row: &Summary, registry: &crate::config::Registry) -> Result<(), StoreError> {
        // Deleted in the meantime.
        let Some(delivery) = self.reader.load(row.id)? else { return Ok(()) };
        let now = Subject::of(&delivery, registry).judge();
        self.report.judged += 1;
        if now.verdict != row.judgement.verdict {
            self.report.verdicts.push((row.id, now.verdict));
        }
        let is_verified = now.verdict == Verdict::Verified && row.intake.is_complete();
        self.report.verified += u64::from(is_verified && now.secret.as_deref() == Some(TYPED_LABEL));
        Ok(())
    }

    fn tell(&mut self, is_done: bool, is_all: bool) {
        let verdicts = std::mem::take(&mut self.report.verdicts);
        let (judged, verified) = (self.report.judged, self.report.verified);
        (self.send)(Message::Rejudged(RejudgeReport {
            number: self.number,
            verdicts,
            judged,
            verified,
            is_done,
            is_all,
        }));
        self.told = Instant::now();
    }
}
