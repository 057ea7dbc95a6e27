//! What was said of a run, for interfaces in other processes: the same that its own interface is told.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};

use serde::{Deserialize, Serialize};

use super::listener::SecretNews;
use super::{Changes, GivenSecret, MarkedElsewhere, ServerEvent};
use crate::store::Freed;

/// News that are kept; the oldest go first. Whoever is further behind has missed some.
const KEPT: usize = 64;

/// One thing that was said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ListenerNews {
    /// Deliveries could not be kept; in words.
    StoreFault(String),
    /// The retention has deleted deliveries.
    Retired(Freed),
    /// Somebody has deleted deliveries for good.
    Pruned(Freed),
    /// Somebody has changed marks, deleted or brought back.
    Marked(MarkedElsewhere),
    /// Somebody has given a secret for this run.
    SecretGiven(GivenSecret),
    /// Somebody has taken back the secret with this label.
    SecretRemoved(String),
    /// The configuration file was reloaded: the number of active rules, and the file.
    Rules(usize, PathBuf),
    /// Something a person should know, in words.
    Warning(String),
    /// A secret arrived by a sender's handshake.
    Secret(SecretNews),
}

impl ListenerNews {
    /// What an event says to others than the face that it goes to.
    fn of(event: &ServerEvent) -> Option<Self> {
        match event {
            ServerEvent::StoreFault(error) => Some(Self::StoreFault(error.to_string())),
            ServerEvent::Retired(freed) => Some(Self::Retired(*freed)),
            ServerEvent::Pruned(freed) => Some(Self::Pruned(*freed)),
            ServerEvent::Marked(marked) => Some(Self::Marked(marked.clone())),
            ServerEvent::SecretGiven(given) => Some(Self::SecretGiven(given.clone())),
            ServerEvent::SecretRemoved(label) => Some(Self::SecretRemoved(label.clone())),
            ServerEvent::Rules(count, file) => Some(Self::Rules(*count, file.clone())),
            ServerEvent::RulesFault(words) | ServerEvent::RulesRemark(words) | ServerEvent::Hook(words) => {
                Some(Self::Warning(words.clone()))
            }
            _ => None,
        }
    }
}

/// Who has caused something: an attached interface by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct InterfaceNumber(pub u64);

/// The latest news of a run.
#[derive(Debug, Default)]
pub struct NewsBoard {
    ring: Mutex<NewsRing>,
    changes: Changes,
}

#[derive(Debug, Default)]
struct NewsRing {
    last: u64,
    news: VecDeque<(u64, Option<InterfaceNumber>, ListenerNews)>,
}

impl NewsBoard {
    fn lock(&self) -> MutexGuard<'_, NewsRing> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds one, caused by an attached interface or by nobody who is attached.
    pub fn tell(&self, news: ListenerNews, by: Option<InterfaceNumber>) {
        {
            let mut ring = self.lock();
            ring.last += 1;
            let number = ring.last;
            if ring.news.len() >= KEPT {
                ring.news.pop_front();
            }
            ring.news.push_back((number, by, news));
        }
        self.changes.tell();
    }

    /// The number of the latest.
    #[must_use]
    pub fn last(&self) -> u64 {
        self.lock().last
    }

    /// Those after `number` that `reader` has not caused itself, and the number of the latest.
    #[must_use]
    pub fn after(&self, number: u64, reader: InterfaceNumber) -> (u64, Vec<ListenerNews>) {
        let ring = self.lock();
        let is_new = |(at, by, _): &&(u64, Option<InterfaceNumber>, _)| *at > number && *by != Some(reader);
        (ring.last, ring.news.iter().filter(is_new).map(|(.., news)| news.clone()).collect())
    }

    /// Told when there is more.
    #[must_use]
    pub fn changes(&self) -> &Changes {
        &self.changes
    }
}

/// Sends events to the face that runs a session, and puts what others should hear on the board.
#[derive(Debug, Clone)]
pub struct EventSender {
    events: mpsc::Sender<ServerEvent>,
    news: Arc<NewsBoard>,
}

impl EventSender {
    /// To this face and this board.
    #[must_use]
    pub fn new(events: mpsc::Sender<ServerEvent>, news: Arc<NewsBoard>) -> Self {
        Self { events, news }
    }

    /// Sends it.
    ///
    /// # Errors
    ///
    /// When the face has ended.
    pub fn send(&self, event: ServerEvent) -> Result<(), mpsc::SendError<ServerEvent>> {
        self.send_by(event, None)
    }

    /// Sends what an attached interface has caused.
    ///
    /// # Errors
    ///
    /// When the face has ended.
    pub fn send_by(&self, event: ServerEvent, by: Option<InterfaceNumber>) -> Result<(), mpsc::SendError<ServerEvent>> {
        if let Some(news) = ListenerNews::of(&event) {
            self.news.tell(news, by);
        }
        self.events.send(event)
    }

    /// The way to the face alone.
    pub(crate) fn into_sender(self) -> mpsc::Sender<ServerEvent> {
        self.events
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warning(words: &str) -> ListenerNews {
        ListenerNews::Warning(words.to_owned())
    }

    #[test]
    fn each_reader_hears_what_others_have_caused_once() {
        let board = NewsBoard::default();
        let [one, other] = [1, 2].map(InterfaceNumber);
        board.tell(warning("before"), None);
        let begun = board.last();
        board.tell(warning("of one"), Some(one));
        board.tell(warning("of nobody"), None);
        assert_eq!(board.after(begun, one), (3, vec![warning("of nobody")]));
        assert_eq!(board.after(begun, other), (3, vec![warning("of one"), warning("of nobody")]));
        assert_eq!(board.after(3, other), (3, Vec::new()));
    }

    #[test]
    fn the_board_keeps_the_latest() {
        let board = NewsBoard::default();
        (0..KEPT + 5).for_each(|at| board.tell(warning(&at.to_string()), None));
        let (last, news) = board.after(0, InterfaceNumber(1));
        assert_eq!((last, news.len()), (KEPT as u64 + 5, KEPT));
        assert_eq!(news[0], warning("5"));
    }

    #[test]
    fn an_event_goes_to_the_face_and_onto_the_board() {
        let board = Arc::new(NewsBoard::default());
        let (sender, received) = mpsc::channel();
        let events = EventSender::new(sender, Arc::clone(&board));
        events.send(ServerEvent::Hook("it failed".to_owned())).unwrap();
        events.send(ServerEvent::Resized).unwrap();
        assert_eq!(received.try_iter().count(), 2);
        assert_eq!(board.after(0, InterfaceNumber(1)).1, [warning("it failed")]);
    }
}
