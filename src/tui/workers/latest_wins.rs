//! A thread that works on the newest request only: an older one is cancelled as soon as another is made.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Instant;

use super::rest::Resting;
use crate::system::log::ms;
use crate::system::priority::give_way;
use crate::system::thread::{ThreadError, spawn};

/// The number of the newest request. Cheap to clone; clones count together.
#[derive(Debug, Clone, Default)]
pub(crate) struct Newest(Arc<AtomicU64>);

impl Newest {
    /// Counts another request, which makes all before it unwanted; returns its number.
    pub(crate) fn next(&self) -> u64 {
        self.0.fetch_add(1, Ordering::AcqRel) + 1
    }

    /// Makes `number` the newest.
    pub(crate) fn set(&self, number: u64) {
        self.0.store(number, Ordering::Release);
    }

    /// Whether no request has been made since `number`.
    pub(crate) fn is(&self, number: u64) -> bool {
        self.0.load(Ordering::Acquire) == number
    }
}

/// When a request is taken up.
pub(crate) enum Rest<R> {
    /// At once.
    No,
    /// At once after a pause, or when somebody waits for it as the function says; else once requests have ceased.
    Eager(fn(&R) -> bool),
    /// Once requests have ceased.
    Patient,
}

/// Requests to a thread of which only the newest counts. The thread ends when this is dropped.
#[derive(Debug)]
pub(crate) struct LatestWins<R> {
    requests: mpsc::Sender<(u64, R)>,
    newest: Newest,
}

impl<R: Send + 'static> LatestWins<R> {
    /// Starts the thread called `name`. It calls `work` with a request and with whether that is still wanted, which
    /// long work asks now and then, and before it sends a result.
    ///
    /// # Errors
    ///
    /// [`ThreadError`].
    pub(crate) fn start(
        name: &'static str,
        rest: Rest<R>,
        work: impl FnMut(R, &dyn Fn() -> bool) + Send + 'static,
    ) -> Result<Self, ThreadError> {
        Self::start_with(name, rest, || (), work)
    }

    /// Starts a thread as [`LatestWins::start`] does, for work that lets the listener's threads go first (see [`give_way`]).
    ///
    /// # Errors
    ///
    /// [`ThreadError`].
    pub(crate) fn start_giving_way(
        name: &'static str,
        rest: Rest<R>,
        work: impl FnMut(R, &dyn Fn() -> bool) + Send + 'static,
    ) -> Result<Self, ThreadError> {
        Self::start_with(name, rest, give_way, work)
    }

    fn start_with(
        name: &'static str,
        rest: Rest<R>,
        prepare: fn(),
        mut work: impl FnMut(R, &dyn Fn() -> bool) + Send + 'static,
    ) -> Result<Self, ThreadError> {
        let (requests, queue) = mpsc::channel::<(u64, R)>();
        let newest = Newest::default();
        let asked = newest.clone();
        let (mut queue, is_watched): (_, fn(&R) -> bool) = match rest {
            Rest::No => (Resting::eager(queue), |_| true),
            Rest::Eager(is_watched) => (Resting::eager(queue), is_watched),
            Rest::Patient => (Resting::patient(queue), |_| false),
        };
        spawn(name, move || {
            prepare();
            while let Some((number, request)) = queue.next(|(_, request)| is_watched(request)) {
                let is_wanted = || asked.is(number);
                if !is_wanted() {
                    continue;
                }
                let begun = Instant::now();
                tracing::trace!(worker = name, request = number, "worker begins");
                work(request, &is_wanted);
                tracing::debug!(
                    worker = name,
                    request = number,
                    ms = ms(begun.elapsed()),
                    given_up = !is_wanted(),
                    "worker done"
                );
            }
        })?;
        Ok(Self { requests, newest })
    }

    /// Makes a request, and cancels the one before.
    pub(crate) fn ask(&self, request: R) {
        let _ = self.requests.send((self.newest.next(), request));
    }

    /// Cancels the request at hand.
    pub(crate) fn cancel(&self) {
        self.newest.next();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_newest_request_is_worked_on() {
        let (enter, entered) = mpsc::channel();
        let (leave, left) = mpsc::channel::<()>();
        let (done, results) = mpsc::channel();
        let worker = LatestWins::start("test", Rest::No, move |request: u32, is_wanted| {
            enter.send(request).unwrap();
            left.recv().unwrap();
            done.send((request, is_wanted())).unwrap();
        })
        .unwrap();
        worker.ask(1);
        assert_eq!(entered.recv().unwrap(), 1);
        // While the first is worked on, three more come: it is cancelled, and the last of them is next.
        (2..=4).for_each(|request| worker.ask(request));
        leave.send(()).unwrap();
        assert_eq!(results.recv().unwrap(), (1, false));
        assert_eq!(entered.recv().unwrap(), 4);
        leave.send(()).unwrap();
        assert_eq!(results.recv().unwrap(), (4, true));
        worker.ask(5);
        assert_eq!(entered.recv().unwrap(), 5);
        worker.cancel();
        leave.send(()).unwrap();
        assert_eq!(results.recv().unwrap(), (5, false));
    }
}
