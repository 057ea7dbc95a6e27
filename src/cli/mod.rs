//! The command line: arguments to a command, errors to one line and an exit code.
//!
//! Exit codes: 0 yes; 1 the answer is no (not verified, nothing found); 2 usage or environment error.

mod agent;
#[cfg(unix)]
mod answer;
#[cfg(unix)]
mod attach;
mod check;
mod completions;
mod config;
mod delete;
mod demo;
mod destination;
mod diff;
mod doctor;
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
mod mark;
mod openapi;
mod output;
mod probe;
mod prune;
mod query_worker;
mod redact;
#[cfg(unix)]
mod reload;
mod replay;
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
mod suite;
mod trust;
mod tunnel;
mod understanding;
mod usage;
mod verify;
mod wait;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::parser::ValueSource;
use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};

use crate::server::tunnel::StartableTunnel;
pub use settings::SettingsArgs;

/// What `--respond` and the configuration's rules understand, by example.
const RULES_HELP: &str = "\
Rules for --respond, as FILTER → WHAT, the first that matches answers (also -> and =>):
  auto                                    like the documented receiver, by the signature
  503                                     always; '503 try later, {{event}}' with a body
  is:sim → fail 3 with 503 then 200       a sequence; 'fail 3 per body …' for each delivery
  verdict:bad → hold 30s else 401         wait for your decision, then the default
  path:/a → wait 2s..5s 200               a delay, fixed or within a range
  event:app → forward http://localhost:8080
  drop · reset · drop in head · drop after head · trickle 8 per 1s 200 · length +10 200
  redirect 307 /elsewhere · retry-after 30s
  handshake:slack                         completes a sender's handshake; also zoom, meta, x, asana …
A body or header can contain {{event}}, {{query.NAME}}, {{header.NAME}}, {{body.PATH}} …
A filter is what `list` takes: event: path: webhook: verdict: header:NAME=TEXT query:NAME field:PATH is:sim …
Full reference: docs/answers.md";

/// What every command ends with.
const EXIT_CODES: &str =
    "Exit codes: 0 success; 1 negative result (not verified, nothing found); 2 usage or environment error.";

/// Receives signed webhooks on this machine, keeps every delivery as it came, and says why a signature does not match.
///
/// Run it beside a tunnel (`ngrok http 3000`), or with `--tunnel`: it shows each delivery live, from Trackpilots, Stripe,
/// GitHub or any other sender whose scheme it knows (`whyhook schemes`).
#[derive(Debug, Parser)]
#[command(name = "whyhook", version, max_term_width = 100, disable_help_subcommand = true)]
#[command(after_help = format!("{RULES_HELP}\n\nWithout a command, whyhook listens. Secrets come from the environment, \
    files or the config, never from arguments: put TRACKPILOTS_WEBHOOKS_SECRET_KEY=… into .env to begin with.\n\n{EXIT_CODES}"))]
pub struct Cli {
    #[command(flatten)]
    settings: SettingsArgs,
    #[command(flatten)]
    listen: ListenArgs,
    #[command(subcommand)]
    command: Option<Command>,
}

