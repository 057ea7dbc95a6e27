//! `--tunnel`: an installed program that is started with the listener, and what runs it.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::CliError;
use crate::server::Session;
use crate::server::tunnel::{InstalledTunnel, UnknownTunnel};

/// The command that runs the program, for [`open`] alone.
pub(super) const RUN_COMMAND: &str = "tunnel-runner";

/// What the command takes.
#[derive(Debug, Args)]
pub(super) struct TunnelRunnerArgs {
    /// The process that must be alive.
    parent: u32,
    program: PathBuf,
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

/// Looks for the program of this name, before anything listens: who has asked for a tunnel should hear at once that there is none.
pub(super) fn find(name: &str, bind: SocketAddr) -> Result<InstalledTunnel, CliError> {
    let program = name.parse().map_err(|error: UnknownTunnel| CliError::Usage(error.to_string()))?;
    let is_set = |variable: &str| std::env::var_os(variable).is_some_and(|value| !value.is_empty());
    Ok(InstalledTunnel::find(program, std::env::var_os("PATH").as_deref(), bind, is_set)?)
}

/// Starts it. On the main thread, which lives as long as the process: on Linux the program ends with the thread that has started it.
pub(super) fn open(session: &mut Session, installed: &InstalledTunnel) -> Result<(), CliError> {
    Ok(session.open_tunnel(installed, &within())?)
}

/// What the program is run by, so that not even `kill -9` of this process leaves a tunnel open.
#[cfg(target_os = "linux")]
fn within() -> Vec<OsString> {
    match std::env::current_exe() {
        Ok(program) => vec![program.into(), RUN_COMMAND.into(), std::process::id().to_string().into()],
        Err(_) => Vec::new(),
    }
}

#[cfg(not(target_os = "linux"))]
fn within() -> Vec<OsString> {
    Vec::new()
}

/// Becomes the program, which the system ends with its parent (prctl(2), PR_SET_PDEATHSIG).
#[cfg(target_os = "linux")]
pub(super) fn run(args: &TunnelRunnerArgs) -> Result<ExitCode, CliError> {
    use rustix::process::{Signal, getppid, set_parent_process_death_signal};
    use std::os::unix::process::CommandExt as _;
    // What cannot be set is a tunnel that could outlive a kill, and no reason not to have one.
    let _ = set_parent_process_death_signal(Some(Signal::KILL));
    let parent = getppid().map(|parent| parent.as_raw_nonzero().get().unsigned_abs());
    if parent != Some(args.parent) {
        // It ended before the signal was set.
        return Ok(ExitCode::from(2));
    }
    let error = std::process::Command::new(&args.program).args(&args.arguments).exec();
    Err(CliError::Usage(format!("cannot start {}: {error}", args.program.display())))
}

#[cfg(not(target_os = "linux"))]
pub(super) fn run(args: &TunnelRunnerArgs) -> Result<ExitCode, CliError> {
    let ran = std::process::Command::new(&args.program).args(&args.arguments).status();
    let status = ran.map_err(|error| CliError::Usage(format!("cannot start {}: {error}", args.program.display())))?;
    let _ = args.parent;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::from(2) })
}
