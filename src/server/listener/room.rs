//! Room in memory, which everything that holds a body takes from one budget and gives back when it lets go.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::places::Places;

/// The unit in which room is counted.
const UNIT_BYTES: usize = 1024;

/// How long a body waits for room before its sender is asked to come back.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
/// Bodies up to this size have room of their own, which large ones cannot take from them: most deliveries are small,
/// and none of them has to wait until a large one is done.
const SMALL_BYTES: usize = 64 * 1024;
/// The part of all room that is kept for small bodies, at most.
const SMALL_SHARE: usize = 8;
const SMALL_MOST_BYTES: usize = 32 * 1024 * 1024;
/// How often somebody who withholds a body is asked to give up its room while another waits for some.
const RELIEF_INTERVAL: Duration = Duration::from_millis(100);

/// All the room that there is.
#[derive(Debug, Clone)]
pub(super) struct MemoryBudget {
    units: usize,
    /// The most that one can have, in units.
    largest: usize,
    /// For bodies of any size.
    free: Arc<Semaphore>,
    /// For small ones alone.
    small: Arc<Semaphore>,
    /// Who may be asked to give up room.
    places: Arc<Places>,
}

/// There was no room in memory within the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NoRoom;

/// Room that was taken, from nothing on. It goes back when this is dropped; where several hold what it is
/// for, [`MemoryRoom::over`] sees to it that the last of them gives it back.
#[derive(Debug)]
pub(super) struct MemoryRoom {
    budget: MemoryBudget,
    permits: Vec<OwnedSemaphorePermit>,
    bytes: usize,
}

impl MemoryBudget {
    /// Of `bytes` bytes, of which small bodies have a part to themselves; never less for large ones than `largest`
    /// bytes.
    pub(super) fn new(bytes: usize, largest: usize, places: Arc<Places>) -> Self {
        let small = (bytes / SMALL_SHARE).min(SMALL_MOST_BYTES).div_ceil(UNIT_BYTES);
        let free = bytes.div_ceil(UNIT_BYTES).saturating_sub(small).max(largest.div_ceil(UNIT_BYTES) + 1);
        Self {
            units: free + small,
            largest: free,
            free: Arc::new(Semaphore::new(free)),
            small: Arc::new(Semaphore::new(small)),
            places,
        }
    }

    /// Bytes that are taken now.
    pub(super) fn taken_bytes(&self) -> usize {
        let left = self.free.available_permits() + self.small.available_permits();
        self.units.saturating_sub(left) * UNIT_BYTES
    }

    /// Nothing of it yet.
    pub(super) fn room(&self) -> MemoryRoom {
        MemoryRoom { budget: self.clone(), permits: Vec::new(), bytes: 0 }
    }

    async fn take(&self, units: usize, is_small: bool, patience: Duration) -> Option<OwnedSemaphorePermit> {
        if let Some(permit) = self.try_take(units, is_small) {
            return Some(permit);
        }
        let own = if is_small { &self.small } else { &self.free };
        let units = u32::try_from(units).ok()?;
        let waiting = Arc::clone(own).acquire_many_owned(units);
        tokio::pin!(waiting);
        let relieving = async {
            // Woken when there is room; meanwhile, whoever withholds most gives up its own.
            loop {
                self.places.relieve();
                if let Ok(permit) = tokio::time::timeout(RELIEF_INTERVAL, &mut waiting).await {
                    return permit.ok();
                }
            }
        };
        tokio::time::timeout(patience, relieving).await.ok()?
    }

    fn try_take(&self, units: usize, is_small: bool) -> Option<OwnedSemaphorePermit> {
        let units = u32::try_from(units).ok()?;
        let from = |pool: &Arc<Semaphore>| Arc::clone(pool).try_acquire_many_owned(units).ok();
        from(&self.free).or_else(|| from(&self.small).filter(|_| is_small))
    }
}

impl MemoryRoom {
    /// Takes as much as `length` bytes need in all, and waits for it as long as `patience`.
    pub(super) async fn grow(&mut self, length: usize, patience: Duration) -> Result<(), NoRoom> {
        let units = self.missing(length);
        if units > 0 {
            let permit = self.budget.take(units, length <= SMALL_BYTES, patience).await.ok_or(NoRoom)?;
            self.add(units, permit);
        }
        Ok(())
    }

    /// Takes as much as `length` bytes need in all without waiting; `false` where there is too little, and nothing is taken.
    pub(super) fn try_grow(&mut self, length: usize) -> bool {
        let units = self.missing(length);
        if units == 0 {
            return true;
        }
        let permit = self.budget.try_take(units, length <= SMALL_BYTES);
        permit.map(|permit| self.add(units, permit)).is_some()
    }

