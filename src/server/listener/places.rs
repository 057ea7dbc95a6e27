//! Places for connections, and who gives one up when there are more senders than places.
//!
//! Whoever makes us wait without sending holds a place, and perhaps room in memory, that an honest sender needs.
//! A deadline alone does not help: a thousand connections that each stay within it keep everybody out until it has
//! passed, and then come again. So when places or room run out, whoever sends least gives up its own. Who sends, or
//! waits for us, never does: then newcomers are told to come back.
//!
//! A sender on a bad line is safe while nobody else is in need, and afterwards as long as anybody sends less than it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// So long a head or a body may make us wait before its place can be another's.
const GRACE: Duration = Duration::from_millis(500);
/// The same of a connection that has sent nothing at all, or takes nothing of its answer: an honest sender that has
/// connected sends within a round trip or two, and reads what it is sent. Whoever wants all places, and takes new ones
/// all the time, must be quicker than this with all of them.
const SHORT_GRACE: Duration = Duration::from_millis(100);
/// How fast a connection sends is looked at over one to two such windows.
const WINDOW: Duration = Duration::from_secs(1);
/// Who sends at least this many bytes a second keeps its place: less than any line that carries a webhook.
const SLOW_BYTES: u64 = 1024;
/// Who holds room in memory is expected to fill it at a rate that would take this many seconds for all of it, so that
/// withholding the end of a large body costs more than a drop now and then.
const ROOM_SECONDS: u64 = 1024;

/// How soon to search again for a connection that can be closed, after none could.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// What a connection waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Phase {
    /// For a request to begin.
    #[default]
    Idle,
    /// For the rest of a head.
    Head,
    /// For the rest of a body.
    Body,
    /// For the sender to take its answer.
    Answer,
    /// For us: the disk, room in memory, a rule, an upstream server, a person.
    Ours,
}

/// All places.
#[derive(Debug)]
pub(super) struct Places {
    limit: usize,
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    next: u64,
    taken: HashMap<u64, Arc<Seat>>,
    /// Connections that have given up their place and are not gone yet.
    leaving: usize,
    /// When nobody was found who could give way: nobody is looked for again for a moment, so that a flood of
    /// newcomers does not cost a look at everybody each.
    looked: Option<Instant>,
}

/// A connection's place; given back when it is dropped.
#[derive(Debug)]
pub(super) struct ConnectionPlace {
    places: Arc<Places>,
    number: u64,
    seat: Arc<Seat>,
}

#[derive(Debug)]
struct Seat {
    state: Mutex<State>,
    /// Tells the connection to end.
    given_up: CancellationToken,
}

#[derive(Debug, Clone, Copy)]
struct State {
    phase: Phase,
    since: Instant,
    /// When it last sent, or took, anything.
    moved: Instant,
    /// Room in memory that it holds, in bytes.
    room: usize,
    /// The window at hand: when it began, what came in it, and what came in the one before.
    window: Instant,
    bytes: u64,
    before: u64,
}

impl State {
    fn new(now: Instant) -> Self {
        Self { phase: Phase::Idle, since: now, moved: now, room: 0, window: now, bytes: 0, before: 0 }
    }

    fn enter(&mut self, phase: Phase, now: Instant) {
        if self.phase != phase {
            *self = Self { phase, room: self.room, ..Self::new(now) };
        }
    }

    fn note(&mut self, bytes: usize, now: Instant) {
        self.moved = now;
        let age = now.saturating_duration_since(self.window);
        if age >= WINDOW {
            self.before = if age < 2 * WINDOW { self.bytes } else { 0 };
            (self.window, self.bytes) = (now, 0);
        }
        self.bytes = self.bytes.saturating_add(bytes as u64);
    }

    /// Bytes a second of late.
    fn rate(&self, now: Instant) -> u64 {
        let age = now.saturating_duration_since(self.window);
        if age >= 2 * WINDOW {
            return 0;
        }
        let seen = (age + WINDOW).min(now.saturating_duration_since(self.since));
        let millis = u64::try_from(seen.as_millis()).unwrap_or(u64::MAX).max(1);
        (self.before + self.bytes).saturating_mul(1000) / millis
    }

    /// How this one ranks among those who might give up their place, the lowest first; `None` when it keeps it.
    fn rank(&self, least: u64, now: Instant) -> Option<(bool, u64, std::cmp::Reverse<Duration>)> {
        let age = now.saturating_duration_since(self.since);
        let stalled = now.saturating_duration_since(self.moved);
        let rate = self.rate(now);
        let is_slow = age >= GRACE && rate < least;
        let gives_way = match self.phase {
            Phase::Ours => false,
            Phase::Idle => age >= SHORT_GRACE,
            Phase::Head | Phase::Body => is_slow,
            Phase::Answer => is_slow || stalled >= SHORT_GRACE,
        };
        gives_way.then_some((self.phase != Phase::Idle, rate, std::cmp::Reverse(age)))
    }
}

