//! `whyhook list [FILTER]`.

mod follow;
mod table;

use std::io::{self, IsTerminal as _};
use std::process::ExitCode;

use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use jiff::Timestamp;

use super::suggested::Suggested;
use super::{CliError, OutputFormat, SettingsArgs, output};
use crate::config::ListColumn;
use crate::delivery::{DeliveryId, Summary, summary_text};
use crate::query::{ListOrder, Query, Sorting};
use crate::store::{Page, Reader};
use crate::text::{self, grouped};
use table::ListTable;

/// Deliveries that are sorted at once: some 250 MB.
const SORTED_ROWS: usize = 10_000_000;
/// Rows read between two looks at stdout.
const PAGE_ROWS: usize = 1000;

#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  whyhook list verdict:bad since:1h\n  \
    whyhook list -n 1 --format json | jq .id\n  whyhook list --follow -n 0 verdict:bad")]
pub(super) struct ListArgs {
    /// Only deliveries that match, such as: verdict:bad event:screenshot since:1h
    #[arg(value_name = "FILTER")]
    filter: Vec<String>,
    /// Maximum number of deliveries
    #[arg(long, short = 'n', value_name = "COUNT")]
    limit: Option<usize>,
    /// Print each delivery as it comes, the oldest first, until interrupted; -n 0 leaves out those that are there
    #[arg(long, short = 'f', conflicts_with = "sort")]
    follow: bool,
    /// The columns, separated by commas: id, time, verdict, cause, event, kind, method, path, webhook, remote, status,
    /// latency, size, tags, note [default: columns of the configuration, or the usual ones]
    #[arg(long, value_name = "NAMES", hide_possible_values = true,
        value_parser = Suggested(|| ListColumn::ALL.map(ListColumn::name).to_vec()))]
    columns: Option<String>,
    /// The order; all but newest and oldest look at every delivery
    #[arg(long, value_parser = orders(), default_value = "newest", value_name = "ORDER")]
    sort: ListOrder,
    /// The order the other way round; what has nothing to be sorted by stays last
    #[arg(long, conflicts_with = "follow")]
    reverse: bool,
    /// Output per delivery: one line for people, or one JSON object
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: OutputFormat,
}

/// The orders' names, each with what comes first.
fn orders() -> impl TypedValueParser<Value = ListOrder> {
    let named = |order: ListOrder| PossibleValue::new(order.name()).help(Sorting { order, reversed: false }.words());
    PossibleValuesParser::new(ListOrder::ALL.map(named))
        .try_map(|name| name.parse().map(|sorting: Sorting| sorting.order))
}

/// Exit code 0 when anything was listed, 1 when nothing matches.
pub(super) fn run(settings: &SettingsArgs, args: &ListArgs) -> Result<ExitCode, CliError> {
    if args.follow {
        return follow::run(settings, args);
    }
    let query = settings.filter(&args.filter)?;
    let reader = Reader::open(&settings.location()?)?;
    let now = Timestamp::now();
    let table = ListTable::of_stdout(columns(settings, args)?);
    let sorting = Sorting { order: args.sort, reversed: args.reverse };
    match (sorting.is_arrival(), sorting.is_upwards()) {
        (true, _) => {}
        (false, true) => return upwards(&reader, &query, args, &table),
        (false, false) => return sorted(&reader, &query, sorting, args, &table),
    }
    let mut left = args.limit.unwrap_or(usize::MAX);
    let mut listed = 0;
    let mut page = Page::Newest;
    while left > 0 {
        let scan = reader.search(&query, now, page, left.min(PAGE_ROWS), PAGE_ROWS)?;
        left -= scan.rows.len();
        print(&scan.rows, listed == 0, args, &table)?;
        listed += scan.rows.len();
        match scan.next.filter(|_| !output::is_unread()) {
            Some(next) => page = Page::Before(next),
            None => break,
        }
    }
    end(&reader, listed, args, &table)
}

