//! The real interface in a terminal that is none: what it writes is read as a terminal would, and
//! looked at while something is waited for.

use std::io::{Read as _, Write};
use std::num::NonZero;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use super::{Failure, process};

/// Columns and rows.
pub(crate) const SIZE: (u16, u16) = (200, 50);
/// A wait ends in an error after this long, which only a hang takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// The interface in a terminal. It is killed, by its id, when this is dropped.
pub(crate) struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    keys: Keys,
    seen: Arc<Seen>,
    started: Instant,
    // Closing it would end the program.
    _master: Box<dyn MasterPty + Send>,
}

/// What is written here, the interface reads.
type Keys = Arc<Mutex<Box<dyn Write + Send>>>;

/// The last of the questions with which the interface begins ("what are you?"), and what a terminal says that has no more to say.
/// One that is silent is waited for.
const QUESTION: &[u8] = b"\x1b[c";
const REPLY: &[u8] = b"\x1b[?62c";

struct Seen {
    screen: Mutex<Screen>,
    changed: Condvar,
}

struct Screen {
    parser: vt100::Parser,
    /// Whether what comes is looked at. A real terminal's work is its own, and is not to be counted
    /// as the interface's.
    looking: bool,
    bytes: u64,
    /// When something was last written.
    last: Instant,
}

impl Terminal {
    /// Starts the interface on a free port, with the store at `store`.
    pub(crate) fn start(home: &Path, store: &Path, arguments: &[&str]) -> Result<Self, Failure> {
        let (columns, rows) = SIZE;
        let pty = native_pty_system().openpty(PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 })?;
        let mut command = CommandBuilder::new(process::PROGRAM);
        command.args(["listen", "--bind", "127.0.0.1:0", "--store"]);
        command.arg(store);
        command.args(arguments);
        command.env_clear();
        for (name, value) in process::environment(home) {
            command.env(name, value);
        }
        command.cwd(home);
        let mut reader = pty.master.try_clone_reader()?;
        let keys: Keys = Arc::new(Mutex::new(pty.master.take_writer()?));
        let started = Instant::now();
        let child = pty.slave.spawn_command(command)?;
        let (Some(height), Some(width)) = (NonZero::new(rows), NonZero::new(columns)) else {
            return Err("a terminal has rows and columns".into());
        };
        let parser = vt100::Parser::new(height, width, 0);
        let screen = Mutex::new(Screen { parser, looking: true, bytes: 0, last: started });
        let seen = Arc::new(Seen { screen, changed: Condvar::new() });
        let (watching, replies) = (Arc::clone(&seen), Arc::clone(&keys));
        thread::spawn(move || {
            let mut buffer = vec![0; 1 << 16];
            // What has come, until the question has.
            let mut begun = Some(Vec::new());
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                if let Some(bytes) = &mut begun {
                    bytes.extend_from_slice(&buffer[..count]);
                    if bytes.windows(QUESTION.len()).any(|bytes| bytes == QUESTION) {
                        begun = None;
                        // Who does not read it has ended, and is noticed by that.
                        let _ = type_in(&replies, REPLY);
                    }
                }
                let mut screen = watching.lock();
                screen.bytes += count as u64;
                screen.last = Instant::now();
                if screen.looking {
                    screen.parser.process(&buffer[..count]);
                }
                drop(screen);
                watching.changed.notify_all();
            }
        });
        Ok(Self { child, keys, seen, started, _master: pty.master })
    }

    /// When it was started.
    pub(crate) fn started(&self) -> Instant {
        self.started
    }

    /// Waits until the screen is as described, and returns when it became so.
    pub(crate) fn sees(&self, what: &str, is_so: impl Fn(&str) -> bool) -> Result<Instant, Failure> {
        let end = Instant::now() + PATIENCE;
        let mut screen = self.seen.lock();
        loop {
            let contents = screen.parser.screen().contents();
            if is_so(&contents) {
                return Ok(screen.last);
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(format!("{what} is not to be seen in\n{contents}").into());
            }
            let waited = self.seen.changed.wait_timeout(screen, left);
            screen = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// The address in the top line.
    pub(crate) fn address(&self) -> Result<std::net::SocketAddr, Failure> {
        let address = |screen: &str| {
            let after = screen.split("http://").nth(1)?;
            after.split_whitespace().next()?.parse().ok()
        };
        self.sees("an address", |screen| address(screen).is_some())?;
        address(&self.screen()).ok_or_else(|| "no address".into())
    }

    /// What stands on the screen now.
    pub(crate) fn screen(&self) -> String {
        self.seen.lock().parser.screen().contents()
    }

    /// Types keys as a terminal sends them; returns when.
    pub(crate) fn types(&mut self, keys: &str) -> Result<Instant, Failure> {
        let when = Instant::now();
        type_in(&self.keys, keys.as_bytes())?;
        Ok(when)
    }

    /// Waits until nothing has been written for `quiet`.
    pub(crate) fn settles(&self, quiet: Duration) {
        // Not looked at in the loop's head, which would keep the reader locked out while this sleeps.
        let left = || quiet.checked_sub(self.seen.lock().last.elapsed());
        while let Some(left) = left() {
            thread::sleep(left.max(Duration::from_millis(1)));
        }
    }

    /// From now on nothing is looked at; what is written is read and counted.
    pub(crate) fn looks_away(&self) {
        self.seen.lock().looking = false;
    }

    /// Bytes written to the terminal so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.seen.lock().bytes
    }

    /// The program's process id.
    pub(crate) fn process(&self) -> Result<u32, Failure> {
        self.child.process_id().ok_or_else(|| "it has no process id".into())
    }
}

impl Seen {
    fn lock(&self) -> MutexGuard<'_, Screen> {
        self.screen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn type_in(keys: &Keys, bytes: &[u8]) -> std::io::Result<()> {
    let mut keys = keys.lock().unwrap_or_else(PoisonError::into_inner);
    keys.write_all(bytes)?;
    keys.flush()
}
