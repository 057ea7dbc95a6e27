//! The commands of the prompt, as they are typed.

mod help;

use std::path::Path;

pub(super) use help::help;
use help::{COMMANDS, named};

use crate::archive::export::exporter_for;
use crate::delivery::{DeliveryId, MarksEdit};
use crate::query::{Sorting, UnknownOrder};
use crate::text::{nearest, visible};
use crate::tui::app::action::Tab;
use crate::tui::screens::list::marks;
use crate::tui::screens::send::task::Again;

/// A command of the prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PlainCommand {
    /// A tab of a delivery.
    Show(DeliveryId, Tab),
    /// What follows of the tab that was shown last.
    More,
    /// The first deliveries that match the filter.
    List(usize),
    /// A filter; an empty one shows every delivery.
    Filter(String),
    /// The order of the list.
    Sort(Sorting),
    /// The current answer and what can be chosen.
    Answers,
    /// The answer to the next deliveries, as a rule names it; for the next one only, or until it is cleared.
    Answer(String, bool),
    /// The rules decide again.
    ClearAnswer,
    /// What is held.
    Held,
    /// Held deliveries get this answer, or their own default; none named means all.
    Release(Option<DeliveryId>, Option<String>),
    /// A change of the rules, or their list.
    Rules(RulesChange),
    /// A delivery is sent again.
    Replay(DeliveryId, Again, Vec<String>),
    /// A signed test event to this listener.
    Test,
    /// A simulated event, to a URL or to this listener.
    Simulate(String, Option<String>),
    /// The receiver at this URL is checked.
    Check(String),
    /// The next line is read once nothing is being sent any more.
    Wait,
    /// What runs is stopped.
    Cancel,
    /// The sendings of a delivery.
    Attempts(DeliveryId),
    /// One sending, by its number.
    Attempt(i64),
    /// The result of what was sent last.
    Last,
    /// Two deliveries are compared.
    Diff(DeliveryId, DeliveryId),
    /// What differs between one and what ngrok's agent has captured of it.
    DiffTunnel(DeliveryId),
    /// A secret is entered for this run.
    Secret,
    /// Another secret is tried on a delivery.
    Try(DeliveryId),
    /// A digest that another server computed is explained; it is asked for when none is given.
    Compare(Option<String>),
    /// The cause is searched for deeper.
    Deeper(DeliveryId),
    /// The expected digest is shown, or hidden.
    Reveal(DeliveryId),
    /// A sender's scheme is used for this run; without a name, those that fit are listed.
    Adopt(DeliveryId, Option<String>),
    /// Something of a delivery is copied, or printed.
    Copy(DeliveryId, String, CopyTo),
    /// A delivery's pin, note or tags are changed.
    Mark(DeliveryId, Vec<MarksEdit>),
    /// A delivery is deleted, unless it is pinned.
    Delete(DeliveryId),
    /// What was deleted last comes back.
    Undo,
    /// A delivery is written into a file.
    Export(DeliveryId, String),
    /// The listener's status.
    Status,
    /// The messages of this run.
    Messages,
    /// The addresses and secrets of this run.
    Url,
    /// The commands, or those that a word is about.
    Help(String),
    /// The end.
    Quit,
}

/// Where something copied goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CopyTo {
    /// The clipboard.
    Clipboard,
    /// The terminal, as visible text.
    Lines,
}

/// What is done with the rules; they count from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RulesChange {
    /// They are listed.
    List,
    /// One is added at the end.
    Add(String),
    /// One is deleted.
    Delete(usize),
    /// The one that was deleted last comes back.
    Undo,
    /// One is switched on or off.
    Switch(usize),
    /// One is moved up.
    Up(usize),
    /// One is moved down.
    Down(usize),
    /// They are saved in the configuration, after a question.
    Save,
}

/// The deliveries that a command can mean without a number.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Meant {
    /// The one named last, else the newest that matches.
    pub(crate) current: Option<DeliveryId>,
    /// The newest.
    pub(crate) newest: Option<DeliveryId>,
}

impl Meant {
    fn current(self) -> Result<DeliveryId, String> {
        self.current.or(self.newest).ok_or_else(|| "no delivery yet: test sends one to this listener".to_owned())
    }

    /// A delivery by its number, with or without `#`, or `latest`.
    fn read(self, word: &str) -> Result<DeliveryId, String> {
        if word == "latest" {
            return self.newest.ok_or_else(|| "no delivery yet: test sends one to this listener".to_owned());
        }
        let number = word.strip_prefix('#').unwrap_or(word).parse::<i64>().ok().filter(|number| *number > 0);
        number
            .map(DeliveryId)
            .ok_or_else(|| format!("invalid delivery '{}': expected a number such as 12, or latest", visible(word)))
    }

