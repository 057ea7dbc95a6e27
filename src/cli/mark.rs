//! `whyhook pin`, `note` and `tag`: what a person adds to stored deliveries.
//!
//! Only the one writer of a store may do it. While a listener runs, that is the listener, and its interface has the keys for it.

use std::process::ExitCode;

use clap::Args;

use super::select::Selection;
use super::{CliError, SettingsArgs, output};
use crate::delivery::{MarksEdit, tag_of};
use crate::payload::grouped;
use crate::store::{Location, Reader, StoreError, Writer};
use crate::text::visible;

#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  whyhook pin 42\n  whyhook pin --remove 42 50-60")]
pub(super) struct PinArgs {
    /// Numbers (7, 12-40, latest), or a filter such as: is:bad since:1d
    #[arg(value_name = "ID|FILTER", required = true)]
    what: Vec<String>,
    /// Take the pin away
    #[arg(long)]
    remove: bool,
}

#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  whyhook note 42 \"the first after the upgrade\"\n  whyhook note 42 \"\"")]
pub(super) struct NoteArgs {
    /// Number of the delivery, or latest
    #[arg(value_name = "ID")]
    id: String,
    /// The note; an empty text removes it
    #[arg(value_name = "TEXT")]
    text: String,
}

#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  whyhook tag --add billing 42\n  whyhook tag --remove billing tag:billing")]
pub(super) struct TagArgs {
    /// Numbers (7, 12-40, latest), or a filter such as: is:bad since:1d
    #[arg(value_name = "ID|FILTER", required = true)]
    what: Vec<String>,
    /// A tag to add; may be repeated
    #[arg(long, value_name = "TAG")]
    add: Vec<String>,
    /// A tag to remove; may be repeated
    #[arg(long, value_name = "TAG")]
    remove: Vec<String>,
}

pub(super) fn pin(settings: &SettingsArgs, args: &PinArgs) -> Result<ExitCode, CliError> {
    apply(settings, &args.what, vec![MarksEdit::Pin(!args.remove)])
}

pub(super) fn note(settings: &SettingsArgs, args: &NoteArgs) -> Result<ExitCode, CliError> {
    apply(settings, std::slice::from_ref(&args.id), vec![MarksEdit::Note(args.text.clone())])
}

pub(super) fn tag(settings: &SettingsArgs, args: &TagArgs) -> Result<ExitCode, CliError> {
    let read = |text: &String| {
        tag_of(text).ok_or_else(|| {
            let shown = visible(text);
            CliError::Usage(format!("invalid tag '{shown}': expected up to 40 letters, digits and . _ - / :"))
        })
    };
    let mut edits = Vec::new();
    for tag in &args.add {
        edits.push(MarksEdit::Tag(read(tag)?));
    }
    for tag in &args.remove {
        edits.push(MarksEdit::Untag(read(tag)?));
    }
    if edits.is_empty() {
        return Err(CliError::Usage("nothing to do: give --add TAG or --remove TAG".to_owned()));
    }
    apply(settings, &args.what, edits)
}

/// Exit code 1 when there is no such delivery.
fn apply(settings: &SettingsArgs, what: &[String], edits: Vec<MarksEdit>) -> Result<ExitCode, CliError> {
    let selection = Selection::parse(what, settings)?;
    let location = settings.location()?;
    // A store that is not there is not made.
    let reader = Reader::open(&location)?;
    let ids = match selection.resolve(&reader, usize::MAX)? {
        Ok(ids) if !ids.is_empty() => ids,
        Ok(_) => {
            output::log("no delivery matches");
            return Ok(ExitCode::FAILURE);
        }
        Err(missing) => {
            output::log(&missing);
            return Ok(ExitCode::FAILURE);
        }
    };
    drop(reader);
    let (writer, handle) = open(&location)?;
    let mut changed = 0;
    for edit in edits {
        let outcome = handle.mark(ids.clone(), edit).blocking_recv();
        let stopped = || CliError::Usage("the store's writer has stopped".to_owned());
        changed += outcome.map_err(|_| stopped())?.map_err(|error| CliError::Usage(error.to_string()))?;
    }
    drop(handle);
    writer.join();
    output::log(&match changed {
        1 => "1 change".to_owned(),
        changed => format!("{} changes", grouped(changed as u64)),
    });
    Ok(ExitCode::SUCCESS)
}

fn open(location: &Location) -> Result<(Writer, crate::store::WriterHandle), CliError> {
    Writer::start(location, |_| {}).map_err(|error| match error {
        StoreError::InUse { path, holder } => CliError::Usage(format!(
            "store {} is in use by another whyhook{holder}, and only that one may change it: use the keys b, \" and @ in \
             its interface, or stop it first",
            path.display()
        )),
        other => CliError::Store(other),
    })
}
