//! `whyhook delete`: hides deliveries; `--undo`, or `whyhook undo`, brings them back.

use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use super::mark::{Marker, selected};
use super::prune::unpinned;
use super::select::Selection;
use super::{CliError, OutputFormat, SettingsArgs, output};
use crate::delivery::{DeliveryId, MarksEdit};
use crate::server::marked_words;
use crate::store::Reader;

#[derive(Debug, Clone, Args)]
#[command(
    after_help = "What is deleted is hidden at once. It is removed for good when a listener on the store ends, by \
    `whyhook prune` and by retention; until then --undo brings it back. Pinned deliveries are kept without --pinned.\n\n\
    Examples:\n  whyhook delete 42 50-60\n  whyhook delete 'is:sim age:>1h'\n  whyhook delete --undo\n  \
    whyhook delete --undo 42"
)]
pub(super) struct DeleteArgs {
    /// Numbers (7, 12-40, latest), or a filter such as: is:sim verdict:bad
    #[arg(value_name = "ID|FILTER", required_unless_present = "undo")]
    what: Vec<String>,
    /// Bring back what was deleted: these numbers, or everything that is not removed yet
    #[arg(long, conflicts_with = "pinned")]
    undo: bool,
    /// Delete pinned deliveries as well
    #[arg(long)]
    pinned: bool,
    /// Output: text for people, or one JSON object
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: OutputFormat,
}

#[derive(Debug, Clone, Args)]
#[command(after_help = "The same as `whyhook delete --undo`.\n\nExamples:\n  whyhook undo\n  whyhook undo 42 50-60")]
pub(super) struct UndoArgs {
    /// Numbers (7, 12-40) [default: everything that is not removed yet]
    #[arg(value_name = "ID")]
    what: Vec<String>,
    /// Output: text for people, or one JSON object
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: OutputFormat,
}

/// `whyhook undo`
pub(super) fn undo(settings: &SettingsArgs, args: &UndoArgs) -> Result<ExitCode, CliError> {
    run(settings, &DeleteArgs { what: args.what.clone(), undo: true, pinned: false, format: args.format })
}

/// Exit code 1 when there is nothing to delete or to bring back.
pub(super) fn run(settings: &SettingsArgs, args: &DeleteArgs) -> Result<ExitCode, CliError> {
    let selection = Selection::parse(&args.what, settings)?;
    let location = settings.location()?;
    // A store that is not there is not made.
    let reader = Reader::open(&location)?;
    let ids = match if args.undo { hidden(&selection, &reader)? } else { doomed(&selection, &reader, args.pinned)? } {
        Ok(ids) => ids,
        Err(code) => return Ok(code),
    };
    drop(reader);
    let edit = MarksEdit::Delete(!args.undo);
    let changed = Marker::open(&location)?.mark(&ids, edit.clone())?;
    match args.format {
        OutputFormat::Json => {
            let done = if args.undo { "restored" } else { "deleted" };
            output::print_json(&json!({"matched": ids.len(), done: changed}))?;
        }
        OutputFormat::Text => output::print(&format!("{}\n", marked_words(&edit, &ids)))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn doomed(selection: &Selection, reader: &Reader, pinned: bool) -> Result<Result<Vec<DeliveryId>, ExitCode>, CliError> {
    if matches!(selection, Selection::Filter(query) if query.is_empty()) {
        let words = "nothing selected: give numbers or a filter; `whyhook prune --keep 0` removes everything for good";
        return Err(CliError::Usage(words.to_owned()));
    }
    let ids = match selected(selection, reader)? {
        Ok(ids) => unpinned(reader, ids, pinned)?,
        Err(code) => return Ok(Err(code)),
    };
    Ok(if ids.is_empty() { Err(ExitCode::FAILURE) } else { Ok(ids) })
}

/// What is to be brought back.
fn hidden(selection: &Selection, reader: &Reader) -> Result<Result<Vec<DeliveryId>, ExitCode>, CliError> {
    let deleted = reader.deleted()?;
    let found = match selection {
        Selection::Filter(query) if query.is_empty() => Ok(deleted),
        Selection::Filter(_) => {
            Err("a filter finds nothing that was deleted: give numbers, or none to bring back everything".to_owned())
        }
        Selection::Numbers(numbers) => numbers.iter().try_fold(Vec::new(), |mut found, numbers| {
            found.extend(numbers.among(&deleted)?);
            Ok(found)
        }),
    };
    match found {
        Ok(mut ids) if !ids.is_empty() => {
            ids.sort_unstable_by(|left, right| right.cmp(left));
            ids.dedup();
            Ok(Ok(ids))
        }
        Ok(_) => {
            output::log("no deleted delivery can be brought back");
            Ok(Err(ExitCode::FAILURE))
        }
        Err(words) if matches!(selection, Selection::Filter(_)) => Err(CliError::Usage(words)),
        Err(missing) => {
            output::log(&missing);
            Ok(Err(ExitCode::FAILURE))
        }
    }
}