/// What can be done besides listening.
#[derive(Debug, Subcommand)]
enum Command {
    /// Listen for deliveries and show them (the default)
    #[command(after_help = RULES_HELP)]
    Listen(ListenArgs),
    /// Look around: a listener of its own with a dozen telling deliveries and a tour; nothing of it is kept
    Demo(demo::DemoArgs),
    /// List captured deliveries, the newest first
    List(list::ListArgs),
    /// Show one captured delivery
    Show(show::ShowArgs),
    /// Export captured deliveries as HAR, a curl script, JSON or raw bytes, or the bytes of an image
    Export(export::ExportArgs),
    /// Import deliveries from files of whyhook and other tools, or from ngrok's agent
    Import(import::ImportArgs),
    /// Wait for a delivery that matches a filter; exit 1 on timeout
    Wait(wait::WaitArgs),
    /// Pin deliveries, so that pruning keeps them
    Pin(mark::PinArgs),
    /// Write a note on a delivery
    Note(mark::NoteArgs),
    /// Tag deliveries
    Tag(mark::TagArgs),
    /// Delete deliveries, or bring back what was deleted
    Delete(delete::DeleteArgs),
    /// Bring back what was deleted
    Undo(delete::UndoArgs),
    /// Delete captured deliveries permanently
    Prune(prune::PruneArgs),
    /// Show what the running listener does: its addresses, secrets, answer, held deliveries and jobs; exit 1 without one
    #[cfg(unix)]
    Status(status::StatusArgs),
    /// Choose the answer of the running listener, over its rules
    #[cfg(unix)]
    Answer(answer::AnswerArgs),
    /// Show and change the rules of the running listener
    #[cfg(unix)]
    Rules(rules::RulesArgs),
    /// Give the running listener a secret for its run, list its secrets, or take one back
    #[cfg(unix)]
    Secret(secret::SecretArgs),
    /// Have the running listener read its configuration again
    #[cfg(unix)]
    Reload(reload::ReloadArgs),
    /// List the long work of the running listener, or cancel some of it
    #[cfg(unix)]
    Jobs(jobs::JobsArgs),
    /// List the deliveries that the running listener holds
    #[cfg(unix)]
    Held(held::HeldArgs),
    /// Answer a held delivery
    #[cfg(unix)]
    Release(held::ReleaseArgs),
    /// Open the interface on a listener that runs elsewhere on this store
    #[cfg(unix)]
    Attach(attach::AttachArgs),
    /// Stop the running listener
    #[cfg(unix)]
    #[command(after_help = "Examples:\n  whyhook stop\n  whyhook stop --store elsewhere.db")]
    Stop,
    /// Replay captured deliveries
    Replay(replay::ReplayArgs),
    /// Ask the upstream server, with a forged copy of a delivery, whether it checks the signature
    Probe(probe::ProbeArgs),
    /// Compare two captured deliveries, or two responses: headers, JSON by path, bytes
    Diff(diff::DiffArgs),
    /// Verify a signature offline; exit 0 only when it is valid
    Verify(verify::VerifyArgs),
    /// Sign a body: print the two headers
    Sign(sign::SignArgs),
    /// List the senders whose schemes are known, or explain one
    Schemes(schemes::SchemesArgs),
    /// Send a simulated event, signed like a real one, and show the response
    Simulate(Box<simulate::SimulateArgs>),
    /// Check that your server accepts valid deliveries and refuses all others
    Check(check::CheckArgs),
    /// Save captured deliveries as a suite, and run it against a server: re-signed, with the responses that are expected
    Suite(suite::SuiteArgs),
    /// Check what a listener needs: configuration, secrets, port, tunnel, store, clock, terminal; exit 1 for a problem
    Doctor(doctor::DoctorArgs),
    /// Write a configuration to begin with, print every fault of one, or print its schema
    Config(config::ConfigArgs),
    /// Print every key of the interface as a table `[keys]` for the configuration
    #[command(after_help = "Examples:\n  whyhook keys\n  whyhook keys --default > keys.toml")]
    Keys(keys::KeysArgs),
    /// Allow what the configuration of the current folder asks for, until it changes
    #[command(after_help = "Examples:\n  whyhook trust\n  whyhook trust --yes\n\nPermission is needed before a \
            whyhook.toml of the current folder may run a program, contact other hosts, accept their connections, read or write \
                files elsewhere, or delete deliveries.")]
    Trust,
    /// Print the OpenAPI document of the control interface, for generating clients
    #[command(
        after_help = "Examples:\n  whyhook openapi > whyhook-openapi.json\n  whyhook openapi | jq '.paths | keys'\n\nA running \
            listener gives the same document at GET /openapi.json. It is described in docs/control.md."
    )]
    Openapi,
    /// Print a completion script for a shell
    Completions(completions::CompletionsArgs),
    /// Print the manual page
    Man,
    /// Run a tunnel's program so that it ends when the listener is killed
    #[command(name = tunnel::RUN_COMMAND, hide = true)]
    TunnelRunner(tunnel::TunnelRunnerArgs),
    /// Run one jq query for the interface, in a separate process
    #[command(name = crate::tui::workers::payload::QUERY_COMMAND, hide = true)]
    QueryWorker,
}

