//! Asks the terminal for its background, while nobody else reads the keys.

#[cfg(unix)]
use std::time::{Duration, Instant};

#[cfg(unix)]
use super::reply::QUESTION;
use super::reply::TerminalReply;

/// How long a terminal may take that answers nothing at all.
#[cfg(unix)]
const PATIENCE: Duration = Duration::from_millis(150);
/// More bytes than replies and hasty fingers send.
#[cfg(unix)]
const ROOM: usize = 4096;

/// Asks for the background; the terminal must be in raw mode. `None` where it may not be asked: the console of Linux
/// shows what it does not know, and a terminal inside an editor may too.
#[cfg(unix)]
pub(crate) fn ask(term: &str) -> Option<TerminalReply> {
    use std::io::{IsTerminal as _, Write as _};
    if matches!(term, "" | "dumb" | "linux") || term.starts_with("eterm") {
        return None;
    }
    if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
        return None;
    }
    let mut stdout = std::io::stdout();
    stdout.write_all(QUESTION).and_then(|()| stdout.flush()).ok()?;
    let begun = Instant::now();
    let (mut bytes, mut reply) = (Vec::new(), TerminalReply::default());
    while !reply.is_whole && bytes.len() < ROOM {
        let Some(left) = PATIENCE.checked_sub(begun.elapsed()) else { break };
        match read(left) {
            Some(more) if !more.is_empty() => bytes.extend(more),
            _ => break,
        }
        reply = TerminalReply::read(&bytes);
    }
    Some(reply)
}

#[cfg(not(unix))]
pub(crate) fn ask(_: &str) -> Option<TerminalReply> {
    None
}

/// What comes within `left`; `None` when nothing does.
#[cfg(unix)]
fn read(left: Duration) -> Option<Vec<u8>> {
    use filedescriptor::{POLLIN, poll, pollfd};
    use std::os::fd::AsRawFd as _;
    let stdin = rustix::stdio::stdin();
    // As the keys are waited for (input.rs), whatever `poll(2)` can do.
    let mut polled = [pollfd { fd: stdin.as_raw_fd(), events: POLLIN, revents: 0 }];
    match poll(&mut polled, Some(left)) {
        Ok(1..) if polled[0].revents & POLLIN != 0 => {}
        // Nothing came in time, the terminal has gone, or a signal ended the wait: the rest of the reply is late.
        _ => return None,
    }
    let mut buffer = [0; 512];
    let count = rustix::io::read(stdin, &mut buffer).ok()?;
    Some(buffer[..count].to_vec())
}
