//! A store that is followed, from before it is made, and through its replacement.

use std::rc::Rc;

use super::{Location, Reader, StoreError};
use crate::delivery::DeliveryId;

/// The store of a place, as far as there is one.
#[derive(Debug)]
pub struct FollowedStore {
    location: Location,
    reader: Option<Rc<Reader>>,
}

/// What has become of a store since the last look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreChange {
    /// It is the one that it was, or there still is none.
    None,
    /// It was opened, or opened again: its index was rebuilt. Its deliveries are those that it had.
    Opened,
    /// Another store has replaced it, whose deliveries are numbered from 1 again.
    Replaced,
}

impl FollowedStore {
    /// The store of `location`, whether there is one yet or not.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when there is one that cannot be opened.
    pub fn new(location: Location) -> Result<Self, StoreError> {
        let reader = Reader::open_existing(&location)?.map(Rc::new);
        Ok(Self { location, reader })
    }

    /// Where it is.
    #[must_use]
    pub fn location(&self) -> &Location {
        &self.location
    }

    /// Who reads it; `None` while there is no store.
    #[must_use]
    pub fn reader(&self) -> Option<Rc<Reader>> {
        self.reader.clone()
    }

    /// Opens the store when there is one by now, and again when another file has taken its place. It is the same store if
    /// it still has the delivery `last` that came then.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when it cannot be opened.
    pub fn catch_up(&mut self, last: DeliveryId) -> Result<StoreChange, StoreError> {
        match &self.reader {
            Some(reader) if !reader.is_displaced() => return Ok(StoreChange::None),
            _ => {}
        }
        let Some(opened) = Reader::open_existing(&self.location)? else { return Ok(StoreChange::None) };
        let moment = |reader: &Reader| reader.summary(last).ok().flatten().map(|summary| summary.received_at);
        let is_same = match &self.reader {
            None => true,
            // What is gone from the folder can still be read by who has it open.
            Some(before) => match moment(before) {
                Some(came) => moment(&opened) == Some(came),
                None => opened.newest()? >= last,
            },
        };
        self.reader = Some(Rc::new(opened));
        Ok(if is_same { StoreChange::Opened } else { StoreChange::Replaced })
    }
}
