//! `whyhook completions SHELL`, of the same tree as `--help`.

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
