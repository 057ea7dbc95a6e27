//! What is wrong with the arguments, in one line.
//!
//! clap's own messages repeat arguments as they are, escape sequences, secrets and all, over several lines. So
//! the message is made here from clap's facts about the error; of what was typed it repeats only plain names.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::other_tools;
use crate::config::{is_name, looks_like_a_secret, unnamed, without_values};
use crate::text::{is_hidden, nearest, visible};

/// Characters of a value that is too short for a secret.
const SHORT: usize = 6;

/// One line for an error of `arguments`; `None` for what clap prints itself: help and version.
pub(super) fn message(error: &clap::Error, arguments: &[OsString]) -> Option<String> {
    let fact = |kind| error.get(kind).map(words).unwrap_or_default();
    let (argument, value) = (positional(&fact(ContextKind::InvalidArg)), fact(ContextKind::InvalidValue));
    let said = match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            return None;
        }
        ErrorKind::UnknownArgument => match negative_for(&argument, arguments) {
            Some(option) => format!("invalid value for {option}: it cannot be negative"),
            None if excludes_in_a_filter(&argument, arguments) => {
                "unexpected argument: to exclude with a filter, write !verdict:ok in quotation marks, or -- before -verdict:ok"
                    .to_owned()
            }
            None => format!("unexpected argument {}", typed(&argument)),
        },
        // It may be any word.
        ErrorKind::InvalidSubcommand if command(&fact(ContextKind::Usage)) == "whyhook secret" => {
            "a secret is never an argument, which other users could read: type it, pipe it in, or name --file or --env"
                .to_owned()
        }
        ErrorKind::InvalidSubcommand => {
            format!("unknown command {}", typed(&fact(ContextKind::InvalidSubcommand)))
        }
        ErrorKind::InvalidValue if value.is_empty() => format!("{argument}: missing value"),
        ErrorKind::InvalidValue => format!("invalid value {} for {argument}", typed(&value)),
        ErrorKind::ValueValidation => {
            let reason = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
            match reason_without(&value, &reason) {
                Some(reason) => format!("invalid value {} for {argument}: {reason}", typed_value(&value)),
                None => format!("invalid value {} for {argument}", typed_value(&value)),
            }
        }
        ErrorKind::NoEquals => format!("{argument} needs an '=' before its value"),
        ErrorKind::TooManyValues => format!("unexpected value {} for {argument}", typed(&value)),
        ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues => {
            let expected = fact(ContextKind::ExpectedNumValues) + &fact(ContextKind::MinValues);
            let given = fact(ContextKind::ActualNumValues);
            format!(
                "{argument} takes {expected} values, and {given} {} given",
                if given == "1" { "was" } else { "were" }
            )
        }
        ErrorKind::ArgumentConflict => {
            let other = positional(&fact(ContextKind::PriorArg));
            match other.is_empty() || other == argument {
                true => format!("{argument} was given twice"),
                false => format!("{argument} cannot be used with {other}"),
            }
        }
        ErrorKind::MissingRequiredArgument => {
            let instead = instead_of(&command(&fact(ContextKind::Usage)), &argument);
            let missing: Vec<&str> = argument.split(", ").collect();
            let noun = if missing.len() == 1 { "argument" } else { "arguments" };
            format!("missing {noun}: {}{instead}", missing.join(" and ").replace("|--", " or --"))
        }
        ErrorKind::MissingSubcommand => "missing command".to_owned(),
        ErrorKind::InvalidUtf8 => "an argument is not valid UTF-8".to_owned(),
        kind => kind.to_string(),
    };
    let mut line = said;
    let expected = fact(ContextKind::ValidValue);
    if !expected.is_empty() {
        line.push_str(&format!("; expected one of {expected}"));
    }
    if let Some(meant) = meant(error, arguments) {
        line.push_str(&format!("; did you mean {meant}"));
    }
    let command = match fact(ContextKind::Usage) {
        usage if usage.is_empty() => command_of(arguments),
        usage => command(&usage),
    };
    Some(visible(&format!("{line}; see `{command} --help`")).into_owned())
}

