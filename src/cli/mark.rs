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

/// Exit code 1 when no delivery is found.
fn apply(settings: &SettingsArgs, what: &[String], edits: Vec<MarksEdit>) -> Result<ExitCode, CliError> {
    let selection = Selection::parse(what, settings)?;
    let location = settings.location()?;
    // A store that is not there is not made.
    let reader = Reader::open(&location)?;
    let ids = match selected(&selection, &reader)? {
        Ok(ids) => ids,
        Err(code) => return Ok(code),
    };
    drop(reader);
    let words: Vec<String> = edits.iter().map(|edit| marked_words(edit, &ids)).collect();
    let changed = Marker::open(&location)?.mark(&ids, edits)?;
    output::log(&match changed {
        0 => "nothing changed: it was so before".to_owned(),
        _ => words.join("; "),
    });
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

    /// Makes each of the edits; the number of changes. What is to be deleted, or brought back, is the only edit.
    pub(super) fn mark(self, ids: &[DeliveryId], edits: Vec<MarksEdit>) -> Result<u64, CliError> {
        match self {
            Self::Files(writer, handle) => {
                let mut changed = 0;
                for edit in edits {
                    let outcome = handle.mark(ids.to_vec(), edit).blocking_recv();
                    let stopped = || CliError::Usage("the store's writer has stopped".to_owned());
                    changed += outcome.map_err(|_| stopped())?.map_err(|error| CliError::Usage(error.to_string()))?;
                }
                drop(handle);
                writer.join();
                Ok(changed as u64)
            }
            #[cfg(unix)]
            Self::Listener(listener) => {
                let (target, mut body, count) = asked(&edits);
                body["ids"] = json!(ranges(ids));
                Ok(listener.job(target, &body)?[count].as_u64().unwrap_or_default())
            }
        }
    }
}

/// The request for these edits: its target, its members but for the numbers, and the member of its result that counts.
#[cfg(unix)]
fn asked(edits: &[MarksEdit]) -> (&'static str, Value, &'static str) {
    let mut body = json!({});
    let tags = |name: &str, tag: &str, body: &mut Value| match &mut body[name] {
        Value::Array(tags) => tags.push(json!(tag)),
        empty => *empty = json!([tag]),
    };
    for edit in edits {
        match edit {
            // Which of the pinned ones go has been decided already.
            MarksEdit::Delete(true) => return ("/delete?wait=true", json!({"pinned": true}), "deleted"),
            MarksEdit::Delete(false) => return ("/undelete?wait=true", json!({}), "restored"),
            MarksEdit::Pin(pinned) => body["pinned"] = json!(pinned),
            MarksEdit::Note(note) => body["note"] = json!(note),
            MarksEdit::Tag(tag) => tags("add_tags", tag, &mut body),
            MarksEdit::Untag(tag) => tags("remove_tags", tag, &mut body),
            // Only an import replaces them.
            MarksEdit::Replace(_) => {}
        }
    }
    ("/marks?wait=true", body, "changed")
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn edits_become_one_request() {
        let tag = |text: &str| text.to_owned();
        let edits = [MarksEdit::Tag(tag("a")), MarksEdit::Tag(tag("b")), MarksEdit::Untag(tag("c"))];
        let body = json!({"add_tags": ["a", "b"], "remove_tags": ["c"]});
        assert_eq!(asked(&edits), ("/marks?wait=true", body, "changed"));
        assert_eq!(asked(&[MarksEdit::Pin(false)]).1, json!({"pinned": false}));
        assert_eq!(asked(&[MarksEdit::Delete(false)]), ("/undelete?wait=true", json!({}), "restored"));
    }
}
