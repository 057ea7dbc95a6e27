//! `whyhook prune`: deletes deliveries permanently.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::process::ExitCode;

use clap::Args;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::json;

#[cfg(unix)]
use super::running::RunningListener;
use super::select::Selection;
use super::{CliError, OutputFormat, SettingsArgs, output};
use crate::delivery::DeliveryId;
use crate::store::{Freed, Location, PrunePlan, Pruner, Reader, Retention, StoreError, Thoroughness};
use crate::text::{self, counted, grouped, units};

#[derive(Debug, Clone, Args)]
#[command(after_help = "With several of --older-than, --keep and --max-size, a delivery is deleted if any of them \
    applies. A FILTER limits all of them to the deliveries that match. Pinned deliveries are kept, and do not count, without --pinned. To delete everything: --keep 0.")]
#[command(after_help = "Examples:\n  whyhook prune --older-than 30d --dry-run\n  \
    whyhook prune is:sim verdict:bad --keep 1000 --yes")]
pub(super) struct PruneArgs {
    /// Numbers (7, 12-40, latest), or a filter such as: is:sim verdict:bad
    #[arg(value_name = "ID|FILTER")]
    what: Vec<String>,
    /// Delete deliveries older than this, such as 7d
    #[arg(long, value_name = "DURATION")]
    older_than: Option<String>,
    /// Delete all but this many of the newest deliveries
    #[arg(long, value_name = "COUNT")]
    keep: Option<u64>,
    /// Delete the oldest deliveries until the rest takes no more than this, such as 1GiB
    #[arg(long, value_name = "SIZE")]
    max_size: Option<String>,
    /// Delete pinned deliveries as well
    #[arg(long)]
    pinned: bool,
    /// Only show what would be deleted
    #[arg(long)]
    dry_run: bool,
    /// Output: text for people, or one JSON object
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: OutputFormat,
}

/// Exit code 1 when the person says no.
pub(super) fn run(settings: &SettingsArgs, args: &PruneArgs) -> Result<ExitCode, CliError> {
    let selection = Selection::parse(&args.what, settings)?;
    let retention = retention(args)?;
    check(&selection, &retention)?;
    let location = settings.location()?;
    // A store that is not there is not made.
    let reader = Reader::open(&location)?;
    let deleter = if args.dry_run { None } else { Some(Deleter::open(&location)?) };
    let plan = match &selection {
        Selection::Filter(query) => retention.plan(&reader, query, Timestamp::now())?,
        Selection::Numbers(_) => match selection.resolve(&reader, usize::MAX)? {
            Ok(ids) => PrunePlan::of(&reader, &unpinned(&reader, ids, args.pinned)?, args.pinned)?,
            Err(missing) => {
                output::log(&missing);
                return Ok(ExitCode::FAILURE);
            }
        },
    };
    let Some(deleter) = deleter.filter(|_| !plan.doomed.is_empty()) else {
        return print(args, &plan, None);
    };
    if !settings.yes() {
        if !is_asked() {
            let words = "cannot ask for confirmation without a terminal: delete with --yes, or look with --dry-run";
            return Err(CliError::Usage(words.to_owned()));
        }
        if !ask(&plan, reader.count()?)? {
            output::log("nothing was deleted");
            return Ok(ExitCode::FAILURE);
        }
    }
    // Its snapshot would keep SQLite from giving room back.
    drop(reader);
    let freed = deleter.delete(&plan)?;
    print(args, &plan, Some(freed))
}

/// Who deletes: the listener that runs on the store, else this process.
enum Deleter {
    Files(Box<Pruner>),
    #[cfg(unix)]
    Listener(RunningListener),
}

impl Deleter {
    fn open(location: &Location) -> Result<Self, CliError> {
        #[cfg(unix)]
        if let Some(listener) = RunningListener::on(location)? {
            return Ok(Self::Listener(listener));
        }
        let pruner = Pruner::open(location).map_err(in_use)?;
        output::log_losses(pruner.losses());
        Ok(Self::Files(Box::new(pruner)))
    }

    fn delete(self, plan: &PrunePlan) -> Result<Freed, CliError> {
        match self {
            Self::Files(mut pruner) => Ok(pruner.prune_planned(plan, Thoroughness::Exact)?),
            #[cfg(unix)]
            Self::Listener(listener) => {
                // The question may have waited for long: what is pinned is looked at again where it is deleted.
                let asked = json!({"ids": ranges(&plan.doomed), "pinned": plan.pinned});
                let result = listener.job("/prune", &asked)?;
                let number = |name: &str| result[name].as_u64().unwrap_or_default();
                Ok(Freed { deliveries: number("deleted"), bytes: number("freed_bytes") })
            }
        }
    }
}

