//! The commands of the prompt, as they are typed.

use crate::delivery::DeliveryId;
use crate::query::{Sorting, UnknownOrder};
use crate::text::{nearest, visible};
use crate::tui::app::action::Tab;
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

/// A command as the help has it.
struct CommandHelp {
    /// Its name, and other words for it.
    names: &'static [&'static str],
    usage: &'static str,
    about: &'static str,
}

const fn command(names: &'static [&'static str], usage: &'static str, about: &'static str) -> CommandHelp {
    CommandHelp { names, usage, about }
}

/// Every command, what is looked for most first. A delivery is named by its number or `latest`; without one, the
/// delivery named last is meant, else the newest.
const COMMANDS: &[CommandHelp] = &[
    command(&["why", "explain", "signature", "verify"], "why [12]", "the verdict on a delivery, the cause and the fix"),
    command(&["show", "overview", "open"], "show [12]", "a delivery at a glance; a number alone does the same"),
    command(&["payload", "body", "json"], "payload [12]", "the payload"),
    command(&["headers", "header"], "headers [12]", "the headers as they came"),
    command(&["response"], "response [12]", "what was answered, what it waits for, forwards and retries"),
    command(&["image", "images"], "image [12]", "what is known of the image"),
    command(&["raw", "wire", "bytes"], "raw [12]", "the request as it came over the wire"),
    command(&["more", "next"], "more", "what follows of the text that was cut"),
    command(
        &["list", "ls", "deliveries"],
        "list [20]",
        "the first deliveries that match the filter, the newest unless they are sorted",
    ),
    command(
        &["filter", "search", "find", "grep"],
        "filter verdict:bad",
        "list only what matches; without a filter, everything",
    ),
    command(
        &["sort", "order"],
        "sort latency",
        "list in this order: newest, oldest, size, latency, cause, event, verdict, status or path; `sort -size` is the other way round",
    ),
    command(
        &["answer", "respond", "reply"],
        "answer 503",
        "what the next deliveries get: a status, auto, hold, a rule's action; `answer once 503` for the next one, `answer clear` to let the rules decide; `answer` alone lists what there is",
    ),
    command(&["held", "hold"], "held", "the deliveries that wait for a decision"),
    command(
        &["release", "decide"],
        "release 12 [503]",
        "answer a held delivery; without an answer, with its default; `release all`",
    ),
    command(&["drop", "hangup"], "drop 12", "close the connection of a held delivery"),
    command(
        &["rules", "rule"],
        "rules",
        "the rules; `rules add is:sim -> 503`, `rules delete 2`, `rules undo`, `rules switch 2`, `rules up 2`, `rules down 2`, `rules save`",
    ),
    command(
        &["replay", "resend", "send"],
        "replay 12 to http://localhost:8080/hook",
        "send a delivery again; `replay 12 resigned to URL` signs it again, `replay 12 edited to URL` opens $EDITOR first",
    ),
    command(&["test", "ping"], "test", "send a signed test event to this listener"),
    command(
        &["simulate", "fake", "mock"],
        "simulate screenshot [to URL]",
        "send a simulated event, to this listener unless a URL is given",
    ),
    command(
        &["check", "conformance"],
        "check http://localhost:8080/hook",
        "check that a receiver accepts valid deliveries and refuses all others",
    ),
    command(&["wait"], "wait", "read the next line once nothing is being sent any more; for scripts"),
    command(&["cancel", "stop", "abort"], "cancel", "stop what is being sent, searched for or deleted"),
    command(&["attempts", "history"], "attempts [12]", "how often a delivery was sent from here, and the results"),
    command(&["attempt"], "attempt 3", "one of them, by its number"),
    command(&["last", "result", "progress"], "last", "the result of what was sent last"),
    command(&["diff", "difference"], "diff 11 12", "what differs between two deliveries"),
    command(&["secret", "key", "password"], "secret", "enter a secret for this run; it is not shown"),
    command(&["try", "guess"], "try [12]", "try another secret on a delivery; it is not shown"),
    command(
        &["compare", "digest", "hash"],
        "compare DIGEST",
        "explain the digest, or the log line with it, that your server printed",
    ),
    command(&["deeper"], "deeper [12]", "search deeper for the cause"),
    command(&["reveal"], "reveal [12]", "show or hide the expected digest"),
    command(
        &["adopt", "scheme"],
        "adopt [NAME]",
        "verify by a sender's scheme for this run; without a name, list those that fit; `adopt configured` takes it back",
    ),
    command(
        &["copy", "yank", "clipboard"],
        "copy 12 as curl",
        "copy something to the clipboard; `copy 12` lists what there is",
    ),
    command(&["print"], "print 12 as curl", "print the same here"),
    command(&["url", "address", "tunnel"], "url", "the addresses to give to the sender, and the secrets in use"),
    command(&["status", "info"], "status", "the listener's status"),
    command(&["messages", "log", "notifications"], "messages", "the messages of this run"),
    command(
        &["help", "?", "commands"],
        "help [WORD]",
        "the commands, or those that a word is about; `help filter` lists the filters",
    ),
    command(&["quit", "exit", "bye", "q"], "quit", "end, after a question if something would be lost"),
];

/// The first of a command's names.
fn named(word: &str) -> Option<&'static str> {
    COMMANDS.iter().find(|command| command.names.contains(&word)).map(|command| command.names[0])
}

/// Lines that explain the commands, or those that `word` is about.
pub(crate) fn help(word: &str) -> Vec<String> {
    let word = word.to_lowercase();
    let is_meant = |command: &&CommandHelp| {
        word.is_empty() || command.names.iter().any(|name| name.starts_with(&word)) || command.about.contains(&word)
    };
    let meant = COMMANDS.iter().filter(is_meant);
    let mut lines: Vec<String> = meant.map(|command| format!("{}: {}.", command.usage, command.about)).collect();
    if named(&word) == Some("filter") {
        lines.extend(crate::query::help().into_iter().map(|(atom, words)| format!("filter {atom}: {words}.")));
    }
    if lines.is_empty() {
        lines.push(format!("nothing about '{}': help lists every command", visible(&word)));
    } else if word.is_empty() {
        lines.push(
            "A delivery is named by its number, or latest. Without one, the delivery named last is meant, else the \
             newest."
                .to_owned(),
        );
    }
    lines
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
                    return Err("name two deliveries: diff 11 12".to_owned());
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
