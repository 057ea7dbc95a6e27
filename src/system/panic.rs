//! What happens when a thread panics, or the program must end at once: the terminal comes first.

use std::any::Any;
use std::backtrace::{Backtrace, BacktraceStatus};
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::task::Poll;
use std::time::Duration;

use crate::text::visible;

thread_local! {
    /// Whether this thread runs code whose panics are caught.
    static CONTAINED: Cell<bool> = const { Cell::new(false) };
    /// Where the last of them was.
    static CAUGHT_AT: RefCell<String> = const { RefCell::new(String::new()) };
}

/// A panic that was caught: the work that it was in has failed, and nothing else.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("internal error{}: this is a fault of whyhook", place(.at))]
pub(crate) struct CaughtPanic {
    /// File, line and column; empty where the hook is not installed.
    at: String,
}

fn place(at: &str) -> String {
    if at.is_empty() { String::new() } else { format!(" at {at}") }
}

/// Runs work whose panic is a failure of that work alone. It must leave nothing half-done behind: a function of its
/// arguments. What it changes beyond them is wrapped in [`panic_ends_program`].
///
/// # Errors
///
/// [`CaughtPanic`]; it has been logged.
pub(crate) fn catch_panic<T>(run: impl FnOnce() -> T) -> Result<T, CaughtPanic> {
    let before = CONTAINED.replace(true);
    let outcome = catch_unwind(AssertUnwindSafe(run));
    CONTAINED.set(before);
    outcome.map_err(|_| CaughtPanic { at: CAUGHT_AT.take() })
}

/// Runs code of others over bytes of others as [`catch_panic`] does: `None` when it panics.
pub(crate) fn catch_to_none<T>(run: impl FnOnce() -> T) -> Option<T> {
    catch_panic(run).ok()
}

/// Runs work that waits as [`catch_panic`] does, on whatever thread it goes on.
pub(crate) async fn catch_panic_in_future<T>(work: impl Future<Output = T>) -> Result<T, CaughtPanic> {
    let mut work = pin!(work);
    std::future::poll_fn(|context| match catch_panic(|| work.as_mut().poll(context)) {
        Ok(Poll::Ready(done)) => Poll::Ready(Ok(done)),
        Ok(Poll::Pending) => Poll::Pending,
        Err(panic) => Poll::Ready(Err(panic)),
    })
    .await
}

/// Runs a step that changes what others use, within work whose panics are caught: a panic in it ends the program, since
/// what it leaves behind is not known.
pub(crate) fn panic_ends_program<T>(run: impl FnOnce() -> T) -> T {
    let before = CONTAINED.replace(false);
    let done = run();
    CONTAINED.set(before);
    done
}

/// Gives the terminal back; set while the interface has it.
static RESTORE: Mutex<Option<fn()>> = Mutex::new(None);
/// Removes what must not outlive the program, once there is something.
static END: Mutex<Option<fn()>> = Mutex::new(None);
/// Held while a frame is written, so that none is written to a terminal that was given back.
static FRAME: Mutex<()> = Mutex::new(());
/// How often, and how long each time, the end waits for a frame under way. One that takes longer is
/// being written to a terminal that reads no more, or by the very thread that has panicked.
const FRAME_WAITS: (u32, Duration) = (20, Duration::from_millis(5));

/// Sets how the terminal is given back from now on; `None` when there is nothing to give back.
pub(crate) fn set_terminal_restorer(restore: Option<fn()>) {
    *RESTORE.lock().unwrap_or_else(PoisonError::into_inner) = restore;
}

/// Sets what is done before the program ends in a panic.
pub(crate) fn set_cleanup(end: fn()) {
    *END.lock().unwrap_or_else(PoisonError::into_inner) = Some(end);
}

/// Taken for as long as a frame is written: the terminal is not given back in the middle of it.
pub(crate) fn lock_frame() -> MutexGuard<'static, ()> {
    FRAME.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Gives the terminal back, if the interface has it. May be called from any thread, and twice.
pub fn restore_terminal() {
    let _frame = await_frame();
    restore();
}

/// Gives the terminal back in the program's last moments: no frame is written from now on.
pub(crate) fn restore_terminal_for_good() {
    std::mem::forget(await_frame());
    restore();
}

fn restore() {
    let restore = RESTORE.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(restore) = restore {
        restore();
    }
}

/// Waits for the end of a frame under way, but not for ever.
fn await_frame() -> Option<MutexGuard<'static, ()>> {
    let (times, pause) = FRAME_WAITS;
    for _ in 0..times {
        match FRAME.try_lock() {
            Ok(frame) => return Some(frame),
            Err(TryLockError::Poisoned(frame)) => return Some(frame.into_inner()),
            Err(TryLockError::WouldBlock) => std::thread::sleep(pause),
        }
    }
    None
}

