//! Deliveries that wait for the person: their bytes are on disk, their senders have no answer yet.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{oneshot, watch};

use crate::delivery::DeliveryId;
use crate::rules::{Held, Hold, TimedResponse, short};
use crate::server::Changes;

/// The most deliveries held at once: half of the connections, so that others are still answered.
pub const HELD_LIMIT: usize = 512;

/// The delivery is not held: it has been answered, its sender hung up, or it never was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("delivery {0} is not held")]
pub struct NotHeld(pub DeliveryId);

/// How holding ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// The person has decided.
    Decided(TimedResponse),
    /// The time was up.
    TimedOut,
    /// The program ends.
    Released,
    /// The person does not want to wait for its default.
    LetGo,
    /// The sender hung up.
    Gone,
    /// There was no place.
    Full,
}

impl Ended {
    /// As it is logged: what was decided may hold a body.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Decided(_) => "decided",
            Self::TimedOut => "timed out",
            Self::Released => "shutdown",
            Self::LetGo => "released",
            Self::Gone => "sender gone",
            Self::Full => "too many held",
        }
    }
}

/// Everything that is held.
pub(super) struct Holding {
    held: Mutex<BTreeMap<DeliveryId, Entry>>,
    changes: Changes,
    quit: watch::Sender<bool>,
}

struct Entry {
    held: Held,
    decision: oneshot::Sender<Ended>,
}

impl Default for Holding {
    fn default() -> Self {
        Self { held: Mutex::default(), changes: Changes::default(), quit: watch::Sender::new(false) }
    }
}

impl fmt::Debug for Holding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Holding").field("held", &self.lock().len()).finish_non_exhaustive()
    }
}

impl Holding {
    /// Told when something is held or no longer.
    pub(super) fn changes(&self) -> &Changes {
        &self.changes
    }

    /// What is held, the longest waiting first.
    pub(super) fn list(&self) -> Vec<Held> {
        self.lock().values().map(|entry| entry.held.clone()).collect()
    }

    /// How many are held.
    pub(super) fn count(&self) -> usize {
        self.lock().len()
    }

    pub(super) fn decide(&self, id: DeliveryId, act: TimedResponse) -> Result<(), NotHeld> {
        self.end(id, Ended::Decided(act))
    }

    /// Lets one go with its default.
    pub(super) fn let_go(&self, id: DeliveryId) -> Result<(), NotHeld> {
        self.end(id, Ended::LetGo)
    }

    fn end(&self, id: DeliveryId, ended: Ended) -> Result<(), NotHeld> {
        // Under the lock: whoever finds the entry gone finds the decision made.
        let mut held = self.lock();
        let entry = held.remove(&id).ok_or(NotHeld(id))?;
        let sent = entry.decision.send(ended);
        drop(held);
        self.changes.tell();
        sent.map_err(|_| NotHeld(id))
    }

    /// Lets everything go with its default, now and from now on.
    pub(super) fn release(&self) {
        self.quit.send_replace(true);
    }

    /// Resolves once the program ends.
    pub(super) async fn quitting(&self) {
        // The sender lives as long as this.
        let _ = self.quit.subscribe().wait_for(|quit| *quit).await;
    }

    /// Holds a delivery until one of the ends comes; `gone` resolves when its sender hangs up.
    pub(super) async fn hold(
        &self,
        id: DeliveryId,
        hold: &Hold,
        patience: Duration,
        gone: impl Future<Output = ()>,
    ) -> Ended {
        let Some(mut decision) = self.enter(id, hold, patience) else { return Ended::Full };
        // Should this future be dropped, the entry goes with it.
        let place = Place { holding: self, id };
        let ended = tokio::select! {
            biased;
            decided = &mut decision => return decided.unwrap_or(Ended::Gone),
            () = self.quitting() => Ended::Released,
            () = tokio::time::sleep(patience) => Ended::TimedOut,
            () = gone => Ended::Gone,
        };
        let was_open = self.lock().remove(&place.id).is_some();
        if was_open {
            self.changes.tell();
            return ended;
        }
        // Decided in this very moment: what the person chose counts.
        decision.await.unwrap_or(ended)
    }

