//! The question before a configuration of the current folder is used, and `whyhook trust`, which asks it alone.

use std::io::{self, BufRead as _, IsTerminal as _};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

use super::{CliError, SettingsArgs, output};
use crate::config::consent::{Gate, Need, Scope, words};
use crate::config::file::ConfigFile;
use crate::config::{ProcessEnvironment, SettingsSource, shown};

/// What was answered in this process, by the file's fingerprint: nobody is asked twice.
static ANSWERED: Mutex<Vec<([u8; 32], bool)>> = Mutex::new(Vec::new());

/// Lets a command use its configuration, asking where that is needed.
pub(super) fn admit(source: &SettingsSource, scope: Scope, yes: bool) -> Result<Gate, CliError> {
    let gate = Gate::new(source.is_named, &ProcessEnvironment);
    let Some(file) = &source.file else { return Ok(gate) };
    let missing = gate.missing(file, scope);
    if !missing.is_empty() && !yes {
        let answered = ANSWERED.lock().unwrap_or_else(PoisonError::into_inner);
        let before = answered.iter().find(|(fingerprint, _)| *fingerprint == file.fingerprint).map(|(_, yes)| *yes);
        drop(answered);
        let is_agreed = match before {
            Some(answer) => answer,
            None if is_terminal() => ask_and_remember(&gate, file, &missing)?,
            None => return Err(CliError::Usage(refusal(file, &missing))),
        };
        if !is_agreed {
            return Err(CliError::Usage(format!("{} was not allowed, so nothing was done", shown(&file.path))));
        }
    }
    gate.agree(file);
    Ok(gate)
}

/// `whyhook trust`: exit code 0 when the file may be used from now on, 1 when the answer was no.
pub(super) fn run(settings: &SettingsArgs) -> Result<ExitCode, CliError> {
    let source = settings.source()?;
    let gate = Gate::new(source.is_named, &ProcessEnvironment);
    let Some(file) = &source.file else {
        output::log("no configuration found: nothing to allow");
        return Ok(ExitCode::SUCCESS);
    };
    let missing = gate.missing(file, Scope::Network);
    if missing.is_empty() {
        output::log(&format!("{} is already allowed", shown(&file.path)));
        return Ok(ExitCode::SUCCESS);
    }
    if settings.yes() {
        list(file, &missing);
        remember(&gate, file)?;
        return Ok(ExitCode::SUCCESS);
    }
    if !is_terminal() {
        let would = would(file, &missing);
        return Err(CliError::Usage(format!(
            "{would}: cannot ask without a terminal; allow it with `whyhook trust --yes`"
        )));
    }
    Ok(if ask_and_remember(&gate, file, &missing)? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn is_terminal() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

fn refusal(file: &ConfigFile, needs: &[Need]) -> String {
    format!("{}: allow it with `whyhook trust`, or for this run with --yes", would(file, needs))
}

fn would(file: &ConfigFile, needs: &[Need]) -> String {
    format!("{} was found in the current folder and would {}", shown(&file.path), words(needs))
}

fn list(file: &ConfigFile, needs: &[Need]) {
    output::log(&format!("{} was found in the current folder and would", shown(&file.path)));
    needs.iter().for_each(|need| output::log(&format!("  - {}", need.clipped())));
}

fn ask_and_remember(gate: &Gate, file: &ConfigFile, needs: &[Need]) -> Result<bool, CliError> {
    list(file, needs);
    output::log("Use it? A yes is remembered until the file changes. [y/N]");
    let mut line = String::new();
    let read = io::stdin().lock().read_line(&mut line);
    read.map_err(|source| CliError::Read { path: "the terminal".into(), source })?;
    let is_yes = matches!(line.trim().to_ascii_lowercase().as_str(), "y" | "yes");
    ANSWERED.lock().unwrap_or_else(PoisonError::into_inner).push((file.fingerprint, is_yes));
    if is_yes && let Err(error) = remember(gate, file) {
        output::log(&format!("warning: {error}"));
    }
    Ok(is_yes)
}

fn remember(gate: &Gate, file: &ConfigFile) -> Result<(), CliError> {
    gate.remember(file)
        .map_err(|error| CliError::Usage(format!("cannot remember that {} is allowed: {error}", shown(&file.path))))
}
