//! The thread that looks for an event's ids in earlier deliveries, once the selection rests.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};

use super::priority::give_way;
use super::rest::Resting;
use crate::delivery::DeliveryId;
use crate::inspect::Recall;
use crate::payload::contract::Id;
use crate::store::{Location, Reader, StoreError};
use crate::tui::app::message::Message;

type Job = (u64, DeliveryId, Vec<Id>);

/// Takes ids; the earlier deliveries with them come back as a message.
pub(crate) struct Recaller {
    jobs: mpsc::Sender<Job>,
    newest: Arc<AtomicU64>,
}

impl Recaller {
    /// Starts the thread.
    pub(crate) fn start(location: &Location, send: impl Fn(Message) + Send + 'static) -> Result<Self, StoreError> {
        let reader = Reader::open(location)?;
        let newest = Arc::<AtomicU64>::default();
        let asked = Arc::clone(&newest);
        let (jobs, queue) = mpsc::channel();
        std::thread::Builder::new()
            .name("whyhook-recall".to_owned())
            .spawn(move || run(Resting::patient(queue), &reader, &asked, &send))
            .map_err(|source| StoreError::Io {
                action: "start the reader of",
                path: location.file().to_owned(),
                source,
            })?;
        Ok(Self { jobs, newest })
    }

    /// Searches for `ids` before the delivery `id`, and cancels the previous search.
    pub(crate) fn ask(&self, id: DeliveryId, ids: Vec<Id>) {
        let number = self.newest.fetch_add(1, Ordering::AcqRel) + 1;
        let _ = self.jobs.send((number, id, ids));
    }
}

fn run(mut queue: Resting<Job>, reader: &Reader, newest: &AtomicU64, send: &impl Fn(Message)) {
    give_way();
    let mut recall = Recall::default();
    while let Some((number, id, ids)) = queue.next(|_| false) {
        let go_on = || newest.load(Ordering::Acquire) == number;
        tracing::debug!(delivery = id.0, ids = ids.len(), "search for ids begun");
        // A read error is shown where the delivery itself is.
        if let Ok(Some(found)) = recall.look(reader, id, &ids, &go_on) {
            send(Message::Recalled(id, found));
        }
    }
}
