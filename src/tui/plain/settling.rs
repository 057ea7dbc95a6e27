//! Whether everything that the listener has received is announced and in the list: `wait` has its result only then, and
//! nothing ends before.

use std::time::{Duration, Instant};

use crate::delivery::{DeliveryId, Summary};
use crate::tui::app::model::Model;
use crate::tui::event_loop::AnnouncedTo;

/// Between two looks.
pub(super) const STEP: Duration = Duration::from_millis(10);
/// A response is in the store a moment after its sender has it. What has none after this waits for something else, such
/// as a rule or an upstream.
const OPEN: Duration = Duration::from_secs(1);
/// The causes of many deliveries take a while. This is reached only where the store cannot be read.
const LONGEST: Duration = Duration::from_secs(10);

/// A wait for what is under way to be shown.
pub(super) struct Settling {
    /// The first look that counts.
    first: u64,
    begun: Instant,
    /// Deliveries up to this one are from before, and have no line.
    before: DeliveryId,
    /// How far the announcements are, once that is far enough.
    announced: Option<AnnouncedTo>,
}

impl Settling {
    /// Begins with the look that was asked for just now.
    pub(super) fn begin(first: u64, before: DeliveryId, now: Instant) -> Self {
        Self { first, begun: now, before, announced: None }
    }

    /// Takes in how far the announcements are. Held deliveries wait for a person, and are not waited for.
    pub(super) fn announced(&mut self, to: AnnouncedTo, model: &Model, now: Instant) {
        let is_open = to.open.iter().any(|id| model.answers.held_one(*id).is_none());
        if to.look >= self.first && (!is_open || now.duration_since(self.begun) >= OPEN) {
            self.announced = Some(to);
        }
    }

    /// Whether everything is announced.
    pub(super) fn is_announced(&self) -> bool {
        self.announced.is_some()
    }

    /// Whether the list shows it as well.
    pub(super) fn is_done(&self, model: &Model, now: Instant) -> bool {
        let is_listed = |to: &AnnouncedTo| {
            // A row that was read before its answer came is read again.
            let is_old = |row: &Summary| {
                let was_announced = row.id > self.before && row.id <= to.newest && !to.open.contains(&row.id);
                was_announced && row.answer.is_none() && !row.is_imported()
            };
            model.last >= to.newest && model.list.is_settled() && !model.list.rows().iter().any(is_old)
        };
        self.announced.as_ref().is_some_and(is_listed) || now.duration_since(self.begun) >= LONGEST
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::app::message::Message;
    use crate::tui::app::update::update;
    use crate::tui::app::view::tests::{delivery, model, secrets};

    fn to(look: u64, open: &[i64]) -> AnnouncedTo {
        AnnouncedTo { look, newest: DeliveryId(2), open: open.iter().copied().map(DeliveryId).collect() }
    }

    #[test]
    fn it_ends_once_what_came_is_announced_and_listed() {
        let first = delivery(1, b"{}", "a webhook secret", "");
        let mut model = model(std::slice::from_ref(&first), secrets());
        let now = Instant::now();
        let mut settling = Settling::begin(7, DeliveryId(0), now);
        settling.announced(to(6, &[]), &model, now);
        assert!(!settling.is_announced(), "an earlier look may have missed it");
        settling.announced(to(7, &[2]), &model, now);
        assert!(!settling.is_announced(), "its response is not in the store yet");
        settling.announced(to(8, &[]), &model, now);
        assert!(settling.is_announced() && !settling.is_done(&model, now), "the list does not know of 2");
        update(&mut model, Message::Stored { last: DeliveryId(2), stats: Default::default() });
        assert!(!settling.is_done(&model, now), "its row is being read");
        assert!(settling.is_done(&model, now + LONGEST));
    }

    #[test]
    fn what_waits_for_something_else_is_not_waited_for() {
        let model = model(&[], secrets());
        let now = Instant::now();
        let mut settling = Settling::begin(1, DeliveryId(0), now);
        settling.announced(to(1, &[2]), &model, now + OPEN);
        assert!(settling.is_announced());
    }
}
