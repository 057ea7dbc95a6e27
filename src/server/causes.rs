//! The thread that finds the causes of signatures that do not match, so that lists and filters know them.
//!
//! It looks at what has come and has no diagnosis yet, the newest first and only so far back, one delivery at a time and
//! for a fraction of one processor's time. What it finds, the writer keeps. With nothing to look at it sleeps. A delivery that
//! cannot be read is passed over, and a store that cannot be read now is tried again.

use std::collections::BTreeSet;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::{Changes, Watcher};
use crate::delivery::DeliveryId;
use crate::inspect::diagnosis::Subject;
use crate::inspect::history::history;
use crate::server::listener::Control;
use crate::signature::diagnose::Budget;
use crate::store::{Location, Reader, StoreError};
use crate::system::thread::{self, ThreadError};

/// Deliveries that it goes back, from the newest.
const REACH: u64 = 10_000;
/// Deliveries that are asked for at once.
const BATCH: usize = 32;
/// The longest search.
const SEARCH: Duration = Duration::from_millis(500);
/// How many times as long as it has searched it rests: it takes a fifth of a processor at most.
const REST: u32 = 4;
/// While deliveries pour in that need no explanation, it looks for others so often at most.
const LOOKS: Duration = Duration::from_millis(100);
/// Bodies longer than this are left to those who look at them.
const BODY_BYTES: u64 = 1 << 20;
/// A store that cannot be read is tried again after this, and after twice as long each time up to the longest.
const AGAIN: Duration = Duration::from_secs(1);
const AGAIN_AT_MOST: Duration = Duration::from_secs(60);

/// The thread, until it is stopped.
#[derive(Debug)]
pub(super) struct CauseFinder {
    bell: Arc<Bell>,
    thread: JoinHandle<()>,
}

impl CauseFinder {
    /// Starts to look, now and whenever the store has grown.
    pub(super) fn start(location: &Location, control: Arc<Control>, changes: &Changes) -> Result<Self, ThreadError> {
        let bell = Arc::new(Bell::default());
        let (told, woken) = (Arc::clone(&bell), Arc::clone(&bell));
        let watcher = changes.subscribe(move || told.ring());
        let location = location.clone();
        let thread = thread::spawn("whyhook-causes", move || {
            crate::system::panic::panic_for_test("causes");
            crate::system::priority::give_way();
            Search { control: &control, watcher: &watcher, bell: &woken }.run(&location);
        })?;
        Ok(Self { bell, thread })
    }

    /// Has the thread end, and does not wait for it. It gives up what it is at.
    pub(super) fn tell_to_stop(&self) {
        self.bell.stop();
    }

    /// Ends the thread.
    pub(super) fn stop(self) {
        self.tell_to_stop();
        let _ = self.thread.join();
    }
}

/// What wakes the thread. Neither of the two can be lost, however often the other comes.
#[derive(Debug, Default)]
struct Bell {
    heard: Mutex<Heard>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Heard {
    grown: bool,
    stops: bool,
}

impl Bell {
    /// The store has grown.
    fn ring(&self) {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).grown = true;
        self.changed.notify_all();
    }

    fn stop(&self) {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).stops = true;
        self.changed.notify_all();
    }

    fn is_stopping(&self) -> bool {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).stops
    }

    /// Waits until the store has grown since the last time; `false` once it is to stop.
    fn wait(&self) -> bool {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let woken = self.changed.wait_while(heard, |heard| !heard.grown && !heard.stops);
        let mut heard = woken.unwrap_or_else(PoisonError::into_inner);
        heard.grown = false;
        !heard.stops
    }

    /// Waits until `end`, whatever comes; `false` once it is to stop.
    fn rest(&self, end: Instant) -> bool {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let left = end.saturating_duration_since(Instant::now());
        let woken = self.changed.wait_timeout_while(heard, left, |heard| !heard.stops);
        let (heard, _) = woken.unwrap_or_else(PoisonError::into_inner);
        !heard.stops
    }
}

/// How far the search has come.
#[derive(Debug)]
struct Seen {
    /// Up to this one nothing is left.
    done: DeliveryId,
    /// What was looked at since, and may not have been kept yet.
    ids: BTreeSet<DeliveryId>,
}

struct Search<'a> {
    control: &'a Control,
    watcher: &'a Watcher,
    bell: &'a Bell,
}