/// Makes a panic in any thread end the program: the terminal is given back, the message printed, and
/// the exit code is 101. What was answered is on disk by then, so nothing has to be saved.
pub fn install_hook() {
    std::panic::set_hook(Box::new(|panic| {
        // Where it was, and nothing of what it says: that may repeat what was received.
        let (thread, at) = (std::thread::current(), panic.location().map(ToString::to_string));
        let (thread, at) = (thread.name().unwrap_or("unnamed"), at.unwrap_or_default());
        if CONTAINED.get() {
            tracing::warn!(thread, at, "panic caught");
            CAUGHT_AT.set(at);
            return;
        }
        restore_terminal_for_good();
        // Nothing better can be done where stderr is gone.
        let _ = std::io::Write::write_all(&mut std::io::stderr(), report(thread, &at, panic.payload()).as_bytes());
        tracing::error!(thread, at, "panic");
        super::log::finish();
        // Never waited for: the panic may have come with the lock held.
        let end = END.try_lock().ok().and_then(|end| *end);
        if let Some(end) = end {
            end();
        }
        std::process::exit(101);
    }));
}

/// What is printed of a panic: as Rust prints it, but that the message may repeat what was received.
fn report(thread: &str, at: &str, payload: &dyn Any) -> String {
    let text = payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    // Line by line: messages of assertions have several.
    let lines: Vec<_> = text.unwrap_or("unknown reason").lines().map(visible).collect();
    let mut report = format!("\nthread '{}' panicked at {}:\n{}\n", visible(thread), visible(at), lines.join("\n"));
    // Only where RUST_BACKTRACE asks for it.
    let trace = Backtrace::capture();
    if trace.status() == BacktraceStatus::Captured {
        report.push_str(&format!("stack backtrace:\n{trace}\n"));
    }
    report
}

/// For tests, in a debug build only: panics when `WHYHOOK_DEBUG_PANIC` is `thread=FILE` with this
/// thread's name and that file exists. So a test chooses which thread panics, and when. A release
/// build holds nothing of it.
#[inline]
pub(crate) fn panic_for_test(thread: &str) {
    #[cfg(debug_assertions)]
    {
        use std::sync::OnceLock;
        static SET: OnceLock<Option<(String, std::path::PathBuf)>> = OnceLock::new();
        let set = SET.get_or_init(|| {
            let variable = std::env::var("WHYHOOK_DEBUG_PANIC").ok()?;
            variable.split_once('=').map(|(name, file)| (name.to_owned(), file.into()))
        });
        assert!(
            !set.as_ref().is_some_and(|(name, file)| name == thread && file.exists()),
            "asked for in the thread {thread}"
        );
    }
    #[cfg(not(debug_assertions))]
    let _ = thread;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contained_panic_is_an_answer() {
        assert_eq!(catch_to_none(|| 7), Some(7));
        let nothing: Vec<u8> = Vec::new();
        assert_eq!(catch_to_none(|| nothing[3]), None);
    }

    #[test]
    fn work_that_waits_fails_alone() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let nothing: Vec<u8> = Vec::new();
        let work = async {
            assert!(CONTAINED.get());
            tokio::time::sleep(Duration::from_millis(1)).await;
            assert!(CONTAINED.get() && !panic_ends_program(|| CONTAINED.get()) && CONTAINED.get());
            7
        };
        assert_eq!(runtime.block_on(catch_panic_in_future(work)), Ok(7));
        let late = async {
            tokio::task::yield_now().await;
            nothing[3]
        };
        let panic = runtime.block_on(catch_panic_in_future(late)).unwrap_err();
        assert!(panic.to_string().starts_with("internal error"), "{panic}");
        assert!(!CONTAINED.get());
        let there = CaughtPanic { at: "src/a.rs:1:2".to_owned() };
        assert_eq!(there.to_string(), "internal error at src/a.rs:1:2: this is a fault of whyhook");
    }

    #[test]
    fn nothing_of_a_message_acts_on_a_terminal() {
        let message = "no such event: \u{1b}]0;owned\u{7}\u{202e}\r\n  left: 1";
        for payload in [Box::new(message.to_owned()) as Box<dyn Any>, Box::new(message)] {
            let report = report("causes", "src/a.rs:1:2", &*payload);
            assert!(report.starts_with("\nthread 'causes' panicked at src/a.rs:1:2:\nno such event: "), "{report}");
            assert!(report.contains("owned") && report.contains("\n  left: 1\n"), "{report}");
            assert!(!report.contains(['\u{1b}', '\u{7}', '\u{202e}', '\r']), "{report}");
        }
        assert!(report("a", "b", &7).contains("unknown reason"));
    }
}