    /// The delivery at the beginning of `rest`, if one is named, and what follows.
    fn first(self, rest: &str) -> Result<(DeliveryId, &str), String> {
        let (word, after) = split(rest);
        let is_named = word == "latest" || word.strip_prefix('#').unwrap_or(word).parse::<i64>().is_ok();
        if is_named { Ok((self.read(word)?, after)) } else { Ok((self.current()?, rest)) }
    }

    /// The delivery that is all of `rest`.
    fn only(self, rest: &str) -> Result<DeliveryId, String> {
        if rest.is_empty() { self.current() } else { self.read(rest) }
    }
}

/// The first word, and the rest.
fn split(text: &str) -> (&str, &str) {
    let text = text.trim();
    text.split_once(char::is_whitespace).map_or((text, ""), |(word, rest)| (word, rest.trim()))
}

impl PlainCommand {
    /// Reads a line.
    ///
    /// # Errors
    ///
    /// What is wrong with it, and what was expected, in one line.
    pub(crate) fn read(line: &str, meant: Meant) -> Result<Self, String> {
        let (word, rest) = split(line);
        let word = word.to_lowercase();
        if rest.is_empty() && word.strip_prefix('#').unwrap_or(&word).parse::<i64>().is_ok() {
            return Ok(Self::Show(meant.read(&word)?, Tab::Overview));
        }
        let Some(name) = named(&word) else {
            let names = COMMANDS.iter().flat_map(|command| command.names.iter().copied());
            let near = nearest(&word, names).map_or(String::new(), |near| format!("did you mean {near}? "));
            return Err(format!("unknown command '{}': {near}help lists the commands", visible(&word)));
        };
        let nothing_after = |command: Self| match rest {
            "" => Ok(command),
            rest => Err(format!("{name} takes nothing after it, got '{}'", visible(rest))),
        };
        Ok(match name {
            "why" => Self::Show(meant.only(rest)?, Tab::Signature),
            "show" => Self::Show(meant.only(rest)?, Tab::Overview),
            "payload" => Self::Show(meant.only(rest)?, Tab::Payload),
            "headers" => Self::Show(meant.only(rest)?, Tab::Headers),
            "response" => Self::Show(meant.only(rest)?, Tab::Answer),
            "image" => Self::Show(meant.only(rest)?, Tab::Image),
            "raw" => Self::Show(meant.only(rest)?, Tab::Raw),
            "more" => nothing_after(Self::More)?,
            "list" => Self::List(count(rest)?),
            "filter" => Self::Filter(rest.to_owned()),
            "sort" if rest.is_empty() => Self::Sort(Sorting::default()),
            "sort" => Self::Sort(rest.parse().map_err(|error: UnknownOrder| error.to_string())?),
            "answer" => answer(rest),
            "held" => nothing_after(Self::Held)?,
            "release" => release(rest, meant)?,
            "drop" if rest == "all" => Self::Release(None, Some("drop".to_owned())),
            "drop" => Self::Release(Some(meant.only(rest)?), Some("drop".to_owned())),
            "rules" => Self::Rules(rules(rest)?),
            "replay" => replay(rest, meant)?,
            "test" => nothing_after(Self::Test)?,
            "simulate" => simulate(rest)?,
            "check" => match split(rest) {
                ("", _) => return Err("enter the receiver's URL: check http://localhost:8080/hook".to_owned()),
                (url, "") => Self::Check(url.to_owned()),
                (_, more) => return Err(format!("check takes one URL, got '{}' as well", visible(more))),
            },
            "wait" => nothing_after(Self::Wait)?,
            "cancel" => nothing_after(Self::Cancel)?,
            "attempts" => Self::Attempts(meant.only(rest)?),
            "attempt" => Self::Attempt(rest.parse().map_err(|_| {
                format!("invalid attempt '{}': expected a number, as attempts lists them", visible(rest))
            })?),
            "last" => nothing_after(Self::Last)?,
            "diff" => {
                let (first, second) = split(rest);
                if second.is_empty() {
                    return Err("name two deliveries: diff 11 12; or diff 11 tunnel".to_owned());
                }
                if second == "tunnel" {
                    return Ok(Self::DiffTunnel(meant.read(first)?));
                }
                Self::Diff(meant.read(first)?, meant.read(second)?)
            }
            "secret" if rest.is_empty() => Self::Secret,
            // It would stay on the screen and in the shell's or terminal's history.
            "secret" => return Err("enter secret alone: it is asked for next, and not shown".to_owned()),
            "try" => Self::Try(meant.only(rest)?),
            "compare" => Self::Compare((!rest.is_empty()).then(|| rest.to_owned())),
            "deeper" => Self::Deeper(meant.only(rest)?),
            "reveal" => Self::Reveal(meant.only(rest)?),
            "adopt" => Self::Adopt(meant.current()?, (!rest.is_empty()).then(|| rest.to_owned())),
            "copy" => copy(rest, meant, CopyTo::Clipboard)?,
            "print" => copy(rest, meant, CopyTo::Lines)?,
            "pin" => Self::Mark(meant.only(rest)?, vec![MarksEdit::Pin(true)]),
            "unpin" => Self::Mark(meant.only(rest)?, vec![MarksEdit::Pin(false)]),
            "note" => note(rest, meant)?,
            "tag" => tags(rest, meant)?,
            // Never what happens to be the current one.
            "delete" if rest.is_empty() => return Err("name the delivery: delete 12".to_owned()),
            "delete" => Self::Delete(meant.read(rest)?),
            "undo" => nothing_after(Self::Undo)?,
            "export" => export(rest, meant)?,
            "url" => nothing_after(Self::Url)?,
            "status" => nothing_after(Self::Status)?,
            "messages" => nothing_after(Self::Messages)?,
            "help" => Self::Help(rest.to_owned()),
            _ => nothing_after(Self::Quit)?,
        })
    }
}

