//! A person at a terminal: keys go in, and what the terminal then shows is read.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, SlavePty, native_pty_system};
use rustix::fs::{Mode, OFlags};

use super::listening::on_a_free_port;
use super::{TestEnv, until};

pub(crate) struct Person {
    // Killed by its id on drop.
    child: Box<dyn Child + Send + Sync>,
    master: Option<Box<dyn MasterPty + Send>>,
    // Held open, so that the terminal can still be looked at when the program has ended.
    slave: Option<Box<dyn SlavePty + Send>>,
    keys: Option<Keys>,
    seen: Arc<Mutex<Seen>>,
    leaving: Arc<AtomicBool>,
    looking_away: Arc<AtomicBool>,
    before: String,
}

/// Where keys go, and what a terminal replies by itself.
type Keys = Arc<Mutex<Box<dyn std::io::Write + Send>>>;

/// What terminals reply when they are asked what they are (DA1).
const DEVICE_ATTRIBUTES: &str = "\u{1b}[?62;22c";

struct Seen {
    parser: vt100::Parser,
    raw: Vec<u8>,
}

/// Columns and rows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size(pub(crate) u16, pub(crate) u16);

impl Size {
    fn pty(self) -> PtySize {
        PtySize { rows: self.1, cols: self.0, pixel_width: 0, pixel_height: 0 }
    }

    fn cells(self) -> (NonZeroU16, NonZeroU16) {
        (NonZeroU16::new(self.1).unwrap(), NonZeroU16::new(self.0).unwrap())
    }
}

impl Person {
    /// Starts the interface on a free port in a terminal of this size.
    pub(crate) fn start(env: &TestEnv, size: Size, arguments: &[&str]) -> Self {
        Self::runs(env, size, &[&["listen"], on_a_free_port(arguments), arguments].concat())
    }

    /// Runs any command in a terminal of this size.
    pub(crate) fn runs(env: &TestEnv, size: Size, arguments: &[&str]) -> Self {
        Self::runs_in(env, size, arguments, DEVICE_ATTRIBUTES)
    }

    /// The same in a terminal that tells its background.
    pub(crate) fn runs_on(env: &TestEnv, size: Size, arguments: &[&str], background: &str) -> Self {
        Self::runs_in(env, size, arguments, &format!("\u{1b}]11;{background}\u{1b}\\{DEVICE_ATTRIBUTES}"))
    }

    /// The same in a terminal that replies this when it is asked what it is.
    pub(crate) fn runs_in(env: &TestEnv, size: Size, arguments: &[&str], reply: &str) -> Self {
        let pair = native_pty_system().openpty(size.pty()).unwrap();
        let program = env.program();
        let mut command = CommandBuilder::new(&program[0]);
        command.args(&program[1..]);
        command.env_clear();
        for (name, value) in env.environment() {
            command.env(name, value);
        }
        command.cwd(env.work());
        command.args(arguments);
        let before = modes(&*pair.master);
        let child = pair.slave.spawn_command(command).unwrap();
        let (rows, columns) = size.cells();
        let seen = Arc::new(Mutex::new(Seen { parser: vt100::Parser::new(rows, columns, 0), raw: Vec::new() }));
        let leaving = Arc::new(AtomicBool::new(false));
        let looking_away = Arc::new(AtomicBool::new(false));
        let keys: Keys = Arc::new(Mutex::new(pair.master.take_writer().unwrap()));
        let terminal = Terminal {
            seen: Arc::clone(&seen),
            leaving: Arc::clone(&leaving),
            looking_away: Arc::clone(&looking_away),
            keys: Arc::downgrade(&keys),
            reply: reply.to_owned(),
        };
        terminal.watch(&*pair.master);
        let keys = Some(keys);
        Self { child, master: Some(pair.master), slave: Some(pair.slave), keys, seen, leaving, looking_away, before }
    }

    /// The same, and waits for the address in the top line.
    pub(crate) fn listening(env: &TestEnv, size: Size, arguments: &[&str]) -> (Self, SocketAddr) {
        let person = Self::start(env, size, arguments);
        let address = person.address();
        (person, address)
    }

