//! The threads that send and look up: one sending at a time, off the interface's thread, cancelled on
//! request. Look-ups do not wait for a sending.

mod check;
mod lookups;
mod probe;
mod replay;
mod simulate;
mod test_event;

use std::cell::RefCell;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError, mpsc};

use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use crate::config::{Registry, Settings};
use crate::delivery::Attempt;
use crate::http::{Client, Failure, Target};
use crate::server::ShownListener;
use crate::store::Location;
use crate::system::thread;
use crate::tui::app::message::Message;
use crate::tui::error::TuiError;
use crate::tui::screens::send::state::{Receiver, SentOfMany};
use crate::tui::screens::send::task::{News, SendTask};
use crate::tui::widgets::short_latency;

/// Why nothing is sent.
enum Halt {
    /// These are non-loopback hosts, and the person has not agreed yet.
    Ask(String),
    /// Anything else.
    Because(String),
}

impl<E: std::error::Error> From<E> for Halt {
    fn from(error: E) -> Self {
        Self::Because(error.to_string())
    }
}

/// Bytes of a temporary secret: as many as the digest has.
const SECRET_BYTES: usize = 32;

/// Takes what is to be sent; the results come as messages.
pub(crate) struct SendWorker {
    jobs: mpsc::Sender<(SendTask, CancellationToken)>,
    lookups: mpsc::Sender<SendTask>,
    /// Cancels what is being sent.
    cancel: Mutex<CancellationToken>,
}

impl SendWorker {
    /// Starts the thread.
    pub(crate) fn start(
        listener: &Arc<dyn ShownListener>,
        tell: impl Fn(Message) + Clone + Send + 'static,
    ) -> Result<Self, TuiError> {
        let location = listener.location().clone();
        let lookups = lookups::start(&location, Arc::clone(listener), tell.clone())?;
        let worker =
            Worker { listener: Arc::clone(listener), location, consented: RefCell::default(), tell: Box::new(tell) };
        let (jobs, queue) = mpsc::channel();
        thread::spawn("whyhook-sender", move || worker.run(&queue))?;
        Ok(Self { jobs, lookups, cancel: Mutex::default() })
    }

    /// Queues a task, or cancels the running one.
    pub(crate) fn take(&self, task: SendTask) {
        if task.is_lookup() {
            let _ = self.lookups.send(task);
            return;
        }
        let mut cancel = self.cancel.lock().unwrap_or_else(PoisonError::into_inner);
        if task == SendTask::Cancel {
            cancel.cancel();
            return;
        }
        *cancel = CancellationToken::new();
        let _ = self.jobs.send((task, cancel.clone()));
    }
}

impl Drop for SendWorker {
    /// What is under way ends with the interface.
    fn drop(&mut self) {
        self.cancel.lock().unwrap_or_else(PoisonError::into_inner).cancel();
    }
}

/// A temporary secret when none is configured, so that a test event can be signed and verified. It stays in memory.
pub(crate) fn made_up_secret(registry: &Registry) -> Option<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new([0; SECRET_BYTES]);
    if !registry.keyring().is_empty() || getrandom::fill(&mut *bytes).is_err() {
        return None;
    }
    // As digits, the way such secrets look.
    Some(Zeroizing::new(hex::encode(*bytes).into_bytes()))
}

struct Worker {
    listener: Arc<dyn ShownListener>,
    location: Location,
    /// Non-loopback hosts to which the person has agreed to send.
    consented: RefCell<HashSet<String>>,
    tell: Box<dyn Fn(Message) + Send>,
}

impl Worker {
    fn run(&self, queue: &mpsc::Receiver<(SendTask, CancellationToken)>) {
        // Only made once something is sent.
        let mut tools: Option<(Runtime, Client)> = None;
        while let Ok((task, cancel)) = queue.recv() {
            crate::system::panic::panic_for_test("sender");
            if tools.is_none() {
                match self.tools() {
                    Ok(made) => tools = Some(made),
                    Err(reason) => self.tell(News::NotSent(reason)),
                }
            }
            let Some((runtime, client)) = &tools else { continue };
            runtime.block_on(self.perform(task, client, &cancel));
        }
    }

