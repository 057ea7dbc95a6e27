//! A delivery's bytes for a filter.

use std::cell::OnceCell;

use bytes::Bytes;

use super::Reader;
use super::log::LogPlace;
use super::record::RecordContent;
use crate::delivery::DeliveryId;
use crate::http::Head;
use crate::query;

/// A stored delivery's bytes for a filter, read once, and only when it asks for them.
#[derive(Debug)]
pub struct StoredContent<'a> {
    reader: &'a Reader,
    id: DeliveryId,
    /// Where its record lies, when that is known.
    place: Option<LogPlace>,
    loaded: OnceCell<Option<(Head, Bytes)>>,
}

impl<'a> StoredContent<'a> {
    /// Those of the delivery `id`.
    #[must_use]
    pub fn new(reader: &'a Reader, id: DeliveryId) -> Self {
        Self { reader, id, place: None, loaded: OnceCell::new() }
    }

    /// Reads one of many, whose row says where its record lies.
    pub(super) fn at(reader: &'a Reader, id: DeliveryId, place: Option<LogPlace>) -> Self {
        Self { place, ..Self::new(reader, id) }
    }

    fn loaded(&self) -> Option<&(Head, Bytes)> {
        self.loaded
            .get_or_init(|| {
                let found = self.place.and_then(|place| self.reader.nearby(place, self.id));
                if let Some(RecordContent { head, body, .. }) = found {
                    return Some((Head::read(head), body));
                }
                // It may have been moved since its row was read.
                let delivery = self.reader.load(self.id).ok().flatten()?;
                Some((delivery.head, delivery.body))
            })
            .as_ref()
    }
}

impl query::SearchedContent for StoredContent<'_> {
    fn head(&self) -> Option<Head> {
        self.loaded().map(|(head, _)| head.clone())
    }

    fn body(&self) -> Option<Bytes> {
        self.loaded().map(|(_, body)| body.clone())
    }
}
