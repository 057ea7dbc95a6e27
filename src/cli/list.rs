//! `whyhook list [FILTER]`.

mod follow;
mod table;

use std::cmp::Reverse;
use std::io::{self, IsTerminal as _};
use std::process::ExitCode;

use clap::Args;
use jiff::Timestamp;

use super::{CliError, OutputFormat, SettingsArgs, output};
use crate::config::ListColumn;
use crate::delivery::{DeliveryId, Summary, summary_text};
use crate::payload::grouped;
use crate::query::Query;
use crate::store::{Page, Reader};
use crate::text;
use table::ListTable;

/// Deliveries that are sorted at once: some hundred megabytes.
const SORTED_ROWS: usize = 200_000;
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
    #[arg(long, value_name = "NAMES")]
    columns: Option<String>,
    /// The order; all but newest and oldest read every delivery that matches
    #[arg(long, value_enum, default_value_t, value_name = "ORDER")]
    sort: ListOrder,
    /// Output per delivery: one line for people, or one JSON object
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: OutputFormat,
}

/// The order of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
enum ListOrder {
    /// The newest first
    #[default]
    Newest,
    /// The oldest first
    Oldest,
    /// The largest bodies first
    Size,
    /// The slowest answers first
    Latency,
    /// By cause, those without one last
    Cause,
    /// By the event's name
    Event,
    /// By the verdict's word
    Verdict,
    /// By the status answered
    Status,
}

impl ListOrder {
    /// Sorts rows that are the newest first; equal ones stay so.
    fn sort(self, rows: &mut [Summary]) {
        let answer = |row: &Summary| row.answer.as_ref().map(|answer| (answer.status, answer.latency));
        match self {
            Self::Newest | Self::Oldest => {}
            Self::Size => rows.sort_by_key(|row| Reverse(row.body_bytes)),
            Self::Latency => rows.sort_by_key(|row| Reverse(answer(row).map(|(_, latency)| latency))),
            Self::Cause => rows.sort_by(|a, b| (a.cause.is_none(), &a.cause).cmp(&(b.cause.is_none(), &b.cause))),
            Self::Event => {
                rows.sort_by(|a, b| {
                    (a.event.event.is_none(), &a.event.event).cmp(&(b.event.event.is_none(), &b.event.event))
                });
            }
            Self::Verdict => rows.sort_by_key(Summary::verdict_word),
            Self::Status => rows.sort_by_key(|row| answer(row).map(|(status, _)| status)),
        }
    }
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
    if args.sort != ListOrder::Newest {
        return sorted(&reader, &query, args, &table);
    }
    let mut left = args.limit.unwrap_or(usize::MAX);
    let mut listed = 0;
    let mut page = Page::Newest;
    while left > 0 {
        let scan = reader.search(&query, now, page, left.min(PAGE_ROWS), PAGE_ROWS)?;
        left -= scan.rows.len();
        print(&scan.rows, listed == 0, args, &table)?;
        listed += scan.rows.len();
        match scan.next {
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
        None => Ok(settings.source()?.file.and_then(|file| file.columns)),
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

/// Lists in another order than the newest first.
fn sorted(reader: &Reader, query: &Query, args: &ListArgs, table: &ListTable) -> Result<ExitCode, CliError> {
    let (now, limit) = (Timestamp::now(), args.limit.unwrap_or(usize::MAX));
    let mut listed = 0;
    let mut page = Page::After(DeliveryId(0));
    let mut found: Vec<Summary> = Vec::new();
    loop {
        let most = if args.sort == ListOrder::Oldest { (limit - listed).min(PAGE_ROWS) } else { PAGE_ROWS };
        if most == 0 {
            break;
        }
        let mut scan = reader.search(query, now, page, most, PAGE_ROWS)?;
        // A page is always the newest first.
        scan.rows.reverse();
        if args.sort == ListOrder::Oldest {
            print(&scan.rows, listed == 0, args, table)?;
            listed += scan.rows.len();
        } else {
            found.append(&mut scan.rows);
        }
        if found.len() > SORTED_ROWS {
            return Err(CliError::Usage(format!(
                "more than {} deliveries match, too many to sort: narrow the filter, for example with since:1d",
                grouped(SORTED_ROWS as u64)
            )));
        }
        match scan.next {
            Some(next) => page = Page::After(next),
            None => break,
        }
    }
    if args.sort != ListOrder::Oldest {
        // Of equal ones the newest comes first.
        found.reverse();
        args.sort.sort(&mut found);
        found.truncate(limit);
        print(&found, true, args, table)?;
        listed = found.len();
    }
    end(reader, listed, args, table)
}

/// What there is to say at the end.
fn end(reader: &Reader, listed: usize, args: &ListArgs, table: &ListTable) -> Result<ExitCode, CliError> {
    // Whoever wonders about a number that is missing finds the reason here.
    output::log_losses(&reader.losses()?);
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
