//! That something has changed, told to any number of watchers without a queue.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Something that changes, and whoever watches it.
///
/// A watcher is woken at least once after each change, and once for any number of changes between two of its looks.
/// What has changed is not told: it is read where it is kept, so that a slow watcher costs no memory and finds the
/// last state. Telling blocks nobody: it takes a lock that is held only for a moment, and calls the watchers that
/// have looked since they were called last.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    bells: Arc<Mutex<Vec<Arc<Bell>>>>,
}

impl Changes {
    /// Calls `wake` after a change, on the thread that made it, and then not again until [`Watcher::look`]. It must
    /// neither block nor subscribe: it puts something into a queue, or is [`tokio::sync::Notify::notify_one`].
    ///
    /// Of changes before, nothing is told: subscribe first, then read.
    #[must_use = "what is dropped is woken no longer"]
    pub fn subscribe(&self, wake: impl Fn() + Send + Sync + 'static) -> Watcher {
        let bell = Arc::new(Bell { rung: AtomicBool::new(false), wake: Box::new(wake) });
        lock(&self.bells).push(Arc::clone(&bell));
        Watcher { bell, bells: Arc::clone(&self.bells) }
    }

    /// Wakes those who watch; to be called after the change, never before it.
    pub(crate) fn tell(&self) {
        lock(&self.bells).iter().for_each(|bell| bell.ring());
    }
}

/// One who watches [`Changes`], until it is dropped.
#[derive(Debug)]
pub struct Watcher {
    bell: Arc<Bell>,
    bells: Arc<Mutex<Vec<Arc<Bell>>>>,
}

impl Watcher {
    /// Whether anything has changed since the last look. Changes from now on wake this watcher again: look first,
    /// then read.
    pub fn look(&self) -> bool {
        // An exchange, as in `Bell::ring`: of the two, one comes first. Either this look does, and the change wakes
        // again; or the change does, and what is read after this look holds it. A plain store could pass the read.
        self.bell.rung.swap(false, Ordering::AcqRel)
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        lock(&self.bells).retain(|bell| !Arc::ptr_eq(bell, &self.bell));
    }
}

struct Bell {
    /// Whether the watcher was woken and has not looked since.
    rung: AtomicBool,
    wake: Box<dyn Fn() + Send + Sync>,
}

impl Bell {
    fn ring(&self) {
        if !self.rung.swap(true, Ordering::AcqRel) {
            (self.wake)();
        }
    }
}

impl fmt::Debug for Bell {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Bell").field("rung", &self.rung).finish_non_exhaustive()
    }
}

fn lock(bells: &Mutex<Vec<Arc<Bell>>>) -> MutexGuard<'_, Vec<Arc<Bell>>> {
    bells.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, AtomicUsize};
    use std::sync::mpsc;
    use std::thread;
    use std::time::Duration;

    use tokio::sync::Notify;

    use super::*;

    /// Only a wake that never comes takes so long.
    const HANGING: Duration = Duration::from_secs(30);

    fn counting(changes: &Changes) -> (Watcher, Arc<AtomicUsize>) {
        let wakes = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&wakes);
        let watcher = changes.subscribe(move || {
            counted.fetch_add(1, Ordering::Relaxed);
        });
        (watcher, wakes)
    }

    #[test]
    fn many_changes_between_two_looks_wake_each_watcher_once() {
        let changes = Changes::default();
        let ((often, often_woken), (seldom, seldom_woken)) = (counting(&changes), counting(&changes));
        let woken = || (often_woken.load(Ordering::Relaxed), seldom_woken.load(Ordering::Relaxed));
        assert_eq!((woken(), often.look()), ((0, 0), false));
        for times in 1..=3 {
            changes.tell();
            changes.tell();
            assert_eq!(woken(), (times, 1));
            assert!(often.look());
            assert!(!often.look());
        }
        assert!(seldom.look());
        changes.tell();
        assert_eq!(woken(), (4, 2));
    }

    #[test]
    fn a_clone_tells_the_same_watchers() {
        let changes = Changes::default();
        let (watcher, woken) = counting(&changes);
        changes.clone().tell();
        assert_eq!((woken.load(Ordering::Relaxed), watcher.look()), (1, true));
    }

    #[test]
    fn a_dropped_watcher_leaves_nothing_behind() {
        let changes = Changes::default();
        let (staying, woken) = counting(&changes);
        for _ in 0..1000 {
            let (watcher, woken) = counting(&changes);
            assert_eq!(Arc::strong_count(&woken), 2);
            drop(watcher);
            // Whatever its wake held has gone, though nothing has changed since.
            assert_eq!(Arc::strong_count(&woken), 1);
        }
        assert_eq!(lock(&changes.bells).len(), 1);
        changes.tell();
        assert_eq!((woken.load(Ordering::Relaxed), staying.look()), (1, true));
    }

    /// A thread that reads `value` when it is woken, at its own pace, and reports what it has read, up to `last`.
    fn read_along(
        changes: &Changes,
        value: &Arc<AtomicU64>,
        last: u64,
        pace: impl Fn() + Send + 'static,
    ) -> (mpsc::Receiver<u64>, thread::JoinHandle<()>) {
        let (wake, woken) = mpsc::channel();
        let (report, read) = mpsc::channel();
        let value = Arc::clone(value);
        let watcher = changes.subscribe(move || {
            let _ = wake.send(());
        });
        let thread = thread::spawn(move || {
            loop {
                woken.recv_timeout(HANGING).expect("a change was missed");
                assert!(watcher.look());
                let now = value.load(Ordering::Relaxed);
                let _ = report.send(now);
                if now == last {
                    return;
                }
                pace();
            }
        });
        (read, thread)
    }

    #[test]
    fn watchers_at_different_paces_miss_no_change() {
        // Of each few changes the last one matters: nothing comes after it until every watcher has seen it.
        const ROUNDS: u64 = 3000;
        const CHANGES: u64 = 4;
        let (changes, value) = (Changes::default(), Arc::new(AtomicU64::new(0)));
        let last = ROUNDS * CHANGES;
        let watching = [
            read_along(&changes, &value, last, || ()),
            read_along(&changes, &value, last, thread::yield_now),
            read_along(&changes, &value, last, || thread::sleep(Duration::from_micros(50))),
        ];
        for round in 1..=ROUNDS {
            for change in 1..=CHANGES {
                value.store((round - 1) * CHANGES + change, Ordering::Relaxed);
                changes.tell();
            }
            for (read, _) in &watching {
                while read.recv_timeout(HANGING).expect("a change was missed") < round * CHANGES {}
            }
        }
        watching.into_iter().for_each(|(_, thread)| thread.join().unwrap());
    }

    #[tokio::test]
    async fn a_task_waits_for_several_things_with_one_bell() {
        let (stored, held, bell) = (Changes::default(), Changes::default(), Arc::new(Notify::new()));
        let [stored_watcher, held_watcher] = [&stored, &held].map(|changes| {
            let bell = Arc::clone(&bell);
            changes.subscribe(move || bell.notify_one())
        });
        let telling = thread::spawn(move || held.tell());
        tokio::time::timeout(HANGING, bell.notified()).await.expect("a change was missed");
        assert_eq!((stored_watcher.look(), held_watcher.look()), (false, true));
        telling.join().unwrap();
    }
}
