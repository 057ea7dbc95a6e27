//! `whyhook suite`: captured deliveries as tests of a server.

mod files;
mod run;
mod save;
mod show;
mod update;

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::scheme::SchemeArgs;
use super::{CliError, SettingsArgs};

#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  whyhook suite save bugs 'event:screenshot since:1h'\n  \
    whyhook suite save bugs 12 --add --expect status=2xx --expect 'body:result.id=7'\n  \
    whyhook suite run bugs --to http://localhost:8080 --wait 30s --format junit > suite.xml\n  \
    whyhook suite update bugs --to http://localhost:8080\n\nA suite is a JSON file to review, edit and commit: \
        suites/NAME.json, or any path with a slash or .json. It never holds a secret. docs/suites.md has all of it.")]
pub(super) struct SuiteArgs {
    #[command(subcommand)]
    command: SuiteCommand,
}

#[derive(Debug, Clone, Subcommand)]
enum SuiteCommand {
    /// Save captured deliveries as a suite, without credentials
    Save(Box<save::SaveArgs>),
    /// Send the cases of suites to a server, and compare its responses with what is expected
    Run(Box<run::RunArgs>),
    /// Send the cases of a suite to a server, show what differs, and expect that from now on
    Update(Box<update::UpdateArgs>),
    /// List the suites of the folder
    List(show::ListSuitesArgs),
    /// Show the cases of a suite: what is sent, and what is expected
    Show(show::ShowSuiteArgs),
}

impl SuiteArgs {
    /// The scheme that was named for the command, if it takes one.
    pub(super) fn scheme(&self) -> SchemeArgs {
        match &self.command {
            SuiteCommand::Save(args) => args.scheme.clone(),
            SuiteCommand::Run(args) => args.cases.scheme.clone(),
            SuiteCommand::Update(args) => args.cases.scheme.clone(),
            SuiteCommand::List(_) | SuiteCommand::Show(_) => SchemeArgs::default(),
        }
    }
}

pub(super) fn run(settings: &SettingsArgs, args: &SuiteArgs) -> Result<ExitCode, CliError> {
    match &args.command {
        SuiteCommand::Save(args) => save::run(settings, args),
        SuiteCommand::Run(args) => run::run(settings, args),
        SuiteCommand::Update(args) => update::run(settings, args),
        SuiteCommand::List(args) => show::list(args),
        SuiteCommand::Show(args) => show::run(args),
    }
}
