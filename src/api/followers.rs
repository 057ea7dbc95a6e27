//! The threads of those who follow what happens.
//!
//! They are the last to get a processor ([`priority::go_last`]), and exist only while somebody follows: a process is not
//! gone before its last thread has run once more, which under load takes seconds for one that goes last.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::runtime::{Builder, Runtime};

use super::connections::FINISH;
use super::readers::READERS;
use crate::system::priority;

/// A runtime that begins with the first follower and ends with the last.
#[derive(Debug, Default)]
pub(super) struct FollowerThreads(Mutex<Running>);

#[derive(Debug, Default)]
struct Running {
    runtime: Option<Runtime>,
    followers: usize,
}

impl FollowerThreads {
    /// Runs `follower` until it ends. Where the system gives no thread for it, it shares the caller's runtime.
    pub(super) fn spawn(self: &Arc<Self>, follower: impl Future<Output = ()> + Send + 'static) {
        let mut running = self.running();
        running.followers += 1;
        let leaves = Leaves(Arc::clone(self));
        let following = async move {
            follower.await;
            drop(leaves);
        };
        if running.runtime.is_none() {
            running.runtime = begin().map_err(|error| tracing::warn!(reason = %error, "no thread for followers")).ok();
        }
        match &running.runtime {
            Some(runtime) => drop(runtime.spawn(following)),
            None => drop(tokio::spawn(following)),
        }
    }

    /// Ends what is left of them, and waits a moment for it. Not to be called in a runtime.
    pub(super) fn stop(&self) {
        let runtime = self.running().runtime.take();
        if let Some(runtime) = runtime {
            runtime.shutdown_timeout(FINISH);
        }
    }

    fn running(&self) -> std::sync::MutexGuard<'_, Running> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn begin() -> std::io::Result<Runtime> {
    Builder::new_multi_thread()
        .worker_threads(1)
        .max_blocking_threads(READERS)
        .enable_all()
        .thread_name("whyhook-follow")
        .on_thread_start(priority::go_last)
        .build()
}

/// Counts a follower off when it is dropped, wherever that is.
struct Leaves(Arc<FollowerThreads>);

impl Drop for Leaves {
    fn drop(&mut self) {
        let mut running = self.0.running();
        running.followers -= 1;
        let ended = if running.followers == 0 { running.runtime.take() } else { None };
        drop(running);
        // Its last follower may be dropped by its own worker, which must not wait for itself.
        if let Some(runtime) = ended {
            runtime.shutdown_background();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use tokio::sync::oneshot;

    use super::*;

    #[test]
    fn threads_begin_with_the_first_follower_and_end_with_the_last() {
        let threads = Arc::new(FollowerThreads::default());
        let is_running = || threads.running().runtime.is_some();
        let (told, names) = mpsc::channel();
        let follow = || {
            let (leave, left) = oneshot::channel::<()>();
            let told = told.clone();
            threads.spawn(async move {
                told.send(std::thread::current().name().map(str::to_owned)).unwrap();
                let _ = left.await;
            });
            leave
        };
        assert!(!is_running());
        for _ in 0..2 {
            let (first, second) = (follow(), follow());
            for _ in 0..2 {
                assert_eq!(names.recv().unwrap().as_deref(), Some("whyhook-follow"));
            }
            drop(first);
            while threads.running().followers == 2 {
                std::thread::yield_now();
            }
            assert!(is_running());
            drop(second);
            while is_running() {
                std::thread::yield_now();
            }
        }
        let still_here = follow();
        threads.stop();
        assert!(!is_running() && still_here.is_closed());
    }
}