    /// Waits for the address in the top line.
    pub(crate) fn address(&self) -> SocketAddr {
        let read = || {
            let screen = self.screen();
            let after = screen.lines().next()?.split("http://").nth(1)?.to_owned();
            after.split_whitespace().next()?.parse().ok()
        };
        until(read).unwrap_or_else(|| panic!("no address in\n{}", self.screen()))
    }

    /// Types keys as a terminal sends them.
    pub(crate) fn types(&mut self, keys: &str) -> &mut Self {
        {
            let mut terminal = self.keys.as_ref().unwrap().lock().unwrap();
            terminal.write_all(keys.as_bytes()).unwrap();
            terminal.flush().unwrap();
        }
        // Read together with the next key, Esc would be that key with Alt. Nobody types that fast.
        if keys.ends_with('\u{1b}') {
            // The kernel hands it over in a moment; before, there is nothing to read.
            std::thread::sleep(Duration::from_millis(20));
            until(|| (!self.is_running() || self.unread() == 0).then_some(()));
        }
        self
    }

    /// How many bytes of what was typed the program has not read yet.
    fn unread(&self) -> u64 {
        let Some(name) = self.master.as_ref().and_then(|master| master.tty_name()) else { return 0 };
        // Opened for a moment: the terminal is the program's, and must not become this one's.
        let flags = OFlags::RDONLY | OFlags::NOCTTY | OFlags::NONBLOCK;
        let terminal = rustix::fs::open(name, flags, Mode::empty());
        terminal.and_then(rustix::io::ioctl_fionread).unwrap_or_default()
    }

    pub(crate) fn enter(&mut self) -> &mut Self {
        self.types("\r")
    }

    /// Pastes, as a terminal with bracketed paste does.
    pub(crate) fn pastes(&mut self, text: &str) -> &mut Self {
        self.types(&format!("\u{1b}[200~{text}\u{1b}[201~"))
    }

    /// Waits until `words` are on the screen.
    #[track_caller]
    pub(crate) fn sees(&mut self, words: &str) -> &mut Self {
        self.sees_that(&format!("'{words}'"), |screen| screen.contains(words))
    }

    /// Waits until `words` are no longer on the screen.
    #[track_caller]
    pub(crate) fn no_longer_sees(&mut self, words: &str) -> &mut Self {
        self.sees_that(&format!("no '{words}'"), |screen| !screen.contains(words))
    }

    /// Waits until a row of the list of deliveries, at the screen's left, holds all these words.
    #[track_caller]
    pub(crate) fn sees_row(&mut self, words: &[&str]) -> &mut Self {
        self.sees_that(&format!("a row with {words:?}"), |screen| {
            let rows = screen.lines().map(|line| line.split(['│', '┃']).next().unwrap_or_default());
            let mut rows = rows.filter(|row| row.starts_with(['▌', ' ']) && row.contains(':'));
            rows.any(|row| words.iter().all(|word| row.contains(word)))
        })
    }

    /// Waits until the screen is as described.
    #[track_caller]
    pub(crate) fn sees_that(&mut self, what: &str, is_so: impl Fn(&str) -> bool) -> &mut Self {
        let seen = until(|| is_so(&self.screen()).then_some(()));
        assert!(seen.is_some(), "{what} is not to be seen in\n{}", self.screen());
        self
    }

    /// Waits until nothing more is drawn. For looking around, not for waiting for something.
    pub(crate) fn settles(&mut self) -> &mut Self {
        let mut before = usize::MAX;
        until(|| {
            let now = self.seen.lock().unwrap().raw.len();
            let is_still = now == before;
            before = now;
            std::thread::sleep(Duration::from_millis(25));
            is_still.then_some(())
        });
        self
    }

    /// What stands on the screen now.
    pub(crate) fn screen(&self) -> String {
        self.seen.lock().unwrap().parser.screen().contents()
    }

    /// Everything that the program has written to the terminal.
    pub(crate) fn raw(&self) -> Vec<u8> {
        self.seen.lock().unwrap().raw.clone()
    }

