//! What the watch of the tunnels is told by others: that something may have changed, what was learnt, what was started.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use super::found::SourceAnswer;
use crate::config::TunnelName;

/// A sign that the tunnels may have changed: a delivery that came through one, a person at the keyboard. The watch then
/// asks soon, however long it had meant to wait. Cheap to clone and to give.
#[derive(Debug, Clone, Default)]
pub struct Hint(Arc<Signs>);

#[derive(Debug, Default)]
struct Signs {
    given: Notify,
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
        self.0.given.notify_one();
    }

    pub(super) async fn given(&self) {
        self.0.given.notified().await;
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
