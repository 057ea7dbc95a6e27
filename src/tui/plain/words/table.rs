//! The commands of the prompt: how each is called and read, and what the help says of it.

use super::{CopyTo, Meant, PlainCommand, readers};
use crate::delivery::{DeliveryId, MarksEdit};
use crate::text::visible;
use crate::tui::app::action::Tab;

/// A command: its names, what is read after them, and what the help says of it.
pub(super) struct CommandRow {
    /// Its name, and other words for it.
    pub(super) names: &'static [&'static str],
    pub(super) arguments: Arguments,
    pub(super) usage: &'static str,
    pub(super) about: &'static str,
}

/// What is read after a command's name.
pub(super) enum Arguments {
    /// Nothing.
    None(PlainCommand),
    /// A delivery; without one, the one that is meant.
    Delivery(fn(DeliveryId) -> PlainCommand),
    /// Whatever this reads.
    Rest(fn(&str, Meant) -> Result<PlainCommand, String>),
}

const fn command(
    names: &'static [&'static str],
    arguments: Arguments,
    usage: &'static str,
    about: &'static str,
) -> CommandRow {
    CommandRow { names, arguments, usage, about }
}

impl CommandRow {
    /// Reads what follows the name.
    pub(super) fn read(&self, rest: &str, meant: Meant) -> Result<PlainCommand, String> {
        match &self.arguments {
            Arguments::None(command) if rest.is_empty() => Ok(command.clone()),
            Arguments::None(_) => Err(format!("{} takes nothing after it, got '{}'", self.names[0], visible(rest))),
            Arguments::Delivery(command) => meant.only(rest).map(command),
            Arguments::Rest(read) => read(rest, meant),
        }
    }
}

