//! What the words of other tools are here: whoever comes from ngrok, the Stripe and Hookdeck CLIs, smee or mitmproxy types
//! those first, and likeness of letters would lead elsewhere.

/// Commands of others, and what does here what they do.
const COMMANDS: [(&[&str], &str); 12] = [
    (&["start", "serve", "server", "up"], "whyhook listen"),
    (&["http", "tunnel", "share"], "whyhook --tunnel ngrok"),
    (&["forward", "proxy"], "whyhook --forward-to URL"),
    (&["tail", "logs", "log", "events", "watch", "follow"], "whyhook list --follow"),
    (&["ui", "inspect", "open", "dashboard"], "whyhook attach"),
    (&["resend", "retry"], "whyhook replay"),
    (&["trigger", "send"], "whyhook simulate"),
    (&["ls"], "whyhook list"),
    (&["rm", "remove"], "whyhook delete"),
    (&["restore", "undelete"], "whyhook undo"),
    (&["init"], "whyhook config init"),
    (&["version"], "whyhook --version"),
];

/// Options of others, and those of the same meaning here.
const OPTIONS: [(&[&str], &str); 3] = [
    (&["--port", "-p", "--host", "--listen-port"], "--bind"),
    (&["--target", "--forward", "-t"], "--forward-to"),
    (&["--json", "--print-json", "-j"], "--format json"),
];

/// The command line that does what another tool's command does; a port alone is where to listen.
pub(super) fn command_for(word: &str) -> Option<String> {
    if let Ok(port @ 1..) = word.parse::<u16>() {
        return Some(format!("whyhook --bind {port}"));
    }
    meant(&COMMANDS, word).map(str::to_owned)
}

/// The option in the place of another tool's.
pub(super) fn option_for(word: &str) -> Option<&'static str> {
    meant(&OPTIONS, word.split_once('=').map_or(word, |(name, _)| name))
}

/// The name of an option that may have its value behind it.
pub(super) fn long_of(option: &str) -> &str {
    let long = option.trim_start_matches("--");
    long.split_once(' ').map_or(long, |(long, _)| long)
}

fn meant(table: &[(&[&str], &'static str)], word: &str) -> Option<&'static str> {
    let known = table.iter().find(|(words, _)| words.contains(&word));
    known.map(|(_, meaning)| *meaning)
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[test]
    fn what_is_suggested_is_there() {
        for (words, line) in COMMANDS {
            // Placeholders stand for what a person gives.
            let line = line.replace("URL", "http://127.0.0.1:1/");
            let outcome = crate::cli::Cli::try_parse_from(line.split(' '));
            let kind = outcome.err().map(|error| error.kind());
            let is_known = matches!(
                kind,
                None | Some(clap::error::ErrorKind::DisplayVersion | clap::error::ErrorKind::MissingRequiredArgument)
            );
            assert!(is_known, "{words:?}: {line}: {kind:?}");
        }
        let tree = crate::cli::command();
        for (words, option) in OPTIONS {
            let long = Some(long_of(option));
            let has = |command: &clap::Command| command.get_arguments().any(|argument| argument.get_long() == long);
            assert!(has(&tree) || tree.get_subcommands().any(has), "{words:?}: {option}");
        }
    }

    #[test]
    fn no_word_of_ours_is_taken_for_another_s() {
        let tree = crate::cli::command();
        for (words, _) in COMMANDS {
            for word in words {
                assert!(tree.find_subcommand(word).is_none(), "{word}");
            }
        }
    }
}
