//! The commands of the prompt as the help lists them.

use crate::text::visible;

/// A command as the help has it.
pub(super) struct CommandHelp {
    /// Its name, and other words for it.
    pub(super) names: &'static [&'static str],
    pub(super) usage: &'static str,
    pub(super) about: &'static str,
}

const fn command(names: &'static [&'static str], usage: &'static str, about: &'static str) -> CommandHelp {
    CommandHelp { names, usage, about }
}

/// Every command, what is looked for most first. A delivery is named by its number or `latest`; without one, the
/// delivery named last is meant, else the newest.
pub(super) const COMMANDS: &[CommandHelp] = &[
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
    command(&["drop", "hangup"], "drop 12", "close the connection of a held delivery; `drop all`"),
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
    command(
        &["wait"],
        "wait",
        "read the next line once nothing is being sent any more and the list has what came; for scripts",
    ),
    command(&["cancel", "stop", "abort"], "cancel", "stop what is being sent, searched for or deleted"),
    command(&["attempts", "history"], "attempts [12]", "how often a delivery was sent from here, and the results"),
    command(&["attempt"], "attempt 3", "one of them, by its number"),
    command(&["last", "result", "progress"], "last", "the result of what was sent last"),
    command(
        &["diff", "difference"],
        "diff 11 12",
        "what differs between two deliveries; `diff 11 tunnel` compares one with what ngrok's agent holds of it",
    ),
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
    command(&["pin", "star", "keep"], "pin [12]", "keep a delivery when others are pruned; `unpin 12` takes it back"),
    command(&["unpin"], "unpin [12]", "take the pin away"),
    command(&["note", "comment"], "note 12 TEXT", "write a note on a delivery; `note 12 -` removes it"),
    command(&["tag", "label"], "tag 12 odd", "tag a delivery; `tag 12 -odd` takes the tag away"),
    command(&["delete", "remove", "rm"], "delete 12", "delete a delivery that is not pinned; undo brings it back"),
    command(&["undo", "undelete", "restore", "u"], "undo", "bring back what was deleted last"),
    command(
        &["export", "save"],
        "export 12 to delivery.har",
        "write a delivery into a file: .har, .sh for a curl script, .jsonl for `whyhook import`; .redacted.har without private values",
    ),
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
pub(super) fn named(word: &str) -> Option<&'static str> {
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
