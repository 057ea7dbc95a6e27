//! Many deliveries one after another, for exports. Some are read at a time, so that SQLite takes its locks once for all
//! of these; none is read while one that was handed out is still being written somewhere: that may take hours, and
//! the index's write-ahead log could not be cut meanwhile.

use std::collections::VecDeque;
use std::sync::mpsc;

use super::{Location, Reader, StoreError};
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
    /// Those whose outcome has not come yet.
    ids: &'a [DeliveryId],
    read: VecDeque<ReadOutcome>,
    beside: Option<ReadingBeside>,
}

/// A thread that reads ahead with a connection of its own, while what it has read is being written.
#[derive(Debug)]
struct ReadingBeside {
    ask: mpsc::Sender<Vec<DeliveryId>>,
    outcomes: mpsc::Receiver<VecDeque<ReadOutcome>>,
    /// How many of the first that have not come were asked for.
    asked: usize,
}

impl Reader {
    /// The deliveries of these numbers in this order, an outcome for each. Many are read on a thread of their own. Holds
    /// some MiB of them, or a few that are larger.
    pub fn deliveries<'a>(&'a self, ids: &'a [DeliveryId]) -> Deliveries<'a> {
        // Without a thread it only takes longer.
        let beside = if ids.len() > DELIVERIES { ReadingBeside::start(self.location()).ok() } else { None };
        Deliveries { reader: self, ids, read: VecDeque::new(), beside }
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
        let Some(delivery) = self.load(id)? else { return Ok(None) };
        Ok(Some(DeliveryAndDiagnosis { delivery, diagnosis: self.diagnosis(id)? }))
    }
}

impl ReadingBeside {
    fn start(location: &Location) -> Result<Self, StoreError> {
        let reader = Reader::open(location)?;
        let (ask, asked) = mpsc::channel::<Vec<DeliveryId>>();
        // Until somebody takes what was read, nothing more is.
        let (send, outcomes) = mpsc::sync_channel(1);
        std::thread::Builder::new()
            .name("whyhook-reader".to_owned())
            .spawn(move || {
                for ids in asked {
                    let mut ids = ids.as_slice();
                    while !ids.is_empty() {
                        // Nobody to send to: nobody wants the rest. No view to be had: the other side tries, and tells.
                        let Ok(read) = reader.first_of(ids) else { return };
                        ids = ids.get(read.len()..).unwrap_or_default();
                        if send.send(read).is_err() {
                            return;
                        }
                    }
                }
            })
            .map_err(|source| StoreError::io(location.file(), "start the reader of", source))?;
        Ok(Self { ask, outcomes, asked: 0 })
    }

    /// The outcomes of some of the first of `ids`; `None` when the thread has ended.
    fn next_of(&mut self, ids: &[DeliveryId]) -> Option<VecDeque<ReadOutcome>> {
        while self.asked <= DELIVERIES && self.asked < ids.len() {
            let next: Vec<DeliveryId> = ids.iter().skip(self.asked).take(DELIVERIES).copied().collect();
            self.asked += next.len();
            self.ask.send(next).ok()?;
        }
        let read = self.outcomes.recv().ok()?;
        self.asked = self.asked.saturating_sub(read.len());
        Some(read)
    }
}

impl Deliveries<'_> {
    fn read_on(&mut self) -> Result<(), StoreError> {
        let beside = self.beside.as_mut().and_then(|beside| beside.next_of(self.ids));
        self.read = match beside {
            Some(read) => read,
            None => {
                self.beside = None;
                self.reader.first_of(self.ids)?
            }
        };
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