impl Places {
    pub(super) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self { limit, table: Mutex::default() })
    }

    /// Connections that have a place.
    pub(super) fn taken(&self) -> usize {
        self.table().taken.len()
    }

    /// A place for a newcomer; `None` when all are taken by others that send, or wait for us.
    pub(super) fn take(self: &Arc<Self>) -> Option<ConnectionPlace> {
        let now = Instant::now();
        let mut table = self.table();
        if table.taken.len() >= self.limit && !table.give_up(self.limit, now) {
            return None;
        }
        let number = table.next;
        table.next += 1;
        let seat = Arc::new(Seat { state: Mutex::new(State::new(now)), given_up: CancellationToken::new() });
        table.taken.insert(number, Arc::clone(&seat));
        Some(ConnectionPlace { places: Arc::clone(self), number, seat })
    }

    /// Has the connection that holds room in memory and fills it slowest give it up. False when there is none.
    pub(super) fn relieve(&self) -> bool {
        let now = Instant::now();
        let mut table = self.table();
        let rank = |state: &State| {
            let holds = state.phase == Phase::Body && state.room > 0;
            let least = SLOW_BYTES.max(state.room as u64 / ROOM_SECONDS);
            holds.then(|| state.rank(least, now)).flatten().map(|(_, rate, age)| (rate, age))
        };
        let Some(number) = table.lowest(rank) else { return false };
        table.end(number);
        true
    }

    fn table(&self) -> std::sync::MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    /// Frees a place. Those that leave hold theirs for the time of a farewell: there are never more of them than
    /// places.
    fn give_up(&mut self, limit: usize, now: Instant) -> bool {
        let has_just_looked = self.looked.is_some_and(|at| now.saturating_duration_since(at) < LOOK_AGAIN);
        if self.leaving >= limit || has_just_looked {
            return false;
        }
        let Some(number) = self.lowest(|state| state.rank(SLOW_BYTES, now)) else {
            self.looked = Some(now);
            return false;
        };
        self.end(number);
        true
    }

    fn lowest<R: Ord>(&self, rank: impl Fn(&State) -> Option<R>) -> Option<u64> {
        let ranked = self.taken.iter().filter_map(|(number, seat)| Some((rank(&seat.state())?, *number)));
        ranked.min().map(|(_, number)| number)
    }

    fn end(&mut self, number: u64) {
        if let Some(seat) = self.taken.remove(&number) {
            seat.given_up.cancel();
            self.leaving += 1;
        }
    }
}

impl Seat {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ConnectionPlace {
    /// Which connection of this run has it, from 0.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// What is waited for from now on.
    pub(super) fn enter(&self, phase: Phase) {
        self.seat.state().enter(phase, Instant::now());
    }

    /// The sender has sent, or taken, this many bytes.
    pub(super) fn note(&self, bytes: usize) {
        self.seat.state().note(bytes, Instant::now());
    }

    /// It holds so much room in memory.
    pub(super) fn holds(&self, room: usize) {
        self.seat.state().room = room;
    }

    /// Whether the place has been given to another.
    pub(super) fn is_given_up(&self) -> bool {
        self.seat.given_up.is_cancelled()
    }

    /// Resolves when the place has been given to another.
    pub(super) async fn given_up(&self) {
        self.seat.given_up.cancelled().await;
    }
}

impl Drop for ConnectionPlace {
    fn drop(&mut self) {
        let mut table = self.places.table();
        if table.taken.remove(&self.number).is_none() {
            table.leaving = table.leaving.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_given_up(place: &ConnectionPlace) -> bool {
        place.seat.given_up.is_cancelled()
    }

    async fn pass(millis: u64) {
        tokio::time::advance(Duration::from_millis(millis)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_idle_longest_gives_way_first() {
        let places = Places::new(3);
        let first = places.take().unwrap();
        pass(600).await;
        let second = places.take().unwrap();
        second.enter(Phase::Head);
        let third = places.take().unwrap();
        pass(600).await;
        let newcomer = places.take().unwrap();
        assert_eq!([&first, &second, &third].map(is_given_up), [true, false, false]);
        let another = places.take().unwrap();
        assert_eq!([&second, &third, &newcomer].map(is_given_up), [false, true, false]);
        // The second has sent nothing of a head; the newcomers are too new.
        let last = places.take().unwrap();
        assert!(is_given_up(&second));
        assert!(places.take().is_none(), "three that leave, and nobody who could");
        drop((first, second, third));
        pass(600).await;
        assert!(places.take().is_some());
        drop((newcomer, another, last));
        assert_eq!(places.taken(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn who_sends_or_waits_for_us_keeps_its_place() {
        let places = Places::new(2);
        let (sends, waits) = (places.take().unwrap(), places.take().unwrap());
        sends.enter(Phase::Body);
        waits.enter(Phase::Ours);
        for _ in 0..20 {
            pass(500).await;
            sends.note(600);
            assert!(places.take().is_none());
        }
        // It falls silent.
        pass(2000).await;
        assert!(places.take().is_some());
        assert_eq!((is_given_up(&sends), is_given_up(&waits)), (true, false));
    }

    #[tokio::test(start_paused = true)]
    async fn of_those_who_send_slowly_the_slowest_gives_way() {
        let places = Places::new(3);
        let all: Vec<ConnectionPlace> = (0..3).map(|_| places.take().unwrap()).collect();
        all.iter().for_each(|place| place.enter(Phase::Body));
        for _ in 0..8 {
            pass(500).await;
            all[0].note(100);
            all[1].note(1);
            all[2].note(300);
        }
        let _newcomer = places.take().unwrap();
        assert_eq!([&all[0], &all[1], &all[2]].map(is_given_up), [false, true, false]);
    }

    #[tokio::test(start_paused = true)]
    async fn room_is_given_up_by_who_withholds_it() {
        let places = Places::new(9);
        let (small, large, phone) = (places.take().unwrap(), places.take().unwrap(), places.take().unwrap());
        for (place, room) in [(&small, 0), (&large, 64 << 20), (&phone, 1 << 20)] {
            place.enter(Phase::Body);
            place.holds(room);
        }
        for _ in 0..6 {
            pass(500).await;
            // 4 KB a second are little for 64 MiB, and enough for one.
            large.note(2000);
            phone.note(2000);
        }
        assert!(places.relieve());
        assert_eq!([&small, &large, &phone].map(is_given_up), [false, true, false]);
        assert!(!places.relieve(), "the phone sends, and the other holds nothing");
    }
}
