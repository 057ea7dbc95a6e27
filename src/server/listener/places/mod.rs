//! Places for connections, and who gives one up when there are more senders than places.
//!
//! Whoever makes us wait without sending holds a place, and perhaps room in memory, that an honest sender needs.
//! A deadline alone does not help: a thousand connections that each stay within it keep everybody out until it has
//! passed, and then come again. So when places or room run out, whoever sends least gives up its own. Who sends, or
//! waits for us, never does: then newcomers stand in line for a moment, and are told to come back when nothing came
//! free meanwhile.
//!
//! A sender on a bad line is safe while nobody else is in need, and afterwards as long as anybody sends less than it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, Semaphore};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// So long a head or a body may make us wait before its place can be another's.
const GRACE: Duration = Duration::from_millis(500);
/// How long a connection that has sent nothing at all, or takes nothing of its answer, may make us wait: an honest sender that has
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
/// So long a newcomer stands in line for a place: whoever does not send is found out by then.
const LINE_WAIT: Duration = GRACE.saturating_add(SHORT_GRACE);
/// Newcomers that may stand in line at once; each costs a socket.
const LINE: usize = 256;

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
    /// Held by the first newcomer in the queue. tokio's mutex is FIFO, which prevents starvation.
    front: tokio::sync::Mutex<()>,
    in_line: Semaphore,
    freed: Notify,
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
        Arc::new(Self {
            limit,
            table: Mutex::default(),
            front: tokio::sync::Mutex::default(),
            in_line: Semaphore::new(LINE),
            freed: Notify::new(),
        })
    }

    /// Connections that have a place.
    pub(super) fn taken(&self) -> usize {
        self.table().taken.len()
    }

    /// A place for a newcomer; `None` when all are taken by others that send, or wait for us, and when others stand in
    /// line for one.
    pub(super) fn take(self: &Arc<Self>) -> Option<ConnectionPlace> {
        self.front.try_lock().ok().and_then(|_front| self.take_now())
    }

    /// A place for a newcomer that stands in line for it; `None` when none came free in time, or the line is too long.
    pub(super) async fn wait(self: &Arc<Self>) -> Option<ConnectionPlace> {
        let _in_line = self.in_line.try_acquire().ok()?;
        let place = async {
            let _front = self.front.lock().await;
            loop {
                if let Some(place) = self.take_now() {
                    return place;
                }
                let _ = tokio::time::timeout(LOOK_AGAIN, self.freed.notified()).await;
            }
        };
        tokio::time::timeout(LINE_WAIT, place).await.ok()
    }

    /// Resolves when nobody has a place. Not for use while newcomers are waiting for one, whose news it takes.
    pub(super) async fn vacated(&self) {
        while self.taken() > 0 {
            let _ = tokio::time::timeout(LOOK_AGAIN, self.freed.notified()).await;
        }
    }

    fn take_now(self: &Arc<Self>) -> Option<ConnectionPlace> {
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
        self.places.freed.notify_one();
    }
}

#[cfg(test)]
mod tests;