/// Rows that are listed unless a number is given.
pub(super) const LISTED: usize = 20;

fn count(rest: &str) -> Result<usize, String> {
    if rest.is_empty() {
        return Ok(LISTED);
    }
    let number = rest.parse::<usize>().ok().filter(|number| (1..=200).contains(number));
    number.ok_or_else(|| format!("invalid number '{}': expected 1 to 200", visible(rest)))
}

fn answer(rest: &str) -> PlainCommand {
    match split(rest) {
        ("", _) => PlainCommand::Answers,
        ("clear" | "rules", "") => PlainCommand::ClearAnswer,
        ("once", action) if !action.is_empty() => PlainCommand::Answer(action.to_owned(), true),
        _ => PlainCommand::Answer(rest.to_owned(), false),
    }
}

fn release(rest: &str, meant: Meant) -> Result<PlainCommand, String> {
    let (word, answer) = split(rest);
    let answer = (!answer.is_empty()).then(|| answer.to_owned());
    match word {
        "" => Ok(PlainCommand::Release(Some(meant.current()?), None)),
        "all" => Ok(PlainCommand::Release(None, answer)),
        word => Ok(PlainCommand::Release(Some(meant.read(word)?), answer)),
    }
}

fn rules(rest: &str) -> Result<RulesChange, String> {
    let (word, rest) = split(rest);
    let place = || {
        let number = rest.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        number.ok_or_else(|| format!("invalid rule '{}': expected its number, as rules lists them", visible(rest)))
    };
    match word {
        "" | "list" => Ok(RulesChange::List),
        "add" if rest.is_empty() => Err("enter the rule: rules add is:sim -> 503".to_owned()),
        "add" => Ok(RulesChange::Add(rest.to_owned())),
        "delete" | "remove" => place().map(RulesChange::Delete),
        "undo" => Ok(RulesChange::Undo),
        "switch" | "on" | "off" => place().map(RulesChange::Switch),
        "up" => place().map(RulesChange::Up),
        "down" => place().map(RulesChange::Down),
        "save" => Ok(RulesChange::Save),
        other => {
            let other = visible(other);
            Err(format!("unknown word '{other}' after rules: expected add, delete, undo, switch, up, down or save"))
        }
    }
}

fn note(rest: &str, meant: Meant) -> Result<PlainCommand, String> {
    let (id, text) = meant.first(rest)?;
    match text {
        "" => Err(format!("enter the note as well: note {id} ask them; `note {id} -` removes it")),
        "-" => Ok(PlainCommand::Mark(id, vec![MarksEdit::Note(String::new())])),
        text => Ok(PlainCommand::Mark(id, vec![MarksEdit::Note(text.to_owned())])),
    }
}

fn tags(rest: &str, meant: Meant) -> Result<PlainCommand, String> {
    let (id, names) = meant.first(rest)?;
    let edits = marks::tag_edits(names)?;
    if edits.is_empty() {
        return Err(format!("enter the tags as well: tag {id} odd; `tag {id} -odd` takes one away"));
    }
    Ok(PlainCommand::Mark(id, edits))
}

fn export(rest: &str, meant: Meant) -> Result<PlainCommand, String> {
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

fn replay(rest: &str, meant: Meant) -> Result<PlainCommand, String> {
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

fn simulate(rest: &str) -> Result<PlainCommand, String> {
    let (event, rest) = split(rest);
    match split(rest) {
        ("", _) => Ok(PlainCommand::Simulate(event.to_owned(), None)),
        ("to", url) if !url.is_empty() => Ok(PlainCommand::Simulate(event.to_owned(), Some(url.to_owned()))),
        _ => {
            Err("expected an event, and perhaps where to: simulate screenshot to http://localhost:8080/hook".to_owned())
        }
    }
}

fn copy(rest: &str, meant: Meant, to: CopyTo) -> Result<PlainCommand, String> {
    let (id, what) = meant.first(rest)?;
    let what = what.strip_prefix("as ").unwrap_or(what).trim().to_lowercase();
    Ok(PlainCommand::Copy(id, what, to))
}

#[cfg(test)]
mod tests;