    fn enter(&self, id: DeliveryId, hold: &Hold, patience: Duration) -> Option<oneshot::Receiver<Ended>> {
        let since = Timestamp::now();
        let until = since.checked_add(patience).unwrap_or(Timestamp::MAX);
        let (decision, decided) = oneshot::channel();
        let mut held = self.lock();
        if held.len() >= HELD_LIMIT {
            return None;
        }
        let default = short(&hold.otherwise);
        held.insert(id, Entry { held: Held { id, since, until, default }, decision });
        drop(held);
        self.changes.tell();
        Some(decided)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<DeliveryId, Entry>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Place<'a> {
    holding: &'a Holding,
    id: DeliveryId,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if self.holding.lock().remove(&self.id).is_some() {
            self.holding.changes.tell();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::rules::{AnswerChoice, RuleReader, RuleResponse, SendManner};

    const LONG: Duration = Duration::from_secs(3600);

    fn hold() -> Hold {
        Hold {
            patience: None,
            otherwise: TimedResponse::from(RuleResponse::Answer(AnswerChoice::Auto, SendManner::Whole)),
        }
    }

    fn act(text: &str) -> TimedResponse {
        let action = RuleReader::default().action(text).unwrap();
        let crate::rules::ActionKind::Do(response) = action.kind else { panic!("{text}") };
        TimedResponse { wait: action.wait, response }
    }

    #[tokio::test]
    async fn each_end_is_told_apart() {
        let holding = Holding::default();
        let id = DeliveryId(1);
        assert_eq!(holding.hold(id, &hold(), Duration::from_millis(1), pending()).await, Ended::TimedOut);
        assert_eq!(holding.hold(id, &hold(), LONG, async {}).await, Ended::Gone);
        let held = hold();
        let (ended, ()) = tokio::join!(holding.hold(id, &held, LONG, pending()), async {
            assert_eq!(holding.list()[0].default, "auto");
            holding.decide(id, act("503")).unwrap();
        });
        assert_eq!(ended, Ended::Decided(act("503")));
        let (ended, ()) = tokio::join!(holding.hold(id, &held, LONG, pending()), async {
            holding.let_go(id).unwrap();
        });
        assert_eq!(ended, Ended::LetGo);
        assert_eq!(holding.decide(id, act("503")), Err(NotHeld(id)));
        assert_eq!(holding.list(), []);
        holding.release();
        assert_eq!(holding.hold(id, &hold(), LONG, pending()).await, Ended::Released);
    }

    #[tokio::test]
    async fn a_bounded_number_is_held_and_none_outlives_its_connection() {
        let holding = Arc::new(Holding::default());
        let held: Vec<_> = (0..HELD_LIMIT as i64)
            .map(|id| {
                let holding = Arc::clone(&holding);
                tokio::spawn(async move { holding.hold(DeliveryId(id), &hold(), LONG, pending()).await })
            })
            .collect();
        while holding.list().len() < HELD_LIMIT {
            tokio::task::yield_now().await;
        }
        assert_eq!(holding.hold(DeliveryId(-1), &hold(), LONG, pending()).await, Ended::Full);
        held.iter().for_each(tokio::task::JoinHandle::abort);
        for task in held {
            let _ = task.await;
        }
        assert_eq!(holding.list(), []);
    }

    #[tokio::test]
    async fn changes_are_told_once_until_they_are_looked_at() {
        let holding = Holding::default();
        let told = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&told);
        let watcher = holding.changes().subscribe(move || {
            count.fetch_add(1, Ordering::Relaxed);
        });
        for id in [1, 2] {
            holding.hold(DeliveryId(id), &hold(), Duration::from_millis(1), pending()).await;
        }
        assert_eq!((told.load(Ordering::Relaxed), watcher.look()), (1, true));
        assert_eq!(holding.list(), []);
        holding.hold(DeliveryId(3), &hold(), Duration::from_millis(1), pending()).await;
        assert_eq!(told.load(Ordering::Relaxed), 2);
    }
}
