//! `whyhook pin`, `note` and `tag`: what a person adds to stored deliveries.
//!
//! Only the one writer of a store may do it: the listener while one runs, else this command.

use std::process::ExitCode;

use clap::Args;
#[cfg(unix)]
use serde_json::{Value, json};

use super::prune::in_use;
#[cfg(unix)]
use super::prune::ranges;
#[cfg(unix)]
use super::running::RunningListener;
use super::select::Selection;
use super::{CliError, SettingsArgs, output};
use crate::delivery::{DeliveryId, MarksEdit, tag_of};
use crate::server::marked_words;
use crate::store::{Location, Reader, Writer, WriterHandle};
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
    apply(settings, &args.what, MarksEdit::Pin(!args.remove))
}

pub(super) fn note(settings: &SettingsArgs, args: &NoteArgs) -> Result<ExitCode, CliError> {
    apply(settings, std::slice::from_ref(&args.id), MarksEdit::Note(args.text.clone()))
}

pub(super) fn tag(settings: &SettingsArgs, args: &TagArgs) -> Result<ExitCode, CliError> {
    let read = |text: &String| {
        tag_of(text).ok_or_else(|| {
            let shown = visible(text);
            CliError::Usage(format!("invalid tag '{shown}': expected up to 40 letters, digits and . _ - / :"))
        })
    };
    let all = |names: &[String]| names.iter().map(read).collect::<Result<Vec<_>, _>>();
    let (add, remove) = (all(&args.add)?, all(&args.remove)?);
    if add.is_empty() && remove.is_empty() {
        return Err(CliError::Usage("nothing to do: give --add TAG or --remove TAG".to_owned()));
    }
    let edit = MarksEdit::Retag { remove, add };
    edit.check().map_err(|limit| CliError::Usage(limit.to_string()))?;
    apply(settings, &args.what, edit)
}

/// Exit code 1 when no delivery is found.
fn apply(settings: &SettingsArgs, what: &[String], edit: MarksEdit) -> Result<ExitCode, CliError> {
    let selection = Selection::parse(what, settings)?;
    let location = settings.location()?;
    // A store that is not there is not made.
    let reader = Reader::open(&location)?;
    let ids = match selected(&selection, &reader)? {
        Ok(ids) => ids,
        Err(code) => return Ok(code),
    };
    drop(reader);
    let words = marked_words(&edit, &ids);
    let changed = Marker::open(&location)?.mark(&ids, edit)?;
    output::log(if changed == 0 { "nothing changed: it was so before" } else { &words });
    Ok(ExitCode::SUCCESS)
}

/// The deliveries that are meant; exit code 1, which has been explained, when there are none.
pub(super) fn selected(selection: &Selection, reader: &Reader) -> Result<Result<Vec<DeliveryId>, ExitCode>, CliError> {
    let why = match selection.resolve(reader, usize::MAX)? {
        Ok(ids) if !ids.is_empty() => return Ok(Ok(ids)),
        Ok(_) => "no delivery matches".to_owned(),
        Err(missing) => missing,
    };
    output::log(&why);
    Ok(Err(ExitCode::FAILURE))
}

/// Who changes marks: the listener that runs on the store, else this process.
pub(super) enum Marker {
    Files(Writer, WriterHandle),
    #[cfg(unix)]
    Listener(RunningListener),
}

impl Marker {
    pub(super) fn open(location: &Location) -> Result<Self, CliError> {
        #[cfg(unix)]
        if let Some(listener) = RunningListener::on(location)? {
            return Ok(Self::Listener(listener));
        }
        let (writer, handle) = Writer::start_briefly(location).map_err(in_use)?;
        output::log_losses(writer.losses());
        Ok(Self::Files(writer, handle))
    }

    /// Makes the edit; how many deliveries it changed.
    pub(super) fn mark(self, ids: &[DeliveryId], edit: MarksEdit) -> Result<u64, CliError> {
        match self {
            Self::Files(writer, handle) => {
                let outcome = handle.mark(ids.to_vec(), edit).blocking_recv();
                let stopped = || CliError::Usage("the store's writer has stopped".to_owned());
                let changed = outcome.map_err(|_| stopped())?.map_err(|error| CliError::Usage(error.to_string()))?;
                drop(handle);
                writer.join();
                Ok(changed as u64)
            }
            #[cfg(unix)]
            Self::Listener(listener) => {
                let (target, mut body, count) = asked(&edit);
                body["ids"] = json!(ranges(ids));
                Ok(listener.job(target, &body)?[count].as_u64().unwrap_or_default())
            }
        }
    }
}

/// The request for an edit: its target, its members but for the numbers, and the member of its result that counts.
#[cfg(unix)]
fn asked(edit: &MarksEdit) -> (&'static str, Value, &'static str) {
    let members = match edit {
        // Which of the pinned ones go has been decided already.
        MarksEdit::Delete(true) => return ("/delete?wait=true", json!({"pinned": true}), "deleted"),
        MarksEdit::Delete(false) => return ("/undelete?wait=true", json!({}), "restored"),
        MarksEdit::Pin(pinned) => json!({"pinned": pinned}),
        MarksEdit::Note(note) => json!({"note": note}),
        MarksEdit::Tag(tag) => json!({"add_tags": [tag]}),
        MarksEdit::Untag(tag) => json!({"remove_tags": [tag]}),
        MarksEdit::Retag { remove, add } => json!({"add_tags": add, "remove_tags": remove}),
        // Only an import replaces them, and no command makes several changes.
        MarksEdit::Replace(_) | MarksEdit::Several(_) => json!({}),
    };
    ("/marks?wait=true", members, "changed")
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn an_edit_becomes_a_request() {
        let tags = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        let edit = MarksEdit::Retag { remove: tags(&["c"]), add: tags(&["a", "b"]) };
        let body = json!({"add_tags": ["a", "b"], "remove_tags": ["c"]});
        assert_eq!(asked(&edit), ("/marks?wait=true", body, "changed"));
        assert_eq!(asked(&MarksEdit::Pin(false)).1, json!({"pinned": false}));
        assert_eq!(asked(&MarksEdit::Delete(false)), ("/undelete?wait=true", json!({}), "restored"));
    }
}
