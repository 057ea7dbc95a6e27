//! Signals as events, and the promise that a signal to end is obeyed within a second.

use std::io;
use std::sync::mpsc;

use super::ServerEvent;
#[cfg(unix)]
use super::StopReason;
#[cfg(unix)]
use crate::system::claims::{ClaimedSignals, is_ignored};

/// How long the faces may take to end in their own way.
#[cfg(unix)]
const GRACE: std::time::Duration = std::time::Duration::from_millis(900);

/// Starts a thread that turns signals into events.
#[cfg(unix)]
pub(crate) fn forward(events: mpsc::Sender<ServerEvent>) -> io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGWINCH};
    // Whoever has had one ignored, as nohup does, and a shell for what it runs in the background, wants it so.
    let is_heard = |signal: &i32| ![SIGHUP, SIGINT, SIGQUIT].contains(signal) || !is_ignored(*signal);
    let which = [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGWINCH].into_iter().filter(is_heard).collect::<Vec<_>>();
    let claimed = ClaimedSignals::claim(&which)?;
    let mut signals = signal_hook::iterator::Signals::new(which)?;
    crate::system::thread::spawn("whyhook-signals", move || {
        // To the end of the program.
        let _claimed = claimed;
        for signal in signals.forever() {
            crate::system::panic::panic_for_test("signals");
            let event = match signal {
                SIGWINCH => ServerEvent::Resized,
                SIGTSTP => ServerEvent::Suspend,
                SIGINT => ServerEvent::Stop(StopReason::Signal("SIGINT")),
                SIGHUP => ServerEvent::Stop(StopReason::Signal("SIGHUP")),
                SIGQUIT => ServerEvent::Stop(StopReason::Signal("SIGQUIT")),
                _ => ServerEvent::Stop(StopReason::Signal("SIGTERM")),
            };
            let is_end = matches!(event, ServerEvent::Stop(_));
            tracing::info!(signal, ends = is_end, "signal");
            let _ = events.send(event);
            if is_end {
                std::thread::sleep(GRACE);
                crate::system::groups::kill_all();
                crate::system::panic::restore_terminal_for_good();
                crate::system::scratch::clear();
                tracing::warn!(signal, "ended by a signal before everything was closed");
                crate::system::log::finish();
                std::process::exit(128 + signal);
            }
        }
    })?;
    Ok(())
}

#[cfg(not(unix))]
pub(crate) fn forward(_: mpsc::Sender<ServerEvent>) -> io::Result<()> {
    Ok(())
}
