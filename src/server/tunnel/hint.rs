//! What the watch of the tunnels is told by others: that something may have changed, what was learnt, what was started.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use super::found::SourceAnswer;
use crate::config::TunnelName;

/// A sign that the tunnels may have changed: a delivery that came through one, a person at the keyboard. The watch then
/// asks soon, however long it had meant to wait. Cheap to clone and to give.
#[derive(Debug, Clone, Default)]
pub struct Hint(Arc<Signs>);

#[derive(Debug, Default)]
struct Signs {
    /// Whether a sign was given that nobody has taken.
    is_given: Mutex<bool>,
    /// For the task that waits for it in tests, which steer the time.
    #[cfg(test)]
    given: tokio::sync::Notify,
    given_to_thread: Condvar,
    learns: AtomicBool,
    learnt: Mutex<Option<Learnt>>,
    /// What is known of the tunnel that this run has started.
    started: Mutex<Option<(TunnelName, SourceAnswer)>>,
}

#[derive(Debug, Clone)]
struct Learnt {
    url: String,
    /// Whether the delivery's signature was right.
    is_verified: bool,
}

impl Hint {
    /// Gives the sign; any number of them before the next question count as one.
    pub fn give(&self) {
        *self.0.is_given.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.0.given_to_thread.notify_one();
        #[cfg(test)]
        self.0.given.notify_one();
    }

    #[cfg(test)]
    fn take(&self) -> bool {
        std::mem::take(&mut *self.0.is_given.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits for a sign.
    #[cfg(test)]
    pub(super) async fn given(&self) {
        while !self.take() {
            self.0.given.notified().await;
        }
    }

    /// Waits for a sign for `time` at most (without end for `None`) and in the calling thread, which sleeps in one piece: a runtime's
    /// timer wakes several times on its way to a moment that is minutes away. Whether a sign was given.
    pub(super) fn given_within(&self, time: Option<Duration>) -> bool {
        let is_given = self.0.is_given.lock().unwrap_or_else(PoisonError::into_inner);
        let waits = |is_given: &mut bool| !*is_given;
        let mut is_given = match time {
            Some(time) => {
                let waited = self.0.given_to_thread.wait_timeout_while(is_given, time, waits);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
            None => self.0.given_to_thread.wait_while(is_given, waits).unwrap_or_else(PoisonError::into_inner),
        };
        std::mem::take(&mut *is_given)
    }

    /// Whether anybody wants to know which URL a delivery was sent to.
    #[must_use]
    pub fn learns(&self) -> bool {
        self.0.learns.load(Ordering::Relaxed)
    }

    pub(super) fn set_learns(&self, learns: bool) {
        self.0.learns.store(learns, Ordering::Relaxed);
    }

    /// Tells of the public URL that a delivery was sent to. The newest counts, but none of a delivery whose signature was
    /// not right after one whose was: anybody can send anything with any `Host`.
    pub fn learn(&self, url: String, is_verified: bool) {
        let mut learnt = self.0.learnt.lock().unwrap_or_else(PoisonError::into_inner);
        let is_less = learnt.as_ref().is_some_and(|known| known.is_verified && !is_verified);
        let is_known = learnt.as_ref().is_some_and(|known| known.url == url && known.is_verified == is_verified);
        if !is_less && !is_known {
            *learnt = Some(Learnt { url, is_verified });
            self.give();
        }
    }

    pub(super) fn learnt(&self) -> Option<String> {
        let learnt = self.0.learnt.lock().unwrap_or_else(PoisonError::into_inner);
        learnt.as_ref().map(|learnt| learnt.url.clone())
    }

    /// Tells what is known of the tunnel that this run has started.
    pub(super) fn report(&self, name: TunnelName, answer: SourceAnswer) {
        *self.0.started.lock().unwrap_or_else(PoisonError::into_inner) = Some((name, answer));
        self.give();
    }

    pub(super) fn started(&self) -> Option<(TunnelName, SourceAnswer)> {
        self.0.started.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_is_taken_once_by_whoever_waits() {
        let hint = Hint::default();
        assert!(!hint.given_within(Some(Duration::ZERO)));
        hint.give();
        hint.give();
        assert!(hint.given_within(None) && !hint.given_within(Some(Duration::from_millis(1))));
        let giver = hint.clone();
        let gives = std::thread::spawn(move || giver.give());
        assert!(hint.given_within(Some(Duration::from_secs(600))));
        gives.join().unwrap();
        hint.give();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(hint.given());
        assert!(!hint.given_within(Some(Duration::ZERO)));
    }

    #[test]
    fn what_anybody_could_have_sent_does_not_displace_what_a_signature_protects() {
        let hint = Hint::default();
        let learn = |url: &str, is_verified| {
            hint.learn(url.to_owned(), is_verified);
            hint.learnt().unwrap_or_default()
        };
        assert_eq!(learn("https://a.example", false), "https://a.example");
        assert_eq!(learn("https://b.example", false), "https://b.example");
        assert_eq!(learn("https://c.example", true), "https://c.example");
        assert_eq!(learn("https://evil.example", false), "https://c.example");
        assert_eq!(learn("https://d.example", true), "https://d.example");
    }
}
