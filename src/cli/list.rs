//! `whyhook list [FILTER]`.

use std::process::ExitCode;

use clap::Args;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{CliError, OutputFormat, SettingsArgs, output};
use crate::delivery::{Summary, summary_text};
use crate::query::Query;
use crate::store::{Page, Reader};
use crate::text;

/// Rows read between two looks at stdout.
const PAGE_ROWS: usize = 1000;

#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  whyhook list verdict:bad since:1h\n  \
    whyhook list -n 1 --format json | jq .id")]
pub(super) struct ListArgs {
    /// Only deliveries that match, such as: verdict:bad event:screenshot since:1h
    #[arg(value_name = "FILTER")]
    filter: Vec<String>,
    /// Maximum number of deliveries
    #[arg(long, short = 'n', value_name = "COUNT")]
    limit: Option<usize>,
    /// Output per delivery: one line for people, or one JSON object
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: OutputFormat,
}

/// Exit code 0 when anything was listed, 1 when nothing matches.
pub(super) fn run(settings: &SettingsArgs, args: &ListArgs) -> Result<ExitCode, CliError> {
    let query = Query::parse(&args.filter.join(" "))?;
    let reader = Reader::open(&settings.location()?)?;
    let now = Timestamp::now();
    let zone = TimeZone::system();
    let mut left = args.limit.unwrap_or(usize::MAX);
    let mut listed = 0;
    let mut page = Page::Newest;
    while left > 0 {
        let scan = reader.search(&query, now, page, left.min(PAGE_ROWS), PAGE_ROWS)?;
        left -= scan.rows.len();
        listed += scan.rows.len();
        let lines: String =
            scan.rows.iter().map(|summary| format!("{}\n", line(summary, args.format, &zone))).collect();
        output::print(&lines)?;
        match scan.next {
            Some(next) => page = Page::Before(next),
            None => break,
        }
    }
    // Whoever wonders about a number that is missing finds the reason here.
    output::log_losses(&reader.losses()?);
    Ok(if listed > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn line(summary: &Summary, format: OutputFormat, zone: &TimeZone) -> String {
    match format {
        OutputFormat::Json => text::safe_json(&summary_text(summary)).into_owned(),
        OutputFormat::Text => {
            let time = summary.received_at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string();
            let status = summary.answer.as_ref().map_or_else(|| "-".to_owned(), |answer| answer.status.to_string());
            let kind = match (summary.event.event.is_some(), summary.event.is_simulation()) {
                (_, true) => "SIM",
                (true, false) => "live",
                (false, false) => "-",
            };
            let subject = match &summary.event.event {
                Some(event) => event.clone(),
                None if summary.method.is_empty() => format!("({} request)", summary.intake.name()),
                None => format!("{} {}", summary.method, summary.path),
            };
            let line = format!(
                "{:>6}  {time}  {:<10}  {status:>3}  {kind:<4}  {:>9}  {subject}",
                summary.id,
                summary.verdict_word(),
                summary.body_bytes,
            );
            text::visible(&line).into_owned()
        }
    }
}
