//! The thread that finds the causes of signatures that do not match, so that lists and filters know them.
//!
//! It looks at what has come and has no diagnosis yet, the newest first and only so far back, one delivery at a time and
//! for a fraction of one processor's time. What it finds, the writer keeps. With nothing to look at it sleeps.

use std::collections::BTreeSet;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::{Changes, Watcher};
use crate::delivery::DeliveryId;
use crate::inspect::diagnosis::{Subject, history};
use crate::server::listener::Control;
use crate::signature::diagnose::Budget;
use crate::store::{Location, Page, Reader, StoreError};

/// Deliveries that it goes back, from the newest.
const REACH: u64 = 10_000;
/// Deliveries that are asked for at once.
const BATCH: usize = 32;
/// The longest search.
const SEARCH: Duration = Duration::from_millis(500);
/// It rests so many times as long as it has searched.
const REST: u32 = 4;
/// While deliveries pour in that need no explanation, it looks for others so often at most.
const LOOKS: Duration = Duration::from_millis(100);
/// Bodies longer than this are left to those who look at them.
const BODY_BYTES: u64 = 1 << 20;

/// The thread, until it is stopped.
#[derive(Debug)]
pub(super) struct CauseFinder {
    wake: mpsc::SyncSender<Wake>,
    stopping: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

enum Wake {
    Grown,
    Stop,
}

impl CauseFinder {
    /// Starts to look, now and whenever the store has grown.
    pub(super) fn start(location: &Location, control: Arc<Control>, changes: &Changes) -> io::Result<Self> {
        let (wake, woken) = mpsc::sync_channel(2);
        let tell = wake.clone();
        let watcher = changes.subscribe(move || drop(tell.try_send(Wake::Grown)));
        let stopping = Arc::new(AtomicBool::new(false));
        let (location, stop) = (location.clone(), Arc::clone(&stopping));
        let thread = std::thread::Builder::new().name("whyhook-causes".to_owned()).spawn(move || {
            crate::system::panic::trap("causes");
            crate::system::priority::give_way();
            if let Err(error) = run(&location, &control, &watcher, &woken, &stop) {
                tracing::warn!(reason = %error, "causes are not looked for");
            }
        })?;
        Ok(Self { wake, stopping, thread })
    }

    /// Ends the thread. It gives up what it is at.
    pub(super) fn stop(self) {
        self.stopping.store(true, Ordering::Release);
        let _ = self.wake.try_send(Wake::Stop);
        let _ = self.thread.join();
    }
}

fn run(
    location: &Location,
    control: &Control,
    watcher: &Watcher,
    woken: &mpsc::Receiver<Wake>,
    stopping: &AtomicBool,
) -> Result<(), StoreError> {
    let reader = Reader::open(location)?;
    // Up to this one nothing is left; and what was looked at since, and may not have been kept yet.
    let (mut done, mut seen) = (DeliveryId(0), BTreeSet::new());
    loop {
        watcher.look();
        let looked = Instant::now();
        // What comes in between is looked at the next time.
        let newest = reader.page(Page::Newest, 1)?.first().map_or(done, |summary| summary.id);
        let next = reader.unexplained((done, REACH), BODY_BYTES, &seen, BATCH)?;
        if next.is_empty() {
            done = newest;
            seen = seen.split_off(&done);
            let is_stopped = !matches!(woken.recv(), Ok(Wake::Grown));
            if is_stopped || !rest(woken, looked + LOOKS) {
                return Ok(());
            }
        }
        for id in &next {
            if stopping.load(Ordering::Acquire) {
                return Ok(());
            }
            let begun = Instant::now();
            explain(&reader, control, *id, stopping)?;
            seen.insert(*id);
            // Whoever sends may not notice that somebody looks; stopping ends the rest.
            if !rest(woken, Instant::now() + begun.elapsed() * REST) {
                return Ok(());
            }
        }
        while seen.len() as u64 > 2 * REACH {
            seen.pop_first();
        }
    }
}

/// Waits until `end`; `false` once it is to stop.
fn rest(woken: &mpsc::Receiver<Wake>, end: Instant) -> bool {
    loop {
        match woken.recv_timeout(end.saturating_duration_since(Instant::now())) {
            // The next look finds what has come.
            Ok(Wake::Grown) => {}
            Err(mpsc::RecvTimeoutError::Timeout) => return true,
            Ok(Wake::Stop) | Err(mpsc::RecvTimeoutError::Disconnected) => return false,
        }
    }
}

/// Finds the cause of one delivery and has it kept.
fn explain(reader: &Reader, control: &Control, id: DeliveryId, stopping: &AtomicBool) -> Result<(), StoreError> {
    let delivery = match reader.load(id) {
        Ok(Some(delivery)) => delivery,
        Ok(None) | Err(StoreError::RecordLost { .. }) => return Ok(()),
        Err(error) => return Err(error),
    };
    let registry = control.registry();
    let deadline = Instant::now() + SEARCH;
    let go_on = || !stopping.load(Ordering::Acquire) && Instant::now() < deadline;
    let budget = Budget { go_on: &go_on, ..Budget::default() };
    let found = Subject::of(&delivery, &registry).why(&history(reader, &delivery, &registry), &budget);
    // What a person asks for meanwhile goes deeper: it is not replaced.
    if !stopping.load(Ordering::Acquire) && reader.diagnosis(id)?.is_none() {
        control.keep_diagnosis(id, &found);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rest_is_not_ended_by_what_comes_meanwhile_but_by_stopping() {
        let (wake, woken) = mpsc::sync_channel(2);
        wake.send(Wake::Grown).unwrap();
        assert!(rest(&woken, Instant::now()));
        // An hour, were it not for the second of them.
        let hour = Instant::now() + Duration::from_secs(3600);
        wake.send(Wake::Grown).unwrap();
        wake.send(Wake::Stop).unwrap();
        assert!(!rest(&woken, hour));
        drop(wake);
        assert!(!rest(&woken, hour));
    }
}
