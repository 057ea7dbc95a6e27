//! `whyhook list --follow`: what is there, the oldest first, and then each delivery as it comes.
//!
//! A running listener tells of them over its control interface. While none runs the store is asked, so that nothing is
//! missed when it is started or stopped meanwhile.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::table::ListTable;
use super::{CliError, ListArgs, OutputFormat, SettingsArgs, output};
use crate::api::{AnsweringListener, FollowNews, Following, ResumePoint};
use crate::cli::wait;
use crate::delivery::{DeliveryId, Summary, summary_text};
use crate::query::Query;
use crate::store::{FollowedStore, Location, Page, Reader, StoreChange};
use crate::text;

/// Between two looks at the store while no listener runs.
const POLL: Duration = Duration::from_millis(100);
/// Between two looks for a listener.
const SEEK: Duration = Duration::from_secs(1);
/// Rows looked at between two pages.
const PAGE_ROWS: usize = 1000;

/// Ends when nobody reads any more.
pub(super) fn run(settings: &SettingsArgs, args: &ListArgs) -> Result<ExitCode, CliError> {
    let query = settings.filter(&args.filter)?;
    // Names of the configuration are known here alone.
    let filter = query.to_string();
    let location = settings.location()?;
    let mut store = FollowedStore::new(location)?;
    let start = store.reader().map_or(Ok(DeliveryId(0)), |reader| reader.newest())?;
    let table = ListTable::of_stdout(super::columns(settings, args)?);
    let mut printer = Printer { table, format: args.format, begun: false, start };
    let after = match args.limit {
        None => DeliveryId(0),
        Some(limit) => store.reader().map_or(Ok(DeliveryId(0)), |reader| before_the_last(&reader, &query, limit))?,
    };
    output::end_once_unread()?;
    let mut following = Following::new(query, after, true);
    loop {
        from_listener(&mut store, &filter, &mut following, &mut printer)?;
        from_files(&mut store, &mut following, &mut printer)?;
    }
}

/// Opens the store when it is there by now. In another that has taken its place, all deliveries are new.
fn catch_up(
    store: &mut FollowedStore,
    following: &mut Following,
    printer: &mut Printer,
) -> Result<StoreChange, CliError> {
    let change = store.catch_up(following.resume_point().last)?;
    if change == StoreChange::Replaced {
        output::log(wait::REPLACED);
        following.resume(&ResumePoint::after(DeliveryId(0)));
        printer.start = DeliveryId(0);
    }
    Ok(change)
}

/// The delivery after which the last `limit` come that match.
fn before_the_last(reader: &Reader, query: &Query, limit: usize) -> Result<DeliveryId, CliError> {
    if limit == 0 {
        return Ok(reader.page(Page::Newest, 1)?.first().map_or(DeliveryId(0), |summary| summary.id));
    }
    let (now, mut left, mut page) = (Timestamp::now(), limit, Page::Newest);
    loop {
        let scan = reader.search(query, now, page, left, PAGE_ROWS)?;
        left -= scan.rows.len();
        match (scan.next, scan.rows.last()) {
            (_, Some(oldest)) if left == 0 => return Ok(DeliveryId(oldest.id.0 - 1)),
            (None, _) => return Ok(DeliveryId(0)),
            (Some(next), _) => page = Page::Before(next),
        }
    }
}

/// Follows the running listener until it ends; returns at once when none runs.
#[cfg(unix)]
fn from_listener(
    store: &mut FollowedStore,
    filter: &str,
    following: &mut Following,
    printer: &mut Printer,
) -> Result<(), CliError> {
    use std::ops::ControlFlow;

    use crate::api::{ApiClient, ApiClientError};
    use crate::http::percent::PercentEncoding;

    let client = match ApiClient::find(store.location()) {
        Ok(Some(client)) => client,
        // The files can be read all the same.
        Ok(None) | Err(_) => return Ok(()),
    };
    catch_up(store, following, printer)?;
    let Some(reader) = store.reader() else { return Ok(()) };
    let mut point = following.resume_point();
    let target = format!("/events?answered=true&filter={}", PercentEncoding::UNRESERVED.encode_text(filter));
    let followed = client.follow(&target, &point.clone(), |event| {
        let printed = match &*event.event {
            "delivery" => {
                if let Some(told) = event.id.as_deref().and_then(|id| id.parse().ok()) {
                    point = told;
                }
                printer.row(&reader, &event.data)
            }
            "missed" => {
                printer.missed_of_json(&event.data);
                Ok(())
            }
            _ => Ok(()),
        };
        printed.map_or_else(ControlFlow::Break, ControlFlow::Continue)
    });
    following.resume(&point);
    match followed {
        Ok(ControlFlow::Break(error)) => Err(error),
        // A filter that it does not know will not be known to the next either.
        Err(ApiClientError::Refused { status: 400, detail }) => Err(CliError::Usage(detail)),
        Ok(ControlFlow::Continue(())) | Err(_) => Ok(()),
    }
}

#[cfg(not(unix))]
fn from_listener(_: &mut FollowedStore, _: &str, _: &mut Following, _: &mut Printer) -> Result<(), CliError> {
    Ok(())
}

