//! Keys from the terminal, on a thread of their own.
//!
//! crossterm spins at full speed on a terminal that has gone (its issue 793), so the thread waits
//! with `poll(2)` for bytes or for the end, and asks crossterm only when there are bytes.
//!
//! crossterm's default reader is notified of bytes once, when they arrive, and forgets them when the
//! terminal changes its size at the same moment or more than a kilobyte comes at once: the keys would
//! wait for the next key, and this thread would spin. Hence its feature `use-dev-tty`, which looks
//! for bytes each time; it never reads at all with a timeout of nothing.

use std::sync::{Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Duration;

use crossterm::event::Event;

use super::reply::LateReply;
use crate::system::thread::{self, ThreadError};

/// How long to look for more events after the last one. It ends with the first that comes.
const LINGER: Duration = Duration::from_millis(20);

/// What the terminal says.
#[derive(Debug)]
pub(crate) enum Input {
    /// A key, a paste, or a new size.
    Event(Event),
    /// The terminal is gone.
    Gone,
}

/// Starts the thread. It ends when the terminal or the receiver is gone. `late` takes a reply of the terminal out of the
/// keys that it has not given in time.
pub(crate) fn start(
    mut late: Option<LateReply>,
    send: impl Fn(Input) -> Result<(), mpsc::SendError<()>> + Send + 'static,
) -> Result<(), ThreadError> {
    thread::spawn("whyhook-input", move || {
        while wait() {
            // What was there may have been read by whom the keys are lent to: then nothing comes.
            let _keys = hold();
            if !drain(&mut late, &send) {
                return;
            }
        }
        let _ = send(Input::Gone);
    })?;
    Ok(())
}

/// Locked by whoever reads the keys.
static KEYS: Mutex<()> = Mutex::new(());

/// Keeps the thread from reading keys for as long as the guard lives, so that another program can.
pub(crate) fn hold() -> MutexGuard<'static, ()> {
    KEYS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sends every pending event. `false` when the receiver is gone.
fn drain(late: &mut Option<LateReply>, send: &impl Fn(Input) -> Result<(), mpsc::SendError<()>>) -> bool {
    while let Ok(true) = crossterm::event::poll(LINGER) {
        match crossterm::event::read() {
            Ok(event) => {
                crate::system::panic::panic_for_test("input");
                let events = match late {
                    Some(late) => late.pass(event),
                    None => vec![event],
                };
                if events.into_iter().any(|event| send(Input::Event(event)).is_err()) {
                    return false;
                }
            }
            Err(_) => return true,
        }
    }
    true
}

/// Whether stdin has stopped being a terminal.
pub(crate) fn is_gone() -> bool {
    !std::io::IsTerminal::is_terminal(&std::io::stdin())
}

/// Waits for bytes; `false` when the terminal has gone.
///
/// By `poll(2)`, and on macOS by `select(2)`, as crossterm does itself: `poll(2)` there "does not support devices", says its
/// manual, and would take every terminal for one that has gone.
#[cfg(unix)]
fn wait() -> bool {
    use filedescriptor::{POLLERR, POLLHUP, POLLIN, poll, pollfd};
    use std::os::fd::AsRawFd as _;
    // What POLLNVAL says of a descriptor that is not open, and select(2) by an error, `is_gone` says as well.
    let mut polled = [pollfd { fd: std::io::stdin().as_raw_fd(), events: POLLIN, revents: 0 }];
    loop {
        match poll(&mut polled, None) {
            Err(filedescriptor::Error::Poll(error) | filedescriptor::Error::Io(error))
                if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => return false,
            Ok(_) => return polled[0].revents & (POLLHUP | POLLERR) == 0 && !is_gone(),
        }
    }
}

#[cfg(not(unix))]
fn wait() -> bool {
    crossterm::event::poll(Duration::from_secs(3600)).is_ok()
}
