//! What happens when a thread panics, or the program must end at once: the terminal comes first.

use std::sync::{Mutex, PoisonError};

/// Gives the terminal back; set while the interface has it.
static RESTORE: Mutex<Option<fn()>> = Mutex::new(None);

/// Says how to give the terminal back from now on; `None` when there is nothing to give back.
pub(crate) fn on_restore(restore: Option<fn()>) {
    *RESTORE.lock().unwrap_or_else(PoisonError::into_inner) = restore;
}

/// Gives the terminal back, if the interface has it. May be called from any thread, and twice.
pub fn restore_terminal() {
    let restore = RESTORE.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(restore) = restore {
        restore();
    }
}

/// Makes a panic in any thread end the program: the terminal is given back, the message printed, and
/// the exit code is 101. What was answered is on disk by then, so nothing has to be saved.
pub fn install_hook() {
    let print = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        restore_terminal();
        print(panic);
        std::process::exit(101);
    }));
}
