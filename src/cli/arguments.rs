//! The arguments as clap reads them: the program, its commands by name, and the listener's options.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::{
    SettingsArgs, check, completions, config, delete, demo, diff, doctor, export, import, keys, list, man, mark, probe,
    prune, replay, scheme, schemes, show, sign, simulate, suite, tunnel, verify, wait,
};
#[cfg(unix)]
use super::{answer, attach, held, jobs, reload, rules, secret, status};
use crate::server::tunnel::StartableTunnel;

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
    pub(super) settings: SettingsArgs,
    #[command(flatten)]
    pub(super) listen: ListenArgs,
    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

/// What can be done besides listening.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
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
    #[command(
        after_help = "Examples:\n  whyhook completions bash > ~/.local/share/bash-completion/completions/whyhook\n  \
        whyhook completions zsh > \"${fpath[1]}/_whyhook\"\n  whyhook completions fish > ~/.config/fish/completions/whyhook.fish\n\n\
        A new shell reads it. PowerShell: add `whyhook completions powershell | Out-String | Invoke-Expression` to $PROFILE."
    )]
    Completions(completions::CompletionsArgs),
    /// Print a manual page, or write those of all commands
    #[command(after_help = "Examples:\n  whyhook man | man -l -\n  whyhook man config check | man -l -\n  \
        whyhook man --all ~/.local/share/man/man1")]
    Man(man::ManArgs),
    /// Run a tunnel's program so that it ends when the listener is killed
    #[command(name = tunnel::RUN_COMMAND, hide = true)]
    TunnelRunner(tunnel::TunnelRunnerArgs),
    /// Run one jq query for the interface, in a separate process
    #[command(name = crate::tui::workers::payload::QUERY_COMMAND, hide = true)]
    QueryWorker,
}

impl Command {
    /// As it is logged.
    pub(super) fn name(&self) -> &'static str {
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
            Self::Man(_) => "man",
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
    pub(super) bind: Option<String>,
    /// Also offer the control interface on this address and port, with a token of this run; port 0 picks a free one
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(super) api: Option<std::net::SocketAddr>,
    /// Let --api listen for other machines: its token and all that it shows then cross the network unencrypted
    #[arg(long, requires = "api")]
    pub(super) api_anywhere: bool,
    /// Start this installed program, so that others reach the listener, and end it with the listener
    #[arg(long, value_name = "PROGRAM", value_parser = StartableTunnel::NAMES)]
    pub(super) tunnel: Option<String>,
    /// The URL by which others reach the listener, where it is not found out by itself
    #[arg(long, value_name = "URL")]
    pub(super) public_url: Option<String>,
    /// Store nothing beyond this run
    #[arg(long)]
    pub(super) ephemeral: bool,
    /// What to answer: auto, 503, '503 try later', or a rule such as 'is:sim → fail 3 with 503 then 200'; may
    /// be repeated, the first that matches answers
    #[arg(long, value_name = "RULE")]
    pub(super) respond: Vec<String>,
    /// Forward deliveries to this URL and answer as it does; may be repeated, the answer of the first URL counts
    #[arg(long, value_name = "URL")]
    pub(super) forward_to: Vec<String>,
    /// Timeout of the upstream server [default: 30s]
    #[arg(long, value_name = "DURATION")]
    pub(super) forward_timeout: Option<String>,
    /// Trust the certificates in this PEM file for https targets, in addition to the system's
    #[arg(long, value_name = "FILE")]
    pub(super) ca_file: Option<PathBuf>,
    /// Disable TLS certificate verification
    #[arg(long)]
    pub(super) insecure: bool,
    /// How long a held delivery waits for your decision [default: 10s]
    #[arg(long, value_name = "DURATION")]
    pub(super) hold_for: Option<String>,
    /// Answer no handshake of the scheme's sender by itself
    #[arg(long)]
    pub(super) no_handshakes: bool,
    /// Print one line per delivery instead of opening the interface
    #[arg(long)]
    pub(super) headless: bool,
    /// Take commands and print lines instead of drawing: for screen readers, plain terminals and scripts
    #[arg(long, conflicts_with_all = ["headless", "format"])]
    pub(super) plain: bool,
    /// Format of the lines, with --headless or if stdout is not a terminal
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(super) format: Option<OutputFormat>,
    #[command(flatten)]
    pub(super) interface: InterfaceArgs,
    /// Largest body that is stored completely [default: 64MiB]
    #[arg(long, value_name = "SIZE")]
    pub(super) body_limit: Option<String>,
    #[command(flatten)]
    pub(super) scheme: scheme::SchemeArgs,
}

/// Options of the interface.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct InterfaceArgs {
    /// Start with this filter, in the syntax of `/`
    #[arg(long, value_name = "FILTER")]
    pub(super) filter: Option<String>,
    /// Colours of the interface; auto asks the terminal whether its background is dark or light [default: auto]
    #[arg(long, value_name = "THEME", value_parser = themes())]
    pub(super) theme: Option<String>,
    /// Leave the mouse to the terminal, which selects text with it
    #[arg(long)]
    pub(super) no_mouse: bool,
    /// How `v` on the Image tab draws a picture [default: halfblocks]
    #[arg(long, value_name = "HOW", value_parser = crate::config::PictureMode::NAMES)]
    pub(super) images: Option<String>,
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
