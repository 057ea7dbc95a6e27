//! `whyhook keys`: every key of the interface as a table of the configuration.

use std::process::ExitCode;

use clap::Args;

use super::{CliError, SettingsArgs, output};
use crate::config::file::ConfigFile;
use crate::config::shown;
use crate::tui::keymap::Keymap;

/// Options of `keys`.
#[derive(Debug, Clone, Args)]
pub(crate) struct KeysArgs {
    /// Print the default keys, whatever the configuration says
    #[arg(long)]
    default: bool,
}

pub(super) fn run(settings: &SettingsArgs, args: &KeysArgs) -> Result<ExitCode, CliError> {
    let keymap = if args.default { Keymap::default() } else { keymap(settings.source()?.file.as_ref())? };
    output::print(&keymap.toml())?;
    Ok(ExitCode::SUCCESS)
}

/// The keys of a run: the defaults, and what a configuration says of them.
pub(super) fn keymap(file: Option<&ConfigFile>) -> Result<Keymap, CliError> {
    let Some(file) = file else { return Ok(Keymap::default()) };
    Keymap::with(&file.keys).map_err(|error| CliError::Usage(format!("{}:{error}", shown(&file.path))))
}