impl Command {
    /// As it is logged.
    fn name(&self) -> &'static str {
        match self {
            Self::Listen(_) => "listen",
            Self::Demo(_) => "demo",
            Self::List(_) => "list",
            Self::Show(_) => "show",
            Self::Export(_) => "export",
            Self::Import(_) => "import",
            Self::Wait(_) => "wait",
            Self::Pin(_) => "pin",
            Self::Note(_) => "note",
            Self::Tag(_) => "tag",
            Self::Delete(_) => "delete",
            Self::Undo(_) => "undo",
            Self::Prune(_) => "prune",
            #[cfg(unix)]
            Self::Status(_) => "status",
            #[cfg(unix)]
            Self::Answer(_) => "answer",
            #[cfg(unix)]
            Self::Rules(_) => "rules",
            #[cfg(unix)]
            Self::Secret(_) => "secret",
            #[cfg(unix)]
            Self::Reload(_) => "reload",
            #[cfg(unix)]
            Self::Jobs(_) => "jobs",
            #[cfg(unix)]
            Self::Held(_) => "held",
            #[cfg(unix)]
            Self::Release(_) => "release",
            #[cfg(unix)]
            Self::Attach(_) => "attach",
            #[cfg(unix)]
            Self::Stop => "stop",
            Self::Replay(_) => "replay",
            Self::Probe(_) => "probe",
            Self::Diff(_) => "diff",
            Self::Verify(_) => "verify",
            Self::Sign(_) => "sign",
            Self::Schemes(_) => "schemes",
            Self::Simulate(_) => "simulate",
            Self::Check(_) => "check",
            Self::Suite(_) => "suite",
            Self::Doctor(_) => "doctor",
            Self::Config(_) => "config",
            Self::Keys(_) => "keys",
            Self::Trust => "trust",
            Self::Openapi => "openapi",
            Self::Completions(_) => "completions",
            Self::Man => "man",
            Self::QueryWorker => "query",
            Self::TunnelRunner(_) => "tunnel",
        }
    }
}

/// Options of the listener.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ListenArgs {
    /// Address and port to listen on; port 0 picks a free one [default: 127.0.0.1:3000]
    #[arg(long, value_name = "ADDRESS:PORT")]
    bind: Option<String>,
    /// Also offer the control interface on this address and port, with a token of this run; port 0 picks a free one
    #[arg(long, value_name = "ADDRESS:PORT")]
    api: Option<std::net::SocketAddr>,
    /// Let --api listen for other machines: its token and all that it shows then cross the network unencrypted
    #[arg(long, requires = "api")]
    api_anywhere: bool,
    /// Start this installed program, so that others reach the listener, and end it with the listener
    #[arg(long, value_name = "PROGRAM", value_parser = StartableTunnel::NAMES)]
    tunnel: Option<String>,
    /// The URL by which others reach the listener, where it is not found out by itself
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// Store nothing beyond this run
    #[arg(long)]
    ephemeral: bool,
    /// What to answer: auto, 503, '503 try later', or a rule such as 'is:sim → fail 3 with 503 then 200'; may
    /// be repeated, the first that matches answers
    #[arg(long, value_name = "RULE")]
    respond: Vec<String>,
    /// Forward deliveries to this URL and answer as it does; may be repeated, the answer of the first URL counts
    #[arg(long, value_name = "URL")]
    forward_to: Vec<String>,
    /// Timeout of the upstream server [default: 30s]
    #[arg(long, value_name = "DURATION")]
    forward_timeout: Option<String>,
    /// Trust the certificates in this PEM file for https targets, in addition to the system's
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Disable TLS certificate verification
    #[arg(long)]
    insecure: bool,
    /// How long a held delivery waits for your decision [default: 10s]
    #[arg(long, value_name = "DURATION")]
    hold_for: Option<String>,
    /// Answer no handshake of the scheme's sender by itself
    #[arg(long)]
    no_handshakes: bool,
    /// Print one line per delivery instead of opening the interface
    #[arg(long)]
    headless: bool,
    /// Take commands and print lines instead of drawing: for screen readers, plain terminals and scripts
    #[arg(long, conflicts_with_all = ["headless", "format"])]
    plain: bool,
    /// Format of the lines, with --headless or if stdout is not a terminal
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: Option<OutputFormat>,
    #[command(flatten)]
    interface: InterfaceArgs,
    /// Largest body that is stored completely [default: 64MiB]
    #[arg(long, value_name = "SIZE")]
    body_limit: Option<String>,
    #[command(flatten)]
    scheme: scheme::SchemeArgs,
}