    /// Changes the terminal's size.
    pub(crate) fn resizes(&mut self, size: Size) -> &mut Self {
        let (rows, columns) = size.cells();
        self.seen.lock().unwrap().parser.set_size(rows, columns);
        self.master.as_ref().unwrap().resize(size.pty()).unwrap();
        self
    }

    pub(crate) fn process(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Waits until the program has ended, and returns its exit code.
    pub(crate) fn ends(&mut self) -> u32 {
        until(|| self.child.try_wait().unwrap())
            .unwrap_or_else(|| panic!("it does not end:\n{}", self.screen()))
            .exit_code()
    }

    /// Checks that the terminal is as it was before: not raw, the main screen, a cursor.
    #[track_caller]
    pub(crate) fn has_the_terminal_back(&self) {
        let after = modes(&**self.master.as_ref().unwrap());
        assert_eq!(after, self.before, "the terminal's modes");
        let is_main = || {
            let seen = self.seen.lock().unwrap();
            let screen = seen.parser.screen();
            (!screen.alternate_screen() && !screen.hide_cursor() && !screen.bracketed_paste()).then_some(())
        };
        assert!(until(is_main).is_some(), "{:?}", String::from_utf8_lossy(&self.raw()));
    }

    /// Whether the terminal has other modes than before the program started: raw, that is.
    pub(crate) fn terminal_is_taken(&self) -> bool {
        modes(&**self.master.as_ref().unwrap()) != self.before
    }

    /// Reads no more of what is written to the terminal, and does not close it either.
    pub(crate) fn stops_looking(&mut self) -> &mut Self {
        self.looking_away.store(true, Ordering::SeqCst);
        self
    }

    /// Closes the terminal's window.
    pub(crate) fn leaves(&mut self) -> &mut Self {
        self.leaving.store(true, Ordering::SeqCst);
        self.slave = None;
        // Anything that is drawn lets the thread that reads see that it is over.
        let rows = self.master.as_ref().unwrap().get_size().unwrap().rows;
        self.master.as_ref().unwrap().resize(Size(60, rows - 1).pty()).unwrap();
        self.keys = None;
        self.master = None;
        self
    }
}

impl Drop for Person {
    fn drop(&mut self) {
        self.looking_away.store(false, Ordering::SeqCst);
        if self.is_running() {
            super::tools::signal(self.process(), rustix::process::Signal::KILL);
        }
        let _ = self.child.wait();
    }
}

/// The terminal's modes in words.
fn modes(master: &dyn MasterPty) -> String {
    let mut words = String::new();
    let _ = write!(words, "{:?}", master.get_termios());
    words
}

/// The terminal's own side: it shows what is written, and replies when it is asked.
struct Terminal {
    seen: Arc<Mutex<Seen>>,
    leaving: Arc<AtomicBool>,
    looking_away: Arc<AtomicBool>,
    // Closed when the person leaves.
    keys: Weak<Mutex<Box<dyn std::io::Write + Send>>>,
    reply: String,
}

impl Terminal {
    fn watch(self, master: &dyn MasterPty) {
        let mut reader = master.try_clone_reader().unwrap();
        std::thread::spawn(move || {
            let mut buffer = [0; 8192];
            // A terminal whose last user has gone reads as an error (EIO).
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                if self.leaving.load(Ordering::SeqCst) {
                    break;
                }
                while self.looking_away.load(Ordering::SeqCst) {
                    std::thread::sleep(Duration::from_millis(20));
                }
                let is_asked = {
                    let mut seen = self.seen.lock().unwrap();
                    let before = seen.raw.len().saturating_sub(2);
                    seen.raw.extend_from_slice(&buffer[..count]);
                    seen.parser.process(&buffer[..count]);
                    seen.raw[before..].windows(3).any(|bytes| bytes == b"\x1b[c")
                };
                if is_asked {
                    self.replies();
                }
            }
        });
    }

    fn replies(&self) {
        if let Some(keys) = self.keys.upgrade() {
            let mut keys = keys.lock().unwrap();
            let _ = keys.write_all(self.reply.as_bytes()).and_then(|()| keys.flush());
        }
    }
}
