//! `whyhook wait FILTER`: until a delivery comes that matches.
//!
//! The store is asked, not the listener, so that it does not matter which process listens, or whether one
//! does yet. SQLite's `data_version` tells for a few microseconds whether anything was committed.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Args;
use jiff::Timestamp;

use super::{CliError, OutputFormat, SettingsArgs, output};
use crate::api::AnsweringListener;
use crate::cli::headless::{self, LineFormat};
use crate::delivery::{DeliveryId, Summary, Verdict, summary_text};
use crate::query::Query;
use crate::store::{FollowedStore, Location, Page, Reader, StoreChange, StoreError, StoredContent};
use crate::text::{self, units};

/// Between two looks at the store.
const POLL: Duration = Duration::from_millis(50);
/// How long the answer of a delivery that matches without it is waited for, so that the usual one is shown. What is held
/// may wait to be released by whoever waits here.
const SHOWN_WITH_ANSWER: Duration = Duration::from_millis(250);
/// How much later than the time is over the last look may end. What no time is given for is looked at whole, once.
const LAST_LOOK: Duration = Duration::from_millis(250);
/// What is said when another store has replaced the one that was watched.
pub(super) const REPLACED: &str = "the store was replaced: continuing with the first delivery of the new one";
/// Rows read at once.
const PAGE_ROWS: usize = 500;

#[derive(Debug, Clone, Args)]
#[command(after_help = "To miss nothing, read the newest number before you trigger the event:\n\n  \
    last=$(whyhook list -n 1 --format json | jq .id)\n  ./trigger\n  \
    whyhook wait event:screenshot verdict:verified --after \"${last:-0}\" --timeout 30s")]
pub(super) struct WaitArgs {
    /// What to wait for, such as: event:screenshot verdict:verified [default: any delivery]
    #[arg(value_name = "FILTER")]
    filter: Vec<String>,
    /// Give up after this long, with exit code 1
    #[arg(long, value_name = "DURATION", default_value = "30s")]
    timeout: String,
    /// Number of deliveries to wait for
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    count: u64,
    /// Also look at stored deliveries after this number; 0 for all
    #[arg(long, value_name = "ID", conflicts_with = "include_past", value_parser = clap::value_parser!(i64).range(0..))]
    after: Option<i64>,
    /// Also look at every stored delivery
    #[arg(long)]
    include_past: bool,
    /// Output per delivery: one line for people, or one JSON object
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: OutputFormat,
}

/// Exit code 0 when enough has matched, 1 when the time is over.
pub(super) fn run(settings: &SettingsArgs, args: &WaitArgs) -> Result<ExitCode, CliError> {
    let query = settings.filter(&args.filter)?;
    let timeout = units::parse_duration(&args.timeout).map_err(|error| CliError::Usage(error.to_string()))?;
    let deadline = Instant::now().checked_add(timeout);
    let after = args.after.or(args.include_past.then_some(0)).map(DeliveryId);
    let mut watch = Watch::start(settings.location()?, query, after)?;
    watch.until = deadline.filter(|_| !timeout.is_zero()).and_then(|deadline| deadline.checked_add(LAST_LOOK));
    let mut left = args.count;
    loop {
        let over = deadline.is_some_and(|deadline| Instant::now() >= deadline);
        for summary in watch.look(over, left)? {
            output::print(&line(&summary, args.format))?;
            left -= 1;
            if left == 0 {
                return Ok(ExitCode::SUCCESS);
            }
        }
        if let Some(remark) = watch.remark.take() {
            output::log(&remark);
        }
        if over {
            output::log(&match args.count {
                1 => format!("timeout: no delivery matched within {}", args.timeout),
                count => format!("timeout: {} of {count} deliveries matched within {}", count - left, args.timeout),
            });
            return Ok(ExitCode::FAILURE);
        }
        let rest = deadline.map_or(POLL, |deadline| deadline.saturating_duration_since(Instant::now()));
        std::thread::sleep(rest.min(POLL));
    }
}

fn line(summary: &Summary, format: OutputFormat) -> String {
    match format {
        OutputFormat::Text => format!("{}\n", headless::line(summary, LineFormat::Text)),
        OutputFormat::Json => format!("{}\n", text::safe_json(&summary_text(summary))),
    }
}

/// A store that is watched, once there is one.
struct Watch {
    store: FollowedStore,
    query: Query,
    /// SQLite's counter of commits when the store was last read.
    version: Option<i64>,
    /// Deliveries up to this one have been seen.
    last: DeliveryId,
    /// Why something that nearly matched does not count.
    remark: Option<String>,
    /// Seen, and not yet answered.
    open: Vec<OpenDelivery>,
    /// When even a look in progress is broken off.
    until: Option<Instant>,
}

