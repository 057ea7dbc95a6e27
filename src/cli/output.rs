//! Writing to stdout and stderr: everything untrusted is made visible on its way.

use std::io::{self, IsTerminal as _, Write as _};

use clap::ValueEnum;
use serde_json::Value;

use super::CliError;
use crate::store::Loss;
use crate::text::{self, Palette};

/// How the report of a test is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum ReportFormat {
    /// For people
    #[default]
    Text,
    /// Documented, stable JSON
    Json,
    /// JUnit XML, for CI
    Junit,
}

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

/// The columns of the terminal that stdout is; `None` for a file or a pipe, which get every line whole.
pub(super) fn columns() -> Option<usize> {
    let size = || crossterm::terminal::size().map_or(80, |(columns, _)| columns.into());
    io::stdout().is_terminal().then(size)
}

/// Whether marks on stdout are coloured: on a terminal that draws, unless `NO_COLOR` is set (<https://no-color.org>).
pub(super) fn palette() -> Palette {
    let is_coloured = io::stdout().is_terminal()
        && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        && std::env::var_os("TERM").is_none_or(|term| term != "dumb");
    if is_coloured { Palette::Colours } else { Palette::Plain }
}

/// Lines for people, fitted to the terminal if stdout is one.
pub(super) fn fitted(lines: String) -> String {
    match columns() {
        Some(columns) => text::fit(&lines, columns),
        None => lines,
    }
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

/// Writes a value as indented JSON that is safe on a terminal, a piece at a time: a body may be in it.
pub(super) fn print_json_pretty(value: &Value) -> Result<(), CliError> {
    stream(|out| {
        serde_json::to_writer_pretty(SafeJson(out), value)?;
        out.write_all(b"\n")
    })
}

/// Writes to stdout what may be too long to be held; it must be visible text already.
pub(super) fn stream(write: impl FnOnce(&mut dyn io::Write) -> io::Result<()>) -> Result<(), CliError> {
    let mut out = io::BufWriter::with_capacity(BUFFER, io::stdout().lock());
    write(&mut out).and_then(|()| out.flush()).map_err(CliError::Stdout)
}

/// What is handed to stdout at a time, in bytes.
const BUFFER: usize = 64 << 10;

/// Passes on serialised JSON so that it is safe on a terminal. Each write must be whole characters, as serde_json's
/// are.
struct SafeJson<'a>(&'a mut dyn io::Write);

impl io::Write for SafeJson<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut rest = std::str::from_utf8(bytes).map_err(io::Error::other)?;
        while !rest.is_empty() {
            let mut end = rest.len().min(BUFFER);
            while !rest.is_char_boundary(end) {
                end += 1;
            }
            let (piece, left) = rest.split_at(end);
            self.0.write_all(text::safe_json(piece).as_bytes())?;
            rest = left;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_in_pieces_is_the_same_json() {
        let long = "é\u{9b}\u{202e}\n".repeat(40_000);
        let value = serde_json::json!({"a": long, "b": [1, {"c\u{7f}": null}]});
        let mut written = Vec::new();
        serde_json::to_writer_pretty(SafeJson(&mut written), &value).unwrap();
        assert!(written == text::safe_json(&format!("{value:#}")).as_bytes());
    }
}
