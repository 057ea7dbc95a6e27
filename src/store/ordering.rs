//! The store in another order than that of arrival: all that match are looked at once, and of each only what decides
//! the order is kept.

use std::collections::HashMap;

use jiff::Timestamp;
use rusqlite::params;

use super::search::{Looked, PART_ROWS};
use super::{Page, Reader, StoreError, StoredContent};
use crate::delivery::DeliveryId;
use crate::query::{OrderKey, Query, Sorting};

/// Deliveries in an order that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StoreOrder {
    /// Their numbers, in that order; of equal ones the newest comes first.
    pub ids: Vec<DeliveryId>,
    /// The newest delivery that was looked at.
    pub newest: Option<DeliveryId>,
    /// Whether there are more, older ones than were wanted.
    pub is_cut: bool,
}

impl Reader {
    /// The newest `most` deliveries that match `query` at the moment `now`, sorted. `None` when `go_on` says so: it is
    /// asked now and then, with the delivery that was reached. Takes time in proportion to the whole store, and memory
    /// in proportion to what matches: some 25 bytes for each and the distinct texts that are sorted by.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn order(
        &self,
        query: &Query,
        sorting: Sorting,
        now: Timestamp,
        most: usize,
        mut go_on: impl FnMut(DeliveryId) -> bool,
    ) -> Result<Option<StoreOrder>, StoreError> {
        let mut fields = [query.fields().as_slice(), sorting.order.fields()].concat();
        fields.sort_unstable();
        fields.dedup();
        let mut looked = Looked::new(&self.filled(fields)?, query.needs_content());
        let (low, mut high) = query.ids().into_inner();
        let sql = format!("{} WHERE d.id BETWEEN ?1 AND ?2{} ORDER BY d.id DESC", looked.select(), self.shown()?);
        let mut found = StoreOrder::default();
        let mut keys = Keys::default();
        loop {
            let scan = self.walk(&sql, params![low, high], (Page::Newest, usize::MAX, PART_ROWS), |row| {
                looked.at(row)?;
                let id = looked.summary.id;
                found.newest = found.newest.max(Some(id));
                if query.matches(&looked.summary, Some(&StoredContent::at(self, id, looked.place)), now) {
                    found.is_cut |= keys.ranked.len() == most;
                    if !found.is_cut {
                        keys.take(id, sorting.order.key(&looked.summary));
                    }
                }
                Ok((id, None))
            })?;
            match scan.next {
                Some(reached) if !found.is_cut => {
                    if !go_on(reached) {
                        return Ok(None);
                    }
                    high = reached.0.saturating_sub(1);
                }
                _ => break,
            }
        }
        found.ids = keys.sorted(sorting.reversed);
        Ok(Some(found))
    }
}

/// What deliveries are sorted by, each text kept once.
#[derive(Debug, Default)]
struct Keys {
    /// The newest first.
    ranked: Vec<(Option<u64>, DeliveryId)>,
    texts: HashMap<Box<str>, u64>,
}

impl Keys {
    fn take(&mut self, id: DeliveryId, key: Option<OrderKey<'_>>) {
        let rank = key.map(|key| match key {
            OrderKey::Number(number) => number,
            OrderKey::Falling(number) => u64::MAX - number,
            OrderKey::Text(text) => match self.texts.get(text) {
                Some(number) => *number,
                None => {
                    let number = self.texts.len() as u64;
                    self.texts.insert(text.into(), number);
                    number
                }
            },
        });
        self.ranked.push((rank, id));
    }

    fn sorted(self, reversed: bool) -> Vec<DeliveryId> {
        let Self { mut ranked, texts } = self;
        if !texts.is_empty() {
            let places = places(texts);
            for rank in ranked.iter_mut().filter_map(|(rank, _)| rank.as_mut()) {
                // Each is a number that was given to a text.
                *rank = usize::try_from(*rank).ok().and_then(|number| places.get(number)).copied().unwrap_or(*rank);
            }
        }
        // What has no key is last either way, and of equal ones the newest stays first.
        ranked
            .sort_by_key(|(rank, _)| (rank.is_none(), rank.map(|rank| if reversed { u64::MAX - rank } else { rank })));
        ranked.into_iter().map(|(_, id)| id).collect()
    }
}

/// The place of each numbered text in alphabetical order, whatever the case of its letters.
fn places(texts: HashMap<Box<str>, u64>) -> Vec<u64> {
    let mut texts: Vec<(String, Box<str>, u64)> =
        texts.into_iter().map(|(text, number)| (text.to_lowercase(), text, number)).collect();
    texts.sort_unstable();
    let mut places = vec![0; texts.len()];
    for (place, (.., number)) in (0..).zip(texts) {
        if let Some(slot) = usize::try_from(number).ok().and_then(|number| places.get_mut(number)) {
            *slot = place;
        }
    }
    places
}