/// What was probably meant by a command or an option that is not known: what another tool's word is here, else a name of ours
/// that is near. clap's own likeness finds `--format` in `--port`.
fn meant(error: &clap::Error, arguments: &[OsString]) -> Option<String> {
    let fact = |kind| error.get(kind).map(words).unwrap_or_default();
    let tree = super::command();
    let near = |word: &str, kind| {
        let bare = |name: &str| name.trim_start_matches('-').to_owned();
        let is_shown = |name: &&str| tree.find_subcommand(name).is_none_or(|command| !command.is_hide_set());
        let names = fact(kind);
        let near = names
            .split(", ")
            .filter(is_shown)
            .filter(|name| nearest(&bare(word), std::iter::once(bare(name).as_str())).is_some());
        Some(near.collect::<Vec<_>>().join(", ")).filter(|names| !names.is_empty())
    };
    match error.kind() {
        ErrorKind::InvalidSubcommand => {
            let word = fact(ContextKind::InvalidSubcommand);
            let line = other_tools::command_for(&word).map(|line| format!("`{line}`"));
            line.or_else(|| near(&word, ContextKind::SuggestedSubcommand))
        }
        ErrorKind::UnknownArgument => {
            let word = fact(ContextKind::InvalidArg);
            let found = named_command(arguments);
            let takes = |long: &str| found.get_arguments().any(|argument| argument.get_long() == Some(long));
            match other_tools::option_for(&word) {
                Some(option) => Some(option.to_owned()).filter(|option| takes(other_tools::long_of(option))),
                None => near(&word, ContextKind::SuggestedArg),
            }
        }
        _ => None,
    }
}

/// What may be given in the place of a missing argument. clap does not tell.
fn instead_of(command: &str, argument: &str) -> &'static str {
    match (command, argument) {
        ("whyhook verify", "ID") => ", --body or --request",
        ("whyhook replay", "ID") => " or --filter",
        ("whyhook diff", "ID") => ", --attempts or --tunnel",
        ("whyhook show", "ID") => " or --attempt",
        ("whyhook delete", "ID|FILTER") => " or --undo",
        _ => "",
    }
}

/// The option whose value an argument such as `-5s` was meant to be: clap takes it for an option of that name.
fn negative_for<'a>(argument: &str, arguments: &'a [OsString]) -> Option<&'a str> {
    argument.strip_prefix('-')?.starts_with(|first: char| first.is_ascii_digit()).then_some(())?;
    let is_it = |given: &OsString| given.to_str().is_some_and(|given| given.starts_with(argument));
    let at = arguments.iter().position(is_it)?;
    let option = arguments.get(at.checked_sub(1)?)?.to_str()?;
    let is_option = option.starts_with('-') && !option.contains('=') && is_plain(option);
    is_option.then_some(option)
}

/// Whether what clap has refused is a filter's `-field:value`, of which it reports the first letter as an option.
fn excludes_in_a_filter(refused: &str, arguments: &[OsString]) -> bool {
    let takes_filter = named_command(arguments)
        .get_positionals()
        .any(|argument| argument.get_value_names().into_iter().flatten().any(|name| name.contains("FILTER")));
    let before_the_rest = arguments.iter().map_while(|argument| argument.to_str().filter(|text| *text != "--"));
    takes_filter
        && before_the_rest.filter(|argument| argument.starts_with(refused)).any(|argument| {
            let field = argument.split_once(':').map_or("", |(field, _)| field).trim_start_matches('-');
            field.len() > 1 && field.chars().all(|letter| letter.is_ascii_lowercase())
        })
}

/// The command that arguments name, such as `whyhook secret list`.
fn command_of(arguments: &[OsString]) -> String {
    let mut names = vec!["whyhook".to_owned()];
    follow_names(arguments, |name| names.push(name.to_owned()));
    names.join(" ")
}

/// The same, as clap knows it.
fn named_command(arguments: &[OsString]) -> clap::Command {
    follow_names(arguments, |_| {})
}

