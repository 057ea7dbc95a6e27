//! In which earlier deliveries an event's ids were seen.

use std::collections::BTreeMap;

use crate::delivery::{Delivery, DeliveryId};
use crate::payload::body::{Declared, OpenedBody};
use crate::payload::contract::{Id, ids};
use crate::payload::inflate::InflateBudget;
use crate::store::{Page, Reader, StoreError};
use crate::text::grouped;

/// How many deliveries before the one in question are looked at.
const WINDOW: usize = 2000;
/// How many bytes of bodies, inflated, are read for one question; what was read is remembered.
const BYTES_LIMIT: u64 = 64 << 20;
/// Deliveries whose ids are remembered: some megabytes.
const MEMORY: usize = 10_000;

/// The ids of deliveries read so far. Nothing is kept on disk, and capturing a delivery costs nothing
/// for it: bodies are read when somebody looks.
#[derive(Debug, Default)]
pub struct Recall {
    known: BTreeMap<i64, Box<[Id]>>,
}

/// One id that was seen in earlier deliveries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The id.
    pub id: Id,
    /// In how many of them.
    pub count: u64,
    /// The earliest.
    pub first: DeliveryId,
    /// The latest before the one in question.
    pub last: DeliveryId,
}

/// What was found in earlier deliveries.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sightings {
    /// The ids that were seen before, in the event's order.
    pub seen: Vec<Seen>,
    /// How many earlier deliveries were looked at.
    pub looked_at: u64,
    /// Whether those were all.
    pub is_all: bool,
}

impl Seen {
    /// `user 3c90c3cc… in 12 earlier deliveries, first #3`.
    #[must_use]
    pub fn words(&self) -> String {
        let name = format!("{} {}", self.id.kind.word(), self.id.handle());
        match self.count {
            1 => format!("{name} in 1 earlier delivery, #{}", self.first),
            count => format!("{name} in {} earlier deliveries, first #{}", grouped(count), self.first),
        }
    }

    /// Whether it makes the delivery a repeat: the same capture was received before.
    #[must_use]
    pub fn is_repeat(&self) -> bool {
        self.id.kind.is_unique()
    }
}

impl Sightings {
    /// `a repeat of #2: the same screenshot b774c86b…, a retry or a duplicate`. Simulations may send
    /// the same sample each time.
    #[must_use]
    pub fn repeat(&self, simulation: bool) -> Option<String> {
        let seen = self.seen.iter().find(|seen| seen.is_repeat())?;
        let (kind, handle) = (seen.id.kind.word(), seen.id.handle());
        let why = if simulation { "a retry or the simulation's sample" } else { "a retry or a duplicate" };
        Some(format!("a repeat of #{}: the same {kind} {handle}, {why}", seen.last))
    }

    /// How far back was looked, when that was not to the beginning.
    #[must_use]
    pub fn scope(&self) -> String {
        if self.is_all { String::new() } else { format!("(last {} deliveries)", grouped(self.looked_at)) }
    }
}

impl Recall {
    /// Looks for `wanted` in the deliveries before `before`, until `go_on` says no: then `None`.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read; a delivery whose record is lost is passed over.
    pub fn look(
        &mut self,
        reader: &Reader,
        before: DeliveryId,
        wanted: &[Id],
        go_on: &dyn Fn() -> bool,
    ) -> Result<Option<Sightings>, StoreError> {
        let rows = reader.page(Page::Before(before), WINDOW)?;
        let mut found = Sightings { is_all: rows.len() < WINDOW, ..Sightings::default() };
        // One budget for all of them: a body that costs much and gives nothing would be looked at thousands of times.
        let (mut read, mut budget) = (0, InflateBudget::opening(usize::MAX));
        for row in &rows {
            if !go_on() {
                return Ok(None);
            }
            if !self.known.contains_key(&row.id.0) {
                if read + row.body_bytes > BYTES_LIMIT || budget.is_spent() {
                    found.is_all = false;
                    break;
                }
                read += row.body_bytes.max(self.read(reader, row.id, &mut budget));
            }
            found.looked_at += 1;
            for id in self.known.get(&row.id.0).into_iter().flatten().filter(|id| wanted.contains(id)) {
                match found.seen.iter_mut().find(|seen| seen.id == *id) {
                    Some(seen) => (seen.count, seen.first) = (seen.count + 1, row.id),
                    None => found.seen.push(Seen { id: id.clone(), count: 1, first: row.id, last: row.id }),
                }
            }
        }
        while self.known.len() > MEMORY {
            self.known.pop_first();
        }
        found.seen.sort_by_key(|seen| wanted.iter().position(|id| *id == seen.id));
        Ok(Some(found))
    }

