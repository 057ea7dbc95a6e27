//! The clipboard, with fallbacks when there is none.
//!
//! In order: tmux's buffer (which also reaches the terminal, and is the only way that works under
//! tmux's defaults); over SSH the terminal itself (OSC 52); the desktop's clipboard; and else a file
//! that the person can open for as long as the program runs.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crossterm::clipboard::CopyToClipboard;

use crate::config::Keyring;
use crate::system::scratch;
use crate::system::thread;

/// Terminals drop longer OSC 52 sequences; xterm's limit is the lowest in wide use.
const OSC52_BYTES: usize = 74_000;

/// How long tmux may take: the interface waits for it, and a server that is stopped or hangs never answers.
const TMUX_PATIENCE: Duration = Duration::from_secs(1);
/// How often it is looked at meanwhile.
const LOOK: Duration = Duration::from_millis(5);

/// The ways to a clipboard, kept for the whole run: some desktops lose the content when the owner
/// goes away.
#[derive(Default)]
pub(crate) struct Clipboard {
    desktop: Option<arboard::Clipboard>,
}

impl Clipboard {
    /// Copies `text`; returns what to tell the person.
    pub(crate) fn copy(&mut self, what: &str, text: &str, keyring: &Keyring) -> Result<String, String> {
        if std::env::var_os("TMUX").is_some() && tmux(text, keyring).is_ok() {
            return Ok(format!("copied {what} to tmux's buffer and the terminal's clipboard"));
        }
        if std::env::var_os("SSH_CONNECTION").is_some() && text.len() <= OSC52_BYTES && terminal(text).is_ok() {
            return Ok(format!("sent {what} to the terminal's clipboard (unconfirmed)"));
        }
        if self.desktop(text).is_ok() {
            return Ok(format!("copied {what}"));
        }
        match to_file(text) {
            Ok(path) => Ok(format!("no clipboard: {what} is in {} until whyhook exits", path.display())),
            Err(error) => Err(format!("cannot copy {what}: no clipboard, and no file: {error}")),
        }
    }

    fn desktop(&mut self, text: &str) -> Result<(), arboard::Error> {
        let clipboard = match &mut self.desktop {
            Some(clipboard) => clipboard,
            none => none.insert(arboard::Clipboard::new()?),
        };
        clipboard.set_text(text)
    }
}

fn tmux(text: &str, keyring: &Keyring) -> io::Result<()> {
    let mut command = Command::new("tmux");
    keyring.hide_from(&mut command);
    command.args(["load-buffer", "-w", "-"]);
    if hand_over(&mut command, text, TMUX_PATIENCE)?.success() { Ok(()) } else { Err(io::Error::other("tmux refused")) }
}

/// Gives a command this text as its input, and waits for its end. One that takes longer than `patience` is ended.
fn hand_over(command: &mut Command, text: &str, patience: Duration) -> io::Result<ExitStatus> {
    let deadline = Instant::now() + patience;
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        let text = text.to_owned();
        // A pipe holds some tens of KiB: writing waits for a command that does not read, and ends with it.
        let write = move || drop(stdin.write_all(text.as_bytes()));
        if let Err(error) = thread::spawn("whyhook-copy", write) {
            end(&mut child);
            return Err(error.into());
        }
    }
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if Instant::now() >= deadline {
            end(&mut child);
            return Err(io::Error::from(io::ErrorKind::TimedOut));
        }
        std::thread::sleep(LOOK);
    }
}

/// Ends a command that was not waited for yet, so that its number is its own.
fn end(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

fn terminal(text: &str) -> io::Result<()> {
    crossterm::execute!(io::stdout(), CopyToClipboard::to_clipboard_from(text))
}

fn to_file(text: &str) -> io::Result<PathBuf> {
    let mut file = scratch::file("copy-", ".txt")?;
    file.write_all(text.as_bytes())?;
    let (_, path) = file.keep()?;
    Ok(path)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    /// Longer than any pipe holds.
    fn long() -> String {
        "x".repeat(1 << 20)
    }

    #[test]
    fn a_command_that_does_not_answer_is_ended() {
        for text in ["short", &long()] {
            let begun = Instant::now();
            let mut hangs = Command::new("sleep");
            let ended = hand_over(hangs.arg("3600"), text, Duration::from_millis(50)).unwrap_err();
            assert_eq!(ended.kind(), io::ErrorKind::TimedOut);
            assert!(begun.elapsed() < Duration::from_secs(600));
        }
    }

    #[test]
    fn a_command_that_answers_has_the_whole_text() {
        let count = |bytes: usize| format!("test $(wc -c) -eq {bytes}");
        let patience = Duration::from_secs(600);
        let text = long();
        assert!(hand_over(Command::new("sh").args(["-c", &count(text.len())]), &text, patience).unwrap().success());
        assert!(!hand_over(Command::new("sh").args(["-c", &count(1)]), &text, patience).unwrap().success());
        // One that ends without reading is none the worse.
        assert!(hand_over(&mut Command::new("true"), &text, patience).unwrap().success());
        assert!(hand_over(&mut Command::new("no-such-program"), &text, patience).is_err());
    }
}
