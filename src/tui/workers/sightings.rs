//! The thread that looks for an event's ids in earlier deliveries, once the selection rests.

use super::latest_wins::{LatestWins, Rest};
use crate::delivery::DeliveryId;
use crate::inspect::Recall;
use crate::payload::contract::Id;
use crate::store::{Location, Reader};
use crate::tui::app::message::Message;
use crate::tui::error::TuiError;

/// Takes ids; the earlier deliveries with them come back as a message.
pub(crate) struct SightingsWorker(LatestWins<(DeliveryId, Vec<Id>)>);

impl SightingsWorker {
    /// Starts the thread.
    pub(crate) fn start(location: &Location, send: impl Fn(Message) + Send + 'static) -> Result<Self, TuiError> {
        let reader = Reader::open(location)?;
        let mut recall = Recall::default();
        let look = move |(id, ids): (DeliveryId, Vec<Id>), is_wanted: &dyn Fn() -> bool| {
            // A read error is shown where the delivery itself is.
            if let Ok(Some(found)) = recall.look(&reader, id, &ids, &is_wanted) {
                send(Message::Recalled(id, found));
            }
        };
        Ok(Self(LatestWins::start_giving_way("whyhook-recall", Rest::Patient, look)?))
    }

    /// Searches for `ids` before the delivery `id`, and cancels the previous search.
    pub(crate) fn ask(&self, id: DeliveryId, ids: Vec<Id>) {
        self.0.ask((id, ids));
    }
}
