//! What the interface asks of its listener, and what follows from the outcome: at once where the listener is in this
//! process, and once it has replied where it is not.

use std::collections::BTreeMap;

use zeroize::Zeroizing;

use super::{EventLoop, Wake};
use crate::config::TYPED_LABEL;
use crate::delivery::{DeliveryId, MarksEdit};
use crate::server::{ListenerRequest, RequestOutcome, RequestReply};
use crate::signature::{Secret, SecretOrigin, SecretRemark};
use crate::tui::app::message::Message;
use crate::tui::error::TuiError;
use crate::tui::screens::answers::state::{AnswersEffect, AnswersNews};
use crate::tui::screens::send::task::SendTask;
use crate::tui::screens::signature::state::EnteredSecret;

/// What a request was made for.
#[derive(Debug)]
pub(crate) enum RequestPurpose {
    /// Another answer or other rules.
    Answers,
    /// The decision about this many held deliveries.
    Decisions(usize),
    /// A secret that was entered.
    EnteredSecret(EnteredSecret),
    /// Another secret or scheme.
    Registry,
    /// A temporary secret, to send this with.
    TestWith(SendTask),
    /// Other marks.
    Marks(Vec<DeliveryId>, MarksEdit),
    /// The end of jobs.
    Jobs,
    /// How the listener is.
    Status,
}

/// Requests that have no outcome yet.
#[derive(Debug, Default)]
pub(crate) struct PendingRequests {
    last: u64,
    purposes: BTreeMap<u64, RequestPurpose>,
}

impl PendingRequests {
    fn begin(&mut self, purpose: RequestPurpose) -> u64 {
        self.last += 1;
        self.purposes.insert(self.last, purpose);
        self.last
    }

    /// Whether all were replied to.
    pub(crate) fn is_empty(&self) -> bool {
        self.purposes.is_empty()
    }
}

impl EventLoop {
    /// Asks the listener for something.
    pub(super) fn ask(&mut self, request: ListenerRequest, purpose: RequestPurpose) -> Result<(), TuiError> {
        let (number, wakes) = (self.requests.begin(purpose), self.wakes.clone());
        let later = move |outcome| {
            let _ = wakes.send(Wake::Replied(number, outcome));
        };
        match self.listener.ask(request, Box::new(later)) {
            Some(outcome) => self.replied(number, outcome),
            None => Ok(()),
        }
    }

    /// Asks for another answer, other rules, or the end of what is held.
    pub(super) fn ask_of_answers(&mut self, effect: AnswersEffect) -> Result<(), TuiError> {
        match effect {
            AnswersEffect::Choose(chosen) => {
                self.ask(ListenerRequest::Choose(chosen.map(|chosen| *chosen)), RequestPurpose::Answers)
            }
            AnswersEffect::SetRules(rules) => self.ask(ListenerRequest::SetRules(rules), RequestPurpose::Answers),
            AnswersEffect::Decide(ids, act) => {
                let count = ids.len();
                self.ask(ListenerRequest::Decide(ids, *act), RequestPurpose::Decisions(count))
            }
            AnswersEffect::LetGo(ids) => {
                let count = ids.len();
                self.ask(ListenerRequest::LetGo(ids), RequestPurpose::Decisions(count))
            }
            effect => {
                self.answers_worker.perform(effect, self.messenger());
                Ok(())
            }
        }
    }

    /// Verifies with a secret that was entered, and says what is odd about it.
    pub(super) fn use_secret(&mut self, bytes: Zeroizing<Vec<u8>>) -> Result<(), TuiError> {
        let replaces = self.listener.registry().keyring().get(TYPED_LABEL).is_some();
        let remarks = Secret::new(TYPED_LABEL, bytes.to_vec(), SecretOrigin::Typed).remarks();
        let remarks = remarks.into_iter().map(SecretRemark::words).collect();
        self.ask(
            ListenerRequest::EnterSecret(bytes),
            RequestPurpose::EnteredSecret(EnteredSecret { replaces, remarks }),
        )
    }

    /// What follows from the outcome of a request.
    pub(super) fn replied(&mut self, number: u64, outcome: RequestOutcome) -> Result<(), TuiError> {
        let Some(purpose) = self.requests.purposes.remove(&number) else { return Ok(()) };
        match (purpose, outcome) {
            (RequestPurpose::Marks(ids, edit), outcome) => {
                let changed = outcome.map(|reply| match reply {
                    RequestReply::Done(changed) => changed,
                    RequestReply::Status(_) => 0,
                });
                self.message(Message::Marked(ids, edit, changed.map_err(|error| error.to_string())))
            }
            (RequestPurpose::Decisions(of), Ok(RequestReply::Done(done))) => {
                self.answers()?;
                self.message(Message::Answers(AnswersNews::Decided(done, of.saturating_sub(done))))
            }
            (RequestPurpose::Answers, Ok(_)) => self.answers(),
            (RequestPurpose::Answers | RequestPurpose::Decisions(_), Err(error)) => {
                self.answers()?;
                self.message(Message::Answers(AnswersNews::Refused(error.to_string())))
            }
            (RequestPurpose::EnteredSecret(entered), Ok(_)) => {
                self.registry_changed()?;
                self.message(Message::SecretEntered(entered))
            }
            (RequestPurpose::Registry, Ok(_)) => self.registry_changed(),
            (RequestPurpose::TestWith(task), Ok(_)) => {
                self.registry_changed()?;
                self.sender.take(task);
                Ok(())
            }
            (RequestPurpose::Status, Ok(RequestReply::Status(status))) => self.message(Message::Status(status)),
            (
                RequestPurpose::EnteredSecret(_)
                | RequestPurpose::Registry
                | RequestPurpose::TestWith(_)
                | RequestPurpose::Jobs,
                Err(error),
            ) => self.message(Message::Warn(error.to_string())),
            // The next look comes in a second.
            (RequestPurpose::Jobs | RequestPurpose::Status | RequestPurpose::Decisions(_), _) => Ok(()),
        }
    }
}