/// The columns that were asked for, or else those of the configuration, as far as these are for a person.
fn columns(settings: &SettingsArgs, args: &ListArgs) -> Result<Option<Vec<ListColumn>>, CliError> {
    match &args.columns {
        Some(names) => {
            Ok(Some(ListColumn::read_all(names).map_err(|error| CliError::Usage(format!("--columns: {error}")))?))
        }
        // What scripts read does not depend on the folder that they run in.
        None if !io::stdout().is_terminal() => Ok(None),
        None => Ok(settings.columns()),
    }
}

fn print(rows: &[Summary], is_first: bool, args: &ListArgs, table: &ListTable) -> Result<(), CliError> {
    let mut lines = String::new();
    if is_first && !rows.is_empty() && args.format == OutputFormat::Text {
        lines.extend(table.heading());
    }
    for summary in rows {
        lines.push_str(&match args.format {
            OutputFormat::Json => text::safe_json(&summary_text(summary)).into_owned(),
            OutputFormat::Text => table.row(summary),
        });
        lines.push('\n');
    }
    output::print(&lines)
}

/// Lists the oldest first, as they are read.
fn upwards(reader: &Reader, query: &Query, args: &ListArgs, table: &ListTable) -> Result<ExitCode, CliError> {
    let (now, limit) = (Timestamp::now(), args.limit.unwrap_or(usize::MAX));
    let mut listed = 0;
    let mut page = Page::After(DeliveryId(0));
    while listed < limit {
        let mut scan = reader.search(query, now, page, (limit - listed).min(PAGE_ROWS), PAGE_ROWS)?;
        // A page is always the newest first.
        scan.rows.reverse();
        print(&scan.rows, listed == 0, args, table)?;
        listed += scan.rows.len();
        match scan.next.filter(|_| !output::is_unread()) {
            Some(next) => page = Page::After(next),
            None => break,
        }
    }
    end(reader, listed, args, table)
}

/// Lists in an order for which all have to be looked at first.
fn sorted(
    reader: &Reader,
    query: &Query,
    sorting: Sorting,
    args: &ListArgs,
    table: &ListTable,
) -> Result<ExitCode, CliError> {
    let order = reader.order(query, sorting, Timestamp::now(), SORTED_ROWS, |_| true)?.unwrap_or_default();
    if order.is_cut {
        return Err(CliError::Usage(format!(
            "more than {} deliveries match, too many to sort: narrow the filter, for example with since:1d",
            grouped(SORTED_ROWS as u64)
        )));
    }
    let mut listed = 0;
    for ids in order.ids[..order.ids.len().min(args.limit.unwrap_or(usize::MAX))].chunks(PAGE_ROWS) {
        let mut rows = Vec::with_capacity(ids.len());
        for id in ids {
            // One that was deleted meanwhile is left out.
            match reader.summary(*id) {
                Ok(summary) => rows.extend(summary),
                Err(error) if error.is_of_one_delivery() => output::log(&format!("warning: {error}; it is left out")),
                Err(error) => return Err(error.into()),
            }
        }
        print(&rows, listed == 0, args, table)?;
        listed += rows.len();
        if output::is_unread() {
            break;
        }
    }
    end(reader, listed, args, table)
}

/// What there is to say at the end.
fn end(reader: &Reader, listed: usize, args: &ListArgs, table: &ListTable) -> Result<ExitCode, CliError> {
    // Whoever wonders about a number that is missing finds the reason here.
    output::log_losses(&reader.losses()?);
    output::log_unreadable(reader);
    if let Some(words) = output::absent_words(reader) {
        output::log(&format!("warning: {words}"));
    }
    if listed > 0 {
        return Ok(ExitCode::SUCCESS);
    }
    if table.is_for_a_person() && args.limit != Some(0) {
        output::log(match reader.count()? {
            0 => "no deliveries yet",
            _ => "no delivery matches",
        });
    }
    Ok(ExitCode::FAILURE)
}