/// Every command, what is looked for most first. A delivery is named by its number or `latest`; without one, the
/// delivery named last is meant, else the newest.
pub(super) const COMMANDS: &[CommandRow] = &[
    command(
        &["why", "explain", "signature", "verify"],
        Arguments::Delivery(|id| PlainCommand::Show(id, Tab::Signature)),
        "why [12]",
        "the verdict on a delivery, the cause and the fix",
    ),
    command(
        &["show", "overview", "open"],
        Arguments::Delivery(|id| PlainCommand::Show(id, Tab::Overview)),
        "show [12]",
        "a delivery at a glance; a number alone does the same",
    ),
    command(
        &["payload", "body", "json"],
        Arguments::Delivery(|id| PlainCommand::Show(id, Tab::Payload)),
        "payload [12]",
        "the payload",
    ),
    command(
        &["headers", "header"],
        Arguments::Delivery(|id| PlainCommand::Show(id, Tab::Headers)),
        "headers [12]",
        "the headers as they came",
    ),
    command(
        &["response"],
        Arguments::Delivery(|id| PlainCommand::Show(id, Tab::Answer)),
        "response [12]",
        "what was answered, what it waits for, forwards and retries",
    ),
    command(
        &["image", "images"],
        Arguments::Delivery(|id| PlainCommand::Show(id, Tab::Image)),
        "image [12]",
        "what is known of the image",
    ),
    command(
        &["raw", "wire", "bytes"],
        Arguments::Delivery(|id| PlainCommand::Show(id, Tab::Raw)),
        "raw [12]",
        "the request as it came over the wire",
    ),
    command(&["more", "next"], Arguments::None(PlainCommand::More), "more", "what follows of the text that was cut"),
    command(
        &["list", "ls", "deliveries"],
        Arguments::Rest(readers::list),
        "list [20]",
        "the first deliveries that match the filter, the newest unless they are sorted",
    ),
    command(
        &["filter", "search", "find", "grep"],
        Arguments::Rest(|rest, _| Ok(PlainCommand::Filter(rest.to_owned()))),
        "filter verdict:bad",
        "list only what matches; without a filter, everything",
    ),
    command(
        &["sort", "order"],
        Arguments::Rest(readers::sort),
        "sort latency",
        "list in this order: newest, oldest, size, latency, cause, event, verdict, status or path; `sort -size` is the other way round",
    ),
    command(
        &["answer", "respond", "reply"],
        Arguments::Rest(|rest, _| Ok(readers::answer(rest))),
        "answer 503",
        "what the next deliveries get: a status, auto, hold, a rule's action; `answer once 503` for the next one, `answer clear` to let the rules decide; `answer` alone lists what there is",
    ),
    command(&["held", "hold"], Arguments::None(PlainCommand::Held), "held", "the deliveries that wait for a decision"),
    command(
        &["release", "decide"],
        Arguments::Rest(readers::release),
        "release 12 [503]",
        "answer a held delivery; without an answer, with its default; `release all`",
    ),
    command(
        &["drop", "hangup"],
        Arguments::Rest(readers::drop),
        "drop 12",
        "close the connection of a held delivery; `drop all`",
    ),
    command(
        &["rules", "rule"],
        Arguments::Rest(readers::rules),
        "rules",
        "the rules; `rules add is:sim -> 503`, `rules delete 2`, `rules undo`, `rules switch 2`, `rules up 2`, `rules down 2`, `rules save`",
    ),
    command(
        &["replay", "resend", "send"],
        Arguments::Rest(readers::replay),
        "replay 12 to http://localhost:8080/hook",
        "send a delivery again; `replay 12 resigned to URL` signs it again, `replay 12 edited to URL` opens $EDITOR first",
    ),
    command(
        &["test", "ping"],
        Arguments::None(PlainCommand::Test),
        "test",
        "send a signed test event to this listener",
    ),
    command(
        &["simulate", "fake", "mock"],
        Arguments::Rest(readers::simulate),
        "simulate screenshot [to URL]",
        "send a simulated event, to this listener unless a URL is given",
    ),
    command(
        &["check", "conformance"],
        Arguments::Rest(readers::check),
        "check http://localhost:8080/hook",
        "check that a receiver accepts valid deliveries and refuses all others",
    ),
    command(
        &["wait"],
        Arguments::None(PlainCommand::Wait),
        "wait",
        "read the next line once nothing is being sent any more and the list has what came; for scripts",
    ),
    command(
        &["cancel", "stop", "abort"],
        Arguments::None(PlainCommand::Cancel),
        "cancel",
        "stop what is being sent, searched for or deleted",
    ),
    command(
        &["attempts", "history"],
        Arguments::Delivery(PlainCommand::Attempts),
        "attempts [12]",
        "how often a delivery was sent from here, and the results",
    ),
    command(&["attempt"], Arguments::Rest(readers::attempt), "attempt 3", "one of them, by its number"),
    command(
        &["last", "result", "progress"],
        Arguments::None(PlainCommand::Last),
        "last",
        "the result of what was sent last",
    ),
    command(
        &["diff", "difference"],
        Arguments::Rest(readers::diff),
        "diff 11 12",
        "what differs between two deliveries; `diff 11 tunnel` compares one with what ngrok's agent holds of it",
    ),
    command(
        &["secret", "key", "password"],
        Arguments::Rest(readers::secret),
        "secret",
        "enter a secret for this run; it is not shown",
    ),
    command(
        &["try", "guess"],
        Arguments::Delivery(PlainCommand::Try),
        "try [12]",
        "try another secret on a delivery; it is not shown",
    ),
    command(
        &["compare", "digest", "hash"],
        Arguments::Rest(|rest, _| Ok(PlainCommand::Compare(readers::if_any(rest)))),
        "compare DIGEST",
        "explain the digest, or the log line with it, that your server printed",
    ),
    command(&["deeper"], Arguments::Delivery(PlainCommand::Deeper), "deeper [12]", "search deeper for the cause"),
    command(&["reveal"], Arguments::Delivery(PlainCommand::Reveal), "reveal [12]", "show or hide the expected digest"),
    command(
        &["adopt", "scheme"],
        Arguments::Rest(|rest, meant| Ok(PlainCommand::Adopt(meant.current()?, readers::if_any(rest)))),
        "adopt [NAME]",
        "verify by a sender's scheme for this run; without a name, list those that fit; `adopt configured` takes it back",
    ),
    command(
        &["copy", "yank", "clipboard"],
        Arguments::Rest(|rest, meant| readers::copy(rest, meant, CopyTo::Clipboard)),
        "copy 12 as curl",
        "copy something to the clipboard; `copy 12` lists what there is",
    ),
    command(
        &["print"],
        Arguments::Rest(|rest, meant| readers::copy(rest, meant, CopyTo::Lines)),
        "print 12 as curl",
        "print the same here",
    ),
    command(
        &["pin", "star", "keep"],
        Arguments::Delivery(|id| PlainCommand::Mark(id, vec![MarksEdit::Pin(true)])),
        "pin [12]",
        "keep a delivery when others are pruned; `unpin 12` takes it back",
    ),
    command(
        &["unpin"],
        Arguments::Delivery(|id| PlainCommand::Mark(id, vec![MarksEdit::Pin(false)])),
        "unpin [12]",
        "take the pin away",
    ),
    command(
        &["note", "comment"],
        Arguments::Rest(readers::note),
        "note 12 TEXT",
        "write a note on a delivery; `note 12 -` removes it",
    ),
    command(
        &["tag", "label"],
        Arguments::Rest(readers::tags),
        "tag 12 odd",
        "tag a delivery; `tag 12 -odd` takes the tag away",
    ),
    command(
        &["delete", "remove", "rm"],
        Arguments::Rest(readers::delete),
        "delete 12",
        "delete a delivery that is not pinned; undo brings it back",
    ),
    command(
        &["undo", "undelete", "restore", "u"],
        Arguments::None(PlainCommand::Undo),
        "undo",
        "bring back what was deleted last",
    ),
    command(
        &["export", "save"],
        Arguments::Rest(readers::export),
        "export 12 to delivery.har",
        "write a delivery into a file: .har, .sh for a curl script, .jsonl for `whyhook import`; .redacted.har without private values",
    ),
    command(
        &["url", "address", "tunnel"],
        Arguments::None(PlainCommand::Url),
        "url",
        "the addresses to give to the sender, and the secrets in use",
    ),
    command(&["status", "info"], Arguments::None(PlainCommand::Status), "status", "the listener's status"),
    command(
        &["messages", "log", "notifications"],
        Arguments::None(PlainCommand::Messages),
        "messages",
        "the messages of this run",
    ),
    command(
        &["help", "?", "commands"],
        Arguments::Rest(|rest, _| Ok(PlainCommand::Help(rest.to_owned()))),
        "help [WORD]",
        "the commands, or those that a word is about; `help filter` lists the filters",
    ),
    command(
        &["quit", "exit", "bye", "q"],
        Arguments::None(PlainCommand::Quit),
        "quit",
        "end, after a question if something would be lost",
    ),
];

/// The command that one of its names calls.
pub(super) fn named(word: &str) -> Option<&'static CommandRow> {
    COMMANDS.iter().find(|command| command.names.contains(&word))
}