/// Numbers, the highest first, as the fewest ranges.
#[cfg(unix)]
pub(super) fn ranges(ids: &[DeliveryId]) -> Vec<String> {
    ids.chunk_by(|left, right| left.0 == right.0 + 1)
        .filter_map(|run| Some((run.last()?.0, run.first()?.0)))
        .map(|(from, to)| format!("{from}-{to}"))
        .collect()
}

/// Those that are not pinned, unless those go as well; how many stay is said.
pub(super) fn unpinned(reader: &Reader, ids: Vec<DeliveryId>, pinned: bool) -> Result<Vec<DeliveryId>, CliError> {
    let mut doomed = Vec::new();
    let all = ids.len();
    for id in ids {
        if pinned || !reader.summary(id)?.is_some_and(|summary| summary.marks.pinned) {
            doomed.push(id);
        }
    }
    match all - doomed.len() {
        0 => {}
        1 => output::log("1 pinned delivery is kept; --pinned deletes it as well"),
        kept => {
            output::log(&format!("{} pinned deliveries are kept; --pinned deletes them as well", grouped(kept as u64)))
        }
    }
    Ok(doomed)
}

fn retention(args: &PruneArgs) -> Result<Retention, CliError> {
    let usage = |error: &dyn std::fmt::Display| CliError::Usage(error.to_string());
    Ok(Retention {
        older_than: args.older_than.as_deref().map(units::parse_duration).transpose().map_err(|error| usage(&error))?,
        keep: args.keep,
        max_bytes: args.max_size.as_deref().map(units::parse_size).transpose().map_err(|error| usage(&error))?,
        pinned: args.pinned,
    })
}

fn check(selection: &Selection, retention: &Retention) -> Result<(), CliError> {
    let wrong = match selection {
        Selection::Numbers(_) if !retention.is_empty() => {
            "numbers cannot be combined with --older-than, --keep or --max-size"
        }
        Selection::Filter(query) if query.is_empty() && retention.is_empty() => {
            "nothing selected: give --older-than, --keep, --max-size, numbers or a filter; --keep 0 deletes everything"
        }
        _ => return Ok(()),
    };
    Err(CliError::Usage(wrong.to_owned()))
}

/// What to do about a listener that runs is another thing here than where one is about to start.
pub(super) fn in_use(error: StoreError) -> CliError {
    match error {
        StoreError::InUse { path, holder } => CliError::Usage(format!(
            "store {} is in use by another whyhook{holder}, and only one may change it: nothing was changed; stop \
             that one first",
            path.display()
        )),
        other => CliError::Store(other),
    }
}

fn is_asked() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

fn ask(plan: &PrunePlan, count: u64) -> Result<bool, CliError> {
    let question = format!("permanently delete {} of {} deliveries? [y/N] ", words(plan), grouped(count));
    let mut stderr = io::stderr().lock();
    let _ = write!(stderr, "{}", text::visible(&question)).and_then(|()| stderr.flush());
    let mut answer = String::new();
    io::stdin()
        .lock()
        .read_line(&mut answer)
        .map_err(|error| CliError::Usage(format!("cannot read the answer: {error}; confirm with --yes")))?;
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}

fn words(plan: &PrunePlan) -> String {
    let count = plan.doomed.len() as u64;
    let zone = TimeZone::system();
    let time = |moment| units::time_words(moment, &zone);
    let when = plan.received.map_or_else(String::new, |(oldest, newest)| match (oldest, newest) {
        (oldest, newest) if oldest == newest => format!(", received {}", time(oldest)),
        (oldest, newest) => format!(", received {} to {}", time(oldest), time(newest)),
    });
    format!("{} ({}{when})", grouped(count), counted(plan.bytes, "byte"))
}

fn print(args: &PruneArgs, plan: &PrunePlan, freed: Option<Freed>) -> Result<ExitCode, CliError> {
    let deleted = freed.map_or(0, |freed| freed.deliveries);
    match args.format {
        OutputFormat::Json => output::print_json(&json!({
            "matched": plan.doomed.len(),
            "deleted": deleted,
            "freed_bytes": freed.map_or(0, |freed| freed.bytes),
            "dry_run": args.dry_run,
        }))?,
        OutputFormat::Text => {
            let line = match freed {
                None if plan.doomed.is_empty() => "nothing to delete".to_owned(),
                None => format!("would delete {}", words(plan)),
                Some(freed) if freed.deliveries < plan.doomed.len() as u64 => format!(
                    "deleted {} of {}; {} freed; the others were pinned or deleted meanwhile",
                    grouped(freed.deliveries),
                    words(plan),
                    counted(freed.bytes, "byte")
                ),
                Some(freed) => format!("deleted {}; {} freed", words(plan), counted(freed.bytes, "byte")),
            };
            output::print(&format!("{}\n", text::visible(&line)))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_follow_each_other_are_one_range() {
        let ids = [12, 11, 10, 7, 5, 4].map(DeliveryId);
        assert_eq!(ranges(&ids), ["10-12", "7-7", "4-5"]);
        assert!(ranges(&[]).is_empty());
    }
}