fn follow_names(arguments: &[OsString], mut name: impl FnMut(&str)) -> clap::Command {
    let mut found = super::command();
    for argument in arguments.iter().skip(1) {
        let Some(next) = argument.to_str().and_then(|name| found.find_subcommand(name)) else { continue };
        name(next.get_name());
        found = next.clone();
    }
    found
}

/// What a parser says of a value, without the value where that may be a secret; `None` where nothing is left of it.
fn reason_without(value: &str, reason: &str) -> Option<String> {
    let reason = match reason {
        "invalid digit found in string" | "cannot parse integer from empty string" => "expected a whole number",
        "number too large to fit in target type" => "the number is too large",
        "invalid float literal" | "cannot parse float from empty string" => "expected a number",
        reason => reason,
    };
    if is_plain(value) || is_short(value) {
        return Some(reason.to_owned());
    }
    // Parsers repeat what they were given. A long value is in no sentence by chance, as a letter would be.
    let reason = without_values(reason);
    let reason = reason.replace(&format!(" '{value}'"), "");
    // Elsewhere it may be a word of the sentence's own, such as a part of `header:NAME`.
    (!reason.contains(value) || !looks_like_a_secret(value)).then_some(reason)
}

/// What was given for a number, a size or the like, as far as a message may repeat it.
fn typed_value(value: &str) -> String {
    if is_short(value) { format!("'{value}'") } else { typed(value) }
}

/// Whether it is rather a number with a slip in it than anybody's secret, and steers no terminal.
fn is_short(value: &str) -> bool {
    let is_like_a_number =
        value.starts_with(|first: char| first.is_ascii_digit()) || !value.contains(char::is_alphanumeric);
    value.chars().count() <= SHORT && is_like_a_number && !value.contains(is_hidden)
}

/// An argument without a name is `[ID]...` or `<FROM> <TO>` to clap: `ID` to people.
fn positional(arguments: &str) -> String {
    let inner = |argument: &str| argument.strip_prefix(['[', '<'])?.split([']', '>']).next().map(ToOwned::to_owned);
    let names = arguments.split(", ").map(|argument| inner(argument).unwrap_or_else(|| argument.to_owned()));
    names.collect::<Vec<_>>().join(", ")
}

/// A fact's words, all on one line.
fn words(value: &ContextValue) -> String {
    match value {
        ContextValue::String(text) => text.clone(),
        ContextValue::Strings(texts) => texts.join(", "),
        ContextValue::Number(number) => number.to_string(),
        ContextValue::StyledStr(text) => text.to_string(),
        _ => String::new(),
    }
}

/// What was typed, as far as a message may repeat it.
fn typed(argument: &str) -> String {
    if is_plain(argument) { format!("'{argument}'") } else { unnamed(argument) }
}

/// A name, perhaps with the hyphens of an option before it; or a number.
fn is_plain(argument: &str) -> bool {
    let name = argument.strip_prefix("--").or_else(|| argument.strip_prefix('-')).unwrap_or(argument);
    is_name(name)
}

