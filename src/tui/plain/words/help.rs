//! The help of the prompt's commands.

use super::table::{COMMANDS, CommandRow, named};
use crate::text::visible;

/// Lines that explain the commands, or those that `word` is about.
pub(crate) fn help(word: &str) -> Vec<String> {
    let word = word.to_lowercase();
    let is_meant = |command: &&CommandRow| {
        word.is_empty() || command.names.iter().any(|name| name.starts_with(&word)) || command.about.contains(&word)
    };
    let meant = COMMANDS.iter().filter(is_meant);
    let mut lines: Vec<String> = meant.map(|command| format!("{}: {}.", command.usage, command.about)).collect();
    if named(&word).is_some_and(|command| command.names[0] == "filter") {
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
