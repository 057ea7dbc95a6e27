//! The clipboard, with fallbacks when there is none.
//!
//! In order: tmux's buffer (which also reaches the terminal, and is the only way that works under
//! tmux's defaults); over SSH the terminal itself (OSC 52); the desktop's clipboard; and else a file
//! that the person can open for as long as the program runs.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crossterm::clipboard::CopyToClipboard;

use crate::config::Keyring;
use crate::system::scratch;

/// Terminals drop longer OSC 52 sequences; xterm's limit is the lowest in wide use.
const OSC52_BYTES: usize = 74_000;

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
    let mut child = command
        .args(["load-buffer", "-w", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(text.as_bytes())?;
    }
    if child.wait()?.success() { Ok(()) } else { Err(io::Error::other("tmux refused")) }
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