    /// Units that `length` bytes need beside those that are here. Who needs more than there is gets all of it.
    fn missing(&self, length: usize) -> usize {
        length.div_ceil(UNIT_BYTES).min(self.budget.largest).saturating_sub(self.bytes / UNIT_BYTES)
    }

    fn add(&mut self, units: usize, permit: OwnedSemaphorePermit) {
        self.bytes += units * UNIT_BYTES;
        match self.permits.iter_mut().find(|held| Arc::ptr_eq(held.semaphore(), permit.semaphore())) {
            Some(held) => held.merge(permit),
            None => self.permits.push(permit),
        }
    }

    /// Bytes that it has taken.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// `bytes`, which give the room back when the last that holds any of them lets go, wherever they have gone by then.
    pub(super) fn over(self, bytes: Bytes) -> Bytes {
        struct Roomy {
            bytes: Bytes,
            _room: MemoryRoom,
        }
        impl AsRef<[u8]> for Roomy {
            fn as_ref(&self) -> &[u8] {
                &self.bytes
            }
        }
        if self.permits.is_empty() { bytes } else { Bytes::from_owner(Roomy { bytes, _room: self }) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::places::Phase;
    use super::*;

    const SHORT: Duration = Duration::from_millis(1);

    fn budget(units: usize) -> MemoryBudget {
        MemoryBudget::new(units * UNIT_BYTES, 0, Places::new(9))
    }

    #[tokio::test]
    async fn room_is_taken_in_units_and_given_back() {
        let budget = budget(16);
        let mut room = budget.room();
        for (length, taken) in [(0, 0), (1, 1), (UNIT_BYTES, 1), (UNIT_BYTES + 1, 2), (5, 2)] {
            room.grow(length, SHORT).await.unwrap();
            assert_eq!(budget.taken_bytes(), taken * UNIT_BYTES, "{length}");
        }
        let mut other = budget.room();
        assert_eq!(other.grow(15 * UNIT_BYTES, SHORT).await, Err(NoRoom));
        other.grow(12 * UNIT_BYTES, SHORT).await.unwrap();
        drop(room);
        assert_eq!(budget.taken_bytes(), 12 * UNIT_BYTES);
        drop(other);
        assert_eq!(budget.taken_bytes(), 0);
    }

    #[tokio::test]
    async fn large_bodies_leave_room_for_small_ones() {
        let budget = budget(800);
        let (mut large, mut more, mut small) = (budget.room(), budget.room(), budget.room());
        large.grow(700 * UNIT_BYTES, SHORT).await.unwrap();
        assert_eq!(more.grow(65 * UNIT_BYTES, SHORT).await, Err(NoRoom));
        assert!(!more.try_grow(65 * UNIT_BYTES));
        small.grow(64 * UNIT_BYTES, SHORT).await.unwrap();
        assert_eq!(budget.taken_bytes(), 764 * UNIT_BYTES);
    }

    #[tokio::test]
    async fn who_needs_more_than_there_is_gets_all_and_who_does_not_wait_nothing() {
        let budget = budget(800);
        let (mut all, mut other) = (budget.room(), budget.room());
        assert!(other.try_grow(700 * UNIT_BYTES));
        assert_eq!(all.grow(1 << 30, SHORT).await, Err(NoRoom));
        drop(other);
        all.grow(1 << 30, SHORT).await.unwrap();
        assert_eq!(budget.taken_bytes(), 700 * UNIT_BYTES);
        let mut other = budget.room();
        assert!(other.try_grow(0) && other.try_grow(64 * UNIT_BYTES) && !other.try_grow(101 * UNIT_BYTES));
    }

    #[tokio::test(start_paused = true)]
    async fn who_withholds_a_body_is_asked_for_its_room() {
        let places = Places::new(9);
        let budget = MemoryBudget::new(800 * UNIT_BYTES, 0, Arc::clone(&places));
        let (place, mut withheld) = (places.take().unwrap(), budget.room());
        place.enter(Phase::Body);
        withheld.grow(700 * UNIT_BYTES, SHORT).await.unwrap();
        place.holds(withheld.bytes());
        tokio::time::advance(Duration::from_secs(3)).await;
        let gives_up = tokio::spawn(async move {
            place.given_up().await;
            drop(withheld);
        });
        let mut room = budget.room();
        room.grow(600 * UNIT_BYTES, PATIENCE).await.unwrap();
        gives_up.await.unwrap();
    }

    #[tokio::test]
    async fn the_last_holder_gives_it_back() {
        let budget = budget(10);
        let mut room = budget.room();
        room.grow(5, SHORT).await.unwrap();
        let body = room.over(Bytes::from_static(b"hello"));
        let part = body.slice(1..3);
        assert_eq!((&body[..], &part[..]), (&b"hello"[..], &b"el"[..]));
        drop(body);
        assert_eq!(budget.taken_bytes(), UNIT_BYTES);
        drop(part);
        assert_eq!(budget.taken_bytes(), 0);
    }
}
