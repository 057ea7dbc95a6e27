//! Many deliveries one after another, for exports. Some are read at a time, so that SQLite takes its locks once for all
//! of these; none is read while one that was handed out is still being written somewhere: that may take hours, and
//! the index's write-ahead log could not be cut meanwhile.

use std::collections::VecDeque;

use super::{Reader, StoreError};
use crate::delivery::{Delivery, DeliveryId};

/// Read at a time at most, unless one alone is larger.
const DELIVERIES: usize = 128;
/// Bytes of bodies and heads after which no more are read at a time.
const BYTES: usize = 1 << 20;

/// A delivery with what was found out about its signature.
#[derive(Debug)]
pub struct DeliveryAndDiagnosis {
    /// The delivery.
    pub delivery: Delivery,
    /// Its diagnosis as JSON; `None` when nothing was found out, or nothing had to be.
    pub diagnosis: Option<String>,
}

/// What became of reading one of many: `Ok(None)` when there is none of that number any more.
pub type ReadOutcome = Result<Option<DeliveryAndDiagnosis>, StoreError>;

/// Goes through the deliveries of [`Reader::deliveries`].
#[derive(Debug)]
pub struct Deliveries<'a> {
    reader: &'a Reader,
    /// Those that are not read yet.
    ids: &'a [DeliveryId],
    read: VecDeque<ReadOutcome>,
}

impl Reader {
    /// The deliveries of these numbers in this order, an outcome for each. Holds some 1 MiB of them, or one that is larger.
    pub fn deliveries<'a>(&'a self, ids: &'a [DeliveryId]) -> Deliveries<'a> {
        Deliveries { reader: self, ids, read: VecDeque::new() }
    }

    /// As many of the first as are read at a time: one at least, where there is one.
    fn first_of(&self, ids: &[DeliveryId]) -> Result<VecDeque<ReadOutcome>, StoreError> {
        let mut read = VecDeque::new();
        {
            let _view = self.view()?;
            let mut bytes = 0;
            for id in ids.iter().take(DELIVERIES) {
                let outcome = self.with_diagnosis(*id);
                if let Ok(Some(DeliveryAndDiagnosis { delivery, .. })) = &outcome {
                    bytes += delivery.head.bytes().len() + delivery.body.len();
                }
                read.push_back(outcome);
                if bytes >= BYTES {
                    break;
                }
            }
        }
        // Pruning others may have moved a record since the view began.
        for (outcome, id) in read.iter_mut().zip(ids) {
            if matches!(outcome, Err(StoreError::RecordLost { .. })) {
                *outcome = self.with_diagnosis(*id);
            }
        }
        Ok(read)
    }

    fn with_diagnosis(&self, id: DeliveryId) -> ReadOutcome {
        let Some(delivery) = self.load_nearby(id)? else { return Ok(None) };
        Ok(Some(DeliveryAndDiagnosis { delivery, diagnosis: self.diagnosis(id)? }))
    }
}

impl Deliveries<'_> {
    fn read_on(&mut self) -> Result<(), StoreError> {
        self.read = self.reader.first_of(self.ids)?;
        self.ids = self.ids.get(self.read.len()..).unwrap_or_default();
        Ok(())
    }
}

impl Iterator for Deliveries<'_> {
    type Item = ReadOutcome;

    fn next(&mut self) -> Option<ReadOutcome> {
        if self.read.is_empty()
            && !self.ids.is_empty()
            && let Err(error) = self.read_on()
        {
            // Not even a view of the store could be had: that is so for all of them.
            self.ids = &[];
            return Some(Err(error));
        }
        self.read.pop_front()
    }
}
