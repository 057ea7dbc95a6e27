//! What the listener says: other secrets and schemes, and the messages of one in another process.

use std::sync::Arc;

use super::EventLoop;
use crate::server::{GivenSecret, ListenerNews};
use crate::tui::app::message::Message;
use crate::tui::error::TuiError;
use crate::tui::screens::answers::state::AnswersNews;
use crate::tui::workers::{schemes, send};

impl EventLoop {
    /// Takes in the current secrets and schemes, and what was heard of secrets that arrived by handshakes.
    pub(in crate::tui) fn secrets_received(&mut self) -> Result<(), TuiError> {
        self.watch.secrets.look();
        self.registry_changed()?;
        let news = self.listener.secret_news();
        news.into_iter().try_for_each(|news| self.message(Message::SecretReceived(news)))
    }

    /// Takes in the webhooks, secrets and schemes, where they are others than the model knows.
    pub(super) fn registry_changed(&mut self) -> Result<(), TuiError> {
        let registry = self.listener.registry();
        if Arc::ptr_eq(&registry, &self.registry) {
            return Ok(());
        }
        let before = std::mem::replace(&mut self.registry, Arc::clone(&registry));
        self.model.sending.receivers = send::receivers(&registry);
        let adopted = schemes::adopted(&registry);
        if adopted != schemes::adopted(&before) {
            self.message(Message::Adopted(adopted))?;
        }
        if registry.has_secrets_of(&before) {
            Ok(())
        } else {
            self.message(Message::Secrets(registry.described_secrets()))
        }
    }

    /// Takes in a secret that another process has given, or the label of one that it has taken back.
    pub(super) fn secrets_elsewhere(&mut self, given: Result<GivenSecret, String>) -> Result<(), TuiError> {
        self.registry_changed()?;
        self.message(Message::SecretElsewhere(given))
    }

    /// Takes in what a listener in another process says.
    pub(super) fn news(&mut self, news: ListenerNews) -> Result<(), TuiError> {
        match news {
            ListenerNews::StoreFault(words) => self.message(Message::StoreFault(words)),
            ListenerNews::Retired(freed) => self.message(Message::Retired(freed.deliveries, freed.bytes)),
            ListenerNews::Pruned(freed) => self.message(Message::Pruned(freed.deliveries, freed.bytes)),
            ListenerNews::Marked(marked) => self.message(Message::MarkedElsewhere(marked)),
            ListenerNews::SecretGiven(given) => self.secrets_elsewhere(Ok(given)),
            ListenerNews::SecretRemoved(label) => self.secrets_elsewhere(Err(label)),
            ListenerNews::Rules(count, file) => {
                self.answers()?;
                self.message(Message::Answers(AnswersNews::Reloaded(count, file)))
            }
            ListenerNews::Warning(words) => self.message(Message::Warn(words)),
            ListenerNews::Secret(news) => self.message(Message::SecretReceived(news)),
        }
    }
}
