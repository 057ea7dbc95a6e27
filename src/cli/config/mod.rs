//! `whyhook config`: a file to begin with, its faults, and its schema.

mod check;
mod init;
mod schema;

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::{CliError, SettingsArgs};

/// What is done with a configuration.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Examples:\n  whyhook config init\n  whyhook config check\n  whyhook config check other.toml --format json\n  \
        whyhook config schema > whyhook.schema.json\n\nEvery setting is described in docs/configuration.md."
)]
pub(super) struct ConfigArgs {
    #[command(subcommand)]
    command: ConfigCommand,
}

#[derive(Debug, Clone, Subcommand)]
enum ConfigCommand {
    /// Write a configuration in which every setting is a comment; never over a file that is there
    #[command(
        after_help = "Examples:\n  whyhook config init\n  whyhook config init --user\n  whyhook config init --schema   # and an editor completes and checks it"
    )]
    Init(init::InitArgs),
    /// Print every fault of the configuration with its line; exit 1 if there are any
    #[command(
        after_help = "Examples:\n  whyhook config check\n  whyhook config check other.toml --format json | jq '.faults[].line'"
    )]
    Check(check::CheckConfigArgs),
    /// Print the JSON Schema of the configuration, for editors
    #[command(
        after_help = "Examples:\n  whyhook config schema > whyhook.schema.json\n\nThe first line `#:schema ./whyhook.schema.json` of a \
            whyhook.toml beside it tells editors that use taplo."
    )]
    Schema,
}

pub(super) fn run(settings: &SettingsArgs, args: &ConfigArgs) -> Result<ExitCode, CliError> {
    match &args.command {
        ConfigCommand::Init(args) => init::run(settings, args),
        ConfigCommand::Check(args) => check::run(settings, args),
        ConfigCommand::Schema => schema::run(),
    }
}
