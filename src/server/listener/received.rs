//! Secrets that arrive by a sender's handshake, and what is said of them.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use serde::{Deserialize, Serialize};

use super::Control;
use crate::config::{MissingSecret, NotReceived};
use crate::delivery::DeliveryId;
use crate::rules::HandshakeSecret;
use crate::server::{Changes, ListenerNews, NewsBoard};
use crate::text::visible;

/// News that wait to be read; the oldest go first. Whoever knows the URL can cause them.
const WAITING: usize = 16;

/// A secret that a request offers, with the target of the request.
#[derive(Debug)]
pub(super) struct OfferedSecret {
    pub(super) secret: HandshakeSecret,
    pub(super) target: Vec<u8>,
}

/// A secret arrived by a handshake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretNews {
    delivery: DeliveryId,
    sender: String,
    place: String,
    webhook: Option<String>,
    /// The scheme's name.
    scheme: String,
    outcome: Result<(), NotReceived>,
}

impl SecretNews {
    /// `None` where there is nothing new.
    pub(super) fn new(
        delivery: DeliveryId,
        offered: &OfferedSecret,
        webhook: Option<String>,
        outcome: Result<(), NotReceived>,
    ) -> Option<Self> {
        let HandshakeSecret { sender, place, scheme, .. } = offered.secret.clone();
        let news = Self { delivery, sender, place, webhook, scheme, outcome };
        (news.outcome != Err(NotReceived::Known)).then_some(news)
    }

    /// Whether it is used.
    #[must_use]
    pub fn is_used(&self) -> bool {
        self.outcome.is_ok()
    }

    /// What happened and what to do, in a sentence, without the secret.
    #[must_use]
    pub fn words(&self) -> String {
        let Self { delivery, sender, place, .. } = self;
        let words = match &self.outcome {
            Ok(()) => {
                let keep = self.how_to_keep();
                format!(
                    "{sender}'s secret was received by handshake (#{delivery}, {place}) and is used for this run; to keep it, {keep}"
                )
            }
            Err(NotReceived::Configured(label)) => format!(
                "{sender} sent a secret by handshake (#{delivery}, {place}); it is not used, since there is the secret {label}"
            ),
            Err(NotReceived::Another | NotReceived::Known) => format!(
                "{sender} sent another secret by handshake (#{delivery}, {place}); the first one of this run stays. If the \
                 new one is right, select #{delivery} in the interface and adopt its secret"
            ),
        };
        visible(&words).into_owned()
    }

    /// What happened in a few words, for a line of a terminal. `adopt` is what adopts a delivery's secret there: a key or a
    /// command, if there is one.
    #[must_use]
    pub fn brief(&self, adopt: Option<&str>) -> String {
        let Self { delivery, sender, .. } = self;
        let hint = |verb: &str| adopt.map_or_else(String::new, |adopt| format!("; {adopt} on #{delivery} {verb} it"));
        let words = match &self.outcome {
            Ok(()) => {
                let keeps = hint("keeps");
                format!("{sender}'s secret received by handshake (#{delivery}), used for this run{keeps}")
            }
            Err(NotReceived::Configured(label)) => {
                format!("{sender} sent a secret by handshake (#{delivery}); not used: there is the secret {label}")
            }
            Err(NotReceived::Another | NotReceived::Known) => {
                let accepts = hint("accepts");
                format!("another secret of {sender} by handshake (#{delivery}): not used{accepts}")
            }
        };
        visible(&words).into_owned()
    }

    fn how_to_keep(&self) -> String {
        match &self.webhook {
            Some(webhook) => format!("add it to your configuration as the secret of the webhook '{webhook}'"),
            None => format!("set {} to it", MissingSecret::variable(&self.scheme)),
        }
    }
}

impl Control {
    /// Uses a secret that a handshake offers, unless a person's or an earlier one is there; says so to who watches.
    pub(super) fn receive_secret(&self, id: DeliveryId, offered: &OfferedSecret) {
        let outcome = {
            let mut registry = self.registry.write().unwrap_or_else(PoisonError::into_inner);
            let webhook = registry.route(&offered.target).webhook.map(|webhook| webhook.name.clone());
            let changed = registry.with_received_secret(&offered.target, &offered.secret.bytes);
            let outcome = changed.map(|changed| *registry = Arc::new(changed));
            SecretNews::new(id, offered, webhook, outcome)
        };
        if let Some(news) = outcome {
            if news.is_used() {
                self.registry_changes.tell();
            }
            tracing::info!(delivery = id.0, used = news.is_used(), "secret received by a handshake");
            self.received.tell(news);
        }
    }

    /// What has been heard of secrets that arrived by handshakes, each once.
    #[must_use]
    pub fn secret_news(&self) -> Vec<SecretNews> {
        self.received.take()
    }

    /// Has what is heard of secrets told to interfaces in other processes as well. Only the first call counts.
    pub fn set_news(&self, board: Arc<NewsBoard>) {
        let _ = self.received.board.set(board);
    }

    /// Told when there is more of [`Control::secret_news`], and when secrets, webhooks or schemes were changed.
    #[must_use]
    pub fn secret_changes(&self) -> &Changes {
        self.received.changes()
    }
}

/// What was heard, for whoever watches.
#[derive(Debug, Default)]
pub(super) struct ReceivedSecrets {
    news: Mutex<VecDeque<SecretNews>>,
    board: OnceLock<Arc<NewsBoard>>,
    changes: Changes,
}

impl ReceivedSecrets {
    pub(super) fn tell(&self, news: SecretNews) {
        if let Some(board) = self.board.get() {
            board.tell(ListenerNews::Secret(news.clone()), None);
        }
        let mut waiting = self.news.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() >= WAITING {
            waiting.pop_front();
        }
        waiting.push_back(news);
        drop(waiting);
        self.changes.tell();
    }

    pub(super) fn take(&self) -> Vec<SecretNews> {
        self.news.lock().unwrap_or_else(PoisonError::into_inner).drain(..).collect()
    }

    pub(super) fn changes(&self) -> &Changes {
        &self.changes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_adopts_a_secret_is_named_as_the_interface_has_it() {
        let news = |outcome| SecretNews {
            delivery: DeliveryId(7),
            sender: "Asana".to_owned(),
            place: "X-Hook-Secret".to_owned(),
            webhook: None,
            scheme: "asana".to_owned(),
            outcome,
        };
        let (used, other) = (news(Ok(())), news(Err(NotReceived::Another)));
        for adopt in ["O", "^G", "adopt"] {
            assert!(used.brief(Some(adopt)).ends_with(&format!("for this run; {adopt} on #7 keeps it")));
            assert!(other.brief(Some(adopt)).ends_with(&format!("not used; {adopt} on #7 accepts it")));
        }
        assert!(used.brief(None).ends_with("used for this run") && other.brief(None).ends_with("not used"));
        // Where no keys are known, none is named.
        assert!(other.words().ends_with("select #7 in the interface and adopt its secret"), "{}", other.words());
    }
}
