//! Writing to stdout and stderr: everything untrusted is made visible on its way.

use std::io::{self, IsTerminal as _, Write as _};

use serde_json::Value;

use super::CliError;
use crate::store::Loss;
use crate::text;

/// One line on stderr.
#[expect(clippy::print_stderr, reason = "this is where logs are written")]
pub(super) fn log(line: &str) {
    eprintln!("whyhook: {}", text::visible(line));
}

/// Warns of what of a store's log is lost.
pub(super) fn log_losses(losses: &[Loss]) {
    losses.iter().for_each(|loss| log(&format!("warning: {loss}")));
}

/// Writes lines to stdout as they are; they must be visible text already.
pub(super) fn print(lines: &str) -> Result<(), CliError> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(lines.as_bytes()).and_then(|()| stdout.flush()).map_err(CliError::Stdout)
}

/// Refuses to write bytes from the network to a terminal, which would act on some of them. A file, a pipe and
/// `force` get them as they are.
pub(super) fn check_raw(force: bool) -> Result<(), CliError> {
    if force || !io::stdout().is_terminal() {
        return Ok(());
    }
    Err(CliError::Usage(
        "raw bytes could control the terminal: redirect stdout to a file or a pipe, or add --force".to_owned(),
    ))
}

/// Writes raw bytes to stdout; bytes from the network only behind [`check_raw`].
pub(super) fn print_bytes(bytes: &[u8]) -> Result<(), CliError> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes).and_then(|()| stdout.flush()).map_err(CliError::Stdout)
}

/// Writes a value as one line of JSON that is safe on a terminal.
pub(super) fn print_json(value: &Value) -> Result<(), CliError> {
    print(&format!("{}\n", text::safe_json(&value.to_string())))
}

/// Writes a value as indented JSON that is safe on a terminal.
pub(super) fn print_json_pretty(value: &Value) -> Result<(), CliError> {
    print(&format!("{}\n", text::safe_json(&format!("{value:#}"))))
}