    /// Reads the ids of one delivery, and returns the bytes that were gone through.
    fn read(&mut self, reader: &Reader, id: DeliveryId, budget: &mut InflateBudget) -> u64 {
        let delivery = reader.load(id).ok().flatten();
        let open = |delivery: Delivery| OpenedBody::within(Declared::of(&delivery.head), delivery.body, budget).bytes;
        let body = delivery.map(open).unwrap_or_default();
        // With the budget spent, it may have been read in part.
        if !budget.is_spent() {
            self.known.insert(id.0, ids(&body).into());
        }
        body.len() as u64
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use jiff::Timestamp;

    use super::*;
    use crate::delivery::{Captured, EventFacts, Intake, Judgement, Verdict};
    use crate::http::WireFraming;
    use crate::payload::contract::IdKind;
    use crate::store::{Location, Writer};

    const LIVE: &str = include_str!("../../assets/samples/screenshot-live.json");

    fn captured(body: &str) -> Captured {
        Captured {
            received_at: Timestamp::UNIX_EPOCH,
            remote: String::new(),
            method: "POST".to_owned(),
            path: "/".to_owned(),
            webhook: None,
            intake: Intake::Complete,
            event: EventFacts::default(),
            judgement: Judgement::bare(Verdict::NoSecret),
            image: None,
            head: "POST / HTTP/1.1\r\n\r\n".into(),
            body: Bytes::copy_from_slice(body.as_bytes()),
            framing: WireFraming::NONE,
        }
    }

    #[test]
    fn ids_are_known_again_in_earlier_deliveries_only() {
        let folder = tempfile::tempdir().unwrap();
        let location = Location::new(folder.path().join("store.db"));
        let (writer, handle) = Writer::start(&location, |_| {}).unwrap();
        let other_shot = LIVE.replace("b774c86b", "00000000");
        for body in [LIVE, "not json", &other_shot, LIVE, LIVE] {
            handle.keep(captured(body)).unwrap().blocking_recv().unwrap().unwrap();
        }
        drop(handle);
        writer.join();
        let reader = Reader::open(&location).unwrap();
        let mut recall = Recall::default();
        let mut look = |before: i64, go_on: bool| {
            recall.look(&reader, DeliveryId(before), &ids(LIVE.as_bytes()), &|| go_on).unwrap()
        };
        assert_eq!(look(5, false), None, "given up");
        // Twice: the second time from memory.
        for _ in 0..2 {
            let found = look(4, true).unwrap();
            assert_eq!((found.looked_at, found.is_all), (3, true));
            let seen: Vec<_> =
                found.seen.iter().map(|seen| (seen.id.kind, seen.count, seen.first.0, seen.last.0)).collect();
            assert_eq!(
                seen,
                [
                    (IdKind::Organisation, 2, 1, 3),
                    (IdKind::Team, 2, 1, 3),
                    (IdKind::User, 2, 1, 3),
                    (IdKind::Screenshot, 1, 1, 1),
                ]
            );
            assert_eq!(found.seen[2].words(), "user 3c90c3cc… in 2 earlier deliveries, first #1");
        }
        let repeat = look(5, true).unwrap().repeat(false).unwrap();
        assert_eq!(repeat, "a repeat of #4: the same screenshot b774c86b…, a retry or a duplicate");
        assert_eq!(look(1, true).unwrap().seen, []);
    }
}