    fn tools(&self) -> Result<(Runtime, Client), String> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| format!("cannot start sending: {error}"))?;
        let means = self.listener.means().map_err(|error| error.to_string())?;
        Ok((runtime, means.client))
    }

    async fn perform(&self, task: SendTask, client: &Client, cancel: &CancellationToken) {
        let (task, is_agreed) = match task {
            SendTask::Consented(task) => (*task, true),
            task => (task, false),
        };
        tracing::debug!(task = task.name(), "sending asked for");
        let outcome = match &task {
            SendTask::Test(path) => return self.test(path, client, cancel).await,
            SendTask::Replay(again) => self.replay(again, is_agreed, client, cancel).await,
            SendTask::Simulate(made) => self.simulate(made, is_agreed, client, cancel).await,
            SendTask::Probe(id, url) => self.probe(*id, url, is_agreed, client, cancel).await,
            SendTask::Check(check) => self.check(check, is_agreed, client, cancel).await,
            // Looked up elsewhere, or done before it came here.
            _ => return,
        };
        match outcome {
            Ok(()) => {}
            Err(Halt::Ask(hosts)) => self.tell(News::Consent(hosts, task)),
            Err(Halt::Because(reason)) => self.tell(News::NotSent(reason)),
        }
    }

    /// Whether the person has agreed to send to all of `targets`, or agrees now.
    fn may_send<'a>(&self, targets: impl IntoIterator<Item = &'a Target>, is_agreed: bool) -> Result<(), Halt> {
        let mut consented = self.consented.borrow_mut();
        let others = targets.into_iter().filter(|target| !target.is_loopback());
        let mut hosts: Vec<String> = others.map(|target| target.host().to_string()).collect();
        hosts.retain(|host| !consented.contains(host));
        hosts.sort_unstable();
        hosts.dedup();
        if is_agreed {
            consented.extend(hosts);
            return Ok(());
        }
        if hosts.is_empty() { Ok(()) } else { Err(Halt::Ask(hosts.join(", "))) }
    }

    /// The settings with the current secrets.
    fn settings(&self) -> Settings {
        self.listener.settings()
    }

    fn tell(&self, news: News) {
        (self.tell)(Message::Sending(news));
    }
}

/// The configured webhooks, as far as the forms need to know them.
pub(crate) fn receivers(registry: &Registry) -> Vec<Receiver> {
    let receiver = |webhook: &crate::config::Webhook| Receiver {
        name: webhook.name.clone(),
        url: webhook.url.clone(),
        path: webhook.path.clone(),
        kind: webhook.kind.name(),
        events: webhook.events.clone(),
    };
    registry.webhooks().iter().map(receiver).collect()
}

/// One sending of many, as a row.
fn row(what: String, attempt: &Attempt) -> SentOfMany {
    let words = match &attempt.result {
        Ok(reply) => reply.fault().unwrap_or_else(|| short_latency(attempt.latency.total)),
        Err(failure) => failure.message.clone(),
    };
    SentOfMany {
        what,
        target: attempt.target.clone(),
        status: attempt.status(),
        words,
        is_delivered: attempt.is_delivered(),
    }
}

/// Whether nothing of it went out, so that nothing was sent.
fn is_unsent(attempt: &Attempt) -> bool {
    attempt.result.as_ref().is_err_and(Failure::is_before_sending)
}

/// How many of a sending came to what.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    total: usize,
    begun: usize,
    delivered: usize,
    /// Of which not a byte went out.
    unsent: usize,
}

/// How a sending ended.
fn end(tally: Tally) -> String {
    let Tally { total, begun, delivered, unsent } = tally;
    match (total, begun < total) {
        (_, true) => format!("cancelled: {begun} of {total} started, {delivered} delivered"),
        (1, false) if delivered == 1 => "sent and delivered".to_owned(),
        (1, false) if unsent == 1 => "not sent".to_owned(),
        (1, false) => "sent, but not delivered".to_owned(),
        _ => {
            let sent = total.saturating_sub(unsent);
            let rest = if unsent > 0 { format!("; {unsent} not sent") } else { String::new() };
            format!("{sent} sent: {delivered} delivered, {} failed{rest}", sent.saturating_sub(delivered))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_never_went_out_is_not_called_sent() {
        let words = |total, delivered, unsent| end(Tally { total, begun: total, delivered, unsent });
        assert_eq!(words(1, 1, 0), "sent and delivered");
        assert_eq!(words(1, 0, 0), "sent, but not delivered");
        assert_eq!(words(1, 0, 1), "not sent");
        assert_eq!(words(5, 3, 0), "5 sent: 3 delivered, 2 failed");
        assert_eq!(words(5, 3, 1), "4 sent: 3 delivered, 1 failed; 1 not sent");
        assert_eq!(words(2, 0, 2), "0 sent: 0 delivered, 0 failed; 2 not sent");
    }
}
