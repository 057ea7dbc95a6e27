//! `whyhook completions SHELL` and `whyhook man`, generated from the same tree.

use std::process::ExitCode;

use clap::Args;
use clap_complete::Shell;

use super::{CliError, command, output};

#[derive(Debug, Clone, Args)]
pub(super) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

pub(super) fn run(args: &CompletionsArgs) -> Result<ExitCode, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command(), "whyhook", &mut script);
    output::print_bytes(&script)?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn man() -> Result<ExitCode, CliError> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command()).render(&mut page).map_err(CliError::Stdout)?;
    output::print_bytes(&page)?;
    Ok(ExitCode::SUCCESS)
}