/// A delivery that may still be answered.
struct OpenDelivery {
    id: DeliveryId,
    /// Since when it matches whatever the answer is; `None` when the answer decides.
    matches_since: Option<Instant>,
}

impl Watch {
    fn start(location: Location, query: Query, after: Option<DeliveryId>) -> Result<Self, StoreError> {
        let store = FollowedStore::new(location)?;
        let last = match (after, store.reader()) {
            (Some(after), _) => after,
            (None, Some(reader)) => reader.page(Page::Newest, 1)?.first().map_or(DeliveryId(0), |summary| summary.id),
            (None, None) => DeliveryId(0),
        };
        Ok(Self { store, query, version: None, last, remark: None, open: Vec::new(), until: None })
    }

    /// What has matched since the last look. It may stop at `enough`; with `over` no answer is waited for.
    fn look(&mut self, over: bool, enough: u64) -> Result<Vec<Summary>, StoreError> {
        match self.store.catch_up(self.last)? {
            StoreChange::None => {}
            StoreChange::Opened => self.version = None,
            StoreChange::Replaced => {
                self.remark = Some(REPLACED.to_owned());
                (self.version, self.last) = (None, DeliveryId(0));
                self.open.clear();
            }
        }
        let Some(reader) = self.store.reader() else { return Ok(Vec::new()) };
        let version = Some(reader.data_version()?);
        let has_news = self.version != version;
        if !has_news && self.open.is_empty() {
            return Ok(Vec::new());
        }
        self.version = version;
        // Before the rows: what a listener has answered is in them once it is gone.
        let answering = AnsweringListener::by_files(self.store.location());
        let mut found = Vec::new();
        for open in std::mem::take(&mut self.open) {
            let Some(summary) = reader.summary(open.id)? else { continue };
            let is_shown = open.matches_since.is_some_and(|since| since.elapsed() >= SHOWN_WITH_ANSWER);
            if over || is_shown || !answering.may_answer(&summary) {
                found.extend(self.matching(&reader, summary));
            } else {
                self.open.push(open);
            }
        }
        if has_news {
            let answering = Some(&answering).filter(|_| !over);
            self.read_new(&reader, answering, enough, &mut found)?;
        }
        Ok(found)
    }

    /// Reads what has come, and adds to `found` what matches and needs no answer any more; without `answering`, none is
    /// waited for.
    fn read_new(
        &mut self,
        reader: &Reader,
        answering: Option<&AnsweringListener>,
        enough: u64,
        found: &mut Vec<Summary>,
    ) -> Result<(), StoreError> {
        loop {
            let rows = reader.page(Page::After(self.last), PAGE_ROWS)?;
            let is_end = rows.len() < PAGE_ROWS;
            for summary in rows.into_iter().rev() {
                // A filter may have to read every body: a large store takes longer than there is time.
                if self.until.is_some_and(|until| Instant::now() >= until) {
                    self.version = None;
                    return Ok(());
                }
                self.last = summary.id;
                if !answering.is_some_and(|answering| answering.may_answer(&summary)) {
                    found.extend(self.matching(reader, summary));
                    continue;
                }
                let content = StoredContent::new(reader, summary.id);
                let open = |matches_since| OpenDelivery { id: summary.id, matches_since };
                match self.query.so_far(&summary, Some(&content), Timestamp::now()) {
                    None => self.open.push(open(None)),
                    Some(true) => self.open.push(open(Some(Instant::now()))),
                    // For its remark.
                    Some(false) => drop(self.matching(reader, summary)),
                }
            }
            if is_end || found.len() as u64 >= enough {
                return Ok(());
            }
        }
    }

    /// The delivery, when it matches.
    fn matching(&mut self, reader: &Reader, mut summary: Summary) -> Option<Summary> {
        let content = StoredContent::new(reader, summary.id);
        let now = Timestamp::now();
        if self.query.matches(&summary, Some(&content), now) {
            return Some(summary);
        }
        if summary.judgement.verdict == Verdict::Verified && !summary.is_verified() {
            let intake = std::mem::take(&mut summary.intake);
            if self.query.matches(&summary, Some(&content), now) {
                self.remark = Some(format!(
                    "delivery {} does not count: its signature matches the part that arrived, but the request is \
                    {}: {}",
                    summary.id,
                    intake.name(),
                    intake.reason()
                ));
            }
        }
        None
    }
}
