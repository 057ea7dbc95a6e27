//! The thread that looks up what the screens of sendings show: previews, stored sendings, differences.

use std::sync::{Arc, mpsc};
use std::time::Duration;

use jiff::Timestamp;

use super::simulate::{signed, simulation};
use crate::archive::import::captures;
use crate::archive::{agent, tunnel};
use crate::delivery::{AttemptId, DeliveryId};
use crate::diff::{ComparedMessage, MessageComparison};
use crate::send::replay;
use crate::server::ShownListener;
use crate::store::{Location, Reader};
use crate::system::thread;
use crate::tui::app::message::Message;
use crate::tui::error::TuiError;
use crate::tui::screens::send::panel::{BodyRows, Panel};
use crate::tui::screens::send::state::ComparisonView;
use crate::tui::screens::send::task::{News, Preview, SendTask, SimulateTask};

/// How long ngrok's agent may take.
const AGENT_TIME: Duration = Duration::from_secs(5);
/// Rows of a delivery's sendings that are listed.
const LISTED: usize = 500;

/// Starts the thread. It ends when the queue is closed.
pub(super) fn start(
    location: &Location,
    listener: Arc<dyn ShownListener>,
    tell: impl Fn(Message) + Send + 'static,
) -> Result<mpsc::Sender<SendTask>, TuiError> {
    let lookups = Lookups { reader: Reader::open(location)?, listener };
    let (jobs, queue) = mpsc::channel();
    let work = move || {
        while let Ok(task) = queue.recv() {
            crate::system::panic::panic_for_test("lookups");
            if let Some(news) = lookups.look(newest(task, &queue)) {
                tell(Message::Sending(news));
            }
        }
    };
    thread::spawn("whyhook-lookups", work)?;
    Ok(jobs)
}

/// Of several previews in a row, one for each letter typed, only the last is wanted.
fn newest(mut task: SendTask, queue: &mpsc::Receiver<SendTask>) -> SendTask {
    while matches!(task, SendTask::Preview(..)) {
        match queue.try_recv() {
            Ok(next) => task = next,
            Err(_) => break,
        }
    }
    task
}

struct Lookups {
    reader: Reader,
    listener: Arc<dyn ShownListener>,
}

impl Lookups {
    fn look(&self, task: SendTask) -> Option<News> {
        let found = match task {
            SendTask::Preview(number, task) => Ok(News::Preview(number, self.preview(&task))),
            SendTask::Attempts(id) => {
                let rows = self.reader.attempts(id, LISTED);
                rows.map(|rows| News::Attempts(id, rows)).map_err(|error| error.to_string())
            }
            SendTask::Attempt(id) => self.attempt(id),
            SendTask::Case(attempt, words) => {
                let panel = Panel::as_sent(Arc::unwrap_or_clone(attempt), vec![("Case", words)]);
                Ok(News::Attempt(Box::new(panel)))
            }
            SendTask::Compare(from, to) => self.compare(from, to),
            SendTask::CompareTunnel(id) => self.compare_tunnel(id),
            SendTask::CompareAttempts(from, to) => self.compare_attempts(from, to),
            _ => return None,
        };
        Some(found.unwrap_or_else(News::NotFound))
    }

    fn preview(&self, task: &SimulateTask) -> Result<Preview, String> {
        let made = simulation(&self.listener.settings(), task).map_err(|error| error.to_string())?;
        made.sendings().map_err(|error| error.to_string())?;
        let request = made.request(0, Timestamp::now()).map_err(|error| error.to_string())?;
        Ok(Preview {
            seed: made.seed,
            target: made.destination.target.to_string(),
            signed: signed(&made.destination),
            body: BodyRows::of(request.body),
        })
    }

    fn attempt(&self, id: AttemptId) -> Result<News, String> {
        let attempt = self.reader.attempt(id).map_err(|error| error.to_string())?;
        let attempt = attempt.ok_or_else(|| format!("there is no attempt {id}"))?;
        let registry = self.listener.registry();
        let delivery = match attempt.delivery {
            Some(id) => self.reader.load(id).map_err(|error| error.to_string())?,
            None => None,
        };
        let webhook = delivery.as_ref().and_then(|delivery| replay::webhook_of(&registry, &delivery.summary));
        let scheme = registry.signing_scheme(webhook);
        let own = || delivery.as_ref().map(|delivery| delivery.body.clone());
        let body = attempt.body.clone().or_else(own).unwrap_or_default();
        Ok(News::Attempt(Box::new(Panel::new(attempt, body, scheme, Vec::new()))))
    }

    fn compare(&self, from: DeliveryId, to: DeliveryId) -> Result<News, String> {
        let load = |id: DeliveryId| {
            let delivery = self.reader.load(id).map_err(|error| error.to_string())?;
            delivery.ok_or_else(|| self.missing(id))
        };
        let comparison =
            MessageComparison::of(&ComparedMessage::from(&load(from)?), &ComparedMessage::from(&load(to)?));
        Ok(News::Compared(Box::new(ComparisonView::of(format!("- #{from}   + #{to}"), &comparison))))
    }

    /// Why a delivery cannot be read: it has gone, or there was none of this number.
    fn missing(&self, id: DeliveryId) -> String {
        match self.reader.newest() {
            Ok(newest) if id > newest => format!("there is no delivery {id}"),
            _ => format!("delivery {id} is no longer in the store"),
        }
    }

    /// Asks ngrok's agent for what it holds. It answers from its memory, so a few seconds are enough; previews wait
    /// meanwhile.
    fn compare_tunnel(&self, id: DeliveryId) -> Result<News, String> {
        let delivery = self.reader.load(id).map_err(|error| error.to_string())?;
        let delivery = delivery.ok_or_else(|| self.missing(id))?;
        let off = "ngrok_api is off in the configuration: there is no agent to compare with";
        let address = self.listener.settings().ngrok_api.ok_or_else(|| off.to_owned())?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| format!("cannot ask ngrok's agent: {error}"))?;
        let text = runtime.block_on(agent::requests(address, AGENT_TIME)).map_err(|error| error.to_string())?;
        let captures = captures(&text).map_err(|reason| format!("{address}: {reason}"))?;
        let found = tunnel::compare(&delivery, &captures).ok_or_else(|| {
            format!("ngrok's agent at {address} holds no request that is delivery {id}: it keeps the last ones only")
        })?;
        let view = ComparisonView::of_tunnel(format!("- ngrok's agent   + #{id}"), &found);
        Ok(News::Compared(Box::new(view)))
    }

    fn compare_attempts(&self, from: AttemptId, to: AttemptId) -> Result<News, String> {
        let load = |id: AttemptId| {
            let attempt = self.reader.attempt(id).map_err(|error| error.to_string())?;
            let attempt = attempt.ok_or_else(|| format!("there is no attempt {id}"))?;
            attempt.result.map_err(|failure| format!("attempt {id} has no response: {}", failure.message))
        };
        let comparison =
            MessageComparison::of(&ComparedMessage::from(&load(from)?), &ComparedMessage::from(&load(to)?));
        let title = format!("the response to attempt - {from}   + {to}");
        Ok(News::Compared(Box::new(ComparisonView::of(title, &comparison))))
    }
}
