//! `whyhook list [FILTER]`.

mod follow;
mod table;

use std::process::ExitCode;

use clap::Args;
use jiff::Timestamp;

use super::{CliError, OutputFormat, SettingsArgs, output};
use crate::delivery::summary_text;
use crate::query::Query;
use crate::store::{Page, Reader};
use crate::text;
use table::ListTable;

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
    #[arg(long, short = 'f')]
    follow: bool,
    /// Output per delivery: one line for people, or one JSON object
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: OutputFormat,
}

/// Exit code 0 when anything was listed, 1 when nothing matches.
pub(super) fn run(settings: &SettingsArgs, args: &ListArgs) -> Result<ExitCode, CliError> {
    if args.follow {
        return follow::run(settings, args);
    }
    let query = Query::parse(&args.filter.join(" "))?;
    let reader = Reader::open(&settings.location()?)?;
    let now = Timestamp::now();
    let table = ListTable::of_stdout();
    let mut left = args.limit.unwrap_or(usize::MAX);
    let mut listed = 0;
    let mut page = Page::Newest;
    while left > 0 {
        let scan = reader.search(&query, now, page, left.min(PAGE_ROWS), PAGE_ROWS)?;
        let mut lines = String::new();
        if listed == 0 && !scan.rows.is_empty() && args.format == OutputFormat::Text {
            lines.extend(table.heading());
        }
        left -= scan.rows.len();
        listed += scan.rows.len();
        for summary in &scan.rows {
            lines.push_str(&match args.format {
                OutputFormat::Json => text::safe_json(&summary_text(summary)).into_owned(),
                OutputFormat::Text => table.row(summary),
            });
            lines.push('\n');
        }
        output::print(&lines)?;
        match scan.next {
            Some(next) => page = Page::Before(next),
            None => break,
        }
    }
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
