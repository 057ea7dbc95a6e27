//! What follows a command's name, read. Each fails with what is wrong and what was expected, in one line.

use std::path::Path;

use super::{CopyTo, LISTED, Meant, PlainCommand, RulesChange, split};
use crate::archive::export::exporter_for;
use crate::delivery::MarksEdit;
use crate::query::{Sorting, UnknownOrder};
use crate::text::visible;
use crate::tui::screens::list::marks;
use crate::tui::screens::send::task::Again;

pub(super) fn list(rest: &str, _: Meant) -> Result<PlainCommand, String> {
    if rest.is_empty() {
        return Ok(PlainCommand::List(LISTED));
    }
    let number = rest.parse::<usize>().ok().filter(|number| (1..=200).contains(number));
    number.map(PlainCommand::List).ok_or_else(|| format!("invalid number '{}': expected 1 to 200", visible(rest)))
}

pub(super) fn sort(rest: &str, _: Meant) -> Result<PlainCommand, String> {
    if rest.is_empty() {
        return Ok(PlainCommand::Sort(Sorting::default()));
    }
    rest.parse().map(PlainCommand::Sort).map_err(|error: UnknownOrder| error.to_string())
}

pub(super) fn answer(rest: &str) -> PlainCommand {
    match split(rest) {
        ("", _) => PlainCommand::Answers,
        ("clear" | "rules", "") => PlainCommand::ClearAnswer,
        ("once", action) if !action.is_empty() => PlainCommand::Answer { action: action.to_owned(), once: true },
        _ => PlainCommand::Answer { action: rest.to_owned(), once: false },
    }
}

pub(super) fn release(rest: &str, meant: Meant) -> Result<PlainCommand, String> {
    let (word, answer) = split(rest);
    let answer = if_any(answer);
    match word {
        "" => Ok(PlainCommand::Release(Some(meant.current()?), None)),
        "all" => Ok(PlainCommand::Release(None, answer)),
        word => Ok(PlainCommand::Release(Some(meant.read(word)?), answer)),
    }
}

pub(super) fn drop(rest: &str, meant: Meant) -> Result<PlainCommand, String> {
    let id = if rest == "all" { None } else { Some(meant.only(rest)?) };
    Ok(PlainCommand::Release(id, Some("drop".to_owned())))
}

pub(super) fn rules(rest: &str, _: Meant) -> Result<PlainCommand, String> {
    let (word, rest) = split(rest);
    let place = || {
        let number = rest.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        number.ok_or_else(|| format!("invalid rule '{}': expected its number, as rules lists them", visible(rest)))
    };
    let change = match word {
        "" | "list" => RulesChange::List,
        "add" if rest.is_empty() => return Err("enter the rule: rules add is:sim -> 503".to_owned()),
        "add" => RulesChange::Add(rest.to_owned()),
        "delete" | "remove" => RulesChange::Delete(place()?),
        "undo" => RulesChange::Undo,
        "switch" | "on" | "off" => RulesChange::Switch(place()?),
        "up" => RulesChange::Up(place()?),
        "down" => RulesChange::Down(place()?),
        "save" => RulesChange::Save,
        other => {
            let other = visible(other);
            return Err(format!(
                "unknown word '{other}' after rules: expected add, delete, undo, switch, up, down or save"
            ));
        }
    };
    Ok(PlainCommand::Rules(change))
}

pub(super) fn note(rest: &str, meant: Meant) -> Result<PlainCommand, String> {
    let (id, text) = meant.first(rest)?;
    match text {
        "" => Err(format!("enter the note as well: note {id} ask them; `note {id} -` removes it")),
        "-" => Ok(PlainCommand::Mark(id, vec![MarksEdit::Note(String::new())])),
        text => Ok(PlainCommand::Mark(id, vec![MarksEdit::Note(text.to_owned())])),
    }
}

pub(super) fn tags(rest: &str, meant: Meant) -> Result<PlainCommand, String> {
    let (id, names) = meant.first(rest)?;
    let edits = marks::tag_edits(names)?;
    if edits.is_empty() {
        return Err(format!("enter the tags as well: tag {id} odd; `tag {id} -odd` takes one away"));
    }
    Ok(PlainCommand::Mark(id, edits))
}