/// Follows the files until a listener can be asked.
fn from_files(store: &mut FollowedStore, following: &mut Following, printer: &mut Printer) -> Result<(), CliError> {
    let sought = Instant::now();
    let (mut version, mut waits) = (None, false);
    let mut was_answering = false;
    loop {
        if catch_up(store, following, printer)? != StoreChange::None {
            version = None;
        }
        if let Some(reader) = store.reader() {
            let answering = AnsweringListener::by_files(store.location());
            let current = Some(reader.data_version()?);
            let has_ended = std::mem::replace(&mut was_answering, answering.is_running()) && !answering.is_running();
            while waits || version != current || (has_ended && following.has_open()) {
                let look = following.look(&reader, &answering)?;
                for news in &look.news {
                    printer.news(news)?;
                }
                waits = look.patience.is_some();
                if !look.more {
                    version = current;
                    break;
                }
            }
        }
        if sought.elapsed() >= SEEK && is_listening(store.location()) {
            return Ok(());
        }
        std::thread::sleep(POLL);
    }
}

#[cfg(unix)]
fn is_listening(location: &Location) -> bool {
    location.socket().exists() && matches!(crate::api::ApiClient::find(location), Ok(Some(_)))
}

#[cfg(not(unix))]
fn is_listening(_: &Location) -> bool {
    false
}

/// That these numbers are not listed, as far as they came after `start`.
fn missed_words(from: DeliveryId, to: DeliveryId, start: DeliveryId) -> Option<String> {
    let from = from.max(DeliveryId(start.0.saturating_add(1)));
    match from.cmp(&to) {
        std::cmp::Ordering::Less => Some(format!("deliveries {from} to {to} were deleted before they were listed")),
        std::cmp::Ordering::Equal => Some(format!("delivery {from} was deleted before it was listed")),
        std::cmp::Ordering::Greater => None,
    }
}

/// Writes rows as `list` does.
struct Printer {
    table: ListTable,
    format: OutputFormat,
    /// Whether anything was written.
    begun: bool,
    /// The newest delivery of the store when it began.
    start: DeliveryId,
}

impl Printer {
    fn news(&mut self, news: &FollowNews) -> Result<(), CliError> {
        match news {
            FollowNews::Delivery(summary, _) | FollowNews::Late(summary, _) => match self.format {
                OutputFormat::Json => self.line(&text::safe_json(&summary_text(summary))),
                OutputFormat::Text => self.table_row(summary),
            },
            FollowNews::Missed(from, to) => {
                self.missed(*from, *to);
                Ok(())
            }
            FollowNews::Answered(_) => Ok(()),
        }
    }

    /// A row that a listener has sent.
    #[cfg(unix)]
    fn row(&mut self, reader: &Reader, json: &str) -> Result<(), CliError> {
        let id = || serde_json::from_str::<serde_json::Value>(json).ok()?["id"].as_i64().map(DeliveryId);
        match self.format {
            OutputFormat::Json => self.line(&text::safe_json(json)),
            // The table has more in a row than JSON, such as a colour, and is made of the stored row.
            OutputFormat::Text => match id().map(|id| reader.summary(id)).transpose()?.flatten() {
                Some(summary) => self.table_row(&summary),
                None => Ok(()),
            },
        }
    }

    fn table_row(&mut self, summary: &Summary) -> Result<(), CliError> {
        let row = self.table.row(summary);
        self.line(&row)
    }

    #[cfg(unix)]
    fn missed_of_json(&mut self, json: &str) {
        let json: serde_json::Value = serde_json::from_str(json).unwrap_or_default();
        if let (Some(from), Some(to)) = (json["from"].as_i64(), json["to"].as_i64()) {
            self.missed(DeliveryId(from), DeliveryId(to));
        }
    }

    /// What was deleted long ago is of no interest to who begins.
    fn missed(&mut self, from: DeliveryId, to: DeliveryId) {
        if let Some(words) = missed_words(from, to, self.start).filter(|_| self.begun) {
            output::log(&words);
        }
    }

    fn line(&mut self, line: &str) -> Result<(), CliError> {
        let heading = match self.format {
            OutputFormat::Text if !self.begun => self.table.heading(),
            _ => None,
        };
        self.begun = true;
        output::print(&format!("{}{line}\n", heading.unwrap_or_default()))?;
        // Nothing else ends it.
        if output::is_unread() { Err(CliError::Stdout(std::io::ErrorKind::BrokenPipe.into())) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_came_after_the_start_can_be_missed() {
        let words = |from, to, start| missed_words(DeliveryId(from), DeliveryId(to), DeliveryId(start));
        assert_eq!(words(2, 2, 5), None);
        assert_eq!(words(2, 5, 5), None);
        assert_eq!(words(2, 6, 5).as_deref(), Some("delivery 6 was deleted before it was listed"));
        assert_eq!(words(7, 9, 5).as_deref(), Some("deliveries 7 to 9 were deleted before they were listed"));
        assert_eq!(words(1, 1, 0).as_deref(), Some("delivery 1 was deleted before it was listed"));
    }
}
