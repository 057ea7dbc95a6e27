//! Room in memory, which everything that holds a body takes from one budget and gives back when it lets go.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The unit in which room is counted.
const UNIT_BYTES: usize = 1024;

/// How long a body waits for room before its sender is asked to come back.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// All the room that there is.
#[derive(Debug, Clone)]
pub(super) struct Budget {
    units: usize,
    free: Arc<Semaphore>,
}

/// There was no room in memory within the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NoRoom;

/// Room that was taken, from nothing on. It goes back when this is dropped; where several hold what it is
/// for, [`Room::over`] sees to it that the last of them gives it back.
#[derive(Debug)]
pub(super) struct Room {
    budget: Budget,
    permit: Option<OwnedSemaphorePermit>,
    bytes: usize,
}

impl Budget {
    /// Of so many bytes.
    pub(super) fn new(bytes: usize) -> Self {
        let units = bytes.div_ceil(UNIT_BYTES);
        Self { units, free: Arc::new(Semaphore::new(units)) }
    }

    /// Bytes that are taken now.
    pub(super) fn taken_bytes(&self) -> usize {
        self.units.saturating_sub(self.free.available_permits()) * UNIT_BYTES
    }

    /// Nothing of it yet.
    pub(super) fn room(&self) -> Room {
        Room { budget: self.clone(), permit: None, bytes: 0 }
    }

    async fn take(&self, units: usize, patience: Duration) -> Option<OwnedSemaphorePermit> {
        match self.try_take(units) {
            Some(permit) => Some(permit),
            None => {
                let units = u32::try_from(units).ok()?;
                tokio::time::timeout(patience, Arc::clone(&self.free).acquire_many_owned(units)).await.ok()?.ok()
            }
        }
    }

    fn try_take(&self, units: usize) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.free).try_acquire_many_owned(u32::try_from(units).ok()?).ok()
    }
}

impl Room {
    /// Takes as much as `length` bytes need in all, and waits for it as long as `patience`.
    pub(super) async fn grow(&mut self, length: usize, patience: Duration) -> Result<(), NoRoom> {
        let units = self.missing(length);
        if units > 0 {
            let permit = self.budget.take(units, patience).await.ok_or(NoRoom)?;
            self.add(units, permit);
        }
        Ok(())
    }

    /// The same without waiting; `false` where there is too little, and nothing is taken.
    pub(super) fn try_grow(&mut self, length: usize) -> bool {
        let units = self.missing(length);
        if units == 0 {
            return true;
        }
        let permit = self.budget.try_take(units);
        permit.map(|permit| self.add(units, permit)).is_some()
    }

    /// Units that `length` bytes need beside those that are here. Who needs more than there is gets all of it.
    fn missing(&self, length: usize) -> usize {
        length.div_ceil(UNIT_BYTES).min(self.budget.units).saturating_sub(self.bytes / UNIT_BYTES)
    }

    fn add(&mut self, units: usize, permit: OwnedSemaphorePermit) {
        self.bytes += units * UNIT_BYTES;
        match &mut self.permit {
            Some(all) => all.merge(permit),
            None => self.permit = Some(permit),
        }
    }

    /// The same bytes, which give the room back when the last that holds any of them lets go, wherever they
    /// have gone by then.
    pub(super) fn over(self, bytes: Bytes) -> Bytes {
        struct Roomy {
            bytes: Bytes,
            _room: Room,
        }
        impl AsRef<[u8]> for Roomy {
            fn as_ref(&self) -> &[u8] {
                &self.bytes
            }
        }
        if self.permit.is_none() { bytes } else { Bytes::from_owner(Roomy { bytes, _room: self }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Duration = Duration::from_millis(1);

    #[tokio::test]
    async fn room_is_taken_in_units_and_given_back() {
        let budget = Budget::new(10 * UNIT_BYTES);
        let mut room = budget.room();
        for (length, taken) in [(0, 0), (1, 1), (UNIT_BYTES, 1), (UNIT_BYTES + 1, 2), (5, 2)] {
            room.grow(length, SHORT).await.unwrap();
            assert_eq!(budget.taken_bytes(), taken * UNIT_BYTES, "{length}");
        }
        let mut other = budget.room();
        assert_eq!(other.grow(9 * UNIT_BYTES, SHORT).await, Err(NoRoom));
        other.grow(8 * UNIT_BYTES, SHORT).await.unwrap();
        drop(room);
        assert_eq!(budget.taken_bytes(), 8 * UNIT_BYTES);
        drop(other);
        assert_eq!(budget.taken_bytes(), 0);
    }

    #[tokio::test]
    async fn who_needs_more_than_there_is_gets_all_and_who_does_not_wait_nothing() {
        let budget = Budget::new(10 * UNIT_BYTES);
        let (mut all, mut other) = (budget.room(), budget.room());
        assert!(other.try_grow(1));
        assert_eq!(all.grow(1 << 30, SHORT).await, Err(NoRoom));
        drop(other);
        all.grow(1 << 30, SHORT).await.unwrap();
        assert_eq!(budget.taken_bytes(), 10 * UNIT_BYTES);
        let mut other = budget.room();
        assert!(other.try_grow(0) && !other.try_grow(1));
    }

    #[tokio::test]
    async fn the_last_holder_gives_it_back() {
        let budget = Budget::new(10 * UNIT_BYTES);
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
