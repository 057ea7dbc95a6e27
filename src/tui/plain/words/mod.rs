//! The commands of the prompt, as they are typed.

mod help;
mod readers;
mod table;

pub(super) use help::help;
use table::{COMMANDS, named};

use crate::delivery::{DeliveryId, MarksEdit};
use crate::query::Sorting;
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
    /// The answer to the next deliveries, as a rule's action.
    Answer {
        /// As it was typed.
        action: String,
        /// For the next one only, instead of until it is cleared.
        once: bool,
    },
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
        let Some(command) = named(&word) else {
            let names = COMMANDS.iter().flat_map(|command| command.names.iter().copied());
            let near = nearest(&word, names).map_or(String::new(), |near| format!("did you mean {near}? "));
            return Err(format!("unknown command '{}': {near}help lists the commands", visible(&word)));
        };
        command.read(rest, meant)
    }
}

/// Rows that are listed unless a number is given.
pub(super) const LISTED: usize = 20;

#[cfg(test)]
mod tests;