/// The command of a usage such as `Usage: whyhook list [OPTIONS]`.
fn command(usage: &str) -> String {
    let words = usage.trim().trim_start_matches("Usage:").split_whitespace();
    let is_word = |word: &&str| word.chars().all(|character| character.is_ascii_lowercase() || character == '-');
    let names: Vec<&str> = words.take_while(|word| is_word(word) && !word.starts_with('-')).collect();
    if names.is_empty() { "whyhook".to_owned() } else { names.join(" ") }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use clap::Parser as _;
    use proptest::prelude::*;
    use rstest::rstest;

    use super::message;

    fn said(arguments: &[&str]) -> String {
        let arguments = [&["whyhook"], arguments].concat();
        let error = crate::cli::Cli::try_parse_from(&arguments).unwrap_err();
        message(&error, &arguments.into_iter().map(OsString::from).collect::<Vec<_>>()).unwrap()
    }

    #[rstest]
    #[case(&["--nope"], "unexpected argument '--nope'; see `whyhook --help`")]
    #[case(&["list", "--formt", "json"], "unexpected argument '--formt'; did you mean --format; see `whyhook list --help`")]
    #[case(&["list", "--format", "xml"], "invalid value 'xml' for --format <FORMAT>; expected one of text, json; see `whyhook list --help`")]
    #[case(&["list", "--limit", "many"], "invalid value 'many' for --limit <COUNT>: expected a whole number; see `whyhook list --help`")]
    #[case(&["list", "-n", "x9q"], "invalid value (3 characters, not shown) for --limit <COUNT>: expected a whole number; see `whyhook list --help`")]
    #[case(&["list", "--format", "x9q"], "invalid value (3 characters, not shown) for --format <FORMAT>; expected one of text, json; see `whyhook list --help`")]
    #[case(&["list", "-n", "5x"], "invalid value '5x' for --limit <COUNT>: expected a whole number; see `whyhook list --help`")]
    #[case(&["simulate", "screenshot", "--image-size", "0x"], "invalid value '0x' for --image-size <SIZE>: invalid image size '0x': expected pixels such as 1280x720 (at most 16 megapixels, 10000 a side) or bytes such as 45kB (2kB to 32MiB); see `whyhook simulate --help`")]
    #[case(&["simulate", "app", "--rate", "/"], "invalid value '/' for --rate <RATE>: expected a number of deliveries per second or minute, such as 5/s or 30/m; see `whyhook simulate --help`")]
    #[case(&["suite", "save", "x", "--limit", "1y"], "invalid value '1y' for --limit <COUNT>: expected a whole number; see `whyhook suite save --help`")]
    #[case(&["list", "--limit"], "--limit <COUNT>: missing value; see `whyhook list --help`")]
    #[case(&["wait", "--after", "-5"], "invalid value for --after: it cannot be negative; see `whyhook wait --help`")]
    #[case(&["wait", "--timeout", "-5s"], "invalid value for --timeout: it cannot be negative; see `whyhook wait --help`")]
    #[case(&["list", "-n", "-5"], "invalid value for -n: it cannot be negative; see `whyhook list --help`")]
    #[case(&["trust", "-5"], "unexpected argument '-5'; see `whyhook trust --help`")]
    #[case(&["suite", "run"], "missing arguments: --to <URL> and NAME; see `whyhook suite run --help`")]
    #[case(&["replay"], "missing argument: ID or --filter; see `whyhook replay --help`")]
    #[case(&["verify"], "missing argument: ID, --body or --request; see `whyhook verify --help`")]
    #[case(&["replay", "1", "--secret", "dev"], "missing argument: --resign or --edit; see `whyhook replay --help`")]
    #[case(&["show"], "missing argument: ID or --attempt; see `whyhook show --help`")]
    #[case(&["show", "1", "--attempt", "2"], "ID cannot be used with --attempt <NUMBER>; see `whyhook show --help`")]
    #[case(&["--port", "3001"], "unexpected argument '--port'; did you mean --bind; see `whyhook --help`")]
    #[case(&["--target", "http://localhost:1"], "unexpected argument '--target'; did you mean --forward-to; see `whyhook --help`")]
    #[case(&["list", "--json"], "unexpected argument '--json'; did you mean --format json; see `whyhook list --help`")]
    #[case(&["list", "--port", "1"], "unexpected argument '--port'; see `whyhook list --help`")]
    #[case(&["init"], "unknown command 'init'; did you mean `whyhook config init`; see `whyhook --help`")]
    #[case(&["tail"], "unknown command 'tail'; did you mean `whyhook list --follow`; see `whyhook --help`")]
    #[case(&["ui"], "unknown command 'ui'; did you mean `whyhook attach`; see `whyhook --help`")]
    #[case(&["tunnel"], "unknown command 'tunnel'; did you mean `whyhook --tunnel ngrok`; see `whyhook --help`")]
    #[case(&["query-workers"], "unknown command 'query-workers'; see `whyhook --help`")]
    #[case(&["export", "1", "--as", "json", "--redact", "--replace", "foo:bar"], "invalid value (7 characters, not shown) for --replace <RULE>: invalid rule: expected header:NAME, query:NAME, text:WORDS, the name of a member such as email, or a path such as data[].user.name; see `whyhook export --help`")]
    #[case(&["export", "1", "--as", "json", "--redact", "--replace", "header:"], "invalid value (7 characters, not shown) for --replace <RULE>: invalid rule: expected header:NAME, query:NAME, text:WORDS, the name of a member such as email, or a path such as data[].user.name; see `whyhook export --help`")]
    #[case(&["trust", "-verdict:bad"], "unexpected argument '-v'; see `whyhook trust --help`")]
    #[case(&["list", "-x", "--", "-verdict:bad"], "unexpected argument '-x'; see `whyhook list --help`")]
    #[case(&["list", "-verdict:bad"], "unexpected argument: to exclude with a filter, write !verdict:ok in quotation marks, or -- before -verdict:ok; see `whyhook list --help`")]
    #[case(&["shw"], "unknown command 'shw'; did you mean show; see `whyhook --help`")]
    #[case(&["diff", "1"], "ID takes 2 values, and 1 was given; see `whyhook diff --help`")]
    #[case(&["sign", "--sekret", "x", "--body", "b"], "unexpected argument '--sekret'; did you mean --secret; see `whyhook sign --help`")]
    #[case(&["listen", "--bind", "a", "--bind", "b"], "--bind <ADDRESS:PORT> was given twice; see `whyhook listen --help`")]
    #[case(&["--whsec_5f0c9x"], "unexpected argument (14 characters, not shown); see `whyhook --help`")]
    #[case(&["trust", "whsec_5f0c9x"], "unexpected argument (12 characters, not shown); see `whyhook trust --help`")]
    #[case(&["list", "--format", "sk_live_5f0c"], "invalid value (12 characters, not shown) for --format <FORMAT>; expected one of text, json; see `whyhook list --help`")]
    #[case(&["list", "--\u{1b}[2J"], "unexpected argument (6 characters, not shown); see `whyhook list --help`")]
    fn an_error_is_one_line_without_values(#[case] arguments: &[&str], #[case] expected: &str) {
        assert_eq!(said(arguments), expected);
    }

    #[cfg(unix)]
    #[test]
    fn a_secret_that_was_given_as_an_argument_is_not_repeated() {
        let words = "a secret is never an argument, which other users could read: type it, pipe it in, or name --file or \
                     --env; see `whyhook secret --help`";
        assert_eq!(said(&["secret", "hunter"]), words);
    }

    #[test]
    fn help_and_version_are_clap_s() {
        for flag in ["--help", "--version"] {
            let error = crate::cli::Cli::try_parse_from(["whyhook", flag]).unwrap_err();
            assert_eq!(message(&error, &[]), None);
        }
    }

    proptest! {
        /// Whatever a parser says of it.
        #[test]
        fn what_may_be_a_secret_is_not_repeated(
            secret in "[A-Za-z0-9+/=_:. ]{12,40}[0-9]{3}[A-Z]",
            option in prop::sample::select(vec![
                "list --limit", "list --format", "check --rate", "check --jobs", "simulate --image-size", "replay",
                "wait --count", "listen --api", "simulate --rate", "show --attempt", "suite save a --limit",
            ]),
        ) {
            let arguments: Vec<OsString> = std::iter::once("whyhook").chain(option.split(' ')).chain([&*secret]).map(OsString::from).collect();
            if let Err(error) = crate::cli::Cli::try_parse_from(&arguments) {
                let line = message(&error, &arguments).unwrap_or_default();
                prop_assert!(!line.contains(&secret), "{line:?}");
            }
        }

        #[test]
        fn no_argument_steers_a_terminal(
            arguments in prop::collection::vec("\\PC{0,12}|[\\x00-\\x1f\u{202e}-]{1,4}|list|show|--format|--limit|-n|--to", 0..5),
        ) {
            let arguments: Vec<OsString> = std::iter::once("whyhook".to_owned()).chain(arguments).map(OsString::from).collect();
            if let Err(error) = crate::cli::Cli::try_parse_from(&arguments) {
                let line = message(&error, &arguments).unwrap_or_default();
                prop_assert!(!line.contains(crate::text::is_hidden), "{line:?}");
            }
        }
    }
}
