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
) -> std::io::Result<()> {
    std::thread::Builder::new().name("whyhook-input".to_owned()).spawn(move || {
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
                crate::system::panic::trap("input");
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
#[cfg(unix)]
fn wait() -> bool {
    use rustix::event::{PollFd, PollFlags};
    let stdin = rustix::stdio::stdin();
    let mut polled = [PollFd::new(&stdin, PollFlags::IN)];
    loop {
        match rustix::event::poll(&mut polled, None) {
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => return false,
            Ok(_) => {
                let flags = polled[0].revents();
                return !flags.intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL) && !is_gone();
            }
        }
    }
}

#[cfg(not(unix))]
fn wait() -> bool {
    crossterm::event::poll(Duration::from_secs(3600)).is_ok()
}
