//! The command line: arguments to a command, errors to one line and an exit code.
//!
//! Exit codes: 0 yes; 1 the answer is no (not verified, nothing found); 2 usage or environment error.

mod agent;
#[cfg(unix)]
mod answer;
mod arguments;
#[cfg(unix)]
mod attach;
mod check;
mod completions;
mod config;
mod counter;
mod delete;
mod demo;
mod destination;
mod diff;
mod doctor;
mod error;
mod explain;
mod export;
mod headless;
#[cfg(unix)]
mod held;
mod image;
mod import;
#[cfg(unix)]
mod jobs;
mod keys;
mod list;
mod listen;
mod man;
mod mark;
mod openapi;
mod other_tools;
mod output;
mod probe;
mod prune;
mod query_worker;
mod redact;
#[cfg(unix)]
mod reload;
mod replay;
mod request;
#[cfg(unix)]
mod rules;
#[cfg(unix)]
mod running;
mod scheme;
mod schemes;
#[cfg(unix)]
mod secret;
mod select;
mod sending;
mod settings;
mod show;
mod sign;
mod simulate;
#[cfg(unix)]
mod status;
#[cfg(unix)]
mod stop;
mod suggested;
mod suite;
mod trust;
mod tunnel;
mod understanding;
mod usage;
mod verify;
mod wait;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::parser::ValueSource;
use clap::{Args as _, CommandFactory as _, FromArgMatches as _};

pub use arguments::Cli;
use arguments::Command;
pub(crate) use arguments::{InterfaceArgs, ListenArgs, OutputFormat};
pub(crate) use error::CliError;
pub use settings::SettingsArgs;

/// Parses the arguments of this process and does what they say.
#[must_use]
pub fn main() -> ExitCode {
    crate::system::panic::install_hook();
    let arguments = with_help_as_an_option(std::env::args_os().collect());
    let cli = match read(&arguments) {
        Ok(Ok(cli)) => cli,
        Ok(Err(misplaced)) => {
            output::log(&misplaced);
            return ExitCode::from(2);
        }
        Err(error) => match usage::message(&error, &arguments) {
            Some(line) => {
                output::log(&line);
                return ExitCode::from(2);
            }
            None => return ended(output::print_help(&error).map(|()| ExitCode::SUCCESS)),
        },
    };
    #[cfg(unix)]
    let _heard = crate::system::claims::survive_file_size_limit();
    let outcome = run(cli);
    crate::system::scratch::clear();
    if let Err(error) = &outcome {
        tracing::error!(reason = error.logged(), "failed");
    }
    tracing::info!("ended");
    crate::system::log::finish();
    ended(outcome)
}

/// `whyhook help list` as `whyhook list --help`.
fn with_help_as_an_option(mut arguments: Vec<OsString>) -> Vec<OsString> {
    if arguments.get(1).is_some_and(|first| first == "help") {
        arguments.remove(1);
        arguments.push("--help".into());
    }
    arguments
}

/// Reads the arguments; the inner error is an option of the listener that no one would look at.
fn read(arguments: &[OsString]) -> Result<Result<Cli, String>, clap::Error> {
    let matches = Cli::command().try_get_matches_from(arguments)?;
    if let Some(misplaced) = misplaced(&matches) {
        return Ok(Err(misplaced));
    }
    Cli::from_arg_matches(&matches).map(Ok)
}

/// Options of the listener before the name of a command, which has options of its own. A scheme there is meant for the
/// command, if it takes one.
fn misplaced(matches: &clap::ArgMatches) -> Option<String> {
    let (name, _) = matches.subcommand()?;
    let program = Cli::command();
    let command = program.find_subcommand(name)?;
    let schemes = scheme::SchemeArgs::augment_args(clap::Command::new("schemes"));
    // clap tells of an option of all commands in another one as if it were given before.
    let is_of_all =
        |id: &str| command.get_arguments().any(|argument| argument.get_id() == id && argument.is_global_set());
    let is_passed_on = |id: &str| {
        schemes.get_arguments().any(|argument| argument.get_id() == id) && name != "listen" && takes(command, id)
    };
    let options = ListenArgs::augment_args(scheme::SchemeArgs::augment_args(clap::Command::new("listen")));
    let given = options.get_arguments().find(|argument| {
        let id = argument.get_id().as_str();
        matches.value_source(id) == Some(ValueSource::CommandLine) && !is_passed_on(id) && !is_of_all(id)
    })?;
    let option = given.get_long().map_or_else(|| given.get_id().to_string(), |long| format!("--{long}"));
    Some(format!("{option} before '{name}' has no effect: give the options of a command after its name"))
}

