//! Lines from stdin, one when it is asked for: in between, an editor may have the terminal.

use std::io::{self, BufRead as _, IsTerminal as _, Read as _};
use std::sync::mpsc;

use crate::system::thread::{self, ThreadError};
use zeroize::Zeroizing;

/// A longer line is cut: more than the longest rule or log line.
const LINE_LIMIT: u64 = 64 * 1024;

/// Asks the thread for lines.
pub(super) struct Lines(mpsc::Sender<()>);

impl Lines {
    /// Starts the thread; `give` gets each line without its end, and `None` after the last.
    pub(super) fn start(give: impl Fn(Option<Zeroizing<String>>) + Send + 'static) -> Result<Self, ThreadError> {
        let (ask, asked) = mpsc::channel();
        thread::spawn("whyhook-lines", move || {
            while asked.recv().is_ok() {
                crate::system::panic::panic_for_test("lines");
                let line = read();
                let is_end = line.is_none();
                give(line);
                if is_end {
                    return;
                }
            }
        })?;
        Ok(Self(ask))
    }

    /// Reads the next line.
    pub(super) fn ask(&self) {
        let _ = self.0.send(());
    }
}

fn read() -> Option<Zeroizing<String>> {
    let mut bytes = Zeroizing::new(Vec::new());
    let mut stdin = io::stdin().lock();
    match stdin.by_ref().take(LINE_LIMIT).read_until(b'\n', &mut bytes) {
        Ok(1..) => {}
        Ok(0) | Err(_) => return None,
    }
    while bytes.len() as u64 >= LINE_LIMIT && bytes.last() != Some(&b'\n') {
        // The rest of a line that is too long belongs to no command.
        let mut rest = Zeroizing::new(Vec::new());
        match stdin.by_ref().take(LINE_LIMIT).read_until(b'\n', &mut rest) {
            Ok(1..) if rest.last() != Some(&b'\n') => {}
            _ => break,
        }
    }
    let text = String::from_utf8_lossy(&bytes);
    Some(Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned()))
}

/// Whether a person types and reads here.
pub(super) fn is_interactive() -> bool {
    io::stdin().is_terminal() && io::stdout().is_terminal()
}
