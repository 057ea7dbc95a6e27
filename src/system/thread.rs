//! Threads, each with a name, as `ps -T`, debuggers and the words of a panic show it.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};

/// A thread that the system does not give.
#[derive(Debug, thiserror::Error)]
#[error("cannot start the thread {name}: {source}; end other programs, or raise the limit of processes (ulimit -u)")]
pub struct ThreadError {
    name: &'static str,
    source: io::Error,
}

impl From<ThreadError> for io::Error {
    fn from(error: ThreadError) -> Self {
        Self::new(error.source.kind(), error)
    }
}

/// Starts a thread. Linux shows the first 15 bytes of its name.
///
/// # Errors
///
/// [`ThreadError`]; `run` is dropped then.
pub(crate) fn spawn<T: Send + 'static>(
    name: &'static str,
    run: impl FnOnce() -> T + Send + 'static,
) -> Result<JoinHandle<T>, ThreadError> {
    Builder::new().name(name.to_owned()).spawn(run).map_err(|source| ThreadError { name, source })
}

/// Runs `job` on a thread that nobody joins, and which says itself what came of it. Where the system gives no thread, the
/// job is done at once: its caller waits, and whoever is told of it does not wait for ever.
pub(crate) fn run_aside(name: &'static str, job: impl FnOnce() + Send + 'static) {
    run_aside_by(|job| spawn(name, job).map(drop), job);
}

fn run_aside_by<J: FnOnce() + Send + 'static>(
    spawn: impl FnOnce(Box<dyn FnOnce() + Send>) -> Result<(), ThreadError>,
    job: J,
) {
    // A thread that is not given drops what it was to run.
    let kept = Arc::new(Mutex::new(Some(job)));
    let run = |kept: &Mutex<Option<J>>| {
        let job = kept.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(job) = job {
            job();
        }
    };
    let given = Arc::clone(&kept);
    if let Err(error) = spawn(Box::new(move || run(&given))) {
        tracing::warn!(reason = %error, "done without a thread of its own");
        run(&kept);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn a_thread_has_its_name() {
        let name = || std::thread::current().name().map(str::to_owned);
        assert_eq!(spawn("whyhook-test", name).unwrap().join().unwrap().as_deref(), Some("whyhook-test"));
    }

    #[test]
    fn a_job_is_done_once_with_a_thread_or_without() {
        let (done, jobs) = mpsc::channel();
        let job = |done: &mpsc::Sender<bool>| {
            let (done, here) = (done.clone(), std::thread::current().id());
            move || done.send(std::thread::current().id() == here).unwrap()
        };
        run_aside("whyhook-test", job(&done));
        assert!(!jobs.recv().unwrap());
        let refused = |_| Err(ThreadError { name: "whyhook-test", source: io::ErrorKind::WouldBlock.into() });
        run_aside_by(refused, job(&done));
        assert!(jobs.try_recv().unwrap());
        drop(done);
        assert!(jobs.recv().is_err());
    }
}
