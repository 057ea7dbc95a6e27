//! The `whyhook` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    whyhook::cli::main()
}