impl Search<'_> {
    /// Looks until it is told to stop.
    fn run(&self, location: &Location) {
        let (mut reader, mut seen, mut pause) = (None, Seen { done: DeliveryId(0), ids: BTreeSet::new() }, AGAIN);
        while !self.bell.is_stopping() {
            let looked = match reader.take().map_or_else(|| Reader::open(location), Ok) {
                Ok(opened) => self.look(reader.insert(opened), &mut seen),
                Err(error) => Err(error),
            };
            match looked {
                Ok(()) => pause = AGAIN,
                Err(error) => {
                    tracing::warn!(reason = %error, "causes are not looked for now");
                    self.bell.rest(Instant::now() + pause);
                    pause = (pause * 2).min(AGAIN_AT_MOST);
                }
            }
        }
    }

    /// Explains the next batch of deliveries; waits until the store has grown when there is none.
    fn look(&self, reader: &Reader, seen: &mut Seen) -> Result<(), StoreError> {
        self.watcher.look();
        let looked = Instant::now();
        // What comes in between is looked at the next time.
        let newest = reader.newest()?.max(seen.done);
        let next = reader.unexplained((seen.done, REACH), BODY_BYTES, &seen.ids, BATCH)?;
        if next.is_empty() {
            seen.done = newest;
            seen.ids = seen.ids.split_off(&newest);
            if self.bell.wait() {
                self.bell.rest(looked + LOOKS);
            }
        }
        for id in next {
            let begun = Instant::now();
            self.explain(reader, id)?;
            seen.ids.insert(id);
            // Whoever sends may not notice that somebody looks; stopping ends the rest.
            if !self.bell.rest(Instant::now() + begun.elapsed() * REST) {
                break;
            }
        }
        while seen.ids.len() as u64 > 2 * REACH {
            seen.ids.pop_first();
        }
        Ok(())
    }

    /// Finds the cause of one delivery and has it kept.
    fn explain(&self, reader: &Reader, id: DeliveryId) -> Result<(), StoreError> {
        let delivery = match reader.load(id) {
            Ok(Some(delivery)) => delivery,
            Ok(None) => return Ok(()),
            Err(error) if error.is_of_one_delivery() => {
                tracing::warn!(delivery = id.0, reason = %error, "its cause is not looked for");
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let registry = self.control.registry();
        let deadline = Instant::now() + SEARCH;
        let go_on = || !self.bell.is_stopping() && Instant::now() < deadline;
        let budget = Budget { go_on: &go_on, ..Budget::default() };
        let found = Subject::of(&delivery, &registry).why(&history(reader, &delivery, &registry), &budget);
        // What a person asks for meanwhile goes deeper: it is not replaced.
        if !self.bell.is_stopping() && reader.diagnosis(id)?.is_none() {
            self.control.keep_diagnosis(id, &found);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Keyring, Registry};
    use crate::delivery::{Captured, EventFacts, Intake, Judgement, Verdict};
    use crate::http::{Head, WireFraming};
    use crate::rules::RuleSet;
    use crate::server::listener::ListenerLimits;
    use crate::signature::Scheme;
    use crate::store::{Writer, WriterHandle};

    fn keep(handle: &WriterHandle) {
        let head = format!("POST / HTTP/1.1\r\nX-Webhook-Signature: {}\r\n\r\n", "ab".repeat(32));
        let captured = Captured {
            received_at: jiff::Timestamp::UNIX_EPOCH,
            remote: String::new(),
            method: "POST".to_owned(),
            path: "/".to_owned(),
            webhook: None,
            intake: Intake::Complete,
            event: EventFacts::default(),
            judgement: Judgement::bare(Verdict::Mismatch),
            image: None,
            head: Head::from(head),
            body: "{}".into(),
            framing: WireFraming::NONE,
        };
        handle.keep(captured).unwrap().blocking_recv().unwrap().unwrap();
    }

    /// Waits until the cause of `id` was looked for.
    fn await_diagnosis(reader: &Reader, id: i64) {
        let deadline = Instant::now() + Duration::from_secs(120);
        while reader.diagnosis(DeliveryId(id)).unwrap().is_none() {
            assert!(Instant::now() < deadline, "{id}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    #[test]
    fn neither_a_row_nor_a_store_that_cannot_be_read_ends_the_search() {
        let folder = tempfile::tempdir().unwrap();
        let location = Location::new(folder.path().join("store.db"));
        let (writer, handle) = Writer::start(&location, |_| {}).unwrap();
        (0..3).for_each(|_| keep(&handle));
        let reader = Reader::open(&location).unwrap();
        assert_eq!(reader.newest().unwrap(), DeliveryId(3));
        let other = rusqlite::Connection::open(location.file()).unwrap();
        other.busy_timeout(Duration::from_secs(60)).unwrap();
        // The newest is looked at first. One that the log does not hold hides none of those to come.
        let columns =
            "received_us, remote, method, path, webhook, intake, intake_reason, event, version, agent, simulation,
            event_ms, items, 'odd', secret, timestamp, timestamp_unit, age_ms, fresh, note, body_bytes, image, segment,
            position, record_bytes, framing_bytes";
        other
            .execute_batch(&format!(
                "UPDATE deliveries SET verdict = 'odd' WHERE id = 3;
                INSERT INTO deliveries SELECT 50, {columns} FROM deliveries WHERE id = 1;
                ALTER TABLE diagnoses RENAME TO gone"
            ))
            .unwrap();
        let registry = Registry::new(Vec::new(), Keyring::default(), Scheme::default());
        let control = Control::new(registry, RuleSet::default(), ListenerLimits::default(), handle.clone());
        let changes = Changes::default();
        let finder = CauseFinder::start(&location, control, &changes).unwrap();
        std::thread::sleep(Duration::from_millis(200));
        other.execute_batch("ALTER TABLE gone RENAME TO diagnoses").unwrap();
        await_diagnosis(&reader, 2);
        await_diagnosis(&reader, 1);
        keep(&handle);
        changes.tell();
        await_diagnosis(&reader, 4);
        finder.stop();
        drop(handle);
        writer.join();
    }

    #[test]
    fn a_rest_is_not_ended_by_what_comes_meanwhile_but_by_stopping() {
        let bell = Bell::default();
        bell.ring();
        assert!(bell.rest(Instant::now() + Duration::from_millis(1)));
        assert!(bell.wait(), "what came during the rest is not lost");
        // An hour, were it not for the second of them.
        let hour = Instant::now() + Duration::from_secs(3600);
        bell.ring();
        bell.stop();
        assert!(!bell.rest(hour) && !bell.wait() && !bell.wait());
    }

    #[test]
    fn a_stop_among_many_wakes_is_heard() {
        let bell = Arc::new(Bell::default());
        let ringing = Arc::clone(&bell);
        // Nobody listens yet.
        (0..1000).for_each(|_| ringing.ring());
        ringing.stop();
        let listening = std::thread::spawn(move || while bell.wait() && bell.rest(Instant::now()) {});
        listening.join().unwrap();
    }
}