pub(super) fn export(rest: &str, meant: Meant) -> Result<PlainCommand, String> {
    let (id, rest) = meant.first(rest)?;
    let file = match split(rest) {
        ("to", file) => file,
        _ => rest,
    };
    if exporter_for(Path::new(file)).is_none() {
        return Err(format!(
            "name the file, which ends in .har, .sh or .jsonl: export {id} to delivery-{id}.har, or to \
                            delivery-{id}.redacted.har without private values"
        ));
    }
    Ok(PlainCommand::Export(id, file.to_owned()))
}

pub(super) fn replay(rest: &str, meant: Meant) -> Result<PlainCommand, String> {
    let (id, rest) = meant.first(rest)?;
    let mut how = Again::AsCaptured;
    let mut to = Vec::new();
    for word in rest.split_whitespace() {
        match word {
            "to" | "as" => {}
            "captured" | "exact" => how = Again::AsCaptured,
            "resigned" | "re-signed" => how = Again::Resigned,
            "edited" => how = Again::Edited,
            url if url.contains("://") => to.push(url.to_owned()),
            other => {
                let other = visible(other);
                return Err(format!("unknown word '{other}': expected resigned, edited, or to and a URL"));
            }
        }
    }
    Ok(PlainCommand::Replay(id, how, to))
}

pub(super) fn simulate(rest: &str, _: Meant) -> Result<PlainCommand, String> {
    let (event, rest) = split(rest);
    match split(rest) {
        ("", _) => Ok(PlainCommand::Simulate(event.to_owned(), None)),
        ("to", url) if !url.is_empty() => Ok(PlainCommand::Simulate(event.to_owned(), Some(url.to_owned()))),
        _ => {
            Err("expected an event, and perhaps where to: simulate screenshot to http://localhost:8080/hook".to_owned())
        }
    }
}

pub(super) fn check(rest: &str, _: Meant) -> Result<PlainCommand, String> {
    match split(rest) {
        ("", _) => Err("enter the receiver's URL: check http://localhost:8080/hook".to_owned()),
        (url, "") => Ok(PlainCommand::Check(url.to_owned())),
        (_, more) => Err(format!("check takes one URL, got '{}' as well", visible(more))),
    }
}

pub(super) fn attempt(rest: &str, _: Meant) -> Result<PlainCommand, String> {
    let number = rest.parse().map(PlainCommand::Attempt);
    number.map_err(|_| format!("invalid attempt '{}': expected a number, as attempts lists them", visible(rest)))
}

pub(super) fn diff(rest: &str, meant: Meant) -> Result<PlainCommand, String> {
    match split(rest) {
        (_, "") => Err("name two deliveries: diff 11 12; or diff 11 tunnel".to_owned()),
        (id, "tunnel") => Ok(PlainCommand::DiffTunnel(meant.read(id)?)),
        (first, second) => Ok(PlainCommand::Diff(meant.read(first)?, meant.read(second)?)),
    }
}

pub(super) fn secret(rest: &str, _: Meant) -> Result<PlainCommand, String> {
    // It would stay on the screen and in the shell's or terminal's history.
    if !rest.is_empty() {
        return Err("enter secret alone: it is asked for next, and not shown".to_owned());
    }
    Ok(PlainCommand::Secret)
}

pub(super) fn delete(rest: &str, meant: Meant) -> Result<PlainCommand, String> {
    // Never what happens to be the current one.
    if rest.is_empty() {
        return Err("name the delivery: delete 12".to_owned());
    }
    meant.read(rest).map(PlainCommand::Delete)
}

pub(super) fn copy(rest: &str, meant: Meant, to: CopyTo) -> Result<PlainCommand, String> {
    let (id, what) = meant.first(rest)?;
    let what = what.strip_prefix("as ").unwrap_or(what).trim().to_lowercase();
    Ok(PlainCommand::Copy(id, what, to))
}

/// What follows a command, if anything does.
pub(super) fn if_any(rest: &str) -> Option<String> {
    (!rest.is_empty()).then(|| rest.to_owned())
}