/// Whether a command, or one in it, has an argument.
fn takes(command: &clap::Command, id: &str) -> bool {
    command.get_arguments().any(|argument| argument.get_id() == id)
        || command.get_subcommands().any(|inner| takes(inner, id))
}

/// The exit code, after a word about an error.
fn ended(outcome: Result<ExitCode, CliError>) -> ExitCode {
    match outcome {
        Ok(code) => code,
        // What only prints has no other result than that its reader has seen enough (`| head`).
        Err(CliError::Stdout(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            output::log(&error.to_string());
            ExitCode::from(2)
        }
    }
}

fn run(cli: Cli) -> Result<ExitCode, CliError> {
    let Cli { settings, listen, command } = cli;
    settings.check()?;
    // The interface starts that one, which must be quick and writes to nothing but its stdout.
    if !matches!(command, Some(Command::QueryWorker)) {
        settings.start_log(command.as_ref().map_or("listen", Command::name))?;
    }
    // A scheme before the command's name is meant for the command.
    let under = |own: &scheme::SchemeArgs| settings.under(if own.is_named() { own } else { &listen.scheme });
    match command {
        None => listen::run(&settings.under(&listen.scheme), &listen),
        Some(Command::Listen(own)) => listen::run(&under(&own.scheme), &own),
        Some(Command::Demo(args)) => demo::run(&args),
        Some(Command::List(args)) => list::run(&settings, &args),
        Some(Command::Show(args)) => show::run(&settings, &args),
        Some(Command::Export(args)) => export::run(&settings, &args),
        Some(Command::Import(args)) => import::run(&settings, &args),
        Some(Command::Wait(args)) => wait::run(&settings, &args),
        Some(Command::Pin(args)) => mark::pin(&settings, &args),
        Some(Command::Note(args)) => mark::note(&settings, &args),
        Some(Command::Tag(args)) => mark::tag(&settings, &args),
        Some(Command::Delete(args)) => delete::run(&settings, &args),
        Some(Command::Undo(args)) => delete::undo(&settings, &args),
        Some(Command::Prune(args)) => prune::run(&settings, &args),
        #[cfg(unix)]
        Some(Command::Status(args)) => status::run(&settings, &args),
        #[cfg(unix)]
        Some(Command::Answer(args)) => answer::run(&settings, &args),
        #[cfg(unix)]
        Some(Command::Rules(args)) => rules::run(&settings, &args),
        #[cfg(unix)]
        Some(Command::Secret(args)) => secret::run(&settings, &args),
        #[cfg(unix)]
        Some(Command::Reload(args)) => reload::run(&settings, &args),
        #[cfg(unix)]
        Some(Command::Jobs(args)) => jobs::run(&settings, &args),
        #[cfg(unix)]
        Some(Command::Held(args)) => held::run(&settings, &args),
        #[cfg(unix)]
        Some(Command::Release(args)) => held::release(&settings, &args),
        #[cfg(unix)]
        Some(Command::Attach(args)) => attach::run(&settings, &args),
        #[cfg(unix)]
        Some(Command::Stop) => stop::run(&settings),
        Some(Command::Replay(args)) => replay::run(&under(&args.scheme), &args),
        Some(Command::Probe(args)) => probe::run(&under(&args.scheme), &args),
        Some(Command::Diff(args)) => diff::run(&settings, &args),
        Some(Command::Verify(args)) => verify::run(&under(&args.scheme), &args),
        Some(Command::Sign(args)) => sign::run(&under(&args.scheme), &args),
        Some(Command::Schemes(args)) => schemes::run(&args),
        Some(Command::Simulate(args)) => simulate::run(&under(&args.scheme), &args),
        Some(Command::Doctor(args)) => doctor::run(&settings, &args),
        Some(Command::Config(args)) => config::run(&settings, &args),
        Some(Command::Keys(args)) => keys::run(&settings, &args),
        Some(Command::Check(args)) => check::run(&under(&args.scheme), &args),
        Some(Command::Suite(args)) => suite::run(&under(&args.scheme()), &args),
        Some(Command::Trust) => trust::run(&settings),
        Some(Command::Openapi) => openapi::run(),
        Some(Command::Completions(args)) => completions::run(&args),
        Some(Command::Man(args)) => man::run(&args),
        Some(Command::QueryWorker) => query_worker::run(),
        Some(Command::TunnelRunner(args)) => tunnel::run(&args),
    }
}

/// The command line as data, for completions, the manual page and tests.
#[must_use]
pub fn command() -> clap::Command {
    Cli::command()
}

#[cfg(test)]
mod tests {
    fn help(name: &str) -> String {
        let mut command = super::command().term_width(100);
        command.build();
        command.find_subcommand_mut(name).unwrap().render_long_help().to_string()
    }

    #[test]
    fn what_sends_explains_itself() {
        insta::assert_snapshot!("simulate", help("simulate"));
        insta::assert_snapshot!("check", help("check"));
        insta::assert_snapshot!("suite", help("suite"));
    }

    #[test]
    fn every_command_shows_how_it_is_used() {
        let mut command = super::command();
        command.build();
        for command in command.get_subcommands().filter(|command| !command.is_hide_set()) {
            let name = command.get_name().to_owned();
            if ["listen", "completions"].contains(&&*name) {
                continue;
            }
            let help = command.clone().render_long_help().to_string();
            assert!(help.contains(&format!("  whyhook {name} ")), "{name} shows no example: {help}");
            // The same things have the same names everywhere.
            for argument in command.get_arguments() {
                let value = argument.get_value_names().and_then(|names| names.first()).map(|name| name.to_string());
                let wanted = match argument.get_long() {
                    Some("format" | "as" | "from") if name != "simulate" => Some("FORMAT"),
                    Some("timeout" | "older-than" | "max-age" | "tolerance") => Some("DURATION"),
                    Some("ca-file" | "config" | "store" | "output") => Some("FILE"),
                    Some("limit") => Some("COUNT"),
                    _ => None,
                };
                assert!(
                    wanted.is_none() || value.as_deref() == wanted,
                    "{name} --{:?}: {value:?}",
                    argument.get_long()
                );
            }
        }
    }

    #[test]
    fn an_option_that_nobody_would_look_at_is_refused() {
        let read = |line: &str| {
            let arguments: Vec<std::ffi::OsString> = line.split(' ').map(Into::into).collect();
            super::read(&arguments).unwrap().map(drop)
        };
        for (line, option) in [
            ("whyhook --headless list", "--headless before 'list'"),
            ("whyhook --format json list", "--format before 'list'"),
            ("whyhook --bind 3001 listen", "--bind before 'listen'"),
            ("whyhook --scheme github list", "--scheme before 'list'"),
            ("whyhook --scheme github listen", "--scheme before 'listen'"),
        ] {
            assert!(read(line).unwrap_err().starts_with(option), "{line}");
        }
        for line in [
            "whyhook --headless",
            "whyhook list --format json",
            "whyhook rules --format json",
            "whyhook secret list --format json",
            "whyhook --store a.db --yes list",
            "whyhook --scheme github verify 1",
            "whyhook --scheme github suite run a --to http://h",
        ] {
            assert_eq!(read(line), Ok(()), "{line}");
        }
    }

    #[test]
    fn options_that_would_do_nothing_are_refused() {
        let refuses = |line: &str| {
            let arguments: Vec<std::ffi::OsString> = line.split(' ').map(Into::into).collect();
            super::read(&arguments).err().and_then(|error| super::usage::message(&error, &arguments))
        };
        for line in [
            "whyhook replay 1 --secret dev",
            "whyhook replay 1 --kind reseller",
            "whyhook replay 1 --exact --secret dev",
            "whyhook replay 1 --edit --keep-signature --secret dev",
            "whyhook diff 1 2 --agent 127.0.0.1:4040",
            "whyhook diff --attempts 1 2 --agent 127.0.0.1:4040",
        ] {
            assert!(refuses(line).is_some(), "{line}");
        }
        for line in ["whyhook replay 1 --resign --secret dev", "whyhook replay 1-3 --edit --kind reseller"] {
            assert_eq!(refuses(line), None, "{line}");
        }
        assert_eq!(refuses("whyhook replay 1-x").map(|line| line.contains("a range such as 12-40")), Some(true));
    }

    #[test]
    fn help_is_an_option_of_each_command() {
        let turned = |words: &[&str]| super::with_help_as_an_option(words.iter().map(Into::into).collect());
        assert_eq!(turned(&["whyhook", "help", "list"]), ["whyhook", "list", "--help"]);
        assert_eq!(turned(&["whyhook", "help"]), ["whyhook", "--help"]);
        assert_eq!(turned(&["whyhook", "list", "help"]), ["whyhook", "list", "help"]);
    }

    #[test]
    fn the_command_line_is_well_formed() {
        super::command().debug_assert();
    }
}
