//! `whyhook doctor`: what is in the way of a first delivery, and what to do about it.
//!
//! Each check is one finding. Only this machine is asked, by what a listener does at its start, and nothing is changed. The
//! report names no secret, no user and no folder of theirs, so that it can be pasted into an issue.

mod finding;
mod kept;
mod network;
mod private;
mod settings;
mod terminal;

use std::io::IsTerminal as _;
use std::process::ExitCode;

use clap::Args;
use jiff::Timestamp;

use self::finding::{DoctorOutcome, DoctorReport, Finding};
use self::kept::ClockSync;
use self::private::Anonymous;
use self::settings::CheckedSettings;
use self::terminal::TerminalState;
use super::{CliError, OutputFormat, SettingsArgs, output};
use crate::config::{DEFAULT_BIND, ProcessEnvironment};
use crate::store::Location;
use crate::tui::picture::TerminalFacts;

#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Examples:\n  whyhook doctor\n  whyhook doctor --bind 127.0.0.1:8080\n  whyhook doctor --format json | jq '.checks[] | \
    select(.outcome != \"ok\")'\n\nThe report names no secret, no user and no home directory. Exit code 1 when a problem was \
    found; a warning is not one. Described in docs/doctor.md."
)]
pub(super) struct DoctorArgs {
    /// Address and port that a listener would have [default: as configured, else 127.0.0.1:3000]
    #[arg(long, value_name = "ADDRESS:PORT")]
    bind: Option<String>,
    /// Output: lines for people, or one JSON object
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: OutputFormat,
}

/// Exit code 1 when a problem was found.
pub(super) fn run(args: &SettingsArgs, own: &DoctorArgs) -> Result<ExitCode, CliError> {
    let flags = crate::config::Flags { bind: own.bind.clone(), ..args.secret_flags() };
    let CheckedSettings { settings, places, needs_consent, mut findings } =
        settings::checks(&flags, args.yes(), &ProcessEnvironment);
    let images = settings.as_ref().map_or_else(crate::config::PictureMode::default, |settings| settings.images);
    let (bind, store) = match (&settings, places) {
        (Some(settings), _) => (settings.bind, Some(settings.store.clone())),
        (None, Some((bind, store))) => (bind, Some(store)),
        (None, None) => (DEFAULT_BIND, None),
    };
    let location = store.map(Location::new);
    let running = location.as_ref().and_then(running);
    findings.push(network::port(bind, running.as_deref()));
    findings.push(match &settings {
        Some(settings) if !needs_consent => {
            let address = running.as_deref().and_then(|url| url.strip_prefix("http://")?.parse().ok());
            let start = match (&running, &own.bind) {
                (Some(_), _) => None,
                (None, None) => Some("whyhook --tunnel ngrok".to_owned()),
                (None, Some(_)) => Some(format!("whyhook --bind {bind} --tunnel ngrok")),
            };
            network::tunnel(settings, address.unwrap_or(bind), start.as_deref())
        }
        _ => Finding::warning("tunnel", "not looked at", "mend or allow the configuration first"),
    });
    let newest = match &location {
        Some(location) => {
            let kept = kept::store(location);
            findings.push(kept.finding);
            kept.newest
        }
        None => Vec::new(),
    };
    findings.push(kept::clock(&newest, Timestamp::now(), ClockSync::of_system()));
    findings.extend(terminal::checks(&TerminalFacts::of_process(), &terminal_state(), images));
    let report = DoctorReport::new(findings, &Anonymous::of_process(&ProcessEnvironment));
    match own.format {
        OutputFormat::Json => output::print_json(&report.json())?,
        OutputFormat::Text => output::print(&report.text(output::columns(), output::palette()))?,
    }
    Ok(if report.outcome() == DoctorOutcome::Problem { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Where the listener of this store is, if one runs.
#[cfg(unix)]
fn running(location: &Location) -> Option<String> {
    let listener = super::running::RunningListener::on(location).ok().flatten()?;
    let status = listener.ask("GET", "/status", None).ok()?.ok()?;
    status["listening"].as_str().map(str::to_owned)
}

#[cfg(not(unix))]
fn running(_: &Location) -> Option<String> {
    None
}

fn terminal_state() -> TerminalState {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let is_set = |name: &str| variable(name).is_some();
    let in_tmux = is_set("TMUX");
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let has_tmux = || std::env::split_paths(&folders).any(|folder| folder.join("tmux").is_file());
    TerminalState {
        size: std::io::stdout().is_terminal().then(|| crossterm::terminal::size().unwrap_or((80, 24))),
        locale: ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(variable).unwrap_or_default(),
        tmux: in_tmux.then(has_tmux),
        desktop: cfg!(any(windows, target_os = "macos")) || is_set("DISPLAY") || is_set("WAYLAND_DISPLAY"),
    }
}