/// Options of the interface.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct InterfaceArgs {
    /// Start with this filter, in the syntax of `/`
    #[arg(long, value_name = "FILTER")]
    filter: Option<String>,
    /// Colours of the interface; auto asks the terminal whether its background is dark or light [default: auto]
    #[arg(long, value_name = "THEME", value_parser = themes())]
    theme: Option<String>,
    /// Leave the mouse to the terminal, which selects text with it
    #[arg(long)]
    no_mouse: bool,
    /// How `v` on the Image tab draws a picture [default: halfblocks]
    #[arg(long, value_name = "HOW", value_parser = crate::config::PictureMode::NAMES)]
    images: Option<String>,
}

/// The themes, each by the other name that it goes by too.
fn themes() -> clap::builder::PossibleValuesParser {
    let of = |name| clap::builder::PossibleValue::new(name);
    let names = crate::config::ThemeName::NAMES.into_iter();
    names
        .map(|name| match name {
            "high-contrast" => of(name).alias("contrast"),
            "ansi" => of(name).alias("ansi16"),
            _ => of(name),
        })
        .collect::<Vec<_>>()
        .into()
}

/// How output is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum OutputFormat {
    /// For people
    #[default]
    Text,
    /// Documented, stable JSON
    Json,
}

/// An environment or usage error: exit code 2 and one line.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    #[error(transparent)]
    Config(#[from] crate::config::ConfigError),
    #[error(transparent)]
    Start(#[from] crate::server::StartError),
    #[error(transparent)]
    Tui(#[from] crate::tui::error::TuiError),
    #[error(transparent)]
    Store(#[from] crate::store::StoreError),
    #[error("{0}")]
    Filter(#[from] crate::query::QueryError),
    #[error(transparent)]
    NotSent(#[from] crate::send::NotSent),
    #[error("cannot read {}: {source}", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("cannot write {}: {source}", path.display())]
    Write { path: PathBuf, source: std::io::Error },
    #[error("cannot write to stdout: {0}")]
    Stdout(std::io::Error),
    #[error(transparent)]
    Log(#[from] crate::system::log::LogError),
    #[error(transparent)]
    Replay(#[from] crate::send::replay::ReplayError),
    #[error(transparent)]
    Tunnel(#[from] crate::server::tunnel::TunnelStartError),
    #[error("{0}")]
    Usage(String),
}

impl CliError {
    /// The reason as it is logged. An error that may repeat user input, configuration values or a response is logged
    /// by its kind alone; stderr has the full text.
    fn logged(&self) -> String {
        use crate::server::StartError;
        match self {
            Self::Start(StartError::Store(_) | StartError::Listen(_) | StartError::System { .. })
            | Self::Tui(_)
            | Self::Store(_)
            | Self::Read { .. }
            | Self::Write { .. }
            | Self::Stdout(_) => self.to_string(),
            Self::Config(_) => "configuration".to_owned(),
            Self::Start(_) => "forwarding".to_owned(),
            Self::Filter(_) => "filter".to_owned(),
            Self::NotSent(_) | Self::Replay(_) => "sending".to_owned(),
            Self::Tunnel(_) => "tunnel".to_owned(),
            Self::Log(_) | Self::Usage(_) => "usage".to_owned(),
        }
    }
}

impl From<crate::system::save::SaveError> for CliError {
    fn from(error: crate::system::save::SaveError) -> Self {
        Self::Usage(match &error {
            crate::system::save::SaveError::Exists(_) => {
                format!("{error}: choose another --output, or overwrite it with --force")
            }
            _ => error.to_string(),
        })
    }
}

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
        Some(Command::Man) => completions::man(),
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
            if ["listen", "completions", "man"].contains(&&*name) {
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
