//! Writing to stdout and stderr: everything untrusted is made visible on its way.
//!
//! What is written is not what a command does: an stderr that takes nothing is ignored, and when whoever read stdout has
//! gone (`| head`), the command goes on to its result, which is its exit code. What only prints looks at
//! [`is_unread`] and ends early.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};

use clap::ValueEnum;
use serde_json::Value;

use super::CliError;
use crate::store::{Loss, Reader};
#[cfg(unix)]
use crate::system::thread;
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

/// Whether whoever read stdout has gone.
static UNREAD: AtomicBool = AtomicBool::new(false);

/// One line on stderr, in one piece.
pub(super) fn log(line: &str) {
    on_stderr(&format!("whyhook: {}\n", text::visible(line)));
}

/// Text on stderr as it is. That nobody can read it (a full disk, a reader that has gone) changes nothing of what the
/// command does.
pub(super) fn on_stderr(text: &str) {
    let mut stderr = io::stderr().lock();
    let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
}

/// Whether whoever read stdout has gone, so that what only prints can end.
pub(super) fn is_unread() -> bool {
    UNREAD.load(Ordering::Relaxed)
}

/// Ends the program once nobody reads stdout any more, for those that print only now and then. A pipe that its reader has
/// closed tells so to whoever waits for it: poll(2), POLLERR.
///
/// # Errors
///
/// When the system has no thread for it.
#[cfg(unix)]
pub(super) fn end_once_unread() -> Result<(), CliError> {
    use rustix::event::{PollFd, PollFlags, poll};
    let watch = || {
        let stdout = io::stdout();
        loop {
            let mut watched = [PollFd::new(&stdout, PollFlags::empty())];
            match poll(&mut watched, None) {
                Err(rustix::io::Errno::INTR) => {}
                Ok(_) if watched[0].revents().intersects(PollFlags::ERR | PollFlags::HUP) => std::process::exit(0),
                // The system cannot tell: the next line will.
                Ok(_) | Err(_) => return,
            }
        }
    };
    thread::spawn("whyhook-stdout", watch).map(drop).map_err(|error| CliError::Usage(error.to_string()))
}

/// Where a closed pipe cannot be waited for, it is found when the next line is written.
#[cfg(not(unix))]
pub(super) fn end_once_unread() -> Result<(), CliError> {
    Ok(())
}

/// How writing to stdout ended. That its reader has gone is noted, and not an error.
fn written(outcome: io::Result<()>) -> Result<(), CliError> {
    match outcome {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
            UNREAD.store(true, Ordering::Relaxed);
            Ok(())
        }
        outcome => outcome.map_err(CliError::Stdout),
    }
}

/// Warns of what of a store's log is lost.
pub(super) fn log_losses(losses: &[Loss]) {
    losses.iter().for_each(|loss| log(&format!("warning: {loss}")));
}

/// How many unreadable deliveries are named; the others are only counted.
const UNREADABLE_NAMED: usize = 5;

/// Says which deliveries were left out, since their rows cannot be read.
pub(super) fn log_unreadable(reader: &Reader) {
    let unreadable = reader.take_unreadable();
    for error in unreadable.iter().take(UNREADABLE_NAMED) {
        log(&format!("warning: {error}; it is left out"));
    }
    if unreadable.len() > UNREADABLE_NAMED {
        log(&format!(
            "warning: {} more deliveries cannot be read and are left out",
            unreadable.len() - UNREADABLE_NAMED
        ));
    }
}

/// What is to be said of a log that is not there, although the index speaks of it.
pub(super) fn absent_words(reader: &Reader) -> Option<String> {
    match reader.absent() {
        Ok(absent) => absent.map(|absent| absent.to_string()),
        Err(error) => Some(error.to_string()),
    }
}

/// Writes lines to stdout as they are; they must be visible text already.
pub(super) fn print(lines: &str) -> Result<(), CliError> {
    print_bytes(lines.as_bytes())
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
    written(stdout.write_all(bytes).and_then(|()| stdout.flush()))
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
    written(write(&mut out).and_then(|()| out.flush()))
}

/// Writes the help or the version that was asked for.
pub(super) fn print_help(help: &clap::Error) -> Result<(), CliError> {
    written(help.print().and_then(|()| io::stdout().flush()))
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
    fn a_reader_that_has_gone_is_noted_and_other_failures_are_errors() {
        assert!(written(Ok(())).is_ok() && !is_unread());
        let full = written(Err(io::ErrorKind::StorageFull.into()));
        assert!(matches!(full, Err(CliError::Stdout(_))) && !is_unread());
        assert!(written(Err(io::ErrorKind::BrokenPipe.into())).is_ok() && is_unread());
    }

    #[test]
    fn json_in_pieces_is_the_same_json() {
        let long = "é\u{9b}\u{202e}\n".repeat(40_000);
        let value = serde_json::json!({"a": long, "b": [1, {"c\u{7f}": null}]});
        let mut written = Vec::new();
        serde_json::to_writer_pretty(SafeJson(&mut written), &value).unwrap();
        assert!(written == text::safe_json(&format!("{value:#}")).as_bytes());
    }
}
