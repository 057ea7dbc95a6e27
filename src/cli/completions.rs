//! `whyhook completions SHELL`, of the same tree as `--help`.

use std::process::ExitCode;

use clap::{Args, Command};
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
    clap_complete::generate(args.shell, &mut shown(&command()), "whyhook", &mut script);
    output::print_bytes(&script)?;
    Ok(ExitCode::SUCCESS)
}

/// The tree without what is not for people: clap_complete offers hidden commands too.
fn shown(tree: &Command) -> Command {
    let shown = tree.get_subcommands().filter(|command| !command.is_hide_set());
    Command::new("whyhook").version(env!("CARGO_PKG_VERSION")).args(tree.get_arguments()).subcommands(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_commands_are_not_offered() {
        for shell in [Shell::Bash, Shell::Elvish, Shell::Fish, Shell::PowerShell, Shell::Zsh] {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut shown(&command()), "whyhook", &mut script);
            let script = String::from_utf8(script).unwrap();
            assert!(script.contains("simulate") && script.contains("bind") && script.contains("version"), "{shell}");
            for hidden in command().get_subcommands().filter(|command| command.is_hide_set()) {
                assert!(!script.contains(hidden.get_name()), "{shell}: {}", hidden.get_name());
            }
        }
    }
}
